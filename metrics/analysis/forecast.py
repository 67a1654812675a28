"""When a limit is crossed, as early, likely and late: 80 % of the futures cross it between early and late.

What counts is the peak of each day, the highest hourly mean, over the usual course of a week. Its futures are those
of `local_trend`: growth whose steadiness is weighed by how well it foretells the series' own past, driven by
blocks of the series' own surprises. A robust line (Theil and Sen, see `slope`) is the second method, and something is
urgent only where both see the limit crossed within a fortnight.

Limitations: growth that keeps accelerating is met late. Nothing is known of a bound such as 100 % beyond which values
can't go, of months' ends or of what is planned. A level that does not grow crosses a limit just above it at a time
that nobody can foretell: `likely` is then far off and `early` near.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.detection import Detection
from metrics.analysis.local_trend import local_trend
from metrics.analysis.signal import DAY_S, Signal, moment
from metrics.analysis.slope import FEWEST, slope
from metrics.analysis.usual_week import FEWEST as USUAL
from metrics.analysis.usual_week import usual_week
from metrics.model import Insufficient

__all__ = ["Crossing", "Step", "forecast"]

Floats = NDArray[np.float64]

WEEK, HOUR_S = 7, 3_600
# As far back as the usual horizon is ahead: what was before says little about growth now.
MOST_DAYS = 91
# Of a robust line, two whole weeks: it was the best of 7, 14, 21 and 28 days (docs/detection.md).
LINE_DAYS = 14
# A fortnight is the rhythm of the slower reviews: what is crossed before the next one can't wait for it.
URGENT_DAYS = 14
# One clean-up or two are somebody's doing and no habit: from three on they are expected to go on.
FEWEST_CLEAN_UPS = 3
# Beyond so many robust standard deviations a step is none of the usual; what is regained in a week was a holiday.
ODD_STEP, TOLD_DAYS = 6 * 1.4826, 3
# The 10 % points of 500 draws lie within 2.6 % of their true share (two standard errors of a proportion).
PATHS = 500
SEED = 20_240
ROUND = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Step:
    """One day ahead: 80 % of the futures are between `low` and `high`."""

    at: datetime
    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing(Detection):
    """`since` is the last point, `before` its day's peak, `after` the limit; None is beyond the horizon.

    `certainty` is the share of futures that cross it within the horizon.
    """

    early: datetime
    likely: datetime | None
    late: datetime | None
    urgent: bool
    steps: tuple[Step, ...]


def forecast(
    signal: Signal, limit: float, *, horizon_days: int = 90, rising: bool = True
) -> Crossing | Insufficient | None:
    """None where at most one future in ten crosses `limit` within the horizon; Insufficient counts days with points.

    With `rising=False` the limit is a floor and the lowest hour of a day its peak.
    """
    sign = 1.0 if rising else -1.0
    days, peaks = _peaks(signal, sign)
    if len(days) < FEWEST:
        return Insufficient(FEWEST, len(days))
    peaks = _lowered(np.interp(np.arange(days[0], 1), days, peaks))
    paths = _paths(peaks, horizon_days)
    if peaks[-1] >= sign * limit:
        when = np.zeros(PATHS)
    else:
        hit = paths >= sign * limit
        when = np.where(hit.any(1), hit.argmax(1) + 0.5, inf)
    early, likely, late = (float(each) for each in np.quantile(when, ROUND, method="inverted_cdf"))
    if not isfinite(early):
        return None
    end = moment(signal.ts[-1])
    return Crossing(
        since=end,
        before=sign * float(peaks[-1]),
        after=limit,
        certainty=float(np.isfinite(when).mean()),
        # A day in which it is crossed counts from its beginning to its end.
        early=end + timedelta(days=max(early - 0.5, 0.0)),
        likely=_after(end, likely),
        late=_after(end, late + 0.5 if late else late),
        urgent=max(likely, _by_line(peaks, sign * limit)) <= URGENT_DAYS,
        steps=_steps(end, paths, sign),
    )


def _after(end: datetime, days: float) -> datetime | None:
    return end + timedelta(days=days) if isfinite(days) else None


def _peaks(signal: Signal, sign: float) -> tuple[Floats, Floats]:
    """Days before the last point (0, -1 …) and the peak of each.

    A day is 24 hours that end like the last point, so that none is half; an hour's mean keeps one odd point from
    being a peak.
    """
    if not len(signal):
        return np.empty(0), np.empty(0)
    ago = signal.local_s[-1] - signal.local_s
    start = int(np.argmax(ago < MOST_DAYS * DAY_S))
    hours = -(ago[start:] // HOUR_S)
    first = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
    counts = np.diff(first, append=len(hours))
    means = sign * np.add.reduceat(signal.values[start:], first) / counts
    days = -(-hours[first] // (DAY_S // HOUR_S))
    begins = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    return days[begins].astype(np.float64), np.maximum.reduceat(means, begins)


def _lowered(peaks: Floats) -> Floats:
    """As if what was cleaned up once or twice had never been there: growth is that of before and after."""
    steps = np.diff(peaks)
    usual = float(np.median(steps))
    odd = usual - steps > ODD_STEP * float(np.median(np.abs(steps - usual)))
    dropped = [n for n in np.flatnonzero(odd[:-TOLD_DAYS]).tolist() if _stays_low(peaks[n : n + WEEK + 1])]
    if len(peaks) < USUAL or not 0 < len(dropped) < FEWEST_CLEAN_UPS:
        return peaks
    gone = np.zeros(len(peaks))
    gone[dropped] = steps[dropped] - usual
    return np.asarray(peaks + np.cumsum(gone[::-1])[::-1], np.float64)


def _stays_low(peaks: Floats) -> bool:
    """Whether the days after the first are nearer to the second than to the first."""
    return bool((peaks[1:] < (peaks[0] + peaks[1]) / 2).all())


def _paths(peaks: Floats, horizon: int) -> Floats:
    """Shape (PATHS, horizon): the peaks to come."""
    week = usual_week(peaks)
    rng = np.random.Generator(np.random.PCG64(SEED))
    return week.again(local_trend(week.without(peaks)).paths(horizon, PATHS, rng))


def _by_line(peaks: Floats, limit: float) -> float:
    """Days until the robust line, from the highest peak of the last week on, is there."""
    last = peaks[-LINE_DAYS:]
    line = slope(np.arange(len(last), dtype=np.float64), last)
    room = limit - float(peaks[-WEEK:].max())
    if isinstance(line, Insufficient):
        return inf
    if room <= 0:
        return 0.0
    return room / line.value if line.value > 0 else inf


def _steps(end: datetime, paths: Floats, sign: float) -> tuple[Step, ...]:
    fan = np.sort(sign * np.quantile(paths, ROUND, axis=0), axis=0)
    return tuple(Step(end + timedelta(days=n), *row) for n, row in enumerate(fan.T.tolist(), 1))
