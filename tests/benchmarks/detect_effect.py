"""How often effect() blames or praises an action when nothing was done, and how often it is right when something was.

Hourly lines with a shape of the day and a level for each day, of which sigma is the standard deviation. Each figure is
a share of DRAWS lines for each number of weeks; its spread is the standard error. Real days, where they are given, are
drawn with replacement from the clean days of each series of the bench, and the spread is over these series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.effect import Effect, effect
from metrics.analysis.signal import Signal
from tests.benchmarks.detect_row import Row, standard_error

DRAWS, REAL_DRAWS = 400, 20
WEEKS = (2, 4, 8)
STEP, STEP_WEEKS = 2.0, 4
START = np.datetime64("2026-01-05T00:00", "us")
SIGMA, LEVEL, HOURS = 3.0, 100.0, 24
FALSE, RIGHT = "<= .05", ">= .80"

Floats = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class Case:
    """One line of as many days before as after, and the demand that drives it, if any; sigma is that of its days."""

    values: Floats
    sigma: float = SIGMA
    demand: Floats | None = None
    per_day: int = HOURS

    def judged(self, size: float) -> Effect:
        n = len(self.values)
        ts = START + np.arange(n) * np.timedelta64(86_400 // self.per_day, "s")
        step = 1 + size * self.sigma * (np.arange(n) >= n // 2) / LEVEL if self.demand is not None else 1.0
        added = size * self.sigma * (np.arange(n) >= n // 2) if self.demand is None else 0.0
        start = datetime.fromtimestamp(int(ts[n // 2].astype(np.int64)) / 1e6, UTC)
        until = start + timedelta(days=n // 2 / self.per_day)
        demand = None if self.demand is None else Signal(ts, self.demand)
        found = effect(Signal(ts, self.values * step + added), start, until, better="lower", demand=demand)
        assert isinstance(found, Effect), found
        return found


Draw = Callable[[Rng, int], Case]


def _days(rng: Rng, days: int, memory: float = 0.0) -> Floats:
    """Levels that remember the day before, in sigma."""
    new, levels = rng.normal(size=days), np.zeros(days)
    levels[0] = new[0]
    for i in range(1, days):
        levels[i] = memory * levels[i - 1] + np.sqrt(1 - memory**2) * new[i]
    return levels


def _hourly(rng: Rng, levels: Floats) -> Floats:
    shape = -15 * np.cos(2 * np.pi * np.arange(HOURS) / HOURS)
    return np.asarray((levels[:, None] + shape + rng.normal(0, SIGMA, (len(levels), HOURS))).ravel())


def _remembering(memory: float) -> Draw:
    return lambda rng, days: Case(_hourly(rng, LEVEL + SIGMA * _days(rng, days, memory)))


def _weekly(rng: Rng, days: int) -> Case:
    usual = np.where(np.arange(days) % 7 < 5, 0, -rng.uniform(2, 10) * SIGMA)
    return Case(_hourly(rng, LEVEL + SIGMA * _days(rng, days) + usual))


def _odd(rng: Rng, days: int) -> Case:
    """One day to three (fewer where two fall together) that stand out by 10 sigma."""
    levels = _days(rng, days)
    levels[rng.integers(days, size=rng.integers(1, 4))] += 10
    return Case(_hourly(rng, LEVEL + SIGMA * levels))


def _rising(sigmas: float) -> Draw:
    """By so many sigma from the first day to the last: the harder to tell from a step the fewer they are."""
    return lambda rng, days: Case(_hourly(rng, LEVEL + SIGMA * (_days(rng, days) + np.linspace(0, sigmas, days))))


def _driven(rng: Rng, days: int) -> Case:
    """What each request takes is steady; requests have weekends and grow by up to twice."""
    usual = np.where(np.arange(days) % 7 < 5, 1_000, 1_000 * rng.uniform(0.3, 0.9))
    requests = usual * np.linspace(1, rng.uniform(1, 2), days) * (1 + 0.05 * _days(rng, days))
    demand = np.maximum(_hourly(rng, np.full(days, LEVEL)), 1) / LEVEL * requests.repeat(HOURS)
    per_request = _hourly(rng, LEVEL + SIGMA * _days(rng, days)) / LEVEL
    return Case(demand * per_request, demand=demand)


NULLS: dict[str, Draw] = {
    "independent days": _remembering(0.0),
    "days that remember, .5": _remembering(0.5),
    "days that remember, .7": _remembering(0.7),
    "a weekly season": _weekly,
    "one to three odd days": _odd,
    "a rise by 1 sigma in all": _rising(1),
    "a rise by 2 sigma in all": _rising(2),
    "a rise by 4 sigma in all": _rising(4),
    "demand that grows": _driven,
}
STEPPED = dict(zip(NULLS, (RIGHT, "", "", RIGHT, RIGHT, "", "", "", RIGHT), strict=True))


def rows(real: Sequence[Any] = ()) -> list[Row]:
    """`real` are the bench's (name, clean days as rows of 288 values)."""
    return [
        *(_false(name, draw) for name, draw in NULLS.items()),
        *(_right(name, draw) for name, draw in NULLS.items()),
        *(_real(real) if real else ()),
    ]


