"""What Datadog, the network or the keys can do to a run, what is said of it, and that a later run heals it."""

from __future__ import annotations

import json
import logging
import threading

import httpx
import pytest

from metrics.collect import http
from metrics.collect.http import Budget, client
from metrics.errors import BudgetSpentError, SourceError
from tests.collect.datadog_events.happening import ask, settings
from tests.collect.datadog_events_server import TODAY, Account, clock, incident, told
from tests.collect.datadog_server import API_KEY, APP_KEY, Fault

BOTH: dict[str, object] = {"monitors": ["service:web"], "incidents": {}}


@pytest.fixture(autouse=True)
def _something_happened(account: Account) -> None:
    account.events = [told(clock("01:00"), "error")]
    account.incidents = [incident(1, clock("02:00"))]


def assert_heals(account: Account) -> None:
    account.faults.clear()
    found = ask(settings(account, BOTH))
    assert [each.kind for each in found.events] == ["alert", "incident"]
    assert [state[1:] for state in found.states] == [("alert", "complete", ""), ("incident", "complete", "")]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, b"{}", {"X-RateLimit-Reset": "1", "X-RateLimit-Remaining": "0"}, 2),
        Fault(429, b"{}", {"Retry-After": "1"}, 2),
        Fault(503, b"<html>", times=3),
        Fault(cut=True, times=2),
    ],
    ids=["rate limit", "retry-after", "503", "cut"],
)
def test_what_passes_by_itself_is_waited_out(account: Account, fault: Fault) -> None:
    account.faults = [fault]
    found = ask(settings(account, BOTH))
    assert found.error is None
    assert [each.kind for each in found.events] == ["alert", "incident"]


@pytest.mark.parametrize(
    ("fault", "said", "retryable"),
    [
        (Fault(503, b"<html>", times=None), "answers 503 again and again", True),
        (Fault(429, b"{}", times=None), "rate limit is reached, and waiting did not help", True),
        (Fault(body=b"<html>Log in</html>", times=None), "no JSON: '<html>Log in</html>'; is `host` right?", True),
        (Fault(404, b"{}", times=None), "answers 404: are `site` and `host` right?", False),
        (Fault(302, b"", {"Location": "/elsewhere"}, None), "answers 302: are `site` and `host` right?", False),
        (Fault(401, b'{"errors": ["Unauthorized"]}', times=None), "does not accept the keys", False),
    ],
    ids=["503", "429", "no json", "404", "302", "401"],
)
def test_a_datadog_that_is_no_use_fails_every_question(
    account: Account, fault: Fault, said: str, *, retryable: bool
) -> None:
    account.faults = [fault]
    found = ask(settings(account, BOTH))
    assert found.events == []
    assert [(each.indicator, each.state, each.retryable) for each in found.answers] == [
        ("alert", "failed", retryable), ("incident", "failed", retryable),
    ]  # fmt: skip
    assert {each.window for each in found.answers} == {TODAY}
    assert all(said in each.detail for each in found.answers)
    assert isinstance(found.error, SourceError)
    assert found.error.retryable == retryable
    assert_heals(account)


def test_a_host_that_is_not_there(account: Account) -> None:
    configured = settings(account, BOTH)
    account.server_close()
    found = ask(configured)
    assert isinstance(found.error, httpx.TransportError)
    assert [(each.state, each.retryable) for each in found.answers] == [("failed", True)] * 2
    assert found.answers[0].detail.startswith("Datadog can't be reached: ")


def test_a_datadog_that_hangs_is_cut_off(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_S", 0.05)
    released = threading.Event()
    account.faults = [Fault(wait=released, times=None)]
    with client(tries=2) as polite:
        found = ask(settings(account, BOTH), TODAY, polite)
    released.set()
    assert isinstance(found.error, httpx.ReadTimeout)
    assert_heals(account)


def test_alerts_that_came_are_kept_where_the_incidents_fail(account: Account) -> None:
    account.faults = [Fault(503, b"", times=None, path="page%5Boffset%5D=0&page%5Bsize%5D=100")]
    account.faults += [Fault(503, b"", times=None, path="page%5Bsize%5D=100&page%5Boffset%5D=0")]
    found = ask(settings(account, BOTH))
    assert [each.kind for each in found.events] == ["alert"]
    assert [state[1:3] for state in found.states] == [("alert", "complete"), ("incident", "failed")]
    assert_heals(account)


@pytest.mark.parametrize(
    ("scope", "what", "states"),
    [
        ("events_read", "events", ["forbidden", "complete"]),
        ("incident_read", "incidents", ["complete", "forbidden"]),
    ],
)
def test_a_missing_scope_is_named(account: Account, scope: str, what: str, states: list[str]) -> None:
    account.scopes.discard(scope)
    found = ask(settings(account, BOTH))
    assert found.error is None
    assert [each.state for each in found.answers] == states
    (refused,) = [each for each in found.answers if each.state == "forbidden"]
    assert not refused.retryable
    assert refused.detail == (
        f"the application key may not read {what} (scope {scope}): give it that scope, and its owner a role that has it"
    )
    account.scopes.add(scope)
    assert_heals(account)


def test_a_wrong_api_key_is_told_from_a_missing_scope(account: Account) -> None:
    found = ask(settings(account, BOTH, api_key="revoked"))
    assert isinstance(found.error, SourceError)
    assert "does not know the API key" in str(found.error)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"errors": ["Query timed out"]}, "Datadog answers 200 with an error: Query timed out"),
        ({}, "Datadog's reply about events has no data in it"),
        ({"data": {"a": 1}}, "Datadog answered what can't be read"),
        (None, "Datadog answered what can't be read"),
        (
            {"data": [{"id": "x", "attributes": {"attributes": {"monitor_id": 1, "status": "ok"}}}]},
            "Datadog answered what can't be read",
        ),
    ],
)
def test_a_200_that_is_none_fails_the_one_question(account: Account, reply: object, said: str) -> None:
    account.faults = [Fault(body=json.dumps(reply).encode(), path="/search")]
    found = ask(settings(account, BOTH))
    assert found.error is None
    alert, incidents = found.answers
    assert (alert.state, alert.retryable, incidents.state) == ("failed", True, "complete")
    assert said in alert.detail
    assert_heals(account)


def test_a_spent_budget_is_no_failure(account: Account) -> None:
    with client(budget=Budget(requests=1)) as polite:
        found = ask(settings(account, BOTH), TODAY, polite)
    assert isinstance(found.error, BudgetSpentError)
    assert found.answers == []


def test_no_key_is_told_to_anybody(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"errors": [f"who is {API_KEY} with {APP_KEY}?"]}).encode()
    said: list[str] = []
    for status in (200, 302, 400, 401, 403, 404, 429, 500):
        account.faults = [Fault(status, echo, times=None)]
        found = ask(settings(account, BOTH))
        said += [repr(found.answers), repr(found.error), str(found.error)]
    text = " ".join([*said, caplog.text])
    assert "who is" in text
    assert API_KEY not in text
    assert APP_KEY not in text
