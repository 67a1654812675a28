"""The address bar is the state: every filter is read from the URL and written to it, so that each view is a link.

Streamlit's own binding (`bind="query-params"`) writes the label that is shown, which changes with the reader's
language, and drops what it does not know without a word. Here the URL holds the option itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

__all__ = ["SHARED", "Query", "asked", "asked_all", "carried", "keep", "move", "with_view"]

# What stays the same when somebody goes from page to page.
SHARED = ("service", "period", "since", "until", "compare", "view")
Query = dict[str, str | list[str]]


def asked(key: str) -> str | None:
    """What the URL says for a single value."""
    return st.query_params.get(key)


def asked_all(key: str) -> tuple[str, ...]:
    """What the URL says for a repeated value, each once."""
    return tuple(dict.fromkeys(st.query_params.get_all(key)))


def keep(key: str, default: object) -> None:
    """Callback of a control: its new value goes to the URL before the page runs; a default leaves no trace."""
    value = st.session_state.get(key)
    written = _written(value)
    if value == default or written is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = written


def move(values: Mapping[str, object]) -> None:
    """Set several at once, from a click on a chart."""
    for key, value in values.items():
        written = _written(value)
        if written is None:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = written


def carried() -> Query:
    """The shared filters of this view, for a link to another page."""
    return {key: st.query_params[key] for key in SHARED if key in st.query_params}


def with_view(**more: str | Sequence[str] | None) -> Query:
    """A link's parameters: the shared filters and its own."""
    own = {key: value if isinstance(value, str) else list(value) for key, value in more.items() if value}
    return {**carried(), **own}


def _written(value: object) -> str | list[str] | None:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return str(value)
