"""From a service's file by the runner into a real store: expected rows, nothing twice, and holes that heal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from metrics import config
from metrics.collect import registry
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from tests.collect.datadog.asking import DAY, HOUR
from tests.collect.datadog_server import API_KEY, APP_KEY, Datadog, Fault
from tests.collect.folders import configure, metrics

SERVICE = """
sources:
  datadog:
    with: {env: prod}
    queries:
      - {indicator: cpu, query: "avg:system.cpu.user{service:{component},env:{env}} by {host}"}
      - {indicator: requests, query: "sum:trace.web.request.hits{service:{component}}"}
components:
  web: {kind: web, use: datadog}
  jobs-db:
    kind: database
    sources:
      - use: datadog
        queries: [{indicator: memory, query: "100 * (1 - avg:system.mem.pct_usable{*})"}]
"""
NOW = DAY + 5 * HOUR + timedelta(minutes=3)


@pytest.fixture
def folder(datadog: Datadog, tmp_path: Path) -> Path:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "jobs.yaml").write_text(SERVICE, encoding="utf-8")
    source = {"host": datadog.url, "api_key": "${DD_KEY}", "app_key": "${DD_APP}"}
    return configure(tmp_path, {"datadog": source})


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DD_KEY", API_KEY)
    monkeypatch.setenv("DD_APP", APP_KEY)


def run(folder: Path, since: datetime = DAY) -> Outcome:
    settings = config.load(folder)
    (source,) = chosen(settings, ["datadog"])
    return run_source(settings, source, Request(NOW, since, NOW))


@contextmanager
def opened(folder: Path) -> Iterator[Any]:
    with store_of(config.load(folder)).read() as db:
        yield db


def table(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with opened(folder) as db:
        return db.rows(sql)


SAMPLES = (
    "SELECT component, part, indicator, stat, unit, period_s, source, count(*), min(value), max(value) "
    "FROM v_samples GROUP BY ALL ORDER BY ALL"
)
ROWS = [
    ("jobs-db", None, "system.memory.utilization", "mean", "%", 300, "datadog", 60, 75.0, 75.0),
    ("web", "web-1", "system.cpu.utilization", "mean", "%", 300, "datadog", 60, 12.0, 67.0),
    ("web", "web-2", "system.cpu.utilization", "mean", "%", 300, "datadog", 60, 22.0, 77.0),
    ("web", None, "http.server.request.count", "sum", "1", 300, "datadog", 60, 900.0, 900.0),
]
ANSWERS = "SELECT DISTINCT component, indicator, state, detail FROM v_coverage ORDER BY ALL"


def test_the_expected_rows_are_stored_and_a_second_run_adds_none(folder: Path) -> None:
    assert (run(folder).state, run(folder).rows) == ("done", 0)
    assert table(folder, SAMPLES) == ROWS
    assert table(folder, ANSWERS) == [
        ("jobs-db", "system.memory.utilization", "complete", ""),
        ("web", "http.server.request.count", "complete", ""),
        ("web", "system.cpu.utilization", "complete", ""),
        ("web", "system.cpu.utilization", "complete", "2 by host"),
    ]


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(503, times=None), "failed"),
        (Fault(429, b"{}", times=None), "failed"),
        (Fault(cut=True, times=None), "failed"),
        (Fault(body=b"<html>", times=None), "failed"),
        (Fault(body=b'{"errors": "timed out"}', times=None), "failed"),
        (Fault(403, b'{"errors": ["Forbidden"]}', times=None, path="timeseries"), "forbidden"),
        (Fault(401, b'{"errors": ["Unauthorized"]}', times=None), "failed"),
    ],
    ids=["503", "429", "cut", "no json", "200 with an error", "403", "401"],
)
def test_after_a_fault_a_later_run_heals_the_hole(folder: Path, datadog: Datadog, fault: Fault, state: str) -> None:
    datadog.faults = [fault]
    run(folder)
    assert {row[2] for row in table(folder, ANSWERS)} == {state}
    assert table(folder, "SELECT count(*) FROM v_samples") == [(0,)]
    datadog.faults.clear()
    assert run(folder).state == "done"
    assert table(folder, SAMPLES) == ROWS
    assert {row[2] for row in table(folder, ANSWERS)} == {"complete"}


def test_the_past_is_fetched_newest_first_in_windows_of_four_days(folder: Path, datadog: Datadog) -> None:
    assert registry()["datadog"].backfill >= timedelta(days=450)
    assert run(folder, since=DAY - timedelta(days=30)).state == "done"
    assert table(folder, "SELECT part, count(*) FROM v_samples GROUP BY ALL ORDER BY ALL") == [
        ("web-1", 30 * 288 + 60), ("web-2", 30 * 288 + 60), (None, 2 * (30 * 288 + 60)),
    ]  # fmt: skip
    ends = [each.attributes["to"] for each in datadog.asked]
    assert ends == sorted(ends, reverse=True)
    assert len(ends) == 9  # of 5 hours, 2 days, then 4 days each
    assert max(each.attributes["to"] - each.attributes["from"] for each in datadog.asked) == 4 * 86_400_000


def test_the_command_line_collects_and_checks(folder: Path, datadog: Datadog) -> None:
    done = metrics(
        folder, "collect", "--source", "datadog", "--since", "2026-06-01", "--until", "2026-06-01T05:03:00Z"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert table(folder, SAMPLES) == ROWS
    checked = metrics(folder, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "accepts the keys; queries: 3, requests a run: 1" in checked.stdout
    datadog.scopes.clear()
    refused = metrics(folder, "check")
    assert refused.returncode == 2
    assert "scope timeseries_query" in refused.stdout + refused.stderr
    for text in (done, checked, refused):
        assert API_KEY not in text.stdout + text.stderr
        assert APP_KEY not in text.stdout + text.stderr


def test_a_wrong_query_is_refused_where_it_stands(folder: Path) -> None:
    (folder / "services" / "jobs.yaml").write_text(SERVICE.replace("avg:system.cpu.user{", "avg:system.cpu.user{{"))
    refused = metrics(folder, "collect", "--source", "datadog")
    assert refused.returncode == 2
    assert "services/jobs.yaml:9: components.web" in refused.stderr + refused.stdout
