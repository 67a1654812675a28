"""What is said of one line: a limit in sight always, what is too small never."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from metrics import catalog
from metrics.analysis.signal import Signal
from metrics.model import Component, Service
from metrics.review.lines import Line
from metrics.trends.look import View, look

END = datetime(2026, 11, 23, tzinfo=UTC)
JUMPS = pd.DataFrame(
    {name: pd.Series(dtype="datetime64[us, UTC]") for name in ("since", "until", "peak_at")}
    | {name: pd.Series(dtype=float) for name in ("usual", "reached", "certainty")}
)
SERVICE = Service("jobs", "Jobs", "UTC", 0, components=(Component("jobs", "eks", "kubernetes", "Nodes", "infra"),))


def view(days, per_day, *, ends_at, noise=0.2, indicator="system.filesystem.utilization", service=SERVICE):
    """A line that grew steadily until now, hour by hour."""
    hours = np.arange(days * 24)
    values = ends_at - per_day * (days - hours / 24) + noise * np.random.default_rng(7).standard_normal(len(hours))
    ts = np.datetime64(END.replace(tzinfo=None), "us") - (len(hours) - hours) * np.timedelta64(1, "h")
    line = Line("jobs", "eks", "a", catalog.load().get(indicator), (1,), "cloudwatch", 300, END, END)
    return View(line, service, END, Signal(ts, values), JUMPS, ())


def test_a_disk_that_is_nearly_full_is_told_however_little_it_grew():
    (told,) = look(view(35, 0.12, ends_at=97.0))
    assert told.kind == "forecast"
    assert told.detection.per_cent < 10
    assert datetime.fromisoformat(told.evidence["early"]) < END + timedelta(days=40)


def test_a_disk_that_fills_within_days_needs_no_three_weeks():
    (told,) = look(view(15, 1.5, ends_at=88.0))
    assert (told.kind, told.evidence["urgency"]) == ("forecast", "urgent")
    assert told.detection.size == pytest.approx(21, abs=1.5)


def test_a_limit_is_told_beside_the_highest_hour_of_the_week_since_that_reaches_it():
    calm = view(35, 0.8, ends_at=60.0)
    hour = np.arange(len(calm.hourly)) % 24
    daily = Signal(calm.hourly.ts, calm.hourly.values + 25 * (hour == 11))
    (told,) = look(View(calm.line, SERVICE, END, daily, JUMPS, ()))
    assert told.kind == "forecast"
    assert told.evidence["peak"] == pytest.approx(85, abs=2)
    assert told.detection.after < 65


def test_the_same_growth_without_a_limit_in_sight_is_a_trend():
    told = look(view(35, 0.8, ends_at=60.0, indicator="system.memory.utilization"))
    assert [each.kind for each in told] == ["drift"]


def test_what_changed_by_less_than_a_tenth_is_not_told():
    assert look(view(35, 0.12, ends_at=60.0, indicator="system.memory.utilization")) == ()


def test_a_limit_of_the_services_file_is_one():
    limited = Component("jobs", "eks", "kubernetes", "Nodes", "infra", limits={"system.memory.utilization": 70.0})
    service = Service("jobs", "Jobs", "UTC", 0, components=(limited,))
    (told,) = look(view(35, 0.8, ends_at=60.0, indicator="system.memory.utilization", service=service))
    assert (told.kind, told.evidence["limit"]) == ("forecast", 70.0)


def test_what_began_on_a_holiday_says_so():
    # A step on Culture Day, 3 November.
    calm = view(35, 0.0, ends_at=40.0, indicator="system.cpu.utilization")
    later = calm.hourly.ts >= np.datetime64("2026-11-03T01:00")
    stepped = Signal(calm.hourly.ts, calm.hourly.values + 10 * later)
    service = Service("jobs", "Jobs", "UTC", 0, holidays="JP")
    as_of = datetime(2026, 11, 15, tzinfo=UTC)
    seen = View(calm.line, service, as_of, stepped.cut(stepped.ts < np.datetime64("2026-11-15")), JUMPS, ())
    (told,) = look(seen)
    assert (told.kind, told.evidence["holiday"]) == ("shift", "Culture Day")
