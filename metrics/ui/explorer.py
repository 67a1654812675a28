"""The Explore page: what to look at, the chart, the rows behind it and the SQL that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from metrics import catalog
from metrics.model import Service, Window
from metrics.review.explore import MOST_LINES, Choice, Question, choose, identities, steps_for, suitable_step
from metrics.review.headline import first_of_each
from metrics.review.lines import Line
from metrics.review.period import Period
from metrics.review.reading import threshold_of
from metrics.store import read
from metrics.ui import address, behind, controls, draggable, happened, loading, stack
from metrics.ui.agenda import SPIKES
from metrics.ui.frame import Frame
from metrics.ui.sentences import nothing_chosen, unknown
from metrics.ui.words import counted, day_range, moment, step_name, t, title_of

__all__ = ["ask", "draw"]

KINDS = ("deployment", "incident", "alert", "batch_run", "build", "change", "defect")
ASPECTS = ("component", "indicator", "part", "source")
# Lines of each side shown to somebody who has not asked for any yet.
FIRST = 2
# Lines that a drill-down from here is about: with more, it is about nothing.
LOOKED_INTO = 4
# Raw samples beyond this many are too much for a browser and for a reader.
MOST_ROWS = 60_000


def ask(here: Frame, period: Period) -> Choice:
    """The pickers, and what they mean; a name in the link that nobody knows is explained."""
    indicators = catalog.load().indicators
    known = loading.known(here.folder, here.config, here.service.name)
    question = Question(*(address.asked_all(key) for key in ASPECTS))
    choice = choose(question, known.lines, indicators, known.of_each_source)
    if choice.unknown:
        st.warning(unknown(choice.unknown))
    # Names in a link may be aliases: the pickers know one name for each.
    names = {alias: each.name for each in indicators.values() for alias in (each.name, *each.aliases)}
    address.move({"indicator": [names.get(name, name) for name in question.indicators]})
    with st.grid(3, min_column_width=260, gap="small", key="pickers"):
        controls.several(t("Component"), choice.components, "component", placeholder=t("All components"))
        controls.several(
            t("Indicator"),
            [each.name for each in choice.indicators],
            "indicator",
            names=lambda name: title_of(indicators[name]),
            placeholder=t("All indicators"),
        )
        controls.several(t("Part"), choice.parts, "part", placeholder=t("Whole components"))
        if choice.sources or question.sources:
            shown = sorted({*choice.sources, *question.sources})
            controls.several(t("Source"), shown, "source", placeholder=t("Whom the catalogue believes"))
    if question == Question():
        panels = loading.home(here.folder, here.config, here.service, period).panels
        lines = first_of_each([panel.reading.line for panel in panels], FIRST)
        st.caption(nothing_chosen(len(lines), len(panels)))
        return replace(choice, lines=lines, left_out=0)
    if not choice.lines and not choice.unknown:
        st.info(t("No line has all of this. Take away a part, an indicator or a component."))
    return choice


@st.fragment
def draw(here: Frame, choice: Choice, period: Period, *, compare: bool) -> None:
    """The chart with its own controls, and what is behind it."""
    step, kinds = _how(choice.lines, period.window)
    drawn = tuple(
        replace(each, before=each.before if compare else None, threshold=_level(each.line, here.service))
        for each in loading.drawn(here.folder, choice.lines, period, step)
    )
    marks = loading.events(here.folder, here.service, period.window, kinds)
    if all(each.now is None for each in drawn):
        _nothing(choice.lines, period)
        return
    st.plotly_chart(
        stack.figure(drawn, marks, period.window, period.zone),
        key="stack",
        config={"displayModeBar": False},
        on_select=lambda: _zoom(period),
        selection_mode="box",
        alt=t("{n} lines on one time axis", n=len(choice.lines)),
    )
    if st.session_state.pop("zoomed", False):
        st.rerun()
    if address.asked("period") == "custom":
        st.page_link(
            SPIKES,
            label=t("Look into this window: what else moved, and who is suspected"),
            query_params=draggable.link_into(
                period.window, [line.address for line in choice.lines[:LOOKED_INTO]], period.zone
            ),
        )
    st.caption(_told(choice, drawn, step, period))
    happened.draw(marks, period)
    _behind(here, choice.lines, drawn, period, step)


def _level(line: Line, service: Service) -> float | None:
    threshold = threshold_of(line, service)
    return None if threshold is None else threshold.value


def _how(lines: Sequence[Line], window: Window) -> tuple[timedelta | None, tuple[str, ...]]:
    """The step in which lines are read, and the kinds of events over them."""
    best = suitable_step(window, lines)
    auto = t("auto: {step}", step=t("raw") if best is None else step_name(best))
    options = {"auto": auto, "raw": t("raw samples")} | {
        str(int(step.total_seconds())): t("every {step}", step=step_name(step)) for step in steps_for(window, lines)
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = controls.one(t("Step"), options, "step", width=190)
        names = {
            "deployment": t("deployments"),
            "incident": t("incidents"),
            "alert": t("alerts"),
            "batch_run": t("batches"),
            "build": t("builds"),
            "change": t("changes"),
            "defect": t("defects"),
        }
        kinds = controls.several(
            t("Events"),
            KINDS,
            "event",
            names=lambda kind: names[kind],
            default=("deployment", "incident"),
            placeholder=t("No events"),
        )
    if chosen == "auto":
        return best, kinds
    if chosen != "raw":
        return timedelta(seconds=int(chosen)), kinds
    finest = min((line.period_s for line in lines), default=0) or 60
    if window.duration / timedelta(seconds=finest) * len(lines) > MOST_ROWS:
        st.caption(t("Too many raw samples for one chart: choose a shorter period or fewer lines. Shown in steps."))
        return best, kinds
    return None, kinds


def _zoom(period: Period) -> None:
    """A span drawn on the chart becomes the period, and the URL with it."""
    window = controls.dragged("stack", period.zone)
    if window is not None:
        address.move({"period": "custom", **controls.bounds(window, period.zone)})
        st.session_state["zoomed"] = True


def _nothing(lines: Sequence[Line], period: Period) -> None:
    """No samples here: say where the nearest are, and lead there."""
    newest = max(line.last_ts for line in lines)
    st.info(
        t(
            "No samples in {days}. The newest of these lines is from {moment}.",
            days=day_range(period.window, period.zone),
            moment=moment(newest, period.zone, period.window.end),
        )
    )
    ends = newest.astimezone(ZoneInfo(period.zone)).replace(tzinfo=None) + timedelta(minutes=1)
    query: address.Query = dict(st.query_params.to_dict())
    query |= {key: list(address.asked_all(key)) for key in (*ASPECTS, "event")}
    query |= {
        "period": "custom",
        "since": (ends - timedelta(weeks=1)).isoformat(timespec="minutes"),
        "until": ends.isoformat(timespec="minutes"),
    }
    st.page_link("pages/2_explore.py", label=t("Show the week up to then"), query_params=query)


def _told(choice: Choice, drawn: Sequence[stack.Drawn], step: timedelta | None, period: Period) -> str:
    parts = [
        day_range(period.window, period.zone),
        t("raw samples")
        if step is None
        else t("one point every {step}, shaded from least to greatest", step=step_name(step)),
        t("dotted: the period before") if any(each.before is not None for each in drawn) else "",
        t("dashed red: threshold") if any(each.threshold is not None for each in drawn) else "",
        t("times in {zone}", zone=period.zone),
        t("drag across the chart to zoom"),
    ]
    if choice.left_out:
        parts.append(
            counted(
                "{n} more line is not drawn: one chart bears {most}",
                "{n} more lines are not drawn: one chart bears {most}",
                choice.left_out,
                most=MOST_LINES,
            )
        )
    return " · ".join(part for part in parts if part)


def _behind(
    here: Frame, lines: Sequence[Line], drawn: Sequence[stack.Drawn], period: Period, step: timedelta | None
) -> None:
    """Rows and SQL, made only when somebody opens them."""
    behind.rows(drawn, period.zone)
    query = st.expander(t("The SQL that made it"), on_change="rerun", key="sql")
    if query.open:
        series = loading.known(here.folder, here.config, here.service.name).series
        with query:
            st.code(read.sql(identities(lines, series), period.window, step), language="sql")
            st.caption(t("Paste it into any DuckDB shell opened on a copy or read-only; times there are UTC."))
