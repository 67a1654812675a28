"""What Datadog, the network or the keys can do to a run, how it is answered, and that a later run heals it."""

from __future__ import annotations

import json
import logging
import threading

import httpx
import pytest

from metrics.collect import http
from metrics.collect._datadog import client as datadog_client
from metrics.collect.http import Budget, client
from metrics.errors import BudgetSpentError, SourceError
from tests.collect.datadog.asking import BY_HOST, CPU, HITS, Told, ask, hours, settings
from tests.collect.datadog_server import API_KEY, APP_KEY, Datadog, Fault

ROWS = [("06-01T00:00", 12.0), ("06-01T00:05", 17.0), ("06-01T00:10", 22.0), ("06-01T00:15", 27.0)]
WINDOW = hours(1 / 3)


def assert_heals(datadog: Datadog) -> None:
    datadog.faults.clear()
    told = ask(settings(datadog, CPU), WINDOW)
    assert told.points == {("system.cpu.utilization", None, 300): ROWS}
    assert told.states == [("system.cpu.utilization", None, "complete", "")]


def assert_all_failed(told: Told, said: str, *, retryable: bool) -> None:
    """For each question an answer with the reason, and the same reason for the runner."""
    assert told.points == {}
    assert {(each.indicator, each.state, each.retryable) for each in told.answers} == {
        ("system.cpu.utilization", "failed", retryable),
        ("http.server.request.count", "failed", retryable),
    }
    assert {each.window for each in told.answers} == {WINDOW}
    assert all(said in each.detail and len(each.detail) <= 300 for each in told.answers)
    assert told.error is not None
    if isinstance(told.error, SourceError):
        assert said in str(told.error)
        assert told.error.retryable == retryable


@pytest.mark.parametrize(
    "fault",
    [
        Fault(
            429, b'{"errors": ["Rate limit reached"]}', {"X-RateLimit-Reset": "1", "X-RateLimit-Remaining": "0"}, 2
        ),
        Fault(429, b"{}", {"Retry-After": "1"}, 2),
        Fault(500, b"<html>", times=3),
        Fault(503, b"", times=2),
        Fault(cut=True, times=2),
    ],
    ids=["rate limit", "retry-after", "500", "503", "cut"],
)
def test_what_passes_by_itself_is_waited_out(datadog: Datadog, fault: Fault) -> None:
    times = fault.times or 0
    datadog.faults = [fault]
    assert_answers(datadog, requests=times + 1)


def assert_answers(datadog: Datadog, requests: int) -> None:
    told = ask(settings(datadog, CPU), WINDOW)
    assert told.error is None
    assert told.points == {("system.cpu.utilization", None, 300): ROWS}
    assert len(datadog.asked) == requests


