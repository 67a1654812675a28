"""The level of each half day, with the time of day and, where that pays, the weekday taken out.

Medians over days, as the profile of a seasonal naive forecast; gaps leave cells out. A pattern of the week is taken
out only where it says a day's level better than not knowing it would, judged on days that it was not made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from metrics.analysis.signal import DAY_S, Signal

__all__ = ["HALF_DAY_S", "Levels", "half_days", "tamed", "without_weekdays"]

HALF_DAY_S = DAY_S // 2
HOUR_S = 3_600
WEEK = 7
# Below three of each weekday their median is one day's accident.
WEEKS_TO_KNOW = 3
# A pattern of the week is believed where it takes a quarter off the distance; noise, foretold by noise, only adds.
LESS = 0.75
# A cell must stand on half of the hours that cells usually have.
HALF_FULL = 0.5
# A week of half days: odd days are few in it, and a new level soon is half of it.
WINDOW = 15
# Beyond 3 robust standard deviations a cell is an outlier of its neighbourhood (the three-sigma rule).
FAR = 3.0
# Where most cells are the same the MAD is 0, though the series moves: a quarter of the standard deviation instead.
LEAST_SPREAD = 0.25
MAD_TO_SD = 1.4826

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Shape (cells,): `values` is the level of each half day that was measured, `start` its first point's place."""

    values: Floats
    start: NDArray[np.int64]
    points: Floats
    """Shape (n,): the signal's values, without the time of day and the weekday."""

    def place(self, cell: int, before: float, after: float) -> int:
        """The first point of the new level, from half a day before the cell to its end, by absolute distances."""
        first = int(self.start[max(cell - 1, 0)])
        end = int(self.start[cell + 1]) if cell + 1 < len(self.start) else len(self.points)
        near = self.points[first:end]
        old, new = np.abs(near - before), np.abs(near - after)
        misfit = np.concatenate(([0.0], np.cumsum(old - new)))
        return min(first + int(np.argmin(misfit)), len(self.points) - 1)


def half_days(signal: Signal) -> Levels:
    """Median of the hourly means of each local half day, less the usual shape of the day."""
    local = signal.local_s
    first = int(local[0]) // DAY_S
    hour = local // HOUR_S - 24 * first
    hours_in_all = 24 * (int(hour.max()) // 24 + 1)
    count = np.bincount(hour, minlength=hours_in_all)
    middle = float(np.median(signal.values))
    sums = np.bincount(hour, weights=signal.values - middle, minlength=hours_in_all)
    hours = np.where(count > 0, sums / np.maximum(count, 1), np.nan).reshape(-1, 24)
    shape = _median(hours - _median(hours, 1)[:, None], 0)
    shape = np.where(np.isfinite(shape), shape, 0.0)
    halves = (hours - shape).reshape(-1, 12)
    known = np.isfinite(halves).sum(1)
    kept = known >= max(HALF_FULL * np.median(known[known > 0]), 1)
    cells, raw = np.flatnonzero(kept), _median(halves[kept], 1)
    values = without_weekdays(raw, cells, 2 * WEEK)
    # A clock set back may return to the cell before; then the later cell has begun.
    cell = np.maximum.accumulate(hour // 12)
    nearest = np.searchsorted(cells, cell).clip(max=len(cells) - 1)
    return Levels(
        values=values + middle,
        start=np.searchsorted(cell, cells),
        points=signal.values - shape[hour % 24] - (raw - values)[nearest],
    )


def _median(values: Floats, axis: int) -> Floats:
    """The median of what is known; NaN where nothing is, without numpy's warning about it."""
    ordered = np.sort(values, axis=axis)
    known = np.isfinite(values).sum(axis)
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    high = np.minimum(high, values.shape[axis] - 1)
    pick = [np.take_along_axis(ordered, np.expand_dims(at, axis), axis).squeeze(axis) for at in (low, high)]
    return np.where(known > 0, (pick[0] + pick[1]) / 2, np.nan)


def without_weekdays(values: Floats, at: NDArray[np.int64], period: int = WEEK) -> Floats:
    """The values less the median of their place in the week, where that leaves them nearer to their neighbourhood."""
    if len(values) < WEEKS_TO_KNOW * period:
        return values
    off = values - _around(values, period + 1 - period % 2)
    shape, foretold = np.zeros(len(values)), np.zeros(len(values))
    for n in range(period):
        mine = np.flatnonzero(at % period == n)
        if len(mine) < WEEKS_TO_KNOW:
            return values
        shape[mine], foretold[mine] = _medians(off[mine])
    if np.abs(off - foretold).sum() >= LESS * np.abs(off).sum():
        return values
    return values - shape


def _medians(values: Floats) -> tuple[float, Floats]:
    """The median of all, and for each value that of the others."""
    n = len(values)
    order = np.argsort(values, kind="stable")
    ordered, rank = values[order], np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    low, high = (n - 2) // 2, (n - 1) // 2
    others = (ordered[low + (rank <= low)] + ordered[high + (rank <= high)]) / 2
    return float(ordered[n // 2] + ordered[(n - 1) // 2]) / 2, others


def tamed(values: Floats, window: int = WINDOW) -> Floats:
    """Odd cells drawn in to FAR from the median of the window around: a day that stands out is no level.

    At the very end, odd cells are a new level or odd as others were before: they stay as they are if their run is
    longer and farther away than any before, and no single cell, and are replaced by what is usual if not.
    """
    if len(values) < window:
        return values
    usual = _around(values, window)
    off = values - usual
    spread = max(MAD_TO_SD * float(np.median(np.abs(off))), LEAST_SPREAD * float(off.std()))
    side = np.sign(off) * (np.abs(off) > FAR * spread)
    tame = usual + np.clip(off, -FAR * spread, FAR * spread)
    starts = np.flatnonzero(np.diff(side, prepend=np.nan))
    runs = np.diff(starts, append=len(side)) * (side[starts] != 0)
    last = starts[-1]
    is_longer = runs[-1] > np.max(runs[:-1], initial=1)
    is_farther = np.median(np.abs(off[last:])) > np.max(np.abs(off[:last]), initial=0.0)
    if runs[-1]:
        tame[last:] = (values if is_longer and is_farther else usual)[last:]
    return tame


def _around(values: Floats, window: int) -> Floats:
    padded = np.pad(values, window // 2, mode="reflect")
    return np.asarray(np.median(sliding_window_view(padded, window), axis=1))
