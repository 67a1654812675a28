"""How the batch jobs of a service ran: how long, over how much, how far from their deadlines, and what failed.

A run belongs to the period in which it began. Durations, rows and slack are those of runs that were carried through:
one that broke off after a minute is not fast. What a source doesn't say is None, and never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import dropwhile, pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.analysis.quantiles import quantiles
from metrics.analysis.slope import Slope, slope
from metrics.model import Insufficient, Service, Window
from metrics.review.period import Period, back, edges, local_day

__all__ = [
    "FORECAST_WEEKS",
    "TREND_WEEKS",
    "By",
    "Growth",
    "Job",
    "RunsOut",
    "Slack",
    "Spread",
    "Step",
    "history",
    "jobs",
    "steps",
]

Floats = NDArray[np.float64]
By = Literal["week", "day"]
# A trend needs more than the week that is on the screen: a quarter, the longest of the period picker.
TREND_WEEKS = 13
# A trend of a quarter says nothing of a time much longer than that.
FORECAST_WEEKS = 52
WEEK_S = 7 * 86_400.0
DONE = ("succeeded", "ended")


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 90th percentile of n figures."""

    n: int
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class RunsOut:
    """In how many weeks from the end of the data a line reaches 0, and within which weeks by its 95 % interval."""

    weeks: float
    soonest: float
    latest: float

    @property
    def is_near(self) -> bool:
        """Whether it is soon enough to be foretold from so short a past."""
        return self.weeks <= FORECAST_WEEKS


@dataclass(frozen=True, slots=True)
class Slack:
    """Seconds left at the end of a run until its deadline, over the whole trend; below 0 it came too late."""

    n: int
    least: float
    median: float
    line: Slope | Insufficient
    """Seconds a week, with x = 0 at the end of the period."""

    @property
    def runs_out(self) -> RunsOut | None:
        """None where it isn't sure that it shrinks: then there is nothing to forecast."""
        if isinstance(self.line, Insufficient) or self.line.high >= 0:
            return None
        left = max(self.line.start, 0.0)
        return RunsOut(left / -self.line.value, left / -self.line.low, left / -self.line.high)


@dataclass(frozen=True, slots=True)
class Growth:
    """How much something moved a week, as a share of its median; `is_sure` where its 95 % interval leaves out 0."""

    n: int
    a_week: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A week or a day of a job. `rows` is None where the step is not whole: half a week looks like a breakdown."""

    start: datetime
    duration: Spread | None
    rows: float | None
    per_thousand: float | None


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one component. Counts and spreads are of the period, slack and growth of the trend."""

    component: str
    name: str
    key: str
    """What a link calls it: its name, with the component where two have the same."""
    runs: int
    failed: int
    aborted: int
    retried: int | None
    """Runs in a second attempt or a later one; None where no source counts attempts."""
    late: int | None
    """Ended after their deadline; None where no source says one."""
    missed: int
    """Only where a source says so: that nothing ran may also mean that nothing was collected."""
    running: int
    busy_s: float
    """All its runs of the period together."""
    duration: Spread | None
    rows: Spread | None
    per_thousand: float | None
    """Seconds for 1,000 rows."""
    slack: Slack | None
    duration_growth: Growth | Insufficient
    rows_growth: Growth | Insufficient
    pace_growth: Growth | Insufficient
    """Of the seconds for 1,000 rows."""
    trend: tuple[float, ...]
    """The median duration of each week, from the first one with a run on; NaN for a later one without any."""


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """The runs of a job as plain arrays, in order of time; NaN for what is not known."""

    started: Floats
    length: Floats
    rows: Floats
    slack: Floats
    attempt: Floats
    outcome: NDArray[np.object_]

    def within(self, start: datetime, end: datetime) -> _Runs:
        first, last = np.searchsorted(self.started, [start.timestamp(), end.timestamp()])
        return self.at(slice(int(first), int(last)))

    def at(self, kept: slice) -> _Runs:
        return _Runs(*(getattr(self, name)[kept] for name in self.__slots__))


def history(period: Period) -> Window:
    """What trends are made of: the period, and at least the quarter up to its end."""
    quarter = back(period.window.end, timedelta(weeks=TREND_WEEKS), period.zone)
    return Window(min(period.window.start, quarter), period.window.end)


def jobs(runs: pd.DataFrame, period: Period, week_start: int) -> tuple[Job, ...]:
    """Every job that ran in the trend's window, the one that ran longest in the period first."""
    weeks = list(edges(history(period), "week", period.zone, week_start))
    found = [
        _job(str(component), str(name), _arrays(frame), period, weeks)
        for (component, name), frame in runs.groupby(["component", "job"], sort=True)
    ]
    found.sort(key=lambda job: -job.busy_s)
    names = [job.name for job in found]
    return tuple(
        replace(job, key=job.name if names.count(job.name) == 1 else f"{job.component}/{job.name}") for job in found
    )


