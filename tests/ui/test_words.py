"""Words: figures with their unit in the size that reads best, times on the service's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from metrics.model import Window
from metrics.ui import words

NOW = datetime(2026, 11, 23, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.184, "s", "184 ms"), (1.25, "s", "1.25 s"), (90, "s", "90 s"), (6348, "s", "106 min"),
        (3 * 3600, "s", "3 h"), (5 * 86400, "s", "5 d"), (0, "s", "0 s"), (0.0421, "s", "42.1 ms"),
        (64.23, "%", "64.2 %"), (0.003, "%", "0.003 %"), (1.5 * 2**30, "By", "1.5 GiB"), (300, "By", "300 B"),
        (12_345_678, "1", "12,345,678"), (0, "1", "0"), (20.4, "1/s", "20.4 /s"), (None, "s", "–"),
    ],
)  # fmt: skip
def test_quantity(value, unit, text):
    assert words.quantity(value, unit) == text


@pytest.mark.parametrize(
    ("by", "before", "unit", "text"),
    [
        (17.1, 47.0, "%", "+17 pt"), (-0.02, 5.0, "%", "−0.02 pt"), (0.0832 - 0.0794, 0.0794, "%", "+0.0038 pt"),
        (0.1 + 0.2 - 0.3, 0.3, "%", "0 pt"), (146.2, 80.0, "%", "+146 pt"), (-0.0743, 0.184, "s", "−40 %"),
        (0.0, 5.0, "1", "0 %"), (3.0, 0.0, "1", "+3"), (900.0, 3.0, "1", "×301"), (None, 3.0, "1", "–"),
        (-5.6e-6, 1.0, "s", "0 %"), (0.0042, 1.0, "s", "+0.4 %"),
    ],
)  # fmt: skip
def test_change(by, before, unit, text):
    assert words.change(by, before, unit) == text


def test_an_axis_has_one_scale():
    assert words.scale("s", 0.4) == (0.001, "ms")
    assert words.scale("By", 3 * 2**30) == (2.0**30, "GiB")
    assert words.scale("1", 5.0) == (1.0, "")


def test_times_are_on_the_services_clock():
    assert words.moment(NOW, "Asia/Tokyo", NOW) == "Tue 24 Nov, 06:00"
    assert words.moment(NOW.replace(year=2014), "UTC", NOW) == "23 Nov 2014, 21:00"
    assert words.moment(None, "UTC") == "–"


def test_a_window_is_told_by_its_days():
    assert words.day_range(Window(NOW - timedelta(days=7), NOW), "UTC") == "16 – 23 Nov 2026"
    assert words.day_range(Window(NOW - timedelta(days=28), NOW), "UTC") == "26 Oct – 23 Nov 2026"
    assert words.day_range(Window(NOW - timedelta(days=365), NOW), "UTC") == "23 Nov 2025 – 23 Nov 2026"
    assert words.day_range(Window(NOW - timedelta(hours=1), NOW), "UTC") == "23 Nov 2026"


@pytest.mark.parametrize(
    ("ago", "text"),
    [(timedelta(seconds=20), "just now"), (timedelta(minutes=4), "4m ago"), (timedelta(days=170), "170d ago"), (None, "never"),
     (-timedelta(seconds=70), "just now"), (-timedelta(days=3650), "in the future")],
)  # fmt: skip
def test_age(ago, text):
    assert words.age(None if ago is None else NOW - ago, NOW) == text


def test_sentences_are_filled_in_and_counted():
    assert words.t("{a} before {b}", a=1, b=2) == "1 before 2"
    assert words.counted("{n} row", "{n} rows", 1) == "1 row"
    assert words.counted("{n} row", "{n} rows", 2000) == "2,000 rows"
    assert words.both(["a", "b", "c"]) == "a, b and c"


def test_a_number_keeps_its_unit_and_a_day_its_month():
    told = words.unbroken("p95 +3.4 % to 44.2 ms by 12 Dec, 13:40; 3 times, a 2 -> b")
    assert told.replace("\N{NO-BREAK SPACE}", "_") == "p95 +3.4_% to 44.2_ms by 12_Dec, 13:40; 3_times, a 2 -> b"
