"""What the processes of the lease and crash tests do: real stores, no shared memory, only the file between them."""

from __future__ import annotations

import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from metrics.model import Coverage, Points, Series, Window
from metrics.store import Store, bulk, read, write

START = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=5)
SERIES = [Series("jobs", f"web-{i}", "system.cpu.utilization", "mean", "%", 300, "test") for i in range(20)]
PER_BATCH = 12

# A clean parent to fork from: starting an interpreter for each of 60 kills would take minutes.
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.store.workers"])


def batch(number: int) -> list[Points | Coverage]:
    """An hour of samples that overlaps the hour before by all but one bucket; each holds its own batch number."""
    ts = np.datetime64(START.replace(tzinfo=None), "us") + (number + np.arange(PER_BATCH)) * np.timedelta64(STEP)
    values = (number + np.arange(PER_BATCH)).astype(np.float64)
    window = Window(START + number * STEP, START + (number + PER_BATCH) * STEP)
    points = [Points(series, ts, values + i) for i, series in enumerate(SERIES)]
    asked = [Coverage(s.service, s.component, s.indicator, s.source, window, "complete") for s in SERIES]
    return [*points, *asked]


def collect(path: Path, first: int, said: Connection) -> None:
    """A collector: says a batch's number once it is written."""
    store = Store(path)
    run = write.begin_run(store, "collect", "test")
    for number in range(first, first + 10_000):
        write.batches(store, run, batch(number))
        said.send(number)


def serve(path: Path, first: int, said: Connection) -> None:
    """The app: pages reading in threads while its own loop collects."""
    for _ in range(3):
        threading.Thread(target=look, args=(path, 1e9), daemon=True).start()
    collect(path, first, said)


def load(path: Path, first: int, said: Connection) -> None:
    """An import, again and again: says how many rows a finished file held."""
    del first
    store = Store(path)
    cpu = bulk.IndicatorRef("system.cpu.utilization", "mean", "%")
    spec = bulk.Spec("csv", "samples", "files", "jobs", {cpu.name: cpu})
    while True:
        run = write.begin_run(store, "import", "files", "load.csv")
        done = bulk.import_file(store, run, path.with_name("load.csv"), spec)
        write.end_run(store, run, "done")
        said.send(done.read)


def look(path: Path, seconds: float) -> list[float]:
    """A reader: how long each of its questions took. Every answer must be a whole number of batches."""
    store, took, until = Store(path), [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        with store.read() as db:
            known = read.series(db)
            counted = db.rows("SELECT count(*), count(DISTINCT series_id) FROM samples")[0]
            rolled = db.rows("SELECT coalesce(sum(n), 0) FROM hourly")[0][0]
        took.append(time.monotonic() - began)
        if counted[0] != rolled or counted[1] not in (0, len(known)):
            raise AssertionError(f"a torn state: {counted} samples, {rolled} rolled up, {len(known)} series")
        time.sleep(0.002)
    return took


def looked(path: Path, seconds: float, said: Connection) -> None:
    said.send(look(path, seconds))


def collected(path: Path, seconds: float, said: Connection) -> None:
    """A writer in a tight loop: how long each batch took, waiting included, and how long it held the lease."""
    store, took, held, until, number = Store(path), [], [], time.monotonic() + seconds, 0
    run = write.begin_run(store, "collect", "test")
    while time.monotonic() < until:
        began = time.monotonic()
        write.batches(store, run, batch(number))
        took.append(time.monotonic() - began)
        with store.write(held.append):
            pass
        number += 1
    said.send((took, held))
