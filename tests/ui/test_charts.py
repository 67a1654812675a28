"""Figures are dicts: what is drawn, in which order, and where the axes end."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from metrics.model import Window
from metrics.review.lines import Curve, lines
from metrics.review.marks import Mark
from metrics.review.overview import Panel
from metrics.review.reading import Reading
from metrics.ui import charts, stack
from tests.review import made
from tests.review.made import START, WEEK

HOUR = timedelta(hours=1)


def points(values, *, every=HOUR, spread=0.0) -> Curve:
    ts = np.datetime64(START.replace(tzinfo=None), "us") + np.arange(len(values)) * np.timedelta64(every)
    there = np.isfinite(np.array(values, dtype=float))
    kept = np.array(values, dtype=float)[there]
    edges = (kept - spread, kept + spread) if spread else (None, None)
    return Curve(ts[there], kept, *edges)


def panel(now, before=None, indicator=made.CPU, threshold=None, step=HOUR) -> Panel:
    (line,) = lines(made.series([(1, "web", None, indicator.name)]), {indicator.name: indicator})
    level = made.limit(indicator.name, threshold) if threshold is not None else None
    return Panel(Reading(line, 1.0, 1.0, level), now, before, step)


def small(which: Panel, marks=(), *, compare=True):
    return charts.small(which, marks, WEEK, "Asia/Tokyo", compare=compare)


def test_this_period_is_drawn_over_the_previous_one():
    figure = small(panel(points([1, 2, 3]), points([2, 2, 2])))
    assert [(t["name"], t["line"]["dash"]) for t in figure["data"]] == [("previous", "dot"), ("this period", "solid")]
    now = figure["data"][1]
    assert (now["x0"], now["dx"], now["y"].tolist()) == ("2026-11-16T09:00:00", 3_600_000.0, [1, 2, 3])
    assert now["line"]["color"] == charts.COLORS["infra"]
    assert figure["layout"]["colorway"] == list(charts.PALETTE)
    assert len(small(panel(points([1, 2, 3]), points([2, 2, 2])), compare=False)["data"]) == 1


def test_a_gap_breaks_the_line_and_is_never_0():
    (trace,) = small(panel(points([1, 2, np.nan, 4, 5])))["data"]
    assert np.isnan(trace["y"][2])


def test_the_band_is_pinched_shut_over_a_gap():
    low, high, _ = small(panel(points([1, 2, 3, np.nan, 5, 6], spread=0.5)))["data"]
    assert high["fill"] == "tonexty"
    assert low["y"].tolist() == [0.5, 1.5, 2.5, 4.0, 4.5, 5.5]
    assert high["y"].tolist() == [1.5, 2.5, 3.5, 4.0, 5.5, 6.5]


def test_what_happens_more_rarely_than_a_step_is_dots():
    (trace,) = small(panel(points([1, 2, 3], every=timedelta(days=1))))["data"]
    assert trace["mode"] == "lines+markers"
    assert trace["x"][1] == "2026-11-17T09:00:00"


def test_a_near_threshold_is_drawn_to_scale_and_a_far_one_told_in_words():
    near = small(panel(points([50, 60, 70]), threshold=80.0))["layout"]
    assert [(shape["y0"], shape["line"]["dash"]) for shape in near["shapes"]] == [(80.0, "dash")]
    assert near["yaxis"]["range"][1] > 80
    far = small(panel(points([1, 2, 3]), threshold=80.0))["layout"]
    assert far["shapes"] == []
    assert far["annotations"][0]["text"] == "threshold 80 %"
    assert far["yaxis"]["range"][1] < 4


def test_a_far_threshold_has_the_axis_unit_and_stands_above_the_plot():
    layout = small(panel(points([1200, 1300]), indicator=made.LATENCY, threshold=7200.0))["layout"]
    (label,) = layout["annotations"]
    assert (label["text"], label["y"], label["yanchor"]) == ("threshold 120 min", 1, "bottom")
    assert layout["margin"]["t"] > 12


def test_values_and_threshold_share_the_axis_unit():
    figure = small(panel(points([0.1, 0.2, 0.3]), indicator=made.LATENCY, threshold=0.5))
    assert figure["data"][0]["y"].tolist() == pytest.approx([100, 200, 300])
    assert figure["layout"]["shapes"][0]["y0"] == 500


def mark(kind, hours, length=0.0) -> Mark:
    start = START + HOUR * hours
    return Mark(kind, start, start + HOUR * length if length else None, "title", "done", "web", None)


def test_incidents_are_bands_and_deployments_lines():
    figure = small(panel(points([1, 2, 3])), (mark("incident", 5, 10), mark("deployment", 7)))
    (band,) = figure["layout"]["shapes"]
    assert (band["x0"], band["x1"], band["layer"]) == ("2026-11-16T14:00:00", "2026-11-17T00:00:00", "below")
    assert figure["data"][-1]["x"] == ["2026-11-16T16:00:00", "2026-11-16T16:00:00", None]


def test_many_deployments_become_ticks():
    marks = tuple(mark("deployment", n) for n in range(charts.MANY + 1))
    figure = small(panel(points([0, 100, 50])), marks)
    low, high = figure["layout"]["yaxis"]["range"]
    assert figure["data"][-1]["y"][1] < low + 0.1 * (high - low)


@pytest.mark.parametrize(("days", "dtick"), [(7, 2), (28, 7), (91, 28)])
def test_the_time_axis_has_few_midnights_of_the_zone(days, dtick):
    axis = charts.time_axis(Window(WEEK.end - timedelta(days=days), WEEK.end), "Asia/Tokyo", ticks=4)
    assert axis["dtick"] == dtick * 86_400_000
    assert datetime.fromisoformat(axis["tick0"]).hour == 0


def drawn(*specs) -> list[stack.Drawn]:
    rows = [(n, name, part, what) for n, (name, part, what, _, _) in enumerate(specs)]
    by_key = {
        (each.component, each.part, each.indicator.name): each for each in lines(made.series(rows), made.INDICATORS)
    }
    return [stack.Drawn(by_key[name, part, what], now, before, HOUR) for name, part, what, now, before in specs]


def test_each_unit_has_a_panel_and_a_count_one_of_its_own():
    found = drawn(
        ("web", None, "cpu", points([1, 2, 3]), None), ("web", None, "latency", points([1, 2, 3]), None),
        ("db", None, "cpu", points([1, 2, 3]), None), ("web", None, "requests", points([1, 2, 3]), None),
        ("web", None, "errors", points([1, 2, 3]), None),
    )  # fmt: skip
    figure = stack.figure(found, (), WEEK, "UTC")
    assert len(stack.panel_names(found)) == 4
    assert [trace["yaxis"] for trace in figure["data"]] == ["y", "y", "y2", "y3", "y4"]
    domains = [figure["layout"][axis]["domain"] for axis in ("yaxis", "yaxis2", "yaxis3", "yaxis4")]
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))
    assert "web" in figure["layout"]["annotations"][0]["text"]


def test_events_have_lanes_above_the_panels():
    found = drawn(("web", None, "cpu", points([1, 2, 3]), points([1, 1, 1])))
    figure = stack.figure(found, (mark("alert", 1, 2), mark("incident", 3)), WEEK, "UTC")
    assert figure["layout"]["yaxis"]["ticktext"] == ["incidents", "alerts"]
    assert figure["data"][0]["x"] == ["2026-11-16T03:00:00", "2026-11-23T00:00:00", None]  # not ended yet
    assert [trace.get("yaxis") for trace in figure["data"][2:]] == ["y2", "y2"]
    assert figure["data"][2]["line"]["dash"] == "dot"


def test_lines_that_are_held_to_one_threshold_show_it():
    one = [
        stack.Drawn(each.line, each.now, None, HOUR, 80.0)
        for each in drawn(("web", None, "cpu", points([1, 2]), None))
    ]
    assert stack.figure(one, (), WEEK, "UTC")["layout"]["shapes"][0]["y0"] == 80.0


def test_a_gap_in_a_panel_breaks_line_and_shade():
    figure = stack.figure(
        drawn(("web", None, "cpu", points([1, 2, 3, np.nan, 5, 6], spread=0.5), None)), (), WEEK, "UTC"
    )
    low, high, line = figure["data"]
    assert np.isnan(line["y"]).sum() == 1
    closed = [(a, b) for a, b in zip(low["y"], high["y"], strict=True) if a == b]
    assert len(closed) == 2
