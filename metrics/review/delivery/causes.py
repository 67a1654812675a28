"""What caused an incident: links to deployments, each with how it was found and how far it can be trusted.

Confirmed is what somebody wrote: the incident names its deployment, the mending deployment names the one it mends,
or a person judged it here. All that is inferred, from versions, kinds, reverts or times, waits for a review.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import inf, isnan
from typing import Final, Literal, get_args

import pandas as pd

from metrics.review.delivery.deployments import REMEDIES, Deployment, Stream, seconds, texts

__all__ = [
    "NEAR_S",
    "Incident",
    "Link",
    "LinkState",
    "Method",
    "Subject",
    "Verdict",
    "incidents_of",
    "links",
]

NEAR_S: Final = 24 * 3600
"""An incident is suspected to be a deployment's for so long after it: docs/metrics.md, "Cause links"."""

Method = Literal["explicit", "rollback", "revert", "hotfix", "time"]
"""How a link was found, by falling strength."""

_BY_STRENGTH: Final[tuple[Method, ...]] = get_args(Method)

LinkState = Literal["confirmed", "unreviewed", "rejected", "unknown"]
"""`rejected`: a person said that no change caused it. `unknown`: no deployment was found."""

Subject = tuple[str, Literal["incident", "deployment"], str]
"""What a person judges: (service, incident, its id), or (service, deployment, the id of the one that mended)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of an incident, or of a deployment that mended one."""

    deployment: str | None
    """The id of the deployment that caused it; None where no change did."""
    by: str
    cause: str | None = None
    """What it was instead: an infrastructure fault, a quota, traffic."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """In seconds since 1970; `ended` is None while it is open."""

    service: str
    component: str | None
    id: str
    started: float
    ended: float | None
    title: str
    url: str | None
    severity: str | None
    caused_by: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One finding about what caused what. At least one of `incident` and `remedy` is there."""

    service: str
    state: LinkState
    method: Method | None
    deployment: int | None
    """The place of the deployment that failed, among all of them."""
    incident: Incident | None = None
    remedy: int | None = None
    """The place of the deployment that mended it."""
    verdict: Verdict | None = None
    named: str | None = None
    """What the incident names as its cause, where no such deployment is known."""


@dataclass(frozen=True, slots=True)
class _Remedy:
    """A deployment that mended another one, by its place."""

    place: int
    target: int
    method: Method
    is_stated: bool


def incidents_of(frame: pd.DataFrame) -> tuple[Incident, ...]:
    """The frame of store.deliveries, one noun a row."""
    names = ("service", "component", "id", "title", "url", "severity", "caused_by_deployment")
    columns = zip(*(texts(frame[name]) for name in names), strict=True)
    times = zip(seconds(frame["started_at"]).tolist(), seconds(frame["ended_at"]).tolist(), strict=True)
    return tuple(
        Incident(
            str(service), component, str(id_), start, None if isnan(end) else end, title or "", url, severity, by
        )
        for (service, component, id_, title, url, severity, by), (start, end) in zip(columns, times, strict=True)
    )


def links(
    deployments: Sequence[Deployment],
    incidents: Sequence[Incident],
    counted: Mapping[str, str],
    reverted: Mapping[int, tuple[int, bool]],
    verdicts: Mapping[Subject, Verdict],
) -> tuple[Link, ...]:
    """A link for each incident, and one for each mending deployment that belongs to no incident.

    `counted` is each service's production environment: only there are incidents felt. `reverted` comes from
    changes.reverted.
    """
    known = _Known(deployments, counted)
    remedies = _Remedies(deployments, _remedies(deployments, known, reverted))
    found: list[Link] = []
    for incident in incidents:
        link = _of_incident(incident, known, remedies)
        if link.remedy is not None:
            remedies.take(link.remedy)
        found.append(_judged(link, verdicts.get((incident.service, "incident", incident.id)), known))
    for remedy in remedies.left():
        mending = deployments[remedy.place]
        state: LinkState = "confirmed" if remedy.is_stated else "unreviewed"
        link = Link(mending.service, state, remedy.method, remedy.target, remedy=remedy.place)
        found.append(_judged(link, verdicts.get((mending.service, "deployment", mending.id)), known))
    return tuple(found)


class _Known:
    """The successful deployments by whatever one may call them."""

    def __init__(self, deployments: Sequence[Deployment], counted: Mapping[str, str]) -> None:
        self.all = deployments
        self._ids = {(each.service, each.id): place for place, each in enumerate(deployments)}
        self._streams: dict[Stream, list[int]] = {}
        self._counted: dict[str, list[Stream]] = {}
        for place, each in enumerate(deployments):
            if each.status == "succeeded":
                self._streams.setdefault(each[:3], []).append(place)
        for stream in self._streams:
            if stream[1] == counted.get(stream[0], "production"):
                self._counted.setdefault(stream[0], []).append(stream)

    def called(self, service: str, name: str | None) -> int | None:
        """By its id, else the latest of that version or commit."""
        if name is None:
            return None
        place = self._ids.get((service, name))
        return self._by_content.get((service, name)) if place is None else place

    @cached_property
    def _by_content(self) -> Mapping[tuple[str, str | None], int]:
        reached = [(place, each) for place, each in enumerate(self.all) if each.status == "succeeded"]
        return {(each.service, name): place for place, each in reached for name in (each.version, each.commit)}

    def near(self, incident: Incident) -> int | None:
        """The last one of the same component that had begun by then and had not been over for long."""
        latest: int | None = None
        for stream in self.matching(incident):
            path = self._streams[stream]
            n = bisect_right(path, incident.started, key=lambda place: self.all[place].started)
            if n and incident.started - self.all[path[n - 1]].finished <= NEAR_S:
                latest = path[n - 1] if latest is None else max(latest, path[n - 1])
        return latest

    def matching(self, incident: Incident) -> list[Stream]:
        """A deployment without a component is of the whole service; an incident without one names nobody."""
        streams = self._counted.get(incident.service, [])
        if incident.component is None:
            return streams if len(streams) == 1 else [stream for stream in streams if stream[2] is None]
        return [stream for stream in streams if stream[2] in (None, incident.component)]


