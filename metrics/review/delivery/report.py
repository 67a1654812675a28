"""Delivery of each service and environment: a period, the one before it, the trend, and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from metrics.model import Service, Window
from metrics.review.delivery.causes import Incident, Link, Subject, Verdict, incidents_of, links
from metrics.review.delivery.changes import Carried, by_service, carried, reverted
from metrics.review.delivery.columns import NO_BUILDS, Columns, builds_by_service, columns
from metrics.review.delivery.deployments import Deployment, counted_environment, followed
from metrics.review.delivery.failures import Failure, failures
from metrics.review.delivery.figures import Figures, Stage, figures, stages
from metrics.review.delivery.images import Ready, images_of, ready
from metrics.review.delivery.trend import Bucket, By, trend
from metrics.review.period import Period

__all__ = ["Delivery", "EnvironmentDelivery", "Facts", "ServiceDelivery", "delivery", "needed"]

LOOK_BACK: Final = timedelta(days=90)
"""Before the earliest period: for the deployment before, for what is rolled back to, for pauses of 60 days."""
LOOK_AHEAD: Final = timedelta(days=90)
"""After the period: what broke, was mended and was over only then is still the period's."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The frames of store.deliveries."""

    deployments: pd.DataFrame
    changes: pd.DataFrame
    incidents: pd.DataFrame
    builds: pd.DataFrame
    images: pd.DataFrame
    watched: frozenset[str]
    """The services whose incidents are collected."""
    verdicts: Mapping[Subject, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class EnvironmentDelivery:
    environment: str
    counts: bool
    """Whether it is production: the first of the service's environments."""
    known_since: datetime | None
    """When the oldest deployment that is known started; a period that begins before may hold too little."""
    deployments: tuple[Deployment, ...]
    """All of the period, by their end."""
    now: Figures
    before: Figures
    stages: tuple[Stage, ...]
    trend: tuple[Bucket, ...]
    failures: tuple[Failure, ...]
    """Deployments of the period that failed, or are suspected to have."""
    incidents: tuple[Incident, ...]
    """Those that began in the period; only production has any."""
    images: Mapping[Deployment, Ready]
    """The images that deployments of the period brought for the first time."""
    links: tuple[Link, ...]
    """What caused the incidents of the period, and what its mending deployments mended."""
    columns: Columns
    """What all of it was computed from: which deployment brought which changes."""


@dataclass(frozen=True, slots=True, eq=False)
class ServiceDelivery:
    service: Service
    period: Period
    environments: tuple[EnvironmentDelivery, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    window: Window
    as_of: datetime
    by: By
    services: tuple[ServiceDelivery, ...]
    deployments: Sequence[Deployment]
    """All that were looked at: links speak of them by their place."""


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is the same for all services."""

    facts: Facts
    deployments: list[Deployment]
    places: Mapping[tuple[str, str], list[int]]
    carried: Mapping[tuple[str, str], Carried]
    failed: Mapping[int, Failure]
    links: Mapping[tuple[str, str], list[Link]]
    incidents: Mapping[str, list[Incident]]
    images: Mapping[int, Ready]
    imaged: frozenset[str]
    """The services of which any image is known."""


def needed(window: Window) -> Window:
    """What the frames must hold for a report on this window, in any time zone."""
    # Two clock changes can make the period before two hours longer than this one.
    earliest = window.start - window.duration - timedelta(hours=2) - LOOK_BACK
    return Window(earliest, window.end + LOOK_AHEAD)


def delivery(facts: Facts, services: Sequence[Service], window: Window, as_of: datetime, by: By) -> Delivery:
    """The report of these services. `as_of` is the moment from which deployments are young or old."""
    known = _known(facts, services)
    builds = builds_by_service(facts.builds)
    found = []
    for service in services:
        period = Period(window, service.time_zone)
        environments = []
        for name in _environments(service, known):
            counts = name == counted_environment(service)
            of = columns(
                known.deployments,
                known.places.get((service.name, name), []),
                known.carried.get((service.name, name)),
                known.failed,
                known.incidents.get(service.name, []) if counts else [],
                builds.get(service.name, NO_BUILDS) if counts else NO_BUILDS,
                known.images,
                is_watched=counts and service.name in facts.watched,
                has_images=service.name in known.imaged,
                as_of=as_of.timestamp(),
            )
            environments.append(_environment(service, name, known, of, period, by))
        found.append(ServiceDelivery(service, period, tuple(environments)))
    return Delivery(window, as_of, by, tuple(found), known.deployments)


def _known(facts: Facts, services: Sequence[Service]) -> _Known:
    deployments = followed(facts.deployments, services)
    places: dict[tuple[str, str], list[int]] = {}
    for place, each in enumerate(deployments):
        places.setdefault((each.service, each.environment), []).append(place)
    changes = by_service(facts.changes)
    brought = {
        (service, environment): carried(changes[service], deployments, places.get((service, environment), []))
        # Where nothing was ever deployed to production, all changes wait for that.
        for service, environment in {**places, **{(each.name, counted_environment(each)): [] for each in services}}
        if service in changes
    }
    back: dict[int, tuple[int, bool]] = {}
    for carried_by in brought.values():
        back |= reverted(carried_by, deployments)
    for place, (_, is_all) in back.items():
        if is_all and deployments[place].kind == "unknown":
            deployments[place] = deployments[place]._replace(kind="revert")
    incidents = incidents_of(facts.incidents)
    counted = {service.name: counted_environment(service) for service in services}
    all_links = links(deployments, incidents, counted, back, facts.verdicts)
    by_service_: dict[str, list[Incident]] = {}
    for incident in incidents:
        by_service_.setdefault(incident.service, []).append(incident)
    images = images_of(facts.images)
    return _Known(
        facts=facts,
        deployments=deployments,
        places=places,
        carried=brought,
        failed={each.place: each for each in failures(deployments, all_links)},
        links=_by_place(all_links, deployments, counted),
        incidents=by_service_,
        images=ready(deployments, images, services),
        imaged=frozenset(image.service for image in images),
    )


def _by_place(
    all_links: Sequence[Link], deployments: Sequence[Deployment], counted: Mapping[str, str]
) -> Mapping[tuple[str, str], list[Link]]:
    """Links by the service and environment where they are to be read."""
    found: dict[tuple[str, str], list[Link]] = {}
    for link in all_links:
        place = link.deployment if link.deployment is not None else link.remedy
        environment = counted.get(link.service, "production") if place is None else deployments[place].environment
        found.setdefault((link.service, environment), []).append(link)
    return found


def _environments(service: Service, known: _Known) -> Iterator[str]:
    """Production first, then what the service's file names, then whatever else was deployed to."""
    deployed = sorted(environment for name, environment in known.places if name == service.name)
    yield from dict.fromkeys((counted_environment(service), *service.environments, *deployed))


def _environment(
    service: Service, name: str, known: _Known, of: Columns, period: Period, by: By
) -> EnvironmentDelivery:
    window, places = period.window, known.places.get((service.name, name), [])
    mine = [known.deployments[place] for place in places]
    inside = sorted((each for each in mine if _is_in(each.finished, window)), key=lambda each: each.finished)
    failed = [known.failed[place] for place in places if place in known.failed]
    return EnvironmentDelivery(
        environment=name,
        counts=name == counted_environment(service),
        known_since=datetime.fromtimestamp(mine[0].started, UTC) if mine else None,
        deployments=tuple(inside),
        now=figures(of, window),
        before=figures(of, period.previous),
        stages=stages(of, window),
        trend=trend(of, window, by, service),
        failures=tuple(each for each in failed if _is_in(each.deployment.finished, window)),
        incidents=tuple(
            each
            for each in (known.incidents.get(service.name, ()) if name == counted_environment(service) else ())
            if _is_in(each.started, window)
        ),
        images={
            each.deployment: each
            for place in (places if known.images else ())
            if (each := known.images.get(place)) is not None
            and each.is_first
            and _is_in(each.deployment.finished, window)
        },
        links=tuple(
            link
            for link in known.links.get((service.name, name), [])
            if _is_in(_moment(link, known.deployments), window)
        ),
        columns=of,
    )


def _moment(link: Link, deployments: Sequence[Deployment]) -> float:
    """When it happened: the incident, else the deployment that mended something."""
    if link.incident is not None:
        return link.incident.started
    place = link.remedy if link.remedy is not None else link.deployment
    return deployments[place].finished if place is not None else float("nan")


def _is_in(moment: float, window: Window) -> bool:
    return window.start.timestamp() <= moment < window.end.timestamp()
