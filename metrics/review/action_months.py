"""Months of work by its kind, and of verdicts: prevention, early detection and repair in count and in share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from metrics.review.actions import KINDS, Action
from metrics.review.judged import VERDICTS, Accepted

__all__ = ["Month", "by_kind", "by_verdict", "merged"]

WORK: Final[Mapping[str, str]] = {"prevention": "prevention", "early_detection": "detection", "repair": "repair"}
"""What a source calls a change's work, and the kind of action that it is; features are no part of the ratio."""


@dataclass(frozen=True, slots=True)
class Month:
    """`start` is its first day by the service's clock; every name counts, those with none as 0."""

    start: date
    counts: Mapping[str, int]

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    def share(self, name: str) -> float | None:
        """None in a month without any."""
        return self.counts[name] / self.n if self.n else None


def by_kind(every: Iterable[Action], begun: Mapping[str, datetime], zone: str) -> tuple[Month, ...]:
    """Actions by the month in which they were written down, those that were given up included: they were decided.

    `begun` has the time of each action's first word.
    """
    return _months(((begun[each.id], each.kind) for each in every if each.id in begun), KINDS, zone)


def by_verdict(verdicts: Mapping[str, Accepted], zone: str) -> tuple[Month, ...]:
    """What people said in the end, by the month in which they said it."""
    return _months(((each.at, each.verdict) for each in verdicts.values()), VERDICTS, zone)


def merged(work: Iterable[tuple[datetime, str]], zone: str) -> tuple[Month, ...]:
    """Changes by the month of their merge and what the source calls their work, where it says one that counts."""
    return _months(((at, WORK[name]) for at, name in work if name in WORK), KINDS, zone)


def _months(found: Iterable[tuple[datetime, str]], names: Sequence[str], zone: str) -> tuple[Month, ...]:
    """From the first to the last, none left out: a month without any is news too."""
    clock = ZoneInfo(zone)
    counted: dict[date, Counter[str]] = {}
    for at, name in found:
        month = at.astimezone(clock).date().replace(day=1)
        counted.setdefault(month, Counter())[name] += 1
    if not counted:
        return ()
    months = [min(counted)]
    while months[-1] < max(counted):
        months.append(_next(months[-1]))
    return tuple(Month(each, {name: counted.get(each, Counter())[name] for name in names}) for each in months)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
