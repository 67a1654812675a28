"""Which buckets are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from metrics.collect._cloudwatch.span import daily_span, spans
from metrics.model import Window
from tests.collect.cloudwatch.asked import HOUR, NOON

DAY = timedelta(days=1)


def shown(span) -> tuple[str, str, int]:
    first, until = (datetime.fromtimestamp(at, UTC) for at in (span.first, span.until))
    return f"{first:%m-%d %H:%M}", f"{until:%m-%d %H:%M}", span.period


def test_buckets_are_on_the_clock_begin_in_the_window_and_are_over_since_ten_minutes():
    (span,) = spans(
        Window(NOON - HOUR + timedelta(minutes=2), NOON + timedelta(minutes=13)), NOON + timedelta(minutes=13)
    )
    assert shown(span) == ("11-24 11:05", "11-24 12:00", 300)
    assert span.buckets == 11


def test_an_older_window_is_asked_up_to_its_very_end():
    """A delay at the end of each slice of a back-fill would leave a hole there for ever."""
    (span,) = spans(Window(NOON - 2 * DAY, NOON - DAY), NOON)
    assert shown(span) == ("11-22 12:00", "11-23 12:00", 300)


def test_hours_are_asked_beyond_63_days_and_the_window_is_split_at_that_line():
    window = Window(NOON - 65 * DAY, NOON - 60 * DAY)
    fine, coarse = spans(window, NOON)
    assert shown(fine) == ("09-22 13:00", "09-25 12:00", 300)
    assert shown(coarse) == ("09-20 12:00", "09-22 13:00", 3600)
    assert (coarse.window.start, coarse.window.end, fine.window.end) == (window.start, fine.window.start, window.end)


@pytest.mark.parametrize("days", [64, 200, 454])
def test_all_of_an_old_window_is_asked_in_hours(days):
    (span,) = spans(Window(NOON - days * DAY, NOON - days * DAY + HOUR), NOON)
    assert (span.period, span.buckets) == (3600, 1)


def test_the_63_days_hold_even_for_the_oldest_fine_bucket_of_a_run_that_takes_an_hour():
    fine, _ = spans(Window(NOON - 400 * DAY, NOON), NOON + timedelta(minutes=59))
    assert NOON + HOUR - datetime.fromtimestamp(fine.first, UTC) <= 63 * DAY


def test_a_window_in_which_nothing_is_over_has_no_bucket():
    (span,) = spans(Window(NOON - timedelta(minutes=2), NOON), NOON)
    assert span.buckets == 0


def test_days_are_asked_for_where_one_ends_and_four_back():
    assert daily_span(Window(NOON - 3 * HOUR, NOON)) is None
    assert shown(daily_span(Window(NOON - 13 * HOUR, NOON))) == ("11-20 00:00", "11-24 00:00", 86_400)
    assert shown(daily_span(Window(NOON - 10 * DAY, NOON))) == ("11-15 00:00", "11-24 00:00", 86_400)


def test_a_day_that_ends_with_the_window_is_over():
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    assert shown(daily_span(Window(midnight - HOUR, midnight))) == ("11-20 00:00", "11-24 00:00", 86_400)
    assert daily_span(Window(midnight, midnight + HOUR)) is None
