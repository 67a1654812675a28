"""When a CronJob was due: the five fields as Kubernetes reads them, backwards from a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

__all__ = ["Cron"]

_SHORT: Final = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_WEEKDAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
# A 29th of February may be four years ago; of one so long ago nobody asks whether it was missed.
LONGEST: Final = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """From Sunday, which is 0."""
    either: bool
    """Whether day or weekday is enough, as where both are given; else both have to fit."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError where it can't be understood, as `@every 1h`, which has no clock."""
        fields = _SHORT.get(text.strip(), text).split()
        if len(fields) != 5:
            raise ValueError(f"{text!r} has not five fields")
        minutes, hours, days, months, weekdays = fields
        return cls(
            minutes=tuple(sorted(_numbers(minutes, 0, 59))),
            hours=tuple(sorted(_numbers(hours, 0, 23))),
            days=_numbers(days, 1, 31),
            months=_numbers(months, 1, 12, _MONTHS),
            weekdays=_numbers(weekdays, 0, 6, _WEEKDAYS),
            either=not (_is_any(days) or _is_any(weekdays)),
        )

    def last_due(self, zone: ZoneInfo, before: datetime, since: datetime) -> datetime | None:
        """The newest time on the zone's clock from `since` to `before`, both of them included."""
        day = before.astimezone(zone).date()
        first = max(since, before - LONGEST).astimezone(zone).date()
        while day >= first:
            for at in self._on(day, zone):
                if since <= at <= before:
                    return at
            day -= timedelta(days=1)
        return None

    def fits(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether it is due in this minute."""
        minute = at.replace(second=0, microsecond=0)
        return self.last_due(zone, minute, minute) is not None

    def _on(self, day: date, zone: ZoneInfo) -> list[datetime]:
        """All of a day, the newest first, in UTC, without what the clock jumps over in spring, as Kubernetes does."""
        if not self._has(day):
            return []
        local = (
            datetime.combine(day, time(hour, minute), zone)
            for hour in reversed(self.hours)
            for minute in reversed(self.minutes)
        )
        return [at.astimezone(UTC) for at in local if at.astimezone(UTC).astimezone(zone).time() == at.time()]

    def _has(self, day: date) -> bool:
        fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return day.month in self.months and (any(fits) if self.either else all(fits))


def _is_any(field: str) -> bool:
    return any(part in ("*", "?", "*/1") for part in field.split(","))


def _numbers(field: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    found = set[int]()
    for part in field.split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        if span in ("*", "?"):
            first, last = low, high
        else:
            first = _number(begin, names)
            last = _number(end, names) if dash else high if step else first
        if not low <= first <= last <= high or (step and int(step) < 1):
            raise ValueError(f"{part!r} is not between {low} and {high}")
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    return names[text.lower()] if names and text.lower() in names else int(text)
