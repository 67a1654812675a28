"""A pass over a service's lines: read what is new, run the detectors, keep what they found.

A service's first pass also looks back, week by week, so that its first review knows what is new. Spikes are scored
once, as samples come; everything else is seen anew at each pass, at most once an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd

from metrics.analysis.signal import Signal
from metrics.config import Config
from metrics.model import Finding, Service, Window
from metrics.review.findings import findings
from metrics.review.lines import Line, address_of
from metrics.review.period import back
from metrics.store import Store, read
from metrics.store import findings as kept
from metrics.trends.agenda import judged
from metrics.trends.look import JUMPS, View, look
from metrics.trends.reading import signals, watched
from metrics.trends.scoring import score_new

__all__ = ["Tell", "run"]

Tell = Callable[[str, int, int], None]
"""Told how far it is: what is under way, how much of it is done, of how much."""

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
# Two months: the first review knows what is new, and a year of passes would take minutes to no one's use.
LOOK_BACK = 8
FEWEST = 2 * WEEK
# What detectors look at: five weeks, so that four whole ones remain where the first is not complete.
SPAN = timedelta(weeks=5)
# What comes a few times a day or less is seen over a quarter.
LONG_SPAN = timedelta(weeks=13)
SPARSE_A_DAY = 4
# So many lines are read at once: 100 of them for five weeks of hours are 84,000 rows.
AT_ONCE = 200
KEY = ("component", "part", "indicator")


def run(store: Store, config: Config, service: Service, now: datetime, tell: Tell | None = None) -> int:
    """Look at everything that is new; returns how many passes were made (0: nothing new for an hour)."""
    kinds = {source.name: source.kind for source in config.sources}
    with store.read() as db:
        lines = watched(db, service.name, kinds)
        made = kept.passes(db, service.name)
    if not lines:
        return 0
    due = _due(lines, made, now, service.time_zone)
    if not due:
        return 0
    score_new(store, service, lines, due[-1], tell)
    for number, as_of in enumerate(due):
        _pass(store, service, lines, as_of, now, is_newest=as_of == due[-1])
        if tell:
            tell("findings", number + 1, len(due))
    return len(due)


def _due(lines: Sequence[Line], made: Sequence[datetime], now: datetime, zone: str) -> list[datetime]:
    """The moments to look at: weekly where nobody has looked yet, then the newest whole hour.

    Without two weeks of data there is nothing to compare with, and no moment.
    """
    newest = min(max(line.last_ts for line in lines) + timedelta(minutes=5), now)
    newest = newest.replace(minute=0, second=0, microsecond=0)
    begun = min(line.first_ts for line in lines) + FEWEST
    since = made[-1] if made else max(begun, newest - LOOK_BACK * WEEK)
    weekly = (back(newest, weeks * WEEK, zone) for weeks in range(LOOK_BACK, 0, -1))
    fresh = [newest] if newest >= (made[-1] + HOUR if made else begun) else []
    return [moment for moment in weekly if moment > since] + fresh


def _pass(
    store: Store, service: Service, lines: Sequence[Line], as_of: datetime, now: datetime, *, is_newest: bool
) -> None:
    """Suspects are looked for in the newest pass alone: of earlier ones nobody asks, and Spikes can still tell."""
    day = _day_of(as_of, service.time_zone)
    with store.read() as db:
        before = [_at_dawn(each.finding, day) for each in kept.known(db, service.name, as_of)]
        seen = [sighting for line in _views(db, service, lines, as_of) for sighting in look(line)]
        found = findings(seen, before, as_of)
        told = judged(db, service, lines, found, as_of, with_suspects=is_newest)
    kept.write(store, kept.Pass(service.name, as_of, now, len(lines), told), day)


def _at_dawn(finding: Finding, day: Window) -> Finding:
    """What was gone earlier today is not gone yet: this pass replaces the one that told so, and has to tell it."""
    return finding if finding.gone_at is None or finding.gone_at < day.start else replace(finding, gone_at=None)


def _views(db: read.Reader, service: Service, lines: Sequence[Line], as_of: datetime) -> Iterator[View]:
    jumps = kept.spikes(db, service.name, Window(as_of - JUMPS, as_of))
    by_line = {
        address_of(str(component), str(part) or None, str(indicator)): rows
        for (component, part, indicator), rows in jumps.fillna({"part": ""}).groupby(list(KEY))
    }
    none = jumps.iloc[:0]
    known = [line for line in lines if line.first_ts < as_of]
    demand = _demand(db, service, known, as_of)
    for some in (known[first : first + AT_ONCE] for first in range(0, len(known), AT_ONCE)):
        drawn = signals(db, some, Window(as_of - SPAN, as_of), HOUR, service)
        few = [line for line in some if len(drawn.get(line.address, ())) < SPARSE_A_DAY * (SPAN // DAY)]
        drawn |= signals(db, few, Window(as_of - LONG_SPAN, as_of), HOUR, service)
        for line in some:
            if line.address in drawn:
                yield View(line, service, as_of, drawn[line.address], by_line.get(line.address, none), demand)


def _demand(db: read.Reader, service: Service, lines: Sequence[Line], as_of: datetime) -> list[Signal]:
    """What the service's file calls its demand, as far as it is measured."""
    named = [line for line in lines if line.address in service.demand]
    return list(signals(db, named, Window(as_of - SPAN, as_of), HOUR, service).values())


def _day_of(moment: datetime, zone: str) -> Window:
    start = pd.Timestamp(moment).tz_convert(zone).normalize()
    end = start + pd.DateOffset(days=1)
    return Window(start.to_pydatetime(), end.to_pydatetime())
