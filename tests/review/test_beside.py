"""Which lines are drawn beside a trouble: its own first, each side's own panels, nothing that behaves as ever."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from metrics import catalog
from metrics.review.beside import drawn_of, else_moved, summed
from metrics.review.lines import Curve, Line
from metrics.review.moved import Moved
from tests.review.made import START

CPU, LATENCY, P99 = "system.cpu.utilization", "http.server.request.duration.p95", "http.server.request.duration.p99"
MEMORY, REQUESTS, STORAGE = "system.memory.utilization", "http.server.request.count", "system.filesystem.usage"
T0 = np.datetime64(START.replace(tzinfo=None), "us")


def curve(*values: float, after: int = 0) -> Curve:
    steps = np.arange(after, after + len(values))
    return Curve(T0 + steps * np.timedelta64(timedelta(hours=1)), np.array(values, dtype=float), None, None)


def moved(component: str, indicator: str, part: str | None = None, score: float = 0.9) -> Moved:
    line = Line("shop", component, part, catalog.load().get(indicator), (1,), "demo", 300, START, START)
    return Moved(line, 1.0, 2.0, score, "up", curve(1, 2))


def names(found: tuple[Moved, ...]) -> list[str]:
    return [each.line.address for each in found]


def test_the_application_is_above_and_the_troubles_own_lines_lead_on_each_side():
    everything = (moved("db", CPU), moved("web", REQUESTS), moved("web", LATENCY), moved("cache", CPU))
    drawn = drawn_of((f"db/{CPU}", f"web/{LATENCY}"), everything)
    assert names(drawn) == [f"web/{LATENCY}", f"web/{REQUESTS}", f"db/{CPU}", f"cache/{CPU}"]


def test_lines_of_one_panel_keep_together_and_a_side_has_two_panels():
    everything = (moved("db", CPU), moved("db", STORAGE), moved("eks", MEMORY), moved("db", "db.replication.lag"))
    assert names(drawn_of((), everything)) == [f"db/{CPU}", f"eks/{MEMORY}", f"db/{STORAGE}"]


def test_a_panel_has_four_lines():
    assert len(drawn_of((), [moved(f"node-{n}", CPU) for n in range(9)])) == 4


def test_what_behaves_as_before_is_drawn_only_where_it_is_asked_about():
    everything = (moved("db", CPU, score=0.1), moved("web", LATENCY, score=0.1))
    assert names(drawn_of((f"web/{LATENCY}",), everything)) == [f"web/{LATENCY}"]


def test_what_else_moved_leaves_out_what_is_drawn_and_tells_each_kind_of_line_once():
    everything = (
        moved("web", LATENCY),
        moved("web", P99),
        moved("web", REQUESTS, "/a"),
        moved("web", REQUESTS, "/b"),
        moved("db", CPU),
        moved("db", MEMORY, score=0.2),
    )
    assert names(else_moved(everything[:1], everything, 8)) == [f"web//a/{REQUESTS}", f"db/{CPU}"]
    assert names(else_moved(everything[:1], everything, 1)) == [f"web//a/{REQUESTS}"]


def test_counts_are_added_step_by_step_wherever_one_of_them_has_it():
    both = summed([curve(1, 2), curve(10, np.nan, 30, after=1)])
    assert both is not None
    assert (both.ts.tolist(), both.values.tolist()) == (curve(0, 0, 0, 0).ts.tolist(), [1, 12, 0, 30])
    assert summed([]) is None
