"""What a delivery figure is made of: a value with how many it rests on, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.proportion import wilson
from metrics.analysis.quantiles import quantiles
from metrics.model import Insufficient

__all__ = [
    "ENOUGH",
    "REFERENCES",
    "FailRate",
    "Figure",
    "Floor",
    "Frequency",
    "NotCollected",
    "Rate",
    "Reference",
    "Spread",
    "spread",
]

ENOUGH: Final = 5
"""Below so many deployments there is no figure: a choice of ours, in docs/metrics.md."""

V = TypeVar("V", covariant=True)


@dataclass(frozen=True, slots=True)
class NotCollected:
    """There is no figure since nobody collects what it is made of: silence must not pass as excellence."""

    what: str


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n, with Wilson's 95 % interval."""

    k: int
    n: int

    @property
    def share(self) -> float:
        return self.k / self.n

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.k, self.n)


@dataclass(frozen=True, slots=True)
class Spread:
    """n durations in seconds by their continuous median and 90th percentile."""

    n: int
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: n in so many weeks, and how long it took from one to the next."""

    n: int
    per_week: float
    between: Spread | None
    """None where there is none before: the time between two needs two."""
    weeks: float
    """The period's, or from the first deployment on that is known at all, where that lies within it."""


@dataclass(frozen=True, slots=True)
class FailRate:
    """A range: what is confirmed, and what it would be if every unreviewed suspicion were true."""

    confirmed: Rate
    possible: Rate

    @property
    def unreviewed(self) -> int:
        return self.possible.k - self.confirmed.k


@dataclass(frozen=True, slots=True)
class Floor:
    """A fix can't reach users faster: the median build and then the median deployment, in seconds."""

    build: Spread
    deploy: Spread
    """Without the time in which the deployment's own build ran inside it."""

    @property
    def seconds(self) -> float:
        return self.build.median + self.deploy.median


@dataclass(frozen=True, slots=True)
class Figure(Generic[V]):
    """`excluded` and `parts` count by a word: why something was left out, and what the value is made of."""

    value: V | Insufficient | NotCollected
    excluded: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """What DORA published, to stand beside a figure with its year: no band, no ladder, no score."""

    figure: str
    share: float
    year: int
    source: str


# dora.dev's Quick Check, data of 2025: means over all industries on a scale of 0 to 10, where a percentage x stands
# as (100 - x) / 10. Change fail rate 7.6, rework rate 7.4. The other answers are classes and no times: no reference.
_QUICK_CHECK: Final = "DORA Quick Check, mean of all industries, dora.dev/quickcheck"
REFERENCES: Final = (
    Reference("change_fail_rate", 0.24, 2025, _QUICK_CHECK),
    Reference("rework_rate", 0.26, 2025, _QUICK_CHECK),
)


def spread(values: NDArray[np.float64]) -> Spread | None:
    if not len(values):
        return None
    median, p90 = quantiles(values, (0.5, 0.9))
    return Spread(len(values), median, p90)
