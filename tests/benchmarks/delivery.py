"""Two years of 20 services, 50,000 deployments, 200,000 changes: what `delivery` and its page take."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import sync_playwright

from metrics.model import Service, Window
from metrics.review.delivery.report import Facts, delivery, needed
from metrics.store import Store, deliveries, write
from tests.benchmarks import dataset, ui

FOLDER = dataset.FOLDER / "delivery"
SERVICES, DEPLOYMENTS, CHANGES, INCIDENTS, DAYS = 20, 50_000, 200_000, 2_000, 730
TURNS = 5
YEAR = timedelta(days=365)


def main() -> None:
    store = build()
    now = datetime.now(UTC)
    window = Window(now - YEAR, now)
    services = [Service(f"service-{n:02}", f"Service {n}", "Asia/Tokyo", 0) for n in range(SERVICES)]
    asked = _median(lambda: _facts(store, window))
    facts = _facts(store, window)
    print(f"{len(facts.deployments):,} deployments, {len(facts.changes):,} changes, {len(facts.incidents):,} incidents, "
          f"{len(facts.builds):,} builds: asked for in {asked:.2f} s")  # fmt: skip
    for by in ("week", "month"):
        took = _median(lambda: delivery(facts, services, window, now, by))  # noqa: B023
        print(f"the report of a year by {by}: {took:.2f} s")
    command = [
        sys.executable,
        "-m",
        "metrics",
        "--data",
        str(FOLDER),
        "delivery",
        "--since",
        f"{window.start:%Y-%m-%d}",
    ]
    for words in (["--format", "json"], ["--format", "json", "--by", "week"], []):
        took = _median(lambda: subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL))  # noqa: B023
        print(f"delivery {' '.join(words) or 'as a table'}: {took:.2f} s, the start of Python included")
    _browse()


def _browse() -> None:
    """The page in a browser: loads once it is warm, and reruns with other steps, a figure opened, another service."""
    with ui.served(FOLDER) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["TOMONI_CHROMIUM"] or None, args=ui.CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        for span in ("3m", "12m"):
            address = f"{url}/delivery?service=service-00&span={span}"
            loads = [ui.timed(page, lambda: page.goto(address)) for _ in range(TURNS + 1)]  # noqa: B023
            print(f"Delivery, {span}: first load {loads[0]:.0f} ms, warm load {ui.median_of(loads[1:])}")
        for name, labels in (
            ("other steps", ["by month", "by week"]),
            ("another span", ["6 months", "12 months"]),
            ("a figure opened and closed", ["Change fail rate", "Close"]),
        ):
            reruns = [ui.timed(page, ui.click(page, label)) for label in labels * TURNS][2:]
            print(f"Delivery: rerun ({name}) {ui.median_of(reruns)}")
        browser.close()


def build() -> Store:
    """Made anew, since a year ends today."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "services").mkdir(parents=True)
    for number in range(SERVICES):
        (FOLDER / "services" / f"service-{number:02}.yaml").write_text("title: Bench\ntime_zone: Asia/Tokyo\n")
    store = Store(FOLDER / "tomoni.duckdb")
    run = write.begin_run(store, "import", "bench")
    until = f"TIMESTAMP '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}'"
    with store.write() as connection:
        for statement in (_DEPLOYMENTS, _CHANGES, _INCIDENTS):
            connection.execute(statement.replace("UNTIL", until).replace("RUN", str(run)))
    write.end_run(store, run, "done")
    return store


def _facts(store: Store, window: Window) -> Facts:
    span = needed(window)
    with store.read() as db:
        return Facts(
            deliveries.deployments(db, span), deliveries.changes(db, span), deliveries.incidents(db, span),
            deliveries.builds(db, span), deliveries.images(db, span), deliveries.watched(db),
        )  # fmt: skip


def _median(act: object) -> float:
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        act()  # type: ignore[operator]
        took.append(time.perf_counter() - began)
    return statistics.median(took)


