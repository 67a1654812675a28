"""Many windows in one scan give what each of them gives by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from metrics.model import Points, Series, Window
from metrics.store import Store, read, write
from metrics.store.slices import slices

START = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = 10
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def filled(folder: Path) -> Store:
    store = Store(folder / "tomoni.duckdb")
    ts = np.datetime64(START.replace(tzinfo=None), "us") + np.arange(DAYS * 288) * np.timedelta64(300, "s")
    rng = np.random.default_rng(1)
    made = [
        Points(
            Series("jobs", name, "system.cpu.utilization", "mean", "%", 300, "test"), ts, rng.normal(50, 9, len(ts))
        )
        for name in ("a", "b", "c")
    ]
    write.batches(store, write.begin_run(store, "collect", "test"), made)
    return store


def test_each_slice_is_what_its_window_gives(folder: Path) -> None:
    hours = [Window(START + n * DAY + HOUR, START + n * DAY + 2 * HOUR + HOUR / 2) for n in range(8)]
    overlapping = [Window(START + HOUR, START + 3 * HOUR), Window(START + 2 * HOUR, START + 4 * HOUR)]
    whole = [Window(START + n * DAY, START + (n + 2) * DAY) for n in range(5)]
    with filled(folder).read() as db:
        ids = read.series(db)["series_id"].tolist()
        for windows in (hours, overlapping, whole):
            found = slices(db, ids, windows).set_index(["slice", "series_id"])
            for place, window in enumerate(windows):
                for row in read.totals(db, window, ids).itertuples():
                    mine = found.loc[(place, row.series_id)]
                    assert mine["n"] == row.n
                    np.testing.assert_allclose(
                        [mine["mean"], mine["min"], mine["max"], mine["sum"]], [row.mean, row.min, row.max, row.sum]
                    )


def test_only_what_is_asked_for_is_answered(folder: Path) -> None:
    with filled(folder).read() as db:
        first, _, last = read.series(db)["series_id"].tolist()
        found = slices(db, [first, last], [Window(START, START + HOUR)])
        assert sorted(found["series_id"]) == sorted([first, last])
        assert slices(db, [], [Window(START, START + HOUR)]).empty
        assert slices(db, [first], []).empty
        assert slices(db, [first], [Window(START - DAY, START - DAY + HOUR)]).empty
