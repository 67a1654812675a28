"""The clock: bars at their time of day, and the hours in which the service is busy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from metrics.model import Window
from metrics.review.batch_clock import MOST_BARS, MOST_JOBS, Bar, busy, clock, demand
from metrics.review.batches import jobs
from metrics.review.lines import lines
from metrics.review.period import Period
from tests.review import made
from tests.review.made import START, WEEK
from tests.review.made_runs import PERIOD, quarter, runs

MONDAY = date(2026, 11, 16)
H = 3600


def drawn(rows, period: Period = PERIOD):
    frame = runs(rows)
    return clock(frame, jobs(frame, period, 0), period)


def test_a_run_is_a_bar_on_its_day():
    assert drawn([{"at": 2, "h": 1.5}, {"at": 26, "outcome": "failed"}]).bars == (
        Bar(0, 1, MONDAY + timedelta(days=1), 2 * H, 3 * H, "failed"),
        Bar(0, 0, MONDAY, 2 * H, 3.5 * H, "succeeded"),
    )


def test_the_day_is_the_services_and_midnight_cuts():
    found = drawn([{"at": 14, "h": 3}], Period(WEEK, "Asia/Tokyo"))
    assert [(bar.day, bar.start_s, bar.end_s) for bar in found.bars] == [
        (MONDAY, 23 * H, 24 * H),
        (MONDAY + timedelta(days=1), 0, 2 * H),
    ]
    assert found.rows == 8  # a week that begins at 09:00


def test_midnight_exactly_begins_no_new_bar():
    assert [(bar.start_s, bar.end_s) for bar in drawn([{"at": 23, "h": 1}]).bars] == [(23 * H, 24 * H)]


def test_a_run_under_way_reaches_the_end_and_one_from_before_begins_with_the_period():
    found = drawn([{"at": 166, "h": None}, {"at": -2, "h": 3}])
    assert sorted((bar.outcome, bar.start_s, bar.end_s) for bar in found.bars) == [
        ("running", 22 * H, 24 * H),
        ("succeeded", 0, 1 * H),
    ]


def test_a_missed_run_is_no_bar():
    assert drawn([{"at": 1}, {"at": 4, "h": None, "outcome": "missed"}]).bars[0].start_s == H
    assert len(drawn([{"at": 1}, {"at": 4, "h": None, "outcome": "missed"}]).bars) == 1


def test_an_hour_that_comes_twice_makes_no_bar_backwards():
    autumn = Window(datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
    before = (autumn.start - START) / timedelta(hours=1)
    (bar,) = drawn([{"at": before + 0.75, "h": 0.5}], Period(autumn, "Europe/London")).bars
    assert bar.end_s >= bar.start_s


def test_a_quarter_has_days_that_share_a_row_and_two_years_are_cut_to_one():
    assert (drawn([{"at": 1}], quarter()).rows, drawn([{"at": 1}], quarter()).days_a_row) == (31, 3)
    years = Period(Window(WEEK.end - timedelta(days=730), WEEK.end), "UTC")
    assert drawn([{"at": 1}], years).window.start == quarter().window.start


def test_more_bars_than_a_browser_draws_are_joined():
    found = drawn([{"at": n / 30, "h": 1 / 60} for n in range(30 * 168)])
    assert len(found.bars) <= MOST_BARS
    assert found.joined == timedelta(minutes=2)
    assert sum(bar.runs for bar in found.bars) == 30 * 168


def test_more_jobs_than_lanes_are_counted():
    found = drawn([{"job": f"job-{n}", "h": 1 + n} for n in range(MOST_JOBS + 3)])
    assert (len(found.lanes), found.left_out) == (MOST_JOBS, 3)
    assert {bar.lane for bar in found.bars} == set(range(MOST_JOBS))


def test_nothing_is_no_bar():
    assert drawn([]).bars == ()


def hourly(by_hour: list[float], series_id: int = 1) -> pd.DataFrame:
    frame = made.buckets({series_id: by_hour})
    return frame.assign(sum=frame["mean"])


REQUESTS = made.indicator("http.server.request.count", unit="1", rollup="sum", stat="sum")
LINES = lines(
    made.series(
        [(1, "web", None, REQUESTS.name), (2, "web", "/login", REQUESTS.name), (3, "jobs", None, REQUESTS.name)]
    ),
    {REQUESTS.name: REQUESTS},
)


def test_busy_hours_are_the_fewest_that_bring_half():
    found = busy(hourly([1.0] * 12 + [10, 20] + [1.0] * 10), LINES, "UTC")
    assert found is not None
    assert (found.hours, found.components) == ((12, 13), ("web",))
    assert found.share == pytest.approx(30 / 52)
    tokyo = busy(hourly([1.0] * 12 + [10, 20] + [1.0] * 10), LINES, "Asia/Tokyo")
    assert tokyo is not None
    assert tokyo.hours == (21, 22)


@pytest.mark.parametrize("values", [[], [5.0] * 23, [0.0] * 24])
def test_without_requests_in_every_hour_there_are_no_busy_ones(values):
    assert busy(hourly(values), LINES, "UTC") is None


def test_demand_is_that_of_whole_web_and_api_components():
    service = made.service(made.component("web"), made.component("jobs", "batch"))
    assert [line.component for line in demand(LINES, service)] == ["web"]
    assert all(line.part is None for line in demand(LINES, made.service()))
