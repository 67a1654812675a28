"""What the suspects are judged by, read from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from metrics.model import Event, Service, Window
from metrics.review.lines import Curve, Line, by_series, curve
from metrics.review.rows import Row, moment, text
from metrics.review.suspects.cuts import HISTORY, cuts
from metrics.review.suspects.excess import excesses
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.trouble import Trouble
from metrics.store import read
from metrics.store.slices import slices

__all__ = ["EVENTS", "KINDS", "Happened", "happened", "scene"]

KINDS = ("deployment", "batch_run", "incident", "alert")
"""What is shown of what happened; changes are many, and only looked through."""
# A quarter: to know what is usual after deployments.
EVENTS = timedelta(weeks=13)
# The troubled lines that are followed over weeks: of an item with more, the leading ones.
FOLLOWED = 12
STEP, HOUR = timedelta(minutes=5), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in a time, oldest first, for all the scenes within it: to read it takes as long as the rest."""

    window: Window
    events: tuple[Event, ...]

    def within(self, window: Window) -> tuple[Event, ...] | None:
        """As the store would have it; None where it was not read so far."""
        since, until = window.start, window.end
        if since < self.window.start or until > self.window.end:
            return None
        return tuple(
            each for each in self.events
            if each.started_at < until and (each.started_at >= since or (each.ended_at or until) > since)
        )  # fmt: skip


def happened(db: read.Reader, service: str, window: Window) -> Happened:
    """Everything that a scene of that time is judged by."""
    return Happened(window, _events(db, service, window))


def scene(
    db: read.Reader, service: Service, lines: Sequence[Line], trouble: Trouble, known: Happened | None = None
) -> Scene:
    """All that is known of a trouble, among a service's lines."""
    plan = cuts(trouble, service.time_zone)
    ids = sorted({number for line in lines for number in line.ids})
    frame = slices(db, ids, [cut.window for cut in plan.cuts])
    around = Window(trouble.whole.start - EVENTS, trouble.whole.end)
    events = known.within(around) if known else None
    return Scene(
        service=service,
        trouble=trouble,
        plan=plan,
        excesses=excesses(lines, frame, plan),
        curves=_curves(db, service, lines, trouble, is_long=plan.is_long),
        events=_events(db, service.name, around) if events is None else events,
        limits=_limits(service, lines),
    )


def _curves(
    db: read.Reader, service: Service, lines: Sequence[Line], trouble: Trouble, *, is_long: bool
) -> dict[str, Curve]:
    by_address = {line.address: line for line in lines}
    wanted = [by_address[each] for each in trouble.lines if each in by_address][:FOLLOWED]
    ids = sorted({number for line in wanted for number in line.ids})
    whole = trouble.whole
    window = Window(whole.start - HISTORY, whole.end)
    buckets = by_series(read.buckets(db, ids, window, HOUR if is_long else STEP, service.time_zone))
    drawn = {line.address: curve(line, buckets) for line in wanted}
    return {address: each for address, each in drawn.items() if each is not None}


def _events(db: read.Reader, service: str, window: Window) -> tuple[Event, ...]:
    return tuple(_event(row) for row in read.events(db, window, (*KINDS, "change"), service).to_dict("records"))


def _event(row: Row) -> Event:
    return Event(
        service=str(row["service"]),
        kind=row["kind"],
        id=str(row["id"]),
        source=str(row["source"]),
        started_at=row["started_at"].to_pydatetime(),
        observed_at=row["observed_at"].to_pydatetime(),
        component=text(row["component"]),
        ended_at=moment(row["ended_at"]),
        status=text(row["status"]),
        title=str(row["title"] or ""),
        url=text(row["url"]),
        attrs=row["attrs"],
    )


def _limits(service: Service, lines: Sequence[Line]) -> dict[str, float]:
    known = {component.name: component.limits for component in service.components}
    found = {line.address: known.get(line.component, {}).get(line.indicator.name) for line in lines}
    return {address: limit for address, limit in found.items() if limit is not None}
