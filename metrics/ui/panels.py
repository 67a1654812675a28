"""The small charts of Home: the application's on the left, the infrastructure's on the right, one time axis."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from metrics.review.overview import Overview, Panel
from metrics.review.reading import SIDES, side_of
from metrics.trends.agenda import Agenda
from metrics.ui import charts, draggable
from metrics.ui.found import of_line, strip
from metrics.ui.tiles import EXPLORE, link_to, name_of
from metrics.ui.words import quantity, step_name, t, title_of

__all__ = ["draw"]


@st.fragment
def draw(review: Overview, found: Agenda, *, compare: bool) -> None:
    """Both halves and, once for all charts, what the lines mean."""
    halves = {side: [p for p in review.panels if side_of(p.reading.line.indicator) == side] for side in SIDES}
    names = {"dev": t("Application"), "infra": t("Infrastructure")}
    filled = [side for side in SIDES if halves[side]]
    if not filled:
        st.caption(t("No charts: none of these has samples in this period and a direction that is better."))
        return
    for column, side in zip(st.columns(len(filled), gap="medium"), filled, strict=True):
        with column, st.container(key=f"side-{side}"):
            _half(names[side], halves[side], review, found, columns=4 if len(filled) == 1 else 2, compare=compare)
    st.caption(_legend(review, found, compare=compare))


def _half(
    name: str, panels: Sequence[Panel], review: Overview, found: Agenda, *, columns: int, compare: bool
) -> None:
    st.caption(f"**{name}**")
    with st.grid(columns, min_column_width=250, gap="xsmall", key=f"half-{name}"):
        for place, panel in enumerate(panels):
            _chart(panel, f"{name}-{place}", review, found, compare=compare)


def _chart(panel: Panel, key: str, review: Overview, found: Agenda, *, compare: bool) -> None:
    reading, window, zone = panel.reading, review.period.window, review.period.zone
    title = f"{name_of(reading)} · {title_of(reading.line.indicator)} ({_unit(panel)})".removesuffix(" ()")
    with st.container(key=f"chart-{key}"):
        st.page_link(EXPLORE, label=f"**{title}**", query_params=link_to(reading))
        if panel.now is None:
            st.caption(t("no samples in this period"))
        else:
            figure = charts.small(panel, review.marks, window, zone, compare=compare)
            figure["layout"]["shapes"] += strip(of_line(found, reading.line), window, zone)
            draggable.draw(figure, f"plot-{key}", reading.line, zone, _told(panel, title))


def _unit(panel: Panel) -> str:
    """The axis' unit; counts say for how long they were counted."""
    indicator = panel.reading.line.indicator
    unit = charts.axis_unit(indicator.unit, [panel.now, panel.before])[1]
    per = t("per {step}", step=step_name(panel.step)) if indicator.rollup == "sum" else ""
    return " ".join(part for part in (unit, per) if part)


def _told(panel: Panel, title: str) -> str:
    reading = panel.reading
    unit = reading.line.indicator.unit
    return t(
        "{title}: {now}, before {before}",
        title=title,
        now=quantity(reading.now, unit),
        before=quantity(reading.before, unit),
    )


def _legend(review: Overview, found: Agenda, *, compare: bool) -> str:
    """What the lines mean, once for all charts."""
    parts = [
        t("Solid: this period, shaded from the least to the greatest sample"),
        t("dotted grey: the period before")
        if compare and any(panel.before is not None for panel in review.panels)
        else "",
        t("dashed red: threshold"),
        t("violet line: deployment") if any(mark.kind == "deployment" for mark in review.marks) else "",
        t("amber band: incident") if any(mark.kind == "incident" for mark in review.marks) else "",
        t("strip along the top: when it moved, red for worse")
        if any(of_line(found, panel.reading.line) for panel in review.panels)
        else "",
        t("times in {zone}", zone=review.period.zone),
        t("drag across a chart to look into a window"),
    ]
    return " · ".join(part for part in parts if part)
