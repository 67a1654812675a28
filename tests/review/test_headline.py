"""What leads: the service's choice, else lines that somebody drew a threshold for, else a fair spread."""

from __future__ import annotations

import dataclasses

from metrics.review.headline import first_of_each, headline
from metrics.review.lines import lines
from metrics.review.reading import read
from tests.review import made


def leading(rows, figures=None, **fields):
    every = lines(made.series(rows), made.INDICATORS)
    now = made.period(figures or {number: {} for number, *_ in rows})
    service = dataclasses.replace(made.service(), **fields)
    readings = read(every, service, now, now, made.buckets({}))
    return [line.address for line in headline(readings, service, made.INDICATORS)]


def test_the_service_names_its_headline_by_address_or_alias():
    rows = [(1, "web", None, "cpu"), (2, "web", "/jobs/export", "latency"), (3, "db", None, "cpu")]
    named = ("db/cpu_used", "web//jobs/export/latency", "web/unheard_of")
    assert leading(rows, headline=named) == ["web//jobs/export/latency", "db/cpu"]


def test_a_line_with_a_threshold_of_its_own_comes_first():
    rows = [(1, "api", None, "cpu"), (2, "db", None, "cpu"), (3, "cache", None, "hits")]
    db = made.component("db", thresholds=(made.limit("cpu", 60.0),))
    assert leading(rows, components=(db,)) == ["db/cpu", "cache/hits"]


def test_else_one_an_indicator_from_as_many_components_as_there_are():
    rows = [(1, "api", None, "cpu"), (2, "api", None, "hits"), (3, "db", None, "hits"), (4, "db", None, "cpu")]
    assert leading(rows) == ["api/cpu", "db/hits"]


def test_of_the_parts_the_worst_leads_and_the_whole_before_any_part():
    rows = [(1, "db", "writer", "cpu"), (2, "db", "reader", "cpu")]
    assert leading(rows, {1: {"mean": 30}, 2: {"mean": 70}}) == ["db/reader/cpu"]
    assert leading([*rows, (3, "db", None, "cpu")]) == ["db/cpu"]


def test_the_applications_lines_come_first_and_neither_side_takes_the_others_places():
    rows = [(n, f"c{n}", None, "cpu") for n in range(9)] + [(9, "web", None, "latency")]
    thresholds = tuple(made.component(f"c{n}", thresholds=(made.limit("cpu", 1.0),)) for n in range(9))
    found = leading(rows, components=thresholds)
    assert found[0] == "web/latency"
    assert len(found) == 8


def test_what_has_no_sample_or_no_direction_does_not_lead():
    assert leading([(1, "web", None, "cpu"), (2, "web", None, "requests")], {2: {}}) == []


def test_the_first_of_each_side():
    rows = [(1, "a", None, "latency"), (2, "b", None, "error_rate"), (3, "c", None, "cpu"), (4, "d", None, "hits")]
    every = lines(made.series([*rows, (5, "e", None, "errors")]), made.INDICATORS)
    found = first_of_each(sorted(every, key=lambda line: line.component), 1)
    assert [line.address for line in found] == ["a/latency", "c/cpu"]
