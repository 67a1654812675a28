"""When and how strongly each of the eight stories happens: drawn from the seed, counted back from the demo's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from metrics.collect._demo.calendar import Grid, at, days, is_day_off, local_day
from metrics.collect._demo.signals import generator, pick
from metrics.model import Window

__all__ = ["LIMITED", "NODES", "Gap", "Jump", "Plan", "draw"]

NODES = ("ip-10-0-1-21", "ip-10-0-1-84", "ip-10-0-2-37", "ip-10-0-2-90", "ip-10-0-3-15")
LIMITED = ("aurora-main", "mail", "resume-parser")
"""What demand uses up: database connections, the mail quota, concurrent functions."""


@dataclass(frozen=True)
class Jump:
    """One burst of exports; strength 1 is the ordinary one."""

    window: Window
    strength: float


@dataclass(frozen=True)
class Gap:
    """A time for which nothing of these series could be collected; None means all of the component's parts."""

    component: str
    part: str | None
    window: Window
    detail: str


@dataclass(frozen=True)
class Plan:
    seed: int
    grid: Grid
    growth: float
    """How fast demand grows a week, as an exponent."""
    runs_out: Mapping[str, datetime]
    """When each limited component's busiest hour reaches its limit; the first one needs a decision."""
    latency_from: Mapping[str, datetime]
    mail_from: datetime
    batch_from: datetime
    slow_query_from: datetime
    outage: Window
    outage_detected: datetime
    export_from: datetime
    jumps: tuple[Jump, ...]
    disk_node: str
    disk_from: datetime
    disk_full: datetime
    disk_level: float
    """Per cent used before it began to fill."""
    build_minutes: tuple[float, float]
    """The image build at the demo's beginning and at its end."""
    build_ahead_from: datetime
    gaps: tuple[Gap, ...]

    @property
    def last_day(self) -> date:
        return local_day(self.grid.end)


def draw(seed: int, grid: Grid) -> Plan:
    """The whole plan of a seed; depends on the demo's end, and on its length only where a story fills it all."""
    rng = generator(seed, "plan")
    last = local_day(grid.end)
    outage = _outage(rng, last)
    export_from = at(_working_day(rng, last, 13, 16), 9.0)
    disk_level, disk_slope = pick(rng, 39, 45), pick(rng, 1.25, 1.7)
    disk_full = grid.end + timedelta(days=12, hours=pick(rng, -5, 5))
    build_end = pick(rng, 58, 63)
    return Plan(
        seed=seed,
        grid=grid,
        growth=pick(rng, 0.018, 0.022),
        runs_out=_limits(rng, grid.end),
        latency_from={
            "web": at(last - timedelta(days=int(rng.integers(105, 119))), 11.0),
            "search": at(last - timedelta(days=int(rng.integers(33, 47))), 15.0),
        },
        mail_from=at(last - timedelta(days=int(rng.integers(70, 84))), 10.0),
        batch_from=at(last - timedelta(days=int(rng.integers(56, 67))), 12.0),
        slow_query_from=outage.start - timedelta(days=21),
        outage=outage,
        outage_detected=outage.start + timedelta(minutes=int(rng.integers(7, 14))),
        export_from=export_from,
        jumps=_jumps(rng, last, grid.end, export_from),
        disk_node=NODES[int(rng.integers(len(NODES)))],
        disk_from=disk_full - timedelta(days=(100 - disk_level) / disk_slope),
        disk_full=disk_full,
        disk_level=disk_level,
        build_minutes=(build_end * pick(rng, 0.48, 0.54), build_end),
        build_ahead_from=at(last - timedelta(days=int(rng.integers(7, 10))), 12.0),
        gaps=_gaps(rng, last),
    )


def _working_day(rng: np.random.Generator, last: date, near: int, far: int) -> date:
    """A working day that many days before the end; any day where all of them are days off."""
    span = list(days(last - timedelta(days=far), last - timedelta(days=near)))
    working = [day for day in span if not is_day_off(day)] or span
    return working[int(rng.integers(len(working)))]


def _limits(rng: np.random.Generator, end: datetime) -> dict[str, datetime]:
    ahead = (pick(rng, 38, 55), pick(rng, 115, 150), pick(rng, 190, 240))
    order = rng.permutation(len(LIMITED))
    return {LIMITED[n]: end + timedelta(days=d) for n, d in zip(order, ahead, strict=True)}


def _outage(rng: np.random.Generator, last: date) -> Window:
    start = at(_working_day(rng, last, 38, 54), pick(rng, 10.2, 15.4))
    start = start.replace(minute=start.minute // 5 * 5, second=0, microsecond=0)
    return Window(start, start + timedelta(minutes=5 * int(rng.integers(11, 18))))


def _jumps(rng: np.random.Generator, last: date, end: datetime, since: datetime) -> tuple[Jump, ...]:
    """Seven or so in two weeks, at least three of them in the last one; at most one in a morning or an afternoon."""
    recent, earlier = _slots(last, 1, 6), _slots(last, 7, 13)
    chosen = [
        *(recent[n] for n in rng.choice(len(recent), size=min(4, len(recent)), replace=False)),
        *(earlier[n] for n in rng.choice(len(earlier), size=min(4, len(earlier)), replace=False)),
    ]
    jumps = []
    for day, hour in sorted(chosen):
        start = at(day, hour + pick(rng, 0, 1.6))
        length = timedelta(minutes=pick(rng, 30, 75))
        if since < start and start + length < end:
            jumps.append(Jump(Window(start, start + length), pick(rng, 0.9, 1.3)))
    return tuple(jumps)


def _slots(last: date, near: int, far: int) -> list[tuple[date, float]]:
    span = list(days(last - timedelta(days=far), last - timedelta(days=near)))
    working = [day for day in span if not is_day_off(day)] or span
    return [(day, hour) for day in working for hour in (10.1, 13.6, 16.0)]


def _gaps(rng: np.random.Generator, last: date) -> tuple[Gap, ...]:
    def span(near: int, far: int, hour: float, hours: float) -> Window:
        start = at(last - timedelta(days=int(rng.integers(near, far))), hour)
        return Window(start, start + timedelta(hours=hours))

    whole_day = at(last - timedelta(days=int(rng.integers(60, 80))), 0.0)
    return (
        Gap("eks", None, span(20, 32, 1.5, 3.25), "collector timed out: the monitoring endpoint gave no answer"),
        Gap("cache", None, Window(whole_day, whole_day + timedelta(days=1)), "credentials had expired"),
        Gap("aurora-main", None, span(3, 6, 21.25, 0.75), "collector throttled: too many requests"),
        Gap("eks", NODES[2], span(95, 130, 13.0, 6.0), "node replaced: no metrics until its exporter ran"),
    )
