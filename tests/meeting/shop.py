"""A small shop in a store: what a review of it is made from, with a known truth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from metrics.meeting.setting import Setting
from metrics.model import Component, Coverage, Event, Points, Series, Service, Team, Window
from metrics.store import Store, write
from metrics.trends.reading import watched

UNTIL = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEK = Window(UNTIL - timedelta(weeks=1), UNTIL)
SHOP = Service(
    "shop",
    "Shop",
    "UTC",
    0,
    teams=(Team("dev", "Development", "dev"), Team("infra", "Infrastructure", "infra")),
    components=(
        Component("shop", "web", "web", "Web", "dev"),
        Component("shop", "db", "host", "Database host", "infra"),
    ),
)


def fill(folder: Path, *rows: Points | Event | Coverage) -> Store:
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "shop.csv")
    write.batches(store, run, list(rows))
    write.end_run(store, run, "done")
    return store


def line(component: str, indicator: str, values: Sequence[float], end: datetime = UNTIL, unit: str = "%") -> Points:
    """A value an hour up to the end."""
    n = len(values)
    ts = np.datetime64(end.replace(tzinfo=None), "us") - np.arange(n, 0, -1) * np.timedelta64(1, "h")
    return Points(Series("shop", component, indicator, "mean", unit, 3600, "files"), ts, np.array(values, float))


def event(
    kind: str,
    name: str,
    hours_ago: float,
    minutes: float = 20,
    component: str = "web",
    attrs: dict[str, str] | None = None,
) -> Event:
    began = UNTIL - timedelta(hours=hours_ago)
    ended = began + timedelta(minutes=minutes)
    return Event(
        "shop", kind, name, began, "files", UNTIL, component, ended, "succeeded", f"{kind} {name}", attrs=attrs or {}
    )


def setting(db: object, window: Window = WEEK, service: Service = SHOP) -> Setting:
    return Setting(db, service, watched(db, "shop", {}), window, window.end, f"{window.end:%Y-%m-%d}")
