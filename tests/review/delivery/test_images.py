"""Which image a deployment brought, how long it had been ready, and whether it was built the day before."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from metrics.model import Service
from metrics.review.delivery.deployments import followed
from metrics.review.delivery.figure import Figure, NotCollected
from metrics.review.delivery.images import Image, Ready, images_of, ready
from tests.review.delivery.worked import daily, frame, moment, production, row, said

SHA = "3f20049389492dcfbab68058143b2045a845226b"
DIGEST = "sha256:" + "ab" * 32


def pushed(at: str, *tags: str, digest: str = "", service: str = "jobs") -> Image:
    when = moment(at)
    assert when is not None
    return Image(service, "jobs/web", digest or f"sha256:{at}", tags, when.timestamp())


def brought(line: str, *images: Image, services: tuple[Service, ...] = ()) -> list[Ready]:
    return list(ready(followed(frame("deployment", [row("deployment", line)])), images, services).values())


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


def test_an_image_that_was_there_already_did_not_wait_for_its_second_deployment():
    """Neither did one for another environment or component: each has a first one of its own."""
    rows = [
        row("deployment", line)
        for line in (
            "d1 09-02T03:00 - version=v1",
            "d2 09-03T03:00 - version=v1",
            "d3 09-04T03:00 - version=v1 environment=staging",
            "d4 09-05T03:00 - version=v1 component=worker",
        )
    ]
    found = ready(followed(frame("deployment", rows)), [pushed("09-01T17:00", "v1")])
    assert [each.is_first for each in found.values()] == [True, False, True, True]


def test_one_that_failed_has_brought_nothing():
    rows = [
        row("deployment", f"d{n} 09-0{n}T03:00 - version=v1 status={how}") for n, how in ((2, "failed"), (3, "-"))
    ]
    found = ready(followed(frame("deployment", rows)), [pushed("09-01T17:00", "v1")])
    assert [(place, each.is_first) for place, each in found.items()] == [(1, True)]


def test_images_are_read_from_the_frame_of_the_store():
    at = datetime(2026, 9, 1, 17, 30, tzinfo=UTC)
    names = ["service", "pushed_at", "repository", "digest", "tags"]
    images = pd.DataFrame(
        [("jobs", at, "jobs/web", DIGEST, "latest v1.2"), ("jobs", at, None, DIGEST, None)], columns=names
    )
    assert images_of(images) == [
        Image("jobs", "jobs/web", DIGEST, ("latest", "v1.2"), at.timestamp()),
        Image("jobs", "", DIGEST, (), at.timestamp()),
    ]
    assert images_of(images[:0]) == []


WEEK = "".join(f"image: 09-0{n}T17:00 V{n}\ndeployment: d{n} 09-0{n + 1}T03:00 - version=V{n}\n" for n in range(1, 6))


def test_the_report_tells_how_long_images_waited_and_which_were_built_the_day_before():
    text = f"{WEEK}image: 09-07T10:00 V7\ndeployment: d7 09-07T10:30 - version=V7\ndeployment: d8 09-08T10:30 - version=V1"
    of = production(text + "\ndeployment: d9 09-09T10:30 - version=V99")
    assert said(of.now.image_wait) == "median 600 min, p90 600 min, n 6; left out: 1 image_unknown, 1 image_again"
    assert of.now.image_wait.parts == {"built_ahead": 5, "built_that_day": 1}
    assert [each.id for each in of.images] == ["d1", "d2", "d3", "d4", "d5", "d7"]


def test_a_release_that_built_its_image_had_to_wait_for_it():
    of = production(f"{daily(5)}deployment: d1 09-09T03:00 09-09T05:00 version=V1\nimage: 09-09T04:30 V1")
    assert of.now.image_wait.excluded == {"image_unknown": 5, "built_meanwhile": 1}
    (it,) = of.images.values()
    assert it.waited_s == -90 * 60


def test_without_images_there_is_no_figure():
    assert production(daily(6)).now.image_wait == Figure(NotCollected("images"))
    assert said(production(f"{daily(6)}image: 09-01T10:00 V1").now.image_wait).startswith("too few, 0 of 5")
