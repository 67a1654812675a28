"""Deployments: shortly before it began, of the same component, and not what this component's deployments always do.

Refused is a deployment when the trouble is not new with it, was over before it was done, or is usual after
deployments of its component; or when there were too few before to tell, unless somebody says that it did it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp
from statistics import median

from metrics.model import Event, Window
from metrics.review.delivery.deployments import REMEDIES, counted_environment, status_of
from metrics.review.suspects.scene import SLACK, Scene, mean_between
from metrics.review.suspects.stated import Statement, statements
from metrics.review.suspects.suspect import Reason, Suspect, Value

__all__ = ["deployments"]

# A roll-out shows within the hour; a step is only known to half a day.
NEAR, NEAR_LONG = timedelta(hours=3), timedelta(hours=24)
FADES, FADES_LONG = timedelta(hours=1.5), timedelta(hours=12)
# What an onset may be wrong by.
OFF_LONG = timedelta(hours=12)
# Shorter troubles are over before anybody could say that they came to stay.
TRANSIENT = timedelta(minutes=10)
# With fewer deployments before, nobody knows what is usual after one; so far back they count.
FEWEST, BACK = 3, timedelta(weeks=13)
AFTER, BEFORE = timedelta(minutes=30), timedelta(minutes=30)
# Of the earlier ones so many with the same rise make it usual.
USUAL = 0.5
RELATED = {"same": 1.0, "among": 0.7, "whole": 0.8, "other": 0.5}
# What grows slowly is seldom a deployment's doing, and nobody knows to the hour when it began.
TRENDS, SLOW = ("drift", "forecast"), 0.4
# By its time alone; by a mending deployment, which says so, or is only there at the right time; by an incident.
BASE, MENDED, FOLLOWED, STATED = 0.8, 0.9, 0.85, 0.97


@dataclass(frozen=True, slots=True)
class _Case:
    """One deployment, the windows it may explain, and what is known against it."""

    event: Event
    covered: tuple[Window, ...]
    lag: timedelta
    mend: Event | None
    said: Statement | None


def deployments(scene: Scene) -> Iterator[Suspect]:
    """One suspect for each that was near, whether it is refused or not."""
    counted = counted_environment(scene.service)
    every = [event for event in scene.of_kind("deployment") if _is_counted(event, counted)]
    said = list(statements(scene))
    for event in every:
        case = _case(scene, event, every, said)
        if case is not None:
            yield _suspect(scene, case, every)


def _is_counted(event: Event, counted: str) -> bool:
    environment = event.attrs.get("environment")
    reached = status_of(event.status) == "succeeded"
    return reached and (environment is None or str(environment).casefold() == counted.casefold())


def _case(scene: Scene, event: Event, every: Sequence[Event], said: Sequence[Statement]) -> _Case | None:
    """None where it was nowhere near, and nobody says that it did it."""
    near, off = (NEAR_LONG, OFF_LONG) if _is_step(scene) else (NEAR, SLACK)
    end = event.ended_at or event.started_at
    around = [w for w in scene.trouble.windows if event.started_at <= w.end and w.start - end <= near]
    stated = next((each for each in said if each.deployment == event.id), None)
    if not around and stated is None:
        return None
    covered = tuple(w for w in around if event.started_at - off <= w.start)
    lag = min((max(w.start - end, timedelta(0)) for w in covered), default=timedelta(0))
    return _Case(event, covered, lag, _mend(scene, event, every), stated)


def _is_step(scene: Scene) -> bool:
    return scene.plan.is_long or scene.trouble.kind in ("shift", "drift", "forecast")


def _mend(scene: Scene, event: Event, every: Sequence[Event]) -> Event | None:
    """A deployment that says that it mends this one, or was made to mend its component while the trouble lasted."""
    whole = scene.trouble.whole
    for other in every:
        mends = other.attrs.get("mends")
        during = event.started_at < other.started_at <= whole.end + SLACK
        is_remedy = other.component == event.component and other.attrs.get("kind") in REMEDIES
        if mends == event.id or (during and is_remedy and not mends):
            return other
    return None


def _suspect(scene: Scene, case: _Case, every: Sequence[Event]) -> Suspect:
    event, said = case.event, case.said
    refusal = None if said is not None else _refusal(scene, case, every)
    score, reasons = _weighed(scene, case)
    against = [refusal] if refusal else []
    missed = len(scene.trouble.windows) - len(case.covered)
    if missed > 0 and not refusal:
        against.append(Reason("other_windows", {"without": float(missed), "of": float(len(scene.trouble.windows))}))
    if scene.relation(event.component) == "other":
        against.append(Reason("other_component", {"component": event.component}))
    return Suspect(
        "deployment", event.title or event.id, event.component, None, None, 0.0 if refusal else score,
        tuple(reasons), tuple(against), event.started_at, event.ended_at, event.url, is_ruled_out=refusal is not None,
    )  # fmt: skip


def _weighed(scene: Scene, case: _Case) -> tuple[float, list[Reason]]:
    covered = len(case.covered) / len(scene.trouble.windows)
    relation = scene.relation(case.event.component)
    near = exp(-(case.lag / (FADES_LONG if _is_step(scene) else FADES)))
    near *= SLOW if scene.trouble.kind in TRENDS else 1.0
    score = BASE * covered * RELATED[relation] * near
    reasons = []
    if case.covered:
        told: dict[str, Value] = {"lag_s": case.lag.total_seconds(), "id": case.event.id}
        reasons.append(Reason("deployed_before", told) if case.lag else Reason("deployed_then", told))
    if relation in ("same", "among"):
        reasons.append(Reason("same_component", {"component": case.event.component}))
    if case.mend is not None and case.covered:
        says = case.mend.attrs.get("mends") == case.event.id
        score = max(score, covered * RELATED[relation] * (MENDED if says else FOLLOWED * near))
        reasons.append(Reason("mended_by", {"title": case.mend.title or case.mend.id, "at": case.mend.started_at}))
    if case.said is not None:
        share = max(covered, len(case.said.met) / len(scene.windows))
        score = max(score, STATED * share)
        reasons.insert(0, Reason("incident_names", {"title": case.said.event.title, "id": case.event.id}))
    return score, reasons


def _refusal(scene: Scene, case: _Case, every: Sequence[Event]) -> Reason | None:
    """Why it can't have been this one, or why nobody can tell."""
    event = case.event
    end = event.ended_at or event.started_at
    if not case.covered:
        return Reason("not_new", {"at": scene.trouble.onset, "deployed_at": event.started_at})
    if all(window.end <= end for window in case.covered):
        return Reason("over_before", {"until": max(window.end for window in case.covered), "deployed_at": end})
    if scene.is_usual:
        return Reason("nothing_unusual")
    if max(window.duration for window in case.covered) < TRANSIENT:
        return Reason("transient", {"lasted_s": max(w.duration for w in case.covered).total_seconds()})
    if case.mend is not None:
        return None
    earlier = [
        each for each in every
        if each.component == event.component and each is not event and not each.attrs.get("mends")
        and event.started_at - BACK <= each.started_at < event.started_at
    ]  # fmt: skip
    if len(earlier) < FEWEST:
        return Reason("too_few_before", {"have": float(len(earlier)), "needed": float(FEWEST)})
    return _usual_after(scene, case, earlier)


def _usual_after(scene: Scene, case: _Case, earlier: Sequence[Event]) -> Reason | None:
    """Whether the line does the same after most deployments of the component, or did it before this one."""
    curve = scene.curve_for(case.event.component)
    if curve is None or scene.plan.is_long:
        return None
    event = case.event
    levels = [mean_between(curve, w.start, w.end) for w in case.covered]
    before = mean_between(curve, event.started_at - BEFORE, event.started_at)
    known = [level for level in levels if level is not None]
    if before is None or not known or median(known) == before:
        return None
    rise = median(known) - before
    seen = []
    for each in earlier:
        end = each.ended_at or each.started_at
        was, then = (
            mean_between(curve, each.started_at - BEFORE, each.started_at),
            mean_between(curve, end, end + AFTER),
        )
        if was is not None and then is not None:
            seen.append((then - was) / rise >= 0.5)
    if len(seen) >= FEWEST and sum(seen) >= USUAL * len(seen):
        return Reason("usual_after", {"alike": float(sum(seen)), "of": float(len(seen))})
    return None
