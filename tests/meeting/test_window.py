"""Which time a review looks at, whatever the data does at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metrics.meeting.prepare import review_id
from metrics.meeting.shelf import Shelf
from metrics.meeting.window import begins, newest, review_window
from metrics.model import Service, Window
from metrics.store import Store
from tests.meeting.made import AT, review
from tests.pages import deployments

NOW = deployments.NOW
SHOP = Service("shop", "Shop", "UTC", 0)
MINUTE = timedelta(minutes=1)


def reached(folder: Path, service: Service = SHOP, now: datetime = NOW) -> datetime | None:
    with Store(folder / "tomoni.duckdb").read() as db:
        return newest(db, service, now)


def test_it_looks_to_the_end_of_the_newest_sample_and_never_beyond_now(folder: Path):
    deployments.one_series(folder)  # up to five minutes before NOW
    assert reached(folder) == NOW
    assert reached(folder, now=NOW - 2 * MINUTE) == NOW - 2 * MINUTE
    assert reached(folder, now=NOW - 90 * MINUTE) == NOW - 90 * MINUTE


def test_a_sample_that_ends_at_midnight_is_of_the_day_before(folder: Path):
    deployments.one_series(folder)
    tashkent = Service("shop", "Shop", "Asia/Tashkent", 0)
    midnight = datetime(2026, 11, 22, 19, tzinfo=UTC)  # there
    found = reached(folder, tashkent, midnight - MINUTE)
    assert found is not None
    assert midnight - timedelta(minutes=10) < found < midnight
    assert review_id(found, tashkent.time_zone) == "2026-11-22"


@pytest.mark.parametrize("indicator", ["system.cpu.utilization", "system.memory.utilization"])
def test_a_row_of_another_decade_moves_nothing(folder: Path, indicator: str):
    deployments.one_series(folder)
    deployments.in_the_future(folder, indicator)
    assert reached(folder) == NOW


def test_without_samples_events_say_how_far_it_is_known(folder: Path):
    deployments.only_events(folder)
    assert reached(folder) is not None
    with Store(folder / "tomoni.duckdb").read() as db:
        assert begins(db, SHOP) is None
        assert newest(db, Service("bank", "Bank", "UTC", 0), NOW) is None


def test_it_begins_where_the_last_closed_one_ended_else_a_week_before(folder: Path):
    jobs = Service("jobs", "Jobs", "UTC", 0)
    later = AT + timedelta(days=3)
    assert review_window(folder, jobs, later) == Window(later - timedelta(weeks=1), later)
    Shelf(folder, "jobs").close(review(), "")
    assert review_window(folder, jobs, later) == Window(AT, later)
    assert review_window(folder, jobs, AT) == Window(AT - timedelta(weeks=1), AT)
