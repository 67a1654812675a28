"""Access: an endpoint, a function or a statement that was called much more than is usual at that time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.review.lines import address_of
from metrics.review.suspects.excess import Excess, Floats
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.suspect import Reason, Suspect, Value

__all__ = ["Called", "access", "called"]

COUNTS = ("http.server.request.count", "faas.invocations", "db.query.load")
"""What counts calls; the load of a statement is its calls times their length."""
# What a call takes; the median where it is known.
TAKES = ("http.server.request.duration.p50", "http.server.request.duration.p95", "faas.duration.p95")
# Half as much again is a middling sign, three times as much nearly a certain one.
STRONG = 0.5
# Endpoints that grew alike, within this factor, are one client's doing, or everybody's.
ALIKE = 2.0
# What is called more need not be of the component that suffers: an export hurts the database.
ELSEWHERE = 0.9
# Nothing that is only inferred is sure.
MOST = 0.95


@dataclass(frozen=True, slots=True)
class Called:
    """What was called more, with the time that the calls beyond the usual took."""

    component: str
    part: str | None
    excess: Excess
    extra: float
    """Seconds a sample, or calls where nobody knows how long they take; all windows together."""


def called(scene: Scene) -> list[Called]:
    """Every endpoint, or the component where its endpoints are not told apart."""
    counts = scene.excesses.named(*COUNTS)
    split = {(each.line.component, each.line.indicator.name) for each in counts if each.line.part is not None}
    found = []
    for each in counts:
        line = each.line
        if line.part is None and (line.component, line.indicator.name) in split:
            continue
        size = np.where(each.up, each.size, 0.0)
        found.append(Called(line.component, line.part, each, float(np.nansum(size)) * _takes(scene, each)))
    return found


def access(scene: Scene) -> Iterator[Suspect]:
    """Who had the excess; endpoints of one component that grew alike are named as one."""
    every = called(scene)
    more = [each for each in every if each.excess.up.any() and each.extra > 0]
    if scene.plan.is_long:  # over weeks everything grows somewhere
        more = [each for each in more if scene.relation(each.component) in ("same", "among")]
    total = sum(each.extra for each in more)
    for group in _alike(more, every):
        yield _suspect(scene, group, sum(each.extra for each in group) / total)
    if not more and every and not scene.plan.is_long:
        most = max(every, key=lambda each: float(np.nansum(each.excess.usual)))
        against = Reason("no_endpoint_more", {"endpoints": float(len(every))})
        yield Suspect("access", most.component, most.component, None, 0.0, 0.0, against=(against,), is_ruled_out=True)


def _alike(more: Sequence[Called], every: Sequence[Called]) -> Iterator[list[Called]]:
    for component in dict.fromkeys(each.component for each in more):
        mine = [each for each in more if each.component == component]
        gains = [each.excess.ratio - 1 for each in mine]
        whole = len(mine) == sum(each.component == component for each in every)
        if len(mine) > 1 and whole and max(gains) <= ALIKE * min(gains):
            yield mine
        else:
            yield from ([each] for each in mine)


def _suspect(scene: Scene, group: Sequence[Called], share: float) -> Suspect:
    lead = max(group, key=lambda each: each.extra)
    excess, part = lead.excess, lead.part if len(group) == 1 else None
    known = np.isfinite(excess.z)
    met, of = int((excess.up & known).sum()), len(scene.windows)
    ratio = _ratio(excess)
    without, days = _without(scene, excess)
    strength = 1 - np.exp(-(ratio - 1) / STRONG)
    related = ELSEWHERE if scene.relation(lead.component) == "other" else 1.0
    score = MOST * met / of * strength * (0.6 + 0.4 * share) * related * (1 - without / max(days, 1))
    values: dict[str, Value] = {
        "times": ratio,
        "now": _per_hour(excess, excess.now),
        "usual": _per_hour(excess, excess.usual),
    }
    reasons = [Reason("calls_beyond_usual", values), Reason("in_windows", {"met": float(met), "of": float(of)})]
    if len(group) < 2 and share < 1:
        reasons.append(Reason("share_of_calls", {"share": share}))
    against = [Reason("other_windows", {"without": float(of - met), "of": float(of)})] if met < of else []
    if without:
        against.append(Reason("days_without", {"without": float(without), "of": float(days)}))
    name = part or lead.component
    return Suspect(
        "access", name, lead.component, part, min(share * met / of, 1.0), float(score), tuple(reasons), tuple(against)
    )


def _ratio(excess: Excess) -> float:
    """In the windows where it was more; of nothing, as if one call had been usual."""
    now, usual = excess.now[excess.up], np.maximum(excess.usual[excess.up], 0.0)
    floor = 1.0 if excess.line.indicator.rollup == "sum" else 1e-6
    return float(np.median(np.maximum(now, floor) / np.maximum(usual, floor)))


def _without(scene: Scene, excess: Excess) -> tuple[int, int]:
    """On how many earlier days it was called as much more, and the trouble did not come."""
    lead = scene.lead
    troubled = lead.past_up if lead is not None else np.zeros_like(excess.past_up)
    return int((excess.past_up & ~troubled).sum()), int(np.isfinite(excess.past).sum())


def _takes(scene: Scene, each: Excess) -> float:
    """How long a call usually takes; 1 where nobody knows, the same for all of a component."""
    line = each.line
    for name in TAKES:
        beside = scene.excesses.of.get(address_of(line.component, line.part, name))
        if beside is not None:
            usual = beside.usual[np.isfinite(beside.usual)]
            return float(np.median(usual)) if len(usual) else 1.0
    return 1.0


def _per_hour(excess: Excess, values: Floats) -> float:
    there = values[excess.up]
    per = 3600 / excess.line.period_s if excess.line.period_s and excess.line.indicator.rollup == "sum" else 1.0
    return float(np.median(there)) * per
