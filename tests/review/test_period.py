"""Periods: as long before as now, on the service's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from metrics.model import Window
from metrics.review.period import Period, back, edges, fitting_step

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


@pytest.mark.parametrize(
    ("by", "expected"),
    [("day", ["10-24", "10-25", "10-26"]), ("week", ["10-18", "10-25", "11-01"]), ("month", ["10-01", "11-01"])],
)
def test_steps_begin_at_midnights_of_the_zone(by, expected):
    """Also where the clock goes back in between: the window is Berlin's 24 and 25 October, weeks begin on Sunday."""
    window = Window(datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    found = list(edges(window, by, "Europe/Berlin", 6))
    assert [f"{each:%m-%d}" for each in found] == expected
    assert {each.timetz().replace(tzinfo=None).isoformat() for each in found} == {"00:00:00"}
