"""Whole runs: through the command line and the runner, against a real server and a faulty one, into a store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from metrics import config
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.store import read
from tests.collect.folders import configure, metrics
from tests.collect.prometheus_asked import hours
from tests.collect.prometheus_replay import Answer, Asked, Say, cut, failure, matrix, replaying
from tests.collect.prometheus_samples import example
from tests.collect.prometheus_server import NONE, programs


def collected(folder: Path) -> Outcome:
    settings = config.load(folder)
    (it,) = chosen(settings, [])
    window = hours(0, 3)
    return run_source(settings, it, Request(window.end, window.start))


def answers(folder: Path) -> pd.DataFrame:
    with store_of(config.load(folder)).read() as db:
        found = read.coverage(db)
    return found.sort_values(["component", "indicator", "part", "window_start"], na_position="last")


def test_the_command_line_fills_the_store_and_adds_nothing_twice(tmp_path: Path) -> None:
    folder = configure(tmp_path, {"prometheus": example(tmp_path)})
    window = ("--since", "2025-06-02T00:00:00Z", "--until", "2025-06-02T03:00:00Z")
    done = metrics(folder, "collect", *window)
    assert done.returncode == 0, done.stdout + done.stderr
    with store_of(config.load(folder)).read() as db:
        series = read.series(db).set_index(["component", "part", "indicator"]).sort_index()
        samples = read.samples(db, list(series["series_id"]), hours(-1, 4))
    counts = samples.groupby("series_id").size()
    cpu = [("machines", part, "system.cpu.utilization") for part in ("a", "b")]
    assert [counts[series.loc[key, "series_id"]] for key in cpu] == [36, 36]
    assert len(samples) == 4 * 36
    found = answers(folder)
    assert list(found[["part", "indicator", "state", "window_start", "window_end"]].itertuples(index=False)) == [
        (part, indicator, "complete", pd.Timestamp(hours(0, 3).start), pd.Timestamp(hours(0, 3).end))
        for part, indicator in (
            (None, "k8s.node.count"), ("a", cpu[0][2]), ("b", cpu[0][2]), (None, cpu[0][2]), (None, "http.server.request.count"),
        )
    ]  # fmt: skip
    again = metrics(folder, "collect", *window)
    assert again.returncode == 0
    with store_of(config.load(folder)).read() as db:
        pd.testing.assert_frame_equal(read.samples(db, list(series["series_id"]), hours(-1, 4)), samples)


FAULTS: dict[str, Say] = {
    "throttled": lambda _: Answer(429, b"", {"Retry-After": "0"}),
    "5xx": lambda _: Answer(503, b"overloaded"),
    "cut": lambda asked: cut(matrix(asked, {"node": "a"})),
    "wrong JSON": lambda _: Answer(200, b"{]"),
    "login": lambda _: Answer(401),
    "forbidden": lambda _: Answer(403),
    "too slow": lambda _: failure(503, "timeout", "query timed out"),
    "several of one part": lambda asked: matrix(asked, {"node": "a", "cpu": "0"}, {"node": "a", "cpu": "1"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_a_later_run_heals_the_hole(fault: str, tmp_path: Path) -> None:
    queries = [{"indicator": "cpu", "query": "cpu", "part": "node"}]
    with replaying(FAULTS[fault]) as replay:
        folder = configure(
            tmp_path, {"it": {"kind": "prometheus", "base_url": replay.url, "targets": [{"component": "web", "queries": queries}]}}
        )  # fmt: skip
        failed = collected(folder)
        assert (failed.state in ("failed", "partial"), failed.rows, bool(failed.detail)) == (True, 0, True)
        replay.say = lambda asked: matrix(asked, {"node": "a"})
        assert collected(folder) == Outcome("it", "done", 36, 0, {"complete": 2}, "")
        assert collected(folder).rows == 0
    found = answers(folder)
    assert [tuple(row) for row in found[["part", "state"]].itertuples(index=False)] == [
        ("a", "complete"), (None, "complete"),
    ]  # fmt: skip


def test_a_fault_of_one_query_stops_no_other(tmp_path: Path) -> None:
    def say(asked: Asked) -> Answer:
        return failure(500, "internal", "no") if asked.form["query"] == "bad" else matrix(asked, {})

    with replaying(say) as replay:
        target = {"component": "web", "queries": {"nodes": "bad", "requests": "good"}}
        folder = configure(tmp_path, {"it": {"kind": "prometheus", "base_url": replay.url, "targets": [target]}})
        outcome = collected(folder)
    assert (outcome.state, outcome.rows) == ("partial", 36)
    assert outcome.detail == "web k8s.node.count: the server failed (internal): no"


def test_without_prometheus_its_tests_fail_and_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(AssertionError, match="apt-get install prometheus") as caught:
        programs.__wrapped__()
    assert str(caught.value) == NONE
