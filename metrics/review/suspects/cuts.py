"""Which slices of time it takes to tell what is too much: each window, the same clock times earlier, and just before.

A jump is held against the same hours of the days before. What lasts longer than a day is held against whole weeks
before it began, since it has no time of day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from metrics.model import Window
from metrics.review.period import back
from metrics.review.suspects.trouble import Trouble

__all__ = ["HISTORY", "MOST_WINDOWS", "Cut", "Plan", "cuts"]

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
HISTORY = timedelta(weeks=4)
"""How far back is usual: what was before has another level."""
WEEKS = 4
MOST_WINDOWS = 8
"""The newest jumps of those that came often: enough to see what they have in common."""
# The level just before the window, without the step in which it may have begun.
BEFORE, GUARD = timedelta(hours=3), timedelta(minutes=15)

Role = Literal["now", "lead", "then", "then_lead"]


@dataclass(frozen=True, slots=True)
class Cut:
    """`then` is the same clock time earlier; what leads up to either is `lead` and `then_lead`."""

    window: Window
    place: int
    """Which of the trouble's windows."""
    role: Role
    earlier: int = 0
    """Which of the earlier times."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows that are looked at, and everything that is read for them."""

    windows: tuple[Window, ...]
    cuts: tuple[Cut, ...]
    is_long: bool
    earlier: int
    """How many earlier times there are for each window."""


def cuts(trouble: Trouble, zone: str) -> Plan:
    """The plan for a trouble; days are counted on the service's clock."""
    windows = trouble.windows[-MOST_WINDOWS:]
    if max(window.duration for window in windows) > DAY:
        return _long(trouble, zone)
    found: list[Cut] = []
    for place, window in enumerate(windows):
        found += _pair(window, place, "now", "lead", 0)
        for number, days in enumerate(_alike(window.start, zone)):
            found += _pair(_earlier(window, timedelta(days=days), zone), place, "then", "then_lead", number)
    return Plan(windows, tuple(found), is_long=False, earlier=max(cut.earlier for cut in found) + 1)


def _long(trouble: Trouble, zone: str) -> Plan:
    """One week of it, or less: the first of a step, the last of what grows; whole weeks before it for comparison."""
    whole = trouble.whole
    length = min(whole.duration, WEEK)
    first = trouble.kind in ("shift", "silence")
    window = Window(whole.start, whole.start + length) if first else Window(whole.end - length, whole.end)
    nearest = -((whole.start - window.end) // WEEK)
    found = [Cut(window, 0, "now")]
    found += [Cut(_earlier(window, WEEK * (nearest + n), zone), 0, "then", n) for n in range(WEEKS)]
    return Plan((window,), tuple(found), is_long=True, earlier=WEEKS)


def _pair(window: Window, place: int, role: Role, lead: Role, earlier: int) -> list[Cut]:
    return [
        Cut(window, place, role, earlier),
        Cut(Window(window.start - BEFORE, window.start - GUARD), place, lead, earlier),
    ]


def _alike(start: datetime, zone: str) -> list[int]:
    """How many days ago were days of the same sort: working days, or weekends."""
    weekend = _is_weekend(start, zone)
    return [
        days for days in range(1, HISTORY // DAY + 1) if _is_weekend(back(start, days * DAY, zone), zone) == weekend
    ]


def _is_weekend(moment: datetime, zone: str) -> bool:
    return moment.astimezone(ZoneInfo(zone)).weekday() >= 5


def _earlier(window: Window, by: timedelta, zone: str) -> Window:
    start = back(window.start, by, zone)
    return Window(start, start + window.duration)
