"""Weeks and months by a service's own clock, and the figures of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import pairwise
from typing import Literal

from metrics.model import Service, Window
from metrics.review.delivery.columns import Columns
from metrics.review.delivery.figures import Figures, figures
from metrics.review.period import edges

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
    for first, following in pairwise(edges(window, by, service.time_zone, service.week_start)):
        start, end = first.astimezone(UTC), following.astimezone(UTC)
        inside = Window(max(start, window.start), min(end, window.end))
        yield first.date(), inside, inside == Window(start, end)
