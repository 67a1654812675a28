"""Home's model: what is worse, what leads, what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from metrics.review.coverage import Cell
from metrics.review.lines import lines
from metrics.review.overview import overview, spark_step
from metrics.review.period import Period
from metrics.review.reading import Reading, read, side_of, threshold_of
from tests.review import made
from tests.review.made import WEEK

PERIOD = Period(WEEK, "UTC")


def reading(indicator, now, before, threshold=None) -> Reading:
    frame = made.series([(1, "web", None, indicator.name)])
    (line,) = lines(frame, {indicator.name: indicator})
    return Reading(line, now, before, made.limit(indicator.name, threshold) if threshold is not None else None)


@pytest.mark.parametrize(
    ("indicator", "now", "before", "threshold", "state"),
    [
        (made.CPU, None, 50.0, 80.0, "silent"),
        (made.CPU, 81.0, 81.0, 80.0, "over"),
        (made.HITS, 89.0, 89.0, 90.0, "over"),
        (made.REQUESTS, 1.0, 1.0, 0.0, "over"),  # a threshold of 0: none may come
        (made.REQUESTS, 0.0, 0.0, 0.0, "steady"),
        (made.CPU, 60.0, 50.0, 80.0, "worse"),
        (made.HITS, 80.0, 95.0, None, "worse"),
        (made.CPU, 40.0, 50.0, 80.0, "better"),
        (made.CPU, 54.0, 50.0, 80.0, "steady"),
        (made.CPU, 0.4, 0.1, 80.0, "steady"),  # four times as much, and still nothing
        (made.LATENCY, 0.4, 0.1, None, "worse"),
        (made.LATENCY, 0.4, None, None, "steady"),  # nothing to compare with
        (made.LATENCY, 0.4, 0.0, None, "worse"),
        (made.REQUESTS, 900.0, 100.0, None, "steady"),  # more requests are neither
    ],
)
def test_state(indicator, now, before, threshold, state):
    assert reading(indicator, now, before, threshold).state == state


def test_headroom_is_the_share_of_the_threshold_that_is_left():
    assert reading(made.CPU, 60.0, None, 80.0).headroom == pytest.approx(0.25)
    assert reading(made.CPU, 100.0, None, 80.0).headroom == pytest.approx(-0.25)
    assert reading(made.HITS, 99.0, None, 90.0).headroom == pytest.approx(0.1)
    assert reading(made.CPU, 60.0, None).headroom is None
    assert reading(made.CPU, None, None, 80.0).headroom is None


def test_worst_first():
    rows = [(n, f"c{n}", None, "cpu") for n in range(1, 6)]
    every = lines(made.series(rows), made.INDICATORS)
    now = made.period({1: {"mean": 50}, 2: {"mean": 85}, 3: {"mean": 70}, 4: {"mean": 95}})
    before = made.period({1: {"mean": 50}, 2: {"mean": 85}, 3: {"mean": 50}, 4: {"mean": 95}, 5: {"mean": 50}})
    found = read(every, made.service(), now, before, made.buckets({1: [1, 2]}))
    assert [(each.line.component, each.state) for each in found] == [
        ("c4", "over"), ("c2", "over"), ("c3", "worse"), ("c1", "steady"), ("c5", "silent"),
    ]  # fmt: skip
    assert found[3].spark == (1.0, 2.0)
    assert found[4].now is None


def test_the_components_own_threshold_comes_before_the_catalogues():
    frame = made.series([(1, "web", None, "cpu"), (2, "db", None, "cpu"), (3, "web", None, "latency")])
    web = made.component("web", thresholds=(made.limit("cpu", 60.0),))
    found = {line.address: threshold_of(line, made.service(web)) for line in lines(frame, made.INDICATORS)}
    assert found["web/cpu"] == made.limit("cpu", 60.0)
    assert (found["db/cpu"].value, found["db/cpu"].source) == (80.0, "the catalogue")
    assert found["web/latency"] is None


def whole(**changes):
    every = lines(made.series([(1, "web", None, "cpu"), (2, "web", None, "latency")]), made.INDICATORS)
    now = made.period({1: {"mean": 85}, 2: {"p95": 0.2}})
    service = made.service(made.component("web"))
    given = {
        "period": PERIOD, "service": service, "leading": every,
        "readings": read(every, service, now, now, made.buckets({})),
        "curves": (made.buckets({1: [1, 2]}), made.buckets({1: [3, 4]})), "step": timedelta(hours=1),
        "events": made.events(),
    }  # fmt: skip
    return overview(**given | changes)


def test_home_counts_what_is_over_and_names_what_is_missing():
    hole = Cell(made.component("web"), made.CPU, "never")
    found = whole().lacking([hole])
    assert (found.count("over"), found.count("steady")) == (1, 1)
    assert found.holes == (hole,)


def test_the_previous_period_is_moved_onto_the_same_axis():
    panel = next(panel for panel in whole().panels if panel.reading.line.indicator is made.CPU)
    assert panel.now.values.tolist() == [1, 2]
    assert (panel.before.ts - panel.now.ts).tolist() == [timedelta(weeks=1)] * 2


def test_one_team_sees_its_own_half():
    found = whole()
    assert [side_of(panel.reading.line.indicator) for panel in found.seen_by("infra").panels] == ["infra"]
    assert [each.line.indicator.name for each in found.seen_by("dev").readings] == ["latency"]
    of_both = found.lacking([Cell(made.component("web"), each, "never") for each in (made.CPU, made.LATENCY)])
    assert [hole.indicator for hole in of_both.seen_by("dev").holes] == [made.LATENCY]
    assert found.seen_by("all") is found


def test_of_deployments_only_those_to_the_environment_that_counts_are_marked():
    rows = [
        {"id": "1", "started_at": made.START, "attrs": {"environment": "production"}},
        {"id": "2", "started_at": made.START, "attrs": {"environment": "staging"}},
        {"id": "3", "started_at": made.START - timedelta(hours=1), "kind": "incident", "title": "down"},
    ]
    found = whole(events=made.events(rows)).marks
    assert [(mark.kind, mark.title, mark.start, mark.end) for mark in found] == [
        ("deployment", "1", made.START, None), ("incident", "down", made.START, None),
    ]  # fmt: skip


def test_sparklines_are_read_from_the_roll_ups():
    assert spark_step(PERIOD) == timedelta(hours=6)
    short = replace(PERIOD, window=type(WEEK)(made.START, made.START + timedelta(hours=3)))
    assert spark_step(short) == timedelta(hours=1)