class _Remedies:
    """Those deployments that mended another one and have not been told to be an incident's."""

    def __init__(self, deployments: Sequence[Deployment], found: Iterator[_Remedy]) -> None:
        self._all = {remedy.place: remedy for remedy in found}
        self._deployments = deployments
        self._streams: dict[Stream, list[int]] = {}
        self._of: dict[int, list[int]] = {}
        for place, remedy in self._all.items():
            self._streams.setdefault(deployments[place].stream, []).append(place)
            self._of.setdefault(remedy.target, []).append(place)

    def take(self, place: int) -> None:
        del self._all[place]

    def left(self) -> Iterator[_Remedy]:
        yield from self._all.values()

    def stated_of(self, target: int) -> list[_Remedy]:
        """Those that say that they mend it."""
        mending = [self._all[place] for place in self._of.get(target, ()) if place in self._all]
        return [remedy for remedy in mending if remedy.is_stated]

    def during(self, incident: Incident, streams: Sequence[Stream]) -> list[_Remedy]:
        """Those that began while the incident lasted."""
        found = []
        for stream in streams:
            path = self._streams.get(stream, [])
            first = bisect_left(path, incident.started, key=self._started)
            last = bisect_right(path, inf if incident.ended is None else incident.ended, key=self._started)
            found += [self._all[place] for place in path[first:last] if place in self._all]
        return found

    def _started(self, place: int) -> float:
        return self._deployments[place].started


def _remedies(
    deployments: Sequence[Deployment], known: _Known, reverted: Mapping[int, tuple[int, bool]]
) -> Iterator[_Remedy]:
    """Each deployment that mends another one of its stream."""
    last_planned: dict[Stream, int] = {}
    for place, each in enumerate(deployments):
        if each.status != "succeeded":
            continue
        before = last_planned.get(each[:3])
        named = known.called(each.service, each.mends)
        if each.kind not in REMEDIES:
            last_planned[each[:3]] = place
        if named is not None and named != place:
            method: Method = each.kind if each.kind == "rollback" or each.kind == "revert" else "hotfix"
            yield _Remedy(place, named, method, is_stated=True)
        elif each.kind == "rollback":
            target = known.called(each.service, each.rolls_back) if each.rolls_back else before
            if target is not None:
                yield _Remedy(place, target, "rollback", is_stated=False)
        elif place in reverted:
            yield _Remedy(place, reverted[place][0], "revert", is_stated=False)
        elif (each.kind == "revert" or each.kind == "hotfix") and before is not None:
            yield _Remedy(place, before, each.kind, is_stated=False)


def _of_incident(incident: Incident, known: _Known, remedies: _Remedies) -> Link:
    """The strongest link there is."""
    cause = known.called(incident.service, incident.caused_by)
    if incident.caused_by is not None and cause is None:
        return Link(incident.service, "unknown", "explicit", None, incident, named=incident.caused_by)
    during = remedies.during(incident, known.matching(incident))
    if cause is not None:
        stream = known.all[cause].stream
        # What was done meanwhile to that very stream was done because of it, unless it says that it mends another.
        mending = [
            each
            for each in (*remedies.stated_of(cause), *during)
            if each.target == cause or (not each.is_stated and known.all[each.place].stream == stream)
        ]
        return Link(incident.service, "confirmed", "explicit", cause, incident, mending[0].place if mending else None)
    fits = [each for each in during if known.all[each.target].started <= incident.started]
    if fits:
        best = min(fits, key=lambda each: (not each.is_stated, _BY_STRENGTH.index(each.method), each.place))
        state: LinkState = "confirmed" if best.is_stated else "unreviewed"
        return Link(incident.service, state, best.method, best.target, incident, best.place)
    near = known.near(incident)
    if near is None:
        return Link(incident.service, "unknown", None, None, incident)
    return Link(incident.service, "unreviewed", "time", near, incident)


def _judged(link: Link, verdict: Verdict | None, known: _Known) -> Link:
    """The link after a person's word, which wins over everything."""
    if verdict is None:
        return link
    if verdict.deployment is None:
        return replace(link, state="rejected", deployment=None, verdict=verdict)
    place = known.called(link.service, verdict.deployment)
    if place is None:
        return replace(link, state="unknown", deployment=None, verdict=verdict, named=verdict.deployment)
    return replace(link, state="confirmed", deployment=place, verdict=verdict)
