"""From a service's file by the runner into a real store: expected rows, nothing twice, and holes that heal."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from metrics import config
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from tests.collect.datadog_events_server import NINE, Account, clock, downtime, incident, told
from tests.collect.datadog_server import API_KEY, APP_KEY, Fault
from tests.collect.folders import configure, metrics

SERVICE = """
sources:
  datadog_events:
    monitors: ["service:{component}"]
    incidents: {services: ["{component}"]}
components:
  web: {kind: web, use: datadog_events}
  db: {kind: database, sources: [{use: datadog_events, monitors: [8]}]}
"""
NOON = clock("12:00")


@pytest.fixture
def folder(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DD_KEY", API_KEY)
    monkeypatch.setenv("DD_APP", APP_KEY)
    account.events = [told(clock(at), status, group=group) for at, status, group in NINE]
    lagging = partial(told, monitor=8, group="", name="Replica lags", tags=["team:infra"])
    account.events += [lagging(clock("20:00", -9), "error"), lagging(clock("08:00"), "ok")]
    account.incidents = [incident(3, clock("03:05"), services=["web"], severity="SEV-2")]
    account.downtimes = [downtime("d1", clock("02:55"), clock("03:30"))]
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "jobs.yaml").write_text(SERVICE, encoding="utf-8")
    return configure(
        tmp_path, {"datadog_events": {"host": account.url, "api_key": "${DD_KEY}", "app_key": "${DD_APP}"}}
    )


def run(folder: Path, since: datetime | None = None, until: datetime = NOON) -> Outcome:
    settings = config.load(folder)
    (source,) = chosen(settings, ["datadog_events"])
    return run_source(settings, source, Request(until, since, until if since else None))


def table(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with store_of(config.load(folder)).read() as db:
        return db.rows(sql)


EVENTS = """SELECT component, kind, strftime(started_at, '%d %H:%M'), strftime(ended_at, '%d %H:%M'), status,
attrs->>'severity', attrs->>'muted' FROM v_events ORDER BY started_at"""
ROWS = [
    ("db", "alert", "25 20:00", "03 08:00", "resolved", "error", "false"),
    ("web", "alert", "03 01:00", "03 01:20", "resolved", "error", "false"),
    ("web", "alert", "03 02:00", None, "open", "warn", "false"),
    ("web", "alert", "03 03:00", None, "open", "error", "true"),
    ("web", "incident", "03 03:05", None, "open", "SEV-2", None),
    ("web", "alert", "03 04:00", None, "open", "error", "false"),
    ("web", "alert", "03 05:00", None, "open", "error", "false"),
    ("web", "alert", "03 06:00", None, "open", "warn", "false"),
    ("web", "alert", "03 07:00", None, "open", "error", "false"),
]
ANSWERS = "SELECT DISTINCT component, indicator, state FROM v_coverage ORDER BY ALL"


def test_the_expected_rows_are_stored_and_a_second_run_adds_none(folder: Path) -> None:
    first, second = run(folder, clock("00:00")), run(folder, clock("00:00"))
    assert (first.state, second.state, second.rows) == ("done", "done", 0)
    assert table(folder, EVENTS) == ROWS
    assert table(folder, ANSWERS) == [
        ("db", "alert", "complete"), ("db", "incident", "empty"), ("web", "alert", "complete"),
        ("web", "incident", "complete"),
    ]  # fmt: skip
    assert table(folder, "SELECT component, kind FROM snapshots ORDER BY ALL") == [
        ("db", "downtime d1"), ("web", "downtime d1"),
    ]  # fmt: skip


def test_what_was_open_is_closed_by_the_run_that_sees_its_recovery(folder: Path, account: Account) -> None:
    run(folder, clock("00:00"))
    account.events.append(told(clock("13:00"), "ok", group="host:web-3", lasted=timedelta(hours=9)))
    account.incidents[0]["attributes"] |= {
        "state": "resolved", "resolved": clock("12:30").isoformat(), "modified": clock("12:30").isoformat(),
    }  # fmt: skip
    assert run(folder, until=clock("14:00")).state == "done"
    ended = {row[2]: row[3] for row in table(folder, EVENTS)}
    assert (ended["03 04:00"], ended["03 03:05"]) == ("03 13:00", "03 12:30")
    assert len(ended) == len(ROWS)


def test_the_whole_past_in_slices_is_the_same_as_one_question(folder: Path, account: Account) -> None:
    """Newest first: an older slice, in which an episode is still open, must not open it again."""
    assert run(folder).state == "done"
    assert table(folder, EVENTS) == ROWS
    answered = table(
        folder,
        "SELECT min(window_start), max(window_end) FROM v_coverage WHERE component = 'web' AND indicator = 'alert'",
    )
    (((first, last)),) = answered
    assert last - first >= timedelta(days=450)
    incidents = [each for each in account.asked if "/incidents" in each.path]
    assert len(incidents) == 1
    # A slice takes a page or two, and an open alert one question more.
    assert len(account.asked) < 60


@pytest.mark.parametrize(
    "fault",
    [
        Fault(503, times=None),
        Fault(cut=True, times=None),
        Fault(body=b"<html>", times=None),
        Fault(403, b'{"errors": ["Forbidden"]}', times=None, path="search"),
    ],
    ids=["503", "cut", "no json", "403"],
)
def test_after_a_fault_a_later_run_heals_the_hole(folder: Path, account: Account, fault: Fault) -> None:
    account.faults = [fault]
    run(folder, clock("00:00"))
    assert not any(row[1] == "alert" for row in table(folder, EVENTS))
    assert {row[2] for row in table(folder, ANSWERS) if row[1] == "alert"} <= {"failed", "forbidden"}
    account.faults.clear()
    assert run(folder, clock("00:00")).state == "done"
    assert table(folder, EVENTS) == ROWS


def test_the_command_line_collects_and_checks(folder: Path, account: Account) -> None:
    account.monitors = [
        {"id": 8, "name": "Replica lags", "tags": ["service:web"], "query": "q", "type": "metric alert"}
    ]
    words = ("collect", "--source", "datadog_events", "--since", "2026-06-03", "--until", "2026-06-03T12:00:00Z")
    done = metrics(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr  # the client's, about lists that it calls unstable
    assert table(folder, EVENTS) == ROWS
    account.scopes.discard("events_read")
    checked = metrics(folder, "check")
    assert checked.returncode == 2
    assert "scope events_read" in checked.stdout + checked.stderr
    for text in (done, checked):
        assert API_KEY not in text.stdout + text.stderr
        assert APP_KEY not in text.stdout + text.stderr