def test_the_wait_is_the_one_that_datadog_asks_for(datadog: Datadog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_S", 60.0)
    datadog.faults = [Fault(429, b"{}", {"X-RateLimit-Reset": "17"})]
    waits: list[float] = []
    with client(budget=Budget(sleep=waits.append, per_second=1e9)) as polite:
        told = ask(settings(datadog, CPU), WINDOW, polite)
    assert told.error is None
    assert waits == [17.0]


@pytest.mark.parametrize(("reset", "pause"), [("17", 17.0), ("3600", 60.0)])
def test_the_last_request_of_a_period_is_followed_by_a_pause(
    datadog: Datadog, monkeypatch: pytest.MonkeyPatch, reset: str, pause: float
) -> None:
    """Also in the next window of a run, which is another call; and not for ever."""
    monkeypatch.setattr(http, "LONGEST_S", 60.0)
    pauses: list[float] = []
    monkeypatch.setattr(datadog_client.time, "sleep", pauses.append)
    datadog.limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    configured = settings(datadog, CPU)
    with client() as polite:
        ask(configured, hours(1), polite)
        assert pauses == []
        datadog.limits = {"X-RateLimit-Remaining": "9"}
        ask(configured, hours(1, 1), polite)
        assert pauses == [pytest.approx(pause, abs=1)]
        ask(configured, hours(1, 2), polite)
        assert len(pauses) == 1


def test_a_limit_that_stays_ends_the_run(datadog: Datadog) -> None:
    datadog.faults = [Fault(429, b'{"errors": ["slow"]}', {"X-RateLimit-Name": "metrics_query"}, times=None)]
    told = ask(settings(datadog, CPU, HITS), WINDOW)
    assert_all_failed(told, "Datadog's rate limit metrics_query is reached, and waiting did not help", retryable=True)
    assert len(datadog.asked) == http.TRIES
    assert_heals(datadog)


def test_a_datadog_that_is_down_ends_the_run(datadog: Datadog) -> None:
    datadog.faults = [Fault(503, b"<html>\xff</html>", times=None)]
    told = ask(settings(datadog, CPU, HITS), WINDOW)
    assert_all_failed(told, f"Datadog at {datadog.url} answers 503 again and again", retryable=True)
    assert_heals(datadog)


def test_what_came_before_it_went_down_is_kept(datadog: Datadog) -> None:
    hourly = HITS | {"query": HITS["query"] + ".as_count().rollup(sum, 600)"}
    datadog.faults = [Fault(503, times=None, query='"interval": 600000')]
    told = ask(settings(datadog, CPU, hourly), WINDOW)
    assert told.points == {("system.cpu.utilization", None, 300): ROWS}
    assert told.ends == {"system.cpu.utilization": "complete", "http.server.request.count": "failed"}
    assert isinstance(told.error, SourceError)


def test_a_host_that_is_not_there(datadog: Datadog) -> None:
    configured = settings(datadog, CPU, HITS)
    datadog.server_close()
    told = ask(configured, WINDOW)
    assert isinstance(told.error, httpx.TransportError)
    assert_all_failed(told, "Datadog can't be reached: ", retryable=True)


def test_a_datadog_that_hangs_is_cut_off(datadog: Datadog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_S", 0.05)
    released = threading.Event()
    datadog.faults = [Fault(wait=released, times=None)]
    with client(tries=2) as polite:
        told = ask(settings(datadog, CPU, HITS), WINDOW, polite)
    released.set()
    assert isinstance(told.error, httpx.ReadTimeout)
    assert_all_failed(told, "Datadog can't be reached: ", retryable=True)
    assert_heals(datadog)


def test_a_reply_without_end_is_cut_off(datadog: Datadog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_REPLY", 1000)
    datadog.faults = [Fault(body=b" " * 10_000)]
    told = ask(settings(datadog, CPU, HITS), WINDOW)
    assert_all_failed(told, "sent more than 0 MiB in one reply and was cut off", retryable=True)


def test_a_page_instead_of_json_ends_the_run(datadog: Datadog) -> None:
    datadog.faults = [Fault(body=b"<html>Please log in</html>")]
    told = ask(settings(datadog, CPU, HITS), WINDOW)
    assert_all_failed(told, "no JSON: '<html>Please log in</html>'; is `host` right?", retryable=True)
    assert_heals(datadog)


def test_a_redirect_is_not_followed(datadog: Datadog) -> None:
    datadog.faults = [Fault(302, b"", {"Location": f"{datadog.url}/elsewhere"})]
    told = ask(settings(datadog, CPU, HITS), WINDOW)
    assert_all_failed(told, "answers 302: are `site` and `host` right?", retryable=False)
    assert [each.path for each in datadog.asked] == ["/api/v2/query/timeseries"]


@pytest.mark.parametrize(
    ("reply", "said", "retryable"),
    [
        ({"errors": "Query timed out"}, "Datadog answers 200 with an error: Query timed out", True),
        ({"errors": ["one", "other"], "data": {}}, "Datadog answers 200 with an error: one; other", True),
        ({"errors": [{"title": "Bad", "detail": "metric x is unknown"}]}, "error: Bad: metric x is unknown", False),
        ({"error": "Error parsing query", "status": "error"}, "200 with an error: Error parsing query", False),
        ({"status": "error"}, "Datadog answers 200 with an error: no reason is given", True),
        ({}, "Datadog's reply has no data in it", True),
        ([], "Datadog's reply has no data in it", True),
        (None, "Datadog answered what can't be read", True),
        ({"data": {"attributes": {"series": {}, "times": 3}}}, "Datadog answered what can't be read", True),
    ],
)
def test_a_200_that_is_none_is_recognised(datadog: Datadog, reply: object, said: str, *, retryable: bool) -> None:
    datadog.faults = [Fault(body=json.dumps(reply).encode())]
    told = ask(settings(datadog, CPU), WINDOW)
    assert told.error is None
    (answer,) = told.answers
    assert (answer.state, answer.retryable) == ("failed", retryable)
    assert said in answer.detail
    assert_heals(datadog)


def test_a_cut_table_is_not_stored(datadog: Datadog) -> None:
    datadog.change = lambda reply: {**reply, **cut(reply)}
    told = ask(settings(datadog, CPU), WINDOW)
    assert told.points == {}
    assert told.answers[0].detail == (
        "Datadog's reply has not as many values as times and series; it was cut somewhere"
    )  # fmt: skip
    assert told.answers[0].retryable


def cut(reply: dict[str, dict[str, dict[str, list[list[float]]]]]) -> dict[str, object]:
    reply["data"]["attributes"]["values"][0].pop()
    return {}


def test_numbers_that_are_none_are_refused_and_counted(datadog: Datadog) -> None:
    def spoiled(reply: dict[str, dict[str, dict[str, list[list[float]]]]]) -> object:
        attributes = reply["data"]["attributes"]
        attributes["values"][0][-2:] = [float("nan"), float("inf")]
        return reply

    datadog.change = spoiled
    told = ask(settings(datadog, BY_HOST), WINDOW)
    assert told.points["system.cpu.utilization", "web-1", 300] == ROWS[:2]
    assert len(told.points["system.cpu.utilization", "web-2", 300]) == 4
    assert told.states == [
        ("system.cpu.utilization", "web-1", "partial", "2 of the values are no finite numbers on the clock"),
        ("system.cpu.utilization", "web-2", "complete", ""),
        ("system.cpu.utilization", None, "partial", "2 of the values are no finite numbers on the clock"),
    ]


def test_a_clock_that_runs_ahead_brings_nothing_from_outside_the_window(datadog: Datadog) -> None:
    def later(reply: dict[str, dict[str, dict[str, list[int]]]]) -> object:
        attributes = reply["data"]["attributes"]
        attributes["times"] = [at + 600_000 for at in attributes["times"]]
        return reply

    datadog.change = later
    told = ask(settings(datadog, CPU), WINDOW)
    (rows,) = told.points.values()
    assert [at for at, _ in rows] == ["06-01T00:00", "06-01T00:05", "06-01T00:10", "06-01T00:15"]


def test_values_off_the_clock_are_refused(datadog: Datadog) -> None:
    def beside(reply: dict[str, dict[str, dict[str, list[int]]]]) -> object:
        reply["data"]["attributes"]["times"][-2] += 7_000
        return reply

    datadog.change = beside
    told = ask(settings(datadog, CPU), WINDOW)
    assert told.points == {("system.cpu.utilization", None, 300): [*ROWS[:2], ROWS[3]]}
    assert told.states == [
        ("system.cpu.utilization", None, "partial", "1 of the values are no finite numbers on the clock")
    ]


def test_times_that_do_not_rise_are_not_stored_twice(datadog: Datadog) -> None:
    def twice(reply: dict[str, dict[str, dict[str, list[int]]]]) -> object:
        times = reply["data"]["attributes"]["times"]
        times[-1] = times[-2]
        return reply

    datadog.change = twice
    told = ask(settings(datadog, CPU), WINDOW)
    assert (told.points, told.ends) == ({}, {"system.cpu.utilization": "failed"})
    assert told.answers[0].detail == "Datadog's reply has times that do not rise"


def test_a_key_without_the_scope_is_forbidden_and_says_what_to_give(datadog: Datadog) -> None:
    datadog.scopes.clear()
    told = ask(settings(datadog, CPU, HITS), WINDOW)
    assert told.error is None
    assert {(each.state, each.retryable) for each in told.answers} == {("forbidden", False)}
    assert told.answers[0].detail == (
        "the application key may not read timeseries (scope timeseries_query): give it that scope, and its owner a "
        "role that may read metrics (Forbidden)"
    )
    assert [each.path for each in datadog.asked] == ["/api/v2/query/timeseries", "/api/v1/validate"]
    datadog.scopes.add("timeseries_query")
    assert_heals(datadog)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"api_key": "revoked"},
            "does not know the API key: check `api_key`, and that `site` is the one it belongs to",
        ),
        ({"app_key": "revoked"}, "does not accept the keys: check `api_key` and `app_key`"),
    ],
)
def test_keys_that_are_wrong_or_revoked_end_the_run(datadog: Datadog, keys: dict[str, str], said: str) -> None:
    told = ask(settings(datadog, CPU, HITS, **keys), WINDOW)
    assert_all_failed(told, said, retryable=False)
    assert_heals(datadog)


def test_a_spent_budget_is_no_failure(datadog: Datadog) -> None:
    with client(budget=Budget(requests=1)) as polite:
        told = ask(settings(datadog, CPU, HITS), hours(96 * 2), polite)
    assert isinstance(told.error, BudgetSpentError)
    assert {each.state for each in told.answers} == {"complete"}


def test_no_key_is_told_to_anybody(datadog: Datadog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = json.dumps({"errors": [f"who is {API_KEY} with {APP_KEY}?"]}).encode()
    said: list[str] = []
    for status in (200, 302, 400, 401, 403, 404, 429, 500):
        datadog.faults = [Fault(status, echo, times=None, path="timeseries")]
        told = ask(settings(datadog, CPU), WINDOW)
        said += [repr(told.answers), repr(told.error), str(told.error)]
    datadog.faults = [Fault(body=f"<html>{API_KEY} {APP_KEY}".encode(), times=None)]
    told = ask(settings(datadog, CPU), WINDOW)
    text = " ".join([*said, repr(told.answers), repr(told.error), caplog.text])
    assert "who is" in text
    assert API_KEY not in text
    assert APP_KEY not in text
