"""A slow trend: has the level been rising or falling, rather than wandering, or stepping once?

Days are ranked time of day by time of day (daily.py), and three stories of these 21 to 56 numbers are weighed:
nothing but chance, a line that bends upwards or downwards on some day and runs to the end, and one step. Chance is
independent days or days that remember the one before (AR(1)), with or without a level for each weekday; the evidence
for each story is averaged over all of these (Liang et al., *Mixtures of g priors*, JASA 103 (2008); for trend against
wandering compare Perron and Yabu, J. Econometrics 151 (2009)). Whether there is a trend is read from the ranks; when
it began, and whether it is a step instead, from the levels in the series' unit. Its slope is that of Theil and Sen.

Limitations: a rise that was undone within the window is not seen, nor one of the last ten days; a level that wanders
with a memory of weeks cannot be told from a trend in eight; several steps the same way look like one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.daily import Daily, daily
from metrics.analysis.detection import Detection
from metrics.analysis.signal import Signal, moment
from metrics.analysis.slope import FEWEST as FEWEST_FOR_A_SLOPE
from metrics.analysis.slope import slope
from metrics.model import Insufficient

__all__ = ["Drift", "drift"]

Floats = NDArray[np.float64]

FEWEST = 21
"""Days: three whole weeks. In two, every fifth level that only wanders looks like a trend, in three every ninth."""
LONGEST = 56
"""Days: a review looks at four weeks; twice that shows whether they differ."""
MEMORY = np.array([0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98])
"""Correlations of neighbouring days that chance may have; 0.98 is a memory of seven weeks, nearly the window."""
INDEPENDENT = 0.5
"""How likely the first of them is before anything was seen; the others share the rest evenly."""
EVIDENCE = 1.5
"""A trend must make the days so many times likelier than chance does: see docs/detection.md."""
CERTAIN_AT, CERTAIN_BY = -0.25, 1.13
"""Logistic line fitted to the evidence of findings, half of the days drifting and half untouched or wandering."""
STEP_ODDS = 10.0
"""A step that explains the days so many times better is one: "strong" by Jeffreys, *Theory of Probability* (1961)."""
WEEKDAYS_FROM = 28
"""Days: each weekday four times, before it gets a level of its own."""
VISIBLE = 1e-3
"""A change by less than this share of the level is a pixel on a chart."""
STEP_ROOM = 3
"""Days on either side of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift(Detection):
    """Draw the line from (`since`, `before`) to (`line_end`, `after`). `low` to `high` is the 95 % interval."""

    per_day: float
    low: float
    high: float
    total: float
    line_end: datetime
    as_step: float
    """How likely it is one step, from 0 to 1, if it is either. Above one half, a shift found there says it better."""


@dataclass(frozen=True, slots=True)
class _Stories:
    """Logarithms of how much likelier the days are than by chance, and what was averaged over."""

    trend: float
    step: float
    starts: Floats
    """How likely the trend began on each day, summing to 1."""
    memory: float
    """The correlation of neighbouring days beside the trend."""


def drift(signal: Signal, longest: int = LONGEST) -> Drift | Insufficient | None:
    """The trend that runs to the end of the signal. `Insufficient` counts days."""
    days = daily(signal, longest)
    if len(days.day) < FEWEST:
        return Insufficient(FEWEST, len(days.day))
    scores = days.scores()
    if np.ptp(scores) <= 0:
        return None
    stories = _weigh(days.day, scores)
    if stories.trend < np.log(EVIDENCE):
        return None
    return _measured(signal, days, scores, stories)


def _measured(signal: Signal, days: Daily, scores: Floats, stories: _Stories) -> Drift | None:
    """In the series' unit; None where its usual level does not go the way of its ranks, not visibly, or in a step."""
    levels = days.levels()
    if np.ptp(levels) <= 0:
        return None
    # Ranks flatten a steep line at its end, so that it bends two days early, and can be like a step; levels do not.
    shape = _weigh(days.day, levels)
    if shape.step - shape.trend > np.log(STEP_ODDS):
        return None
    begin = int(np.searchsorted(np.cumsum(shape.starts), 0.5))
    x, y = (days.day[begin:] - days.day[begin]).astype(np.float64), levels[begin:]
    line = slope(x, y)
    if isinstance(line, Insufficient):
        return None
    total = line.value * x[-1]
    upwards = np.dot(scores[begin:] - scores[begin:].mean(), x)
    if total * upwards <= 0 or abs(total) < VISIBLE * abs(float(np.median(y))):
        return None
    reach = np.sqrt((1 + stories.memory) / (1 - stories.memory))
    since = _first_of(signal, int(days.day[begin]))
    return Drift(
        since=since,
        before=line.start,
        after=line.at(x[-1]),
        certainty=_chance_of(CERTAIN_AT + CERTAIN_BY * stories.trend),
        per_day=line.value,
        low=line.value - reach * (line.value - line.low),
        high=line.value + reach * (line.high - line.value),
        total=total,
        line_end=since + timedelta(days=x[-1]),
        as_step=_chance_of(shape.step - shape.trend),
    )


