"""What goes wrong with a Concourse: what is said, what is kept, and that a later question heals the hole."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from metrics.collect import http
from metrics.collect.concourse import Settings
from metrics.errors import BudgetSpentError, SourceError
from tests.collect.concourse_asked import ask, at, days, patient, settings, signs
from tests.collect.concourse_server import PASSWORD, USERNAME, Build, Concourse, expired, redirect, running
from tests.collect.served import body, cut, silent, status

DAY = days(0, 1)
JOBS: dict[str, Any] = {"jobs": {"image": "build"}}
WHOLE = ("web", "build", "complete", "")
LOGIN_PAGE = "<html>Please log in</html>"


@pytest.fixture
def server() -> Iterator[Concourse]:
    with running() as found:
        found.add("image", Build(1, "1", at(1), at(2)), Build(2, "2", at(3), at(4)))
        yield found


@pytest.mark.parametrize("fault", [status(429, Retry_After="0"), status(500), status(502), status(503), cut])
def test_what_passes_is_waited_for(server: Concourse, fault: Callable[..., bool]) -> None:
    server.faults += [fault] * 3
    asked = ask(settings(server, JOBS), DAY)
    assert (asked.ids, asked.said, asked.error) == (["1", "2"], [WHOLE], None)


@pytest.mark.parametrize(
    ("fault", "says", "retryable"),
    [
        (status(429, Retry_After="0"), "127.0.0.1 answered 429 to every try: 'busy'", True),
        (status(503), "127.0.0.1 answered 503 to every try: 'busy'", True),
        (cut, "127.0.0.1 can't be reached: RemoteProtocolError", True),
        (silent, "127.0.0.1 can't be reached: ReadTimeout", True),
        (body(LOGIN_PAGE), f"127.0.0.1 answered something that is not Concourse's JSON: '{LOGIN_PAGE}'", True),
        (body("[" * 100_000), "127.0.0.1 answered something that is not Concourse's JSON", True),
        (body('{"builds": []}'), "127.0.0.1 answered something that is no list of builds", True),
        (redirect, "127.0.0.1 answered 302, a redirect, which is not followed", False),
        (
            body(json.dumps([{"id": 1, "name": "1", "status": "failed", "start_time": 1, "job_name": "image"}])),
            "127.0.0.1 answered builds of another time than it was asked for",
            False,
        ),
    ],
    ids=["429", "503", "cut", "slow", "html", "deep", "no list", "redirect", "old"],
)
def test_a_fault_of_the_whole_source_is_answered_for_all_that_is_left_and_heals(
    server: Concourse, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., bool], says: str, retryable: bool
) -> None:
    monkeypatch.setattr(http, "READ_S", 0.1)
    server.add("prod", Build(3, "1", at(5), at(6)))
    server.add("nightly", Build(4, "1", at(7), at(8)))
    of = settings(server, {"jobs": {"nightly": "batch_run", "image": "build", "prod": "deployment"}})
    server.faults += [lambda _: False, *[fault] * 6]
    asked = ask(of, DAY)
    assert asked.ids == ["4"]
    assert [each[:3] for each in asked.said] == [
        ("web", "batch_run", "complete"), ("web", "build", "failed"), ("web", "deployment", "failed")
    ]  # fmt: skip
    assert all(each[3].startswith(says) and len(each[3]) <= 300 for each in asked.said[1:]), asked.said
    assert isinstance(asked.error, SourceError if "reached" not in says else httpx.TransportError)
    assert getattr(asked.error, "retryable", True) is retryable
    assert [each.retryable for each in asked.batches[-2:]] == [retryable] * 2

    server.faults.clear()
    again = ask(of, DAY)
    assert (again.ids, [each[2] for each in again.said], again.error) == (
        ["1", "2", "3", "4"],
        ["complete"] * 3,
        None,
    )


def test_a_server_that_fails_one_question_answers_the_others(server: Concourse) -> None:
    server.add("prod", Build(3, "1", at(5), at(6)))
    server.faults += [status(500)] * 6
    asked = ask(settings(server, {"jobs": {"image": "build", "prod": "deployment"}}), DAY)
    assert (asked.ids, asked.error) == (["3"], None)
    assert asked.said == [
        ("web", "build", "failed", "the server failed to list job image of pipeline jobs of team main: 500: 'busy'"),
        ("web", "deployment", "complete", ""),
    ]
    assert asked.batches[0].retryable


def test_a_404_for_a_job_that_is_there_may_pass(server: Concourse) -> None:
    """Concourse says so where its database failed it."""
    server.faults.append(status(404))
    asked = ask(settings(server, JOBS), DAY)
    assert asked.answer.retryable
    assert asked.said[0][2:] == ("failed", "the server answered 404, though there is a job image in pipeline jobs")
    assert ask(settings(server, JOBS), DAY).said == [WHOLE]


@pytest.mark.parametrize(
    ("builds", "says"),
    [
        ([{"id": 3}, "x", {"start_time": at(3), "job_name": "image"}], "job image: entry 2 of what the server sent is no build (and 1 more)"),
        ([{"id": 3, "name": "3", "status": "paused", "start_time": at(3), "job_name": "image"}], "job image: build 3 is 'paused'"),
        ([{"id": 3, "name": "3", "status": "failed", "start_time": at(3), "end_time": "soon", "job_name": "image"}], "is no build"),
        ([{"id": 3, "name": "3", "status": "failed", "start_time": at(3), "end_time": 1e20, "job_name": "image"}], "is no build"),
        ([{"id": 3, "name": "3", "status": "failed", "start_time": at(3), "rerun_of": 5, "job_name": "image"}], "is no build"),
    ],
)  # fmt: skip
def test_a_build_that_can_t_be_understood_spoils_no_other(server: Concourse, builds: list[Any], says: str) -> None:
    good = {
        "id": 9,
        "name": "9",
        "status": "succeeded",
        "start_time": int(at(3)),
        "end_time": int(at(4)),
        "job_name": "image",
    }
    server.faults.append(body(json.dumps([*builds, good])))
    asked = ask(settings(server, JOBS), DAY)
    assert (asked.ids, asked.answer.state, asked.answer.retryable) == (["9"], "partial", True)
    assert says in asked.answer.detail


def test_a_login_that_ends_under_way_is_renewed_once(server: Concourse) -> None:
    server.add("prod", Build(3, "1", at(5), at(6)))
    server.faults += [lambda _: False, expired]
    asked = ask(settings(server, {"jobs": {"image": "build", "prod": "deployment"}}), DAY)
    assert (asked.ids, [each[2] for each in asked.said]) == (["1", "2", "3"], ["complete", "complete"])
    assert server.counts["logins"] == 2


def test_a_login_that_is_never_accepted_ends(server: Concourse) -> None:
    server.faults += [expired] * 10
    asked = ask(settings(server, JOBS), DAY)
    says = (
        f"127.0.0.1 refuses what it has just given to user {USERNAME} (401): do its web nodes share one signing key?"
    )
    assert (str(asked.error), asked.said) == (says, [("web", "build", "failed", says)])
    assert server.counts["logins"] == 2


def test_a_given_token_is_used_and_when_it_ends_somebody_has_to_make_a_new_one(server: Concourse) -> None:
    token = server.new_token()
    assert ask(settings(server, JOBS, token=token), DAY).said == [WHOLE]
    server.expire()
    asked = ask(settings(server, JOBS, token=token), DAY)
    assert isinstance(asked.error, SourceError)
    assert (asked.error.retryable, server.counts["logins"]) == (False, 0)
    says = "127.0.0.1 does not accept the token (401): it has expired or was revoked. Make a new one with `fly -t NAME login`"
    assert str(asked.error).startswith(says)
    assert [sign[:2] for sign in signs(settings(server, JOBS, token=token))] == [("wrong", "login")]


def test_a_wrong_password_is_told_and_not_repeated(server: Concourse) -> None:
    of = settings(server, JOBS, username=USERNAME, password="wrong horse battery")
    asked = ask(of, DAY)
    assert isinstance(asked.error, SourceError)
    assert not asked.error.retryable
    says = (
        f"127.0.0.1 refuses the login of {USERNAME} (401): check `username` and `password`; only local and LDAP users"
    )
    assert asked.said[0][3].startswith(says)
    ((state, about, said),) = signs(of)
    assert (state, about, said.startswith(says)) == ("wrong", "login", True)
    assert "horse" not in f"{asked.said}{asked.error}{said}"


def test_no_secret_is_told_anywhere(server: Concourse, caplog: pytest.LogCaptureFixture) -> None:
    """The server repeats what it was sent, as some proxies do."""
    caplog.set_level(logging.DEBUG)
    told = []
    for code in (400, 403, 404, 418, 500, 503):
        server.faults += [echo(code)] * 6
        asked = ask(settings(server, JOBS), DAY)
        told += [*asked.batches, asked.error]
        server.faults.clear()
    server.faults.append(body(f"<p>{PASSWORD}</p>"))
    told.append(ask(settings(server, JOBS), DAY))
    everything = f"{told}{caplog.text}"
    assert [secret for secret in (PASSWORD, *server.tokens) if secret in everything] == []
    assert "«secret»" in everything


def echo(code: int) -> Callable[..., bool]:
    def fault(handler: Any) -> bool:
        handler.answer(f"you sent {handler.headers['Authorization']}", code)
        return True

    return fault


def test_a_team_that_may_not_be_read_is_forbidden_and_says_who_has_to_be_let_in(server: Concourse) -> None:
    server.teams.append("bank")
    server.add("prod", Build(5, "1", at(1), at(2)), team="bank", name="core")
    theirs = {"component": "core", "team": "bank", "pipeline": "core", "jobs": {"prod": "deployment"}}
    says = (
        f"user {USERNAME} may not read pipeline core of team bank (403): make it a viewer of team bank (fly set-team), or "
        "expose the pipeline"
    )
    asked = ask(settings(server, theirs, JOBS), DAY)
    assert asked.said == [("core", "deployment", "forbidden", says), WHOLE]
    assert signs(settings(server, theirs)) == [("wrong", "core deployment", says)]
    server.member_of.add("bank")
    assert ask(settings(server, theirs), DAY).ids == ["5"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ({"team": "mian"}, "there is no team 'mian'; did you mean main?"),
        ({"pipeline": "job"}, "team main has no pipeline 'job'; did you mean jobs?"),
        ({"jobs": {"imagine": "build"}}, "pipeline jobs has no job 'imagine'; did you mean image?"),
        ({"jobs": {"x": "build"}}, "pipeline jobs has no job 'x'; use one of image."),
        ({"instance_vars": {"branch": "x"}}, "pipeline jobs has no instance 'jobs/branch:x'; use one of jobs."),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(server: Concourse, target: dict[str, Any], says: str) -> None:
    of = settings(server, {**JOBS, **target})
    asked = ask(of, DAY)
    assert asked.said == [("web", "build", "failed", says)]
    assert (asked.answer.retryable, asked.error) == (False, None)
    assert signs(of) == [("wrong", "web build", says)]


def test_one_wrong_job_of_several_makes_it_partial(server: Concourse) -> None:
    asked = ask(settings(server, {"jobs": {"imagine": "build", "image": "build"}}), DAY)
    assert asked.ids == ["1", "2"]
    assert asked.said == [("web", "build", "partial", "pipeline jobs has no job 'imagine'; did you mean image?")]


def test_a_long_list_of_names_is_cut(server: Concourse) -> None:
    for n in range(100):
        server.add(f"a-job-with-a-long-name-{n}")
    asked = ask(settings(server, {"jobs": {"zzzzzzzz": "build"}}), DAY)
    assert len(asked.answer.detail) == 300


def test_nobody_reads_what_is_not_public(server: Concourse) -> None:
    server.add("image", Build(7, "1", at(1), at(2)), name="open", public=True)
    targets = [{"component": name, "pipeline": name, **JOBS} for name in ("jobs", "open")]
    of = Settings.model_validate({"base_url": server.url, "targets": targets})
    asked = ask(of, DAY)
    says = "pipeline jobs of team main is not public (401): set `username` and `password`, or `token`"
    assert (asked.ids, asked.error) == (["7"], None)
    assert asked.said == [("jobs", "build", "forbidden", says), ("open", "build", "complete", "")]


def test_the_budget_s_end_is_the_runner_s_business(server: Concourse) -> None:
    server.add("prod", Build(3, "1", at(5), at(6)))
    of = settings(server, {"jobs": {"image": "build", "prod": "deployment"}})
    asked = ask(of, DAY, patient(requests=2))
    assert isinstance(asked.error, BudgetSpentError)
    assert (asked.ids, asked.said) == (["1", "2"], [WHOLE])


def test_what_went_into_a_build_may_be_closed(server: Concourse) -> None:
    job = {"as": "build", "commit": "source"}
    server.closed.update({1: 403, 2: 500})
    asked = ask(settings(server, {"jobs": {"image": job}}), DAY)
    assert asked.ids == ["1", "2"]
    assert asked.said[0][2:] == ("partial", "job image: what went into build 2 can't be read: 500 (and 1 more)")
    server.closed.clear()
    assert ask(settings(server, {"jobs": {"image": job}}), DAY).said == [WHOLE]


def test_a_clock_that_is_ahead_loses_nothing(server: Concourse) -> None:
    """A build that has begun after the window's end by the server's clock is of the next window."""
    server.add("image", Build(3, "3", at(24.2), None, "started"))
    of = settings(server, JOBS)
    assert (ask(of, days(0, 1)).ids, ask(of, days(0.5, 1.5)).ids) == (["1", "2"], ["3"])


def test_an_empty_account_and_no_component(server: Concourse) -> None:
    server.pipelines.clear()
    server.add("image")
    assert ask(settings(server, JOBS), DAY).said == [
        ("web", "build", "empty", "no build began or ended in this time")
    ]
    assert ask(settings(server), DAY) == ask(settings(server), DAY)
    assert ask(settings(server), DAY).batches == []


def test_a_server_at_its_limit_is_asked_again(server: Concourse) -> None:
    server.at_once = 0
    asked = ask(settings(server, JOBS, token=server.new_token()), DAY)
    assert (asked.answer.state, asked.answer.retryable) == ("failed", True)
    server.at_once = 1
    assert ask(settings(server, JOBS), DAY).said == [WHOLE]


def test_check_where_no_concourse_is(server: Concourse) -> None:
    of = settings(server, JOBS, base_url=f"{server.url}/teams/main")
    with pytest.raises(SourceError, match="answered something that is not Concourse's JSON"):
        signs(of)
    of = settings(server, JOBS, base_url=f"{server.url}/api/v1/teams/main")
    with pytest.raises(SourceError, match="has no Concourse at this address \\(404\\): `base_url` is what one opens"):
        signs(of)


def test_check_where_nobody_listens() -> None:
    of = Settings.model_validate({"base_url": "http://127.0.0.1:9"})
    with pytest.raises(httpx.ConnectError):
        signs(of)
