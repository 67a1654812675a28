"""The parts of a drill-down: what it is about, the time axis, the suspects, the endpoints and what else moved."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from metrics.model import Window
from metrics.review.beside import drawn_of, else_moved
from metrics.review.moved import Moved
from metrics.review.period import Period
from metrics.review.suspects.suspect import Suspect
from metrics.trends.drill import Drill, Endpoint
from metrics.ui import address, agenda, behind, charts, controls, draggable, happened, spikes_charts, tables
from metrics.ui.controls import bounds
from metrics.ui.delivery_words import escaped
from metrics.ui.finding_words import reason
from metrics.ui.frame import Frame
from metrics.ui.spikes import Asked
from metrics.ui.spikes_words import change_of, name_of, suspect_name, when
from metrics.ui.tiles import EXPLORE
from metrics.ui.words import change, counted, number, quantity, share, step_name, t

__all__ = ["draw", "endpoints", "moved"]

SMALL = 8
RULED_OUT = 260
# Lines that a dragged window is about: with more, it is about nothing.
LINES = 4
# A table of endpoints longer than this is a list to search, not to read.
ROWS = 8
REQUESTS = "http.server.request.count"
DELIVERY, BATCHES = "pages/4_delivery.py", "pages/5_batches.py"


def draw(here: Frame, asked: Asked, seen: Drill) -> None:
    """The first screen: what it is, everything beside it, and who may be behind it."""
    _head(here, asked, seen)
    drawn = drawn_of(seen.trouble.lines, seen.moved)
    left, right = st.columns([5, 2], gap="medium")
    with left, st.container(key="spikes-time"):
        _time(here, asked, seen, drawn)
    with right, st.container(key="spikes-suspects"):
        _suspects(here, seen)


def _head(here: Frame, asked: Asked, seen: Drill) -> None:
    """What it is, in one sentence, and which time is looked at."""
    if asked.item is not None:
        agenda.row(asked.item, 0, here.service, "open")
    else:
        known = {each.line.address: each for each in seen.moved}
        told = [_told(known[name]) for name in seen.trouble.lines[:3] if name in known]
        st.markdown("; ".join(told) or t("Nothing was measured of these lines in this window."))


def _told(moved: Moved) -> str:
    unit = moved.line.indicator.unit
    return t(
        "**{name}**: {now} in the window, {before} before ({change})",
        name=name_of(moved.line),
        now=quantity(moved.now, unit),
        before=quantity(moved.before, unit),
        change=change_of(moved),
    )


def _time(here: Frame, asked: Asked, seen: Drill, drawn: Sequence[Moved]) -> None:
    """The time axis; a drag across it is the next window to look into."""
    if not drawn:
        st.info(t("None of these lines has enough samples in this window and before it to be drawn."))
        return
    key = f"time-{seen.window.start:%Y%m%d%H%M}-{seen.window.end:%Y%m%d%H%M}"
    st.plotly_chart(
        spikes_charts.time_axis(seen, drawn, here.service),
        key=key,
        config={"displayModeBar": False},
        on_select=lambda: _drag(key, here, drawn),
        selection_mode="box",
        alt=t("{n} lines on one time axis, with what happened", n=len(drawn)),
    )
    baseline = spikes_charts.baseline_of(seen, drawn)
    parts = (
        t("window: {when}", when=when(seen.window, here.zone, here.now)),
        t("baseline: the {length} before", length=quantity(baseline.duration.total_seconds(), "s")),
        t("one point every {step}", step=step_name(seen.step)),
        t("times in {zone}", zone=here.zone),
        t("drag across the chart to look into another window"),
    )
    st.caption(" · ".join(parts))
    behind.rows(spikes_charts.lines(seen, drawn, here.service), here.zone)
    happened.draw(seen.marks, Period(Window(seen.baseline.start, seen.window.end), here.zone))


def _drag(key: str, here: Frame, drawn: Sequence[Moved]) -> None:
    """What was dragged is the new window, of the same lines."""
    chosen = controls.dragged(key, here.zone)
    if chosen is not None:
        lines = [each.line.address for each in drawn[:LINES]]
        address.move({"item": None, "jump": None, "period": None, "line": lines, **bounds(chosen, here.zone)})


def _suspects(here: Frame, seen: Drill) -> None:
    """Who may be behind it; nobody is an answer too."""
    suspicion = seen.suspicion
    st.subheader(t("Suspects"), anchor=False)
    if not suspicion.suspects:
        st.markdown(t("**Unknown.** Nothing that is collected explains it."))
    for place, suspect in enumerate(suspicion.suspects):
        _suspect(suspect, place, here, seen)
    if suspicion.ruled_out:
        title = counted("{n} ruled out", "{n} ruled out", len(suspicion.ruled_out))
        fold = st.expander(title, on_change="rerun", key="ruled-out")
        if fold.open:
            # Dozens of deployments in a window of weeks: they scroll, the page doesn't grow.
            with fold, st.container(height=RULED_OUT, border=False):
                for suspect in suspicion.ruled_out:
                    why = escaped("; ".join(reason(each, here.zone) for each in suspect.against))
                    st.caption(f"{suspect_name(suspect)}  \n{why}")


def _suspect(suspect: Suspect, place: int, here: Frame, seen: Drill) -> None:
    with st.container(border=True, key=f"suspect-{place}"):
        st.markdown(suspect_name(suspect))
        if suspect.share is not None:
            explains = t("explains {share} of the excess", share=share(suspect.share))
            st.progress(min(max(suspect.share, 0.0), 1.0), text=explains)
        else:
            st.caption(t("its share of the excess can't be told"))
        told = [escaped(reason(each, here.zone)) for each in suspect.reasons]
        against = (escaped(reason(each, here.zone)) for each in suspect.against)
        told += [f":orange[{t('against: {reason}', reason=each)}]" for each in against]
        st.caption("\n".join(f"- {each}" for each in told))
        _way(suspect, here, seen)


def _way(suspect: Suspect, here: Frame, seen: Drill) -> None:
    """Where the rows behind it are."""
    if suspect.kind == "batch_run":
        st.page_link(BATCHES, label=t("Runs in Batches"), query_params=address.with_view(job=suspect.title))
    elif suspect.kind == "deployment":
        st.page_link(DELIVERY, label=t("Deployments in Delivery"), query_params=address.carried())
    elif suspect.component is not None:
        indicator = REQUESTS if suspect.kind == "access" else ""
        query = _explore(here, seen, suspect.component, indicator, suspect.part)
        st.page_link(EXPLORE, label=t("Its lines in Explore"), query_params=query)


@st.fragment
def endpoints(here: Frame, seen: Drill) -> None:
    """The busiest of the excess, before and during; a click opens its requests in Explore."""
    st.subheader(t("Endpoints, requests per hour"), anchor=False)
    rows = seen.endpoints[:ROWS]
    if not rows:
        st.caption(t("No endpoint's requests are collected in this window."))
        return
    column = st.column_config
    picked = st.dataframe(
        _table(rows),
        key="endpoints",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(len(rows)),
        column_config={
            "endpoint": column.TextColumn(t("Endpoint"), width=170),
            "before": column.TextColumn(t("Usual then"), width=90, alignment="right"),
            "during": column.TextColumn(t("In the window"), width=100, alignment="right"),
            "change": column.TextColumn(t("Change"), width=80, alignment="right"),
            "share": column.ProgressColumn(t("Share of the excess"), format="%.0f %%", min_value=0, max_value=100),
        },
        on_select="rerun",
        selection_mode="single-cell",
        alt=t("Endpoints with their requests before and in the window, the greatest share of the excess first"),
    )
    if len(seen.endpoints) > ROWS:
        st.caption(counted("{n} more has less.", "{n} more have less.", len(seen.endpoints) - ROWS))
    if cells := picked["selection"]["cells"]:
        chosen = rows[cells[0][0]]
        st.switch_page(EXPLORE, query_params=_explore(here, seen, chosen.component, REQUESTS, chosen.part))


def _table(rows: Sequence[Endpoint]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "endpoint": [f"{each.component} {each.part}" for each in rows],
            "before": [number(each.before) for each in rows],
            "during": [number(each.during) for each in rows],
            "change": [change(each.during - each.before, each.before, "1") for each in rows],
            "share": [100 * each.share for each in rows],
        }
    )


@st.fragment
def moved(here: Frame, seen: Drill) -> None:
    """Small charts of what moved most beside it."""
    others = else_moved(drawn_of(seen.trouble.lines, seen.moved), seen.moved, SMALL)
    st.subheader(t("What else moved"), anchor=False)
    if not others:
        st.caption(t("Nothing else behaved differently from the baseline."))
        return
    st.caption(
        t(
            "Of all lines, those that behave least like in the baseline: their middle before → in the window; "
            "shaded: the window; dashed red: threshold"
        )
    )
    with st.grid(4, min_column_width=250, gap="xsmall", key="else-moved"):
        for place, each in enumerate(others):
            with st.container(key=f"chart-moved-{place}"):
                _one(here, seen, each, place)


def _one(here: Frame, seen: Drill, one: Moved, place: int) -> None:
    line, unit = one.line, one.line.indicator.unit
    title = f"{name_of(line)} ({_unit(one, seen)})".removesuffix(" ()")
    st.page_link(
        EXPLORE,
        label=f"**{title}**",
        query_params=_explore(here, seen, line.component, line.indicator.name, line.part),
    )
    told = t("{before} → {now} ({change})", before=quantity(one.before, unit), now=quantity(one.now, unit),
             change=change_of(one))  # fmt: skip
    st.caption(told)
    draggable.draw(
        spikes_charts.small(one, seen, here.service), f"moved-{place}", line, here.zone, f"{title}: {told}"
    )


def _unit(one: Moved, seen: Drill) -> str:
    """The axis' unit; counts say for how long they were counted."""
    indicator = one.line.indicator
    unit = charts.axis_unit(indicator.unit, [one.curve])[1]
    per = t("per {step}", step=step_name(seen.step)) if indicator.rollup == "sum" else ""
    return " ".join(part for part in (unit, per) if part)


def _explore(here: Frame, seen: Drill, component: str, indicator: str, part: str | None) -> address.Query:
    """The same line in Explore over baseline and window, with its rows."""
    edges = bounds(Window(seen.baseline.start, seen.window.end), here.zone)
    times = {key: at.isoformat(timespec="minutes") for key, at in edges.items()}
    return {**address.with_view(component=component, indicator=indicator, part=part), "period": "custom", **times}
