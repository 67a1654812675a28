"""One trouble is one item: findings that belong together, owned by every team whose lines they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from metrics.model import Finding, Window

__all__ = ["Item", "News"]

News = Literal["new", "worse", "continuing", "better", "over"]
"""Against the last review: not known then, more or less of it than then, the same, or gone since."""

# A window has a length, and what was seen in one sample has none.
MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Item:
    """What a review talks about as one thing. The first finding leads; the others began with it."""

    id: str
    """That of its finding that was seen first: it stays as others join."""
    findings: tuple[Finding, ...]
    owners: tuple[str, ...]
    """Teams by name, as the service's file has them."""
    news: News
    score: float
    """What ranks it; `parts` says how it came about (review/ranking.py)."""
    parts: tuple[tuple[str, float], ...] = ()

    @property
    def lead(self) -> Finding:
        return self.findings[0]

    @property
    def since(self) -> datetime:
        return min(finding.since for finding in self.findings)

    @property
    def until(self) -> datetime | None:
        """None while any of it lasts."""
        ends = [finding.until for finding in self.findings]
        return None if None in ends else max(end for end in ends if end is not None)

    def windows(self, now: datetime) -> tuple[Window, ...]:
        """When there was trouble: each jump of its leading finding, or all the time since it began."""
        return self.lead.episodes or (Window(self.since, max(self.until or now, self.since + MOMENT)),)