# Three components a service, every fifth deployment to staging; one in 15 is a hotfix or goes back by two versions.
_DEPLOYMENTS = f"""
INSERT INTO events
SELECT 'service-' || lpad((i % {SERVICES})::VARCHAR, 2, '0'), ['web', 'api', 'worker'][1 + i // 20 % 3], 'deployment',
       'deploy-' || i, moment, moment + to_minutes((10 + i % 23)::INTEGER), CASE i % 31 WHEN 0 THEN 'failed' ELSE 'succeeded' END,
       'release ' || i, 'https://ci.example/' || i,
       to_json({{environment: CASE i % 5 WHEN 0 THEN 'staging' ELSE 'production' END, commit: 'c' || version,
                version: 'v' || version, kind: CASE i % 30 WHEN 7 THEN 'hotfix' END, mends: NULL, branch: 'main'}}),
       'bench', UNTIL, RUN
FROM (SELECT i, UNTIL - INTERVAL {DAYS} DAY + to_seconds(i * {DAYS} * 86400.0 / {DEPLOYMENTS}) AS moment,
             CASE i % 30 WHEN 11 THEN i - 120 ELSE i END AS version FROM range({DEPLOYMENTS}) t(i))"""
_CHANGES = f"""
INSERT INTO events
SELECT 'service-' || lpad((i // 4 % {SERVICES})::VARCHAR, 2, '0'), ['web', 'api', 'worker'][1 + i // 80 % 3], 'change',
       sha1(i::VARCHAR), moment - to_minutes((600 + i % 4001)::INTEGER), moment - to_minutes((20 + i % 601)::INTEGER), 'merged',
       'Change number ' || i, 'https://git.example/' || i,
       to_json({{commit: sha1(i::VARCHAR), pull_request: i, deployed_by: CASE i % 2 WHEN 0 THEN 'deploy-' || i // 4 END,
                commits: 1 + i % 5, reverts: CASE i % 97 WHEN 0 THEN (i - 240)::VARCHAR END}}),
       'bench', UNTIL, RUN
FROM (SELECT i, UNTIL - INTERVAL {DAYS} DAY + to_seconds(i // 4 * {DAYS} * 86400.0 / {DEPLOYMENTS}) AS moment
      FROM range({CHANGES}) t(i));
INSERT INTO events
SELECT 'service-' || lpad((i % {SERVICES})::VARCHAR, 2, '0'), 'pipeline', 'build', 'build-' || i,
       moment - to_minutes((40 + i % 7)::INTEGER), moment - to_minutes((i % 5)::INTEGER),
       CASE i % 17 WHEN 0 THEN 'failed' ELSE 'succeeded' END, 'image ' || i, NULL,
       to_json({{pipeline: 'main', job: 'build-' || i // 20 % 3, deployment: 'deploy-' || i, commit: 'c' || i}}),
       'bench', UNTIL, RUN
FROM (SELECT i, UNTIL - INTERVAL {DAYS} DAY + to_seconds(i * {DAYS} * 86400.0 / {DEPLOYMENTS}) AS moment
      FROM range({DEPLOYMENTS}) t(i))"""
_INCIDENTS = f"""
INSERT INTO events
SELECT 'service-' || lpad((i % {SERVICES})::VARCHAR, 2, '0'), ['web', 'api', 'db'][1 + i // 20 % 3], 'incident',
       'incident-' || i, moment, CASE i % 50 WHEN 0 THEN NULL ELSE moment + to_minutes((15 + i % 181)::INTEGER) END, 'resolved',
       'errors', NULL, to_json({{severity: 'sev3', caused_by_deployment: CASE i % 2 WHEN 0 THEN 'deploy-' || 25 * i END}}),
       'bench', UNTIL, RUN
FROM (SELECT i, UNTIL - INTERVAL {DAYS} DAY + to_seconds(i * {DAYS} * 86400.0 / {INCIDENTS}) + INTERVAL 20 MINUTE AS moment
      FROM range({INCIDENTS}) t(i))"""


if __name__ == "__main__":
    main()
