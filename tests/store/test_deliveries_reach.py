"""How far deliveries are known, and of whom anything is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from metrics.model import Coverage, Event, Window
from metrics.store import Store, deliveries, write

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(service: str, id_: str, at: datetime) -> Event:
    return Event(service, "deployment", id_, at, "import", AT, ended_at=at + HOUR, status="succeeded")


def test_reach_is_from_the_first_deployment_to_the_last_thing_known_by_now(tmp_path: Path):
    store = Store(tmp_path / "t.duckdb")
    run = write.begin_run(store, "import", "a.csv")
    later = AT.replace(year=2036)
    write.batches(
        store, run, [event("shop", "d1", AT), event("shop", "d2", AT + 5 * HOUR), event("shop", "d3", later)]
    )
    now = AT + timedelta(days=2)
    with store.read() as db:
        second = timedelta(seconds=1)
        assert deliveries.reach(db, "shop", now) == Window(AT, AT + 6 * HOUR + second)
        assert deliveries.reach(db, "bank", now) is None
        assert deliveries.services(db) == ("shop",)
    asked = Window(AT, now + HOUR)
    write.batches(store, run, [Coverage("shop", "web", "deployment", "github", asked, "empty")])
    with store.read() as db:
        assert deliveries.reach(db, "shop", now) == Window(AT, now)
