"""The figures that both teams follow, one small tile each; a tile's name opens it in Explore."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import streamlit as st

from metrics.review.overview import Panel
from metrics.review.reading import Reading
from metrics.trends.agenda import Agenda
from metrics.ui import address
from metrics.ui.found import of_line, word
from metrics.ui.words import age, change, quantity, stat_of, t, title_of

__all__ = ["EXPLORE", "draw", "link_to", "name_of"]

EXPLORE = "pages/2_explore.py"


def draw(panels: Sequence[Panel], found: Agenda, now: datetime, *, compare: bool) -> None:
    """All tiles in one row where there is room for it."""
    with st.grid(max(len(panels), 4), min_column_width=140, gap="xsmall", key="headline"):
        for place, panel in enumerate(panels):
            _tile(panel.reading, word(of_line(found, panel.reading.line)), place, now, compare=compare)


def name_of(reading: Reading) -> str:
    """Component and part, as a person reads them."""
    line = reading.line
    return line.component if line.part is None else f"{line.component} {line.part}"


def link_to(reading: Reading) -> address.Query:
    """Explore, showing this line in the same period."""
    line = reading.line
    return address.with_view(component=line.component, indicator=line.indicator.name, part=line.part)


def _tile(reading: Reading, moved: str, place: int, now: datetime, *, compare: bool) -> None:
    indicator = reading.line.indicator
    with st.container(border=True, key=f"tile-{reading.state}-{place}", height="stretch"):
        st.page_link(
            EXPLORE,
            label=f"**{title_of(indicator)}**",
            query_params=link_to(reading),
            help=_explained(reading, now),
            width="stretch",
        )
        st.metric(
            f"{stat_of(indicator)} · {name_of(reading)}",
            quantity(reading.now, indicator.unit),
            change(reading.change, reading.before, indicator.unit)
            if compare and reading.change is not None
            else None,
            delta_color=_color(reading),
            delta_arrow="off" if not reading.change else "up" if reading.change > 0 else "down",
        )
        st.caption(t("{state} · as of {age}", state=_state(reading, moved), age=age(reading.line.last_ts, now)))


def _state(reading: Reading, moved: str) -> str:
    if reading.threshold is not None and reading.state == "over":
        return t("over {value}", value=quantity(reading.threshold.value, reading.line.indicator.unit))
    return moved


def _explained(reading: Reading, now: datetime) -> str:
    """The whole truth about the figure: statistic, previous figure, threshold, age."""
    indicator = reading.line.indicator
    parts = [
        t(
            "{stat} of the period: {value}",
            stat=stat_of(indicator),
            value=quantity(reading.now, indicator.unit),
        ),
        t("before: {value}", value=quantity(reading.before, indicator.unit)),
    ]
    if reading.threshold is not None:
        parts.append(
            t(
                "threshold {value} ({source})",
                value=quantity(reading.threshold.value, indicator.unit),
                source=reading.threshold.source,
            )
        )
    parts.append(t("newest sample {age}", age=age(reading.line.last_ts, now)))
    return " · ".join(parts)


def _color(reading: Reading) -> Literal["red", "green", "off"]:
    """Colour only where it means something: a change that counts, in the direction that matters."""
    if reading.moved == "steady":
        return "off"
    return "red" if reading.moved == "worse" else "green"