def _drawn(draw: Draw, weeks: int) -> Iterator[Case]:
    for seed in range(DRAWS):
        yield draw(np.random.Generator(np.random.PCG64([seed, weeks])), 14 * weeks)


def _false(name: str, draw: Draw) -> Row:
    each = [[_is_false(case.judged(0)) for case in _drawn(draw, weeks)] for weeks in WEEKS]
    by_weeks = ", ".join(f"{np.mean(one):.3f} at {weeks}" for one, weeks in zip(each, WEEKS, strict=True))
    every = [found for one in each for found in one]
    return _row(f"false: {name}", FALSE, every, f"; {by_weeks} weeks")


def _is_false(found: Effect) -> bool:
    return found.verdict in ("improved", "worse")


def _right(name: str, draw: Draw) -> Row:
    """Every second step is down."""
    signs = ((1, "worse"), (-1, "improved"))
    cases = enumerate(_drawn(draw, STEP_WEEKS))
    right = [case.judged(STEP * signs[n % 2][0]).verdict == signs[n % 2][1] for n, case in cases]
    return _row(f"right: 2 sigma in 4 weeks, {name}", STEPPED[name], right, "")


def _row(what: str, target: str, figures: Sequence[bool], more: str) -> Row:
    spread = f"+- {standard_error([float(each) for each in figures]):.3f} over {len(figures)} lines{more}"
    return Row("effect", what, target, float(np.mean(figures)), spread)


def _real(real: Sequence[Any]) -> list[Row]:
    false, right = [], []
    for n, (_, clean) in enumerate(real):
        cases = [_mixed(clean, np.random.Generator(np.random.PCG64([n, seed]))) for seed in range(REAL_DRAWS)]
        false.append(float(np.mean([_is_false(case.judged(0)) for case in cases])))
        right.append(float(np.mean([case.judged(STEP).verdict == "worse" for case in cases])))
    return [
        Row("effect", what, target, float(np.mean(each)), f"+- {standard_error(each):.3f} over {len(each)} series")
        for what, target, each in (("false: real days", FALSE, false), ("right: 2 sigma, real days", RIGHT, right))
    ]


def _mixed(clean: Floats, rng: Rng) -> Case:
    """Days in an accidental order; one in a thousand of the level at least is called sigma."""
    means = clean.mean(axis=1)
    sigma = max(float(means.std(ddof=1)), 1e-3 * abs(float(means.mean())))
    values = clean[rng.integers(len(clean), size=14 * STEP_WEEKS)].ravel()
    return Case(values, sigma, per_day=clean.shape[1])
