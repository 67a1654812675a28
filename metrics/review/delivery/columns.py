"""What the figures of one service and environment are computed from: columns in order of time.

A figure is a function of a slice of these, so that a year by weeks costs 52 cuts and not 52 searches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.review.delivery.causes import Incident
from metrics.review.delivery.changes import GAP_S, Carried
from metrics.review.delivery.deployments import REMEDIES, Deployment, Status, seconds, status_of, texts
from metrics.review.delivery.failures import Failure
from metrics.review.delivery.images import Ready

__all__ = ["NO_BUILDS", "NO_WAIT", "OBSERVED_S", "WHY", "Builds", "Columns", "builds_by_service", "columns"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[np.object_]

OBSERVED_S: Final = 24 * 3600
"""A deployment without a failure is judged only when so long has passed: docs/metrics.md, "change_fail_rate"."""

_NO_TIMES: Final = np.zeros(0)
_NO_WORDS: Final = np.zeros(0, dtype=object)
_NO_NUMBERS: Final = np.zeros(0, dtype=np.int64)

WHY: Final = ("", "first_deployment", "gap_over_60_days", "negative")
"""Why a change has no lead time, by the number in `Columns.lead_why`."""

NO_WAIT: Final = ("", "image_unknown", "image_again", "built_meanwhile")
"""Why nobody can say for how long a deployment's image was ready, by the number in `Done.why_no_wait`."""


@dataclass(frozen=True, slots=True, eq=False)
class Builds:
    """The builds of one service in order of their end."""

    ended: Floats
    took: Floats
    status: Words
    job: Words
    started: Floats
    deployment: list[str | None]
    commit: list[str | None]


