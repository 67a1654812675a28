"""The source through the real runner into a real store: twice over, for the first time, and after a fault."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from metrics import config
from metrics.collect._github import deployments
from metrics.collect._github.memo import KEPT
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.store import read
from tests.collect.folders import configure, metrics
from tests.collect.github.github_server import TOKEN, Answer, Asked, Hub, answer, day, refused, review

TARGET = {"service": "jobs", "component": "web", "repository": "acme/jobs"}


@pytest.fixture
def busy(hub: Hub) -> Hub:
    for number in range(1, 29):
        hub.deploy(day(number, 9), ("in_progress", 1), ("success", 8), ref=f"v1.{number}.0")
        hub.merge(number, day(number, 8), reviews=[review("APPROVED", day(number, 7))])
    hub.issue(90, day(12, 10), day(12, 12), labels=["incident", "sev-1"])
    return hub


@pytest.fixture
def folder(hub: Hub, tmp_path: Path) -> Path:
    it = {"base_url": hub.url, "token": "${GITHUB_TOKEN}", "targets": [TARGET]}
    return configure(tmp_path, {"github": it})


def run(folder: Path, now: datetime, since: datetime | None = None) -> Outcome:
    settings = config.load(folder, {"GITHUB_TOKEN": TOKEN})
    (github,) = chosen(settings, ["github"])
    return run_source(settings, github, Request(now, since))


def events(folder: Path) -> list[tuple[object, ...]]:
    with store_of(config.load(folder, {"GITHUB_TOKEN": TOKEN})).read() as db:
        return db.rows("SELECT kind, id, started_at, ended_at, status, title, attrs FROM events ORDER BY kind, id")


def statuses(folder: Path) -> dict[str, object]:
    return {str(row[1]): row[4] for row in events(folder) if row[0] == "deployment"}


def test_the_first_run_brings_the_year_and_the_second_nothing_new(folder: Path, busy: Hub) -> None:
    busy.per_page = 10
    first = run(folder, day(29))
    assert (first.state, first.rows) == ("done", 28 + 28 + 1)
    # Each list page once, each deployment's statuses once, and two requests for each pull request.
    assert len(busy.asked) == 3 + 3 + 1 + 28 + 2 * 28
    before = events(folder)
    again = run(folder, day(29, 0, 5))
    assert (again.state, again.rows, events(folder)) == ("done", 0, before)
    with store_of(config.load(folder, {"GITHUB_TOKEN": TOKEN})).read() as db:
        answers = read.coverage(db)
    assert set(answers["indicator"]) == {"deployment", "change", "incident"}
    assert set(answers["state"]) <= {"complete", "empty"}
    assert answers["window_start"].min() == day(29) - timedelta(days=365)


def test_a_run_with_nothing_new_asks_three_lists(folder: Path, busy: Hub) -> None:
    run(folder, day(29, 1))
    before = len(busy.asked)
    run(folder, day(29, 1, 5))
    assert [path.partition("?")[0] for path in busy.paths(before)] == ["/deployments", "/pulls", "/issues"]


def test_a_last_word_that_the_list_hides_comes_with_the_first_run_of_a_day(folder: Path, hub: Hub) -> None:
    """Another process each time (cron), asked for some days as then.

    They are asked for one by one, and what is seen of a past day must not lose against what was seen after its midnight.
    """
    run(folder, day(1, 23))
    number = hub.deploy(day(1, 23, 30), ("in_progress", 1))
    run(folder, day(2, 0, 10))
    hub.status(number, "success", day(3, 23), touch=False)
    deployments._under_way.clear()
    KEPT.clear()
    run(folder, day(4, 1), since=day(4))
    assert statuses(folder) == {str(number): "running"}
    run(folder, day(4, 2), since=day(1))
    assert statuses(folder) == {str(number): "succeeded"}


def test_one_that_waited_for_days_is_corrected_when_it_moves(folder: Path, hub: Hub) -> None:
    number = hub.deploy(day(2), ("waiting", 1))
    run(folder, day(5, 1))
    hub.status(number, "success", day(5, 1, 2))
    run(folder, day(5, 1, 5))
    assert statuses(folder) == {str(number): "succeeded"}


def test_a_hole_heals_with_the_next_run_that_works(folder: Path, busy: Hub) -> None:
    busy.fault = lambda asked: refused(502, "x") if "/statuses" in asked.path else None
    failed = run(folder, day(29))
    assert failed.state == "partial"
    assert "answered 502 to every try for deployments of acme/jobs" in failed.detail
    assert statuses(folder) == {}
    busy.fault = lambda _: None
    run(folder, day(29, 1), since=day(1))
    assert len(statuses(folder)) == 28


def test_a_run_whose_budget_is_spent_is_gone_on_with(folder: Path, busy: Hub) -> None:
    it = {"base_url": busy.url, "token": "${GITHUB_TOKEN}", "targets": [TARGET], "budget": 40}
    configure(folder, {"github": it})
    outcomes = [run(folder, day(29, 0, number)) for number in range(8)]
    assert "its budget of 40 requests a run is spent" in outcomes[0].detail
    assert outcomes[-1].state == "done"
    assert len(events(folder)) == 28 + 28 + 1


def test_no_secret_gets_out(folder: Path, busy: Hub) -> None:
    def repeating(asked: Asked) -> Answer | None:
        said = answer(busy, asked)
        return Answer(said.status, said.content, {**said.headers, "X-Echo": TOKEN}) if said.status == 200 else None

    busy.deploy(day(28, 12), ("success", 1), ref=f"{TOKEN}", description=TOKEN)
    busy.fault = repeating
    run(folder, day(29))
    assert TOKEN not in str(events(folder))
    shown = metrics(folder, "check", GITHUB_TOKEN=TOKEN)
    assert shown.returncode == 0, shown.stdout
    assert TOKEN not in shown.stdout + shown.stderr
    assert not [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
