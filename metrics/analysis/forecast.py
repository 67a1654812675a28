"""When a limit is crossed, as early, likely and late, 80 % of the time between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.detection import Detection
from metrics.analysis.signal import DAY_S, Signal, moment
from metrics.model import Insufficient

__all__ = ["Crossing", "Step", "forecast"]

FEWEST_DAYS = 8
PATHS = 600
WINDOWS = (7, 14, 28)
WEEK = 7


@dataclass(frozen=True, slots=True)
class Step:
    """One day ahead: 80 % of the paths are between `low` and `high`."""

    at: datetime
    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing(Detection):
    """`since` is the last point, `before` the last day's peak and `after` the limit. None is beyond the horizon."""

    early: datetime | None
    likely: datetime | None
    late: datetime | None
    urgent: bool
    steps: tuple[Step, ...]


def forecast(
    signal: Signal, limit: float, *, horizon_days: int = 90, rising: bool = True
) -> Crossing | Insufficient | None:
    """None where even the early time is beyond the horizon; Insufficient counts days."""
    sign = 1.0 if rising else -1.0
    peaks = _peaks(signal, sign)
    if len(peaks) < FEWEST_DAYS:
        return Insufficient(FEWEST_DAYS, len(peaks))
    paths = _paths(peaks, horizon_days)
    hit = paths >= sign * limit
    eta = np.where(hit.any(1), hit.argmax(1) + 0.5, np.inf)
    if peaks[-1] >= sign * limit:
        eta[:] = 0.0
    end = moment(signal.ts[-1])
    early, likely, late = (_at(end, float(q)) for q in np.quantile(eta, (0.1, 0.5, 0.9), method="inverted_cdf"))
    if early is None:
        return None
    fan = sign * np.quantile(paths, (0.1, 0.5, 0.9), axis=0)
    low, middle, high = fan if rising else fan[::-1]
    steps = tuple(
        Step(end + timedelta(days=n + 1), float(low[n]), float(middle[n]), float(high[n]))
        for n in range(horizon_days)
    )
    return Crossing(
        since=end, before=float(sign * peaks[-1]), after=limit, certainty=float(np.isfinite(eta).mean()),
        early=early, likely=likely, late=late, urgent=False, steps=steps,
    )  # fmt: skip


def _at(end: datetime, days: float) -> datetime | None:
    return end + timedelta(days=days) if np.isfinite(days) else None


def _peaks(signal: Signal, sign: float) -> NDArray[np.float64]:
    """The peak of each 24 hours, counted back from the last point, so that no day is half; gaps are bridged."""
    if not len(signal):
        return np.empty(0)
    back = (signal.local_s[-1] - signal.local_s) // DAY_S
    days, start = np.unique(back[::-1], return_index=True)
    peaks = np.maximum.reduceat(sign * signal.values[::-1], start)
    return np.interp(np.arange(days[-1], -1, -1), days, peaks)


def _paths(peaks: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    rng = np.random.Generator(np.random.PCG64(0))
    weeks, found = -(-horizon // WEEK), []
    for window in WINDOWS:
        steps = np.diff(peaks)[-window:]
        n, size = len(steps), PATHS // len(WINDOWS)
        # A block begins on the weekday that comes next, so that a week is followed by a week.
        first = rng.integers(max(n // WEEK, 1), size=(size, weeks)) * WEEK
        drawn = steps[(n - WEEK - first[:, :, None] + np.arange(WEEK)) % n].reshape(size, -1)[:, :horizon]
        growth = steps[rng.integers(n, size=(size, max(n // 2, 1)))].mean(1)
        found.append(peaks[-1] + np.cumsum(drawn - steps.mean() + growth[:, None], axis=1))
    return np.concatenate(found)
