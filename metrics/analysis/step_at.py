"""How likely it is that the level of days stepped at a given day, and by how much.

Stories of the days are weighed: nothing but chance, a step about that day, a step on any other day, each with or
without a straight line through all of them. Chance is independent days or days that remember the one before (AR(1));
the evidence for each story is averaged over its memories, places and lines with a g-prior (Liang et al., *Mixtures of
g priors*, JASA 103 (2008)), so that a rise that went on, or a level that wanders, takes from the odds of a step and
widens its interval. Missing days are a longer step of the AR(1).

Limitations: one step and one line; days that remember more than MEMORY are taken for such a step too often, and a
step of a day or two is an odd day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEAR", "StepAt", "step_at"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR = 3
"""Days before or after at which a step is still "about that day": a roll-out over a weekend, the noise of places."""
MEMORY = np.array([0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
"""Correlations of neighbouring days that chance may have; at 0.9 two days three weeks apart still share a tenth."""
INDEPENDENT = 0.4
"""How likely the first of them is before anything was seen; the others share the rest evenly."""
ELSEWHERE = 0.5
"""How likely a step on some other day is, beside 1 for none and 1 for one about that day."""
ROOM = 3
"""Days on either side of a step."""
CREDIBLE = 0.95
NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class StepAt:
    """`size` is that of a step about day 0, beside a straight line if there is one; `low` to `high` is 95 %."""

    log_odds: float
    """Of a step about day 0 against everything else."""
    size: float
    low: float
    high: float
    trend: float
    """How likely a straight line goes through all days, from 0 to 1."""
    any_step: float
    """How likely there is a step, on whichever day."""
    day: int
    """On which day, if there is one: the likeliest."""
    first: int
    last: int
    """Between these days the step about day 0 lies, if there is one, as likely as CREDIBLE."""

    @property
    def is_elsewhere(self) -> bool:
        return abs(self.day) > NEAR

    @property
    def likely(self) -> float:
        return float(np.exp(-np.logaddexp(0, -self.log_odds)))


class _Evidence(NamedTuple):
    """Logarithms, (memories,) without a step and (memories, places) with each; sizes and variances of these."""

    none: Floats
    steps: Floats
    sizes: Floats
    variances: Floats


def step_at(day: Ints, levels: Floats) -> StepAt:
    """Days count from the one in question, rise, and are at least ROOM on either side of a place to look at."""
    after = np.arange(ROOM, len(day) - ROOM + 1)
    places = day[after]
    # The days between are not known: the step may be on any of them.
    is_near = (day[after - 1] + 1 <= NEAR) & (places >= -NEAR)
    if not is_near.any():
        raise ValueError(f"days {day[0]} to {day[-1]} have no room for a step about day 0")
    scale = float(np.ptp(levels)) or 1.0
    weighed = _weighed(day, (levels - levels.mean()) / scale, places)
    # Each place shares what its kind is likely before anything was seen.
    share = np.where(is_near, 1 / is_near.sum(), ELSEWHERE / max((~is_near).sum(), 1))
    each = np.array([np.logaddexp.reduce(line.steps) for line in weighed]) + np.log(share)
    place = np.logaddexp.reduce(each)
    none, near, far = _sum(weighed[0].none, weighed[1].none), _sum(place[is_near]), _sum(place[~is_near])
    everything = _sum(none, near, far)
    size, spread = _size(weighed, is_near)
    first, last = _range(place[is_near], places[is_near])
    return StepAt(
        log_odds=near - _sum(none, far),
        size=size * scale,
        low=(size - NORMAL_95 * spread) * scale,
        high=(size + NORMAL_95 * spread) * scale,
        trend=float(np.exp(min(_sum(weighed[1].none, each[1]) - everything, 0.0))),
        any_step=float(np.exp(min(_sum(near, far) - everything, 0.0))),
        day=int(places[int(np.argmax(place))]),
        first=first,
        last=last,
    )


def _sum(*logs: Floats | float) -> float:
    """The logarithm of the sum of them all."""
    return float(np.logaddexp.reduce(np.concatenate([np.ravel(each) for each in logs])))


def _size(weighed: tuple[_Evidence, _Evidence], is_near: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean and standard deviation of the step's size over memories, places about the day, and with a line or not."""
    logs = np.array([line.steps[:, is_near] for line in weighed])
    sizes = np.array([line.sizes[:, is_near] for line in weighed])
    variances = np.array([line.variances[:, is_near] for line in weighed])
    weight = np.exp(logs - _sum(logs))
    mean = float((weight * sizes).sum())
    return mean, float(np.sqrt((weight * (variances + (sizes - mean) ** 2)).sum()))