def steps(runs: pd.DataFrame, job: Job, period: Period, service: Service, by: By) -> tuple[Step, ...]:
    """One job by the weeks or days of the trend, on the service's clock; those without a run are left out."""
    window = history(period)
    mine = _arrays(runs[(runs["component"] == job.component) & (runs["job"] == job.name)])
    began = _collected_from(runs, window, period.zone)
    found = []
    for start, end in pairwise(edges(window, by, period.zone, service.week_start)):
        here = mine.within(start, end)
        is_whole = began <= start and end <= window.end
        if len(here.started):
            found.append(Step(start, _spread(here.length), _total(here.rows) if is_whole else None, _pace(here)))
    return tuple(found)


def _job(component: str, name: str, runs: _Runs, period: Period, edges: list[datetime]) -> Job:
    now = runs.within(period.window.start, period.window.end)
    weeks = (runs.started - period.window.end.timestamp()) / WEEK_S
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = np.where(runs.rows > 0, 1000 * runs.length / runs.rows, np.nan)
    counts = {word: int((now.outcome == word).sum()) for word in ("failed", "aborted", "missed")}
    return Job(
        component,
        name,
        key=name,
        runs=len(now.started) - counts["missed"],
        failed=counts["failed"],
        aborted=counts["aborted"],
        missed=counts["missed"],
        retried=_count(now.attempt > 1, known=np.isfinite(runs.attempt)),
        late=_count(now.slack < 0, known=np.isfinite(runs.slack)),
        running=int((runs.outcome == "running").sum()),
        busy_s=float(np.nansum(now.length)),
        duration=_spread(now.length),
        rows=_spread(now.rows),
        per_thousand=_pace(now),
        slack=_slack(runs.slack, weeks),
        duration_growth=_growth(weeks, runs.length),
        rows_growth=_growth(weeks, runs.rows),
        pace_growth=_growth(weeks, pace),
        trend=_from_first(_median(runs.within(start, end).length) for start, end in pairwise(edges)),
    )


def _arrays(frame: pd.DataFrame) -> _Runs:
    started, ended, deadline = (_seconds(frame[column]) for column in ("started_at", "ended_at", "deadline"))
    outcome = frame["outcome"].to_numpy(dtype=object)
    done = np.isin(outcome.astype(str), DONE)
    rows = frame["rows"].to_numpy(dtype=np.float64)
    return _Runs(
        started=started,
        length=np.where(done & (ended >= started), ended - started, np.nan),
        rows=np.where(done, rows, np.nan),
        slack=np.where(done, deadline - ended, np.nan),
        attempt=frame["attempt"].to_numpy(dtype=np.float64),
        outcome=outcome,
    )


def _seconds(times: pd.Series) -> Floats:
    """Seconds since 1970; NaN where there is no time."""
    plain = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(plain), np.nan, plain.astype(np.int64) / 1e6)


def _spread(values: Floats) -> Spread | None:
    known = values[np.isfinite(values)]
    return Spread(len(known), *quantiles(known, (0.5, 0.9))) if len(known) else None


def _count(which: NDArray[np.bool_], *, known: NDArray[np.bool_]) -> int | None:
    return int(which.sum()) if known.any() else None


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return quantiles(known, (0.5,))[0] if len(known) else float("nan")


def _from_first(medians: Iterator[float]) -> tuple[float, ...]:
    return tuple(dropwhile(np.isnan, medians))


def _total(rows: Floats) -> float | None:
    known = rows[np.isfinite(rows)]
    return float(known.sum()) if len(known) else None


def _pace(runs: _Runs) -> float | None:
    """Sum over sum: a run over three rows must not weigh as much as one over a million."""
    both = np.isfinite(runs.length) & np.isfinite(runs.rows) & (runs.rows > 0)
    return float(1000 * runs.length[both].sum() / runs.rows[both].sum()) if both.any() else None


def _slack(values: Floats, weeks: Floats) -> Slack | None:
    known = np.isfinite(values)
    if not known.any():
        return None
    left = values[known]
    return Slack(len(left), float(left.min()), _median(left), slope(weeks[known], left))


def _growth(weeks: Floats, values: Floats) -> Growth | Insufficient:
    known = np.isfinite(values)
    line = slope(weeks[known], values[known])
    if isinstance(line, Insufficient):
        return line
    usual = _median(values[known])
    return Growth(line.n, line.value / usual if usual else 0.0, is_sure=line.low > 0 or line.high < 0)


def _collected_from(runs: pd.DataFrame, window: Window, zone: str) -> datetime:
    """From when on a step is whole: the window's start, or the day on which somebody began to collect runs."""
    first: datetime = runs["started_at"].min().to_pydatetime()
    return max(window.start, datetime.combine(local_day(first, zone), time(), ZoneInfo(zone)))
