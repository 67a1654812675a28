"""The source against a Concourse that has its traps: which builds come, what they say, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from metrics import config
from metrics.collect import concourse
from metrics.collect._concourse import builds
from metrics.collect.concourse import Settings
from metrics.collect.run import Request, chosen, run_source, settings_of, store_of
from metrics.faults import faults
from metrics.model import Event
from tests.collect.concourse_asked import ask, at, days, hour, settings, signs
from tests.collect.concourse_server import PASSWORD, USERNAME, Build, Concourse, running
from tests.collect.folders import configure

DAY = days(0, 1)
JOBS: dict[str, Any] = {"jobs": {"image": "build"}}


@pytest.fixture
def server() -> Iterator[Concourse]:
    with running() as found:
        yield found


def test_a_build_says_when_it_ran_how_it_ended_and_where_it_is_shown(server: Concourse) -> None:
    server.add("image", Build(7, "3", at(1), at(1.5)))
    asked = ask(settings(server, JOBS), DAY)
    assert asked.events == [
        Event(
            service="default",
            kind="build",
            id="7",
            started_at=hour(1),
            source="concourse",
            observed_at=DAY.end,
            component="web",
            ended_at=hour(1.5),
            status="succeeded",
            title="jobs/image #3",
            url=f"{server.url}/teams/main/pipelines/jobs/jobs/image/builds/3",
            attrs={"pipeline": "jobs", "job": "image"},
        )
    ]
    assert asked.said == [("web", "build", "complete", "")]
    assert (asked.answer.window, asked.answer.source, asked.answer.retryable) == (DAY, "concourse", False)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("build", {"succeeded": "succeeded", "failed": "failed", "errored": "errored", "aborted": "aborted"}),
        ("batch_run", {"succeeded": "succeeded", "failed": "failed", "errored": "errored", "aborted": "aborted"}),
        ("deployment", {"succeeded": "succeeded", "failed": "failed", "errored": "failed", "aborted": "aborted"}),
    ],
)
def test_each_status_in_the_words_of_its_kind(server: Concourse, kind: str, told: dict[str, str]) -> None:
    server.add("image", *[Build(n, str(n), at(n), at(n + 1), status) for n, status in enumerate(told, 1)])
    server.add("image", Build(9, "9", at(9), None, "started"))
    asked = ask(settings(server, {"jobs": {"image": kind}}), DAY)
    assert [event.status for event in sorted(asked.events, key=lambda event: event.id)] == [*told.values(), "running"]
    reasons = {event.id: event.attrs["reason"] for event in asked.events if "reason" in event.attrs}
    assert reasons == ({"3": "errored"} if kind == "deployment" else {})
    assert {event.id: event.ended_at for event in asked.events}["9"] is None


def test_a_build_that_waits_is_brought_once_it_begins_and_one_that_never_began_not_at_all(server: Concourse) -> None:
    waits, gone = Build(1, "1", None, status="pending"), Build(2, "2", None, at(2), "aborted")
    found = server.add("image", waits, gone)
    asked = ask(settings(server, JOBS), DAY)
    assert (asked.ids, asked.said[0][2:]) == ([], ("empty", "no build began or ended in this time"))
    found.jobs["image"][0] = replace(waits, start=at(3), status="started")
    assert [(event.id, event.status) for event in ask(settings(server, JOBS), DAY).events] == [("1", "running")]


def test_a_build_is_of_the_window_that_it_began_in_and_of_the_one_that_it_ended_in(server: Concourse) -> None:
    server.add("image", Build(1, "1", at(23), at(25)), Build(2, "2", at(24), at(24.1)), Build(3, "3", at(48), at(49)))
    server.add("image", Build(4, "4", at(-144), at(30)), Build(5, "5", at(-24), None, "started"))
    of = settings(server, JOBS)
    assert ask(of, days(0, 1)).ids == ["1"]
    assert ask(of, days(1, 2)).ids == ["1", "2", "4"]
    assert ask(of, days(2, 3)).ids == ["3"]


def test_a_build_that_was_running_is_corrected_when_it_ends(server: Concourse) -> None:
    found = server.add("image", Build(1, "1", at(-30), None, "started"))
    of = settings(server, JOBS)
    before = ask(of, days(-2, 0)).events[0]
    found.jobs["image"] = [Build(1, "1", at(-30), at(20), "failed")]
    after = ask(of, days(0, 1)).events[0]
    assert (before.status, after.status, after.ended_at) == ("running", "failed", hour(20))
    assert (before.source, before.kind, before.service, before.id) == (
        after.source,
        after.kind,
        after.service,
        after.id,
    )
    assert before.observed_at < after.observed_at


def rerun_late(server: Concourse) -> list[str]:
    """40 builds an hour apart, and of each fourth a re-run, all made at the end, with ids above all others."""
    first = [Build(100 + n, str(n), at(n / 2) + 0.5, at(n / 2 + 0.2), "failed") for n in range(40)]
    again = [
        Build(1000 + n, f"{n}.1", at(20 + n / 20) + 0.7, at(22), rerun_of=100 + n, rerun_number=1)
        for n in range(0, 40, 4)
    ]
    server.add("image", *first, *again)
    return [str(build.id) for build in (*first, *again)]


def test_following_link_loses_re_runs_and_the_source_does_not(
    server: Concourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = rerun_late(server)
    headers, path = (
        {"Authorization": f"Bearer {server.new_token()}"},
        "/api/v1/teams/main/pipelines/jobs/jobs/image/builds",
    )
    followed, address = set[int](), f"{server.url}{path}?limit=7"
    while address:
        reply = httpx.get(address, headers=headers)
        followed |= {build["id"] for build in reply.json()}
        address = reply.links.get("next", {}).get("url", "")
    assert len(followed) < len(every)

    for limit in (3, 7, 1000):
        monkeypatch.setattr(builds, "LIMIT", limit)
        asked = ask(settings(server, JOBS), DAY)
        assert (asked.ids, asked.said[0][2]) == (every, "complete")
    again = next(event for event in asked.events if event.id == "1004")
    assert again.attrs == {"pipeline": "jobs", "job": "image", "rerun_of": "104", "rerun_number": 1}
    assert (again.title, again.url) == (
        "jobs/image #4.1",
        f"{server.url}/teams/main/pipelines/jobs/jobs/image/builds/4.1",
    )


def test_a_full_reply_is_halved_without_losing_what_began_within_the_second_between(
    server: Concourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Concourse compares 10:00:00.5 with 10:00:00 and tells 10:00:00: halves that share no second lose it."""
    monkeypatch.setattr(builds, "LIMIT", 2)
    server.add("image", *[Build(n, str(n), at(1) + n + 0.5, at(2)) for n in range(1, 61)])
    asked = ask(settings(server, JOBS), DAY)
    assert asked.ids == [str(n) for n in range(1, 61)]
    assert len(server.asked) < 250


