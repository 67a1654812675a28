"""Explore: names become lines, and steps fit the window."""

from __future__ import annotations

from datetime import timedelta

from metrics.model import Series, Window
from metrics.review.explore import MOST_LINES, Question, Unknown, choose, identities, steps_for, suitable_step
from metrics.review.lines import lines
from tests.review import made
from tests.review.made import START, WEEK

ROWS = [
    (1, "web", None, "cpu"), (2, "web", None, "latency"), (3, "web", "/a", "latency"), (4, "web", "/b", "latency"),
    (5, "db", "writer", "cpu"), (6, "db", "reader", "cpu"), (7, "web", None, "requests"),
]  # fmt: skip
KNOWN = lines(made.series(ROWS), made.INDICATORS)


def chosen(*args, **kwargs):
    return [line.address for line in choose(Question(*args, **kwargs), KNOWN, made.INDICATORS).lines]


def test_components_by_indicators_of_what_exists():
    assert chosen(("web", "db"), ("cpu",)) == ["db/reader/cpu", "db/writer/cpu", "web/cpu"]


def test_the_whole_stands_for_its_parts_until_parts_are_asked_for():
    assert chosen(("web",), ("latency",)) == ["web/latency"]
    assert chosen(("web",), ("latency",), ("/a",)) == ["web//a/latency"]


def test_an_alias_is_a_name():
    assert chosen((), ("cpu_used",)) == ["db/reader/cpu", "db/writer/cpu", "web/cpu"]


def test_nothing_asked_is_nothing_chosen():
    assert chosen() == []


def test_an_unknown_name_is_answered_with_the_nearest():
    choice = choose(Question(("webb",), ("latenzy",)), KNOWN, made.INDICATORS)
    assert choice.lines == ()
    assert choice.unknown == (
        Unknown("component", "webb", ("web",)), Unknown("indicator", "latenzy", ("latency",)),
    )  # fmt: skip


def test_a_chart_bears_only_so_many_lines():
    rows = [(n, f"c{n:02}", None, "cpu") for n in range(1, MOST_LINES + 4)]
    choice = choose(Question((), ("cpu",)), lines(made.series(rows), made.INDICATORS), made.INDICATORS)
    assert (len(choice.lines), choice.left_out) == (MOST_LINES, 3)


def test_raw_where_it_fits_and_steps_where_it_does_not():
    cpu = [line for line in KNOWN if line.indicator is made.CPU]
    assert suitable_step(Window(START, START + timedelta(days=3)), cpu) is None
    assert suitable_step(WEEK, cpu) == timedelta(minutes=10)


def test_a_sum_always_has_a_step_to_be_summed_over():
    requests = [line for line in KNOWN if line.indicator is made.REQUESTS]
    assert suitable_step(Window(START, START + timedelta(hours=1)), requests) == timedelta(minutes=5)


def test_steps_offered_are_no_finer_than_the_samples():
    offered = steps_for(WEEK, KNOWN)
    assert offered[0] == timedelta(minutes=5)
    assert offered[-1] == timedelta(days=1)


def test_the_series_behind_a_line():
    found = identities([line for line in KNOWN if line.part == "writer"], made.series(ROWS))
    assert found == (Series("jobs", "db", "cpu", "mean", "%", 300, "files", part="writer"),)


def test_rival_sources_are_offered_and_drawn_side_by_side_when_asked_for():
    rows = [(1, "web", None, "cpu", "a"), (2, "web", None, "cpu", "b"), (3, "db", None, "cpu", "a")]
    frame = made.series(rows)
    known, told = (lines(frame, made.INDICATORS, each_source=each) for each in (False, True))
    plain = choose(Question(("web",), ("cpu",)), known, made.INDICATORS, told)
    assert (len(plain.lines), plain.sources) == (1, ("a", "b"))
    both = choose(Question(("web",), ("cpu",), sources=("a", "b")), known, made.INDICATORS, told)
    assert [(line.source, line.has_rivals) for line in both.lines] == [("a", True), ("b", True)]
    assert choose(Question(("db",), ("cpu",)), known, made.INDICATORS, told).sources == ()
    wrong = choose(Question(("web",), ("cpu",), sources=("c",)), known, made.INDICATORS, told)
    assert (wrong.lines, wrong.unknown) == ((), (Unknown("source", "c", ("a", "b")),))
