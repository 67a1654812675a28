"""The source against a real Prometheus: what comes back, when it is from, and what is said where nothing does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collect.prometheus_asked import ask, check_signs, hours, settings
from tests.collect.prometheus_samples import at, server
from tests.collect.prometheus_server import serving

PASSWORD = "correct horse"
# Of PASSWORD, by bcrypt at its lowest cost.
HASH = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"


def test_a_value_is_stored_at_the_start_of_the_step_that_it_speaks_for() -> None:
    """594 + 6 requests a minute until 02:00: a rate at 02:00 is about the five minutes before."""
    asked = ask(server(), {"requests": "sum(increase(http_requests_total[{step}]))"}, hours(1.75, 2.25))
    assert asked.rows() == {"01:45": 3000, "01:50": 3000, "01:55": 3000, "02:00": 0, "02:05": 0, "02:10": 0}
    assert asked.said == [(None, "1.75-2.25", "complete", "")]


def test_steps_lie_on_the_clock_and_within_the_window() -> None:
    asked = ask(server(), {"nodes": "count(kube_node_info)"}, hours(1 + 1 / 60, 1.3))
    assert list(asked.rows()) == ["01:05", "01:10"]
    assert asked.said == [(None, "1.01667-1.3", "complete", "")]


def test_a_step_of_its_own_and_a_window_without_a_whole_one() -> None:
    queries = [{"indicator": "nodes", "query": "count(kube_node_info)", "step": "15m"}]
    assert ask(server(), queries, hours(1, 1.5)).rows() == {"01:00": 2, "01:15": 2}
    asked = ask(server(), queries, hours(1.1, 1.4))
    assert asked.said == [(None, "1.1-1.4", "empty", "no whole step of 900 s lies in it")]


def test_parts_are_named_by_labels_and_values_come_in_canonical_units() -> None:
    queries = {
        "cpu": {
            "query": '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[{step}]))',
            "part": "instance",
            "unit": "ratio",
        }
    }
    asked = ask(server(), queries, hours(1, 1.2))
    assert asked.rows("a") == {"01:00": 50, "01:05": 50}
    assert asked.rows("b") == {"01:00": 25, "01:05": 25}
    assert asked.said == [(part, "1-1.2", "complete", "") for part in ("a", "b", None)]


def test_several_labels_name_a_part_together() -> None:
    queries = [
        {"indicator": "storage_free", "query": "node_filesystem_avail_bytes", "part": ["instance", "mountpoint"]}
    ]
    asked = ask(server(), queries, hours(1, 1.1))
    assert {part for part, *_ in asked.said} == {"a//", "b//", "b//data", "a//run", None}


def test_the_whole_and_its_parts_are_two_queries_for_one_indicator() -> None:
    queries = [
        {"indicator": "requests", "query": "sum by (code) (increase(http_requests_total[{step}]))", "part": "code"},
        {"indicator": "requests", "query": "sum(increase(http_requests_total[{step}]))"},
    ]
    asked = ask(server(), queries, hours(1, 1.1))
    assert (asked.rows("503"), asked.rows("200"), asked.rows()) == ({"01:00": 30}, {"01:00": 2970}, {"01:00": 3000})
    assert sorted(asked.said, key=str) == [
        ("200", "1-1.1", "complete", ""), ("503", "1-1.1", "complete", ""), (None, "1-1.1", "complete", "")
    ]  # fmt: skip
    queries[0]["part"] = "path"
    state, detail = ask(server(), queries, hours(1, 1.1)).said[0][2:]
    assert (state, "lacks the label path, which `part` names; it has: code" in detail) == ("failed", True)


def test_a_query_that_finds_nothing_is_empty_and_never_zero() -> None:
    asked = ask(server(), {"nodes": "count(kube_node_info)"}, hours(-24, -23))
    assert (asked.rows(), asked.said) == ({}, [(None, "-24--23", "empty", "the query found nothing")])


def test_several_series_without_a_part_are_refused() -> None:
    asked = ask(server(), {"nodes": "kube_node_info"}, hours(1, 2))
    assert asked.rows() == {}
    assert asked.said == [
        (None, "1-2", "failed", "the query returns 2 series: aggregate it, or name the label that tells them apart under "
         "`part` (node)"),
    ]  # fmt: skip


def test_two_series_of_one_part_are_refused() -> None:
    queries = [{"indicator": "nodes", "query": "kube_node_status_condition", "part": "node"}]
    asked = ask(server(), queries, hours(1, 2))
    assert asked.rows("a") == {}
    assert asked.said == [
        (None, "1-2", "failed", "the query returns two series for node 'a': aggregate it by node, or add to `part` what "
         "tells them apart (status)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sum(rate(a[5m])", "1:16: parse error: unclosed left parenthesis"),
        ("nofunction(a)", "unknown function with name"),
        ("a[5m]", "invalid expression type \"range vector\""),
        ("kube_node_info + on () group_left () (kube_node_info)", "(execution): found duplicate series"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_refused_in_the_servers_own_words(query: str, words: str) -> None:
    answer = ask(server(), {"nodes": query}, hours(1, 2)).answer
    assert (answer.state, answer.retryable) == ("failed", False)
    assert answer.detail.startswith("the query was refused (")
    assert words in answer.detail
    assert len(answer.detail) <= 300


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gauge that is silent from 00:30 to 01:00; one with values that are none; one each second for four hours."""
    minutes = range(121)
    silent = [(at(0, m) + 30, float(m)) for m in minutes if not 30 <= m < 60]
    broken = {10: math.nan, 15: math.inf, 20: -math.inf}
    samples = {
        "silent": silent,
        "broken": [(at(0, m), broken.get(m, 1.0)) for m in minutes],
        'late{node="a"}': [(at(0, m), 1.0) for m in minutes],
        'late{node="b"}': [(at(0, m), 2.0) for m in minutes if m > 60],
        "fine": [(at(0) + second, float(second % 60)) for second in range(4 * 3600 + 1)],
    }
    with serving(tmp_path_factory.mktemp("odd"), samples, "--query.max-samples=15000") as url:
        yield url