def test_more_builds_in_one_second_than_a_reply_holds_are_partial(
    server: Concourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "LIMIT", 2)
    server.add("image", *[Build(n, str(n), at(1) + n / 10, at(2)) for n in range(1, 6)])
    asked = ask(settings(server, JOBS), DAY)
    assert (asked.ids, asked.said[0][2]) == (["4", "5"], "partial")
    assert "2 builds in one second, and what was cut off is unknown" in asked.said[0][3]


def test_checks_and_one_offs_are_left_out(server: Concourse) -> None:
    server.add("image", Build(1, "1", at(1), at(2)), Build(2, "check", at(1), at(2), resource_name="repo"))
    assert ask(settings(server, JOBS), DAY).ids == ["1"]


def test_jobs_of_one_kind_are_answered_together(server: Concourse) -> None:
    server.add("image", Build(1, "1", at(1), at(2)))
    server.add("unit", Build(2, "1", at(1), at(2)))
    server.add("prod", Build(3, "1", at(3), at(4)))
    server.add(
        "nightly",
        Build(4, "1", at(5), at(6)),
        Build(5, "1.1", at(7), at(8), rerun_of=4, rerun_number=1),
        name="night",
    )
    web = {"image": "build", "unit": "build", "prod": {"as": "deployment", "environment": "production"}}
    of = settings(
        server,
        {"jobs": web},
        {
            "component": "batch",
            "pipeline": "night",
            "jobs": {"nightly": {"as": "batch_run", "job": "Nightly closing"}},
        },
    )
    asked = ask(of, DAY)
    assert asked.said == [
        ("web", "build", "complete", ""), ("web", "deployment", "complete", ""), ("batch", "batch_run", "complete", "")
    ]  # fmt: skip
    assert {event.id: dict(event.attrs) for event in asked.events} == {
        "1": {"pipeline": "jobs", "job": "image"},
        "2": {"pipeline": "jobs", "job": "unit"},
        "3": {"pipeline": "jobs", "job": "prod", "environment": "production"},
        "4": {"pipeline": "night", "job": "Nightly closing", "attempt": 1},
        "5": {"pipeline": "night", "job": "Nightly closing", "attempt": 2, "rerun_of": "4", "rerun_number": 1},
    }
    assert server.most_under_way <= 2


