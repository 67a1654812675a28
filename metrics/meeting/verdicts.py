"""Judging actions by the store: the line that was named, its demand, and what else was changed in the same weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from metrics.analysis.effect import FEWEST_WEEKS, MOST_WEEKS, Effect, Reason, effect
from metrics.analysis.signal import DAY_S, Signal
from metrics.model import Insufficient, Service, Window
from metrics.review.actions import Action
from metrics.review.delivery.deployments import counted_environment, followed
from metrics.review.judged import Judged, Lately, Rough, wanted
from metrics.review.lines import Line
from metrics.store import deliveries, read
from metrics.trends.reading import signals

__all__ = ["AROUND", "judged", "span"]

AROUND: Final = timedelta(weeks=MOST_WEEKS)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
FOLLOWS: Final = 0.7
"""As trend alerts tell what follows the demand (docs/detection.md); of two days at least."""
FEWEST_HOURS: Final = 48
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
        return Judged(action=action, as_of=as_of, lack="newer" if action.started else "start", unit=unit)
    return _compared(db, service, (line, _demands(lines, line, service)), action, action.started, as_of, others)


def _compared(
    db: read.Reader,
    service: Service,
    pair: tuple[Line, Sequence[Line]],
    action: Action,
    started: datetime,
    as_of: datetime,
    others: Iterable[Action],
) -> Judged:
    line, demands = pair
    window = span(started, as_of)
    drawn = signals(db, [line, *demands], window, HOUR, service)
    signal = drawn.get(line.address)
    unit = line.indicator.unit
    if signal is None:
        return Judged(action=action, as_of=as_of, lack="line", unit=unit)
    better = wanted(action, line.indicator.better, _level_before(signal, started))
    if better == "neutral":
        return Judged(action=action, as_of=as_of, lack="direction", unit=unit)
    changes = _changes(db, service, action, started, window, others)
    demand = _followed(signal, [drawn[each.address] for each in demands if each.address in drawn], started)
    found = effect(signal, started, as_of, better=better, demand=demand, others=changes)
    against = _against(found)
    if against is not None and not isinstance(found, Insufficient):
        # What follows the demand falls with it: one that rose can't be why the line fell.
        alone = effect(signal, started, as_of, better=better, others=changes)
        found = found if isinstance(alone, Insufficient) else replace(alone, reasons=(*alone.reasons, against))
    is_hourly = line.indicator.rollup == "sum" and not line.is_ratio
    told = Judged(action=action, as_of=as_of, unit=unit, better=better, is_hourly=is_hourly, others=changes)
    if isinstance(found, Insufficient):
        return replace(told, lack="days", days=found.have, needed=found.needed, rough=_rough(signal, started, as_of))
    return replace(told, effect=found, lately=_lately(signal))


def _demands(lines: Sequence[Line], line: Line, service: Service) -> list[Line]:
    """What the service calls its demand; a measure of use has none."""
    if line.indicator.perspective == "demand" or line.address in service.demand:
        return []
    return [each for each in lines if each.address in service.demand]


def _followed(signal: Signal, demands: Sequence[Signal], started: datetime) -> Signal | None:
    """The demand that the line went up and down with, hour by hour, before anything was done."""
    best = max(demands, key=lambda each: _together(signal, each, started), default=None)
    return best if best is not None and _together(signal, best, started) >= FOLLOWS else None


def _against(found: Effect | Insufficient) -> Reason | None:
    """The demand's move, where it went the other way than the step that it is blamed for."""
    if isinstance(found, Insufficient) or found.effect is None or found.verdict != "confounded":
        return None
    moved = next((each for each in found.reasons if each.code == "demand_moved"), None)
    share = moved.values["demand_share"] if moved else None
    if isinstance(share, float) and share * found.effect < 0:
        return Reason("demand_against", {"demand_share": share})
    return None


def _together(signal: Signal, other: Signal, started: datetime) -> float:
    """Their correlation; 0 where too few hours are known."""
    _, mine, theirs = np.intersect1d(signal.ts, other.ts, assume_unique=True, return_indices=True)
    before = signal.ts[mine] < _naive(started)
    a, b = signal.values[mine][before], other.values[theirs][before]
    if len(a) < FEWEST_HOURS or not a.std() or not b.std():
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _rough(signal: Signal, started: datetime, as_of: datetime) -> Rough | None:
    """Plain means of the same weekdays and hours on each side, for what is too rarely measured to be judged."""
    zone = ZoneInfo(signal.zone)
    at, until = (int(each.astimezone(zone).replace(tzinfo=UTC).timestamp()) for each in (started, as_of))
    passed = min(until - at, MOST_WEEKS * 7 * DAY_S)
    back = -(-passed // (7 * DAY_S)) * 7 * DAY_S
    since = signal.local_s - at
    sides = [(since >= -back) & (since < passed - back) & (since < 0), (since >= 0) & (since < passed)]
    if not all(side.any() for side in sides):
        return None
    before, after = (float(signal.values[side].mean()) for side in sides)
    days = [len(np.unique(since[side] // DAY_S)) for side in sides]
    return Rough(before, after, days[0], days[1])


def _lately(signal: Signal) -> Lately | None:
    """Whole weeks, so that neither has more weekends or nights than the other."""
    week, end = np.timedelta64(1, "W"), signal.ts[-1]
    sides = [(signal.ts > end - (n + 1) * week) & (signal.ts <= end - n * week) for n in (0, 1)]
    if not all(side.any() for side in sides):
        return None
    newest, before = (float(signal.values[side].mean()) for side in sides)
    return Lately(newest, before)


def _naive(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def _level_before(signal: Signal, started: datetime) -> float | None:
    at = _naive(started)
    before = (signal.ts < at) & (signal.ts >= at - np.timedelta64(FEWEST_WEEKS, "W"))
    return float(signal.values[before].mean()) if before.any() else None


def _changes(
    db: read.Reader, service: Service, action: Action, started: datetime, window: Window, others: Iterable[Action]
) -> tuple[datetime, ...]:
    """When anything else of the same component was deployed to production or begun.

    A deployment that names no component is of the whole service.
    """
    every = followed(deliveries.deployments(db, window, service.name), [service])
    deployed = [
        datetime.fromtimestamp(each.finished, UTC)
        for each in every
        if each.component in (action.component, None, "")
        and each.environment == counted_environment(service)
        and each.status not in ("failed", "aborted")
    ]
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
