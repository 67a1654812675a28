"""Written at least once, counted once: every kind of batch is idempotent by its key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrics.model import Coverage, Event, Points, Series, Snapshot, Window
from metrics.store import Store, read, write

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CPU = Series("jobs", "web", "system.cpu.utilization", "mean", "%", 300, "test")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "t.duckdb")


def points(values: list[float], start: datetime = START, series: Series = CPU) -> Points:
    ts = np.datetime64(start.replace(tzinfo=None), "us") + np.arange(len(values)) * np.timedelta64(300, "s")
    return Points(series, ts, np.array(values))


def event(status: str, observed: datetime, kind: str = "deployment") -> Event:
    return Event("jobs", kind, "7", START, "test", observed, status=status, attrs={"commit": "abc", "n": 3})


def answer(state: str, start: int, end: int, detail: str = "") -> Coverage:
    return Coverage(
        "jobs", "web", CPU.indicator, "test", Window(START + start * HOUR, START + end * HOUR), state, detail
    )


def put(store: Store, *batches: write.Batch) -> int:
    return write.batches(store, write.begin_run(store, "collect", "test"), batches)


def whole(store: Store) -> dict[str, list[tuple[object, ...]]]:
    tables = {"samples": 3, "hourly": 6, "daily": 6, "sketch": 4, "events": 12, "snapshots": 6}  # all but run_id
    with store.read() as db:
        return {
            table: sorted((row[:width] for row in db.rows(f"FROM {table}")), key=str)
            for table, width in tables.items()
        }


def test_collecting_a_window_again_changes_nothing(store: Store) -> None:
    snapshot = Snapshot("jobs", "mail", "quota", START, "test", {"max_24_hour_send": 50_000})
    batches = [points([1, 2, 3]), event("success", START), snapshot, answer("complete", 0, 1)]
    assert put(store, *batches) == 4
    before = whole(store)
    assert put(store, *batches) == 0
    assert whole(store) == before


def test_a_correction_replaces_and_a_partial_answer_deletes_nothing(store: Store) -> None:
    put(store, points([1, 2, 3]))
    assert put(store, points([9], START + timedelta(minutes=5))) == 1
    with store.read() as db:
        assert list(read.samples(db, [1], Window(START, START + HOUR))["value"]) == [1, 9, 3]
        figures = read.period(db, Window(START, START + HOUR)).iloc[0]
    assert (figures.n, figures["sum"], figures["min"], figures["max"], figures["last"]) == (3, 13, 1, 9, 3)


def test_a_value_keeps_the_time_at_which_it_was_first_collected(store: Store) -> None:
    put(store, points([1, 2]))
    put(store, points([1, 5]))
    with store.read() as db:
        rows = db.rows("SELECT value, collected_at FROM v_samples ORDER BY ts")
        begun = [row[0] for row in db.rows("SELECT started_at FROM runs ORDER BY run_id")]
    assert rows == [(1, begun[0]), (5, begun[1])]


def test_the_last_of_two_samples_of_one_batch_counts(store: Store) -> None:
    put(store, points([1]), points([2]))
    with store.read() as db:
        assert db.rows("SELECT value FROM samples") == [(2,)]


def test_nan_is_a_bug_of_the_source(store: Store) -> None:
    with pytest.raises(ValueError, match="must not yield NaN"):
        put(store, points([1, float("nan")]))


def test_the_last_observed_event_wins_in_any_order(store: Store) -> None:
    put(store, event("success", START + HOUR))
    assert put(store, event("pending", START)) == 0
    assert put(store, event("inactive", START + 2 * HOUR), event("pending", START)) == 1
    with store.read() as db:
        found = read.events(db, Window(START, START + HOUR))
    assert found["status"].to_list() == ["inactive"]
    assert found["attrs"].to_list() == [{"commit": "abc", "n": 3}]


def test_events_overlap_a_window_and_open_ones_go_on(store: Store) -> None:
    ended = Event("jobs", "incident", "1", START, "test", START, ended_at=START + HOUR)
    going = Event("jobs", "incident", "2", START, "test", START)
    put(store, ended, going)
    with store.read() as db:
        later = read.events(db, Window(START + 2 * HOUR, START + 3 * HOUR), kinds=["incident"])
        during = read.events(db, Window(START + HOUR / 2, START + HOUR), kinds=["incident"])
    assert later["id"].to_list() == [] or later["id"].to_list() == ["2"]
    assert during["id"].to_list() == ["1", "2"]
    assert pd.isna(during["ended_at"].iloc[1])


def test_answers_make_a_timeline_and_complete_is_never_taken_back(store: Store) -> None:
    put(store, answer("failed", 0, 4, "no route"))
    put(store, answer("complete", 0, 2), answer("complete", 2, 3))
    put(store, answer("failed", 2, 6, "no route"))
    with store.read() as db:
        rows = read.coverage(db)
    said = [(r.state, (r.window_start - START) / HOUR, (r.window_end - START) / HOUR) for r in rows.itertuples()]
    assert said == [("complete", 0, 3), ("failed", 3, 6)]


def test_forgetting_a_source_leaves_the_others(store: Store) -> None:
    put(store, points([1, 2, 3]), event("success", START))
    before = whole(store)
    run = write.begin_run(store, "demo", "demo")
    demo = Series("jobs", "web", CPU.indicator, "mean", "%", 300, "demo")
    write.batches(store, run, [points([5, 6], series=demo), Event("jobs", "build", "1", START, "demo", START)])
    write.forget_source(store, "demo")
    assert whole(store) == before
    with store.read() as db:
        assert read.series(db)["source"].to_list() == ["test"]
        assert read.runs(db)["source"].to_list() == ["test"]


def test_periods_inferred_differently_are_one_series(store: Store) -> None:
    put(store, points([1, 2]))
    settled = write.settle_periods(store, [Series("jobs", "web", CPU.indicator, "mean", "%", 600, "test")])
    assert settled == [CPU]