def test_commit_and_version_are_those_of_the_inputs_that_are_named(server: Concourse) -> None:
    inputs = {"source": {"ref": "4f2a"}, "release": {"number": "1.4.2"}, "image": {"digest": "sha256:1", "arch": "x"}}
    server.add("prod", Build(1, "8", at(1), at(2), inputs=inputs), Build(2, "9", at(3), at(4)), inputs=tuple(inputs))
    asked = ask(
        settings(server, {"jobs": {"prod": {"as": "deployment", "commit": "source", "version": "release"}}}), DAY
    )
    first, second = sorted(asked.events, key=lambda event: event.id)
    assert (first.title, first.attrs["commit"], first.attrs["version"]) == ("1.4.2", "4f2a", "1.4.2")
    assert (second.title, second.attrs) == ("jobs/prod #9", {"pipeline": "jobs", "job": "prod"})
    of = settings(server, {"jobs": {"prod": {"as": "deployment", "version": "image"}}})
    assert {event.attrs.get("version") for event in ask(of, DAY).events} == {"sha256:1", None}


def test_an_instance_of_a_pipeline_is_asked_for_by_its_variables(server: Concourse) -> None:
    server.add("image", Build(1, "1", at(1), at(2)))
    server.add("image", Build(2, "1", at(1), at(2)), instance_vars={"branch": "feature/a b", "at": {"step": 2}})
    asked = ask(settings(server, JOBS), DAY)
    assert asked.ids == ["1"]
    asked = ask(settings(server, {**JOBS, "instance_vars": {"branch": "feature/a b", "at": {"step": 2}}}), DAY)
    assert asked.ids == ["2"]
    event = asked.events[0]
    assert event.attrs["pipeline"] == "jobs/at.step:2,branch:feature/a b"
    assert event.url is not None
    assert event.url.endswith("/builds/1?vars.at.step=2&vars.branch=%22feature%2Fa+b%22")
    wrong = ask(settings(server, {**JOBS, "instance_vars": {"branch": "feature/a c", "at": {"step": 2}}}), DAY)
    assert "did you mean jobs/at.step:2,branch:feature/a b?" in wrong.said[0][3]


def test_asking_twice_brings_the_same(server: Concourse) -> None:
    rerun_late(server)
    of = settings(server, JOBS)
    assert ask(of, DAY).batches == ask(of, DAY).batches


def test_a_month_of_builds_an_hour_takes_one_request(server: Concourse) -> None:
    server.add("image", *[Build(n, str(n), at(n), at(n + 0.5)) for n in range(1, 24 * 30 + 1)])
    asked = ask(settings(server, JOBS), days(0, 30))
    assert (len(asked.events), len(server.asked)) == (24 * 30 - 1, 1)


def test_check_tells_version_user_and_jobs(server: Concourse) -> None:
    server.add("image", Build(1, "1", at(1), at(2)), inputs=("source",))
    host = "127.0.0.1 answers (Concourse 7.14.1)"
    assert signs(settings(server, JOBS)) == [("fine", "", f"{host} and knows {USERNAME}: 1 job")]
    of = settings(
        server,
        {"jobs": {"image": {"as": "build", "commit": "sources"}, "imagine": "build"}},
        {"pipeline": "job", "jobs": {"a": "build"}},
    )
    assert signs(of) == [
        ("wrong", "web build", "job image has no input 'sources', which `commit` names; did you mean source?"),
        ("wrong", "web build", "pipeline jobs has no job 'imagine'; did you mean image?"),
        ("wrong", "web build", "team main has no pipeline 'job'; did you mean jobs?"),
    ]  # fmt: skip
    assert [sign[0] for sign in signs(settings(server))] == ["note", "fine"]


