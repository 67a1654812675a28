"""Data folders for the pages: a demo, an empty one, one whose source fails, one with a service that nobody described."""

from __future__ import annotations

import fcntl
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics import cli
from metrics.model import Coverage, Event, Points, Series, Window
from metrics.store import Store, write

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
LAST_WEEK = "16 – 23 Nov 2026"
STEP = timedelta(minutes=5)


def demo(factory: pytest.TempPathFactory, weeks: int = 4) -> Path:
    """The demo service with a fixed end, so that pages look the same on every run. Made once, since it takes long."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made, unfinished = shared / f"made-{weeks}", shared / f"making-{weeks}"
    with (shared / f"made-{weeks}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            arguments = ["--data", str(unfinished), "demo", "--weeks", str(weeks), "--until", NOW.isoformat()]
            assert cli.main(arguments) == 0
            unfinished.rename(made)
    return Path(shutil.copytree(made, factory.mktemp("demo") / "data"))


def one_series(folder: Path, service: str = "shop", hours: int = 48) -> Path:
    """Two days of one component's CPU: all that a first import brings."""
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "cpu.csv")
    identity = Series(service, "web-1", "system.cpu.utilization", "mean", "%", 300, "cpu.csv")
    n = hours * 12
    ts = np.datetime64(NOW.replace(tzinfo=None), "us") - np.arange(n, 0, -1) * np.timedelta64(STEP)
    window = Window(NOW - STEP * n, NOW)
    answer = Coverage(service, "web-1", identity.indicator, "cpu.csv", window, "complete")
    write.batches(store, run, [Points(identity, ts, 40 + 10 * np.sin(np.arange(n) / 20)), answer])
    write.refuse(store, run, "cpu.csv", [(17, "not a number", "2026-11-22 00:00,oops")])
    write.end_run(store, run, "done")
    return folder


def only_events(folder: Path, service: str = "shop") -> Path:
    """Two deployments and an alert, and not one sample."""
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "collect", "github")
    window = Window(NOW - timedelta(days=2), NOW)
    began = NOW - timedelta(hours=30)
    events = [
        Event(service, kind, f"{kind}-{n}", began + n * timedelta(hours=9), "github", NOW, "web",
              began + (n * 9 + 1) * timedelta(hours=1), "succeeded", f"{kind} {n}", "https://ci.example/1")
        for n, kind in enumerate(("deployment", "deployment", "alert"))
    ]  # fmt: skip
    write.batches(store, run, [*events, Coverage(service, "web", "deployment", "github", window, "complete")])
    write.end_run(store, run, "done")
    return folder


def of_two_sources(folder: Path) -> Path:
    """The same CPU as a second source measures it."""
    one_series(folder)
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "collect", "datadog")
    identity = Series("shop", "web-1", "system.cpu.utilization", "mean", "%", 300, "datadog")
    ts = np.datetime64(NOW.replace(tzinfo=None), "us") - np.arange(576, 0, -1) * np.timedelta64(STEP)
    write.batches(store, run, [Points(identity, ts, np.full(576, 44.0))])
    write.end_run(store, run, "done")
    return folder


def in_the_future(folder: Path, indicator: str) -> None:
    """One more row, dated ten years ahead by mistake, in the same series or in one of its own."""
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "import", "cpu.csv")
    identity = Series("shop", "web-1", indicator, "mean", "%", 300, "cpu.csv")
    write.batches(store, run, [Points(identity, np.array(["2036-11-23T06:00"], "datetime64[us]"), np.array([50.0]))])
    write.end_run(store, run, "done")


def failing(folder: Path) -> Path:
    """The same, and a source whose newest run could not reach anything."""
    one_series(folder)
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "collect", "cloudwatch")
    write.end_run(store, run, "failed", "no route to monitoring.example.com")
    return folder
