"""Weeks and months by the service's clock: where they begin, what is cut, and what falls into which."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from metrics.model import Service, Window
from metrics.review.delivery.trend import buckets, fitting
from tests.review.delivery.worked import daily, reported

SUNDAY = 6


def service(zone: str, week_start: int = 0) -> Service:
    return Service("jobs", "Jobs", zone, week_start)


def window(start: str, end: str) -> Window:
    return Window(datetime.fromisoformat(f"{start}+00:00"), datetime.fromisoformat(f"{end}+00:00"))


@pytest.mark.parametrize(
    ("zone", "week_start", "first", "begins"),
    [
        ("UTC", 0, date(2026, 8, 31), "2026-09-01T00:00"),
        ("UTC", SUNDAY, date(2026, 8, 30), "2026-09-01T00:00"),
        ("Asia/Tokyo", 0, date(2026, 8, 31), "2026-09-01T00:00"),
    ],
)
def test_a_week_begins_where_the_service_says(zone: str, week_start: int, first: date, begins: str) -> None:
    found = list(buckets(window("2026-09-01T00:00", "2026-10-01T00:00"), "week", service(zone, week_start)))
    assert [day for day, *_ in found] == [first + timedelta(weeks=n) for n in range(len(found))]
    assert found[0][1].start == datetime.fromisoformat(f"{begins}+00:00")
    assert [whole for *_, whole in found] == [False, *[True] * (len(found) - 2), False]


def test_buckets_cover_the_period_without_a_gap() -> None:
    period = window("2026-03-03T05:00", "2026-11-24T19:00")
    for by in ("week", "month"):
        parts = [part for _, part, _ in buckets(period, by, service("Europe/Berlin"))]
        assert [each.end for each in parts[:-1]] == [each.start for each in parts[1:]]
        assert (parts[0].start, parts[-1].end) == (period.start, period.end)


def test_a_week_with_a_clock_change_is_an_hour_longer() -> None:
    period = window("2026-10-18T22:00", "2026-11-01T23:00")  # from Monday to Monday in Berlin
    lengths = [part.duration for _, part, _ in buckets(period, "week", service("Europe/Berlin"))]
    assert lengths == [timedelta(days=7, hours=1), timedelta(days=7)]


def test_months_are_those_of_the_service() -> None:
    period = window("2026-08-31T15:00", "2026-10-31T15:00")  # September and October in Tokyo
    found = [(day, whole) for day, _, whole in buckets(period, "month", service("Asia/Tokyo"))]
    assert found == [(date(2026, 9, 1), True), (date(2026, 10, 1), True)]


def test_a_deployment_late_on_sunday_in_utc_is_mondays_in_tokyo() -> None:
    text = "deployment: d1 09-06T15:30 09-06T15:40\n"  # Monday, 00:40 in Tokyo
    period = window("2026-08-31T00:00", "2026-09-14T00:00")
    weeks = {}
    for zone in ("UTC", "Asia/Tokyo"):
        (report,) = reported(text, service=service(zone), window=period).services
        trend = report.environments[0].trend
        weeks[zone] = [each.start for each in trend if each.figures.deployment_frequency.parts]
    assert weeks == {"UTC": [date(2026, 8, 31)], "Asia/Tokyo": [date(2026, 9, 7)]}


def test_the_weeks_hold_what_the_period_holds() -> None:
    (report,) = reported(daily(28), window=window("2026-09-02T00:00", "2026-09-30T00:00")).services
    (of,) = report.environments
    counted = [sum(each.figures.deployment_frequency.parts.values()) for each in of.trend]
    assert counted == [5, 7, 7, 7, 2]
    assert sum(counted) == len(of.deployments) == 28


def test_the_period_before_is_as_long_by_the_clock_on_the_wall() -> None:
    period = window("2026-10-18T22:00", "2026-10-25T23:00")  # the week of the clock change in Berlin
    (report,) = reported("", service=service("Europe/Berlin"), window=period).services
    assert report.period.previous == window("2026-10-11T22:00", "2026-10-18T22:00")


def test_a_year_is_shown_by_months_and_a_quarter_by_weeks() -> None:
    end = datetime(2026, 11, 1, tzinfo=UTC)
    assert fitting(Window(end - timedelta(days=365), end)) == "month"
    assert fitting(Window(end - timedelta(days=90), end)) == "week"