def test_check_without_a_login(server: Concourse) -> None:
    server.add("image", public=True)
    server.add("image", name="hidden")
    of = Settings.model_validate(
        {"base_url": server.url, "targets": [{"component": "web", "pipeline": "jobs", **JOBS}]}
    )
    assert [sign[:2] for sign in signs(of)] == [("note", "login"), ("fine", "")]
    of = Settings.model_validate(
        {"base_url": server.url, "targets": [{"component": "web", "pipeline": "hidden", **JOBS}]}
    )
    assert signs(of)[0] == (
        "wrong", "web build", "pipeline hidden of team main is not public (401): set `username` and `password`, or `token`"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "key", "says"),
    [
        ({"jobs": {"image": "deploy"}}, "jobs", "'deploy' is nothing that builds can be: write build, deployment or batch_run."),
        ({"jobs": {"image": {"as": "deploy"}}}, "jobs", "'deploy' is nothing that builds can be"),
        ({"jobs": {}}, "jobs", "names no job; write {NAME: KIND}, where KIND is build, deployment or batch_run."),
        ({"jobs": ["image"]}, "jobs", "names no job; write {NAME: KIND}, where"),
        ({"jobs": {"image": {"environment": "x"}}}, "jobs", "is missing"),
        ({"jobs": {"image": {"as": "build", "environment": "x"}}}, "jobs", "a build goes nowhere: leave it out"),
        ({"jobs": {"image": {"as": "build", "enviroment": "x"}}}, "jobs", "did you mean environment?"),
        ({**JOBS, "pipelines": "x"}, "pipelines", "did you mean pipeline?"),
    ],
)  # fmt: skip
def test_what_a_target_may_not_say(server: Concourse, written: dict[str, object], key: str, says: str) -> None:
    data = {"base_url": server.url, "targets": [{"component": "web", "pipeline": "jobs", **written}]}
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(data)
    fault = faults(refused.value, Settings, data)[0]
    assert (fault.key[:3], says in fault.says) == (("targets", 0, key), True), fault


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"base_url": "ci.example.com"}, "no address"),
        ({"base_url": "https://me:secret@ci.example.com"}, "login in it"),
        ({"username": "me"}, "go together"),
        ({"username": "me", "password": "p", "token": "t"}, "not both"),
        ({"token": "t\n"}, "line break"),
        ({"targets": [{"component": c, "pipeline": "jobs", **JOBS} for c in ("a", "b")]}, "a build of both a and b"),
    ],
)
def test_what_settings_may_not_say(written: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings.model_validate({"base_url": "https://ci.example.com/", **written})


def test_the_same_job_may_count_for_two_services() -> None:
    targets = [{"component": "web", "service": name, "pipeline": "jobs", **JOBS} for name in ("a", "b")]
    of = Settings.model_validate({"base_url": "https://ci.example.com/", "targets": targets})
    assert (len(of.works), of.base_url) == (2, "https://ci.example.com")


def test_windows_overlap_by_two_days_and_are_a_month_at_most() -> None:
    assert (timedelta(365), timedelta(2), timedelta(30)) == (concourse.BACKFILL, concourse.RECOLLECT, concourse.SLICE)


SERVICE = """
sources:
  concourse: {team: main, pipeline: jobs}
components:
  web:
    kind: web
    sources:
      - {use: concourse, jobs: {image: build, prod: {as: deployment, environment: production}}}
  closing: {kind: batch, use: concourse, pipeline: night, jobs: {close: batch_run}}
"""


def test_a_service_s_file_says_which_jobs_and_a_second_run_changes_nothing(server: Concourse, tmp_path: Path) -> None:
    server.add(
        "image", Build(1, "1", at(1), at(2), "failed"), Build(4, "1.1", at(3), at(4), rerun_of=1, rerun_number=1)
    )
    server.add("prod", Build(2, "1", at(5), at(6)))
    server.add("close", Build(3, "1", at(7), at(8)), name="night")
    folder = configure(tmp_path, {"concourse": {"base_url": server.url, "username": USERNAME, "password": PASSWORD}})
    (folder / "services").mkdir()
    (folder / "services" / "bank.yaml").write_text(SERVICE, encoding="utf-8")
    of = config.load(folder)
    outcomes = [run_source(of, chosen(of, [])[0], Request(hour(30), hour(0), hour(24))) for _ in range(2)]
    assert [(each.state, each.rows, each.answers) for each in outcomes] == [
        ("done", 4, {"complete": 3}),
        ("done", 0, {"complete": 3}),
    ]
    with store_of(of).read() as db:
        rows = db.rows("SELECT service, component, kind, id, status FROM v_events ORDER BY id")
    assert rows == [
        ("bank", "web", "build", "1", "failed"),
        ("bank", "web", "deployment", "2", "succeeded"),
        ("bank", "closing", "batch_run", "3", "succeeded"),
        ("bank", "web", "build", "4", "succeeded"),
    ]
    assert signs(settings_of(of, chosen(of, [])[0]))[-1][0] == "fine"
