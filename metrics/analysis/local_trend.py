"""Where a line goes from here, when nobody knows how steady its growth is: the local linear trend, weighed.

Harvey, *Forecasting, Structural Time Series Models and the Kalman Filter* (1989), 4.1: a value is a level and noise,
the level grows by a rate, the rate wanders. How much of each is not chosen but weighed: every model of a grid is
filtered, and each future path takes one by its likelihood. Paths are driven by the series' own surprises, drawn in
blocks (Stoffer and Wall, *Bootstrapping state-space models*, JASA 86, 1991; Künsch, *The jackknife and the bootstrap
for general stationary observations*, Ann. Statist. 17, 1989).

Limitations: a rate that changed is followed, one that keeps on accelerating is met late. Steps are of equal length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "LocalTrend", "local_trend"]

Floats = NDArray[np.float64]

# Two values are used up to begin with; a block must fit into the surprises of the rest.
FEWEST = 8
# Variances of noise and of the rate's steps, relative to the level's own steps: by decades, from none to as good as
# all. Each finer or wider grid that was tried gave the same errors within their spread (docs/detection.md).
NOISE, WANDER = np.array([(e, z) for e in (0.0, 1.0, 10.0, 100.0) for z in (0.0, 0.001, 0.01, 0.1)]).T
# Surprises are drawn by so many in a row, n ** (1 / 3) for four weeks as for Künsch's variance.
BLOCK = 3
# Future changes of the rate fade by this much a step: the most that a damped trend is usually allowed
# (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 8.2), or 90 steps of wandering would drown all.
DAMPED = 0.98
# Lengths of series whose course is kept, a few tens of kilobytes each: those of a season of days.
MOST_KEPT = 91
# Enough for the surprise of a steady state: the slowest model of the grid has forgotten its start by then.
SETTLED = 60


@dataclass(frozen=True, slots=True, eq=False)
class LocalTrend:
    """What is known after the last value, an entry a model of the grid. Variances are relative to `scale` squared."""

    weight: Floats
    level: Floats
    rate: Floats
    var: tuple[Floats, Floats, Floats]
    """Of the level, of both, of the rate."""
    scale: Floats
    gain: tuple[Floats, Floats]
    """How much of a surprise stays in the level and in the rate."""
    surprises: Floats
    """Shape (models, n): one step ahead, in the unit of the values, around 0."""

    def paths(self, steps: int, count: int, rng: np.random.Generator) -> Floats:
        """Shape (count, steps): so many futures, with what is not known of the present in them."""
        model = rng.choice(len(self.weight), count, p=self.weight)
        n = self.surprises.shape[1]
        # The scale itself is only known from n surprises: Student's t instead of a normal distribution.
        unsure = np.sqrt(n / rng.chisquare(n - 1, count))
        level, rate = self._now(model, unsure * self.scale[model], rng)
        first = rng.integers(n - BLOCK + 1, size=(count, -(-steps // BLOCK)))
        drawn = (first[:, :, None] + np.arange(BLOCK)).reshape(count, -1)[:, :steps]
        shock = self.surprises[model[:, None], drawn] * unsure[:, None]
        fading = DAMPED ** np.arange(steps)
        bent = np.cumsum(self.gain[1][model][:, None] * shock / fading, axis=1) * fading
        stays = self.gain[0][model][:, None] * shock
        moved = rate[:, None] + stays + DAMPED * bent
        # A surprise moves what comes after its own step; in its own step all of it is seen.
        before = np.zeros_like(moved)
        before[:, 1:] = np.cumsum(moved, axis=1)[:, :-1]
        return np.asarray(level[:, None] + rate[:, None] + before + shock, np.float64)

    def _now(self, model: NDArray[np.intp], scale: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        level, both, rate = (each[model] for each in self.var)
        first, second = rng.standard_normal((2, len(model)))
        root = np.sqrt(level)
        share = np.divide(both, root, out=np.zeros_like(root), where=root > 0)
        rest = np.sqrt(np.maximum(rate - share**2, 0))
        return self.level[model] + scale * root * first, self.rate[model] + scale * (share * first + rest * second)


def local_trend(values: Floats) -> LocalTrend:
    """Filters at least FEWEST values, one a step, by every model of the grid."""
    course = _course(len(values) - 2)
    level, rate = np.full_like(NOISE, values[1]), np.full_like(NOISE, values[1] - values[0])
    surprises = np.empty((len(values) - 2, len(NOISE)))
    for n, value in enumerate(values[2:].tolist()):
        ahead = level + rate
        surprises[n] = value - ahead
        level, rate = ahead + course.gains[n, 0] * surprises[n], rate + course.gains[n, 1] * surprises[n]
    standard = surprises / np.sqrt(course.widths)
    scale = np.sqrt((standard**2).mean(0))
    return LocalTrend(
        weight=_weight(scale, course.widths),
        level=level,
        rate=rate,
        var=course.known,
        scale=scale,
        gain=course.settled,
        surprises=(_centred(standard) * scale * np.sqrt(course.width)).T,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """What the filter does whatever the values are: how wide each surprise is and how much of it stays."""

    widths: Floats
    gains: Floats
    known: tuple[Floats, Floats, Floats]
    width: Floats
    settled: tuple[Floats, Floats]


@lru_cache(maxsize=MOST_KEPT)
def _course(steps: int) -> _Course:
    var = NOISE, NOISE, 2 * NOISE + 1 + WANDER
    widths, gains = np.empty((steps, len(NOISE))), np.empty((steps, 2, len(NOISE)))
    for n in range(steps):
        var, widths[n], gains[n] = _next(*var)
    known = var
    for _ in range(SETTLED):
        var, width, settled = _next(*var)
    return _Course(widths, gains, known, width, settled)


def _next(
    level: Floats, both: Floats, rate: Floats
) -> tuple[tuple[Floats, Floats, Floats], Floats, tuple[Floats, Floats]]:
    """One step of the filter: what is known after it, how wide its surprise is, and how much of that stays."""
    level, both, rate = level + 2 * both + rate + 1, both + rate, rate + WANDER
    width = level + NOISE
    gain = level / width, both / width
    return (level - gain[0] * level, both - gain[0] * both, rate - gain[1] * both), width, gain


def _weight(scale: Floats, widths: Floats) -> Floats:
    """By the likelihood of the surprises, each model's scale at its best; alike where nothing surprised."""
    if not (scale > 0).all():
        return np.full(len(scale), 1 / len(scale))
    likely = -len(widths) * np.log(scale) - 0.5 * np.log(widths).sum(0)
    weight = np.exp(likely - likely.max())
    return np.asarray(weight / weight.sum(), np.float64)


def _centred(standard: Floats) -> Floats:
    """Around 0 with spread 1: what a model keeps missing in one direction must not become growth."""
    moved = standard - standard.mean(0)
    spread = moved.std(0)
    return np.asarray(np.divide(moved, spread, out=np.zeros_like(moved), where=spread > 0), np.float64)
