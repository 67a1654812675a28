"""From what detectors saw of each line to findings that a review can follow from week to week.

Pure: sightings and what was known before come in, findings with their ids go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import get_args

from metrics.analysis.detection import Detection
from metrics.model import Finding, FindingKind, Window
from metrics.review.lines import Line

__all__ = ["Sighting", "findings", "speaking"]

PRECEDENCE: tuple[FindingKind, ...] = get_args(FindingKind)
# What one trouble may be as it becomes clearer: a jump turns out to be one of many, a trend gets a date.
GROUPS: Mapping[FindingKind, str] = {"spike": "jumps", "burst": "jumps", "drift": "trend", "forecast": "trend"}
# More data may move the beginning of a step; by more than two days it is another one.
SAME_STEP = timedelta(days=2)
# A step explains a trend of the same line when it makes up most of it.
EXPLAINS = 0.6
# Even odds (metrics/analysis/drift.py weighs one step against a trend).
LIKELIER = 0.5


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detector's answer about one line at one pass."""

    line: Line
    kind: FindingKind
    detection: Detection
    episodes: tuple[Window, ...] = ()
    evidence: Mapping[str, float | str | None] = field(default_factory=dict)


def speaking(seen: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Of one line's sightings those that speak: not two for the same trouble.

    A silence speaks alone, for what is not there can't have moved. A forecast is a trend with a date. Jumps of a
    burst are not told again. A line crossed is told when nothing else is: it says the same later and less.
    """
    silent = [each for each in seen if each.kind == "silence"]
    if silent:
        return tuple(silent)
    by_kind = {kind: [each for each in seen if each.kind == kind] for kind in PRECEDENCE}
    trends = by_kind["forecast"] or by_kind["drift"]
    if by_kind["drift"] and not by_kind["forecast"] and _explained(by_kind["drift"][0], by_kind["shift"]):
        trends = []
    steps = [] if trends else by_kind["shift"]
    jumps = by_kind["burst"] or by_kind["spike"]
    told = [*trends, *steps, *jumps]
    return tuple(told or by_kind["threshold"])


def _explained(drift: Sighting, steps: Sequence[Sighting]) -> bool:
    """Whether steps are what happened: they make up most of the trend, or one step is likelier than a trend."""
    total, as_step = drift.detection.size, drift.evidence.get("as_step")
    if not steps or total == 0:
        return False
    is_likelier = isinstance(as_step, float) and as_step > LIKELIER
    return is_likelier or sum(step.detection.size for step in steps) / total >= EXPLAINS


def findings(seen: Iterable[Sighting], known: Sequence[Finding], as_of: datetime) -> tuple[Finding, ...]:
    """Everything seen now, under the ids it had before, and what was known and is not seen any more."""
    open_ = {finding.id: finding for finding in known if finding.gone_at is None}
    told = []
    for each in seen:
        before = next((old for old in open_.values() if _is_same(each, old)), None)
        if before is not None:
            del open_[before.id]
        told.append(_finding(each, before, as_of))
    gone = [replace(old, gone_at=as_of, until=old.until or as_of) for old in open_.values()]
    return tuple(sorted([*told, *gone], key=lambda finding: (finding.since, finding.id)))


def _is_same(seen: Sighting, known: Finding) -> bool:
    """The same line, the same sort of trouble, the same way, and at a time that can be the same."""
    line, now = seen.line, seen.detection
    if (line.component, line.part, line.indicator.name) != (known.component, known.part, known.indicator):
        return False
    group = GROUPS.get(seen.kind, seen.kind)
    if group != GROUPS.get(known.kind, known.kind) or now.size * known.size < 0:
        return False
    if group == "jumps" and "burst" not in (seen.kind, known.kind):
        return _touch(now.since, now.until, known)
    if group == "jumps":
        return known.kind == "burst" or any(_within(known, each) for each in seen.episodes)
    return group != "shift" or abs(now.since - known.since) <= SAME_STEP


def _touch(since: datetime, until: datetime | None, known: Finding) -> bool:
    return (known.until is None or since <= known.until) and (until is None or known.since <= until)


def _within(known: Finding, episode: Window) -> bool:
    return known.since <= episode.end and (known.until is None or episode.start <= known.until)


def _finding(seen: Sighting, before: Finding | None, as_of: datetime) -> Finding:
    line, now = seen.line, seen.detection
    return Finding(
        id=before.id if before else _id(seen),
        service=line.service,
        component=line.component,
        part=line.part,
        indicator=line.indicator.name,
        unit=line.indicator.unit,
        kind=seen.kind,
        since=now.since,
        until=now.until,
        before=now.before,
        after=now.after,
        certainty=now.certainty,
        is_worse=None if seen.kind == "silence" else now.is_worse(line.indicator.better),
        first_seen=before.first_seen if before else as_of,
        last_seen=as_of,
        episodes=seen.episodes,
        evidence=seen.evidence,
    )


def _id(seen: Sighting) -> str:
    """From what it is, which way and since when: two looks at the same data name it the same."""
    way = "up" if seen.detection.size > 0 else "down"
    named = "/".join((seen.line.service, seen.line.address, seen.kind, way, seen.detection.since.isoformat()))
    return blake2b(named.encode(), digest_size=5).hexdigest()
