"""Deployments as they follow one another: what each was for, how it ended, and whether it went back.

A stream is (service, environment, component): only within one does "the deployment before" mean anything. Two
services in one repository, or two components of one service, never stand in each other's way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

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
    """Whether it is known how long it took."""
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
    environments: dict[tuple[str, str | None], str] = {}
    trails: dict[Stream, _Trail] = {}
    found = []
    for row in _rows(frame):
        service, said, component, id_, word, kind, version, commit, mends, title, url, branch, *times = row
        start, finish, is_timed = times
        environment = environments.get((service, said))
        if environment is None:
            environment = environments[service, said] = _environment(known.get(service), said)
        stream, status = (service, environment, component), status_of(word)
        trail = trails.get(stream) or trails.setdefault(stream, _Trail())
        step = _Step(id_, kind_of(kind), finish, (version, commit))
        previous = trail.path[-1].finished if trail.path else None
        if status == "succeeded":
            step, rolls_back, repeats = trail.follow(step)
        else:
            rolls_back, repeats = None, False
        if step.kind == "unknown" and (title or branch or mends):
            step = step._replace(kind=_kind_by_words(title or "", branch, mends))
        if status == "succeeded":
            trail.path.append(step)
        found.append(
            Deployment(
                service, environment, component, id_, start, finish, is_timed, status, step.kind, version, commit,
                mends, title or "", url, previous, rolls_back, repeats,
            )
        )  # fmt: skip
    return found


class _Step(NamedTuple):
    """A successful deployment on its stream's path."""

    id: str
    kind: Kind
    finished: float
    content: tuple[str | None, str | None]
    """Version and commit, to tell whether it was there before: `latest` of another commit is another thing."""


class _Trail:
    """The successful deployments of one stream so far."""

    def __init__(self) -> None:
        self.path: list[_Step] = []
        self._last: dict[tuple[str | None, str | None], int] = {}
        """Where on the path each content was deployed last."""

    def follow(self, new: _Step) -> tuple[_Step, str | None, bool]:
        """(the step with its kind, the id of what it rolls back, whether it repeats what is there already)."""
        if new.content == (None, None):
            return new, None, False
        place = self._last.get(new.content)
        self._last[new.content] = len(self.path)
        if place is None or new.kind not in ("unknown", "rollback"):
            return new, None, place is not None and place == len(self.path) - 1
        if place == len(self.path) - 1:
            return new, None, True
        after = (step for step in islice(self.path, place + 1, None) if step.kind != "rollback")
        failed = next(after, None)
        if failed is None:
            # V1, V2, back to V1, V2 once more: that goes forward again.
            return new, None, False
        return new._replace(kind="rollback"), failed.id, False


def _kind_by_words(title: str, branch: str | None, mends: str | None) -> Kind:
    if _REVERT.match(title) or (branch and _REVERT.match(branch)):
        return "revert"
    if mends or _HOTFIX.search(title) or (branch and _HOTFIX.search(branch)):
        return "hotfix"
    return "unknown"


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Each row's texts, then when it started, when it was over, and whether its end is known; oldest first."""
    frame = frame.sort_values("started_at", kind="stable")
    started, ended = seconds(frame["started_at"]), seconds(frame["ended_at"])
    # A merge or a release that stands for a deployment has a moment, and no length.
    times = (started, np.where(np.isnan(ended), started, ended), ended > started)
    names = ("service", "environment", "component", "id", "status", "kind", "version", "commit", "mends", "title",
             "url", "branch")  # fmt: skip
    return zip(*(texts(frame[name]) for name in names), *(each.tolist() for each in times), strict=True)


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
    # Typed as if None could not stand for "nothing here", which is all that it does.
    cells: list[str | None] = column.to_numpy(object, na_value=None).tolist()  # type: ignore[call-overload]
    return cells
