"""Faults between us and the server: none passes for data, none stops what is well, and a later question heals all."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from metrics.collect import elasticsearch, http
from metrics.collect._elasticsearch import listing, question
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, Window
from tests.collect.elasticsearch.front import Fault, Front, error, front_of, shards_failed
from tests.collect.elasticsearch.osmem import Hit, Result, ask, at, index_errors, index_hits, settings, url

REQUESTS, P95, ERRORS = "http.server.request.count", "http.server.request.duration.p95", "log.errors"
HOUR = Window(at(0, 9), at(0, 10))
SECRET = "s3cr3t-of-the-logs"
GONE = "the server is overloaded or down"


@pytest.fixture(scope="module")
def one_front() -> Iterator[Front]:
    """One for all tests here: the source remembers what it has listed through it."""
    with front_of(url()) as front:
        yield front


@pytest.fixture
def front(one_front: Front) -> Front:
    one_front.heal()
    return one_front


@pytest.fixture(scope="module", autouse=True)
def _logs() -> None:
    hits = [Hit(at(day, 9, n), path) for day in (-4, 0) for n in range(3) for path in ("/jobs/1", "/login", "/x")]
    index_hits("fault-access-1", hits)
    index_errors("fault-errors-1", [(at(0, 9), "error", "/jobs/1")])


def of_front(front: Front, **more: Any) -> elasticsearch.Settings:
    more = {"endpoints": ["/jobs/:id"], "top": 2, "error_index": "fault-errors-*"} | more
    return settings("fault-access-*", front.url, **more)


def healed(front: Front, asked: elasticsearch.Settings) -> None:
    front.heal()
    result = ask(asked, HOUR)
    assert result.parts == ["/jobs/:id", "/login", "other"]
    assert [result.total(REQUESTS, part) for part in (None, *result.parts)] == [9, 3, 3, 3]
    assert result.total(ERRORS) == 1
    assert {each.state for each in result.coverage if each.indicator == REQUESTS} == {"complete"}


def assert_nothing_of(
    result: Result, indicator: str, part: str | None, state: str, said: str, *, again: bool
) -> None:
    assert result.rows(indicator, part) == {}
    ((was, detail, retryable),) = result.answers(indicator, part)
    assert (was, retryable) == (state, again)
    assert said in detail


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (shards_failed, "1 of 5 shards did not answer: access-2026.06.20: [n1] disconnected"),
        (lambda reply: {**reply, "timed_out": True}, "it ran into the time limit of 25s"),
        (lambda reply: {**reply, "_clusters": {"total": 2, "successful": 1, "skipped": 1}}, "1 of the clusters"),
    ],
)
def test_an_answer_for_a_part_of_the_data_is_partial_and_brings_no_figure(
    front: Front, spoiled: Any, said: str
) -> None:
    """It comes as a 200, and its counts are too low: a dip that nobody had."""
    front.spoil(Fault(body=spoiled), "whole", times=1)
    result = ask(of_front(front), HOUR)
    for part in (None, "/jobs/:id", "/login", "other"):
        assert_nothing_of(result, REQUESTS, part, "partial", said, again=True)
    assert result.total(ERRORS) == 1  # another question, and well
    healed(front, of_front(front))


def test_where_only_some_endpoints_are_partial_the_others_are_kept(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question, "BUCKETS", 40)  # one part a question
    front.spoil(Fault(body=shards_failed), "parts", times=1)
    result = ask(of_front(front), HOUR)
    assert_nothing_of(result, REQUESTS, "/jobs/:id", "partial", "1 of 5 shards", again=True)
    assert [result.total(REQUESTS, part) for part in (None, "/login", "other")] == [9, 3, 3]
    healed(front, of_front(front))


def test_while_a_day_before_can_not_be_listed_nobody_knows_what_other_is(front: Front) -> None:
    """Written down endpoints and the whole are exact all the same; a listing that lacks shards is never remembered."""
    listing.forget()
    front.spoil(Fault(body=shards_failed), "listing", times=1)
    result = ask(of_front(front), HOUR)
    assert [result.total(REQUESTS, part) for part in (None, "/jobs/:id")] == [9, 3]
    assert_nothing_of(result, REQUESTS, "other", "partial", "1 of 5 shards", again=True)
    assert_nothing_of(result, ERRORS, "other", "partial", "1 of 5 shards", again=True)
    assert result.parts == ["other", "/jobs/:id"]
    healed(front, of_front(front))


def test_terminated_early_is_no_fault_where_nobody_asked_for_it(front: Front) -> None:
    """OpenSearch says so of whole answers that need no hits."""
    front.spoil(Fault(body=lambda reply: {**reply, "terminated_early": True}))
    assert ask(of_front(front), HOUR).total(REQUESTS) == 9


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_go_away_by_itself_is_asked_again_at_once(front: Front, status: int) -> None:
    front.spoil(error(status, "es_rejected_execution_exception", "queue is full", Retry_After="0"), "whole", times=5)
    result = ask(of_front(front, error_index=None), HOUR)
    assert result.total(REQUESTS) == 9
    assert front.count("whole") == 6


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (error(429, "circuit_breaking_exception", "[parent] Data too large"), f"{GONE} (429): circuit_breaking"),
        (error(503, "search_phase_execution_exception", "Partial shards failure"), f"{GONE} (503): search_phase"),
        (error(504, "search_timeout_exception", "Time exceeded"), f"{GONE} (504): search_timeout"),
        (Fault(502, b"<html>Bad Gateway</html>"), f"{GONE} (502)"),
    ],
)
def test_what_does_not_go_away_is_failed_and_asked_next_time(front: Front, fault: Fault, said: str) -> None:
    front.spoil(fault, "whole")
    result = ask(of_front(front), HOUR)
    for part in (None, "/jobs/:id", "/login", "other"):
        assert_nothing_of(result, REQUESTS, part, "failed", said, again=True)
        assert_nothing_of(result, ERRORS, part, "failed", said, again=True)
    assert front.count("whole") == 2 * http.TRIES
    healed(front, of_front(front))


@pytest.mark.parametrize(
    ("fault", "state", "said"),
    [
        (
            error(403, "security_exception", "action [indices:data/read/search] is unauthorized for API key id [x]"),
            "forbidden",
            "it may not read `fault-access-*` (403): give its role the privilege `read` on that index: security_exc",
        ),
        (
            error(404, "index_not_found_exception", "no such index [x]"),
            "failed",
            "no index matches `fault-access-*`: w",
        ),
        (Fault(404, b"<html>not here</html>"), "failed", "there is no search at `base_url` (404)"),
        (
            error(400, "parsing_exception", "unknown query"),
            "failed",
            "the server refused the question (400): parsing_",
        ),
        (
            error(503, "too_many_buckets_exception", "max 65536"),
            "failed",
            "more than search.max_buckets: write a longer",
        ),
        (Fault(302, headers={"Location": "/login"}), "failed", "`base_url` answered 302, a redirect"),
    ],
)
def test_what_somebody_has_to_mend_is_said_and_not_asked_again(
    front: Front, fault: Fault, state: str, said: str
) -> None:
    front.spoil(fault, "whole")
    result = ask(of_front(front, error_index=None), HOUR)
    for part in (None, "/jobs/:id", "/login", "other"):
        assert_nothing_of(result, P95, part, state, said, again=False)
    assert front.count("whole") == (http.TRIES if fault.status == 503 else 1)
    healed(front, of_front(front))


def test_a_text_field_is_refused_by_the_real_server_and_named() -> None:
    result = ask(settings("fault-access-*", fields={"path": "message"}, endpoints=["/jobs/:id"]), HOUR)
    said = "field `message` is text: name its keyword, as in message.keyword"
    for part in (None, "/jobs/:id", "other"):
        assert_nothing_of(result, REQUESTS, part, "failed", said, again=False)


def test_a_named_index_that_is_not_there_is_failed() -> None:
    result = ask(settings("fault-no-such-index", top=0), HOUR)
    said = "no index matches `fault-no-such-index`: write its name, or a pattern as in access-*"
    assert_nothing_of(result, REQUESTS, None, "failed", said, again=False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Please log in</html>",
        b'{"took": 1',
        b"[]",
        b'{"ok": true}',
        b'{"timed_out": false, "_shards": {"total": 1, "failed": 0}, "hits": {"total": {"value": 3}}}',
        lambda reply: {**reply, "aggregations": {"time": {"buckets": "many"}, "addressed": {"count": {"value": 1}}}},
        lambda reply: {
            **reply,
            "aggregations": {**reply["aggregations"], "time": {"buckets": [{"key": 7, "doc_count": 1}]}},
        },
        lambda reply: {**reply, "hits": {"total": {"value": "three"}}},
    ],
)
def test_what_is_no_answer_is_failed_and_no_bug(front: Front, body: Any) -> None:
    front.spoil(Fault(body=body), "whole")
    result = ask(of_front(front, error_index=None), HOUR)
    assert result.points == ()
    for part in (None, "/jobs/:id", "/login", "other"):
        assert_nothing_of(result, REQUESTS, part, "failed", "", again=True)
    healed(front, of_front(front))


@pytest.mark.parametrize("kind", ["listing", "parts"])
def test_no_answer_to_any_question_is_a_bug(front: Front, kind: str) -> None:
    listing.forget()
    front.spoil(
        Fault(body=lambda reply: {**reply, "aggregations": {"addresses": {"buckets": [1]}, "parts": 2}}), kind
    )
    result = ask(of_front(front, error_index=None), HOUR)
    assert result.total(REQUESTS) == 9
    assert_nothing_of(result, REQUESTS, "other", "failed", "`base_url` sent no answer of a search", again=True)
    healed(front, of_front(front))


@pytest.mark.parametrize("value", ["NaN", "Infinity", None])
def test_a_percentile_that_is_no_number_is_refused_and_counted(front: Front, value: object) -> None:
    def spoiled(reply: dict[str, Any]) -> dict[str, Any]:
        for bucket in reply["aggregations"]["time"]["buckets"]:
            bucket["latency"]["values"] = [{"key": percent, "value": value} for percent in (50.0, 95.0, 99.0)]
        return reply

    front.spoil(Fault(body=spoiled), "whole")
    result = ask(of_front(front, error_index=None), HOUR)
    assert_nothing_of(result, P95, None, "empty", "all 1 figures are no numbers of seconds", again=False)
    assert result.total(REQUESTS) == 9
    assert result.rows(P95, "/login") == {"09:00": 0.1}


def test_a_login_that_is_refused_ends_the_run_and_a_new_key_heals_it(front: Front) -> None:
    front.spoil(error(401, "security_exception", "unable to authenticate user"))
    with pytest.raises(
        SourceError, match=r"refused the login \(401\): is the `api_key`, .* not expired\?"
    ) as refused:
        ask(of_front(front), HOUR)
    assert refused.value.retryable
    assert len(front.asked) == 1
    healed(front, of_front(front))


def test_a_server_that_hangs_or_hangs_up_ends_the_run_with_what_was_brought(front: Front) -> None:
    healed(front, of_front(front))
    for fault in (Fault(wait_s=0.2), Fault(body=b'{"took": 1, ', cut=True)):
        front.heal()
        front.spoil(fault, "parts")
        with http.client(budget=http.Budget(per_second=1e6), tries=2) as client:
            client.timeout = httpx.Timeout(0.1)
            stream = elasticsearch.collect(of_front(front), HOUR, client)
            brought: list[object] = []
            with pytest.raises(httpx.TransportError):
                brought.extend(stream)  # keeps what came before the fault
        assert {each.part for each in brought if isinstance(each, Coverage)} == {None}
        assert front.count("parts") == 2
        healed(front, of_front(front))


def test_nobody_there_is_a_fault_of_the_transport() -> None:
    with pytest.raises(httpx.ConnectError):
        ask(settings("access-*", "http://127.0.0.1:9"), HOUR)


def test_a_reply_without_end_is_cut_off(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_REPLY", 5_000)
    front.spoil(Fault(body=b" " * 10_000), "whole")
    with pytest.raises(SourceError, match="in one reply and was cut"):
        ask(of_front(front), HOUR)
    healed(front, of_front(front))


def test_a_spent_budget_passes_through_and_the_next_run_goes_on(front: Front) -> None:
    listing.forget()
    with http.client(budget=http.Budget(requests=10, per_second=1e6)) as client, pytest.raises(BudgetSpentError):
        list(elasticsearch.collect(of_front(front), HOUR, client))
    asked = len(front.asked)
    healed(front, of_front(front))
    assert asked == 10
    # Listed days are not listed again.
    assert front.count("listing") < 2 * 14


@pytest.mark.parametrize(
    ("login", "header"),
    [
        ({"api_key": SECRET}, f"ApiKey {SECRET}"),
        ({"username": "reader", "password": "pässwörd"}, "Basic cmVhZGVyOnDDpHNzd8O2cmQ="),
        ({}, None),
    ],
)
def test_who_asks(front: Front, login: dict[str, str], header: str | None) -> None:
    ask(of_front(front, **login), HOUR)
    assert {asked.headers.get("Authorization") for asked in front.asked} == {header}


@pytest.mark.parametrize("login", [{"api_key": SECRET}, {"username": "reader", "password": SECRET}])
def test_a_secret_goes_nowhere_but_into_the_request(
    front: Front, login: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    for fault in (None, Fault(body=b"no"), error(403, "x", "y"), error(400, "x", "y"), error(401, "x", "y")):
        front.heal()
        if fault:
            front.spoil(fault)
        asked = of_front(front, **login)
        try:
            said.append(repr(ask(asked, HOUR)))
        except SourceError as refused:
            said.append(str(refused))
        with http.client(budget=http.Budget(per_second=1e6)) as client:
            try:
                said += map(repr, elasticsearch.check(asked, client))
            except SourceError as refused:
                said.append(str(refused))
        said.append(repr(asked))
    assert SECRET not in "\n".join(said) + caplog.text


def test_what_the_server_says_is_cut(front: Front) -> None:
    front.spoil(error(400, "illegal_argument_exception", "very " * 5_000))
    for each in ask(of_front(front), HOUR).coverage:
        assert "very very" in each.detail
        assert len(each.detail) <= 300
