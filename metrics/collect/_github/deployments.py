"""Deployments with their statuses, over all their attempts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from metrics.collect._github.api import PER_PAGE
from metrics.collect._github.listing import Asked, time_of
from metrics.collect._github.refusal import DEPLOYMENTS
from metrics.collect._github.words import is_branch, kind_in, short, version_in
from metrics.model import Event

__all__ = ["MARGIN", "deployments"]

# How long a deployment may take until its last word: it is read again for so long.
MARGIN = timedelta(days=14)
_FINAL: Final = {"success": "succeeded", "failure": "failed", "error": "failed"}

# What was still under way when this process last looked, by repository. A run that sees it again asks how it went.
_under_way: dict[tuple[str, ...], set[int]] = {}


@dataclass(frozen=True, slots=True)
class Deployment:
    id: int
    sha: str
    ref: str
    kind: str | None
    version: str
    mends: str | None
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Status:
    id: int
    state: str
    at: datetime
    url: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a deployment went, over all its attempts."""

    started: datetime
    ended: datetime | None
    status: str
    url: str | None


def deployments(asked: Asked, theirs: str, ours: str) -> Iterator[Event]:
    """Those of one environment that were made or changed in the window, or are not over yet.

    A new status also moves a deployment's own `updated_at`, so the list tells whose statuses are worth a request.
    """
    repository, key = asked.repository, (*asked.repository.key, theirs)
    url = repository.url("deployments", environment=theirs, per_page=PER_PAGE)
    under_way = _under_way.setdefault(key, set())
    for each in asked.run.listing(repository, DEPLOYMENTS, url, _deployment):
        if each.created < asked.window.start - MARGIN:
            break
        is_asked = asked.holds(each.created, each.updated) or each.id in under_way
        if each.created >= asked.window.end or not is_asked:
            continue
        outcome = _outcome(asked, each)
        (under_way.add if outcome.status == "running" else under_way.discard)(each.id)
        yield _event(asked, each, outcome, ours)


def _deployment(raw: Mapping[str, Any]) -> Deployment:
    created = time_of(raw["created_at"])
    sha, ref = str(raw["sha"]), str(raw["ref"])
    if created is None:
        raise ValueError("a deployment without a time")
    payload = raw.get("payload")
    told: Mapping[str, Any] = payload if isinstance(payload, dict) else {"": payload}
    said = [each for each in told.values() if isinstance(each, str)]
    version, mends = told.get("version"), told.get("mends")
    return Deployment(
        id=int(raw["id"]),
        sha=sha,
        ref=ref,
        kind=kind_in(raw.get("task"), raw.get("description"), ref, *said),
        version=short(version) if isinstance(version, str) and version else version_in(ref, sha),
        mends=str(mends) if isinstance(mends, str | int) and not isinstance(mends, bool) else None,
        created=created,
        updated=time_of(raw.get("updated_at")) or created,
    )


def _outcome(asked: Asked, deployment: Deployment) -> Outcome:
    statuses = asked.repository.all(DEPLOYMENTS, f"deployments/{deployment.id}/statuses")

    def read() -> Outcome:
        return outcome_of(deployment.created, [_status(raw) for raw in statuses])

    return asked.once(("outcome", deployment.id), f"deployment {deployment.id}", read)


def _status(raw: Mapping[str, Any]) -> Status:
    at = time_of(raw["created_at"])
    if at is None:
        raise ValueError("a status without a time")
    links = (raw.get(name) for name in ("log_url", "target_url"))
    return Status(int(raw["id"]), str(raw["state"]), at, next((link for link in links if _is_address(link)), None))


def outcome_of(created: datetime, statuses: list[Status]) -> Outcome:
    """The first success is the end, else the first failure: a job that is run again adds to the same statuses.

    `inactive` is said when the next deployment takes over: it is no failure, and its time is no end. It took the time
    from when the attempt that ended it began.
    """
    ordered = sorted(statuses, key=lambda each: (each.at, each.id))
    finals = [each for each in ordered if each.state in _FINAL]
    end = next((each for each in finals if each.state == "success"), finals[0] if finals else None)
    if end is None:
        over = bool(ordered) and ordered[-1].state == "inactive"
        began = next((each.at for each in ordered if each.state == "in_progress"), created)
        return Outcome(began, None, "aborted" if over else "running", _link(ordered))
    place = ordered.index(end)
    attempt = ordered[:place]
    for number, each in enumerate(attempt):
        if each.state in ("failure", "error"):
            attempt = ordered[number + 1 : place]
    began = next((each.at for each in attempt if each.state == "in_progress"), created)
    return Outcome(began, end.at, _FINAL[end.state], end.url or _link(ordered))


def _link(ordered: list[Status]) -> str | None:
    return next((each.url for each in reversed(ordered) if each.url), None)


def _is_address(link: object) -> bool:
    return isinstance(link, str) and link.startswith(("https://", "http://"))


def _event(asked: Asked, deployment: Deployment, outcome: Outcome, environment: str) -> Event:
    ref = deployment.ref
    told = {
        "kind": deployment.kind,
        "mends": deployment.mends,
        "branch": ref if is_branch(ref, deployment.sha) else None,
    }
    return Event(
        service="",
        kind="deployment",
        id=str(deployment.id),
        started_at=outcome.started,
        ended_at=outcome.ended,
        status=outcome.status,
        title=deployment.version,
        url=outcome.url or f"{asked.repository.web}/deployments",
        source="github",
        observed_at=asked.run.newest,
        attrs={
            "environment": environment,
            "version": deployment.version,
            "commit": deployment.sha,
            "ref": ref,
            **{name: value for name, value in told.items() if value is not None},
        },
    )
