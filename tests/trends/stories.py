"""What is planted in the demo, beside what the trend alerts say of it (data/demo/ANSWERS.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from metrics.model import Finding
from metrics.review.items import Item

__all__ = ["Answer", "answers", "answers_of", "is_planted"]

# Late or early by so much is the same thing: a jump is known to minutes, a trend's beginning to days.
SOON, SOMEWHEN = timedelta(hours=2), timedelta(days=3)
JUMPS = ("spike", "burst")
# What follows the database, whose answers name it alone: everything that asks it.
FOLLOWERS = {"aurora-main": ("web",), "images": ("pipeline",)}


@dataclass(frozen=True, slots=True)
class Answer:
    story: int
    component: str
    part: str | None
    indicator: str
    kind: str
    since: datetime
    until: datetime
    cause: str


def answers(folder: Path) -> tuple[Answer, ...]:
    told = json.loads((folder / "demo_answers.json").read_text(encoding="utf-8"))
    return tuple(
        Answer(**{**each, "since": _at(each["since"]), "until": _at(each["until"])}) for each in told
    )  # fmt: skip


def answers_of(finding: Finding, among: tuple[Answer, ...]) -> Iterator[Answer]:
    """Those of the same line, or of one that it follows, at the same time."""
    slack = SOON if finding.kind in JUMPS else SOMEWHEN
    spans = [(each.start, each.end) for each in finding.episodes]
    spans = spans or [(finding.since, finding.until or finding.last_seen)]
    for answer in among:
        touches = any(start <= answer.until + slack and end >= answer.since - slack for start, end in spans)
        if touches and _is_line(finding, answer):
            yield answer


def is_planted(item: Item, among: tuple[Answer, ...]) -> bool:
    return any(True for finding in item.findings for _ in answers_of(finding, among))


def _is_line(finding: Finding, answer: Answer) -> bool:
    if finding.component in FOLLOWERS.get(answer.component, ()) and answer.story in (3, 4):
        return True
    same_part = None in (answer.part, finding.part) or answer.part == finding.part
    return (
        answer.component == finding.component
        and same_part
        and _family(answer.indicator) == _family(finding.indicator)
    )


def _family(indicator: str) -> str:
    """A duration whatever its percentile; a count whether shown by itself or as a share."""
    for ending in (".p50", ".p95", ".p99", ".count", ".ratio", ".utilization"):
        indicator = indicator.removesuffix(ending)
    return indicator


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
