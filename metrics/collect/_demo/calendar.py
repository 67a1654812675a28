"""The demo's clock: a five-minute grid seen from Tokyo, with working days, Japanese holidays and quiet nights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

from metrics.collect._demo.signals import Floats, smooth

__all__ = ["STEP", "ZONE", "Grid", "Instants", "at", "days", "holiday_name", "is_day_off", "local_day", "seconds"]

ZONE = ZoneInfo("Asia/Tokyo")
STEP = timedelta(minutes=5)
PER_DAY = 288
OFFSET_S = 9 * 3600  # Tokyo has no summer time

Instants = NDArray[np.datetime64]

_HOLIDAYS = holidays.country_holidays("JP", language="en_US")

# Requests by the local hour, 1 at the busiest: recruiters keep office hours, seekers come in the evening.
_OFFICE = (5, 4, 3, 3, 3, 4, 7, 16, 42, 78, 95, 100, 76, 84, 99, 98, 94, 86, 66, 44, 31, 22, 14, 9)
_OFFICE_OFF = (6, 4, 3, 3, 3, 4, 6, 9, 14, 19, 23, 25, 24, 25, 26, 26, 25, 24, 23, 22, 20, 17, 13, 9)
_SEEKERS = (34, 19, 10, 6, 5, 7, 16, 38, 52, 46, 44, 50, 74, 58, 46, 45, 47, 54, 66, 76, 88, 100, 95, 66)
_SEEKERS_OFF = (42, 25, 14, 8, 6, 6, 9, 17, 30, 44, 56, 62, 66, 67, 66, 65, 66, 68, 71, 78, 88, 98, 94, 68)
_WEEKDAYS = (1.05, 1.03, 1.0, 0.98, 0.93, 1.0, 1.06)  # Monday first; Sunday evening belongs to job seekers


def local_day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def at(day: date, hours: float) -> datetime:
    """The moment so many hours after that local midnight, in UTC."""
    return (datetime.combine(day, time(), ZONE) + timedelta(hours=hours)).astimezone(UTC)


def days(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def is_day_off(day: date) -> bool:
    """A weekend, a Japanese holiday, or the New Year's break that every office keeps."""
    new_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
    return day.weekday() >= 5 or new_year or day in _HOLIDAYS


def holiday_name(day: date) -> str | None:
    name: str | None = _HOLIDAYS.get(day)
    return name


def season(day: date) -> float:
    """How busy hiring is on this day against an ordinary one of its weekday."""
    obon = day.month == 8 and 12 <= day.day <= 16
    golden_week = (day.month, day.day) >= (4, 29) and (day.month, day.day) <= (5, 6)
    factor = _WEEKDAYS[day.weekday()]
    if obon:
        factor *= 0.78
    if golden_week and not is_day_off(day):
        factor *= 0.85
    return factor


def seconds(moment: datetime) -> float:
    """Seconds since 1970, the unit of the grid's arithmetic."""
    return moment.timestamp()


@dataclass(frozen=True)
class Grid:
    """All five-minute steps of the demo, [start, end)."""

    start: datetime
    end: datetime

    @cached_property
    def unix(self) -> Floats:
        return np.arange(seconds(self.start), seconds(self.end), STEP.total_seconds())

    @cached_property
    def ts(self) -> Instants:
        return (self.unix * 1_000_000).astype("int64").view("datetime64[us]")

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The local days that the grid touches."""
        return tuple(days(local_day(self.start), local_day(self.end - STEP)))

    @cached_property
    def midnights(self) -> Floats:
        """Of each of `days`."""
        return np.asarray([seconds(at(day, 0.0)) for day in self.days])

    @cached_property
    def day_index(self) -> NDArray[np.int64]:
        """For each step, which of `days` it lies in."""
        local: NDArray[np.int64] = ((self.unix + OFFSET_S) // 86400).astype(np.int64)
        return local - int(local[0])

    @cached_property
    def hour(self) -> Floats:
        """Local hour of the day, 0 to 24."""
        return ((self.unix + OFFSET_S) % 86400) / 3600

    def per_day(self, values: list[float]) -> Floats:
        """One value a local day, spread over its steps."""
        return np.asarray(values)[self.day_index]

    @cached_property
    def office(self) -> Floats:
        return self._profile(_OFFICE, _OFFICE_OFF)

    @cached_property
    def seekers(self) -> Floats:
        return self._profile(_SEEKERS, _SEEKERS_OFF)

    def _profile(self, work: tuple[int, ...], off: tuple[int, ...]) -> Floats:
        minutes = np.round(self.hour * 12).astype(np.int64) % PER_DAY
        is_off = self.per_day([float(is_day_off(day)) for day in self.days])
        by_day = np.where(is_off > 0, _knots(off)[minutes], _knots(work)[minutes])
        return smooth(by_day * self.per_day([season(day) for day in self.days]), 4)


def _knots(hourly: tuple[int, ...]) -> Floats:
    """Hourly values, each in the middle of its hour, as 288 steps of a day."""
    middle = np.arange(-1, 25) + 0.5
    around = np.asarray((hourly[-1], *hourly, hourly[0]), dtype=np.float64) / 100
    return np.interp(np.arange(PER_DAY) / 12, middle, around)
