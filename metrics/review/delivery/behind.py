"""What stands behind a figure, newest first: deployments, builds, or incidents.

Of deployments, those that a figure counts against n come first, then the rest of n.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from metrics.review.delivery.causes import Incident, Link
from metrics.review.delivery.deployments import REMEDIES, Deployment, seconds, status_of, texts
from metrics.review.delivery.failures import Failure
from metrics.review.delivery.images import Ready
from metrics.review.delivery.report import EnvironmentDelivery

__all__ = ["OPENED", "Behind", "Build", "Lasted", "behind", "builds_behind", "incidents_behind"]


@dataclass(frozen=True, slots=True)
class Behind:
    """One deployment with what the figures know of it."""

    deployment: Deployment
    failure: Failure | None
    changes: int
    """How many of its changes have a lead time."""
    lead_s: float | None
    """Their median."""
    image: Ready | None
    """The image that it was the first to bring."""
    alone_s: float | None
    """How long it took without its own build; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build that succeeded, in seconds since 1970."""

    id: str
    pipeline: str | None
    job: str | None
    started: float
    ended: float
    deployment: str | None
    commit: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Lasted:
    """One incident with what seems to have caused it."""

    incident: Incident
    link: Link | None


def _reached(each: Behind) -> bool:
    return each.deployment.reached_users


def _judged(each: Behind) -> bool:
    return each.deployment.reached_users and each.deployment.kind not in REMEDIES


def _is_remedy(each: Behind) -> bool:
    return each.deployment.kind in REMEDIES


# For each figure: which deployments it looks at, and which of them come first.
_RULES: Final[Mapping[str, tuple[Callable[[Behind], bool], Callable[[Behind], bool]]]] = {
    "deployment_frequency": (_reached, lambda each: False),
    "change_lead_time": (lambda each: each.changes > 0, lambda each: False),
    "change_fail_rate": (_judged, lambda each: each.failure is not None),
    "failed_deployment_recovery_time": (lambda each: each.failure is not None, lambda each: False),
    "rework_rate": (_reached, _is_remedy),
    "pipeline_failure_rate": (
        lambda each: each.deployment.status in ("succeeded", "failed"),
        lambda each: each.deployment.status == "failed",
    ),
    "fix_floor": (lambda each: _reached(each) and each.deployment.is_timed, lambda each: False),
    "image_wait": (lambda each: each.image is not None, lambda each: False),
    "deploy_duration": (lambda each: _reached(each) and each.deployment.is_timed, lambda each: False),
}
OPENED: Final = (*_RULES, "build_duration", "incident_recovery_time")
"""The figures that open what stands behind them."""


def behind(
    of: EnvironmentDelivery, deployments: Sequence[Deployment], figure: str | None = None
) -> tuple[Behind, ...]:
    """The deployments behind one figure of the period, or all of it. `deployments` are the report's."""
    failed = {each.deployment: each for each in of.failures}
    leads, alone = _lead_times(of, deployments), _alone(of)
    found = [
        Behind(each, failed.get(each), *leads.get(each, (0, None)), of.images.get(each), alone.get(each))
        for each in reversed(of.deployments)
    ]
    if figure is None:
        return tuple(found)
    is_in, is_first = _RULES[figure]
    return tuple(sorted(filter(is_in, found), key=lambda each: not is_first(each)))


def builds_behind(of: EnvironmentDelivery, builds: pd.DataFrame) -> tuple[Build, ...]:
    """The builds of the period that `build_duration` and `fix_floor` rest on; `builds` are the service's."""
    if not of.counts:
        return ()
    start, end = (moment.timestamp() for moment in (of.now.window.start, of.now.window.end))
    names = [texts(builds[name]) for name in ("id", "pipeline", "job", "deployment", "commit", "url", "status")]
    times = [seconds(builds[name]).tolist() for name in ("started_at", "ended_at")]
    found = [
        Build(str(id_), pipeline, job, began, ended, deployment, commit, url)
        for id_, pipeline, job, deployment, commit, url, status, began, ended in zip(*names, *times, strict=True)
        if start <= ended < end and status_of(status) == "succeeded"
    ]
    return tuple(sorted(found, key=lambda each: each.ended, reverse=True))


def incidents_behind(of: EnvironmentDelivery) -> tuple[Lasted, ...]:
    """The incidents of the period, those that go on included."""
    causes = {link.incident.id: link for link in of.links if link.incident is not None}
    return tuple(Lasted(each, causes.get(each.id)) for each in reversed(of.incidents))


def _alone(of: EnvironmentDelivery) -> Mapping[Deployment, float | None]:
    done, window = of.columns.done, of.now.window
    first, last = np.searchsorted(done.finished, [window.start.timestamp(), window.end.timestamp()], side="left")
    took = [None if np.isnan(each) else each for each in done.took_alone[first:last].tolist()]
    return dict(zip((each for each in of.deployments if each.reached_users), took, strict=True))


def _lead_times(
    of: EnvironmentDelivery, deployments: Sequence[Deployment]
) -> Mapping[Deployment, tuple[int, float | None]]:
    """How many changes each deployment of the period brought, and the median of their lead times."""
    leads = of.columns.leads
    start, end = (moment.timestamp() for moment in (of.now.window.start, of.now.window.end))
    kept = (leads.why == 0) & (leads.finished >= start) & (leads.finished < end)
    places, totals = leads.deployment[kept], leads.total[kept]
    order = np.argsort(places, kind="stable")
    used, first = np.unique(places[order], return_index=True)
    cut = np.split(totals[order], first[1:]) if len(used) else []
    return {
        deployments[place]: (len(took), float(np.median(took)))
        for place, took in zip(used.tolist(), cut, strict=True)
    }
