"""A drill-down into a small store: exports jump for an hour, and the database with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.model import Event, Points, Series, Service, Window
from metrics.review.suspects.trouble import trouble_within
from metrics.store import Store, write
from metrics.trends.drill import Drill, drill
from metrics.trends.reading import watched

END = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 35
JUMP = Window(datetime(2026, 11, 18, 10, tzinfo=UTC), datetime(2026, 11, 18, 11, tzinfo=UTC))
SERVICE = Service("jobs", "Jobs", "Asia/Tokyo", 0)
CPU = "db/system.cpu.utilization"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    store = Store(tmp_path_factory.mktemp("drill") / "tomoni.duckdb")
    write.batches(store, write.begin_run(store, "collect", "test"), [*_points(), _deployment()])
    with store.read() as db:
        return drill(db, SERVICE, watched(db, "jobs", {}), trouble_within(JUMP, [CPU]))


def _points() -> list[Points]:
    ts = np.arange(np.datetime64(END.replace(tzinfo=None), "us") - np.timedelta64(DAYS, "D"),
                   np.datetime64(END.replace(tzinfo=None), "us"), np.timedelta64(300, "s"))  # fmt: skip
    edges = [np.datetime64(at.replace(tzinfo=None), "us") for at in (JUMP.start, JUMP.end)]
    jump = ((ts >= edges[0]) & (ts < edges[1])).astype(float)
    rng = np.random.default_rng(3)
    day = 1 + 0.5 * np.sin(2 * np.pi * np.arange(len(ts)) / 288)
    made = {
        ("db", None, "system.cpu.utilization", "mean", "%"): 30 * day + 30 * jump + rng.normal(0, 1, len(ts)),
        ("web", "/export", "http.server.request.count", "sum", "1"): rng.poisson(6 * day + 60 * jump),
        ("web", "/jobs", "http.server.request.count", "sum", "1"): rng.poisson(2000 * day),
        ("web", None, "log.errors", "sum", "1"): rng.poisson(2, len(ts)),
    }
    return [
        Points(Series("jobs", name, what, stat, unit, 300, "test", part), ts, np.asarray(values, dtype=np.float64))
        for (name, part, what, stat, unit), values in made.items()
    ]


def _deployment() -> Event:
    at = JUMP.start - timedelta(hours=2)
    return Event("jobs", "deployment", "d-1", at, "test", at, "mail", at + timedelta(minutes=5), "success")


def test_the_endpoint_with_the_excess_is_suspected_first(told: Drill) -> None:
    assert told.suspicion.first is not None
    assert (told.suspicion.first.kind, told.suspicion.first.part) == ("access", "/export")


def test_the_deployment_was_looked_at_and_is_refused_with_its_reason(told: Drill) -> None:
    refused = [each for each in told.suspicion.ruled_out if each.kind == "deployment"]
    assert [each.against[0].code for each in refused] == ["too_few_before"]


def test_endpoints_are_told_before_and_during_an_hour(told: Drill) -> None:
    export, jobs = told.endpoints
    assert (export.part, export.share) == ("/export", 1.0)
    assert export.before < 200 < 700 < export.during
    assert jobs.share == 0
    assert jobs.during == pytest.approx(jobs.before, rel=0.1)


def test_what_moved_has_the_database_and_the_exports_first(told: Drill) -> None:
    assert {each.line.address for each in told.moved[:2]} == {CPU, "web//export/http.server.request.count"}
    assert told.baseline == Window(JUMP.start - 4 * JUMP.duration, JUMP.start)
    assert told.moved[0].curve.ts.min() >= np.datetime64(told.baseline.start.replace(tzinfo=None))


def test_lanes_have_the_log_errors_and_what_happened(told: Drill) -> None:
    assert [lane.line.component for lane in told.errors] == ["web"]
    assert [mark.kind for mark in told.marks] == ["deployment"]


def test_a_short_window_is_widened_to_an_hour(tmp_path: Path) -> None:
    store = Store(tmp_path / "tomoni.duckdb")
    write.batches(store, write.begin_run(store, "collect", "test"), _points())
    short = Window(JUMP.start, JUMP.start + timedelta(minutes=10))
    with store.read() as db:
        found = drill(db, SERVICE, watched(db, "jobs", {}), trouble_within(short, [CPU]))
    assert found.window.duration == timedelta(hours=1)
    assert found.window.start < short.start < short.end < found.window.end
