"""The timeline of answers: for each series and moment, how the last question about it ended.

A new answer replaces what was known of its window, save that `complete` is never taken back: a source that
fails or forgets later does not make stored data incomplete. Neighbours that say the same become one row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from metrics.model import Coverage, CoverageState

__all__ = ["Answer", "merge"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of a timeline: naive UTC times, as stored."""

    start: datetime
    end: datetime
    state: CoverageState
    detail: str
    retryable: bool
    observed_at: datetime
    run_id: int

    @classmethod
    def of(cls, coverage: Coverage, observed_at: datetime, run_id: int) -> Answer:
        start, end = (time.replace(tzinfo=None) for time in (coverage.window.start, coverage.window.end))
        return cls(start, end, coverage.state, coverage.detail, coverage.retryable, observed_at, run_id)


def merge(known: Iterable[Answer], new: Answer) -> list[Answer]:
    """The timeline after one more answer, in order and without overlaps."""
    known = list(known)
    if new.state == "complete":
        pieces = [new]
        kept = [rest for old in known for rest in _without(old, new)]
    else:
        pieces = [new]
        for old in known:
            if old.state == "complete":
                pieces = [rest for piece in pieces for rest in _without(piece, old)]
        kept = [rest for old in known for rest in ([old] if old.state == "complete" else _without(old, new))]
    return _joined(sorted([*kept, *pieces], key=lambda answer: answer.start))


def _without(answer: Answer, cut: Answer) -> list[Answer]:
    """What is left of an answer outside another's window: none, one or two pieces."""
    if cut.end <= answer.start or answer.end <= cut.start:
        return [answer]
    left = [replace(answer, end=cut.start)] if answer.start < cut.start else []
    right = [replace(answer, start=cut.end)] if cut.end < answer.end else []
    return left + right


def _joined(answers: list[Answer]) -> list[Answer]:
    joined: list[Answer] = []
    for answer in answers:
        last = joined[-1] if joined else None
        if last and last.end == answer.start and (last.state, last.detail) == (answer.state, answer.detail):
            newer = max(last, answer, key=lambda each: each.observed_at)
            joined[-1] = replace(newer, start=last.start, end=answer.end)
        else:
            joined.append(answer)
    return joined
