"""What is due to be told, and to whom it was told already: a digest before the review, and what can't wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from metrics.review.items import Item

__all__ = ["DIGEST", "Due", "due", "is_urgent", "subject_of"]

DIGEST = "digest"
# A digest that could not be sent for a day says nothing that the review has not said.
STALE = timedelta(days=1)
ONCE_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """Messages to send now: a digest or not, and each urgent item that nobody has heard of today."""

    digest: bool
    urgent: tuple[Item, ...]


def due(
    found: Sequence[Item],
    sent: Mapping[str, datetime],
    now: datetime,
    *,
    zone: str,
    weekly: tuple[int, time] | None,
    urgent: bool,
) -> Due:
    """`sent` is when each subject was last told; `weekly` the day (Monday is 0) and time of the digest."""
    begun = None if weekly is None else _last(now, zone, *weekly)
    digest = begun is not None and now - begun < STALE and sent.get(DIGEST, begun - STALE) < begun
    fresh = [
        item for item in found if is_urgent(item) and now - sent.get(subject_of(item), now - ONCE_A_DAY) >= ONCE_A_DAY
    ]
    return Due(digest, tuple(fresh) if urgent else ())


def is_urgent(item: Item) -> bool:
    """New or worse, with a limit so near that two forecasts agree (metrics/analysis/forecast.py)."""
    return item.news in ("new", "worse") and any(
        finding.kind == "forecast" and finding.evidence.get("urgency") == "urgent" for finding in item.findings
    )


def subject_of(item: Item) -> str:
    return f"item/{item.id}"


def _last(now: datetime, zone: str, weekday: int, at: time) -> datetime:
    """The newest such time of the week that is not ahead."""
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
    moment = datetime.combine(day, at, ZoneInfo(zone))
    return moment if moment <= local else moment - timedelta(weeks=1)
