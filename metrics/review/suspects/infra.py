"""Infrastructure: a part that fell silent, emptied, failed its checks, stands at its bound, or is said to be ill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import exp

import numpy as np

from metrics.model import Event
from metrics.review.suspects.cuts import HISTORY
from metrics.review.suspects.excess import Bools, Floats
from metrics.review.suspects.scene import Scene, meets
from metrics.review.suspects.stated import kind_in, statements
from metrics.review.suspects.suspect import Reason, Suspect, Value

__all__ = ["Sign", "gathered", "infra"]

# How much each sign says by itself; what people wrote says most.
MERGED = 0.7
WRITTEN, TITLED, ALERTED, SILENT, EMPTIED, CHECKS, BOUND = 0.85, 0.6, 0.5, 0.8, 0.7, 0.6, 0.55
BOUNDED = ("system.cpu.utilization", "system.memory.utilization", "system.filesystem.utilization")
FAULTS = ("k8s.node.failed", "system.checks.failed", "http.server.hosts.unhealthy")
# What stands so near to what it can't go beyond is full: the mean of a window has calmer minutes in it.
AT_BOUND = 0.93
# Memory that falls by so much was not freed but lost: a process that began anew.
LOST = 0.25
# Where so many lines of a source are silent, it is the source.
SOURCE_SILENT = 0.5
ELSEWHERE = 0.7
# What was merged takes effect in days; when a trend began is known to about a day.
CHANGED, LATE = timedelta(days=4), timedelta(days=1)
# An alert that fires as often without the trouble says nothing about it.
OFTEN = 3


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for a fault of this part, by how much of the trouble it was there for."""

    component: str | None
    part: str | None
    weight: float
    reason: Reason | None
    against: Reason | None = None
    event: Event | None = None


def infra(scene: Scene) -> Iterator[Suspect]:
    """Signs of one part are one suspect."""
    signs = [*_stated(scene), *_alerts(scene), *_silent(scene), *_emptied(scene), *_checks(scene), *_bound(scene)]
    signs += _changed(scene)
    yield from gathered(scene, "infra", signs)


def gathered(scene: Scene, kind: str, signs: Iterable[Sign]) -> Iterator[Suspect]:
    """One suspect for each component, named by its strongest sign; independent signs add up."""
    by: dict[str | None, list[Sign]] = {}
    for sign in signs:
        by.setdefault(sign.component, []).append(sign)
    for component, mine in by.items():
        mine.sort(key=lambda sign: -sign.weight)
        first, event = mine[0], next((sign.event for sign in mine if sign.event), None)
        related = ELSEWHERE if scene.relation(component) == "other" else 1.0
        part = next((sign.part for sign in mine if sign.part), None)
        title = event.title if event else " ".join(each for each in (component, first.part) if each)
        yield Suspect(
            kind="quota" if kind == "quota" else "infra",
            title=title,
            component=component,
            part=part,
            share=None,
            score=related * (1 - float(np.prod([1 - sign.weight for sign in mine]))),
            reasons=tuple(sign.reason for sign in mine if sign.reason),
            against=tuple(sign.against for sign in mine if sign.against),
            since=event.started_at if event else None,
            until=event.ended_at if event else None,
            url=event.url if event else None,
        )


def _stated(scene: Scene) -> Iterator[Sign]:
    for said in statements(scene):
        if said.kind == "infra":
            weight = (WRITTEN if said.is_written else TITLED) * len(said.met) / len(scene.windows)
            reason = Reason("incident_says", {"title": said.event.title, "at": said.event.started_at})
            part = said.event.attrs.get("part")
            yield Sign(said.event.component, str(part) if part else None, weight, reason, event=said.event)


def _alerts(scene: Scene) -> Iterator[Sign]:
    """Alerts that speak of machines, less those that come as often without any trouble."""
    met = [event for event in scene.of_kind("alert") if kind_in(event.title) == "infra" and scene.met(event)]
    rules: dict[tuple[str | None, str], list[Event]] = {}
    for event in met:
        rules.setdefault((event.component, _rule(event)), []).append(event)
    for (component, rule), fired in rules.items():
        others = _others(scene, component, rule)
        windows = {window.start for event in fired for window in scene.met(event)}
        weight = ALERTED * len(windows) / len(scene.windows) * len(windows) / (len(windows) + others)
        against = Reason("fires_often", {"without": float(others)}) if others >= OFTEN else None
        reason = Reason("alert_fired", {"title": fired[-1].title, "at": fired[-1].started_at})
        yield Sign(component, None, weight, reason, against, fired[-1])


