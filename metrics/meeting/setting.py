"""What the sections of an agenda are made from: one consistent state of the store, and the time it looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np

from metrics.analysis.signal import Signal
from metrics.model import Finding, Service, Window
from metrics.review.lines import Curve, Line, by_series, curve, figure, whole_steps
from metrics.review.minutes import Extreme, Figure
from metrics.review.period import Period, fitting_step, local_day
from metrics.store import findings, read
from metrics.trends.agenda import Agenda, agenda
from metrics.trends.reading import signals
from metrics.trends.scene import EVENTS, Happened, happened

__all__ = ["Points", "Setting", "plain"]

# So many steps make a line that can be read on a projector, and keep three years of frozen reviews small.
POINTS = 120
# A day with fewer hours is no whole one; one is an hour shorter where the clock changes.
WHOLE_DAY = 23
# Most of what moved began in the quarter before the review.
SINCE = timedelta(weeks=13)

Points = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, eq=False)
class Setting:
    """`window` is what the review looks at; `lines` are the service's, of a duration's percentiles one."""

    db: read.Reader
    service: Service
    lines: Sequence[Line]
    window: Window
    now: datetime
    review: str
    """Its id."""

    @property
    def period(self) -> Period:
        return Period(self.window, self.service.time_zone)

    @property
    def today(self) -> date:
        """The day of the review, by the service's clock."""
        return local_day(self.window.end, self.service.time_zone)

    @property
    def before(self) -> Window:
        """The review's time and three times as much before it: a picture that shows what it moved from."""
        return Window(self.window.start - 3 * self.window.duration, self.window.end)

    @cached_property
    def agenda(self) -> Agenda:
        """What moved, as the trend alerts have it: capacity leaves out what is told there."""
        return agenda(self.db, self.service, self.lines, self.window.end, self.window.start)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """As they stood at the review, read once for all limits that are told."""
        return tuple(each.finding for each in findings.known(self.db, self.service.name, self.window.end))

    @cached_property
    def happened(self) -> Happened:
        """What suspects are judged by, read once for all that moved and broke."""
        window = Window(self.window.end - SINCE - EVENTS, self.window.end)
        return happened(self.db, self.service.name, window)

    @cached_property
    def by_address(self) -> Mapping[str, Line]:
        return {line.address: line for line in self.lines}

    def figures(self, addresses: Sequence[str]) -> dict[str, Figure]:
        """By address, each line's figure for the review's window and for the one before it, where it has either."""
        wanted = [self.by_address[each] for each in dict.fromkeys(addresses) if each in self.by_address]
        ids = sorted({number for line in wanted for number in line.reads})
        if not ids:
            return {}
        now, before = (self._period(window, ids, wanted) for window in (self.window, self.period.previous))
        since, until = self.window.start, self.window.end
        return {
            line.address: Figure(
                line.address, line.indicator.unit, since, until, now[line.address], before[line.address]
            )
            for line in wanted
        }

    def _period(self, window: Window, ids: list[int], wanted: Sequence[Line]) -> dict[str, float | None]:
        rows = {int(row["series_id"]): row for row in read.period(self.db, window, ids).to_dict("records")}
        return {line.address: figure(line, rows) for line in wanted}

    def curves(self, addresses: Sequence[str], window: Window, points: int = POINTS) -> dict[str, Points]:
        """By address, each line in about so many steps, for a picture of it."""
        wanted = [self.by_address[each] for each in dict.fromkeys(addresses) if each in self.by_address]
        ids = sorted({number for line in wanted for number in line.reads})
        if not ids:
            return {}
        longest = max((timedelta(seconds=line.period_s) for line in wanted), default=timedelta(0))
        step = max(fitting_step(window, points), longest)
        buckets = by_series(read.buckets(self.db, ids, window, step, self.service.time_zone))
        drawn = {line.address: whole_steps(line, curve(line, buckets), window, step) for line in wanted}
        return {address: plain(each) for address, each in drawn.items() if each is not None}

    def peaks(self, address: str, window: Window, fine: timedelta, extreme: Extreme) -> Points:
        """The line's highest or lowest in about a hundred steps, of the `fine` ones that it is watched in."""
        line, signal = self.by_address.get(address), self._signal(address, window, fine)
        if signal is None or line is None:
            return ()
        step = np.timedelta64(max(fitting_step(window, POINTS), timedelta(seconds=line.period_s)))
        start = np.datetime64(window.start.astimezone(UTC).replace(tzinfo=None), "us")
        number = (signal.ts - start) // step
        first = np.flatnonzero(np.r_[True, np.diff(number) != 0])
        most = np.maximum if extreme == "highest" else np.minimum
        return plain(Curve(start + number[first] * step, most.reduceat(signal.values, first), None, None))

    def hours(self, address: str, window: Window) -> Points:
        """The median hour of each whole day, by the service's clock."""
        signal = self._signal(address, window, timedelta(hours=1))
        if signal is None:
            return ()
        _, first, n = np.unique(signal.day, return_index=True, return_counts=True)
        whole = n >= WHOLE_DAY
        medians = np.array([np.median(each) for each in np.split(signal.values, first[1:])])
        return plain(Curve(signal.ts[first][whole], medians[whole], None, None))

    def _signal(self, address: str, window: Window, step: timedelta) -> Signal | None:
        line = self.by_address.get(address)
        return signals(self.db, [line], window, step, self.service).get(address) if line else None


def plain(drawn: Curve) -> Points:
    """A curve as pairs of a time in UTC and a value, to be kept."""
    times = drawn.ts.astype("datetime64[s]").astype("int64").tolist()
    return tuple(
        (datetime.fromtimestamp(at, UTC), round(float(value), 6))
        for at, value in zip(times, drawn.values.tolist(), strict=True)
        if value == value
    )
