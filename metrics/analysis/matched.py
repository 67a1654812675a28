"""Days before and after one moment, made for being compared: the same hours of the same weekdays on either side.

Days run from the moment's time of day on the wall clock, so that none is half old and half new, and day 0 is the
first after it. Where the demand is known and dividing by it makes the days of either side steadier, they are divided
by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.levels import tamed, without_weekdays
from metrics.analysis.signal import DAY_S, Signal

__all__ = ["Days", "Moment", "Profile"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Profile = tuple[float | None, ...]
"""The mean of each hour of the local week from Monday 00:00 on, or of each weekday; None where nothing is known."""

WEEK = 7
HOUR_S = 3_600
HALF_FULL = 0.5
"""A day counts if it has this share of the hours that a day usually has."""
MOST_ODD = 0.1
"""Days that stand out from the two weeks around are left out; where more than a tenth do, the line is like that."""
BESIDE = 3
"""Days: so near to the moment a step makes days odd, and none is left out."""
STEADIER = 0.75
"""The line follows the demand if dividing takes a quarter off its spread: the price of a pattern in levels.py."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """All of shape (days,), odd days left out. `level` is what is judged, by demand if `is_per_demand`."""

    day: Ints
    level: Floats
    raw: Floats
    """The same, not divided by the demand."""
    demand: Floats | None
    is_per_demand: bool

    @property
    def before(self) -> int:
        return int((self.day < 0).sum())

    @property
    def after(self) -> int:
        return int((self.day >= 0).sum())

    def means(self, values: Floats) -> tuple[float, float]:
        """Before and after."""
        return float(values[self.day < 0].mean()), float(values[self.day >= 0].mean())


class Moment:
    """One line, and the demand that may drive it, around one moment."""

    def __init__(self, at: datetime, signal: Signal, demand: Signal | None) -> None:
        self.at = at.astimezone(UTC)
        self.zone = ZoneInfo(signal.zone)
        self._origin = self._local_s(at)
        lines = [signal] if demand is None or not len(demand) else [signal, demand]
        self._width = int(max(HOUR_S, *(line.step_s for line in lines)))
        self._lines = [self._unmixed(line) for line in lines]

    def _local_s(self, at: datetime) -> int:
        return int(at.astimezone(self.zone).replace(tzinfo=UTC).timestamp())

    def _unmixed(self, line: Signal) -> Signal:
        """On the clock of the line that is judged, without the point whose period the moment is in."""
        at = np.datetime64(self.at.replace(tzinfo=None), "us")
        period = np.timedelta64(round(line.step_s * 1e6), "us")
        return Signal(line.ts, line.values, str(self.zone)).cut((line.ts + period <= at) | (line.ts >= at))

    def whole_days(self, until: datetime) -> int:
        """How many have passed."""
        return (self._local_s(until) - self._origin) // DAY_S

    def time(self, day: int) -> datetime:
        """When a day begins."""
        return (self.at.astimezone(self.zone) + timedelta(days=day)).astimezone(UTC)

    def days(self, first: int, end: int) -> Days:
        """Those from `first` to before `end` that were measured."""
        grids = [self._grid(line, first, end) for line in self._lines]
        known = np.all([np.isfinite(grid) for grid in grids], axis=0)
        filled = known.sum(axis=1)
        full = filled >= max(HALF_FULL * float(np.median(filled[filled > 0])), 1) if known.any() else filled > 0
        day = first + np.flatnonzero(full)
        raw, *others = (_levels(np.where(known, grid, np.nan)[full]) for grid in grids)
        if not others or not len(day) or not (others[0] > 0).all():
            return _calm(Days(day, raw, raw, others[0] if others else None, is_per_demand=False))
        demand = others[0]
        by_demand = raw / demand
        follows = _spread(by_demand, day) < STEADIER * _spread(raw, day)
        return _calm(Days(day, by_demand if follows else raw, raw, demand, follows))

    def _grid(self, line: Signal, first: int, end: int) -> Floats:
        """Shape (days, hours): means, NaN where nothing was measured."""
        columns = max(DAY_S // self._width, 1)
        since = line.local_s - self._origin
        inside = (since >= first * DAY_S) & (since < end * DAY_S)
        since = since[inside] - first * DAY_S
        cell = since // DAY_S * columns + np.minimum(since % DAY_S // self._width, columns - 1)
        return _means(cell, line.values[inside], (end - first) * columns).reshape(-1, columns)

    def profile(self, first: int, end: int, *, per_demand: bool) -> Profile:
        """The usual week between two days; the demand's as well where it is by demand."""
        width = max(self._width // HOUR_S, 1) * HOUR_S if self._width < DAY_S else DAY_S
        shown = [self._week(line, first, end, width) for line in self._lines[: 1 + per_demand]]
        with np.errstate(divide="ignore", invalid="ignore"):
            values = shown[0] / shown[1] if per_demand else shown[0]
        return tuple(float(value) if np.isfinite(value) else None for value in values)

    def _week(self, line: Signal, first: int, end: int, width: int) -> Floats:
        since = line.local_s - self._origin
        inside = (since >= first * DAY_S) & (since < end * DAY_S)
        # 1970-01-01 was a Thursday, three days after a Monday.
        cell = (line.local_s[inside] + 3 * DAY_S) % (WEEK * DAY_S) // width
        return _means(cell, line.values[inside], -(-WEEK * DAY_S // width))


def _means(cell: Ints, values: Floats, size: int) -> Floats:
    count = np.bincount(cell, minlength=size)
    middle = float(values.mean()) if len(values) else 0.0
    # Less the middle first: a constant stays one.
    total = np.bincount(cell, weights=values - middle, minlength=size)
    return np.asarray(np.divide(total, count, out=np.full(size, np.nan), where=count > 0) + middle)


def _levels(grid: Floats) -> Floats:
    """The mean of each day's hours, as if it had those that it lacks at their usual distance from its others."""
    grid = grid[:, np.isfinite(grid).any(axis=0)]
    if not grid.size:
        return np.zeros(len(grid))
    usual = np.nanmedian(grid, axis=0)
    return np.asarray(np.nanmean(grid - usual, axis=1) + usual.mean())


def _calm(days: Days) -> Days:
    """Without the pattern of the week, where that pays, and without odd days; those that stay are drawn in."""
    if not len(days.day):
        return days
    level = without_weekdays(days.level, days.day)
    # Medians need not cancel out over a week; the line keeps its mean.
    level = level + (days.level - level).mean()
    calm = tamed(level)
    usual = np.isclose(calm, level, rtol=1e-9, atol=0) | (np.abs(days.day) <= BESIDE)
    if 1 - usual.mean() > MOST_ODD:
        usual = np.ones(len(level), dtype=np.bool_)
    demand = None if days.demand is None else days.demand[usual]
    return Days(days.day[usual], calm[usual], days.raw[usual], demand, days.is_per_demand)


def _spread(levels: Floats, day: Ints) -> float:
    """The squares of the days around the mean of their side, by that mean: a step between the sides is no spread."""
    sides = [levels[chosen] for chosen in (day < 0, day >= 0) if chosen.any()]
    means = [float(side.mean()) or 1.0 for side in sides]
    return float(np.sqrt(sum(((side / mean - 1) ** 2).sum() for side, mean in zip(sides, means, strict=True))))
