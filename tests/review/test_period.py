"""Periods: as long before as now, on the service's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from metrics.model import Window
from metrics.review.period import Period, back, fitting_step

END = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_previous_period_is_the_one_just_before():
    period = Period(Window(END - timedelta(weeks=1), END), "UTC")
    assert period.previous == Window(END - timedelta(weeks=2), END - timedelta(weeks=1))


def test_a_week_with_a_clock_change_is_still_a_week():
    """Berlin went back an hour on 25 October 2026: that week had 169 hours, the one before 168."""
    end = datetime(2026, 10, 26, 23, tzinfo=UTC)  # Tuesday 00:00 in Berlin
    period = Period(Window(back(end, timedelta(weeks=1), "Europe/Berlin"), end), "Europe/Berlin")
    assert period.window.duration == timedelta(hours=169)
    assert period.previous.duration == timedelta(hours=168)


def test_a_step_is_the_finest_that_fits():
    week = Window(END - timedelta(weeks=1), END)
    assert fitting_step(week, 340) == timedelta(minutes=30)
    assert fitting_step(week, 2_016) == timedelta(minutes=5)
    assert fitting_step(Window(END - timedelta(weeks=13), END), 340) == timedelta(hours=12)
