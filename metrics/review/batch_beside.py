"""What else was slow while a job ran: its minutes against the rest of the same hours. A coincidence, no cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.model import Insufficient, Window
from metrics.review.lines import Line
from metrics.review.period import Period, back

__all__ = ["FEWEST", "Beside", "beside", "compared", "watched"]

WATCHED = ("http.server.request.duration.p95", "system.cpu.utilization")
# An hour of five-minute samples on either side: fewer are an anecdote.
FEWEST = 12
# Raw samples of so many lines are read, over so many weeks: whole components come before their parts.
MOST_LINES, MOST_WEEKS = 60, 4
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Beside:
    """The mean of a line while the job ran, and in the rest of the same hours."""

    line: Line
    during: float
    otherwise: float
    n_during: int
    n_otherwise: int

    @property
    def ratio(self) -> float:
        return self.during / self.otherwise


def watched(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Latency and CPU, of components before parts."""
    wanted = [line for line in lines if line.indicator.name in WATCHED]
    return tuple(sorted(wanted, key=lambda line: line.part is not None)[:MOST_LINES])


def compared(period: Period) -> Window:
    """The period, or its last four weeks."""
    longest = back(period.window.end, timedelta(weeks=MOST_WEEKS), period.zone)
    return Window(max(period.window.start, longest), period.window.end)


def beside(
    lines: Sequence[Line], samples: pd.DataFrame, runs: pd.DataFrame, zone: str
) -> tuple[Beside, ...] | Insufficient:
    """Those with enough samples on either side, the greatest difference first.

    `samples` has series_id, ts and value; `runs` started_at and ended_at of one job. Insufficient names the most
    samples that any line had on its shorter side.
    """
    ended = runs[runs["ended_at"].notna()].sort_values("started_at")
    found, most = [], 0
    by_id = dict(iter(samples.groupby("series_id", sort=False)))
    for line in lines:
        mine = by_id.get(line.ids[0])
        if mine is None or ended.empty:
            continue
        during, otherwise = _sides(mine["ts"], timedelta(seconds=line.period_s), ended, zone)
        values = mine["value"].to_numpy(dtype=np.float64)
        most = max(most, min(int(during.sum()), int(otherwise.sum())))
        if min(during.sum(), otherwise.sum()) < FEWEST:
            continue
        means = float(values[during].mean()), float(values[otherwise].mean())
        if min(means) > 0:
            found.append(Beside(line, *means, int(during.sum()), int(otherwise.sum())))
    if not found:
        return Insufficient(FEWEST, most)
    return tuple(sorted(found, key=lambda each: -abs(log(each.ratio))))


def _sides(ts: pd.Series, step: timedelta, runs: pd.DataFrame, zone: str) -> tuple[Booleans, Booleans]:
    """Samples whose middle lies in a run, and the others of the hours of the day in which there are such."""
    middle = ts + step / 2
    begins = runs["started_at"].to_numpy(dtype="datetime64[us]")
    # Runs may overlap: a sample is in one when the latest end so far is still ahead.
    ends = np.maximum.accumulate(runs["ended_at"].to_numpy(dtype="datetime64[us]").astype(np.int64))
    at = middle.to_numpy(dtype="datetime64[us]")
    place = np.searchsorted(begins, at, side="right") - 1
    ran = (place >= 0) & (ends[np.maximum(place, 0)] > at.astype(np.int64))
    hour = middle.dt.tz_convert(zone).dt.hour.to_numpy()
    return ran, ~ran & np.isin(hour, np.unique(hour[ran]))
