"""The figures of the Batches page: what is drawn, where, and in which unit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from metrics.analysis.slope import Slope
from metrics.model import Insufficient
from metrics.review.batch_clock import Busy, clock
from metrics.review.batches import Slack, Spread, Step, jobs
from metrics.ui import batch_charts
from tests.review.made import START, WEEK
from tests.review.made_runs import PERIOD, quarter, runs

WEEKLY = tuple(
    Step(WEEK.end - timedelta(weeks=n), Spread(7, 3600.0 - 60 * n, 4000.0), 1e6 if n else None, 2.0)
    for n in (2, 1, 0)
)


def drawn(rows, busy=None, chosen="night", period=PERIOD):
    frame = runs(rows)
    return batch_charts.clock(clock(frame, jobs(frame, period, 0), period), busy, chosen)


def test_a_run_is_a_bar_from_its_time_of_day_in_its_jobs_lane():
    figure = drawn([{"at": 2, "h": 1.5}, {"at": 27, "h": 0.25, "job": "other", "outcome": "failed"}])
    good, bad = figure["data"]
    assert (good["name"], good["base"], good["x"]) == ("succeeded", [2.0], [1.5])
    assert (bad["name"], bad["base"], bad["x"]) == ("failed", [3.0], [0.25])
    assert good["y"][0] < bad["y"][0] < figure["layout"]["yaxis"]["range"][0]
    assert good["marker"]["color"] != bad["marker"]["color"]
    assert bad["text"] == ["Tue 17 Nov, 03:00–03:15 · failed"]
    assert [each["text"] for each in figure["layout"]["annotations"]] == ["<b>night</b>", "other"]
    assert figure["layout"]["xaxis"]["range"] == [0, 24]


def test_days_lie_below_each_other_inside_the_lane():
    (bars,) = drawn([{"at": 2 + 24 * day} for day in range(7)])["data"]
    assert bars["y"] == sorted(bars["y"])
    lane = drawn([{"at": 2}])["layout"]["shapes"][0]
    assert lane["y0"] < bars["y"][0] < bars["y"][-1] < lane["y1"]
    assert bars["width"] < bars["y"][1] - bars["y"][0]


def test_a_run_of_a_second_is_still_seen_and_one_under_way_is_hollow():
    short, under_way = drawn([{"at": 2, "h": 1 / 3600}, {"at": 160, "h": None}])["data"]
    assert short["x"] == [batch_charts.LEAST_S / 3600]
    assert under_way["marker"]["color"] == "rgba(0,0,0,0)"


def test_busy_hours_are_shaded_through_all_lanes():
    figure = drawn([{"at": 2}], Busy((9, 10), 0.5, ("web",)))
    shades = figure["layout"]["shapes"][1:]
    assert [(each["x0"], each["x1"]) for each in shades] == [(9, 10), (10, 11)]
    assert shades[0]["y1"] == figure["layout"]["yaxis"]["range"][0]


def test_duration_is_the_median_with_the_p90_dotted_in_one_unit():
    figure, unit = batch_charts.duration_of(WEEKLY, quarter().window, "UTC")
    assert unit == "min"
    p90, median = figure["data"]
    assert (p90["line"]["dash"], median["y"].tolist()) == ("dot", [58, 59, 60])
    assert median["text"][0] == "median 58 min · 7 runs"
    assert figure["layout"]["yaxis"]["range"][1] > 4000 / 60


def test_rows_are_bars_of_whole_steps_only():
    (bars,) = batch_charts.rows(WEEKLY, quarter().window, "UTC")["data"]
    assert (len(bars["x"]), bars["y"]) == (2, [1e6, 1e6])
    assert bars["width"] == pytest.approx(0.8 * 7 * 86_400_000)


def test_nothing_known_is_no_figure():
    unknown = [replace(step, duration=None, rows=None, per_thousand=None) for step in WEEKLY]
    assert batch_charts.duration_of(unknown, WEEK, "UTC")[0] is None
    assert batch_charts.rows(unknown, WEEK, "UTC") is None
    assert batch_charts.pace(unknown, WEEK, "UTC")[0] is None
    assert batch_charts.pace(WEEKLY, WEEK, "UTC")[1] == "s"


def test_slack_has_a_dot_a_run_its_line_and_the_deadline_at_0():
    frame = runs([{"at": 1, "slack": 1.5}, {"at": 25, "slack": -0.5}])
    line = Slope(12, -600.0, -700.0, -500.0, 3600.0)
    figure, unit = batch_charts.slack(frame, Slack(2, -1800, 2700, line), WEEK, "UTC")
    dots, trend = figure["data"]
    assert (unit, dots["y"].tolist(), dots["text"]) == ("min", [90, -30], ["90 min", "-30 min"])
    assert trend["x"] == ["2026-11-16T01:00:00", "2026-11-23T00:00:00"]
    assert trend["y"] == pytest.approx([60 + 10 * 167 / 168, 60])
    assert figure["layout"]["shapes"][0]["y0"] == 0
    assert figure["layout"]["yaxis"]["range"][0] < -30
    few = Slack(2, 1, 1, Insufficient(10, 2))
    assert len(batch_charts.slack(frame, few, WEEK, "UTC")[0]["data"]) == 1
    assert WEEK.start == START
