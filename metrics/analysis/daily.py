"""A series laid out as one row a day and one column a time of day, so that a time is compared with its like."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.signal import DAY_S, Signal

__all__ = ["FINEST_S", "Daily", "daily"]

FINEST_S = 300
"""Columns are no finer: what is measured each minute is averaged to five, which a day has 288 of."""
ENOUGH = 0.5
"""A day counts if it has this share of the columns that a day usually has; the running day is such a part."""


@dataclass(frozen=True, eq=False)
class Daily:
    """`values` has shape (days, columns), with NaN for what was not measured; `day` counts from 1970-01-01."""

    day: NDArray[np.int64]
    values: NDArray[np.float64]
    point: NDArray[np.int64]
    """Which point of the signal stands there, the last where there are several; -1 for none. Same shape."""

    def scores(self) -> NDArray[np.float64]:
        """How high each day was: each time of day ranked among its like, as a normal score, averaged over the day.

        A few odd hours or days weigh no more than their rank, and a loud time of day no more than a quiet one.
        Van der Waerden's scores, summed over seasons as by Hirsch and Slack, Water Resources Research 20 (1984).
        """
        # Twice the rank is whole, ties or not; comparing with NaN is always false, so what is missing counts nowhere.
        v = self.values
        twice = (v[None] < v[:, None]).sum(axis=1) + (v[None] <= v[:, None]).sum(axis=1)
        seen = np.isfinite(v)
        share, where = np.unique((twice + 1) / (2 * (seen.sum(axis=0) + 1)), return_inverse=True)
        usual = NormalDist()
        score = np.array([usual.inv_cdf(p) if 0 < p < 1 else 0.0 for p in share])[where].reshape(v.shape)
        return np.asarray(np.where(seen, score, 0).sum(axis=1) / seen.sum(axis=1), dtype=np.float64)

    def levels(self) -> NDArray[np.float64]:
        """The usual value of each day in the series' unit, freed of which times of day it has."""
        usual = np.nanmedian(self.values, axis=0)
        return np.asarray(np.nanmedian(self.values - usual, axis=1) + np.median(usual), dtype=np.float64)


def daily(signal: Signal, longest: int | None = None) -> Daily:
    """The last `longest` days of the signal, those with too few points left out."""
    if not len(signal):
        return Daily(np.zeros(0, np.int64), np.zeros((0, 1)), np.zeros((0, 1), np.int64))
    day, column_s = signal.day, max(round(signal.step_s), FINEST_S)
    columns = max(DAY_S // column_s, 1)
    first = int(day[0]) if longest is None else max(int(day[0]), int(day[-1]) - longest + 1)
    begin = int(np.searchsorted(day, first))
    row = day[begin:] - first
    cell = row * columns + np.minimum(signal.local_s[begin:] % DAY_S // column_s, columns - 1)
    size = (int(row[-1]) + 1) * columns
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, weights=signal.values[begin:], minlength=size)
    values = np.divide(total, count, out=np.full(size, np.nan), where=count > 0).reshape(-1, columns)
    point = np.full(size, -1)
    point[cell] = np.arange(begin, len(signal))
    filled = np.isfinite(values).sum(axis=1)
    days = filled >= ENOUGH * np.median(filled[filled > 0])
    kept = np.ix_(days, np.isfinite(values[days]).any(axis=0))
    return Daily(first + np.flatnonzero(days), values[kept], point.reshape(values.shape)[kept])
