"""Which image a deployment brought, how long it had been ready, and whether it was built the day before."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from metrics.model import Service
from metrics.review.delivery.deployments import followed
from metrics.review.delivery.images import Image, Ready, images_of, ready
from tests.review.delivery.worked import frame, moment, row

SHA = "3f20049389492dcfbab68058143b2045a845226b"
DIGEST = "sha256:" + "ab" * 32


def pushed(at: str, *tags: str, digest: str = "", service: str = "jobs") -> Image:
    when = moment(at)
    assert when is not None
    return Image(service, "jobs/web", digest or f"sha256:{at}", tags, when.timestamp(), 200e6)


def brought(line: str, *images: Image, services: tuple[Service, ...] = ()) -> list[Ready]:
    return ready(followed(frame("deployment", [row("deployment", line)])), images, services)


def test_a_release_that_was_built_the_day_before_waits_for_no_build():
    (it,) = brought("d1 09-02T03:00 09-02T03:20 version=v1.2", pushed("09-01T17:30", "v1.2"))
    assert (it.deployment.id, it.waited_s / 3600, it.days_ahead, it.is_built_ahead) == ("d1", 9.5, 1, True)


def test_one_that_was_built_in_the_night_itself_did():
    (it,) = brought("d1 09-02T03:00 09-02T03:20 version=v1.2", pushed("09-02T02:45", "v1.2"))
    assert (it.waited_s / 60, it.days_ahead, it.is_built_ahead) == (15, 0, False)


def test_a_day_is_one_of_the_services_own():
    """03:00 in Tokyo is 18:00 of the day before in UTC."""
    tokyo = Service("jobs", "Jobs", "Asia/Tokyo", 0)
    (it,) = brought("d1 09-01T18:00 - version=1", pushed("09-01T14:00", "1"), services=(tokyo,))
    assert it.days_ahead == 1
    (it,) = brought("d1 09-01T18:00 - version=1", pushed("09-01T14:00", "1"))
    assert it.days_ahead == 0


@pytest.mark.parametrize(
    ("said", "tags", "digest"),
    [
        ("version=v1.2", ("1.2",), ""),
        ("version=1.2", ("latest", "v1.2"), ""),
        (f"version={SHA}", (SHA,), ""),
        (f"commit={SHA}", (SHA[:7],), ""),
        (f"commit={SHA}", (f"sha-{SHA[:12]}",), ""),
        (f"commit={SHA[:8]}", (SHA[:8],), ""),
        (f"version=jobs/web@{DIGEST}", (), DIGEST),
        (f"version=other commit={SHA}", (SHA,), ""),
    ],
)
def test_how_they_name_each_other(said: str, tags: tuple[str, ...], digest: str):
    assert len(brought(f"d1 09-02T03:00 - {said}", pushed("09-01T17:30", *tags, digest=digest))) == 1


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ("version=v1.2", ("v1.20",)),
        ("version=v1.2", ()),
        ("commit=3f20049", ("3f20040",)),
        ("commit=3f2004", ("3f2004",)),
        ("title=x", ("v1",)),
        ("version=vnext", ("next",)),
    ],
)
def test_what_only_looks_alike_is_not_taken(said: str, tags: tuple[str, ...]):
    assert brought(f"d1 09-02T03:00 - {said}", pushed("09-01T17:30", *tags)) == []


def test_the_newest_before_it_began_is_the_one():
    """Of two images of one version the later one was needed too; what came after can't have been it."""
    images = [pushed("09-02T04:00", "v1"), pushed("09-01T17:00", "v1"), pushed("09-01T18:00", "v1")]
    (it,) = brought("d1 09-02T03:00 - version=v1", *images)
    assert it.waited_s / 3600 == 9
    assert brought("d1 09-01T16:00 - version=v1", *images) == []


def test_another_services_image_of_the_same_version_is_not_it():
    assert brought("d1 09-02T03:00 - version=v1", pushed("09-01T17:00", "v1", service="mail")) == []


def test_images_are_read_from_snapshots_as_the_store_gives_them():
    at = datetime(2026, 9, 1, 17, 30, tzinfo=UTC)
    values = {"repository": "jobs/web", "digest": DIGEST, "tags": "latest v1.2", "pushed_at": "", "size": 2e8}
    rows = [
        ("ecr", "jobs", "images", f"image {DIGEST[:19]}", at, values),
        ("cloudwatch", "jobs", "db", "limits", at, {"memory": 1}),
    ]
    snapshots = pd.DataFrame(rows, columns=["source", "service", "component", "kind", "taken_at", "values"])
    assert images_of(snapshots) == [
        Image("jobs", "jobs/web", DIGEST, ("latest", "v1.2"), at.timestamp(), 2e8),
    ]
    assert images_of(snapshots[:0]) == []
