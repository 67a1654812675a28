"""Continuous quantiles of few values, without the cost that numpy's own has for each call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["quantiles"]


def quantiles(values: NDArray[np.float64], at: Sequence[float]) -> tuple[float, ...]:
    """The quantiles by linear interpolation between neighbours; the values must not be empty.

    Type 7 of Hyndman and Fan, *Sample quantiles in statistical packages*, The American Statistician 50 (1996), which
    SQL calls PERCENTILE_CONT: the median of 10 and 1000 is 505, and not 10.
    """
    if not len(values):
        raise ValueError("there is no quantile of nothing")
    ordered = np.sort(values)
    return tuple(_at(ordered, share) for share in at)


def _at(ordered: NDArray[np.float64], share: float) -> float:
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    low, high = float(ordered[below]), float(ordered[above])
    return low + (high - low) * (place - below)
