"""One line to ask CloudWatch for, and what of ours it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Metric"]

Statistic = Literal["Average", "Sum", "Minimum", "Maximum", "p50", "p95", "p99"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric with its dimensions, and the series it becomes."""

    service: str
    component: str
    part: str | None
    indicator: str
    """The catalogue's own name."""
    namespace: str
    name: str
    statistic: Statistic
    dimensions: tuple[tuple[str, str], ...]
    scale: float = 1.0
    """What a value is multiplied with to be in the indicator's unit: 0.001 for milliseconds, 100 for a ratio."""
    full: float | None = None
    """Where the value is how much is left of this: the figure is 100 * (1 - value / full), in %."""
    limit: float | None = None
    """Where the value is how much is used of this: the figure is 100 * value / limit, in %."""
    zero_with: str | None = None
    """The metric of the same namespace and dimensions in whose buckets a missing value means 0: RequestCount for
    errors, which are reported only when there are some."""
    daily: bool = False
    """Published once a day, days late (S3)."""
    region: str | None = None
    """Where to ask, when it is not the source's own region (a bucket's)."""
