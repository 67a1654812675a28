"""The level stepped: when, from what to what, and how sure that is.

Two ways, by how fine the series is. Finer than half a day: the time of day (and the weekday, where that pays) is
taken out, the level of each half day is the median of its hours, and the stretch is split where the Wald statistic of
a step is largest, as long as that is larger than accident allows (Andrews, *Tests for parameter instability and
structural change with unknown change point*, Econometrica 61 (1993)). Its noise is the long-run variance of an AR(1),
so that a level that wanders is no string of steps. The step is then placed to the point. Daily and coarser: the best
cut into stretches that are level or straight (Jackson et al., *An algorithm for optimal partitioning of data on an
interval*, IEEE Signal Processing Letters 12 (2005)), less the cuts that the same kind of noise explains.

Limitations: a step less than a day old is not seen, one of a few days must be large, and one that is small beside the
wandering of the days is not told from it. A steady rise is no step, but in a daily series a sharp bend counts as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.detection import Detection
from metrics.analysis.levels import HALF_DAY_S, half_days, tamed, without_weekdays
from metrics.analysis.signal import DAY_S, Signal, moment
from metrics.model import Insufficient

__all__ = ["Shift", "shifts"]

FEWEST_DAYS = 10
FEWEST_POINTS = 12
# The largest squared Wald statistic of a step that one series in a hundred reaches without one: 13.1 of 1,500 times
# 56 half days of white noise. Of 10 to 17, halves of the injected series chose 12.2 ± 1.0.
SIGNIFICANT = 13.0
# A pair is one of n² / 2 and not one of n, and the largest of that many squares is twice as large.
SIGNIFICANT_PAIR = 2 * SIGNIFICANT
# Of findings of strength s, 1 / (1 + (17 / s)^1.8) are within two days of a true step: fitted to the findings on
# 1,440 series of four weeks made from real days: a quarter wandering, an eighth quiet, the others with a step.
DOUBT, SURER = 17.0, 1.8
# Cells of half a day: the last step must have lasted a day, and what is over again two days, or it is an odd day.
SHORTEST_HALVES, SHORTEST_PLATEAU = 2, 4
MOST = 0.5
# Cells that say how much they differ: a week of half days.
ENOUGH = 14
# Of a pair in a long history: a few days are left out at first.
MOST_PLACES = 200
# Points: a straight line through fewer fits anything.
SHORTEST_POINTS = 5
# Of a cut into stretches: 2.5 log n for each number it needs (place and level; place, level and slope), in units of
# the variance around one straight line. Chosen on the TCPD series, where 1.5 to 3 log n differ by .01 to .02.
LEVEL_COST, LINE_COST = 5.0, 7.5
# Beyond so many points stretches begin at every second, third, … one only: the search takes the square of this.
MOST_STARTS = 1_000
# Beyond this correlation from one cell to the next nothing can be told from a random walk.
MOST_CORRELATED = 0.95

Floats = NDArray[np.float64]
Strengths = Callable[[Floats, list[int]], list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift(Detection):
    """`index` is the first point of the new level in the signal; the levels are medians, without the time of day."""

    index: int
    strength: float
    """The size in standard errors."""


def shifts(signal: Signal) -> tuple[Shift, ...] | Insufficient:
    """All steps in the order of time; Insufficient counts days, and points where a point is a day or longer."""
    if signal.step_s > HALF_DAY_S:
        return _among_points(signal)
    days = len(np.unique(signal.day))
    if days < FEWEST_DAYS:
        return Insufficient(FEWEST_DAYS, days)
    levels = half_days(signal)
    calm = tamed(levels.values)
    found = _kept(calm, _split(levels.values, calm), _steps)
    places = {cell: levels.place(cell, *_sides(levels.values, [c for c, _ in found], cell)) for cell, _ in found}
    return _as_shifts(signal, levels.values, found, places)


def _among_points(signal: Signal) -> tuple[Shift, ...] | Insufficient:
    if len(signal) < FEWEST_POINTS:
        return Insufficient(FEWEST_POINTS, len(signal))
    values = without_weekdays(signal.values, signal.day) if signal.step_s == DAY_S else signal.values
    calm = tamed(values, 2 * SHORTEST_POINTS + 1)
    found = _kept(calm, _best_cut(calm), _breaks)
    return _as_shifts(signal, values, found, {point: point for point, _ in found})


def _as_shifts(
    signal: Signal, values: Floats, found: list[tuple[int, float]], places: dict[int, int]
) -> tuple[Shift, ...]:
    cells = [cell for cell, _ in found]
    starts = [moment(signal.ts[places[cell]]) for cell in cells]
    made = []
    for n, (cell, strength) in enumerate(found):
        before, after = _sides(values, cells, cell)
        made.append(
            Shift(
                since=starts[n],
                until=starts[n + 1] if n + 1 < len(starts) else None,
                before=before,
                after=after,
                certainty=_certainty(strength),
                index=places[cell],
                strength=strength**0.5,
            )
        )
    return tuple(made)


def _sides(values: Floats, cells: list[int], cell: int) -> tuple[float, float]:
    """The medians of the stretches before and after."""
    edges = [0, *cells, len(values)]
    n = edges.index(cell, 1)
    return float(np.median(values[edges[n - 1] : cell])), float(np.median(values[cell : edges[n + 1]]))


def _certainty(strength: float) -> float:
    return float(1 / (1 + (DOUBT / strength) ** SURER))


def _kept(values: Floats, cuts: list[int], strengths: Strengths) -> list[tuple[int, float]]:
    """The cuts that are no accident beside the others, with their strength: the weakest goes first."""
    cuts = list(cuts)
    while cuts:
        found = strengths(values, [0, *cuts, len(values)])
        weakest = int(np.argmin(found))
        if found[weakest] >= SIGNIFICANT:
            return list(zip(cuts, found, strict=True))
        cuts.pop(weakest)
    return []


def _split(values: Floats, calm: Floats) -> list[int]:
    """Where a step is most significant, and again on both of its sides: binary segmentation.

    Of two steps, up and down again, each hides the other, so where there is no single one a pair is tried.
    """
    if len(calm) < 2 * SHORTEST_HALVES + 1 or not np.ptp(calm):
        return []
    strengths = _step_strengths(calm)
    best = int(np.argmax(strengths))
    cuts = [SHORTEST_HALVES + best] if strengths[best] >= SIGNIFICANT else _pair(values, calm)
    if not cuts:
        return []
    found = list(cuts)
    for a, b in pairwise([0, *cuts, len(calm)]):
        found += [a + cut for cut in _split(values[a:b], calm[a:b])]
    return sorted(found)


def _pair(values: Floats, calm: Floats) -> list[int]:
    """The two steps that explain most, at least two days apart, if each is significant among all pairs there are.

    They must be so among the odd cells as well, since what is drawn in towards a stretch makes the stretch look calm.
    """
    n = len(calm)
    if n < 3 * SHORTEST_PLATEAU:
        return []
    total = np.concatenate(([0.0], np.cumsum(calm - calm.mean())))
    k = np.arange(SHORTEST_HALVES, n - SHORTEST_HALVES + 1, -(-n // MOST_PLACES))
    apart = k[None, :] - k[:, None]
    gain = (total[k] ** 2 / k)[:, None] + (total[k] ** 2 / (n - k))[None, :]
    gain += (total[k][None, :] - total[k][:, None]) ** 2 / np.maximum(apart, 1)
    first, second = k[
        list(np.unravel_index(int(np.argmax(np.where(apart >= SHORTEST_PLATEAU, gain, -1))), gain.shape))
    ]
    if len(k) < n // 2:
        first = _most_explaining(calm[:second])
        second = first + _most_explaining(calm[first:])
    edges = [0, int(first), int(second), n]
    weakest = min(*_steps(calm, edges), *_steps(values, edges, enough=SHORTEST_PLATEAU))
    return edges[1:3] if weakest >= SIGNIFICANT_PAIR and _is_level(values, edges) else []


def _is_level(values: Floats, edges: list[int]) -> bool:
    """Whether most cells of the middle stretch are nearest to its mean; not so for one odd day in two."""
    stretches = [values[a:b] for a, b in pairwise(edges)]
    before, own, after = (np.abs(stretches[1] - stretch.mean()) for stretch in stretches)
    return bool(np.mean(own < np.minimum(before, after)) > MOST)


def _most_explaining(y: Floats) -> int:
    """Where one step leaves the least squares."""
    n = len(y)
    k = np.arange(SHORTEST_HALVES, n - SHORTEST_HALVES + 1)
    left = np.cumsum(y - y.mean())[k - 1]
    return int(k[np.argmax(left * left / k / (n - k))])


def _step_strengths(y: Floats) -> Floats:
    """The squared Wald statistic of a step at each place that leaves SHORTEST_HALVES cells on both sides."""
    n = len(y)
    y = y - y.mean()
    k = np.arange(SHORTEST_HALVES, n - SHORTEST_HALVES + 1)
    total = np.concatenate(([0.0], np.cumsum(y)))
    left = total[k]
    gain = left * left / k + left * left / (n - k)
    rest = float(y @ y) - gain
    # Products of neighbours around the mean of their own side; the pair across the cut is left out.
    pairs = np.concatenate(([0.0], np.cumsum(y[1:] * y[:-1])))
    before, after = left / k, -left / (n - k)
    first = pairs[k - 1] - before * (2 * left - y[0] - y[k - 1]) + (k - 1) * before**2
    second = pairs[-1] - pairs[np.minimum(k, n - 1)] - after * (-2 * left - y[np.minimum(k, n - 1)] - y[-1])
    second += (n - k - 1) * after**2
    # Two levels and a place are fitted.
    return gain / _long_run(rest, first + second, n, fitted=2, bias=3)


def _long_run(rest: Floats, pairs: Floats, n: int, fitted: int, bias: int = 0) -> Floats:
    """The long-run variance of an AR(1), from the sums of squares and of neighbours' products around what was fitted.

    Each of `bias` fitted numbers takes (1 + 3r)/n off a correlation: Kendall, *Note on bias in the estimation of
    autocorrelation*, Biometrika 41 (1954). Without that, wandering passes for steps in a month of half days.
    """
    rest = np.maximum(rest, 1e-9 * float(np.max(rest)) + 1e-300)
    r = pairs / rest
    r = np.clip(r + bias * (1 + 3 * r) / n, 0.0, MOST_CORRELATED)
    return np.asarray(rest / max(n - fitted, 1) * (1 + r) / (1 - r))


def _steps(y: Floats, edges: list[int], enough: int = ENOUGH) -> list[float]:
    """What each step explains, in units of the noise around all levels, or of that beside it where it is larger.

    0 where one straight line is nearer to the values on both sides than the step: a rise, and no step.
    """
    stretches = [y[a:b] - y[a:b].mean() for a, b in pairwise(edges)]
    rest = np.array([stretch @ stretch for stretch in stretches])
    pairs = sum(float(stretch[1:] @ stretch[:-1]) for stretch in stretches)
    levels, n = len(stretches), np.diff(edges)
    noise = _long_run(rest.sum(keepdims=True), np.array([pairs]), len(y), fitted=levels, bias=2 * levels - 1)[0]
    # Welch, The generalization of "Student's" problem, Biometrika 34 (1947): each side by its own variance, if known.
    own = rest / np.maximum(n - 1, 1) * (noise * max(len(y) - levels, 1) / max(float(rest.sum()), 1e-300))
    own = np.where(n >= enough, own, noise)
    found = []
    for i in range(levels - 1):
        both = y[edges[i] : edges[i + 2]]
        straight, sides = _off_line(both), rest[i] + rest[i + 1]
        error = max(noise / n[i] + noise / n[i + 1], own[i] / n[i] + own[i + 1] / n[i + 1])
        size = float(both[: n[i]].mean() - both[n[i] :].mean())
        found.append(size * size / float(error) if straight @ straight > sides else 0.0)
    return found


def _breaks(y: Floats, edges: list[int]) -> list[float]:
    """How much nearer two lines are than one, in units of the noise around the two."""
    return [_break(y[a:b], cut - a) for a, cut, b in zip(edges, edges[1:], edges[2:], strict=False)]


def _break(y: Floats, cut: int) -> float:
    one, first, second = _off_line(y), _off_line(y[:cut]), _off_line(y[cut:])
    rest = first @ first + second @ second
    pairs = first[1:] @ first[:-1] + second[1:] @ second[:-1]
    noise = _long_run(np.array([rest]), np.array([pairs]), len(y), fitted=4)[0]
    return float((one @ one - rest) / noise)


def _off_line(y: Floats) -> Floats:
    t = np.arange(len(y)) - (len(y) - 1) / 2
    y = y - y.mean()
    return np.asarray(y - t * (t @ y) / max(float(t @ t), 1.0))


def _best_cut(y: Floats) -> list[int]:
    """Where stretches begin that are together nearest to the values, each for its price."""
    n = len(y)
    unit = float(np.mean(_off_line(y) ** 2))
    if not unit > 1e-12 * float(np.mean(y**2)):
        return []
    jump = -(-n // MOST_STARTS)
    ends = [*range(0, n - SHORTEST_POINTS + 1, jump), n]
    costs = _Costs(y / np.sqrt(unit))
    starts = np.array(ends[:-1])
    best, came = np.full(len(ends), np.inf), np.zeros(len(ends), dtype=np.int64)
    best[0] = 0.0
    for e in range(1, len(ends)):
        m = int(np.searchsorted(starts, ends[e] - SHORTEST_POINTS, side="right"))
        if m:
            cost = best[:m] + costs.of(starts[:m], ends[e])
            came[e] = np.argmin(cost)
            best[e] = cost[came[e]]
    cuts, e = [], int(came[-1])
    while e:
        cuts.append(ends[e])
        e = int(came[e])
    return cuts[::-1]


class _Costs:
    """What a stretch costs as a level or as a straight line, whichever is cheaper."""

    def __init__(self, y: Floats) -> None:
        n = len(y)
        y, t = y - y.mean(), (np.arange(n) - n / 2) / n
        rows = np.stack([np.ones(n), t, t * t, y, t * y, y * y])
        self._sums = np.concatenate((np.zeros((6, 1)), np.cumsum(rows, axis=1)), axis=1)
        self._price = float(np.log(n))

    def of(self, starts: NDArray[np.int64], end: int) -> Floats:
        m, t, tt, y, ty, yy = self._sums[:, end, None] - self._sums[:, starts]
        level = yy - y * y / m
        line = level - (ty - t * y / m) ** 2 / (tt - t * t / m)
        return np.asarray(np.minimum(level + LEVEL_COST * self._price, line + LINE_COST * self._price))
