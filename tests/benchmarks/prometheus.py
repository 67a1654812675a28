"""What collecting from Prometheus takes: 1,000 series at 5 minutes, through the runner, into a store of its own.

A server of ours, in a process of its own, answers as Prometheus does; what is measured is all on our side of it.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from metrics import config
from metrics.collect.run import Request, chosen, run_source
from tests.benchmarks.dataset import FOLDER
from tests.collect.folders import configure
from tests.collect.prometheus_replay import Answer, Asked, replaying
from tests.store.workers import context

SERIES, SHAPES = 1_000, 20
TURNS = 3
DAY = timedelta(days=1)
# On a full step, so that each run finds the same number of buckets.
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def main() -> None:
    mine, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    url = str(mine.recv())
    runs = [_run(_folder(url), NOW, NOW - DAY) for _ in range(TURNS)]
    _tell("24 hours of 1,000 series", runs, SERIES * 288)
    folder = _folder(url)
    backfill = [_run(folder, NOW, None)]
    _tell("90 days of 1,000 series", backfill, SERIES * 288 * 90)
    nothing_new = [_run(folder, NOW + timedelta(seconds=1), None) for _ in range(TURNS)]
    _tell("the same again, nothing new", nothing_new, 0)
    mine.send("done")
    server.join()


Run = tuple[float, float, float, int]
"""Seconds, of which the processor's, peak MB, rows."""


def _tell(what: str, runs: list[Run], expected: int) -> None:
    took, busy, peak, rows = (statistics.median(column) for column in zip(*runs, strict=True))
    assert abs(rows - expected) <= SERIES, f"{rows:,} rows, not {expected:,}"
    print(f"prometheus: {what:30} {took:6.1f} s ({busy:.1f} s of CPU), peak {peak:4.0f} MB, {rows:,.0f} new rows")


def _folder(url: str) -> Path:
    folder = FOLDER / "prometheus"
    shutil.rmtree(folder, ignore_errors=True)
    query = {"indicator": "cpu", "query": "cpu", "part": "instance"}
    return configure(
        folder, {"prometheus": {"base_url": url, "targets": [{"component": "machines", "queries": [query]}]}}
    )


def _run(folder: Path, now: datetime, since: datetime | None) -> Run:
    """In a process of its own, so that its memory can be told."""
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_collect, args=(folder, now, since, theirs))
    process.start()
    measured: Run = mine.recv()
    process.join()
    return measured


def _collect(folder: Path, now: datetime, since: datetime | None, said: Connection) -> None:
    settings = config.load(folder)
    (source,) = chosen(settings, [])
    began = time.perf_counter()
    outcome = run_source(settings, source, Request(now, since))
    took, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    assert outcome.state == "done", outcome
    said.send((took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, outcome.rows))


def _serve(ends: Connection) -> None:
    labels = [json.dumps({"__name__": "cpu", "instance": f"10.0.{n // 250}.{n % 250}:9100"}) for n in range(SERIES)]
    with replaying(_answer(labels)) as replay:
        replay.asked = _Forgetful()
        ends.send(replay.url)
        ends.recv()


class _Forgetful(list[Asked]):
    """Ninety days of questions are of no interest."""

    def append(self, _: Asked) -> None:
        pass


def _answer(labels: list[str]) -> Callable[[Asked], Answer]:
    """Twenty shapes, each for fifty series: a day's season with noise, as Prometheus prints floats."""

    def say(asked: Asked) -> Answer:
        at = np.arange(int(asked.form["start"]), int(asked.form["end"]) + 1, int(asked.form["step"]))
        noise = np.sin(at * 12.9898) * 43_758.5453 % 1.0
        shapes = [40 + shape + 12 * np.sin(at / 13_751 + shape) + noise for shape in range(SHAPES)]
        written = [
            ",".join(f'[{when},"{value}"]' for when, value in zip(at.tolist(), shape.tolist(), strict=True))
            for shape in shapes
        ]
        series = (f'{{"metric":{each},"values":[{written[n % SHAPES]}]}}' for n, each in enumerate(labels))
        body = f'{{"status":"success","data":{{"resultType":"matrix","result":[{",".join(series)}]}}}}'
        return Answer(200, body.encode(), {"Content-Type": "application/json"})

    return say


if __name__ == "__main__":
    main()
