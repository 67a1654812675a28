"""ecr through the real runner: what the store holds after tags moved, images expired and runs failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metrics import config
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.model import Window
from metrics.review.delivery.images import images_of
from metrics.store import deliveries, read
from tests.collect.cloudwatch.aws_json_server import Cloud, Fault, running
from tests.collect.ecr_account import MB, digest, image, registry, source
from tests.collect.folders import configure

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TARGET = {"service": "jobs", "component": "images", "repository": "jobs/web"}


@pytest.fixture
def held() -> dict[str, list[dict[str, object]]]:
    """What the repository holds; a test changes it between runs."""
    old = [image("one", NOON - 40 * DAY, 100 * MB, "v1"), image("two", NOON - 2 * DAY, 120 * MB, "v2", "latest")]
    return {"jobs/web": old}


@pytest.fixture
def cloud(held: dict[str, list[dict[str, object]]]) -> Iterator[Cloud]:
    with running(registry(held, NOON)) as cloud:
        yield cloud


@pytest.fixture
def folder(cloud: Cloud, tmp_path: Path) -> Path:
    return configure(tmp_path, {"images": {"kind": "ecr", **source(cloud, TARGET)}})


def collected(folder: Path, cloud: Cloud, now: datetime) -> Outcome:
    cloud.date = now
    settings = config.load(folder)
    (it,) = chosen(settings, ["images"])
    return run_source(settings, it, Request(now))


def values(folder: Path, indicator: str) -> list[tuple[datetime, float]]:
    with store_of(config.load(folder)).read() as db:
        series = read.series(db)
        mine = series[series["indicator"] == indicator]
        found = read.samples(db, list(mine["series_id"]), Window(NOON - 400 * DAY, NOON + 400 * DAY))
    return [(at.to_pydatetime(), value / MB) for at, value in zip(found["ts"], found["value"], strict=True)]


def images(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    with store_of(config.load(folder)).read() as db:
        return [(each.digest, each.tags) for each in images_of(deliveries.images(db, Window(NOON - DAY, NOON + DAY)))]


def test_a_second_run_adds_nothing_but_its_reading(folder, cloud):
    assert collected(folder, cloud, NOON).state == "done"
    assert values(folder, "image.size") == [(NOON - 40 * DAY, 100.0), (NOON - 2 * DAY, 120.0)]
    assert collected(folder, cloud, NOON).rows == 0
    assert collected(folder, cloud, NOON + HOUR).rows == 1
    assert [value for _, value in values(folder, "storage.used")] == [220.0, 220.0]


def test_an_image_that_expired_and_one_that_was_pushed_again_stay_known(folder, cloud, held):
    collected(folder, cloud, NOON)
    held["jobs/web"] = [
        image("two", NOON + HOUR, 120 * MB, "v2", "production"),
        image("three", NOON + HOUR / 2, 130 * MB, "v3", "latest"),
    ]
    collected(folder, cloud, NOON + 2 * HOUR)
    assert values(folder, "image.size") == [
        (NOON - 40 * DAY, 100.0),
        (NOON - 2 * DAY, 120.0),
        (NOON + HOUR / 2, 130.0),
        (NOON + HOUR, 120.0),
    ]
    # Each push: a deployment between two of them brought what was there then.
    assert images(folder) == [
        (digest("one"), ("v1",)),
        (digest("two"), ("latest", "v2")),
        (digest("three"), ("latest", "v3")),
        (digest("two"), ("production", "v2")),
    ]


def test_a_later_run_heals_what_a_fault_left_open(folder, cloud, held):
    collected(folder, cloud, NOON)
    held["jobs/web"].append(image("three", NOON + HOUR / 2, 130 * MB, "v3"))
    cloud.faults = [Fault(500)] * 6
    assert collected(folder, cloud, NOON + HOUR).state == "failed"
    assert collected(folder, cloud, NOON + 2 * HOUR).state == "done"
    assert values(folder, "image.size")[-1] == (NOON + HOUR / 2, 130.0)
    with store_of(config.load(folder)).read() as db:
        answers = read.coverage(db)
    sizes = answers[answers["indicator"] == "image.size"]
    assert set(sizes["state"]) <= {"complete", "empty"}
    assert (sizes["window_start"].min(), sizes["window_end"].max()) == (NOON - 455 * DAY, NOON + 2 * HOUR)
