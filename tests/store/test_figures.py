"""Every figure equals a recomputation from what was sent, after any mix of late, repeated and corrected points."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from metrics.model import Points, Series, Window
from metrics.store import Store, read, write
from metrics.store.sketch import RELATIVE_ERROR

START = datetime(2026, 3, 27, tzinfo=UTC)  # a clock change in Europe two days on
SERIES = [
    Series("jobs", c, "system.cpu.utilization", "mean", "%", 300, "test", p) for c, p in [("web", None), ("db", "a")]
]
VALUE = st.one_of(
    st.floats(-1e6, 1e6, allow_nan=False),
    st.floats(0, 100).map(lambda value: round(value, 2)),
    st.sampled_from([0.0, 1e-9, 5e11]),
)
POINT = st.tuples(st.integers(0, 1), st.integers(0, 5 * 288 - 1), VALUE)
BATCHES = st.lists(st.lists(POINT, min_size=1, max_size=60), min_size=1, max_size=5)


def points(number: int, steps: list[int], values: list[float]) -> Points:
    ts = np.datetime64(START.replace(tzinfo=None), "us") + np.array(steps) * np.timedelta64(300, "s")
    return Points(SERIES[number], ts, np.array(values, dtype=np.float64))


def send(store: Store, batches: list[list[tuple[int, int, float]]]) -> dict[tuple[int, int], float]:
    run = write.begin_run(store, "collect", "test")
    truth: dict[tuple[int, int], float] = {}
    for batch in batches:
        write.batches(store, run, [points(number, [step], [value]) for number, step, value in batch])
        truth |= {(number, step): value for number, step, value in batch}
    return truth


def frame_of(truth: dict[tuple[int, int], float]) -> pd.DataFrame:
    rows = [(SERIES[number].component, pd.Timestamp(START) + timedelta(minutes=5 * step), value)
            for (number, step), value in sorted(truth.items())]  # fmt: skip
    return pd.DataFrame(rows, columns=["component", "ts", "value"])


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    batches=BATCHES,
    cut=st.tuples(st.integers(0, 5 * 1440 - 2), st.integers(1, 5 * 1440)).map(lambda c: (c[0], c[0] + c[1])),
    zone=st.sampled_from(["UTC", "Asia/Tokyo", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]),
    step=st.sampled_from([timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)]),
)
def test_rollups_and_sketch_equal_a_recomputation_from_raw(batches, cut, zone, step):
    # A reader that lingers may put its lock file back while the folder goes.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = Store(Path(folder) / "t.duckdb")
        truth = frame_of(send(store, batches))
        window = Window(START + timedelta(minutes=cut[0]), START + timedelta(minutes=cut[1]))
        inside = truth[(truth.ts >= window.start) & (truth.ts < window.end)]
        with store.read() as db:
            known = read.series(db).set_index("series_id")["component"]
            ids = list(known.index)
            raw = read.samples(db, ids, window)
            buckets = read.buckets(db, ids, window, step, zone)
            figures = read.period(db, window)
        for each in (raw, buckets, figures):
            each["component"] = each["series_id"].map(known)
    assert sorted(zip(raw.component, raw.ts, raw.value, strict=True)) == sorted(
        zip(inside.component, inside.ts, inside.value, strict=True)
    )
    check_buckets(buckets, inside, step, zone)
    check_period(figures, inside)


def check_buckets(got: pd.DataFrame, inside: pd.DataFrame, step: timedelta, zone: str) -> None:
    local = inside.ts.dt.tz_convert(zone).dt.tz_localize(None).dt.floor(step)
    want = inside.groupby([inside.component, local.rename("local")]).value.agg(["count", "mean", "min", "max", "sum"])
    got = (
        got.assign(local=got.ts.dt.tz_convert(zone).dt.tz_localize(None))
        .groupby(["component", "local"])[["n", "mean", "min", "max", "sum"]]
        .first()
    )
    np.testing.assert_array_equal(got.index.to_list(), want.index.to_list())
    np.testing.assert_allclose(got.to_numpy(float), want.to_numpy(float), rtol=1e-9, atol=1e-7)


def check_period(got: pd.DataFrame, inside: pd.DataFrame) -> None:
    want = inside.groupby("component").value.agg(["count", "mean", "min", "max", "sum", "last"])
    got = got.set_index("component").sort_index()
    assert list(got.index) == list(want.index)
    np.testing.assert_allclose(
        got[["n", "mean", "min", "max", "sum", "last"]].to_numpy(float), want.to_numpy(float), rtol=1e-9, atol=1e-7
    )
    for component, values in inside.groupby("component").value:
        exact = np.quantile(values, 0.95, method="inverted_cdf")
        assert got.p95[component] == pytest.approx(exact, rel=RELATIVE_ERROR * 1.000001, abs=1e-12)


def test_days_between_two_winters_begin_at_midnight_in_summer_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "t.duckdb")
    ts = np.datetime64("2026-01-01", "us") + np.arange(24 * 365) * np.timedelta64(1, "h")
    cpu = Series("jobs", "web", "system.cpu.utilization", "mean", "%", 3600, "test")
    write.batches(store, write.begin_run(store, "collect", "test"), [Points(cpu, ts, np.arange(24.0 * 365))])
    year = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC))
    with store.read() as db:
        days = read.buckets(db, [1], year, timedelta(days=1), "Europe/London").set_index("ts")
    first_of_june = days.loc["2026-05-31 23:00:00+00:00"]  # midnight in London
    hours = (datetime(2026, 5, 31, 23) - datetime(2026, 1, 1)).total_seconds() / 3600  # noqa: DTZ001 - both in UTC
    assert (first_of_june["n"], first_of_june["min"], first_of_june["max"]) == (24, hours, hours + 23)
