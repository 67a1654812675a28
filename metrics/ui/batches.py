"""The Batches page: the clock of all jobs, their figures, and one job over weeks with what is behind it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metrics.model import Insufficient
from metrics.review.batch_beside import Beside, compared
from metrics.review.batches import By, Job, Step, history
from metrics.ui import address, batch_charts, batch_loading, batch_words, controls, tables
from metrics.ui.batch_loading import Batches
from metrics.ui.charts import Figure
from metrics.ui.frame import Frame
from metrics.ui.tiles import EXPLORE
from metrics.ui.words import counted, day_range, moment, number, quantity, t, title_of

__all__ = ["ask", "draw_clock", "draw_job", "draw_jobs", "draw_nothing"]

ROWS_SHOWN = 10
MOST_BESIDE = 8
MOST_ROWS = 2_000


def draw_nothing(here: Frame, seen: Batches | None) -> None:
    """No runs in the period or none at all: where the nearest are, or how to get some."""
    newest = batch_loading.reach(here.folder, here.service.name, here.now)
    if newest is not None and seen is not None:
        st.info(
            t(
                "No job ran in the quarter up to {until}. Runs are known up to {moment}: choose a period before it.",
                until=moment(seen.period.window.end, here.zone, here.now),
                moment=moment(newest, here.zone, here.now),
            )
        )
        return
    st.info(
        t(
            "No batch run of {service} is known yet. Collect `kubernetes` (Jobs and CronJobs) or `concourse` with "
            "`python -m metrics collect`, or import what your scheduler wrote with "
            "`python -m metrics import FILE --as batch_runs`.",
            service=here.service.title,
        )
    )


def draw_clock(seen: Batches, chosen: Job) -> None:
    """When each job ran, over the hours in which the service is busy."""
    if not seen.clock.bars:
        st.caption(t("No job ran in {days}.", days=day_range(seen.period.window, seen.period.zone)))
        return
    st.plotly_chart(
        batch_charts.clock(seen.clock, seen.busy, chosen.key),
        key="clock",
        config={"displayModeBar": False},
        alt=t("The hours of the day in which each job ran, day by day"),
    )
    st.caption(batch_words.clock_means(seen.clock, seen.busy, seen.period, seen.runs["started_at"].iloc[0]))


def ask(seen: Batches) -> Job:
    """The job that the link names, else the one that ran longest."""
    asked = address.asked("job")
    return next((job for job in seen.jobs if job.key == asked), seen.jobs[0])


def draw_jobs(here: Frame, seen: Batches) -> None:
    """All jobs; a click on one chooses it."""
    st.subheader(t("All jobs, the longest at work first"), anchor=False)
    tables.draw(
        _jobs(seen.jobs),
        t("All jobs with their runs, durations, rows and slack"),
        columns=_columns(seen.jobs),
        most=ROWS_SHOWN,
        key="jobs",
        # The first is shown without being named.
        choose=lambda place: address.move({"job": seen.jobs[place].key if place else None}),
    )
    st.caption(
        t(
            "Counts, durations and rows of runs that began in {days}; duration, rows and slack of those that were "
            "carried through. Trend: median duration by week. Least slack and its forecast: {trend}.",
            days=day_range(seen.period.window, seen.period.zone),
            trend=day_range(history(seen.period), seen.period.zone),
        )
    )


def _jobs(jobs: tuple[Job, ...]) -> pd.DataFrame:
    """What nobody said is an empty cell, never 0."""
    return pd.DataFrame(
        {
            "job": [job.key for job in jobs],
            "runs": [_number(job.runs or None) for job in jobs],
            "failed": [_number(job.failed if job.runs else None) for job in jobs],
            "median": [_time(job.duration.median if job.duration else None) for job in jobs],
            "slack": [_time(job.slack.least if job.slack else None) for job in jobs],
            "out": [batch_words.runs_out_briefly(job.slack) for job in jobs],
            "p90": [_time(job.duration.p90 if job.duration else None) for job in jobs],
            "trend": [np.asarray(job.trend, dtype=np.float32) for job in jobs],
            "rows": [number(job.rows.median) if job.rows else "" for job in jobs],
            "pace": [_time(job.per_thousand) for job in jobs],
            "retried": [_number(job.retried if job.runs else None) for job in jobs],
            "late": [_number(job.late if job.runs else None) for job in jobs],
            "running": [_number(job.running) for job in jobs],
            "aborted": [_number(job.aborted if job.runs else None) for job in jobs],
            "missed": [_number(job.missed) for job in jobs],
            "component": [job.component for job in jobs],
        }
    )


def _columns(jobs: tuple[Job, ...]) -> dict[str, Any]:
    column = st.column_config
    text, count = (
        partial(column.TextColumn, alignment="right"),
        partial(column.TextColumn, alignment="right", width=70),
    )
    return {
        "job": column.TextColumn(t("Job"), width=130),
        "runs": count(t("Runs"), width=55),
        "failed": count(t("Failed"), width=60),
        "median": text(t("Median"), width=85, help=t("Median duration")),
        "slack": text(t("Least slack"), width=90, help=t("Least time left until the deadline")),
        "out": column.TextColumn(t("Slack runs out"), width=125),
        "p90": text("p90", width=85, help=t("90 % of the runs were shorter")),
        "trend": column.LineChartColumn(t("Duration by week"), width=150),
        "rows": text(t("Rows a run"), width=95, help=t("Median of the rows of a run")),
        "pace": text(t("Per 1,000 rows"), width=105, help=t("Time of all runs ÷ rows of all runs")),
        "retried": count(t("Retried"), help=t("In a second attempt or a later one")),
        "late": count(t("Late"), help=t("Ended after their deadline")),
        "running": count(t("Under way"), width=80),
        "aborted": count(t("Aborted")) if any(job.aborted for job in jobs) else None,
        "missed": count(t("Missed"), help=t("As the source says")) if any(job.missed for job in jobs) else None,
        "component": column.TextColumn(t("Component"), width=110),
    }


def _number(count: int | None) -> str:
    return "" if count is None else number(count)


def _time(seconds: float | None) -> str:
    return "" if seconds is None else quantity(seconds, "s")


# one job ------------------------------------------------------------------------------------------------------


def draw_job(here: Frame, seen: Batches, job: Job) -> None:
    """One job: over weeks, what was higher while it ran, and every run."""
    with st.container(horizontal=True, vertical_alignment="center", key="job-bar"):
        st.subheader(t("One job over time"), anchor=False, width="content")
        controls.one(t("Job"), {each.key: each.key for each in seen.jobs}, "job", width=220)
        st.space("stretch")
        by: By = (
            "day" if controls.choice(t("By"), {"week": t("By week"), "day": t("By day")}, "by") == "day" else "week"
        )
    _over_time(here, seen, job, batch_loading.nightly(here.folder, seen, job, here.service, by), by)
    _beside(here, seen, job)
    _rows(here, seen, job)


def _over_time(here: Frame, seen: Batches, job: Job, steps: tuple[Step, ...], by: By) -> None:
    window, zone = history(seen.period), seen.period.zone
    length, length_unit = batch_charts.duration_of(steps, window, zone)
    pace, pace_unit = batch_charts.pace(steps, window, zone)
    per = t("a week") if by == "week" else t("a day")
    with st.grid(4, min_column_width=270, gap="small", key="one-job"):
        _chart(t("Duration ({unit})", unit=length_unit), length, "duration")
        _chart(t("Rows {per}", per=per), batch_charts.rows(steps, window, zone), "rows")
        _chart(t("Time per 1,000 rows ({unit})", unit=pace_unit), pace, "pace")
        _slack(seen, job)
    st.caption(batch_words.grows(job))
    st.caption(
        t(
            "{days} · runs that were carried through · solid: median, dotted: p90 · rows only of whole {steps} · "
            "slack: deadline − end, a dot a run, with its Theil–Sen line; dashed red: the deadline · times in {zone}",
            days=day_range(window, zone),
            steps=t("weeks") if by == "week" else t("days"),
            zone=zone,
        )
    )


def _slack(seen: Batches, job: Job) -> None:
    if job.slack is None:
        _chart(t("Slack to the deadline"), None, "slack", t("No source says a deadline for this job."))
        return
    runs = seen.runs
    mine = runs[(runs["component"] == job.component) & (runs["job"] == job.name)]
    mine = mine[mine["deadline"].notna() & mine["ended_at"].notna() & mine["outcome"].isin(["succeeded", "ended"])]
    figure, unit = batch_charts.slack(mine, job.slack, history(seen.period), seen.period.zone)
    _chart(t("Slack to the deadline ({unit})", unit=unit), figure, "slack", batch_words.runs_out(job.slack))


def _chart(title: str, figure: Figure | None, key: str, more: str = "") -> None:
    """A small chart below its name, or that there is nothing to draw."""
    with st.container(key=f"chart-{key}"):
        st.markdown(f"**{title}**")
        if figure is not None:
            st.plotly_chart(figure, key=f"plot-{key}", config={"displayModeBar": False}, alt=title)
        elif not more:
            st.caption(t("no data"))
        if more:
            st.caption(more)


def _beside(here: Frame, seen: Batches, job: Job) -> None:
    """What was higher while it ran."""
    st.subheader(t("What else was higher while {job} ran", job=job.key), anchor=False)
    days = day_range(compared(seen.period), seen.period.zone)
    found = batch_loading.was_higher(here.folder, here.config, seen, job, here.service)
    if isinstance(found, Insufficient):
        st.caption(
            t(
                "Nothing to compare in {days}: it takes {needed} samples of latency or CPU while it ran, and as many "
                "in the rest of the same hours; at most {have} are there on the shorter side.",
                days=days,
                needed=number(found.needed),
                have=number(found.have),
            )
        )
        return
    shown = found[:MOST_BESIDE]
    picked = st.dataframe(
        _compared(shown),
        key=f"beside-{job.key}",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(len(shown)),
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            t("Samples"): st.column_config.TextColumn(help=t("While it ran and otherwise")),
        },
        alt=t("Lines that differed most while the job ran"),
    )
    if cells := picked["selection"]["cells"]:
        line = shown[cells[0][0]].line
        query = address.with_view(
            component=line.component, indicator=line.indicator.name, part=line.part, event=["batch_run", "deployment"]
        )
        st.switch_page(EXPLORE, query_params=query)
    more = len(found) - len(shown)
    left = counted("{n} more line differs less.", "{n} more lines differ less.", more) if more else ""
    st.caption(f"{batch_words.beside_means(job, days)} {left}".rstrip())


def _compared(found: tuple[Beside, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Line"): [" ".join(part for part in (each.line.component, each.line.part) if part) for each in found],
            t("Indicator"): [title_of(each.line.indicator) for each in found],
            t("Compared"): [batch_words.while_it_ran(each) for each in found],
            t("While it ran"): [quantity(each.during, each.line.indicator.unit) for each in found],
            t("Otherwise"): [quantity(each.otherwise, each.line.indicator.unit) for each in found],
            t("Samples"): [f"{number(each.n_during)} / {number(each.n_otherwise)}" for each in found],
        }
    )


def _rows(here: Frame, seen: Batches, job: Job) -> None:
    """Every run of the period, read only when somebody opens it."""
    opened = st.expander(t("The runs behind it"), on_change="rerun", key="runs")
    if not opened.open:
        return
    frame = batch_loading.rows(here.folder, job, here.service.name, seen.period.window)
    shown = _readable(frame, here.zone)
    with opened:
        st.dataframe(
            shown.tail(MOST_ROWS).iloc[::-1],
            hide_index=True,
            height=320,
            row_height=28,
            column_config={"url": st.column_config.LinkColumn(t("link"), display_text=t("open"))},
            alt=t("Every run of the job, the newest first"),
        )
        said = counted("{n} run", "{n} runs", len(shown))
        st.caption(f"{said} · {day_range(seen.period.window, here.zone)} · {here.zone}")
        st.download_button(
            t("Download as CSV"), lambda: shown.to_csv(index=False), f"{job.name}.csv", "text/csv", on_click="ignore"
        )


def _readable(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """On the service's clock, with the two differences that the page speaks of."""
    times = {name: frame[name].dt.tz_convert(zone) for name in ("started_at", "ended_at", "deadline")}
    return frame.assign(
        **times,
        duration_s=(frame["ended_at"] - frame["started_at"]).dt.total_seconds(),
        slack_s=(frame["deadline"] - frame["ended_at"]).dt.total_seconds(),
    )[
        ["started_at", "ended_at", "duration_s", "status", "rows", "deadline", "slack_s", "attempt", "reason", "id",
         "source", "url"]
    ]  # fmt: skip


def period_end(here: Frame) -> datetime:
    """Where the data ends: a service may have runs and no samples yet, or none any more."""
    known = (here.newest, batch_loading.reach(here.folder, here.service.name, here.now))
    return max((at for at in known if at is not None), default=None) or here.require_data()
