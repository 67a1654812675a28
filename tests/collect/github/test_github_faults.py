"""What GitHub's bad days lead to, and that the next good one heals them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import httpx
import pytest

from metrics.collect import github
from metrics.collect import http as polite
from metrics.errors import BudgetSpentError, SourceError
from tests.collect.github.github_asked import WEEK, Came, client, collected, settings
from tests.collect.github.github_server import TOKEN, Answer, Asked, Fault, Hub, day, refused

QUIET = {"deployment": "complete", "change": "complete", "incident": "empty"}


@pytest.fixture
def busy(hub: Hub) -> Hub:
    hub.deploy(day(2), ("success", 1))
    hub.merge(7, day(3))
    return hub


def everywhere(said: Answer) -> Fault:
    return lambda _: said


def where(part: str, said: Answer) -> Fault:
    return lambda asked: said if part in asked.path else None


def heals(hub: Hub) -> None:
    hub.fault = lambda _: None
    came = collected(hub)
    assert came.error is None
    assert came.states == QUIET
    assert len(came.events) == 2


def assert_answered_once(came: Came) -> None:
    """For each kind of event, about the whole window, in words that fit a line."""
    assert sorted(each.indicator for each in came.answers) == ["change", "deployment", "incident"]
    assert {each.window for each in came.answers} == {WEEK}
    assert all(len(each.detail) <= 300 for each in came.answers)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (refused(502, "Server Error"), "answered 502 to every try for deployments of acme/jobs (Server Error)"),
        (Answer(503, raw=b"<html>Unicorn!</html>"), "answered 503 to every try"),
        (Answer(200, raw=b"<html>Please sign in</html>"), "not GitHub's JSON: '<html>Please sign in</html>'"),
        (Answer(200, raw=b'[{"id": 1'), "not GitHub's JSON"),
        (Answer(200, raw=b"[" * 100_000), "not GitHub's JSON"),
        (Answer(200, {"message": "fine"}), "a list of deployments of acme/jobs that is not as GitHub documents it"),
        (Answer(200, [{"id": "x", "created_at": "2026-06-02T00:00:00Z"}]), "is not as GitHub documents it"),
        (Answer(200, [None]), "is not as GitHub documents it"),
        (Answer(200, [], {"Content-Encoding": "gzip"}), "GitHub answered what can't be read: DecodingError"),
    ],
)
def test_a_fault_of_the_server_ends_the_run_when_it_comes_twice(busy: Hub, said: Answer, reason: str) -> None:
    busy.fault = everywhere(said)
    came = collected(busy)
    assert reason in came.details["deployment"]
    assert set(came.states.values()) == {"failed"}
    assert all(each.retryable for each in came.answers)
    assert_answered_once(came)
    assert isinstance(came.error, SourceError | httpx.RequestError)
    assert not [path for path in busy.paths() if "issues" in path]
    heals(busy)


@pytest.mark.parametrize("part", ["/pulls", "/pulls/7/commits", "/pulls/7/reviews"])
def test_a_fault_of_one_list_leaves_the_others(busy: Hub, part: str) -> None:
    busy.fault = where(part, refused(500, "Something went wrong"))
    came = collected(busy)
    assert came.states == QUIET | {"change": "failed"}
    assert came.error is None
    assert_answered_once(came)
    heals(busy)


@pytest.mark.parametrize("part", ["/statuses", "/pulls/7/commits", "/pulls/7/reviews"])
def test_details_of_a_strange_shape_are_a_fault_and_no_guess(busy: Hub, part: str) -> None:
    busy.fault = where(part, Answer(content=[{"unknown": 1}]))
    came = collected(busy)
    kind = "deployment" if part == "/statuses" else "change"
    assert came.states[kind] == "failed"
    assert "is not as GitHub documents it" in came.details[kind]


def test_a_reply_that_is_cut_is_no_short_list(busy: Hub) -> None:
    busy.fault = lambda asked: Answer(content=[], promises=10) if asked.path.endswith("/pulls") else None
    came = collected(busy)
    assert came.states == {"deployment": "complete", "change": "failed", "incident": "failed"}
    assert "GitHub can't be reached: RemoteProtocolError" in came.details["change"]
    assert isinstance(came.error, httpx.RemoteProtocolError)
    heals(busy)


def test_a_server_that_is_silent_is_given_up(busy: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polite, "READ_S", 0.03)

    def silent(asked: Asked) -> Answer | None:
        if asked.path.endswith("/deployments"):
            time.sleep(0.1)
        return None

    busy.fault = silent
    came = collected(busy)
    assert "GitHub can't be reached: ReadTimeout" in came.details["incident"]
    assert_answered_once(came)
    monkeypatch.setattr(polite, "READ_S", 30.0)
    heals(busy)


def test_nobody_there() -> None:
    came = collected(Hub(url="http://127.0.0.1:1/api/v3"))
    assert isinstance(came.error, httpx.ConnectError)
    assert set(came.states.values()) == {"failed"}
    assert came.details["incident"].startswith("GitHub can't be reached: ConnectError")
    assert_answered_once(came)


def test_a_token_that_has_expired_is_said_once_and_asked_once(busy: Hub) -> None:
    busy.fault = everywhere(refused(401, "Bad credentials"))
    came = collected(busy)
    assert isinstance(came.error, SourceError)
    assert not came.error.retryable
    assert "refused the token (401): it is wrong, has expired or was revoked" in str(came.error)
    assert set(came.states.values()) == {"failed"}
    assert len(busy.asked) == 1
    heals(busy)


def test_a_token_that_expires_on_the_way_keeps_what_was_read(busy: Hub) -> None:
    busy.fault = where("/pulls", refused(401, "Bad credentials"))
    came = collected(busy)
    assert [each.kind for each in came.events] == ["deployment"]
    assert came.states == {"deployment": "complete", "change": "failed", "incident": "failed"}


@pytest.mark.parametrize(
    ("part", "kind", "permission"),
    [("/deployments", "deployment", "Deployments: read"), ("/statuses", "deployment", "Deployments: read"),
     ("/pulls", "change", "Pull requests: read"), ("/issues", "incident", "Issues: read")],
)  # fmt: skip
def test_a_missing_permission_is_named(busy: Hub, part: str, kind: str, permission: str) -> None:
    busy.fault = where(part, refused(403, "Resource not accessible by personal access token"))
    came = collected(busy)
    assert came.states == QUIET | {kind: "forbidden"}
    assert came.error is None
    assert f"give it the repository permission `{permission}`" in came.details[kind]
    assert "(Resource not accessible by personal access token)" in came.details[kind]
    heals(busy)


def test_single_sign_on_is_named(busy: Hub) -> None:
    busy.fault = where("/issues", refused(403, "Resource protected", X_GitHub_SSO="required; url=https://x"))
    came = collected(busy)
    assert came.states["incident"] == "forbidden"
    assert "is not authorized for the single sign-on of acme/jobs's organization" in came.details["incident"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (refused(404, "Not Found"), "acme/jobs is not found, or the token may not see it (404): check the name"),
        (Answer(404, raw=b"<html>"), "has no GitHub API there (404): `base_url` is https://api.github.com"),
        (refused(301, "Moved Permanently", Location="/api/v3/repositories/1"), "acme/jobs was renamed or moved"),
        (refused(422, "Validation Failed"), "refused the request for deployments of acme/jobs (422)"),
    ],
)
def test_a_repository_that_is_not_there_is_for_a_person_to_mend(busy: Hub, said: Answer, reason: str) -> None:
    busy.fault = everywhere(said)
    came = collected(busy)
    assert set(came.states.values()) == {"failed"}
    assert not any(each.retryable for each in came.answers)
    assert reason in came.details["deployment"]
    assert came.error is None
    assert_answered_once(came)
    heals(busy)


def test_a_redirect_is_not_followed(busy: Hub) -> None:
    busy.fault = everywhere(refused(301, "Moved", Location=f"{busy.url}/repos/acme/jobs/deployments"))
    collected(busy)
    assert len(busy.asked) == 3


def test_issues_that_are_turned_off(busy: Hub) -> None:
    busy.fault = where("/issues", refused(410, "Issues are disabled for this repo"))
    came = collected(busy)
    assert came.states["incident"] == "failed"
    assert "turned off (410) (Issues are disabled for this repo): turn them on, or set" in came.details["incident"]


def test_an_empty_repository_is_empty_and_no_fault(hub: Hub) -> None:
    came = collected(hub)
    assert came.states == {"deployment": "empty", "change": "empty", "incident": "empty"}
    assert (came.events, came.error) == ([], None)


def test_a_fault_in_the_middle_of_a_list_goes_on_there(busy: Hub) -> None:
    busy.per_page = 1
    busy.deploy(day(4), ("success", 1))
    busy.fault = lambda asked: refused(500, "x") if asked.query.get("page") == "2" else None
    with client() as http:
        assert collected(busy, http=http).states["deployment"] == "failed"
        busy.fault = lambda _: None
        before = len(busy.asked)
        assert len(collected(busy, http=http).of("deployment")) == 2
    assert "page=2" in busy.paths(before)[0]


def test_a_budget_that_is_spent_passes_through(busy: Hub) -> None:
    budget = polite.Budget(requests=3, per_second=10_000)
    with polite.client(httpx.HTTPTransport(verify=False), budget=budget) as http:
        came = collected(busy, http=http)
    assert isinstance(came.error, BudgetSpentError)
    assert came.states == {"deployment": "complete"}


def test_a_reply_without_an_end_is_cut_off(busy: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polite, "LARGEST_REPLY", 50_000)
    busy.fault = lambda asked: Answer(raw=b"[" + b" " * 60_000) if asked.path.endswith("/pulls") else None
    came = collected(busy)
    assert came.states == QUIET | {"change": "failed"}
    assert "was cut off" in came.details["change"]


REPEATS: list[Callable[[], Answer]] = [
    lambda: refused(401, f"Bad credentials: {TOKEN}"),
    lambda: refused(403, f"{TOKEN} may not"),
    lambda: refused(500, f"with {TOKEN}"),
    lambda: Answer(200, raw=f"<html>{TOKEN}</html>".encode()),
    lambda: Answer(200, [], {"Link": f'<https://{TOKEN.replace("_", "-")}.example.com/>; rel="next"'}),
]


@pytest.mark.parametrize("said", REPEATS)
def test_the_token_is_repeated_to_nobody(
    hub: Hub, said: Callable[[], Answer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hub.fault = everywhere(said())
    came = collected(hub)
    told = f"{came.events} {came.answers} {came.error!r} {caplog.text} {settings(hub)!r}"
    assert TOKEN not in told
    with client() as http:
        try:
            told = str(list(github.check(settings(hub), http)))
        except SourceError as error:
            told = str(error)
    assert TOKEN not in told
