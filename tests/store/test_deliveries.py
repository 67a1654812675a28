"""The frames behind the delivery figures: which events are in them, and what is picked out of the attrs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from metrics.model import Coverage, CoverageState, Event, EventKind, Window
from metrics.store import Store, deliveries, write

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "t.duckdb")


def event(kind: EventKind, id_: str, start: float, end: float | None = None, /, **attrs: object) -> Event:
    """So many hours after START."""
    own = {name: attrs.pop(name) for name in ("service", "component", "status", "title", "url") if name in attrs}
    return Event(
        own.pop("service", "jobs"),  # type: ignore[arg-type]
        kind, id_, START + start * HOUR, "test", START + 48 * HOUR,
        ended_at=None if end is None else START + end * HOUR, attrs=attrs, **own,  # type: ignore[arg-type]
    )  # fmt: skip


def put(store: Store, *batches: write.Batch) -> None:
    write.batches(store, write.begin_run(store, "collect", "test"), batches)


def ids(frame: pd.DataFrame) -> list[str]:
    return frame["id"].tolist()


def test_how_far_events_are_known_by_the_newest_one_or_by_the_newest_answer(store: Store) -> None:
    def asked(service: str, state: CoverageState, hours: float, kind: str = "deployment") -> Coverage:
        window = Window(START, START + hours * HOUR)
        return Coverage(service, "web", kind, "test", window, state)

    put(
        store,
        event("deployment", "d1", 1, 2),
        event("incident", "i1", 3),
        event("alert", "later", 90),
        event("deployment", "shop", 1, 2, service="shop"),
        event("deployment", "mail", 1, 2, service="mail"),
        asked("shop", "empty", 9),
        asked("mail", "failed", 9),
        asked("mail", "complete", 9, "system.cpu.utilization"),
        asked("nobody", "complete", 9),
    )
    with store.read() as db:
        known = deliveries.reached(db, START + 24 * HOUR)
    assert {name: (at - START) / HOUR for name, at in known.items()} == {"jobs": 3, "shop": 9, "mail": 2}


def test_deployments_have_what_the_figures_need(store: Store) -> None:
    attrs = {"environment": "production", "version": "V1", "commit": "abc", "kind": "hotfix", "mends": "d0"}
    put(
        store,
        event(
            "deployment", "d1", 1, 2, component="web", status="succeeded", title="Night", url="https://ci/1", **attrs
        ),
        event("deployment", "d2", 3),
    )
    with store.read() as db:
        frame = deliveries.deployments(db, DAY)
    first, second = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert first == {
        "service": "jobs", "component": "web", "id": "d1", "started_at": pd.Timestamp(START + HOUR),
        "ended_at": pd.Timestamp(START + 2 * HOUR), "status": "succeeded", "title": "Night", "url": "https://ci/1",
        "branch": None, **attrs,
    }  # fmt: skip
    assert {name for name, value in second.items() if value is not None} == {"service", "id", "started_at", "title"}
    assert frame.dtypes["started_at"] == frame.dtypes["ended_at"] == "datetime64[us, UTC]"


def test_an_empty_store_gives_frames_with_their_columns(store: Store) -> None:
    put(store)
    with store.read() as db:
        for question in (deliveries.deployments, deliveries.changes, deliveries.incidents, deliveries.builds):
            frame = question(db, DAY)
            assert len(frame) == 0
            assert {"service", "component", "id"} <= set(frame.columns)
            assert all(str(kind) == "datetime64[us, UTC]" for kind in frame.dtypes[list(frame.filter(like="_at"))])
        assert deliveries.watched(db) == frozenset()


def test_they_began_in_the_window_and_are_of_the_service(store: Store) -> None:
    put(
        store,
        *(event(kind, f"{kind}-{n}", hour) for kind in ("deployment", "incident", "build") for n, hour in
          enumerate((-1, 0, 23, 24))),
        event("deployment", "other", 5, service="shop"),
    )  # fmt: skip
    with store.read() as db:
        assert ids(deliveries.deployments(db, DAY, "jobs")) == ["deployment-1", "deployment-2"]
        assert ids(deliveries.deployments(db, DAY)) == ["deployment-1", "other", "deployment-2"]
        assert ids(deliveries.incidents(db, DAY)) == ["incident-1", "incident-2"]
        assert ids(deliveries.builds(db, DAY)) == ["build-1", "build-2"]


def test_changes_were_merged_in_the_window_or_brought_by_one_of_its_deployments(store: Store) -> None:
    put(
        store,
        event("deployment", "d1", 5),
        event("change", "merged-in", -50, 2),
        event("change", "merged-before", -50, -40),
        event("change", "brought", -50, -40, deployed_by="d1"),
        event("change", "brought-before", -50, -40, deployed_by="d0"),
        event("change", "not-merged", 2),
        event("change", "merged-after", 2, 30),
    )
    with store.read() as db:
        assert sorted(ids(deliveries.changes(db, DAY))) == ["brought", "merged-in", "not-merged"]


def test_a_revert_of_a_pull_request_names_its_change(store: Store) -> None:
    put(
        store,
        event("change", "aaa", 1, 2, pull_request=7),
        event("change", "bbb", 1, 2, pull_request=7, service="shop"),
        event("change", "ccc", 3, 4, pull_request="8", reverts="7"),
        event("change", "ddd", 3, 4, reverts="aaa"),
        event("change", "eee", 3, 4, reverts="Widen the list"),
    )
    with store.read() as db:
        frame = deliveries.changes(db, DAY, "jobs").set_index("id")["reverts"].dropna()
    assert frame.to_dict() == {"ccc": "aaa", "ddd": "aaa", "eee": "Widen the list"}


def test_times_within_attrs_are_moved_to_utc(store: Store) -> None:
    put(
        store,
        event("incident", "i1", 1, detected_at="2026-11-01T11:30:00+09:00", resolved_at="2026-11-01T13:00:00+09:00"),
        event("incident", "i2", 2, 3, resolved_at="2026-11-01T23:00:00Z", detected_at="soon", severity="sev1"),
        event("incident", "i3", 4, caused_by_deployment="d1"),
    )
    with store.read() as db:
        frame = deliveries.incidents(db, DAY)
    hours = (frame["ended_at"] - pd.Timestamp(START)) / pd.Timedelta(hours=1)
    assert hours.fillna(-1).tolist() == [4, 3, -1]  # what the source says of the end wins over the attrs
    assert frame["detected_at"].tolist() == [pd.Timestamp(START + 2.5 * HOUR), pd.NaT, pd.NaT]
    assert frame["severity"].fillna("").tolist() == ["", "sev1", ""]
    assert frame["caused_by_deployment"].fillna("").tolist() == ["", "", "d1"]


def test_builds_have_what_the_figures_need(store: Store) -> None:
    attrs = {"pipeline": "main", "job": "build-web", "commit": "abc", "deployment": "d1", "rerun_of": "b0"}
    put(store, event("build", "b1", 1, 2, status="succeeded", **attrs))
    with store.read() as db:
        (row,) = deliveries.builds(db, DAY).to_dict("records")
    assert {name: row[name] for name in attrs} == attrs


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (event("incident", "i1", -5_000), {"jobs"}),
        (Coverage("jobs", "web", "incident", "test", DAY, "empty"), {"jobs"}),
        (Coverage("jobs", "web", "incident", "test", DAY, "complete"), {"jobs"}),
        (Coverage("jobs", "web", "incident", "test", DAY, "forbidden"), set()),
        (Coverage("jobs", "web", "deployment", "test", DAY, "complete"), set()),
        (event("alert", "a1", 1), set()),
    ],
)
def test_a_service_is_watched_where_somebody_looked_for_incidents(
    store: Store, batch: write.Batch, expected: set[str]
) -> None:
    put(store, batch)
    with store.read() as db:
        assert deliveries.watched(db) == expected
