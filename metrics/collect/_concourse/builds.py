"""The builds of a job that began within some time: all of them, re-runs too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from metrics.collect._concourse.place import Job
from metrics.collect._concourse.server import Server
from metrics.errors import SourceError

__all__ = ["FINAL", "LIMIT", "Build", "Found", "builds_of"]

# Concourse has no upper limit of its own; a build is about half a kilobyte.
LIMIT = 1_000
FINAL: Final = frozenset({"succeeded", "failed", "errored", "aborted"})
_KNOWN: Final = FINAL | {"started", "pending"}


@dataclass(frozen=True, slots=True)
class Build:
    id: int
    name: str
    status: str
    started: datetime
    ended: datetime | None
    rerun_of: int | None
    rerun_number: int | None


@dataclass(slots=True)
class Found:
    """What a job's builds are, and what of the reply could not be understood."""

    builds: dict[int, Build] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)


def builds_of(server: Server, job: Job, first: int, last: int) -> Found:
    """Every build of the job that began between two Unix seconds."""
    found = Found()
    for number, raw in enumerate(_between(server, job, first, last, found.unclear), 1):
        try:
            build = _build(raw, job.name)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError):
            found.unclear.append(f"entry {number} of what the server sent is no build")
            continue
        if build is None:
            continue
        if build.status not in _KNOWN:
            found.unclear.append(f"build {build.id} is {build.status[:20]!r}, which is no status known here")
            continue
        found.builds[build.id] = build
    return found


def _between(server: Server, job: Job, first: int, last: int, unclear: list[str]) -> Iterator[object]:
    # Asked by time, since a window is one, and halved when a reply is full, since a full one says nothing of what
    # was cut. Not by `Link`: pages are ordered by the build that was re-run but divided by the build's own id, so
    # following them loses re-runs. Windows of ids would lose none either, but ids count all jobs of the server and
    # say nothing of the time.
    asked = {"timestamps": "true", "from": str(first), "to": str(last), "limit": str(LIMIT)}
    reply = server.get(job.api, (*asked.items(), *job.pipeline.variables))
    if not isinstance(reply, list):
        raise SourceError(
            f"{server.host} answered something that is no list of builds; is `base_url` Concourse itself?"
        )
    if any(not first <= at <= last for at in map(_began, reply) if at is not None):
        raise SourceError(
            f"{server.host} answered builds of another time than it was asked for: Concourse 7 and later keep to it",
            retryable=False,
        )
    if len(reply) < LIMIT:
        yield from reply
    elif last - first > 1:
        # Both halves hold the second between them: Concourse compares fractions of a second, but tells whole ones.
        middle = (first + last) // 2
        yield from _between(server, job, first, middle, unclear)
        yield from _between(server, job, middle, last, unclear)
    else:
        unclear.append(f"{len(reply):,} builds in one second, and what was cut off is unknown")
        yield from reply


def _began(raw: object) -> float | None:
    at = raw.get("start_time") if isinstance(raw, dict) else None
    return at if isinstance(at, int | float) and at else None


def _build(raw: Any, job: str) -> Build | None:  # noqa: ANN401 - whatever JSON holds
    """None for what has not begun, and for checks and one-offs. Raises where it is no build at all."""
    started, ended = _time(raw.get("start_time")), _time(raw.get("end_time"))
    if started is None or raw.get("job_name") != job or raw.get("resource_name"):
        return None
    first: Mapping[str, Any] = raw.get("rerun_of") or {}
    return Build(
        id=int(raw["id"]),
        name=str(raw["name"]),
        status=str(raw["status"]),
        started=started,
        ended=ended,
        rerun_of=int(first["id"]) if first.get("id") else None,
        rerun_number=int(raw["rerun_number"]) if raw.get("rerun_number") else None,
    )


def _time(seconds: Any) -> datetime | None:  # noqa: ANN401 - whatever JSON holds
    """Concourse leaves out a time that is not yet, and older ones say 0."""
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None
