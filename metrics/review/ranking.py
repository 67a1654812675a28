"""What a review looks at first: harm, size, certainty, news and nearness to a limit, each from 0 to 1, weighted.

The weights are a short table that a service's file may change under `ranking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from metrics.model import Finding, Indicator

if TYPE_CHECKING:
    from metrics.review.items import News

__all__ = ["AGENDA", "WEIGHTS", "Aspect", "Severity", "parts_of", "score", "severity"]

Aspect = Literal["harm", "size", "certainty", "news", "nearness"]
Severity = Literal["high", "medium", "low"]

AGENDA: Final = 7
"""As many as two leads get through in ten minutes of a review (docs/decisions.md)."""
WEIGHTS: Final[Mapping[Aspect, float]] = {"harm": 3.0, "size": 2.0, "certainty": 1.0, "news": 2.0, "nearness": 2.0}
"""Users first, then how much and how new; a limit in sight counts as much as news."""
NEWS: Final[Mapping[str, float]] = {"new": 1.0, "worse": 0.8, "continuing": 0.4, "better": 0.2, "over": 0.1}
# What users feel themselves, by the catalogue's perspective; demand harms nobody.
HARM: Final = {"app": 1.0, "delivery": 0.6, "infra": 0.6, "demand": 0.2}
# Where nobody drew a line, nobody has said yet that it matters: an error in a log, a bounced mail.
WITHOUT_LINE = 0.6
BETTER, NEUTRAL = 0.3, 0.5
# A doubling is as big as it gets: beyond it nobody asks whether it is big. Of what jumps, a doubling for an hour.
WHOLE_SIZE = 100.0
WHOLE_JUMP = timedelta(hours=1)
# With more than a quarter of the way to its line left, nothing is near.
NEAR = 0.25
HIGH, MEDIUM = 0.7, 0.5
HORIZON = timedelta(days=90)


def score(parts: Mapping[Aspect, float], changed: Mapping[str, float] = MappingProxyType({})) -> float:
    """From 0 to 1: the weighted mean of the parts. `changed` are weights that a service has of its own."""
    weights = {name: changed.get(name, weight) for name, weight in WEIGHTS.items()}
    whole = sum(weights.values())
    return sum(weights[name] * value for name, value in parts.items()) / whole if whole else 0.0


def severity(value: float) -> Severity:
    return "high" if value >= HIGH else "medium" if value >= MEDIUM else "low"


def parts_of(
    finding: Finding, indicator: Indicator, news: News, headroom: float | None, as_of: datetime
) -> dict[Aspect, float]:
    """The five parts of one finding. `headroom` is what is left up to its line, as a share of it; None without."""
    near = _nearness(finding, headroom, as_of)
    # A limit that is reached is as big as it gets, however little it took to get there.
    size = max(_size(finding), near) if finding.kind == "forecast" else _size(finding)
    return {
        "harm": _harm(finding, indicator, has_line=headroom is not None) * (1 + size) / 2,
        "size": size,
        "certainty": min(max(finding.certainty, 0.0), 1.0),
        "news": NEWS[news],
        "nearness": near,
    }


def _harm(finding: Finding, indicator: Indicator, *, has_line: bool) -> float:
    """Of the whole of it, for what is small harms half as much; what got better is worth knowing and no more."""
    if finding.kind == "silence":
        return NEUTRAL
    whole = HARM[indicator.perspective] * (1.0 if has_line else WITHOUT_LINE)
    return whole * {True: 1.0, None: NEUTRAL, False: BETTER}[finding.is_worse]


def _size(finding: Finding) -> float:
    """By how much, in per cent of what was usual, or twice the points of a percentage; of jumps also for how long."""
    if finding.kind == "silence":
        return 1.0
    points = abs(finding.size) if finding.unit == "%" else 0.0
    per_cent = 100 * abs(finding.size / finding.before) if finding.before else WHOLE_SIZE
    whole = min(max(per_cent, 2 * points) / WHOLE_SIZE, 1.0)
    if finding.kind in ("spike", "burst"):
        whole *= min(sum((each.duration for each in finding.episodes), timedelta(0)) / WHOLE_JUMP, 1.0)
    return min(whole, 1.0)


def _nearness(finding: Finding, headroom: float | None, as_of: datetime) -> float:
    """A limit that is reached today counts whole, one in 90 days nothing; else how little room there is."""
    crosses = finding.evidence.get("early")
    if finding.kind == "forecast" and isinstance(crosses, str):
        left = datetime.fromisoformat(crosses) - as_of
        return min(max(1 - left / HORIZON, 0.0), 1.0)
    return 0.0 if headroom is None or not finding.is_worse else min(max(1 - headroom / NEAR, 0.0), 1.0)
