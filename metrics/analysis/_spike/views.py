"""Plain views of a series: each is large where the series does something that it seldom does.

Every number of a view follows from a fixed number of points before it, added in a fixed order, so that a series fed
in pieces gives the same bits as one fed at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metrics.analysis._spike.pack import Array
from metrics.analysis.signal import DAY_S

__all__ = ["COUNT", "Views"]

# How many points the rolling views reach back: an hour, two and a half at five minutes.
SHORT, MIDDLE, LONG = 5, 10, 30
# The recent level is the median of so many points.
RECENT = 20
# A day is cut into at most so many slots, five minutes each: finer ones would hold one point of noise.
MOST_SLOTS = 288
# The same time of day on so many days says what is usual: every weekday is among them once.
DAYS = 7
# Fewer values than this say nothing of a time of day.
FEWEST = 3
# Points that are on average farther apart than this many steps are not neighbours: a gap, or another time of day.
APART = 3.0
COUNT = 17

Floats = NDArray[np.float64]


class Views:
    """What the next points are compared with: the points just before them and a week of times of day."""

    def __init__(self, step_s: float) -> None:
        self.step_s = step_s
        self.slots = int(np.clip(round(DAY_S / max(step_s, 1.0)), 1, MOST_SLOTS))
        # Three hours more than is looked at: when the clock goes back, what is looked at goes back with it.
        self.kept = DAYS * self.slots + 2 + self.slots // 8
        self.recent: Floats = np.empty(0)
        self.residuals: Floats = np.zeros(LONG)
        self.unlike: Floats = np.full((LONG, DAYS), np.inf)
        self.times_s: NDArray[np.int64] = np.empty(0, np.int64)
        self.first_slot = 0
        self.table: Floats = np.empty(0)

    def feed(self, utc_s: NDArray[np.int64], local_s: NDArray[np.int64], x: Floats) -> Floats:
        """Shape (COUNT, n)."""
        if not len(self.recent):
            self.recent, self.times_s = np.full(LONG, x[0]), np.full(LONG, utc_s[0])
        times_s = np.concatenate([self.times_s, utc_s])
        past = np.concatenate([self.recent, x])
        windows = np.lib.stride_tricks.sliding_window_view(past, RECENT)
        near = np.sort(windows[LONG - RECENT : LONG - RECENT + len(x)], axis=1)
        then = self._then(local_s, x)
        low, band_low, usual, band_high, high = _usual(then, near)
        unlike = np.concatenate([self.unlike, _unlike(then, x)])
        residual = x - usual
        residuals = np.concatenate([self.residuals, residual])
        joined = {
            k: utc_s - times_s[LONG - k : -k] <= APART * k * self.step_s for k in (1, SHORT, MIDDLE, RECENT, LONG)
        }
        mean = _mean(past, MIDDLE)
        views = np.stack(
            [
                np.maximum(np.maximum(x - high, low - x), 0.0),
                np.maximum(np.maximum(x - band_high, band_low - x), 0.0),
                np.abs(residual),
                np.abs(_mean(residuals, 3)),
                np.abs(_mean(residuals, MIDDLE)),
                np.abs(_mean(residuals, LONG)),
                *(_nearest(_mean(unlike, k)) for k in (MIDDLE, LONG)),
                np.where(joined[RECENT], np.abs(x - near[:, RECENT // 2]), 0.0),
                np.where(joined[1], np.abs(x - past[LONG - 1 : -1]), 0.0),
                x,
                -x,
                mean,
                -mean,
                *(np.where(joined[k], _spread(past, k), 0.0) for k in (SHORT, MIDDLE, LONG)),
            ]
        )
        self.recent, self.residuals, self.times_s = past[-LONG:], residuals[-LONG:], times_s[-LONG:]
        self.unlike = unlike[-LONG:]
        return views

    def _then(self, local_s: NDArray[np.int64], x: Floats) -> Floats:
        """Shape (n, DAYS, slots near): the values at this time on the days before, NaN where there are none."""
        slot = local_s * self.slots // DAY_S
        self._reach(slot, x)
        near = np.arange(-1, 2) if self.slots >= 4 else np.zeros(1, np.int64)
        lags = self.slots * np.arange(1, DAYS + 1)[:, None] + near
        at = slot[:, None, None] - lags - self.first_slot
        then = np.where(at >= 0, self.table[np.maximum(at, 0)], np.nan)
        self._forget()
        return then

    def _reach(self, slot: NDArray[np.int64], x: Floats) -> None:
        """Writes the points into the table; of several in one slot the last stays."""
        if not len(self.table):
            self.first_slot = int(slot[0]) - self.kept + 1
            self.table = np.full(self.kept, np.nan)
        missing = int(slot.max()) + 1 - self.first_slot - len(self.table)
        if missing > 0:
            self.table = np.concatenate([self.table, np.full(missing, np.nan)])
        self.table[slot - self.first_slot] = x

    def _forget(self) -> None:
        extra = len(self.table) - self.kept
        if extra > 0:
            self.table = self.table[extra:]
            self.first_slot += extra

    def arrays(self) -> list[Array]:
        return [np.array([self.first_slot]), self.times_s, self.recent, self.residuals, self.unlike, self.table]

    def restore(self, arrays: list[Array]) -> None:
        self.first_slot, self.times_s = int(arrays[0][0]), np.asarray(arrays[1], np.int64)
        self.recent, self.residuals, self.unlike, self.table = (np.asarray(each, np.float64) for each in arrays[2:])


def _usual(then: Floats, near: Floats) -> list[Floats]:
    """Lowest, 10 %, middle, 90 % and highest at this time of day, else of the points just before."""
    values = np.sort(then.reshape(len(then), -1), axis=1)
    have = values.shape[1] - np.isnan(values).sum(axis=1)
    enough, last, rows = have >= FEWEST, np.maximum(have - 1, 0), np.arange(len(values))
    places = (0 * last, last // 10, np.minimum(have // 2, last), -(-9 * last // 10), last)
    instead = (0, (RECENT - 1) // 10, RECENT // 2, -(-9 * (RECENT - 1) // 10), RECENT - 1)
    return [np.where(enough, values[rows, at], near[:, n]) for at, n in zip(places, instead, strict=True)]


def _unlike(then: Floats, x: Floats) -> Floats:
    """Shape (n, DAYS): how far each day was from now at its nearest; infinite where it has no value."""
    away = np.abs(then - x[:, None, None])
    return np.asarray(np.where(np.isnan(away), np.inf, away).min(axis=2))


def _nearest(unlike: Floats) -> Floats:
    """How unlike the most alike of the days was; nothing where none is whole."""
    nearest = unlike.min(axis=1)
    return np.where(np.isfinite(nearest), nearest, 0.0)


def _mean(past: Floats, k: int) -> Floats:
    """Of the last k points, for every point after the first LONG."""
    total = past[LONG:].copy()
    for lag in range(1, k):
        total += past[LONG - lag : -lag]
    return total / k


def _spread(past: Floats, k: int) -> Floats:
    mean = _mean(past, k)
    total = (past[LONG:] - mean) ** 2
    for lag in range(1, k):
        total += (past[LONG - lag : -lag] - mean) ** 2
    return np.sqrt(total / k)
