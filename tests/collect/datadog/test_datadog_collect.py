"""Asked over HTTP with Datadog's own client: which requests are made, and which rows come of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from metrics.model import Window
from tests.collect.datadog.asking import BY_HOST, CPU, DAY, HITS, HOUR, P95, ask, hours, settings
from tests.collect.datadog_server import API_KEY, APP_KEY, Datadog


def test_a_query_becomes_samples_of_its_indicator(datadog: Datadog) -> None:
    told = ask(settings(datadog, CPU), hours(0.5))
    # The metric rises by 1 % a minute from 10 %; each sample is the mean of five minutes.
    assert told.points == {
        ("system.cpu.utilization", None, 300): [
            ("06-01T00:00", 12.0), ("06-01T00:05", 17.0), ("06-01T00:10", 22.0),
            ("06-01T00:15", 27.0), ("06-01T00:20", 32.0), ("06-01T00:25", 37.0),
        ]
    }  # fmt: skip
    assert told.states == [("system.cpu.utilization", None, "complete", "")]
    assert told.answers[0].window == hours(0.5)


def test_the_request_is_as_datadog_documents_it(datadog: Datadog) -> None:
    ask(settings(datadog, CPU, HITS, P95), hours(30))
    (asked,) = datadog.asked
    assert asked.path == "/api/v2/query/timeseries"
    assert asked.body["data"]["type"] == "timeseries_request"
    start, end = int(DAY.timestamp() * 1000), int((DAY + 30 * HOUR).timestamp() * 1000)
    assert (asked.attributes["from"], asked.attributes["to"]) == (start, end)
    assert asked.attributes["interval"] == 300_000
    assert asked.attributes["formulas"] == [{"formula": "q0m0"}, {"formula": "q1m0"}, {"formula": "q2m0"}]
    assert asked.attributes["queries"] == [
        {"data_source": "metrics", "name": "q0m0", "query": "avg:system.cpu.user{host:web}.rollup(avg, 300)"},
        {
            "data_source": "metrics",
            "name": "q1m0",
            "query": "sum:trace.web.request.hits{*}.as_count().rollup(sum, 300)",
        },
        {"data_source": "metrics", "name": "q2m0", "query": "p95:trace.web.request{*}.rollup(300)"},
    ]
    assert (asked.headers["DD-API-KEY"], asked.headers["DD-APPLICATION-KEY"]) == (API_KEY, APP_KEY)
    assert asked.headers["User-Agent"].startswith("datadog-api-client-python/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (HITS, 900.0),  # 3 a second, five minutes long
        (P95, 0.25),  # 250 million nanoseconds
        ({"indicator": "memory", "query": "100 * (1 - avg:system.mem.pct_usable{*})"}, 75.0),
        ({"indicator": "storage", "query": "max:system.disk.in_use{*}"}, 50.0),  # a fraction
        ({"indicator": "memory_free", "query": "min:system.mem.usable{*}"}, 4 * 2.0**30),  # in GiB
        ({"indicator": "network_in", "query": "sum:system.net.bytes_rcvd{*}", "kind": "rate"}, 300_000.0),
        ({"indicator": "deadlocks", "query": "sum:db.deadlocks{*}"}, 0.5),  # 30 a minute
        ({"indicator": "mails", "query": "sum:custom.jobs{*}", "kind": "gauge"}, 10.0),  # 2 in each of five minutes
        ({"indicator": "batch_duration", "query": "max:custom.duration{*}", "unit": "ms"}, 0.12),  # it names no unit
        (
            {"indicator": "storage", "query": "max:system.disk.in_use{*}", "unit": "%"},
            0.5,
        ),  # the settings' goes first
    ],
)
def test_values_come_in_canonical_units(datadog: Datadog, query: dict[str, object], expected: float) -> None:
    told = ask(settings(datadog, query), hours(1))
    (rows,) = told.points.values()
    assert rows == [(f"06-01T00:{minute:02}", pytest.approx(expected)) for minute in range(0, 60, 5)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"indicator": "batch_duration", "query": "max:custom.duration{*}"},
            "Datadog names no unit for it; write `unit:`",
        ),
        (
            {"indicator": "cpu", "query": "avg:trace.web.request{*}"},
            "it comes in nanosecond, and a percentage is wanted",
        ),
        ({"indicator": "cpu", "query": "avg:custom.odd{*}"}, "it comes in apdex, which is not known here"),
        ({"indicator": "network_in", "query": "sum:system.net.bytes_rcvd{*}", "kind": "gauge"}, "write `kind: rate`"),
    ],
)
def test_a_unit_is_never_guessed(datadog: Datadog, query: dict[str, object], said: str) -> None:
    told = ask(settings(datadog, query, P95), hours(1))
    assert list(told.points) == [("http.server.request.duration.p95", None, 300)]
    failed = next(each for each in told.answers if each.state == "failed")
    assert said in failed.detail
    assert not failed.retryable


def test_each_group_is_a_part_and_all_of_it_is_answered_too(datadog: Datadog) -> None:
    told = ask(settings(datadog, BY_HOST), hours(0.25))
    assert told.points == {
        ("system.cpu.utilization", "web-1", 300): [
            ("06-01T00:00", 12.0), ("06-01T00:05", 17.0), ("06-01T00:10", 22.0),
        ],
        ("system.cpu.utilization", "web-2", 300): [
            ("06-01T00:00", 22.0), ("06-01T00:05", 27.0), ("06-01T00:10", 32.0),
        ],
    }  # fmt: skip
    assert told.states == [
        ("system.cpu.utilization", "web-1", "complete", ""),
        ("system.cpu.utilization", "web-2", "complete", ""),
        ("system.cpu.utilization", None, "complete", "2 by host"),
    ]
    assert {each.window for each in told.answers} == {hours(0.25)}


def test_several_tags_make_one_part_unless_one_of_them_is_named(datadog: Datadog) -> None:
    several = {"indicator": "cpu", "query": "avg:system.cpu.user{*} by {env,host}"}
    parts = [part for _, part, _ in ask(settings(datadog, several), hours(0.25)).points]
    assert parts == ["prod web-1", "prod web-2"]
    parts = [part for _, part, _ in ask(settings(datadog, {**several, "part": "host"}), hours(0.25)).points]
    assert parts == ["web-1", "web-2"]


def test_what_lacks_the_tag_is_a_part_of_its_own(datadog: Datadog) -> None:
    def untagged(reply: dict[str, dict[str, dict[str, list[dict[str, list[str]]]]]]) -> object:
        reply["data"]["attributes"]["series"][1]["group_tags"] = []
        return reply

    datadog.change = untagged
    parts = [part for _, part, _ in ask(settings(datadog, BY_HOST), hours(0.25)).points]
    assert parts == ["web-1", "N/A"]


def test_two_series_are_never_mixed_into_one_part(datadog: Datadog) -> None:
    query = {"indicator": "cpu", "query": "avg:system.cpu.user{*} by {host,device}", "part": "host"}
    told = ask(settings(datadog, query), hours(0.25))
    assert told.points == {}
    assert {each.state for each in told.answers} == {"failed"}
    assert told.answers[-1].detail.startswith("3 series are the part web-1 (host:web-1, device:sda is one)")


def test_what_is_not_over_yet_is_left_out(datadog: Datadog) -> None:
    window = Window(DAY + timedelta(minutes=2), DAY + timedelta(minutes=18))
    told = ask(settings(datadog, CPU), window)
    (rows,) = told.points.values()
    assert [at for at, _ in rows] == ["06-01T00:05", "06-01T00:10"]
    assert [(each.state, each.window) for each in told.answers] == [("complete", window)]


def test_a_window_in_which_nothing_ends_is_answered_without_asking(datadog: Datadog) -> None:
    told = ask(settings(datadog, CPU), Window(DAY + timedelta(minutes=1), DAY + timedelta(minutes=9)))
    assert told.states == [("system.cpu.utilization", None, "complete", "no period of 300 s ended in it")]
    assert datadog.asked == []


def test_an_empty_account_is_empty_and_never_0(datadog: Datadog) -> None:
    nothing = {"indicator": "cpu", "query": "avg:no.such.metric{*} by {host}"}
    told = ask(settings(datadog, nothing), hours(1))
    assert told.points == {}
    assert [each.state for each in told.answers] == ["empty"]
    assert told.answers[0].detail == "Datadog has no values for avg:no.such.metric{*} by {host}"


def test_gaps_stay_gaps(datadog: Datadog) -> None:
    told = ask(settings(datadog, {"indicator": "cpu", "query": "avg:custom.holes{*}"}, HITS), hours(0.5))
    assert told.points["system.cpu.utilization", None, 300] == [
        ("06-01T00:05", 7.0), ("06-01T00:10", 7.0), ("06-01T00:20", 7.0), ("06-01T00:25", 7.0),
    ]  # fmt: skip
    assert told.ends == {"system.cpu.utilization": "complete", "http.server.request.count": "complete"}


def test_asking_again_brings_the_same_rows(datadog: Datadog) -> None:
    configured = settings(datadog, CPU, HITS, BY_HOST | {"indicator": "memory"})
    first, again = ask(configured, hours(26)), ask(configured, hours(26))
    assert first.points == again.points
    assert first.answers == again.answers


def test_ten_queries_go_in_one_request(datadog: Datadog) -> None:
    names = ["cpu", "cpu_max", "memory", "storage", "connections_used", "hit_ratio", "concurrency_used", "mail_quota"]
    names += ["nodes", "nodes_failed", "concurrency", "connections"]
    queries = [{"indicator": name, "query": "1 * avg:system.cpu.user{*}"} for name in names]
    told = ask(settings(datadog, *queries), hours(1))
    assert [len(each.queries) for each in datadog.asked] == [10, 2]
    assert len(told.ends) == 12
    assert set(told.ends.values()) == {"complete"}


def test_one_wrong_query_fails_alone(datadog: Datadog) -> None:
    wrong = {"indicator": "memory", "query": "avg:wrong.metric{*}"}
    told = ask(settings(datadog, CPU, wrong, HITS), hours(1))
    assert told.ends == {
        "system.cpu.utilization": "complete",
        "system.memory.utilization": "failed",
        "http.server.request.count": "complete",
    }
    failed = next(each for each in told.answers if each.state == "failed")
    assert failed.detail.startswith(
        "Datadog refuses the query (400): Error parsing query: unable to parse avg:wrong.m"
    )
    assert not failed.retryable
    assert [len(each.queries) for each in datadog.asked] == [3, 1, 1, 1]


def test_queries_of_different_intervals_are_asked_apart(datadog: Datadog) -> None:
    hourly = {"indicator": "memory", "query": "avg:system.cpu.user{*}.rollup(avg, 3600)"}
    told = ask(settings(datadog, CPU, hourly), hours(2))
    assert [each.attributes["interval"] for each in datadog.asked] == [300_000, 3_600_000]
    assert told.points["system.memory.utilization", None, 3600] == [("06-01T00:00", 39.5), ("06-01T01:00", 39.5)]


def test_a_window_never_asks_for_more_points_than_datadog_gives(datadog: Datadog) -> None:
    by_minute = {"indicator": "cpu", "query": "avg:system.cpu.user{*}.rollup(avg, 60)"}
    told = ask(settings(datadog, by_minute), hours(36))
    (rows,) = told.points.values()
    assert len(rows) == len({at for at, _ in rows}) == 36 * 60
    spans = [each.attributes["to"] - each.attributes["from"] for each in datadog.asked]
    assert max(spans) / 60_000 <= 1_500
    windows = sorted((each.window.start, each.window.end) for each in told.answers)
    assert (windows[0][0], windows[-1][1]) == (DAY, DAY + 36 * HOUR)
    assert all(one[1] == other[0] for one, other in pairwise(windows))
