"""How fast something moves, whatever a few odd points do: the slope of Theil and Sen."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.proportion import Z_95
from metrics.model import Insufficient

__all__ = ["ALL_PAIRS", "FEWEST", "Slope", "slope"]

FEWEST = 10
"""Below so many points Sen's interval, made for many, says little: at 10 it leaves out 12 of the 45 pairs a side."""
ALL_PAIRS = 500
"""Beyond so many points a pair is made of each point and the one half of all points later: 125,000 are enough."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The line that half of the pairs rise faster than. `low` to `high` is its 95 % interval."""

    n: int
    value: float
    low: float
    high: float
    start: float
    """The line at x = 0."""

    def at(self, x: float) -> float:
        return self.start + self.value * x


def slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> Slope | Insufficient:
    """The median of the slopes of all pairs, per unit of x; up to 29 % of the points may be anything.

    Theil, *A rank-invariant method of linear and polynomial regression analysis*, Proc. KNAW 53 (1950), whose
    "incomplete method" takes one pair a point where all pairs would be too many; Sen, *Estimates of the regression
    coefficient based on Kendall's tau*, JASA 63 (1968), from whom the interval is. Ties of x make no pair.
    """
    n = len(x)
    if n < FEWEST:
        return Insufficient(FEWEST, n)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    first, second = _pairs(n)
    run = x[second] - x[first]
    apart = run > 0
    if not apart.any():
        return Insufficient(FEWEST, 1)
    slopes = np.sort((y[second] - y[first])[apart] / run[apart])
    reach = Z_95 * (sqrt(n * (n - 1) * (2 * n + 5) / 18) if n <= ALL_PAIRS else sqrt(len(slopes)))
    value = float(np.median(slopes))
    low, high = ((len(slopes) + side * reach) / 2 for side in (-1, 1))
    return Slope(
        n=n,
        value=value,
        low=float(slopes[max(int(low) - 1, 0)]),
        high=float(slopes[min(int(high) + 1, len(slopes) - 1)]),
        start=float(np.median(y - value * x)),
    )


def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if n <= ALL_PAIRS:
        return np.triu_indices(n, 1)
    half = (n + 1) // 2
    return np.arange(n - half), np.arange(half, n)
