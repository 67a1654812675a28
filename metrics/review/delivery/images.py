"""From the push of an image to its deployment: how long it was ready, and whether its release waited for a build.

A deployment knows the version or the commit that it brought, an image its tags and its digest. Where they name each
other, the newest such image that was pushed before the deployment began is what was deployed; of a service that
consists of several images, that is the last one to be ready. Where there was none yet, it is the first that was
pushed while the deployment ran, which had to wait for it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from metrics.model import Service
from metrics.review.delivery.deployments import Deployment, Stream, seconds, texts

__all__ = ["Image", "Ready", "images_of", "ready"]

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
# A commit is known by seven digits: git's own default for a short one.
_SHORT, _WHOLE = 7, 40
_COMMIT: Final = re.compile(rf"(?:sha-)?([0-9a-f]{{{_SHORT},{_WHOLE}}})", re.IGNORECASE)
_NUMBER: Final = re.compile(r"v(?=\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Image:
    service: str
    repository: str
    digest: str
    tags: tuple[str, ...]
    pushed: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A deployment and the image that it brought."""

    deployment: Deployment
    image: Image
    waited_s: float
    """From the push to the beginning of the deployment; below 0 where it was pushed only while that ran."""
    days_ahead: int
    """How many days before it was pushed, by the calendar of the service: 0 where it was built on the day itself."""
    is_first: bool
    """Whether no earlier deployment of the component to the environment had brought it."""

    @property
    def is_built_ahead(self) -> bool:
        return self.days_ahead > 0


def images_of(frame: pd.DataFrame) -> list[Image]:
    """The frame of store.deliveries, one noun a row."""
    names = ("service", "repository", "digest", "tags")
    columns = zip(*(texts(frame[name]) for name in names), strict=True)
    return [
        Image(str(service), repository or "", str(digest), tuple((tags or "").split()), pushed)
        for (service, repository, digest, tags), pushed in zip(columns, seconds(frame["pushed_at"]), strict=True)
    ]


def ready(
    deployments: Sequence[Deployment], images: Iterable[Image], services: Sequence[Service] = ()
) -> dict[int, Ready]:
    """Each deployment that reached users and whose image is known, by its place; they come by their start."""
    zones = {service.name: ZoneInfo(service.time_zone) for service in services}
    known: dict[tuple[str, str], list[Image]] = {}
    for image in sorted(images, key=lambda each: each.pushed):
        for name in _names_of_image(image):
            known.setdefault((image.service, name), []).append(image)
    found, brought = dict[int, Ready](), set[tuple[Stream, str]]()
    for place, each in enumerate(deployments if known else ()):
        its = _deployed(each, known) if each.reached_users else None
        if its is not None:
            zone = zones.get(each.service, UTC)
            days = (_day(each.started, zone) - _day(its.pushed, zone)).days
            is_first = (each.stream, its.digest) not in brought
            brought.add((each.stream, its.digest))
            found[place] = Ready(each, its, each.started - its.pushed, days, is_first)
    return found


def _deployed(deployment: Deployment, known: dict[tuple[str, str], list[Image]]) -> Image | None:
    for name in _names_of_deployment(deployment):
        images = known.get((deployment.service, name), [])
        before = bisect_right(images, deployment.started, key=lambda image: image.pushed)
        if before:
            return images[before - 1]
        if images and images[0].pushed < deployment.finished:
            return images[0]
    return None


def _names_of_image(image: Image) -> set[str]:
    names = {image.digest}
    for tag in image.tags:
        commit = _COMMIT.fullmatch(tag)
        names |= {_version(tag), *([f"commit {commit[1].lower()}"] if commit else [])}
    return names


def _names_of_deployment(deployment: Deployment) -> Iterator[str]:
    """The surest first."""
    version, commit = deployment.version or "", (deployment.commit or "").lower()
    yield from _DIGEST.findall(version)
    if version:
        yield _version(version)
    for length in range(min(len(commit), _WHOLE), _SHORT - 1, -1):
        yield f"commit {commit[:length]}"


def _version(said: str) -> str:
    """`v1.2` and `1.2` are one version."""
    return f"version {_NUMBER.sub('', said, count=1) if _NUMBER.match(said) else said}"


def _day(moment: float, zone: tzinfo) -> date:
    return datetime.fromtimestamp(moment, zone).date()
