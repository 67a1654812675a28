"""Issues with a label, or of a type, as incidents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from metrics.collect._github.api import PER_PAGE
from metrics.collect._github.listing import Asked, time_of
from metrics.collect._github.refusal import ISSUES
from metrics.collect._github.target import Target
from metrics.collect._github.words import cause_in, severity_in, short
from metrics.model import Event

__all__ = ["incidents"]


@dataclass(frozen=True, slots=True)
class Issue:
    id: int
    """Its number."""
    title: str
    created: datetime
    updated: datetime
    closed: datetime | None
    labels: frozenset[str]
    type: str
    severity: str | None
    cause: str | None
    closed_as: str | None
    url: str


def incidents(asked: Asked, target: Target) -> Iterator[Event]:
    """Those opened, closed or changed in the window.

    By when they were updated, as with pull requests, and not with GitHub's `since`: the address stays the same from
    run to run, so an unchanged list is answered with 304 and costs nothing.
    """
    seen = set[int]()
    for issue in _issues(asked, target):
        if issue.id not in seen and asked.holds(issue.created, issue.closed, issue.updated):
            seen.add(issue.id)
            yield _event(asked, issue)


def _issues(asked: Asked, target: Target) -> Iterator[Issue]:
    """`labels=a,b` would ask for issues that have both: each label is a question of its own."""
    for label in target.incident_labels:
        yield from (each for each in _listed(asked, labels=label) if label.lower() in each.labels)
    if target.incident_type is not None:
        kind = target.incident_type
        # An older Enterprise knows no types and answers with every issue.
        yield from (each for each in _listed(asked, type=kind) if each.type.lower() == kind.lower())


def _listed(asked: Asked, **by: str) -> Iterator[Issue]:
    url = asked.repository.url("issues", state="all", sort="updated", direction="desc", **by, per_page=PER_PAGE)
    for issue in asked.run.listing(asked.repository, ISSUES, url, _issue):
        if issue.updated < asked.window.start:
            break
        yield issue


def _issue(raw: Mapping[str, Any]) -> Issue | None:
    """None for a pull request, which GitHub lists among the issues."""
    if "pull_request" in raw:
        return None
    created = time_of(raw["created_at"])
    if created is None:
        raise ValueError("an issue without a time")
    labels = [str(label["name"] if isinstance(label, dict) else label) for label in raw.get("labels") or ()]
    reason = raw.get("state_reason")
    return Issue(
        id=int(raw["number"]),
        title=short(str(raw["title"])),
        created=created,
        updated=time_of(raw["updated_at"]) or created,
        closed=time_of(raw["closed_at"]),
        labels=frozenset(label.lower() for label in labels),
        type=str((raw.get("type") or {}).get("name") or ""),
        severity=severity_in(labels),
        cause=cause_in(raw.get("body")),
        closed_as=str(reason) if reason in ("not_planned", "duplicate") else None,
        url=str(raw["html_url"]),
    )


def _event(asked: Asked, issue: Issue) -> Event:
    told = {
        "severity": issue.severity,
        "resolved_at": issue.closed.isoformat() if issue.closed else None,
        "caused_by_deployment": issue.cause,
        "closed_as": issue.closed_as,
    }
    return Event(
        service="",
        kind="incident",
        id=f"{asked.repository.name}#{issue.id}",
        started_at=issue.created,
        ended_at=issue.closed,
        status="resolved" if issue.closed else "open",
        title=issue.title,
        url=issue.url,
        source="github",
        observed_at=asked.run.newest,
        attrs={
            "detected_at": issue.created.isoformat(),
            **{name: value for name, value in told.items() if value is not None},
        },
    )
