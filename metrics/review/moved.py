"""What else moved: every line by how differently it behaves in a window than in a baseline directly before it.

The baseline is four times as long, as in Netdata's metric correlations. Two questions are asked of all lines at once:
how far apart the two distributions are (Kolmogorov and Smirnov's distance), and by how many usual spreads the middle
has shifted; a line has to answer both to be among the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metrics.model import Window
from metrics.review.lines import Curve, Line

__all__ = ["BASELINE", "Moved", "baseline_of", "moved", "moved_step"]

BASELINE = 4
"""How many times as long as the window."""
# A normal distribution's standard deviation for its median absolute deviation (Rousseeuw and Croux 1993).
SIGMA = 1.4826
# No line is steadier than a hundredth of its level: a constant that moves by a hair has not moved.
FLOOR = 0.01
# A shift of so many spreads counts for half.
HALF = 2.0
# Fewer steps on either side say nothing about how they are distributed.
FEWEST = 3
# Steps for the window, from which the roll-ups answer once they are hours.
POINTS = 48
STEPS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440))

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One line, then and now. `before` and `now` are what it was like at its middle, in its unit."""

    line: Line
    before: float
    now: float
    score: float
    """From 0 to 1: 0 where it behaves as before, near 1 where no value of the window was seen before."""
    direction: Literal["up", "down"]
    curve: Curve
    """Over baseline and window."""


def baseline_of(window: Window) -> Window:
    """Four times as long, and ending where the window begins."""
    return Window(window.start - BASELINE * window.duration, window.start)


def moved_step(window: Window) -> timedelta:
    """The step in which lines are compared."""
    return next((step for step in STEPS if window.duration <= POINTS * step), STEPS[-1])


def moved(
    lines: Sequence[Line],
    curves: Mapping[str, Curve],
    window: Window,
    most: int = 50,
    always: Collection[str] = (),
) -> tuple[Moved, ...]:
    """Those that moved, most first. `curves` are by address, over baseline and window, in equal steps.

    Lines of the addresses in `always` are told even if they behaved as before.
    """
    known = [line for line in lines if line.address in curves and len(curves[line.address].ts)]
    if not known:
        return ()
    grid, table = _table([curves[line.address] for line in known])
    is_now = grid >= np.datetime64(_naive(window.start), "us")
    before, now = table[:, ~is_now], table[:, is_now]
    enough = (_count(before) >= FEWEST) & (_count(now) >= FEWEST)
    was, then = _median(before), _median(now)
    with np.errstate(invalid="ignore"):
        spread = np.maximum(SIGMA * _median(np.abs(before - was[:, None])), FLOOR * np.abs(was) + 1e-12)
        shift = np.abs(then - was) / spread
        score = np.where(enough, _distance(before, now) * shift / (shift + HALF), 0.0)
    score[~np.isfinite(score)] = 0.0
    order = [int(i) for i in np.argsort(-score, kind="stable")]
    asked = [i for i in order if known[i].address in always and np.isfinite(was[i]) and np.isfinite(then[i])]
    first = [i for i in order[:most] if score[i] > 0]
    first += [i for i in asked if i not in first]
    return tuple(
        Moved(
            line=known[i],
            before=float(was[i]),
            now=float(then[i]),
            score=float(score[i]),
            direction="up" if then[i] >= was[i] else "down",
            curve=curves[known[i].address],
        )
        for i in first
    )


def _table(curves: Sequence[Curve]) -> tuple[NDArray[np.datetime64], Floats]:
    """(lines, steps) on one time axis; NaN where a line has no bucket."""
    grid = np.unique(np.concatenate([curve.ts for curve in curves]))
    table = np.full((len(curves), len(grid)), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[np.searchsorted(grid, curve.ts)] = curve.values
    return grid, table


def _distance(a: Floats, b: Floats) -> Floats:
    """Of each row's two distributions: the greatest difference of their shares up to any value."""
    both = np.concatenate([a, b], axis=1)
    order = np.argsort(both, axis=1)  # NaN comes last
    mine = np.broadcast_to(np.arange(both.shape[1]) < a.shape[1], both.shape)
    there = np.isfinite(both)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_a = np.where(mine & there, 1.0, 0.0) / _count(a)[:, None]
        of_b = np.where(~mine & there, 1.0, 0.0) / _count(b)[:, None]
    gap = np.abs(np.cumsum(np.take_along_axis(of_a - of_b, order, axis=1), axis=1))
    # Among equal values only the last one has counted them all.
    ordered = np.take_along_axis(both, order, axis=1)
    last = np.concatenate([ordered[:, 1:] != ordered[:, :-1], np.ones((len(both), 1), dtype=bool)], axis=1)
    widest: Floats = np.where(last, gap, 0.0).max(axis=1)
    return widest


def _median(values: Floats) -> Floats:
    """Of what is there in each row; NaN where nothing is."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    ordered, n = np.sort(values, axis=1), _count(values)
    low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, values.shape[1] - 1)
    rows = np.arange(len(values))
    middle: Floats = (ordered[rows, low] + ordered[rows, high]) / 2
    return middle


def _count(values: Floats) -> NDArray[np.intp]:
    found: NDArray[np.intp] = np.isfinite(values).sum(axis=1)
    return found


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
