"""What a server may do wrong, replayed: each time the answer says what, and a later question heals it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest

from metrics.collect import http
from metrics.collect._prometheus import server
from metrics.collect.http import Budget, client
from metrics.collect.prometheus import collect
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Points
from tests.collect.prometheus_asked import ask, check_signs, hours, settings
from tests.collect.prometheus_replay import Answer, Asked, Say, cut, failure, matrix, replaying, success

QUERIES = {"nodes": "count(node)"}
BY_NODE = [{"indicator": "cpu", "query": "cpu", "part": "node"}]
HOUR = [f"01:{minute:02}" for minute in range(0, 60, 5)]


def first(fault: Say, times: int = 1) -> Say:
    """The fault as often, then a good answer."""
    left = [fault] * times
    return lambda asked: left.pop()(asked) if left else matrix(asked, {})


def html(_: Asked) -> Answer:
    return Answer(200, b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})


FLEETING: dict[str, Say] = {
    "throttled": lambda _: Answer(429, b"too many requests", {"Retry-After": "0"}),
    "5xx": lambda _: Answer(502, b"<h1>Bad gateway</h1>"),
    "unavailable": lambda _: failure(503, "unavailable", "starting up"),
    "cut mid-body": lambda asked: cut(matrix(asked, {})),
}


@pytest.mark.parametrize("fault", FLEETING)
def test_a_fleeting_fault_is_waited_out(fault: str) -> None:
    with replaying(first(FLEETING[fault], times=3)) as replay:
        asked = ask(replay.url, QUERIES, hours(1, 2))
    assert list(asked.rows()) == HOUR
    assert asked.said == [(None, "1-2", "complete", "")]
    assert len(replay.ranges) == 4


LASTING: dict[str, tuple[Say, str, bool]] = {
    "throttled": (lambda _: Answer(429, b"busy"), "answered 429 to every try: 'busy'", True),
    "5xx": (lambda _: Answer(502, b"<h1>Bad gateway</h1>"), "answered 502 to every try", True),
    "login": (lambda _: Answer(401, b"no org id"), "refused the login (401): set `token`, or `username`", False),
    "page": (html, "answered something that is not Prometheus's JSON: '<!doctype html>", True),
    "half a JSON": (lambda _: Answer(200, b'{"status": "succ'), "is not Prometheus's JSON", True),
    "deep JSON": (lambda _: Answer(200, b"[" * 100_000), "is not Prometheus's JSON", True),
    "other JSON": (lambda _: success({"resultType": "matrix", "result": [{"metric": {}, "values": [[1]]}]}),
                   "is not Prometheus's JSON", True),
    "words for numbers": (lambda a: matrix(a, {}, value="many"), "is not Prometheus's JSON", True),
    "a time beyond time": (lambda a: matrix(a, {}, times=[10**400]), "is not Prometheus's JSON", True),
    "no data": (lambda _: success(None), "is not Prometheus's JSON", True),
    "nothing": (lambda _: Answer(200, b"{}"), "is not Prometheus's JSON: '{}'", True),
    "redirect": (lambda _: Answer(302, b"", {"Location": "https://login.example.com/"}), "302, a redirect", False),
    "elsewhere": (lambda _: Answer(404, b"404 page not found"), "has no Prometheus API below / (404)", False),
}  # fmt: skip


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_of_the_whole_source_ends_the_run_with_a_sentence_and_heals(fault: str) -> None:
    say, words, retryable = LASTING[fault]
    with replaying(say) as replay:
        with pytest.raises(SourceError) as caught:
            ask(replay.url, QUERIES, hours(1, 2))
        assert words in str(caught.value)
        assert caught.value.retryable is retryable
        assert len(str(caught.value)) <= 400
        replay.say = lambda asked: matrix(asked, {})
        assert list(ask(replay.url, QUERIES, hours(1, 2)).rows()) == HOUR


OF_A_QUERY: dict[str, tuple[Say, str, str, bool]] = {
    "forbidden": (lambda _: Answer(403, b"tenant jobs may not read this"), "forbidden",
                  "not allowed to ask this (403): let the user or token read it: tenant jobs may not read this", False),
    "an error in a 200": (lambda _: failure(200, "execution", "many-to-many matching not allowed"), "failed",
                          "the query was refused (execution): many-to-many matching not allowed", False),
    "plain words": (lambda _: Answer(400, b"bad query"), "failed", "the query was refused (400): bad query", False),
    "internal": (lambda _: failure(500, "internal", "block is broken"), "failed",
                 "the server failed (internal): block is broken", True),
    "timeout": (lambda _: failure(503, "timeout", "query timed out in expression evaluation"), "failed",
                "the query takes too long even for a short range: use a recording rule: query timed out in expression "
                "evaluation", True),
    "histograms": (lambda _: success({"resultType": "matrix", "result": [{"metric": {}, "histograms": [[1, {}]]}]}),
                   "failed", "the query returns native histograms: take a number of them, as histogram_quantile() does",
                   False),
    "other times": (lambda asked: matrix(asked, {}, times=[asked.times[0] + 7]), "failed",
                    "the server answered for other times than it was asked for", True),
    "a long word": (lambda _: failure(400, "bad_data", "x" * 10_000), "failed",
                    f"the query was refused (bad_data): {'x' * 160}…", False),
}  # fmt: skip


@pytest.mark.parametrize("fault", OF_A_QUERY)
def test_a_fault_of_one_query_is_said_of_it_alone_and_heals(fault: str) -> None:
    say, state, detail, retryable = OF_A_QUERY[fault]
    queries = {"nodes": "wrong", "requests": "right"}
    with replaying(lambda asked: say(asked) if asked.form["query"] == "wrong" else matrix(asked, {})) as replay:
        asked = ask(replay.url, queries, hours(1, 2))
        replay.say = lambda asked: matrix(asked, {})
        healed = ask(replay.url, queries, hours(1, 2))
    assert asked.said == [(None, "1-2", state, detail), (None, "1-2", "complete", "")]
    assert list(asked.rows()) == HOUR  # of the right one
    assert [each.retryable for each in asked.batches if not isinstance(each, Points)] == [retryable, False]
    assert healed.said == [(None, "1-2", "complete", "")] * 2


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_S", 0.05)
    over = threading.Event()

    def hang(_: Asked) -> Answer:
        over.wait(2)
        return Answer(200)

    with replaying(hang) as replay:
        with pytest.raises(httpx.ReadTimeout):
            ask(replay.url, QUERIES, hours(1, 2))
        over.set()


def test_a_slow_query_is_asked_in_halves_and_does_not_keep_the_others_waiting() -> None:
    """Six tries while it may be chance, two of each shorter range."""

    def say(asked: Asked) -> Answer:
        if asked.form["query"] == "slow" and len(asked.times) > 18:
            return failure(503, "timeout", "query timed out in expression evaluation")
        return matrix(asked, {})

    with replaying(say) as replay:
        asked = ask(replay.url, {"nodes": "slow", "requests": "fast"}, hours(0, 6))
    assert [len(each.times) for each in replay.ranges] == [*[72] * 6, *[36] * 2, *[18] * 4, 72]
    assert asked.said == [(None, "0-6", "complete", "")] * 2


def test_a_reply_that_is_too_large_is_asked_for_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 400 series, two hours fit; of a query that never fits, an hour is the least that is tried."""
    monkeypatch.setattr(http, "LARGEST_REPLY", 200_000)
    nodes = [{"node": f"node-{n}"} for n in range(400)]
    with replaying(lambda asked: matrix(asked, *nodes)) as replay:
        asked = ask(replay.url, BY_NODE, hours(0, 6))
        assert {len(each.times) for each in replay.ranges} == {72, 36, 18}
        assert {(state, span) for _, span, state, _ in asked.said} == {("complete", "0-6")}
        assert len(asked.rows("node-399")) == 72
        monkeypatch.setattr(http, "LARGEST_REPLY", 10_000)
        answer = ask(replay.url, BY_NODE, hours(0, 6)).answer
    assert (answer.state, answer.retryable) == ("failed", False)
    assert answer.detail == (
        "127.0.0.1 sent more than 0 MiB in one reply and was cut off; ask it for less at once: aggregate the query"
    )


