"""One figure for each whole UTC day."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from metrics.model import Window
from tests.collect.datadog.asking import CPU, DAY, HOUR, ask, hours, settings
from tests.collect.datadog_server import Datadog, Fault

MAILS = {"indicator": "mails", "query": "sum:custom.jobs{*}", "kind": "gauge", "scalar": True}


def test_each_whole_day_of_the_window_is_asked_for(datadog: Datadog) -> None:
    window = Window(DAY - 3 * HOUR, DAY + 50 * HOUR)
    told = ask(settings(datadog, MAILS), window)
    # Two in each minute.
    assert sorted(told.points["mail.sent", None, 86_400]) == [("06-01T00:00", 2880.0), ("06-02T00:00", 2880.0)]
    assert [each.path for each in datadog.asked] == ["/api/v2/query/scalar"] * 2
    assert datadog.asked[-1].attributes["from"] == int(DAY.timestamp() * 1000)
    assert datadog.asked[-1].attributes["to"] == int((DAY + timedelta(days=1)).timestamp() * 1000)
    assert datadog.asked[-1].attributes["queries"] == [
        {
            "aggregator": "sum",
            "data_source": "metrics",
            "name": "q0m0",
            "query": "sum:custom.jobs{*}.rollup(sum, 300)",
        }
    ]
    windows = sorted((each.window.start, each.window.end, each.state) for each in told.answers)
    assert (windows[0][0], windows[-1][1]) == (window.start, window.end)
    assert all(one[1] == other[0] for one, other in pairwise(windows))
    assert {state for _, _, state in windows} == {"complete"}


@pytest.mark.parametrize(
    ("query", "aggregator", "expected"),
    [
        ({"indicator": "cpu", "query": "avg:system.cpu.user{*}"}, "avg", 39.5),
        ({"indicator": "cpu_max", "query": "max:system.cpu.user{*}"}, "max", 69.0),
        ({"indicator": "latency_p95", "query": "p95:trace.web.request{*}"}, "percentile", 0.25),
        ({"indicator": "requests", "query": "sum:trace.web.request.hits{*}"}, "sum", 3.0 * 86_400),
        ({"indicator": "network_in", "query": "sum:system.net.bytes_rcvd{*}", "kind": "rate"}, "avg", 86_400_000.0),
        ({"indicator": "storage", "query": "max:system.disk.in_use{*}"}, "last", 50.0),
    ],
)
def test_the_day_is_reduced_as_the_indicator_is(
    datadog: Datadog, query: dict[str, object], aggregator: str, expected: float
) -> None:
    told = ask(settings(datadog, query | {"scalar": True}), hours(24))
    (rows,) = told.points.values()
    assert rows == [("06-01T00:00", pytest.approx(expected))]
    assert datadog.asked[0].attributes["queries"][0]["aggregator"] == aggregator


def test_groups_are_parts(datadog: Datadog) -> None:
    query = {"indicator": "cpu", "query": "avg:system.cpu.user{*} by {host}", "scalar": True}
    told = ask(settings(datadog, query), hours(24))
    assert told.points == {
        ("system.cpu.utilization", "web-1", 86_400): [("06-01T00:00", 39.5)],
        ("system.cpu.utilization", "web-2", 86_400): [("06-01T00:00", 49.5)],
    }


def test_an_empty_day_is_empty(datadog: Datadog) -> None:
    told = ask(settings(datadog, MAILS | {"query": "sum:no.such.metric{*}"}), hours(24))
    assert (told.points, told.ends) == ({}, {"mail.sent": "empty"})


def test_a_day_that_fails_fails_alone(datadog: Datadog) -> None:
    datadog.faults = [Fault(body=b'{"errors": "query timed out"}')]
    told = ask(settings(datadog, MAILS, CPU), hours(48))
    states = [
        (each.window.start.day, each.state, each.retryable) for each in told.answers if "mail" in each.indicator
    ]
    assert states == [(2, "failed", True), (1, "complete", False)]
    assert told.ends["system.cpu.utilization"] == "complete"
