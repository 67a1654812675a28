"""What a row of each kind of file becomes: its times, its status in words that all sources share, and its attrs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from metrics.collect.layout import COLUMNS, Layout
from metrics.model import Window
from metrics.store import Store, deliveries
from metrics.store.event_files import KINDS
from tests.collect.folders import metrics
from tests.store.test_odd_files import lines, take, take_file

ROWS: Mapping[str, tuple[str, str]] = {
    "deployments": (
        "id,environment,started_at,finished_at,status,commit,version,kind",
        "d1,production,2026-06-01T09:00Z,2026-06-01T09:20Z,succeeded,abc,1.4,hotfix",
    ),
    "incidents": (
        "id,component,started_at,detected_at,resolved_at,severity,caused_by_deployment",
        "i1,web,2026-06-01T09:20Z,2026-06-01T09:25Z,2026-06-01T10:00Z,sev2,d1",
    ),
    "changes": (
        "commit,authored_at,merged_at,deployed_by,pull_request,reverts",
        "abc,2026-05-30T09:00Z,2026-05-31T09:00Z,d1,17,aaa",
    ),
    "alerts": (
        "id,component,rule,started_at,ended_at,severity",
        "a1,db,cpu-high,2026-06-01T02:00Z,2026-06-01T02:30Z,warning",
    ),
    "batch_runs": (
        "id,component,job,started_at,ended_at,status,rows,deadline",
        "r1,nightly,matching,2026-06-01T01:00Z,2026-06-01T02:30Z,failed,12000,2026-06-01T06:00Z",
    ),
    "builds": (
        "id,component,pipeline,job,started_at,ended_at,status,commit,deployment",
        "b1,web,release,image,2026-06-01T08:00Z,2026-06-01T08:50Z,errored,abc,d1",
    ),
    "defects": (
        "id,component,found_at,fixed_at,phase,type",
        "x1,web,2026-06-01T09:00Z,2026-06-03T09:00Z,acceptance,ui_rework",
    ),
}
EVENTS: Mapping[str, tuple[object, ...]] = {
    "deployments": ("deployment", None, "06-01 09:00", "06-01 09:20", "succeeded", "1.4"),
    "incidents": ("incident", "web", "06-01 09:20", "06-01 10:00", "resolved", ""),
    "changes": ("change", None, "05-30 09:00", "05-31 09:00", "merged", "17"),
    "alerts": ("alert", "db", "06-01 02:00", "06-01 02:30", "resolved", "cpu-high"),
    "batch_runs": ("batch_run", "nightly", "06-01 01:00", "06-01 02:30", "failed", "matching"),
    "builds": ("build", "web", "06-01 08:00", "06-01 08:50", "errored", "image"),
    "defects": ("defect", "web", "06-01 09:00", "06-03 09:00", "fixed", ""),
}
ATTRS: Mapping[str, Mapping[str, str]] = {
    "deployments": {"environment": "production", "commit": "abc", "version": "1.4", "kind": "hotfix"},
    "incidents": {"detected_at": "2026-06-01T09:25Z", "severity": "sev2", "caused_by_deployment": "d1"},
    "changes": {"deployed_by": "d1", "pull_request": "17", "reverts": "aaa"},
    "alerts": {"rule": "cpu-high", "severity": "warning"},
    "batch_runs": {"job": "matching", "rows": "12000", "deadline": "2026-06-01T06:00Z"},
    "builds": {"pipeline": "release", "job": "image", "commit": "abc", "deployment": "d1"},
    "defects": {"phase": "acceptance", "type": "ui_rework"},
}
SQL = """SELECT kind, component, strftime(started_at, '%m-%d %H:%M'), strftime(ended_at, '%m-%d %H:%M'), status, title, attrs
FROM v_events ORDER BY id"""  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "t.duckdb")


def stored(store: Store) -> list[tuple[object, ...]]:
    """Events without their attrs, and those beside them."""
    with store.read() as db:
        return [(*row[:-1], json.loads(row[-1])) for row in db.rows(SQL)]


def event_file(store: Store, folder: Path, kind: str, *, rows: str | None = None) -> None:
    head, row = ROWS[kind]
    take(store, folder / "a.csv", f"{head}\n{rows or row}\n", **{"as": kind, "component": None, "indicator": None})


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_each_kind(kind: str, store: Store, tmp_path: Path) -> None:
    event_file(store, tmp_path, kind)
    assert stored(store) == [(*EVENTS[kind], ATTRS[kind])]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_from_parquet_and_twice_over(kind: str, store: Store, tmp_path: Path) -> None:
    head, row = ROWS[kind]
    frame = pd.DataFrame([row.split(",")], columns=head.split(","))
    frame.to_parquet(tmp_path / "a.parquet")
    layout = {"as": kind, "component": None, "indicator": None}
    assert take_file(store, tmp_path / "a.parquet", **layout).written == 1
    assert take_file(store, tmp_path / "a.parquet", **layout).written == 0
    assert stored(store) == [(*EVENTS[kind], ATTRS[kind])]


@pytest.mark.parametrize(
    ("kind", "row", "status"),
    [
        ("incidents", "i1,web,2026-06-01T09:20Z,,,sev2,", "open"),
        ("alerts", "a1,db,cpu-high,2026-06-01T02:00Z,,warning", "open"),
        ("defects", "x1,web,2026-06-01T09:00Z,,design,logic", "open"),
        ("changes", "abc,2026-05-30T09:00Z,,,17,", None),
        ("builds", "b1,web,release,image,2026-06-01T08:00Z,,,abc,", None),
    ],
)
def test_what_has_not_ended_is_open_until_a_later_file_ends_it(
    kind: str, row: str, status: str | None, store: Store, tmp_path: Path
) -> None:
    event_file(store, tmp_path, kind, rows=row)
    ((*_, ended, said, _title, _attrs),) = stored(store)
    assert (ended, said) == (None, status)
    event_file(store, tmp_path, kind)
    assert stored(store) == [(*EVENTS[kind], ATTRS[kind])]


def test_a_wrong_row_is_refused_by_the_columns_own_names(store: Store, tmp_path: Path) -> None:
    rows = "x1,web,2026-06-03T09:00Z,2026-06-01T09:00Z,design,logic\nx2,web,,,design,logic\n"
    event_file(store, tmp_path, "defects", rows=rows + "x3,web,2026-06-03T09:00Z,,design,logic")
    assert [row[:3] for row in stored(store)] == [("defect", "web", "06-03 09:00")]
    assert lines(store) == [
        (2, "fixed_at '2026-06-01T09:00Z' is before found_at '2026-06-03T09:00Z'"),
        (3, "found_at is empty"),
    ]


def test_the_delivery_questions_find_what_was_imported(store: Store, tmp_path: Path) -> None:
    """An imported revert names a pull request, and its change is found by it."""
    event_file(store, tmp_path, "changes")
    event_file(store, tmp_path, "changes", rows="def,2026-06-01T08:00Z,2026-06-01T09:00Z,d2,18,17")
    event_file(store, tmp_path, "incidents")
    event_file(store, tmp_path, "builds")
    ever = Window(pd.Timestamp("2026-05-01", tz="UTC").to_pydatetime(), pd.Timestamp("2026-07-01", tz="UTC"))
    with store.read() as db:
        changes = deliveries.changes(db, ever).set_index("id")
        (incident,) = deliveries.incidents(db, ever).to_dict("records")
        (build,) = deliveries.builds(db, ever).to_dict("records")
    assert changes.loc["def", "reverts"] == "abc"
    assert (incident["severity"], incident["caused_by_deployment"]) == ("sev2", "d1")
    assert (build["status"], build["deployment"]) == ("errored", "d1")


def test_every_kind_of_event_can_be_imported(tmp_path: Path) -> None:
    assert set(ROWS) == set(KINDS) == set(COLUMNS) - {"samples"}
    for kind, (head, row) in ROWS.items():
        assert set(head.split(",")) <= set(COLUMNS[kind])
        path = tmp_path / f"{kind}.csv"
        path.write_text(f"{head}\n{row}\n", encoding="utf-8")
        assert Layout.model_validate({"as": kind}).content == kind
    for kind in ("builds", "defects"):
        done = metrics(tmp_path / "data", "import", tmp_path / f"{kind}.csv", "--as", kind)
        assert (done.returncode, done.stdout) == (0, f"{kind}.csv: 1 rows, 1 of them new or changed\n")
