"""Findings where their lines are drawn: whose they are, how long a mark is, and what a tile says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import catalog
from metrics.model import Finding, Window
from metrics.review.items import Item
from metrics.review.lines import Line
from metrics.trends.agenda import Agenda
from metrics.ui.found import BETTER, MANY, NEITHER, SLIVER, STANDING, WORSE, of_line, strip, word

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = Window(MONDAY, MONDAY + 7 * DAY)
LATENCY = "http.server.request.duration"


def finding(name: str = "a", **more: object) -> Finding:
    told: dict[str, object] = {
        "id": name, "service": "jobs", "component": "web", "indicator": f"{LATENCY}.p95", "unit": "s", "kind": "shift",
        "since": MONDAY + DAY, "before": 0.2, "after": 0.3, "certainty": 0.9, "is_worse": True,
        "first_seen": MONDAY + 2 * DAY, "last_seen": MONDAY + 2 * DAY,
    }  # fmt: skip
    return Finding(**(told | more))  # type: ignore[arg-type]


def line(indicator: str = f"{LATENCY}.p95", component: str = "web", part: str | None = None) -> Line:
    return Line("jobs", component, part, catalog.load().get(indicator), (1,), "datadog", 300, MONDAY, MONDAY + DAY)


def agenda(*found: Finding) -> Agenda:
    """The first on the agenda, the others below the fold."""
    made = [Item(each.id, (each,), (), "new", 0.5, {}) for each in found]
    return Agenda(MONDAY, tuple(made[:1]), tuple(made[1:]))


@pytest.mark.parametrize(
    ("drawn", "is_there"),
    [
        (line(), True),
        (line(f"{LATENCY}.p99"), True),
        (line("system.cpu.utilization"), False),
        (line(component="api"), False),
        (line(part="/jobs"), False),
    ],
    ids=["itself", "another percentile", "another indicator", "another component", "a part"],
)
def test_a_finding_is_on_its_line_and_on_its_other_percentiles(drawn, is_there):
    assert bool(of_line(agenda(finding()), drawn)) is is_there


def test_below_the_fold_is_on_the_line_too_and_what_is_gone_is_not():
    found = agenda(finding("a"), finding("b"), finding("c", gone_at=MONDAY))
    assert [each.id for each in of_line(found, line())] == ["a", "b"]


def test_a_tile_says_changed_or_steady():
    assert (word([finding()]), word([])) == ("changed", "steady")


def test_what_lasts_is_marked_from_its_beginning_to_the_end_of_the_chart():
    (shape,) = strip([finding()], WEEK, "Asia/Tokyo")
    assert (shape["x0"], shape["x1"]) == ("2026-11-17T09:00:00", "2026-11-23T09:00:00")
    assert (shape["opacity"], shape["fillcolor"]) == (STANDING, WORSE)


def test_what_began_before_the_chart_is_marked_from_its_left_edge():
    (shape,) = strip([finding(since=MONDAY - 9 * DAY, until=MONDAY + DAY)], WEEK, "UTC")
    assert (shape["x0"], shape["x1"]) == ("2026-11-16T00:00:00", "2026-11-17T00:00:00")


def test_each_jump_has_its_mark_as_wide_as_can_be_seen():
    short, long = (Window(MONDAY + n * DAY, MONDAY + n * DAY + n * 6 * HOUR) for n in (1, 2))
    short = replace(short, end=short.start + timedelta(minutes=5))
    first, second = strip([finding(kind="burst", episodes=(short, long))], WEEK, "UTC")
    assert datetime.fromisoformat(first["x1"]) - datetime.fromisoformat(first["x0"]) == 7 * DAY / SLIVER
    assert datetime.fromisoformat(second["x1"]) - datetime.fromisoformat(second["x0"]) == 12 * HOUR
    assert (first["opacity"], second["opacity"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    "outside",
    [{"since": MONDAY + 8 * DAY}, {"since": MONDAY - 2 * DAY, "until": MONDAY - DAY}],
    ids=["after", "before"],
)
def test_what_was_at_another_time_is_not_drawn(outside):
    assert strip([finding(**outside)], WEEK, "UTC") == []


@pytest.mark.parametrize(("is_worse", "color"), [(True, WORSE), (False, BETTER), (None, NEITHER)])
def test_the_colour_says_whether_it_is_for_the_worse(is_worse, color):
    (shape,) = strip([finding(is_worse=is_worse)], WEEK, "UTC")
    assert shape["fillcolor"] == color


def test_more_marks_than_can_be_told_apart_are_left_out():
    jumps = tuple(Window(MONDAY + n * HOUR, MONDAY + (n + 1) * HOUR) for n in range(MANY + 9))
    assert len(strip([finding(episodes=jumps)], WEEK, "UTC")) == MANY
