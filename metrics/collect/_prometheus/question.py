"""One question to a server: a query, and whose indicator its series are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.collect._prometheus.reply import Line
from metrics.model import Coverage, CoverageState, Indicator, Series, Window

__all__ = ["Answer", "Question", "Span", "part_of", "wrong_number"]

# As many labels as fit into a sentence.
LABELS_SHOWN = 4
LONGEST_DETAIL = 300
# More parts than anybody looks at: a label such as a request's id, by mistake.
MOST_PARTS = 5_000


@dataclass(frozen=True, slots=True)
class Question:
    service: str
    component: str
    indicator: Indicator
    promql: str
    labels: tuple[str, ...]
    """What names the part; none where the query returns one series."""
    factor: float
    """From the query's unit to the canonical one."""
    step: int
    """Seconds."""

    @property
    def about(self) -> str:
        """As a person would look for it in the service's file."""
        return f"{self.component} {self.indicator.name}"

    def series(self, part: str | None) -> Series:
        indicator = self.indicator
        return Series(
            self.service,
            self.component,
            indicator.name,
            indicator.stat,
            indicator.unit,
            self.step,
            "prometheus",
            part,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """How a stretch of the window was answered, the question as a whole."""

    window: Window
    state: CoverageState
    detail: str = ""
    retryable: bool = False

    def coverage(self, question: Question, part: str | None) -> Coverage:
        return Coverage(
            question.service, question.component, question.indicator.name, "prometheus", self.window, self.state,
            self.detail[:LONGEST_DETAIL], part, self.retryable,
        )  # fmt: skip


Answer = tuple[Span, ...]
"""Spans in order, without gaps, from the window's start to its end."""


def part_of(question: Question, line: Line) -> str | None:
    """The values of the labels that name the part, joined by slashes; None where no part is asked for."""
    return "/".join(filter(None, (line.labels.get(label) for label in question.labels))) or None


def wrong_number(question: Question, lines: Sequence[Line]) -> str:
    """Why these series can't be told apart; empty where they can."""
    if question.labels:
        return _unnamed(question, lines)
    if len(lines) <= 1:
        return ""
    labels = _that_differ(lines)
    hint = f" ({labels})" if labels else ""
    return (
        f"the query returns {len(lines):,} series: aggregate it, or name the label that tells them apart under "
        f"`part`{hint}"
    )


def _unnamed(question: Question, lines: Sequence[Line]) -> str:
    label = "/".join(question.labels)
    if len(lines) > MOST_PARTS:
        return (
            f"the query returns {len(lines):,} series, and {MOST_PARTS:,} are the most: aggregate it by fewer labels"
        )
    seen = dict[str, Line]()
    for line in lines:
        part = part_of(question, line)
        if part is None:
            has = ", ".join(list(line.labels)[:LABELS_SHOWN]) or "none"
            return f"a series of the query lacks the label {label}, which `part` names; it has: {has}"
        if part in seen:
            more = _that_differ([seen[part], line]) or "no other label"
            return (
                f"the query returns two series for {label} {part[:60]!r}: aggregate it by {label}, or add to `part` "
                f"what tells them apart ({more})"
            )
        seen[part] = line
    return ""


def _that_differ(lines: Sequence[Line]) -> str:
    """The first few labels in whose values the series differ."""
    some = lines[:100]
    names = dict.fromkeys(name for line in some for name in line.labels)
    differing = [name for name in names if len({line.labels.get(name) for line in some}) > 1]
    return ", ".join(differing[:LABELS_SHOWN])
