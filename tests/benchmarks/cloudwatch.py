"""CloudWatch through the real runner into a fresh store: a day, 90 days, and a run with nothing new."""

from __future__ import annotations

import resource
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from metrics import config
from metrics.collect import registry, run
from tests.benchmarks import dataset
from tests.collect.cloudwatch import databases
from tests.collect.cloudwatch.aws_json_server import serve
from tests.collect.folders import configure
from tests.store.workers import context

# Twelve series each: 1,008.
INSTANCES = 84
FOLDER = dataset.FOLDER / "cloudwatch"
DAY = timedelta(days=1)
# (what, how far back a first run asks, at most so many seconds)
STAGES = (("24 h of 5 min, fresh", DAY, 20), ("90 days, fresh", 90 * DAY, 600), ("nothing new", 90 * DAY, 3))


def main() -> None:
    server, url = _server()
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    try:
        for what, past, limit in STAGES:
            if what.endswith("fresh"):
                shutil.rmtree(FOLDER, ignore_errors=True)
                configure(FOLDER, {"aws": {"kind": "cloudwatch", "endpoint_url": url, **_source()}})
            outcome, seconds, peak = _in_a_process(_run, FOLDER, past, now)
            print(f"cloudwatch, {what:21} {outcome.rows:>10,} rows in {seconds:5.1f} s (limit {limit} s), "
                  f"peak {peak:.0f} MB (limit 500 MB), {outcome.state}, {dict(outcome.answers)} {outcome.detail}")  # fmt: skip
    finally:
        server.terminate()
        server.join()
        shutil.rmtree(FOLDER, ignore_errors=True)


def _source() -> dict[str, object]:
    given = databases.source(databases.account_with(0), INSTANCES)
    return {key: value for key, value in given.items() if key != "endpoint_url"}


def _server():
    """In a process of its own, so that neither its time nor its memory is ours."""
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    return process, mine.recv()


def _serve(said: Connection) -> None:
    cloud = databases.account_with(INSTANCES)
    cloud.default = cache(databases.measured)
    serve(cloud)
    said.send(cloud.url)
    while True:
        time.sleep(60)


def _in_a_process(work, *args):
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, *args))
    process.start()
    answer = mine.recv()
    process.join()
    return answer


def _run(said: Connection, folder: Path, past: timedelta, now: datetime) -> None:
    source = replace(registry()["cloudwatch"], backfill=past)
    settings = config.load(folder)
    (it,) = run.chosen(settings, ["aws"])
    began = time.perf_counter()
    with patch.object(run, "kind_of", lambda _: source):
        outcome = run.run_source(settings, it, run.Request(now))
    seconds = time.perf_counter() - began
    said.send((outcome, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3))
