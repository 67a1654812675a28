"""The rows of a system's table: which metric an indicator comes from, and where it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from metrics.collect._cloudwatch.metric import Metric, Statistic
from metrics.collect._cloudwatch.target import Target

__all__ = ["Line", "Place", "indicators", "metrics"]


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator and the metric that it comes from."""

    indicator: str
    name: str
    statistic: Statistic
    scale: float = 1.0
    left_of: str | None = None
    """The limit of which the metric says how much is left; the line is left out where it is not known."""
    used_of: str | None = None
    """The limit of which the metric says how much is used."""
    zero_with: str | None = None
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Whose line it becomes, and where CloudWatch keeps it."""

    target: Target
    part: str | None
    namespace: str
    dimensions: tuple[tuple[str, str], ...]
    region: str | None = None


def metrics(lines: Iterable[Line], place: Place, limits: Mapping[str, float] | None = None) -> Iterator[Metric]:
    """The lines as they are asked for at a place. What is a share of a limit that nobody knows is left out."""
    known = limits or {}
    for line in lines:
        limit = line.left_of or line.used_of
        if limit is None or limit in known:
            yield Metric(
                service=place.target.service,
                component=place.target.component,
                part=place.part,
                indicator=line.indicator,
                namespace=place.namespace,
                name=line.name,
                statistic=line.statistic,
                dimensions=place.dimensions,
                scale=line.scale,
                full=known[line.left_of] if line.left_of else None,
                limit=known[line.used_of] if line.used_of else None,
                zero_with=line.zero_with,
                daily=line.daily,
                region=place.region,
            )


def indicators(*lines: Line) -> tuple[str, ...]:
    """What they bring, each once."""
    return tuple(dict.fromkeys(line.indicator for line in lines))
