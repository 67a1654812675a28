"""Quota: something that may only be used so much, and was used up: refused calls, a full quota, mail held back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from metrics.review.suspects.demand import breadth
from metrics.review.suspects.infra import Sign, gathered
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.stated import kind_in, statements
from metrics.review.suspects.suspect import Reason, Suspect, Value

__all__ = ["quota"]

WRITTEN, TITLED, ALERTED, REFUSED, FULL, PILED, HELD = 0.85, 0.6, 0.5, 0.7, 0.6, 0.4, 0.6
REFUSALS = ("faas.throttles", "mail.rejected")
SHARES = ("quota.utilization", "mail.quota.utilization", "faas.concurrency.utilization")
# Connections pile up wherever queries wait: their limit is reached by more than one road.
PILING = ("db.client.connection.utilization",)
AT_LIMIT = 0.97
# What is sent fell to less than this of the usual while people came as usual.
HELD_BACK, AS_USUAL = 0.6, 0.8


def quota(scene: Scene) -> Iterator[Suspect]:
    """Signs of one component are one suspect."""
    yield from gathered(scene, "quota", [*_stated(scene), *_refused(scene), *_full(scene), *_held(scene)])


def _stated(scene: Scene) -> Iterator[Sign]:
    for said in statements(scene):
        if said.kind == "quota":
            weight = (WRITTEN if said.is_written else TITLED) * len(said.met) / len(scene.windows)
            reason = Reason("incident_says", {"title": said.event.title, "at": said.event.started_at})
            yield Sign(said.event.component, None, weight, reason, event=said.event)
    for event in scene.of_kind("alert"):
        if kind_in(event.title) == "quota" and (met := scene.met(event)):
            reason = Reason("alert_fired", {"title": event.title, "at": event.started_at})
            yield Sign(event.component, None, ALERTED * len(met) / len(scene.windows), reason, event=event)


def _refused(scene: Scene) -> Iterator[Sign]:
    for each in scene.excesses.named(*REFUSALS):
        if each.up.any():
            values: dict[str, Value] = {"line": each.line.address, "now": float(np.median(each.now[each.up]))}
            yield Sign(
                each.line.component, each.line.part, REFUSED * float(each.up.mean()), Reason("refused", values)
            )


def _full(scene: Scene) -> Iterator[Sign]:
    for each in scene.excesses.named(*SHARES, *PILING):
        limit = scene.limits.get(each.line.address, 100.0)
        full = each.now >= AT_LIMIT * limit
        if full.any():
            weight = (PILED if each.line.indicator.name in PILING else FULL) * float(full.mean())
            values: dict[str, Value] = {
                "line": each.line.address,
                "now": float(np.median(each.now[full])),
                "bound": limit,
            }
            yield Sign(each.line.component, each.line.part, weight, Reason("at_limit", values))


def _held(scene: Scene) -> Iterator[Sign]:
    """Mail that falls while nothing else does is held back somewhere."""
    _, ratio = breadth(scene)
    for each in scene.excesses.named("mail.sent"):
        held = each.down & (each.now <= HELD_BACK * each.usual)
        if held.any() and ratio >= AS_USUAL:
            now, usual = float(np.median(each.now[held])), float(np.median(each.usual[held]))
            values: dict[str, Value] = {"share": now / usual, "now": now, "usual": usual}
            yield Sign(each.line.component, each.line.part, HELD * float(held.mean()), Reason("sends_fell", values))
