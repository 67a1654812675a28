"""Batch runs as a source or an import gives them, and what the question makes of their words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from metrics.model import Event, Window
from metrics.store import Store, read, write

DAY = datetime(2026, 11, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = Window(DAY, DAY + timedelta(days=7))


def run(
    number: object, hours: float = 1, length: float | None = 1, status: str | None = "succeeded", **attrs: object
):
    start = DAY + HOUR * hours
    end = None if length is None else start + HOUR * length
    return Event(
        "jobs", "batch_run", str(number), start, "test", WEEK.end, "nightly", end, status, "night", None,
        {"job": "night"} | attrs,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "t.duckdb")


def asked(store: Store, *events: Event, window: Window = WEEK) -> pd.DataFrame:
    write.batches(store, write.begin_run(store, "collect", "test"), list(events))
    with store.read() as db:
        return read.batch_runs(db, window, "jobs")


@pytest.mark.parametrize(
    ("status", "length", "outcome"),
    [
        ("succeeded", 1, "succeeded"), ("success", 1, "succeeded"), ("failed", 1, "failed"), ("errored", 1, "failed"),
        ("aborted", 1, "aborted"), ("running", None, "running"), ("open", None, "running"), (None, None, "running"),
        (None, 1, "ended"), ("done", 1, "ended"), ("missed", None, "missed"), ("failed", None, "failed"),
    ],
)  # fmt: skip
def test_the_words_of_sources_become_few(store, status, length, outcome):
    assert asked(store, run(1, length=length, status=status))["outcome"].tolist() == [outcome]


def test_what_nobody_said_is_absent(store):
    (row,) = asked(store, run(1)).to_dict("records")
    assert row["job"] == "night"
    assert [pd.isna(row[name]) for name in ("rows", "deadline", "attempt")] == [True, True, True]


@pytest.mark.parametrize(
    "written", ["2026-11-16T04:00:00Z", "2026-11-16T13:00:00+09:00", "2026-11-16T04:00:00", "2026-11-16 04:00"]
)
def test_a_deadline_is_read_with_its_offset_and_without_one_as_utc(store, written):
    (row,) = asked(store, run(1, rows=1_480_000, attempt=2, deadline=written)).to_dict("records")
    assert (row["deadline"], row["rows"], row["attempt"]) == (pd.Timestamp(DAY + 4 * HOUR), 1_480_000, 2)


def test_a_deadline_that_is_none_is_absent(store):
    assert asked(store, run(1, deadline="noon", rows="many")).iloc[0][["deadline", "rows"]].isna().all()


def test_a_run_without_a_job_is_its_components(store):
    assert asked(store, run(1, job=None), run(2, job=""))["job"].tolist() == ["nightly", "nightly"]


def test_the_window_has_what_touches_it_and_what_is_under_way(store):
    runs = [
        run("before", -30, 5), run("over the edge", -1, 2), run("inside", 5), run("under way", -90, None, "running"),
        run("no end known", -90, None, "succeeded"), run("after", 24 * 7),
    ]  # fmt: skip
    asked(store, *runs)
    with store.read() as db:
        rows = read.batch_rows(db, WEEK, "jobs", "nightly", "night")
    assert rows["id"].tolist() == ["under way", "over the edge", "inside"]
    assert asked(store, window=Window(WEEK.end, WEEK.end + HOUR))["outcome"].tolist() == ["running", "succeeded"]


def test_runs_reach_to_the_newest_end_by_now(store):
    asked(store, run(1, 1, 9), run(2, 5), run("ahead", 24 * 365 * 10))
    with store.read() as db:
        assert read.batch_reach(db, "jobs", WEEK.end) == DAY + 10 * HOUR
        assert read.batch_reach(db, "jobs", DAY + 7 * HOUR) == DAY + 7 * HOUR
        assert read.batch_reach(db, "shop", WEEK.end) is None