def _first_of(signal: Signal, day: int) -> datetime:
    return moment(signal.ts[int(np.searchsorted(signal.day, day))])


def _chance_of(log_odds: float) -> float:
    return float(np.exp(-np.logaddexp(0, -log_odds)))


def _weigh(day: NDArray[np.int64], scores: Floats) -> _Stories:
    """The evidence for a trend and for a step against chance."""
    at = (day - day[0]).astype(np.float64)
    starts = (day - day[0])[: len(day) - FEWEST_FOR_A_SLOPE + 1]
    lines = np.maximum(at[:, None] - starts, 0.0)
    steps = (at[:, None] >= at[STEP_ROOM : len(at) - STEP_ROOM + 1]).astype(np.float64)
    steps = np.hstack([steps, (steps[:, 1:] + steps[:, :-1]) / 2])
    prior = np.log(np.where(MEMORY == 0, INDEPENDENT, (1 - INDEPENDENT) / (len(MEMORY) - 1)))
    chance, trend, step = (e + prior[:, None] for e in _evidence(day, scores, lines, steps))
    per_start = np.logaddexp.reduce(trend)
    usual, any_start = np.logaddexp.reduce(chance[:, 0]), np.logaddexp.reduce(per_start)
    per_memory = np.exp(np.logaddexp.reduce(trend, axis=1) - any_start)
    return _Stories(
        trend=float(any_start - np.log(len(starts)) - usual),
        step=float(np.logaddexp.reduce(step.ravel()) - np.log(steps.shape[1]) - usual),
        starts=np.exp(per_start - any_start),
        memory=float(per_memory @ MEMORY),
    )


def _evidence(day: NDArray[np.int64], scores: Floats, lines: Floats, steps: Floats) -> tuple[Floats, Floats, Floats]:
    """Logarithm of the evidence of chance, of each line and of each step, a row for each memory."""
    n = len(day)
    weekdays = [np.zeros((n, 0))]
    if n >= WEEKDAYS_FROM and len(np.unique(day % 7)) == 7:
        weekdays.append((day[:, None] % 7 == np.arange(6)).astype(np.float64))
    found = [_given(day, scores, w, np.hstack([lines, steps])) for w in weekdays]
    chance, shaped = (np.logaddexp.reduce(np.array([f[i] for f in found])) - np.log(len(found)) for i in (0, 1))
    return chance[:, None], shaped[:, : lines.shape[1]], shaped[:, lines.shape[1] :]


def _given(day: NDArray[np.int64], scores: Floats, weekdays: Floats, shapes: Floats) -> tuple[Floats, Floats]:
    """The same for one way to treat weekdays: without a shape, shape (memories,), and with each."""
    n, extra = len(day), weekdays.shape[1]
    white, scale = _whitened(day, np.column_stack([np.ones(n), scores, weekdays, shapes]))
    one = white[:, :, :1]
    length = (one * one).sum(axis=1, keepdims=True)
    rest = white[:, :, 1:] - one * ((one * white[:, :, 1:]).sum(axis=1, keepdims=True) / length)
    y, fixed, added = rest[:, :, :1], rest[:, :, 1 : 1 + extra], rest[:, :, 1 + extra :]
    total = np.maximum((y * y).sum(axis=(1, 2)), 1e-12)
    basis = np.linalg.qr(fixed)[0]
    y, added = (m - basis @ (basis.transpose(0, 2, 1) @ m) for m in (y, added))
    left = (y * y).sum(axis=(1, 2)) / total
    taken = (y * added).sum(axis=1) ** 2 / np.maximum((added * added).sum(axis=1), 1e-12) / total[:, None]
    base = scale - 0.5 * np.log(length[:, 0, 0]) - (n - 1) / 2 * np.log(total)
    without = base + _g_prior(n, extra, left)
    return without, base[:, None] + _g_prior(n, extra + 1, np.maximum(left[:, None] - taken, 0.0))


def _g_prior(n: int, effects: int, unexplained: Floats) -> Floats:
    """Logarithm of the Bayes factor against a constant, with as much prior information as one day has (g = n)."""
    return np.asarray((n - 1 - effects) / 2 * np.log1p(n) - (n - 1) / 2 * np.log1p(n * unexplained))


def _whitened(day: NDArray[np.int64], columns: Floats) -> tuple[Floats, Floats]:
    """What is new on each day after the one before is known, for each memory, and the logarithm of its density."""
    gap = np.diff(day)
    kept = MEMORY[:, None] ** gap
    spread = np.sqrt(1 - kept**2)
    new = (columns[1:] - kept[:, :, None] * columns[:-1]) / spread[:, :, None]
    first = np.broadcast_to(columns[:1], (len(MEMORY), 1, columns.shape[1]))
    return np.concatenate([first, new], axis=1), -np.log(spread).sum(axis=1)
