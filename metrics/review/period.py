"""What a review looks at: a window, the one before it, and the steps in which to draw them.

Lengths are counted on the service's own clock, so that a day with a clock change is still one day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from metrics.model import Window

__all__ = ["STEPS", "Period", "back", "edges", "fitting_step", "local_day", "months_back"]

# Steps that divide a day (or are whole days), so that buckets start on the same clock times every day.
STEPS = tuple(timedelta(minutes=m) for m in (1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10080))


@dataclass(frozen=True, slots=True)
class Period:
    """A window on a clock; `previous` is as long and ends where it starts."""

    window: Window
    zone: str

    @property
    def previous(self) -> Window:
        start, end = self.window.start, self.window.end
        return Window(back(start, _wall(end, self.zone) - _wall(start, self.zone), self.zone), start)

    def step(self, points: int) -> timedelta:
        return fitting_step(self.window, points)


def local_day(moment: datetime, zone: str) -> date:
    """The day that it is then on the zone's clock."""
    return _wall(moment, zone).date()


def edges(window: Window, by: Literal["day", "week", "month"], zone: str, week_start: int) -> Iterator[datetime]:
    """Where the days, weeks or months of a window begin on the zone's clock, and where the last of them ends."""
    day = local_day(window.start, zone)
    day -= timedelta(days={"day": 0, "week": (day.weekday() - week_start) % 7, "month": day.day - 1}[by])
    while True:
        midnight = datetime.combine(day, time(), ZoneInfo(zone))
        yield midnight
        if midnight >= window.end:
            return
        day += timedelta(days={"day": 1, "week": 7, "month": monthrange(day.year, day.month)[1]}[by])


def fitting_step(window: Window, points: int) -> timedelta:
    """The finest step that needs at most this many points."""
    return next((step for step in STEPS if window.duration <= step * points), STEPS[-1])


def back(moment: datetime, by: timedelta, zone: str) -> datetime:
    """The same clock reading that much earlier, in UTC."""
    return (_wall(moment, zone) - by).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def months_back(moment: datetime, months: int, zone: str) -> datetime:
    """The midnight that begins the same day of the month so many months earlier, or that month's last day."""
    day = local_day(moment, zone)
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    return datetime(year, month + 1, min(day.day, last), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _wall(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
