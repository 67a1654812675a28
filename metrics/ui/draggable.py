"""A small chart that a drag across opens in Spikes, with the span that was drawn as the window."""

from __future__ import annotations

import streamlit as st

from metrics.model import Window
from metrics.review.lines import Line
from metrics.ui import address, controls
from metrics.ui.agenda import SPIKES
from metrics.ui.charts import Figure

__all__ = ["draw", "link_into"]


def draw(figure: Figure, key: str, line: Line, zone: str, alt: str) -> None:
    """The chart. On a phone a drag scrolls the page, as everywhere."""
    if not _is_phone():
        figure["layout"] |= {"dragmode": "select", "selectdirection": "h"}
    st.plotly_chart(
        figure,
        key=key,
        config={"displayModeBar": False},
        on_select=lambda: _drawn(key, zone),
        selection_mode="box",
        alt=alt,
    )
    window: Window | None = st.session_state.pop(f"{key}-drawn", None)
    if window is not None:
        st.switch_page(SPIKES, query_params=link_into(window, [line.address], zone))


def link_into(window: Window, lines: list[str], zone: str) -> address.Query:
    """Lines in a window, as Spikes reads it; the period of the page before is no part of it."""
    times = {key: at.isoformat(timespec="minutes") for key, at in controls.bounds(window, zone).items()}
    shared = {key: value for key, value in address.carried().items() if key != "period"}
    return {**shared, **times, "line": lines}


def _drawn(key: str, zone: str) -> None:
    window = controls.dragged(key, zone)
    if window is not None:
        st.session_state[f"{key}-drawn"] = window


def _is_phone() -> bool:
    return "Mobi" in (st.context.headers.get("User-Agent") or "")
