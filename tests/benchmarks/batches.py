"""Two years of a million batch runs: what the Batches page takes to ask, to judge and to draw."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import sync_playwright

from metrics.model import Service, Window
from metrics.review.batch_clock import clock
from metrics.review.batches import history, jobs, steps
from metrics.review.period import Period
from metrics.store import Store, read, write
from metrics.ui import batch_charts
from tests.benchmarks import dataset, ui

FOLDER = dataset.FOLDER / "batches"
RUNS, SERVICES, JOBS, DAYS = 1_000_000, 20, 40, 730
TURNS = 5


def main() -> None:
    """All in one service, then of one among twenty, and that in a browser."""
    for services in (1, SERVICES):
        store = build(services)
        now = datetime.now(UTC)
        for weeks in (1, 13, 104):
            period = Period(Window(now - timedelta(weeks=weeks), now), "Asia/Tokyo")
            _measure(store, period, "service-00", f"{weeks} weeks, one of {services} services")
        _browse(services)


def _measure(store: Store, period: Period, service: str, what: str) -> None:
    """Each part of what a load does, with nothing remembered."""
    with store.read() as db:
        asked = _median(lambda: read.batch_runs(db, history(period), service))
        runs = read.batch_runs(db, history(period), service)
    judged = _median(lambda: jobs(runs, period, 0))
    found = jobs(runs, period, 0)
    placed = _median(lambda: clock(runs, found, period))
    drawn = clock(runs, found, period)
    figure = _median(lambda: batch_charts.clock(drawn, None, found[0].key))
    by_step = _median(lambda: steps(runs, found[0], period, Service(service, service, "Asia/Tokyo", 0), "day"))
    print(f"{what}: {len(runs):,} runs of {len(found)} jobs: asked in {1e3 * asked:.0f} ms, judged in "
          f"{1e3 * judged:.0f} ms, placed on the clock in {1e3 * placed:.0f} ms ({len(drawn.bars):,} bars), drawn in "
          f"{1e3 * figure:.0f} ms, one job by day in {1e3 * by_step:.0f} ms")  # fmt: skip


def _browse(services: int) -> None:
    """The page in a browser: loads once it is warm, and reruns with another period or job."""
    with ui.served(FOLDER) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["TOMONI_CHROMIUM"] or None, args=ui.CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        for query in ("", "&period=13w"):
            address = f"{url}/batches?service=service-00{query}"
            loads = [ui.timed(page, lambda: page.goto(address)) for _ in range(TURNS + 1)][1:]  # noqa: B023
            print(f"Batches, one of {services} services,{query or ' (1 week)'}: warm load {ui.median_of(loads)}")
        labels = ["1 week", "13 weeks"] * TURNS
        reruns = [ui.timed(page, ui.click(page, label)) for label in labels][2:]
        print(f"Batches, one of {services} services,: rerun (another period) {ui.median_of(reruns)}")
        browser.close()


def _median(act: Callable[[], object]) -> float:
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def build(services: int) -> Store:
    """Made anew, since two years end today."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "services").mkdir(parents=True)
    for number in range(services):
        (FOLDER / "services" / f"service-{number:02}.yaml").write_text("title: Bench\ntime_zone: Asia/Tokyo\n")
    store = Store(FOLDER / "tomoni.duckdb")
    run = write.begin_run(store, "import", "bench")
    with store.write() as connection:
        until = f"TIMESTAMP '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}'"
        statement = _BATCHES.replace("UNTIL", until).replace("RUN", str(run)).replace("SERVICES", str(services))
        connection.execute(statement)
    write.end_run(store, run, "done")
    return store


_BATCHES = f"""
INSERT INTO events
SELECT 'service-' || lpad((i % SERVICES)::VARCHAR, 2, '0'), 'batch-' || j % 5, 'batch_run', 'run-' || i, moment,
       moment + to_seconds((60 + i % 1201)::INTEGER), CASE i % 67 WHEN 0 THEN 'failed' ELSE 'succeeded' END, 'job-' || j,
       'https://batches.example/' || i,
       to_json({{job: 'job-' || j, rows: 1000 + i % 50021, deadline: strftime(moment + INTERVAL 1 HOUR, '%Y-%m-%dT%H:%M:%SZ'),
                attempt: 1 + (i % 67 = 1)::INTEGER, reason: CASE i % 67 WHEN 0 THEN 'BackoffLimitExceeded' END}}),
       'bench', UNTIL, RUN
FROM (SELECT i, i // SERVICES % {JOBS} AS j,
             UNTIL - INTERVAL {DAYS} DAY + to_seconds(i * {DAYS} * 86400.0 / {RUNS}) AS moment FROM range({RUNS}) t(i))"""


if __name__ == "__main__":
    main()
