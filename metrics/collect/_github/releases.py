"""Releases as deployments, for teams that make none on GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from metrics.collect._github.api import PER_PAGE
from metrics.collect._github.listing import Asked, time_of
from metrics.collect._github.refusal import CONTENTS, RefusedError
from metrics.collect._github.words import kind_in, short
from metrics.model import Event

__all__ = ["releases"]

# A draft may lie for weeks; a release is listed by when it was drafted.
DRAFTED = timedelta(days=90)
_SHA: Final = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Release:
    id: int
    tag: str
    title: str
    target: str
    url: str
    created: datetime
    published: datetime


def releases(asked: Asked, environment: str) -> Iterator[Event]:
    """Published releases as deployments that took no time; drafts and pre-releases reach no user."""
    repository = asked.repository
    for each in asked.run.listing(repository, CONTENTS, repository.url("releases", per_page=PER_PAGE), _release):
        if each.created < asked.window.start - DRAFTED:
            break
        if asked.holds(each.published):
            yield _released(asked, each, environment)


def _release(raw: Mapping[str, Any]) -> Release | None:
    created, published = time_of(raw["created_at"]), time_of(raw["published_at"])
    if raw["draft"] or raw["prerelease"] or published is None or created is None:
        return None
    return Release(
        id=int(raw["id"]),
        tag=str(raw["tag_name"]),
        title=short(raw.get("name")),
        target=str(raw["target_commitish"]),
        url=str(raw["html_url"]),
        created=created,
        published=published,
    )


def _released(asked: Asked, release: Release, environment: str) -> Event:
    kind, commit = kind_in(release.title, release.tag), _commit(asked, release)
    told = {"commit": commit, "kind": kind}
    return Event(
        service="",
        kind="deployment",
        id=f"release-{release.id}",
        started_at=release.published,
        ended_at=release.published,
        status="succeeded",
        title=release.tag,
        url=release.url,
        source="github",
        observed_at=asked.run.newest,
        attrs={
            "environment": environment,
            "version": release.tag,
            "ref": release.tag,
            **{name: value for name, value in told.items() if value},
        },
    )


def _commit(asked: Asked, release: Release) -> str | None:
    """What the tag stands on; None where the tag is gone."""

    def read() -> str | None:
        try:
            return str(asked.repository.get(CONTENTS, f"commits/{quote(release.tag, safe='')}").content["sha"])
        except RefusedError as error:
            if error.state == "forbidden":
                raise
            return release.target if _SHA.fullmatch(release.target) else None

    return asked.once(("tag", release.tag), f"tag {release.tag}", read)
