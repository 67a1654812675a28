"""The controls of a toolbar, each bound to the URL: what is asked for survives a reload and can be sent on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.model import Window
from metrics.review.period import Period, back
from metrics.ui import address
from metrics.ui.words import t

__all__ = ["choice", "one", "period", "several", "switch"]

WEEKS = {"1w": 1, "4w": 4, "13w": 13}
HOUR = timedelta(hours=1)


def choice(label: str, options: Mapping[str, str], key: str) -> str:
    """A row of buttons; the first option is the default. `options` maps what the URL says to what is shown."""
    default = next(iter(options))
    asked = address.asked(key)
    st.session_state[key] = asked if asked in options else default
    st.segmented_control(
        label,
        list(options),
        key=key,
        format_func=lambda option: options[option],
        required=True,
        label_visibility="collapsed",
        on_change=address.keep,
        args=(key, default),
    )
    return str(st.session_state[key])


def one(label: str, options: Mapping[str, str], key: str, *, width: int = 180) -> str:
    """The same as a list to drop down, for more options than fit in a row."""
    default = next(iter(options))
    asked = address.asked(key)
    st.session_state[key] = asked if asked in options else default
    st.selectbox(
        label,
        list(options),
        key=key,
        format_func=lambda option: options[option],
        label_visibility="collapsed",
        width=width,
        on_change=address.keep,
        args=(key, default),
    )
    return str(st.session_state[key])


def several(
    label: str,
    options: Sequence[str],
    key: str,
    *,
    names: Callable[[str], str] = str,
    default: Sequence[str] = (),
    placeholder: str = "",
) -> tuple[str, ...]:
    """Any of the options. Unknown ones in the URL are for the page to explain."""
    asked = [each for each in address.asked_all(key) if each in options]
    st.session_state[key] = asked if address.asked(key) is not None else list(default)
    st.multiselect(
        label,
        list(options),
        key=key,
        format_func=names,
        placeholder=placeholder or label,
        label_visibility="collapsed",
        on_change=address.keep,
        args=(key, list(default)),
    )
    return tuple(st.session_state[key])


def switch(label: str, key: str, *, default: bool, help_text: str | None = None) -> bool:
    asked = address.asked(key)
    st.session_state[key] = default if asked is None else asked == "yes"
    st.toggle(label, key=key, help=help_text, on_change=address.keep, args=(key, default))
    return bool(st.session_state[key])


def period(zone: str, until: datetime, last_review: datetime | None) -> Period:
    """The period picker. Periods end with the data, so that a demo of last spring still opens on its last week."""
    names = {"1w": t("1 week"), "4w": t("4 weeks"), "13w": t("13 weeks")}
    if last_review is not None and last_review < until:
        names["review"] = t("Since last review")
    chosen = choice(t("Period"), {**names, "custom": t("Custom")}, "period")
    end = _next_hour(until)
    if chosen == "custom":
        return Period(_custom(zone, end), zone)
    if chosen == "review" and last_review is not None:
        return Period(Window(last_review, end), zone)
    return Period(Window(back(end, timedelta(weeks=WEEKS[chosen]), zone), end), zone)


def _custom(zone: str, end: datetime) -> Window:
    clock = ZoneInfo(zone)
    ends = end.astimezone(clock).replace(tzinfo=None)
    since = _moment("since", t("From"), ends - timedelta(weeks=1))
    until = _moment("until", t("To"), ends)
    if since >= until:
        st.warning(t("The period ends before it starts; the week up to its end is shown."))
        since = until - timedelta(weeks=1)
    return Window(since.replace(tzinfo=clock), until.replace(tzinfo=clock))


def _moment(key: str, label: str, default: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(address.asked(key) or "").replace(tzinfo=None)
    except ValueError:
        moment = default
    st.session_state[key] = moment
    st.datetime_input(
        label, key=key, label_visibility="collapsed", width=190, on_change=address.keep, args=(key, None)
    )
    return st.session_state[key] or default


def _next_hour(moment: datetime) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole if whole == moment else whole + HOUR
