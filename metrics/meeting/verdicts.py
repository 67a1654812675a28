"""Judging actions by the store: the line that was named, its demand, and what else was changed in the same weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from metrics.analysis.effect import FEWEST_WEEKS, MOST_WEEKS, effect
from metrics.analysis.signal import Signal
from metrics.model import Insufficient, Service, Window
from metrics.review.actions import Action
from metrics.review.judged import Judged, wanted
from metrics.review.lines import Line
from metrics.store import deliveries, read
from metrics.trends.reading import signals

__all__ = ["AROUND", "judged", "span"]

AROUND: Final = timedelta(weeks=MOST_WEEKS)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
OWN: Final = timedelta(hours=1)
"""A deployment that ends so near to the start is the action's own: it is what brought it."""


def span(started: datetime, as_of: datetime) -> Window:
    """What is looked at: up to eight weeks before the start, and as many after it."""
    return Window(started - AROUND - DAY, max(min(as_of, started + AROUND + DAY), started + HOUR))


def judged(
    db: read.Reader,
    service: Service,
    lines: Sequence[Line],
    action: Action,
    as_of: datetime,
    others: Iterable[Action] = (),
) -> Judged:
    """The verdict on one action as the data has it up to `as_of`; `others` are the service's other actions."""
    line = next((each for each in lines if each.address == action.address), None)
    if action.address is None:
        return Judged(action=action, as_of=as_of, lack="indicator")
    if line is None:
        return Judged(action=action, as_of=as_of, lack="line")
    unit = line.indicator.unit
    if action.started is None or action.started >= as_of:
        return Judged(action=action, as_of=as_of, lack="start", unit=unit)
    return _compared(db, service, (line, _demand(lines, line, service)), action, action.started, as_of, others)


def _compared(
    db: read.Reader,
    service: Service,
    pair: tuple[Line, Line | None],
    action: Action,
    started: datetime,
    as_of: datetime,
    others: Iterable[Action],
) -> Judged:
    line, demand = pair
    window = span(started, as_of)
    drawn = signals(db, [each for each in pair if each], window, HOUR, service)
    signal = drawn.get(line.address)
    if signal is None:
        return Judged(action=action, as_of=as_of, lack="line", unit=line.indicator.unit)
    better = wanted(action, line.indicator.better, _level_before(signal, started))
    if better == "neutral":
        return Judged(action=action, as_of=as_of, lack="direction", unit=line.indicator.unit)
    changes = _changes(db, service.name, action, started, window, others)
    known = drawn.get(demand.address) if demand else None
    found = effect(signal, started, as_of, better=better, demand=known, others=changes)
    known_of_it = Judged(
        action=action,
        as_of=as_of,
        unit=line.indicator.unit,
        is_hourly=line.indicator.rollup == "sum" and not line.is_ratio,
        others=changes,
    )
    if isinstance(found, Insufficient):
        return replace(known_of_it, lack="days", days=found.have, needed=found.needed)
    return replace(known_of_it, effect=found)


def _demand(lines: Sequence[Line], line: Line, service: Service) -> Line | None:
    """What the service calls its demand, of the same component where it can be; a measure of use has none."""
    if line.indicator.perspective == "demand" or line.address in service.demand:
        return None
    found = [each for each in lines if each.address in service.demand]
    found.sort(key=lambda each: (each.component != line.component, service.demand.index(each.address)))
    return next(iter(found), None)


def _level_before(signal: Signal, started: datetime) -> float | None:
    at = np.datetime64(started.replace(tzinfo=None), "us")
    before = (signal.ts < at) & (signal.ts >= at - np.timedelta64(FEWEST_WEEKS, "W"))
    return float(signal.values[before].mean()) if before.any() else None


def _changes(
    db: read.Reader, service: str, action: Action, started: datetime, window: Window, others: Iterable[Action]
) -> tuple[datetime, ...]:
    """When anything else of the same component was deployed or begun."""
    frame = deliveries.deployments(db, window, service)
    mine = frame[(frame["component"] == action.component) & (frame["status"] != "failed")]
    ends = mine["ended_at"].fillna(mine["started_at"])
    deployed = [at.to_pydatetime() for at in ends]
    begun = [
        each.started
        for each in others
        if each.id != action.id and each.component == action.component and each.started and not each.dropped
    ]
    return tuple(
        sorted(
            at
            for at in [*(each for each in deployed if abs(each - started) > OWN), *begun]
            if window.start <= at < window.end
        )
    )
