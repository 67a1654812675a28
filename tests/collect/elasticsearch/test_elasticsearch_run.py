"""From a service's file into the store, by the runner itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from metrics import config
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.model import Window
from metrics.store import read
from tests.collect.elasticsearch.front import Fault, Front, error, shards_failed
from tests.collect.elasticsearch.osmem import Hit, at, index_hits
from tests.collect.folders import configure

SERVICE = """
sources:
  elasticsearch:
    index: run-access-*
    endpoints: ["/jobs/:id"]
components:
  web:
    kind: web
    use: elasticsearch
    filter: {service.name: web}
  admin:
    kind: web
    sources:
      - {use: elasticsearch, filter: {service.name: admin}, endpoints: []}
"""
REQUESTS = "http.server.request.count"
MORNING, NOON = at(0, 8), at(0, 12)


@pytest.fixture
def folder(tmp_path: Path, front: Front) -> Path:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "jobs.yaml").write_text(SERVICE, encoding="utf-8")
    return configure(tmp_path, {"elasticsearch": {"base_url": front.url, "top": 0}})


@pytest.fixture(scope="module", autouse=True)
def _logs() -> None:
    index_hits("run-access-1", [Hit(at(0, 9, n), f"/jobs/{n}", service="web") for n in range(10)])
    index_hits("run-access-1", [Hit(at(0, 9, n), "/", service="admin") for n in range(3)])


def collect(folder: Path, now: datetime = NOON) -> Outcome:
    made = config.load(folder)
    return run_source(made, chosen(made, [])[0], Request(now, MORNING, now))


def stored(folder: Path) -> tuple[dict[tuple[str, str | None], float], dict[str, int]]:
    """Requests by component and part, and how many answers there are of each state."""
    with store_of(config.load(folder)).read() as db:
        series, answers = read.series(db), read.coverage(db)
        rows = read.samples(db, list(series["series_id"]), Window(at(-1), at(1))).merge(series, on="series_id")
    requests = rows[rows["indicator"] == REQUESTS]
    sums = requests.groupby(["component", "part"], dropna=False)["value"].sum()
    return {(name, None if pd.isna(part) else part): value for (name, part), value in sums.items()}, dict(
        answers["state"].value_counts()
    )


ALL = {("web", None): 10, ("web", "/jobs/:id"): 10, ("web", "other"): 0, ("admin", None): 3}


def test_what_a_services_file_names_is_collected_and_a_second_run_adds_nothing(folder: Path) -> None:
    first = collect(folder)
    assert (first.state, first.refused) == ("done", 0)
    # web has two buckets of six lines, for itself and its endpoint, and of three counts for `other`; admin has one.
    assert first.rows == 2 * 6 + 2 * 6 + 2 * 3 + 6
    expected = stored(folder)
    assert expected[0] == ALL
    assert expected[1] == {"complete": 6 + 6 + 3 + 6, "empty": 3}
    assert collect(folder).rows == 0
    assert stored(folder) == expected


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Fault(body=shards_failed), "done"),
        (error(400, "illegal_argument_exception", "no"), "partial"),
        (error(401, "security_exception", "expired"), "failed"),
        (error(403, "security_exception", "no"), "partial"),
        (error(503, "unavailable_shards_exception", "no"), "partial"),
        (Fault(body=b"<html>"), "partial"),
        (Fault(body=b"{", cut=True), "failed"),
    ],
)
def test_after_any_fault_a_later_run_heals_the_hole(folder: Path, front: Front, fault: Fault, state: str) -> None:
    front.spoil(fault)
    broken = collect(folder)
    assert (broken.state, broken.rows) == (state, 0)
    front.heal()
    assert collect(folder, NOON + timedelta(minutes=5)).state == "done"
    assert stored(folder)[0] == ALL
    assert set(stored(folder)[1]) == {"complete", "empty"}