def _range(logs: Floats, places: Ints) -> tuple[int, int]:
    """The likeliest places that are together CREDIBLE."""
    order = np.argsort(-logs)
    share = np.cumsum(np.exp(logs[order] - _sum(logs)))
    chosen = places[order[: int(np.searchsorted(share, CREDIBLE)) + 1]]
    return int(chosen.min()), int(chosen.max())


def _weighed(day: Ints, y: Floats, places: Ints) -> tuple[_Evidence, _Evidence]:
    """Without and with a straight line, either as likely."""
    n = len(day)
    steps = (day[:, None] >= places).astype(np.float64)
    line = (day - day.mean()) / n
    white, density = _whitened(day, np.column_stack([np.ones(n), y, line, steps]))
    one = white[:, :, :1]
    rest = _without(white[:, :, 1:], one)
    y_, line_, steps_ = rest[:, :, :1], rest[:, :, 1:2], rest[:, :, 2:]
    total = np.maximum((y_ * y_).sum(axis=(1, 2)), 1e-12)
    prior = np.log(np.where(MEMORY == 0, INDEPENDENT, (1 - INDEPENDENT) / (len(MEMORY) - 1)))
    base = prior + density - 0.5 * np.log((one * one).sum(axis=(1, 2))) - (n - 1) / 2 * np.log(total)
    with_line = (_without(y_, line_), _without(steps_, line_))
    return _evidence(base, total, y_, steps_, 0), _evidence(base, total, *with_line, 1)


def _evidence(base: Floats, total: Floats, y: Floats, steps: Floats, lines: int) -> _Evidence:
    n = y.shape[1]
    rest = (y * y).sum(axis=(1, 2))
    length = np.maximum((steps * steps).sum(axis=1), 1e-12)
    sizes = (y * steps).sum(axis=1) / length
    left = np.maximum(rest[:, None] - sizes * sizes * length, 0.0)
    return _Evidence(
        none=base + _g_prior(n, lines, rest / total),
        steps=base[:, None] + _g_prior(n, lines + 1, left / total[:, None]),
        sizes=sizes,
        variances=left / max(n - 2 - lines, 1) / length,
    )


def _g_prior(n: int, effects: int, unexplained: Floats) -> Floats:
    """Logarithm of the Bayes factor against a constant, with as much prior information as one day has (g = n)."""
    return np.asarray((n - 1 - effects) / 2 * np.log1p(n) - (n - 1) / 2 * np.log1p(n * unexplained))


def _without(columns: Floats, other: Floats) -> Floats:
    """What the other column does not explain, for each memory."""
    length = np.maximum((other * other).sum(axis=1, keepdims=True), 1e-12)
    return np.asarray(columns - other * ((other * columns).sum(axis=1, keepdims=True) / length))


def _whitened(day: Ints, columns: Floats) -> tuple[Floats, Floats]:
    """What is new on each day after the one before is known, for each memory, and the logarithm of its density."""
    kept = MEMORY[:, None] ** np.diff(day)
    spread = np.sqrt(1 - kept**2)
    new = (columns[1:] - kept[:, :, None] * columns[:-1]) / spread[:, :, None]
    first = np.broadcast_to(columns[:1], (len(MEMORY), 1, columns.shape[1]))
    return np.concatenate([first, new], axis=1), -np.log(spread).sum(axis=1)
