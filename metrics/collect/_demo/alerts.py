"""The demo's alerts, each an episode: most of them say nothing about the service (story 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from metrics.collect._demo.calendar import STEP, at
from metrics.collect._demo.happening import Attrs, Happening
from metrics.collect._demo.signals import Floats
from metrics.collect._demo.troubles import Trouble
from metrics.collect._demo.world import World
from metrics.model import Window

__all__ = ["alerts"]

_HEALTH = ("node_lost", "failover", "retry_storm", "mail_slow")


def alerts(world: World) -> Iterator[Happening]:
    yield from _nightly(world)
    yield from _outage(world)
    yield from _latency(world)
    yield from _certificates(world)
    for trouble in world.troubles:
        if trouble.kind in ("error_log", "broken", "outage"):
            yield _log_errors(trouble)
        if trouble.kind in _HEALTH:
            yield _health(trouble)


def _alert(
    rule: str, component: str, window: Window, title: str, severity: str, *, acted: bool, impact: bool
) -> Happening:
    name = f"{rule}-{component}-{window.start:%Y%m%d%H%M}"
    attrs: Attrs = {"rule": rule, "severity": severity, "acted": acted, "service_impact": impact}
    return Happening("alert", name, component, window.start, window.end, "resolved", title, f"/alerts/{name}", attrs)


def _nightly(world: World) -> Iterator[Happening]:
    """CPU over 75 % for a quarter of an hour: it fires while `matching` runs, each night, and nobody acts."""
    title = "aurora-main CPU over 75 % for 15 minutes"
    for window in _episodes(world, world.writer_cpu * (world.batch > 0), line=75.0, needed=3):
        if not world.plan.outage.start <= window.start < world.plan.outage.end:
            yield _alert("aurora-cpu-high", "aurora-main", window, title, "warning", acted=False, impact=False)


def _episodes(world: World, values: Floats, line: float, needed: int) -> Iterator[Window]:
    """Times for which the values stayed over the line, from when they had done so for that many steps."""
    over = np.concatenate(([0], (values > line).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(over))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first > needed:
            yield Window(world.grid.start + STEP * int(first + needed), world.grid.start + STEP * int(last))


def _outage(world: World) -> Iterator[Happening]:
    window = Window(world.plan.outage_detected, world.plan.outage.end)
    title = "aurora-main CPU at 100 %"
    yield _alert("aurora-cpu-pinned", "aurora-main", window, title, "critical", acted=True, impact=True)


def _latency(world: World) -> Iterator[Happening]:
    """The stronger of the export jumps were seen, and waited out."""
    title = "web p95 over 500 ms"
    for jump in world.plan.jumps:
        if jump.strength > 1.1 and jump.window.duration > timedelta(minutes=20):
            window = Window(jump.window.start + timedelta(minutes=15), jump.window.end)
            yield _alert("web-latency-high", "web", window, title, "warning", acted=False, impact=True)


def _certificates(world: World) -> Iterator[Happening]:
    for back in (23, 61, 112):
        start = at(world.plan.last_day - timedelta(days=back), 5.1)
        window = Window(start, start + timedelta(hours=5))
        title = "a certificate expires within 30 days"
        yield _alert("certificate-expiry", "web", window, title, "warning", acted=True, impact=False)


def _log_errors(trouble: Trouble) -> Happening:
    """Looked at each time, and nine of ten times nothing was wrong for anybody."""
    component = "web" if trouble.component == "aurora-main" else trouble.component
    start = trouble.window.start + timedelta(minutes=4)
    window = Window(start, max(trouble.window.end, start + STEP))
    title = f"error logs of {component}: {trouble.title}"
    impact = trouble.severity is not None
    return _alert("error-log", component, window, title, "error", acted=True, impact=impact)


def _health(trouble: Trouble) -> Happening:
    window = Window(trouble.detected or trouble.window.start, trouble.window.end)
    rule = f"{trouble.component}-health"
    return _alert(rule, trouble.component, window, trouble.title, "error", acted=True, impact=True)
