"""The usual course of a week in daily values, to take away before a forecast and to put on again after it.

Each day is compared with the mean of the seven days around it, and the days of one name are averaged: as
differences, or as factors where those leave less unexplained (the two forms of classical decomposition; Hyndman and
Athanasopoulos, *Forecasting: Principles and Practice*, 3.4). What chance alone would give is shrunk away (James and
Stein, *Estimation with quadratic loss*, 1961).

Limitations: a course that changes within the season is averaged. Months and holidays are not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "UsualWeek", "usual_week"]

Floats = NDArray[np.float64]

WEEK, HALF = 7, 3
# Each weekday twice, beside the half week at either end that has no mean around it.
FEWEST = 2 * WEEK + 2 * HALF


@dataclass(frozen=True, slots=True, eq=False)
class UsualWeek:
    """Entry 0 is of the day after the last."""

    added: Floats
    factor: Floats

    def without(self, values: Floats) -> Floats:
        place = _places(len(values))
        return np.asarray(values / self.factor[place] - self.added[place], np.float64)

    def again(self, paths: Floats) -> Floats:
        """Of the days after the last, along the last axis."""
        place = np.arange(paths.shape[-1]) % WEEK
        return np.asarray((paths + self.added[place]) * self.factor[place], np.float64)


def usual_week(values: Floats) -> UsualWeek:
    """Nothing is usual below FEWEST values."""
    none = UsualWeek(np.zeros(WEEK), np.ones(WEEK))
    if len(values) < FEWEST:
        return none
    total = np.concatenate([[0.0], np.cumsum(values)])
    mean, middle = (total[WEEK:] - total[:-WEEK]) / WEEK, values[HALF:-HALF]
    place = _places(len(values))[HALF:-HALF]
    added, rest = _pattern(middle - mean, place, np.ones_like(mean))
    if not (values > 0).all():
        return UsualWeek(added, none.factor)
    more, rest_of_factor = _pattern(middle / mean - 1, place, mean)
    return UsualWeek(none.added, 1 + more) if rest_of_factor < rest else UsualWeek(added, none.factor)


def _places(n: int) -> NDArray[np.intp]:
    return (np.arange(n) - n) % WEEK


def _pattern(off: Floats, place: NDArray[np.intp], unit: Floats) -> tuple[Floats, float]:
    """What each weekday is off by, shrunk, and the squares that it leaves in the unit of the values."""
    counts = np.bincount(place, minlength=WEEK)
    usual = np.bincount(place, off, WEEK) / counts
    usual -= usual.mean()
    left = off - usual[place]
    by_chance = float((left**2).sum()) / (len(off) - WEEK + 1) * (1 - 1 / WEEK) * float((1 / counts).mean())
    between = float((usual**2).mean())
    share = max(0.0, 1 - by_chance / between) if between > 0 else 0.0
    return usual * share, float(((left * unit) ** 2).sum())