def _others(scene: Scene, component: str | None, rule: str) -> int:
    """How often it fired in the weeks before when there was none of the trouble's windows."""
    since = scene.trouble.onset - HISTORY
    return sum(
        _rule(event) == rule and event.component == component and event.started_at >= since
        and not any(meets(event, window, timedelta(hours=1)) for window in scene.trouble.windows)
        for event in scene.of_kind("alert")
    )  # fmt: skip


def _rule(event: Event) -> str:
    return str(event.attrs.get("rule") or event.title)


def _silent(scene: Scene) -> Iterator[Sign]:
    """Parts that gave no samples, unless most of what their source gives was missing."""
    every = list(scene.excesses.of.values())
    for component, part in dict.fromkeys((e.line.component, e.line.part) for e in every if e.silent.any()):
        mine = [e for e in every if (e.line.component, e.line.part) == (component, part)]
        silent = np.mean([e.silent for e in mine], axis=0) > 0.5
        if part is None or not silent.any() or mine[0].line.indicator.perspective != "infra":
            continue
        beside = [e for e in every if e.line.source == mine[0].line.source and e.line.component == component]
        missing = float(np.mean([e.silent.any() for e in beside]))
        if missing > SOURCE_SILENT:
            yield Sign(component, part, 0.0, None, Reason("source_silent", {"share": missing}))
        else:
            yield Sign(component, part, SILENT * float(silent.mean()), Reason("fell_silent", {"part": part}))


def _emptied(scene: Scene) -> Iterator[Sign]:
    for each in scene.excesses.named("system.memory.utilization"):
        lost = each.down & (each.now <= (1 - LOST) * each.usual)
        if lost.any():
            now, usual = _mid(each.now, lost), _mid(each.usual, lost)
            values: dict[str, Value] = {"line": each.line.address, "now": now, "usual": usual}
            yield Sign(each.line.component, each.line.part, EMPTIED * float(lost.mean()), Reason("emptied", values))


def _checks(scene: Scene) -> Iterator[Sign]:
    for each in scene.excesses.named(*FAULTS):
        if each.up.any():
            values: dict[str, Value] = {"line": each.line.address, "now": _mid(each.now, each.up)}
            yield Sign(
                each.line.component, each.line.part, CHECKS * float(each.up.mean()), Reason("checks_failed", values)
            )


def _bound(scene: Scene) -> Iterator[Sign]:
    """CPU, memory, disks: what is full makes all wait that need it."""
    for each in scene.excesses.named(*BOUNDED):
        bound = scene.limits.get(each.line.address, 100.0)
        full = each.up & (each.now >= AT_BOUND * bound) & (each.usual < 0.9 * bound)
        if full.any():
            stood, usual = _mid(each.now, full), _mid(each.usual, full)
            values: dict[str, Value] = {"line": each.line.address, "now": stood, "bound": bound, "usual": usual}
            yield Sign(each.line.component, each.line.part, BOUND * float(full.mean()), Reason("at_bound", values))


def _changed(scene: Scene) -> Iterator[Sign]:
    """A change of the part that leads, merged about when it began; what is deployed is judged by its deployments."""
    deployed = {event.component for event in scene.of_kind("deployment")}
    for event in scene.of_kind("change") if scene.plan.is_long else ():
        if event.component in deployed or scene.relation(event.component) != "same":
            continue
        lag = scene.trouble.onset - (event.ended_at or event.started_at)
        if -LATE <= lag <= CHANGED:
            reason = Reason("changed_before", {"title": event.title, "at": event.ended_at or event.started_at})
            yield Sign(event.component, None, MERGED * exp(-(abs(lag) / CHANGED)), reason, event=event)


def _mid(values: Floats, where: Bools) -> float:
    return float(np.median(values[where]))
