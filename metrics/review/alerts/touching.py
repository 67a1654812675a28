"""Which of many spans of time touches each of many others: one sort instead of a comparison of each with each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.review.spans import Span

__all__ = ["NONE", "Spans", "micros", "near", "spans_of", "touching"]

NONE = -1
Ints = NDArray[np.int64]
Spans = tuple[Ints, Ints]
"""Starts and ends in microseconds since 1970."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(times: pd.Series) -> Ints:
    """Times of a frame as numbers; none of them may be absent."""
    return np.asarray(times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")).astype(np.int64)


def spans_of(spans: Sequence[Span]) -> Spans:
    """The same for pairs of times."""
    starts, ends = ([(each[side] - _EPOCH).total_seconds() for each in spans] for side in (0, 1))
    return tuple((np.array(side) * 1e6).round().astype(np.int64) for side in (starts, ends))  # type: ignore[return-value]


def touching(mine: Spans, others: Spans) -> NDArray[np.intp]:
    """For each of mine the place of the other that goes on longest among those that touch it; `NONE` without one."""
    if not len(others[0]):
        return np.full(len(mine[0]), NONE)
    order = np.argsort(others[0], kind="stable")
    starts, ends = others[0][order], others[1][order]
    reach = np.maximum.accumulate(ends)
    # The place of the one that reaches so far.
    first = np.maximum.accumulate(np.where(ends == reach, np.arange(len(ends)), 0))
    at = np.searchsorted(starts, mine[1], side="right") - 1
    there = (at >= 0) & (reach[np.maximum(at, 0)] >= mine[0])
    return np.where(there, order[first[np.maximum(at, 0)]], NONE)


def near(mine: Ints, others: Ints, within: int) -> NDArray[np.bool_]:
    """Whether any of the others lies within so many microseconds of each of mine."""
    if not len(others):
        return np.zeros(len(mine), bool)
    known = np.sort(others)
    at = np.searchsorted(known, mine)
    after = np.abs(known[np.minimum(at, len(known) - 1)] - mine)
    before = np.abs(mine - known[np.maximum(at - 1, 0)])
    return np.asarray(np.minimum(after, before) <= within)
