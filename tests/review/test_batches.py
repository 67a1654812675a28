"""Jobs: what counts, what doesn't, and what trends say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics.analysis.slope import Slope
from metrics.model import Insufficient, Window
from metrics.review.batches import Growth, Job, Slack, Spread, history, jobs, steps
from metrics.review.period import Period
from tests.review import made
from tests.review.made import START, WEEK
from tests.review.made_runs import PERIOD, runs, weekly


def one(*rows: dict[str, object], period: Period = PERIOD) -> Job:
    (job,) = jobs(runs(rows), period, 0)
    return job


def test_what_broke_off_is_counted_and_is_in_no_duration():
    job = one(
        {"at": 1, "h": 1, "rows": 1000}, {"at": 25, "h": 3, "rows": 3000}, {"at": 49, "h": 0.01, "outcome": "failed"},
        {"at": 50, "h": 2, "rows": 500, "attempt": 2}, {"at": 60, "h": 9, "outcome": "aborted"}, {"at": 160, "h": None},
    )  # fmt: skip
    assert (job.runs, job.failed, job.aborted, job.retried, job.running) == (6, 1, 1, 1, 1)
    assert job.duration == Spread(3, pytest.approx(7200), pytest.approx(10_080))
    assert job.rows == Spread(3, 1000, 2600)
    assert job.per_thousand == pytest.approx(6 * 3600 / 4.5)
    assert job.busy_s == pytest.approx(6 * 3600)


def test_what_nobody_says_is_not_0():
    job = one({"at": 1}, {"at": 2, "outcome": "failed"})
    assert (job.rows, job.per_thousand, job.slack, job.late, job.retried) == (None,) * 5
    broken = one({"outcome": "failed"})
    assert (broken.runs, broken.duration) == (1, None)


def test_rows_that_are_0_make_no_time_per_row():
    job = one({"rows": 0}, {"at": 3, "rows": 0})
    assert (job.rows, job.per_thousand) == (Spread(2, 0, 0), None)


def test_a_miss_is_one_only_where_a_source_says_so():
    job = one({"at": 1}, {"at": 25, "h": None, "outcome": "missed"})
    assert (job.runs, job.missed, job.running) == (1, 1, 0)


def test_late_is_after_the_deadline():
    job = one({"at": 1, "slack": 2}, {"at": 25, "slack": -0.5}, {"at": 49})
    assert job.late == 1
    assert job.slack == Slack(2, -1800, 2700, Insufficient(10, 2))
    assert job.slack.runs_out is None


def test_a_run_of_the_trend_is_not_one_of_the_period():
    job = one({"at": -100, "slack": 1}, {"at": -90, "h": 2, "outcome": "failed"})
    assert (job.runs, job.failed, job.duration) == (0, 0, None)
    assert job.slack is not None
    assert len(job.trend) == 2


def test_slack_runs_out_where_its_line_meets_the_deadline():
    rows = [row | {"slack": 1 - place / 60} for place, row in enumerate(weekly([0.5] * 12))]
    out = one(*rows).slack.runs_out
    assert out is not None
    assert (out.weeks, out.soonest, out.latest) == pytest.approx((49, 49, 49), rel=1e-3)
    assert out.is_near


@pytest.mark.parametrize("slack", [[1.0] * 12, [1 + 0.1 * n for n in range(12)], [1, 1.2] * 6])
def test_slack_that_does_not_shrink_for_sure_has_no_forecast(slack):
    job = one(*[row | {"slack": left} for row, left in zip(weekly([0.5] * 12), slack, strict=True)])
    assert isinstance(job.slack.line, Slope)
    assert job.slack.runs_out is None


def test_slack_that_is_gone_runs_out_now_and_a_far_end_is_not_near():
    gone = one(*[row | {"slack": 1 - place / 5} for place, row in enumerate(weekly([0.5] * 12))])
    assert gone.slack.runs_out.weeks == 0
    far = one(*[row | {"slack": 9 - place / 60} for place, row in enumerate(weekly([0.5] * 12))])
    assert not far.slack.runs_out.is_near


def test_growth_in_rows_is_told_from_slower_rows():
    more = one(*[row | {"rows": 1000 * row["h"]} for row in weekly([1 + n / 50 for n in range(12)])])
    assert more.duration_growth == Growth(12, pytest.approx(0.018, rel=0.01), is_sure=True)
    assert (more.rows_growth.is_sure, more.pace_growth.is_sure) == (True, False)
    slower = one(*[row | {"rows": 1000} for row in weekly([1 + n / 50 for n in range(12)])])
    assert (slower.rows_growth.is_sure, slower.pace_growth.is_sure) == (False, True)
    assert one({"at": 1}).duration_growth == Insufficient(10, 1)


def test_the_longest_at_work_comes_first_and_names_that_two_have_are_told_apart():
    found = jobs(runs([{"job": "a"}, {"job": "b", "h": 5}, {"job": "a", "component": "other", "h": 2}]), PERIOD, 0)
    assert [job.key for job in found] == ["b", "other/a", "nightly/a"]
    assert jobs(runs([]), PERIOD, 0) == ()


def test_steps_are_weeks_of_the_services_clock_and_half_a_week_has_no_rows():
    # Friday to Friday, so that neither the first nor the last week is whole.
    window = Window(datetime(2026, 10, 16, tzinfo=UTC), datetime(2026, 11, 13, 4, tzinfo=UTC))
    period = Period(window, "Asia/Tokyo")
    frame = runs([{"at": -24 * n + 12, "h": n, "rows": 100} for n in range(4, 40)])
    found = steps(frame, jobs(frame, period, 0)[0], period, made.service(), "week")
    assert [f"{step.start:%m-%d %H}" for step in found] == [
        "10-05 00", "10-12 00", "10-19 00", "10-26 00", "11-02 00", "11-09 00"
    ]  # fmt: skip
    assert [step.rows for step in found] == [None, 700, 700, 700, 700, None]
    assert found[1].duration.n == 7
    assert found[1].per_thousand == pytest.approx(10 * 3600 * found[1].duration.median / 3600)
    assert history(period).start == period.window.end - timedelta(weeks=13)


def test_a_week_without_a_run_is_a_gap_and_days_are_days():
    frame = runs([{"at": 24 * n, "rows": 5} for n in (0, 1, 3)])
    service = replace(made.service(), week_start=0)
    found = steps(frame, jobs(frame, PERIOD, 0)[0], PERIOD, service, "day")
    assert [step.start for step in found] == [START + timedelta(days=n) for n in (0, 1, 3)]
    assert [step.rows for step in found] == [5, 5, 5]
    assert found[0].start == WEEK.start
