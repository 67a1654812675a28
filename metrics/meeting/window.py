"""Which time a review looks at: from the last one that was closed, else a week, to where the data ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from metrics.meeting.prepare import review_id
from metrics.meeting.shelf import closed_until
from metrics.model import Service, Window
from metrics.review.period import back
from metrics.store import deliveries, read

__all__ = ["begins", "newest", "review_window"]

USUAL = timedelta(weeks=1)
HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def newest(db: read.Reader, service: Service, now: datetime) -> datetime | None:
    """Up to when a review can look: the end of the hour of the newest sample, else of the newest event.

    It is the review of the day of that sample, also where the hour ends at midnight.
    """
    known = _last_sample(db, service, now) or deliveries.reached(db, now).get(service.name)
    if known is None:
        return None
    end = known.replace(minute=0, second=0, microsecond=0) + HOUR
    same_day = review_id(end, service.time_zone) == review_id(known, service.time_zone)
    return end if same_day else known + timedelta(seconds=1)


def _last_sample(db: read.Reader, service: Service, now: datetime) -> datetime | None:
    """The newest one by now: a row dated 2036 by mistake must not hide the others of its series."""
    series = read.series(db, service.name)
    ahead = series["last_ts"] > now
    earlier = read.last(db, Window(EPOCH, now), series.loc[ahead, "series_id"].tolist()) if ahead.any() else None
    past = [*series.loc[~ahead, "last_ts"], *([] if earlier is None else earlier["last_ts"])]
    return max(past).to_pydatetime() if past else None


def begins(db: read.Reader, service: Service) -> datetime | None:
    """Since when there is any sample."""
    samples = read.series(db, service.name)["first_ts"]
    return None if samples.empty else samples.min().to_pydatetime()


def review_window(folder: Path, service: Service, until: datetime) -> Window:
    """What the review that looks up to then looks at: the time since the last closed one, else a week."""
    since = closed_until(folder, service.name, until)
    return Window(since or back(until, USUAL, service.time_zone), until)
