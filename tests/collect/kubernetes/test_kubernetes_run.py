"""The source through the real runner into a real store: twice over, night after night, and after a fault."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from metrics import config
from metrics.collect import http as polite
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.store import read
from tests.collect.folders import configure
from tests.collect.kubernetes.kubernetes_asked import hour
from tests.collect.kubernetes.kubernetes_server import TOKEN, Cluster, cron_job, job, running
from tests.collect.served import status

SERVICE = """
time_zone: Asia/Tokyo
components:
  nightly:
    kind: batch
    use: kubernetes
    namespace: jobs
    cron_jobs: [load]
    deadline: "06:00"
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as found:
        yield found


@pytest.fixture
def folder(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(
        polite.Budget.__init__, "__defaults__", (5_000, 10_000.0, *polite.Budget.__init__.__defaults__[2:])
    )
    it = {"base_url": cluster.url, "token": "${KUBERNETES_TOKEN}", "every": "10m"}
    made = configure(tmp_path, {"kubernetes": it})
    (made / "services").mkdir()
    (made / "services" / "jobs.yaml").write_text(SERVICE, encoding="utf-8")
    return made


def run(folder: Path, now: datetime) -> Outcome:
    settings = config.load(folder, {"KUBERNETES_TOKEN": TOKEN})
    (it,) = chosen(settings, ["kubernetes"])
    return run_source(settings, it, Request(now))


def stored(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with store_of(config.load(folder, {"KUBERNETES_TOKEN": TOKEN})).read() as db:
        return db.rows(sql)


def events(folder: Path) -> list[tuple[object, ...]]:
    return stored(
        folder, "SELECT id, status, started_at, ended_at, service, component FROM events ORDER BY started_at"
    )


def answers(folder: Path, part: str | None = None) -> list[tuple[object, ...]]:
    """(from, until, state) of what is known of runs that failed."""
    with store_of(config.load(folder, {"KUBERNETES_TOKEN": TOKEN})).read() as db:
        found = read.coverage(db)
    mine = found[
        (found["indicator"] == "batch.failures") & (found["part"].isna() if part is None else found["part"] == part)
    ]
    return [
        (row.window_start.to_pydatetime(), row.window_end.to_pydatetime(), row.state) for row in mine.itertuples()
    ]


def test_a_cluster_that_forgets_leaves_a_past_that_is_whole(folder: Path, cluster: Cluster) -> None:
    """Eight nights, of which the cluster never knows more than three."""
    cluster.add(cron_job("load", failedJobsHistoryLimit=3))
    for night in range(8):
        cluster.items["jobs"].append(job(f"load-{night}", hour(24 * night + 2), 30, cron_job="load"))
        del cluster.items["jobs"][:-3]
        outcome = run(folder, hour(24 * night + 9))
        assert (outcome.state, outcome.rows) == ("done", 3)  # the event, how long it took, that it did not fail
        again = run(folder, hour(24 * night + 9.2))
        assert (again.state, again.rows) == ("done", 0)
    assert [row[:2] for row in events(folder)] == [(f"uid-jobs-load-{night}", "succeeded") for night in range(8)]
    assert stored(folder, "SELECT count(*), min(value), max(value) FROM v_samples WHERE indicator = 'batch.duration'") == [
        (8, 1800.0, 1800.0)
    ]  # fmt: skip
    assert {row[4:] for row in events(folder)} == {("jobs", "nightly")}
    # Before the first run nothing was there to be forgotten, since fewer runs were kept than may be.
    assert {state for _, _, state in answers(folder, "load")} == {"complete"}


def test_nights_that_nobody_asked_for_are_not_whole_and_stay_so(folder: Path, cluster: Cluster) -> None:
    cluster.add(cron_job("load"))
    cluster.add(*[job(f"load-{night}", hour(24 * night + 2), 30, cron_job="load") for night in (17, 18, 19)])
    run(folder, hour(24 * 19 + 9))
    known = [
        (hour(24 * 5 + 9 + 24 * 0), hour(24 * 17 + 2), "partial"),
        (hour(24 * 17 + 2), hour(24 * 19 + 9), "complete"),
    ]
    assert answers(folder, "load") == known
    cluster.items["jobs"] = [
        job(f"load-{night}", hour(24 * night + 2), 30, cron_job="load") for night in (18, 19, 20)
    ]
    run(folder, hour(24 * 20 + 9))
    assert answers(folder, "load") == [known[0], (hour(24 * 17 + 2), hour(24 * 20 + 9), "complete")]
    assert len(events(folder)) == 4


def test_a_run_gets_its_end_when_that_is_there(folder: Path, cluster: Cluster) -> None:
    cluster.add(cron_job("load"), job("load-1", hour(2), cron_job="load"))
    run(folder, hour(2.2))
    assert [row[1:4] for row in events(folder)] == [("running", hour(2).replace(tzinfo=None), None)]
    cluster.items["jobs"] = [job("load-1", hour(2), 90, cron_job="load", failed="DeadlineExceeded", pods=2)]
    run(folder, hour(3.6))
    assert [row[1:4] for row in events(folder)] == [
        ("failed", hour(2).replace(tzinfo=None), hour(3.5).replace(tzinfo=None))
    ]
    attrs = stored(folder, "SELECT attrs ->> 'reason', attrs ->> 'attempt', attrs ->> 'deadline' FROM events")
    assert attrs == [("DeadlineExceeded", "2", "2026-06-01T06:00:00+00:00")]


def test_a_cluster_that_was_away_leaves_a_hole_that_heals(folder: Path, cluster: Cluster) -> None:
    cluster.add(cron_job("load"), job("load-1", hour(2), 30, cron_job="load"))
    run(folder, hour(3))
    cluster.faults += [status(503)] * 12
    cluster.items["jobs"] = [*cluster.items["jobs"], job("load-2", hour(26), 30, cron_job="load")]
    for at in (27, 28):
        assert run(folder, hour(at)).state == "failed"
    assert [row[0] for row in events(folder)] == ["uid-jobs-load-1"]
    assert answers(folder, "load")[-1] == (hour(3), hour(28), "failed")
    outcome = run(folder, hour(29))
    assert (outcome.state, [row[0] for row in events(folder)]) == ("done", ["uid-jobs-load-1", "uid-jobs-load-2"])
    assert {state for _, _, state in (*answers(folder, "load"), *answers(folder))} == {"complete"}