def test_a_gap_stays_a_gap(odd: str) -> None:
    asked = ask(odd, {"nodes": "avg_over_time(silent[{step}])"}, hours(0, 1.5))
    assert list(asked.rows()) == [
        *("00:00", "00:05", "00:10", "00:15", "00:20", "00:25"), *("01:00", "01:05", "01:10", "01:15", "01:20", "01:25"),
    ]  # fmt: skip
    assert asked.said == [(None, "0-1.5", "complete", "")]


def test_a_part_that_comes_later_has_no_earlier_samples(odd: str) -> None:
    asked = ask(odd, [{"indicator": "nodes", "query": "late", "part": "node", "step": "15m"}], hours(0, 2))
    assert list(asked.rows("a")) == [f"0{h}:{m:02}" for h in (0, 1) for m in (0, 15, 30, 45)]
    assert asked.rows("b") == {"01:00": 2, "01:15": 2, "01:30": 2, "01:45": 2}


def test_nan_and_infinity_are_refused_and_counted(odd: str) -> None:
    asked = ask(odd, {"nodes": "broken"}, hours(0, 0.5))
    assert asked.rows() == {"00:00": 1, "00:20": 1, "00:25": 1}
    detail = "3 values were NaN or infinite and left out"
    assert asked.said == [(None, "0-0.5", "partial", detail)]
    assert not asked.answer.retryable


def test_a_range_of_more_than_11000_steps_is_asked_in_pieces(odd: str) -> None:
    """And a server that may not load them all at once is asked for less."""
    asked = ask(odd, {"nodes": "fine"}, hours(0, 4), step="1s")
    rows = asked.rows()
    assert len(rows) == 14_400
    assert [rows[time] for time in ("00:00", "00:00:59", "03:59:59")] == [1, 0, 0]
    assert asked.said == [(None, "0-4", "complete", "")]


def test_a_query_that_is_too_much_even_for_an_hour_says_so(odd: str) -> None:
    asked = ask(odd, {"nodes": "max_over_time((fine + 0)[5h:1s])"}, hours(2, 8))
    assert asked.said == [
        (None, "2-8", "failed", "the query reads too much even for a short range: aggregate it by a recording rule: query "
         "processing would load too many samples into memory in query execution"),
    ]  # fmt: skip


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    config = tmp_path / "web.yml"
    config.write_text(f'basic_auth_users: {{tomoni: "{HASH}"}}', encoding="utf-8")
    with serving(tmp_path, {"up": [(at(1), 1.0)]}, f"--web.config.file={config}") as url:
        yield url


def test_a_login_by_name_and_password(locked: str) -> None:
    login = {"username": "tomoni", "password": PASSWORD}
    assert ask(locked, {"nodes": "up"}, hours(0.9, 1.1), **login).rows() == {"00:55": 1, "01:00": 1}
    (about_query, fine, _) = check_signs(settings(locked, {"nodes": "up"}, **login))
    assert about_query == ("note", "web k8s.node.count", "the query finds nothing now: are its names right?")
    assert fine[0] == "fine"