def test_a_reply_that_would_take_too_much_memory_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that forgot to aggregate: what fits in the end tells how many series it has."""
    monkeypatch.setattr(server, "MOST_TO_READ", 2**20)
    pods = [{"pod": f"pod-{n}"} for n in range(1_000)]
    with replaying(lambda asked: matrix(asked, *pods)) as replay:
        asked = ask(replay.url, QUERIES, hours(0, 12))
        assert [len(each.times) for each in replay.ranges] == [144, 72, 36]
        monkeypatch.setattr(server, "MOST_TO_READ", 2**10)
        answer = ask(replay.url, QUERIES, hours(0, 1)).answer
    assert asked.answer.detail.startswith("the query returns 1,000 series: aggregate it")
    assert answer.detail == "one reply has 0 MiB even for a short range: aggregate the query"


@pytest.mark.parametrize(
    "words",
    [
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        "query processing would load too many samples into memory in query execution",
        f"{'cannot perform search: ' * 20}cannot select more than -search.maxSamplesPerQuery=1000000000 samples",
        "too many points for the given step=60000: 43208; cannot exceed -search.maxPointsPerTimeseries=30000",
        "expanding series: the query exceeded the maximum number of chunks (limit: 2000000 chunks) "
        "(err-mimir-max-chunks-per-query)",
        "the query time range exceeds the limit (query length: 168h, limit: 24h)",
        "rpc error: exceeded samples limit: limit 100 violated",
    ],
)
def test_each_servers_words_for_too_much_at_once_are_understood(words: str) -> None:
    def say(asked: Asked) -> Answer:
        return matrix(asked, {}) if len(asked.times) <= 18 else failure(422, "execution", words)

    with replaying(say) as replay:
        asked = ask(replay.url, QUERIES, hours(0, 12))
    assert [len(each.times) for each in replay.ranges] == [144, 72, 36, *[18] * 8]
    assert len(asked.rows()) == 144
    assert asked.said == [(None, "0-12", "complete", "")]


def test_what_came_before_a_fault_is_kept_and_the_rest_is_a_hole() -> None:
    """The second reply of a query by part fails: each part is answered up to there, and so is the whole."""
    left = [lambda a: matrix(a, {"node": "a"}), lambda _: failure(500, "internal", "no")]
    with replaying(lambda asked: left[0](asked) if len(left) == 1 else left.pop(0)(asked)) as replay:
        asked = ask(replay.url, BY_NODE, hours(0, 24))
    assert len(asked.rows("a")) == 100
    assert asked.said == [
        (part, span, state, detail)
        for part in ("a", None)
        for span, state, detail in (
            ("0-8.33333", "complete", ""), ("8.33333-24", "failed", "the server failed (internal): no"),
        )
    ]  # fmt: skip
    assert [len(each.times) for each in replay.ranges[:2]] == [100, 188]


def test_more_parts_than_anybody_looks_at_are_refused() -> None:
    nodes = [{"node": f"node-{n}"} for n in range(5_001)]
    with replaying(lambda asked: matrix(asked, *nodes)) as replay:
        asked = ask(replay.url, BY_NODE, hours(0, 1))
    detail = "the query returns 5,001 series, and 5,000 are the most: aggregate it by fewer labels"
    assert asked.said == [(None, "0-1", "failed", detail)]


def test_replies_stay_small_however_many_series_there_are() -> None:
    nodes = [{"node": f"node-{n}"} for n in range(3_000)]
    with replaying(lambda asked: matrix(asked, *nodes)) as replay:
        ask(replay.url, BY_NODE, hours(0, 24))
    assert [len(each.times) for each in replay.ranges] == [100, 100, 88]


@pytest.mark.parametrize(
    ("beside", "detail", "retryable"),
    [
        ({"warnings": ["No StoreAPIs matched for this query"]},
         "the server warns: No StoreAPIs matched for this query", True),
        ({"isPartial": True}, "the server warns: a part of its storage did not answer", True),
        ({"warnings": ["PromQL warning: bucket label \"le\" is missing"]},
         "the server warns: PromQL warning: bucket label \"le\" is missing", False),
    ],
)  # fmt: skip
def test_a_warning_makes_an_answer_partial(beside: dict[str, object], detail: str, retryable: bool) -> None:
    def say(asked: Asked) -> Answer:
        points = [[at, "1"] for at in asked.times]
        return success({"resultType": "matrix", "result": [{"metric": {"node": "a"}, "values": points}]}, **beside)

    with replaying(say) as replay:
        asked = ask(replay.url, BY_NODE, hours(1, 2))
        replay.say = lambda asked: matrix(asked, {"node": "a"})
        healed = ask(replay.url, BY_NODE, hours(1, 2))
    assert len(asked.rows("a")) == 12
    assert asked.said == [("a", "1-2", "partial", detail), (None, "1-2", "partial", detail)]
    assert asked.answer.retryable is retryable
    assert {state for _, _, state, _ in healed.said} == {"complete"}


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e308", "-1e260"])
def test_what_is_no_number_in_the_indicators_unit_is_refused(value: str) -> None:
    queries = {"cpu": {"query": "cpu", "unit": "ratio"}}
    with replaying(lambda asked: matrix(asked, {}, value=value)) as replay:
        asked = ask(replay.url, queries, hours(1, 1.2))
    assert asked.rows() == {}
    assert asked.said == [(None, "1-1.2", "partial", "2 values were NaN or infinite and left out")]


def test_a_remark_is_no_warning() -> None:
    def say(asked: Asked) -> Answer:
        data = {"resultType": "matrix", "result": [{"metric": {}, "values": [[at, "1"] for at in asked.times]}]}
        return success(data, infos=["PromQL info: metric might not be a counter"])

    with replaying(say) as replay:
        assert ask(replay.url, QUERIES, hours(1, 2)).said == [(None, "1-2", "complete", "")]


@pytest.mark.parametrize(
    ("minutes_behind", "newest", "state", "detail"),
    [
        (0, "01:50", "complete", ""),  # 01:55 to 02:00 is over, but not by a minute yet
        (-1, "01:55", "complete", ""),
        (4, "01:50", "complete", ""),
        (60, "00:50", "partial", "the server's clock is 60 min behind: what is newer waits for it"),
    ],
)
def test_what_is_not_over_by_the_servers_clock_is_left_out(
    minutes_behind: int, newest: str, state: str, detail: str
) -> None:
    """A gauge asked for its future repeats its last value."""
    now = formatdate(hours(0, 2).end.timestamp() - minutes_behind * 60, usegmt=True)

    def say(asked: Asked) -> Answer:
        good = matrix(asked, {})
        return Answer(good.status, good.body, {**good.headers, "Date": now})

    with replaying(say) as replay:
        asked = ask(replay.url, QUERIES, hours(0, 2))
    assert list(asked.rows())[-1] == newest
    assert asked.said == [(None, "0-2", state, detail)]


def test_a_spent_budget_is_no_fault_of_the_query() -> None:
    with (
        replaying(lambda asked: matrix(asked, {})) as replay,
        client(budget=Budget(requests=1, per_second=1e9)) as it,
    ):
        stream = collect(settings(replay.url, {"nodes": "a", "requests": "b"}), hours(1, 2), it)
        brought = [next(stream), next(stream)]
        with pytest.raises(BudgetSpentError):
            next(stream)
    assert isinstance(brought[0], Points)
    assert brought[1].state == "complete"  # type: ignore[union-attr]


SECRET = "t0p-s3cret/with=signs"


@pytest.mark.parametrize(
    ("login", "header"),
    [
        ({"token": SECRET, "tenant": "jobs"}, f"Bearer {SECRET}"),
        ({"username": "tomoni", "password": SECRET}, "Basic dG9tb25pOnQwcC1zM2NyZXQvd2l0aD1zaWducw=="),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 422, 500, 502])
def test_a_secret_goes_nowhere_but_into_the_request(
    login: dict[str, str], header: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Even where the server repeats what it was sent."""
    caplog.set_level("DEBUG")

    def echo(asked: Asked) -> Answer:
        return failure(status, "internal", f"you sent {asked.headers['Authorization']}")

    with replaying(echo) as replay:
        it = settings(replay.url, QUERIES, **login)
        attempts = (lambda: ask(replay.url, QUERIES, hours(1, 2), **login).batches, lambda: check_signs(it))
        said = [it, *map(_outcome, attempts)]
    assert {asked.headers["Authorization"] for asked in replay.asked} == {header}
    assert {asked.headers.get("X-Scope-OrgID") for asked in replay.asked} == {login.get("tenant")}
    for word in (SECRET, header.split()[1]):
        assert word not in repr(said)
        assert word not in caplog.text


def _outcome(attempt: Callable[[], object]) -> object:
    try:
        return attempt()
    except SourceError as error:
        return error, error.__context__


def test_the_server_is_asked_to_give_up_before_the_client_does() -> None:
    with replaying(lambda asked: matrix(asked, {})) as replay:
        ask(f"{replay.url}/prometheus/", QUERIES, hours(1, 2))
    (asked,) = replay.asked
    assert asked.path == "/prometheus/api/v1/query_range"
    begin = int(hours(1, 2).start.timestamp())
    assert asked.form == {
        "query": "count(node)", "start": str(begin + 300), "end": str(begin + 3600), "step": "300", "timeout": "25s",
    }  # fmt: skip
