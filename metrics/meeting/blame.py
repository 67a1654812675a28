"""Who an incident may come from, to choose in one click: suspects of its time, and the deployments before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from metrics.meeting.drawn import ALERTING
from metrics.meeting.setting import Setting
from metrics.meeting.told import NO_CHANGE
from metrics.model import Window
from metrics.review.delivery.causes import Incident, Link
from metrics.review.delivery.deployments import Deployment
from metrics.review.minutes import Offer
from metrics.review.suspects.excess import Excess
from metrics.review.suspects.rank import suspicion
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.suspect import Suspect, SuspectKind
from metrics.review.suspects.trouble import trouble_at
from metrics.review.suspects.words import KIND_NAMES
from metrics.trends.agenda import LIKELY
from metrics.trends.scene import scene
from metrics.ui.finding_words import line_name, reason
from metrics.ui.words import quantity, span, t

__all__ = ["PLAUSIBLE", "Looked", "deployment_of", "level", "likely", "look", "offers", "told"]

CAUSE_OF: Final[Mapping[SuspectKind, str]] = {
    "access": "traffic", "demand": "traffic", "infra": "infrastructure", "quota": "quota", "batch_run": "other",
}  # fmt: skip
"""What it was, where it was no change (metrics/review/delivery/verdicts.py), by who is suspected."""
# A suspect with less than that speaking for it is no reason to offer.
PLAUSIBLE = 0.3
# So long before the incident is a deployment worth a button: of its component, and of any other. So many at most.
OWN_S, OTHER_S = 72 * 3600, 24 * 3600
MOST = 3
# Of an incident that is written down without a length.
SHORTEST = timedelta(minutes=5)
# Of one incident these say nothing that its own words don't.
PLAIN = ("incident_says", "in_windows")


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What its time shows: who is suspected, likeliest first, and the line that went with it."""

    suspects: tuple[Suspect, ...] = ()
    line: Excess | None = None
    window: Window | None = None


def look(setting: Setting, incident: Incident) -> Looked:
    """The drill-down into an incident."""
    start = datetime.fromtimestamp(incident.started, UTC)
    end = setting.window.end if incident.ended is None else datetime.fromtimestamp(incident.ended, UTC)
    window = Window(start, max(min(end, setting.window.end), start + SHORTEST))
    known = scene(
        setting.db,
        setting.service,
        setting.lines,
        trouble_at(window, incident.component, setting.lines),
        setting.happened,
    )
    found = tuple(each for each in suspicion(known).suspects if each.score >= PLAUSIBLE)
    return Looked(found, _line(known), window)


def _line(known: Scene) -> Excess | None:
    """What users felt first; where they felt nothing, what of the machine went farthest from its usual."""
    every = [known.excesses.of[each] for each in known.trouble.lines if each in known.excesses.of]
    went = [each for each in every if (each.up | each.down).any()]
    felt = next((each for each in went if each.line.indicator.perspective == "app"), None)
    return felt or max(went, key=lambda each: float(np.nanmax(np.abs(each.z))), default=None)


def level(line: Excess) -> str:
    """How far the line went from its usual: `web latency p95 was 942 ms, usually 234 ms at that time.`"""
    of, went = line.line, line.up | line.down
    counts = of.indicator.rollup == "sum" and not of.is_ratio and of.period_s > 0
    # As it is drawn.
    step = max(ALERTING, timedelta(seconds=of.period_s))
    times = step.total_seconds() / of.period_s if counts else 1
    name = line_name(of.component, of.part, of.indicator)
    now, usual = (
        quantity(float(np.median(each[went])) * times, of.indicator.unit) for each in (line.now, line.usual)
    )
    if counts:
        return t(
            "{name} were {now} in {step}, usually {usual} at that time.",
            name=name,
            now=now,
            usual=usual,
            step=span(step),
        )
    return t("{name} was {now}, usually {usual} at that time.", name=name, now=now, usual=usual)


def likely(link: Link, found: Sequence[Suspect]) -> Suspect | None:
    """The one to put forward, unless somebody's mending says already which deployment it was."""
    if link.deployment is not None and link.method != "time":
        return None
    return next((each for each in found if each.score >= LIKELY), None)


def deployment_of(suspect: Suspect) -> str | None:
    """Its id, if that is what is suspected."""
    named = (each.values.get("id") for each in suspect.reasons if suspect.kind == "deployment")
    return next((str(each) for each in named if each is not None), None)


def told(suspect: Suspect, incident: Incident, zone: str) -> str:
    """Who it is and the strongest thing that speaks for it."""
    who = " ".join(each for each in (t(KIND_NAMES[suspect.kind]), _name(suspect, incident)) if each)
    why = next((reason(each, zone) for each in suspect.reasons if each.code not in PLAIN), None)
    return t("Suspected: {who} – {why}.", who=who, why=why or t("the incident itself says so"))


def offers(
    link: Link, felt: float, found: Sequence[Suspect], every: Sequence[Deployment], environment: str
) -> Iterator[Offer]:
    """Other deployments than the linked one, before it was `felt`; then what it was instead of a change."""
    first = likely(link, found)
    taken = (link.deployment, link.remedy)
    others = [each for place, each in enumerate(every) if place not in taken and each.environment == environment]
    for each in _before(others, _components(link, every), felt, [deployment_of(one) for one in found]):
        ago = timedelta(seconds=felt - each.finished)
        when = t("{span} before", span=span(ago)) if ago > timedelta(0) else t("under way then")
        label = t("{id}: {what}, {when}", id=each.id, what=each.version or each.title, when=when)
        yield Offer(label, each.id, is_likely=first is not None and deployment_of(first) == each.id)
    if link.incident is not None:
        yield from _causes(found, link.incident, first)


def _components(link: Link, every: Sequence[Deployment]) -> tuple[str | None, ...]:
    """Whose deployments are near to it; one without a component is of the whole service."""
    if link.incident is not None:
        return link.incident.component, None
    return (None,) if link.remedy is None else (every[link.remedy].component, None)


def _before(
    every: Sequence[Deployment], own: Sequence[str | None], felt: float, named: Sequence[str | None]
) -> list[Deployment]:
    """Suspected ones first, then the component's own; the nearest of each first."""

    def is_near(each: Deployment) -> bool:
        reach = OWN_S if each.component in own else OTHER_S
        return each.reached_users and each.started <= felt and felt - each.finished <= reach

    near = [each for each in every if is_near(each)]
    return sorted(near, key=lambda each: (each.id not in named, each.component not in own, -each.started))[:MOST]


def _causes(found: Sequence[Suspect], incident: Incident, first: Suspect | None) -> Iterator[Offer]:
    """Each cause once, with who is suspected as the note to keep."""
    seen = set[str]()
    for each in found:
        cause = CAUSE_OF.get(each.kind)
        if cause is None or cause in seen:
            continue
        seen.add(cause)
        name = _name(each, incident)
        label = t("{cause}: {name}", cause=t(NO_CHANGE[cause]), name=name) if name else t(NO_CHANGE[cause])
        kind = t(KIND_NAMES[each.kind])
        note = t("{kind}: {name}", kind=kind, name=name) if name else kind
        yield Offer(label, cause=cause, note=note, is_likely=each is first)


def _name(suspect: Suspect, incident: Incident) -> str:
    """What it is called; of one that is called as the incident is, where it is."""
    if suspect.title != incident.title:
        return suspect.title
    return " ".join(each for each in (suspect.component, suspect.part) if each)
