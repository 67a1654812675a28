"""Deployments as they follow one another: what each was for, how it ended, and whether it went back.

A stream is (service, environment, component): only within one does "the deployment before" mean anything. Two
services in one repository, or two components of one service, never stand in each other's way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from metrics.model import Service

__all__ = [
    "REMEDIES",
    "Deployment",
    "Kind",
    "Status",
    "Stream",
    "counted_environment",
    "followed",
    "kind_of",
    "seconds",
    "status_of",
    "texts",
]

Kind = Literal["planned", "hotfix", "rollback", "revert", "config", "unknown"]
Status = Literal["succeeded", "failed", "aborted", "running", "unknown"]
Stream = tuple[str, str, str | None]

REMEDIES: Final = frozenset({"hotfix", "rollback", "revert"})
"""Kinds that nobody planned: they mend what is wrong in production."""

_STATUSES: Final[Mapping[Status, tuple[str, ...]]] = {
    "succeeded": (
        "success",
        "succeeded",
        "successful",
        "ok",
        "done",
        "finished",
        "completed",
        "complete",
        "inactive",
    ),
    "failed": ("failed", "failure", "error", "errored"),
    "aborted": ("aborted", "cancelled", "canceled", "skipped", "stopped", "superseded"),
    "running": ("running", "in_progress", "in progress", "queued", "pending", "waiting", "started"),
}
_KINDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "planned": ("planned", "release", "normal", "standard", "feature", "deploy", "deployment"),
    "hotfix": ("hotfix", "hot-fix", "hot_fix", "emergency", "patch"),
    "rollback": ("rollback", "roll-back", "roll_back"),
    "revert": ("revert",),
    "config": ("config", "configuration"),
}
_HOTFIX: Final = re.compile(r"(?<![a-z])hot[-_ ]?fix", re.IGNORECASE)
_REVERT: Final = re.compile(r"revert[- ]", re.IGNORECASE)


class Deployment(NamedTuple):
    """One run of a pipeline towards users, in seconds since 1970. A tuple, since a report holds 50,000 of them."""

    service: str
    environment: str
    component: str | None
    id: str
    started: float
    finished: float
    """When it ended; when it started, where no end is known."""
    is_timed: bool
    """Whether its end is known, and so how long it took."""
    status: Status
    kind: Kind
    version: str | None
    commit: str | None
    mends: str | None
    """The id of the deployment that it mends, where somebody wrote that down."""
    title: str
    url: str | None
    previous: float | None = None
    """When the last successful deployment before it in its stream had finished."""
    rolls_back: str | None = None
    """The id of the deployment that it takes back, by the order of versions."""
    repeats: bool = False
    """The version was there already: nothing new reached users."""

    @property
    def stream(self) -> Stream:
        return self.service, self.environment, self.component

    @property
    def content(self) -> tuple[str | None, str | None] | None:
        """What was deployed, to tell whether it was there before: `latest` of another commit is another thing."""
        return (self.version, self.commit) if self.version or self.commit else None

    @property
    def reached_users(self) -> bool:
        return self.status == "succeeded"

    @property
    def brings_changes(self) -> bool:
        """A roll-back brings nothing new, whatever else is true of it."""
        return self.status == "succeeded" and self.kind != "rollback"


@cache
def status_of(said: str | None) -> Status:
    """Ours for a source's word. No word at all is a success: a list without statuses lists what was deployed."""
    if said is None:
        return "succeeded"
    word = said.strip().lower()
    return next((ours for ours, theirs in _STATUSES.items() if word in theirs), "unknown")


@cache
def kind_of(said: str | None) -> Kind:
    """Ours for a source's word."""
    word = (said or "").strip().lower()
    return next((ours for ours, theirs in _KINDS.items() if word in theirs), "unknown")


def counted_environment(service: Service | None) -> str:
    """The one whose deployments count as production; the others are reported apart."""
    return service.environments[0] if service and service.environments else "production"


