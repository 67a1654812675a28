"""Holes: what a kind needs and the store lacks."""

from __future__ import annotations

from datetime import timedelta

from metrics.review.holes import holes
from metrics.review.lines import lines
from tests.review import made
from tests.review.made import WEEK

NEEDS = {"web": (made.CPU, made.LATENCY, made.ERROR_RATE)}


def found(rows, answers=(), **fields):
    every = lines(made.series(rows), made.INDICATORS)
    service = made.service(made.component("web", **fields), made.component("queue", kind="unheard of"))
    return [
        (hole.indicator.name, hole.state, hole.detail)
        for hole in holes(service, NEEDS, every, made.coverage(answers), WEEK)
    ]


def test_what_was_never_collected_is_a_hole_and_a_ratio_is_there_when_its_counts_are():
    rows = [(1, "web", None, "cpu"), (2, "web", None, "errors"), (3, "web", None, "requests")]
    assert found(rows) == [("latency", "never", "")]


def test_a_part_counts_for_its_component():
    rows = [(n, "web", "/a", name) for n, name in enumerate(("cpu", "latency", "error_rate"), 1)]
    assert found(rows) == []


def test_what_went_silent_before_the_period_is_a_hole_too():
    old = WEEK.start - timedelta(hours=1)
    rows = [(1, "web", None, "cpu", "files", old), (2, "web", None, "latency"), (3, "web", None, "error_rate")]
    assert found(rows) == [("cpu", "silent", "")]


def test_a_source_that_was_refused_says_why():
    rows = [(2, "web", None, "latency"), (3, "web", None, "error_rate")]
    answers = [
        {"component": "web", "indicator": "cpu", "state": "complete", "window_end": WEEK.start},
        {"component": "web", "indicator": "cpu", "state": "forbidden", "detail": "no permission"},
    ]
    assert found(rows, answers) == [("cpu", "failed", "no permission")]


def test_what_can_not_apply_is_no_hole():
    rows = [(2, "web", None, "latency"), (3, "web", None, "error_rate")]
    assert found(rows, not_applicable={"cpu": "runs on somebody else's"}) == []


def test_a_ratio_is_missing_for_the_reason_of_its_counts():
    rows = [(1, "web", None, "cpu"), (2, "web", None, "latency")]
    answers = [{"component": "web", "indicator": "requests", "state": "forbidden", "detail": "no permission"}]
    assert found(rows, answers) == [("error_rate", "failed", "no permission")]


def test_an_empty_answer_is_no_refusal_but_says_why():
    rows = [(1, "web", None, "cpu"), (3, "web", None, "error_rate")]
    answers = [{"component": "web", "indicator": "latency", "state": "empty", "detail": "not in the log"}]
    assert found(rows, answers) == [("latency", "never", "not in the log")]
