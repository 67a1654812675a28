"""Which time a review looks at: from the last one that was closed, else a week, to where the data ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from metrics.meeting.prepare import review_id
from metrics.meeting.shelf import closed_until
from metrics.model import Service, Window
from metrics.review.period import back
from metrics.store import deliveries, read

__all__ = ["begins", "end_of", "newest", "review_window"]

USUAL = timedelta(weeks=1)
HOUR_S = 3600
# A window ends before its end: so much later and it holds the newest row.
MOMENT = timedelta(seconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def newest(db: read.Reader, service: Service, now: datetime) -> datetime | None:
    """Up to when a review can look: the end of the newest sample, never beyond now, else the newest event.

    It is the review of the day of that sample, also where its time ends at midnight.
    """
    found = _last_sample(db, service, now)
    if found is None:
        known = deliveries.reached(db, now).get(service.name)
        return None if known is None else known + MOMENT
    known, measured = found
    end = max(min(known + measured, now), known + MOMENT)
    same_day = review_id(end, service.time_zone) == review_id(known, service.time_zone)
    return end if same_day else known + MOMENT


def _last_sample(db: read.Reader, service: Service, now: datetime) -> tuple[datetime, timedelta] | None:
    """The start of the newest one by now, and how long it measures, at most an hour: one of a day tells of no end.

    A row dated 2036 by mistake must not hide the others of its series.
    """
    series = read.series(db, service.name)
    ahead = series["last_ts"] > now
    past = series.loc[~ahead, ["series_id", "last_ts", "period_s"]]
    if ahead.any():
        earlier = read.last(db, Window(EPOCH, now), series.loc[ahead, "series_id"].tolist())
        past = pd.concat([past, earlier.merge(series[["series_id", "period_s"]], on="series_id")])
    if past.empty:
        return None
    known = past["last_ts"].max()
    period_s = int(past.loc[past["last_ts"] == known, "period_s"].max())
    return known.to_pydatetime(), timedelta(seconds=period_s if period_s <= HOUR_S else 0)


def end_of(day: date, zone: str) -> datetime:
    """The last second of a day by a clock: from the next one on a review would be held a day later."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC) - timedelta(seconds=1)


def begins(db: read.Reader, service: Service) -> datetime | None:
    """Since when there is any sample."""
    samples = read.series(db, service.name)["first_ts"]
    return None if samples.empty else samples.min().to_pydatetime()


def review_window(folder: Path, service: Service, until: datetime) -> Window:
    """What the review that looks up to then looks at: the time since the last closed one, else a week."""
    since = closed_until(folder, service.name, until)
    return Window(since or back(until, USUAL, service.time_zone), until)