NO_BUILDS: Final = Builds(_NO_TIMES, _NO_TIMES, _NO_WORDS, _NO_WORDS, _NO_TIMES, [], [])


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """Successful deployments in order of their end."""

    finished: Floats
    kind: Words
    component: Words
    repeats: Flags
    is_remedy: Flags
    failed: Flags
    confirmed: Flags
    pending: Flags
    took: Floats
    took_alone: Floats
    """Without the time in which its own build ran inside it."""
    waited: Floats
    """For how long its image had been ready."""
    is_ahead: Flags
    """Whether that image was built on a day before."""
    why_no_wait: Ints
    """A number of NO_WAIT: the reason why that counts for nothing, or 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Leads:
    """Changes that reached the environment, in order of the end of their deployment."""

    finished: Floats
    total: Floats
    review: Floats
    wait: Floats
    deploy: Floats
    why: Ints
    """A number of WHY: the reason why it has no lead time, or 0."""
    how: Ints
    """A number of HOW: how its deployment was found."""
    deployment: Ints
    waiting: Floats
    """The merges of changes that no deployment has brought yet, in order."""


NO_LEADS: Final = Leads(
    finished=_NO_TIMES, total=_NO_TIMES, review=_NO_TIMES, wait=_NO_TIMES, deploy=_NO_TIMES,
    why=_NO_NUMBERS, how=_NO_NUMBERS, deployment=_NO_NUMBERS, waiting=_NO_TIMES,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
    """Failed deployments in order of their end; `recovery` is NaN while unresolved."""

    finished: Floats
    recovery: Floats
    is_timed: Flags
    clock: Words


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    done: Done
    leads: Leads
    broken: Broken
    builds: Builds
    run_ended: Floats
    """All runs towards the environment, by when they ended."""
    run_status: Words
    incident_started: Floats
    incident_took: Floats
    """NaN while open."""
    is_watched: bool
    """Whether incidents are collected, so that none means none."""
    has_images: bool
    """Whether any image of the service is known."""
    known_since: float
    """When the oldest run that is known ended; infinite where none is."""
    shows_failures: bool
    """Whether a failure can be seen at all: by an incident, or because some were seen by what mended them."""
    shows_kinds: bool
    """Whether anything tells what a deployment was for: its kind, or versions from which a roll-back is seen."""


def columns(
    deployments: Sequence[Deployment],
    places: Sequence[int],
    brought: Carried | None,
    failed: Mapping[int, Failure],
    incidents: Sequence[Incident],
    builds: Builds,
    images: Mapping[int, Ready],
    *,
    is_watched: bool,
    has_images: bool,
    as_of: float,
) -> Columns:
    """The columns of one environment; `places` are its deployments among all."""
    by_end = sorted(places, key=lambda place: deployments[place].finished)
    done = [place for place in by_end if deployments[place].reached_users]
    runs = [deployments[place] for place in by_end]
    mine = [failed[place] for place in done if place in failed]
    return Columns(
        done=_done(
            [deployments[place] for place in done],
            [failed.get(place) for place in done],
            [images.get(place) for place in done],
            builds,
            as_of,
        ),
        leads=NO_LEADS if brought is None else _leads(deployments, brought),
        broken=Broken(
            finished=np.array([each.deployment.finished for each in mine], dtype=np.float64),
            recovery=np.array([_or_nan(each.recovery_s) for each in mine], dtype=np.float64),
            is_timed=np.array([each.is_timed for each in mine], dtype=bool),
            clock=np.array([each.clock for each in mine], dtype=object),
        ),
        builds=builds,
        run_ended=np.array([run.finished for run in runs], dtype=np.float64),
        run_status=np.array([run.status for run in runs], dtype=object),
        incident_started=np.array([each.started for each in incidents], dtype=np.float64),
        incident_took=np.array([_or_nan(each.ended) - each.started for each in incidents], dtype=np.float64),
        is_watched=is_watched,
        has_images=has_images,
        known_since=runs[0].finished if runs else np.inf,
        # Of all that is known and not of one period: else only the bad weeks would get a figure.
        shows_failures=is_watched or bool(mine),
        shows_kinds=any(each.kind != "unknown" or each.version or each.commit for each in runs if each.reached_users),
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _done(
    done: Sequence[Deployment],
    failed: Sequence[Failure | None],
    brought: Sequence[Ready | None],
    builds: Builds,
    as_of: float,
) -> Done:
    finished = np.array([each.finished for each in done], dtype=np.float64)
    has_failed = np.array([each is not None for each in failed], dtype=bool)
    took = np.array([each.finished - each.started if each.is_timed else np.nan for each in done], dtype=np.float64)
    return Done(
        finished=finished,
        kind=np.array([each.kind for each in done], dtype=object),
        component=np.array([each.component for each in done], dtype=object),
        repeats=np.array([each.repeats for each in done], dtype=bool),
        is_remedy=np.array([each.kind in REMEDIES for each in done], dtype=bool),
        failed=has_failed,
        confirmed=np.array([each is not None and each.is_confirmed for each in failed], dtype=bool),
        pending=~has_failed & (as_of - finished < OBSERVED_S),
        took=took,
        took_alone=took - _building(done, builds),
        waited=np.array([each.waited_s if each else np.nan for each in brought], dtype=np.float64),
        is_ahead=np.array([each is not None and each.is_built_ahead for each in brought], dtype=bool),
        why_no_wait=np.array([_why_no_wait(each) for each in brought], dtype=np.int64),
    )


def _why_no_wait(brought: Ready | None) -> int:
    if brought is None:
        return 1
    if not brought.is_first:
        return 2
    return 3 if brought.waited_s < 0 else 0


def _building(done: Sequence[Deployment], builds: Builds) -> Floats:
    """For how much of each deployment its own build was running."""
    found = np.zeros(len(done))
    if not done or not builds.commit:
        return found
    ids = {each.id: n for n, each in enumerate(done)}
    commits: dict[str | None, int] = {each.commit: n for n, each in reversed(list(enumerate(done))) if each.commit}
    of = np.array(
        [
            ids.get(name, -1) if name else commits.get(commit, -1)
            for name, commit in zip(builds.deployment, builds.commit, strict=True)
        ]
    )
    good = (of >= 0) & (builds.status == "succeeded")
    started = np.array([each.started for each in done])
    finished = np.array([each.finished for each in done])
    mine = of[good]
    both = np.minimum(finished[mine], builds.ended[good]) - np.maximum(started[mine], builds.started[good])
    np.add.at(found, mine, np.maximum(both, 0.0))
    return np.asarray(np.minimum(found, finished - started))


def _leads(deployments: Sequence[Deployment], brought: Carried) -> Leads:
    """The way of each change, as far as it is known."""
    arrived = np.flatnonzero(brought.deployment >= 0)
    used, where = np.unique(brought.deployment[arrived], return_inverse=True)
    by = [deployments[place] for place in used.tolist()]
    started = np.array([each.started for each in by], dtype=np.float64)[where]
    finished = np.array([each.finished for each in by], dtype=np.float64)[where]
    previous = np.array([_or_nan(each.previous) for each in by], dtype=np.float64)[where]
    timed = np.array([each.is_timed for each in by], dtype=bool)[where]
    authored, merged = brought.changes.authored[arrived], brought.changes.merged[arrived]
    first, gap, negative = np.isnan(previous), started - previous > GAP_S, finished < authored
    order = np.argsort(finished, kind="stable")
    waiting = brought.changes.merged[brought.deployment < 0]
    return Leads(
        finished=finished[order],
        total=(finished - authored)[order],
        review=(merged - authored)[order],
        wait=(started - merged)[order],
        deploy=np.where(timed, finished - started, np.nan)[order],
        why=np.select([first, gap, negative], [1, 2, 3], 0)[order],
        how=brought.how[arrived][order],
        deployment=brought.deployment[arrived][order],
        waiting=np.sort(waiting[~np.isnan(waiting)]),
    )


def builds_by_service(frame: pd.DataFrame) -> dict[str, Builds]:
    """The frame of store.deliveries as columns of each service."""
    started, ended = seconds(frame["started_at"]), seconds(frame["ended_at"])
    # A build that has not ended counts nowhere, but by its start.
    frame = frame.assign(began=started, over=np.where(np.isnan(ended), started, ended), took=ended - started)
    frame = frame.sort_values("over", kind="stable")
    found = {}
    for service, mine in frame.groupby("service", sort=True):
        statuses: list[Status] = [status_of(said) for said in texts(mine["status"])]
        found[str(service)] = Builds(
            ended=mine["over"].to_numpy(),
            took=mine["took"].to_numpy(),
            status=np.array(statuses, dtype=object),
            job=np.array(texts(mine["job"]), dtype=object),
            started=mine["began"].to_numpy(),
            deployment=texts(mine["deployment"]),
            commit=texts(mine["commit"]),
        )
    return found