def followed(frame: pd.DataFrame, services: Sequence[Service] = ()) -> list[Deployment]:
    """Every deployment in the order in which they started, with its place in its stream.

    A kind that the source doesn't say is found in the order of versions, in the title and in the branch. One
    without an environment went to the one that counts.
    """
    known = {service.name: service for service in services}
    trails: dict[Stream, _Trail] = {}
    found = []
    for deployment, branch in _rows(frame, known):
        trail = trails.setdefault(deployment.stream, _Trail())
        found.append(trail.follow(deployment, branch))
    return found


class _Trail:
    """The successful deployments of one stream so far."""

    def __init__(self) -> None:
        self._path: list[Deployment] = []
        self._last: dict[tuple[str | None, str | None], int] = {}
        """Where on the path each content was deployed last."""

    def follow(self, new: Deployment, branch: str | None) -> Deployment:
        kind, rolls_back, repeats = new.kind, None, False
        if new.reached_users:
            failed, repeats = self._goes_back(new.content)
            if failed is not None and kind in ("unknown", "rollback"):
                kind, rolls_back = "rollback", failed.id
        if kind == "unknown":
            kind = _kind_by_words(new.title, branch, new.mends)
        placed = new._replace(
            kind=kind,
            rolls_back=rolls_back,
            repeats=repeats,
            previous=self._path[-1].finished if self._path else None,
        )
        if placed.reached_users:
            if placed.content is not None:
                self._last[placed.content] = len(self._path)
            self._path.append(placed)
        return placed

    def _goes_back(self, content: tuple[str | None, str | None] | None) -> tuple[Deployment | None, bool]:
        """(the deployment that failed if this is deployed again, whether it is just there already)."""
        place = self._last.get(content) if content is not None else None
        if place is None:
            return None, False
        if place == len(self._path) - 1:
            return None, True
        first_after = self._path[place + 1]
        # V1, V2, back to V1, V2 once more: that goes forward again.
        return (None if first_after.kind == "rollback" else first_after), False


def _kind_by_words(title: str, branch: str | None, mends: str | None) -> Kind:
    if _REVERT.match(title) or (branch and _REVERT.match(branch)):
        return "revert"
    if mends or _HOTFIX.search(title) or (branch and _HOTFIX.search(branch)):
        return "hotfix"
    return "unknown"


def _rows(frame: pd.DataFrame, known: Mapping[str, Service]) -> Iterator[tuple[Deployment, str | None]]:
    """Each row as a deployment that knows nothing of the others yet, with its branch."""
    frame = frame.sort_values("started_at", kind="stable")
    started, ended = seconds(frame["started_at"]), seconds(frame["ended_at"])
    timed = ~np.isnan(ended)
    finished = np.where(timed, ended, started)
    environments: dict[tuple[str, str | None], str] = {}
    names = ("service", "environment", "component", "id", "status", "kind", "version", "commit", "mends", "title",
             "url", "branch")  # fmt: skip
    columns = [texts(frame[name]) for name in names]
    for *row, start, finish, is_timed in zip(
        *columns, started.tolist(), finished.tolist(), timed.tolist(), strict=True
    ):
        service, environment, component, id_, status, kind, version, commit, mends, title, url, branch = row
        place = (service, environment)
        if place not in environments:
            environments[place] = _environment(known.get(service), environment)
        yield (
            Deployment(
                service, environments[place], component, id_, start, finish, is_timed, status_of(status),
                kind_of(kind), version, commit, mends, title or "", url,
            ),
            branch,
        )  # fmt: skip


def _environment(service: Service | None, said: str | None) -> str:
    """By the spelling of the service's file."""
    if said is None:
        return counted_environment(service)
    spelled = (*(service.environments if service else ()), counted_environment(service))
    return next((name for name in spelled if name.casefold() == said.casefold()), said)


def seconds(times: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Seconds since 1970, NaN where there is no time."""
    stamps = times.to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)


def texts(column: pd.Series) -> list[str | None]:
    """None for an empty cell, whichever way pandas says that."""
    return [cell if isinstance(cell, str) and cell else None for cell in column.to_numpy(object).tolist()]
