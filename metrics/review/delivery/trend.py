"""Weeks and months by a service's own clock, and the figures of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from metrics.model import Service, Window
from metrics.review.delivery.columns import Columns
from metrics.review.delivery.figures import Figures, figures

__all__ = ["Bucket", "By", "buckets", "fitting", "trend"]

By = Literal["week", "month"]

HALF_A_YEAR = timedelta(weeks=27)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A week or month, cut to the period: the first and last may be there in part only."""

    start: date
    """Its first day by the service's calendar, whether or not the period reaches back to it."""
    is_whole: bool
    figures: Figures


def fitting(window: Window) -> By:
    """Weeks while they can be told apart, else months."""
    return "week" if window.duration <= HALF_A_YEAR else "month"


def trend(of: Columns, window: Window, by: By, service: Service) -> tuple[Bucket, ...]:
    """The figures of each week or month that the window touches."""
    return tuple(Bucket(day, is_whole, figures(of, part)) for day, part, is_whole in buckets(window, by, service))


def buckets(window: Window, by: By, service: Service) -> Iterator[tuple[date, Window, bool]]:
    """(first day, the part inside the window, whether that is all of it), oldest first."""
    zone = ZoneInfo(service.time_zone)
    for (day, start), (_, end) in pairwise(_edges(window, by, zone, service.week_start)):
        inside = Window(max(start, window.start), min(end, window.end))
        yield day, inside, inside == Window(start, end)


def _edges(window: Window, by: By, zone: ZoneInfo, week_start: int) -> Iterator[tuple[date, datetime]]:
    """Each midnight at which a bucket begins, from the one before the window to the one after it."""
    day = window.start.astimezone(zone).date()
    day = day.replace(day=1) if by == "month" else day - timedelta(days=(day.weekday() - week_start) % 7)
    while True:
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        yield day, midnight
        if midnight >= window.end:
            return
        day = (day + timedelta(days=32)).replace(day=1) if by == "month" else day + timedelta(days=7)
