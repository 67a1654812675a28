"""What a component asks for: the builds of a job, as one kind of event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from metrics.collect._concourse.builds import Build
from metrics.collect._concourse.place import Job
from metrics.collect._concourse.server import Server
from metrics.errors import SourceError
from metrics.model import Event

__all__ = ["KINDS", "Kind", "Versions", "Work", "versions_of"]

Kind = Literal["build", "deployment", "batch_run"]
KINDS: Final[tuple[Kind, ...]] = ("build", "deployment", "batch_run")
# Where a resource's version tells the commit or the version, whatever the resource's type.
_COMMIT: Final = ("ref", "commit", "sha")
_VERSION: Final = ("number", "version", "tag", "ref", "digest", "path")
# A deployment knows one way to fail; its reason tells that the job itself could not run.
_ERRORED: Final = "errored"

Versions = Mapping[str, Mapping[str, object]]
"""By the name of a build's input, the version that it had."""


@dataclass(frozen=True, slots=True)
class Work:
    """A job's builds for a component, and what they are to it."""

    service: str
    component: str
    job: Job
    kind: Kind
    called: str
    """What the job is called on the pages."""
    environment: str | None = None
    commit: str | None = None
    """The input whose version is the commit."""
    version: str | None = None
    """The input whose version names what was deployed."""

    @property
    def about(self) -> str:
        return f"{self.component} {self.kind}"

    @property
    def asks_for_versions(self) -> bool:
        return bool(self.commit or self.version)

    def event(self, build: Build, versions: Versions, observed_at: datetime, base_url: str) -> Event:
        """The build as it stands now."""
        version = _told(versions, self.version, _VERSION)
        attrs = {
            "pipeline": self.job.pipeline.title,
            "job": self.called,
            "environment": self.environment,
            "commit": _told(versions, self.commit, _COMMIT),
            "version": version,
            "rerun_of": None if build.rerun_of is None else str(build.rerun_of),
            "rerun_number": build.rerun_number,
            "attempt": (build.rerun_number or 0) + 1 if self.kind == "batch_run" else None,
            "reason": _ERRORED if self.kind == "deployment" and build.status == _ERRORED else None,
        }
        return Event(
            service=self.service,
            kind=self.kind,
            id=str(build.id),
            started_at=build.started,
            source="concourse",
            observed_at=observed_at,
            component=self.component,
            ended_at=build.ended,
            status=self._status(build),
            title=version or f"{self.job.pipeline.title}/{self.job.name} #{build.name}",
            url=f"{base_url}{self.job.page(build.name)}",
            attrs={name: value for name, value in attrs.items() if value is not None},
        )

    def _status(self, build: Build) -> str:
        if build.status in ("started", "pending"):
            return "running"
        return "failed" if self.kind == "deployment" and build.status == _ERRORED else build.status


def versions_of(server: Server, build: Build) -> Versions:
    """What went into a build. Raises RefusedError where that may not be read."""
    reply = server.get(f"/api/v1/builds/{build.id}/resources")
    inputs = reply.get("inputs") if isinstance(reply, dict) else None
    if not isinstance(inputs, list):
        raise SourceError(f"{server.host} answered something that is not what went into build {build.id}")
    return dict(_versions(inputs))


def _versions(inputs: Iterable[object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for each in inputs:
        if isinstance(each, dict) and isinstance(each.get("version"), dict):
            yield str(each.get("name")), each["version"]


def _told(versions: Versions, name: str | None, keys: tuple[str, ...]) -> str | None:
    """The first of the keys that the input's version has, else all that it has."""
    found = versions.get(name) if name else None
    if not found:
        return None
    return next((str(found[key]) for key in keys if found.get(key)), json.dumps(found, sort_keys=True))
