"""Seasons, quiet nights, holidays and noise with memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from metrics.collect._demo.calendar import Grid, at, holiday_name, is_day_off
from metrics.collect._demo.signals import blips, generator, noise
from metrics.model import Window
from tests.collect.demo_data import SEEDS, whole


def test_noise_has_unit_size_and_the_memory_asked_for():
    wave = noise(generator(1, "wave"), 50_000, memory=20.0)
    assert wave.std() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(wave[:-1], wave[1:])[0, 1] == pytest.approx(np.exp(-1 / 20), abs=0.01)


def test_each_name_has_its_own_randomness():
    first, again, other = (generator(1, name).random() for name in ("a", "a", "b"))
    assert first == again != other


def test_blips_are_rare():
    spikes = blips(generator(1, "blips"), 100_000, every=500.0, size=2.0)
    assert (spikes > 0).mean() < 0.01


@pytest.mark.parametrize(
    ("day", "off"),
    [
        (date(2026, 11, 23), True),  # Labour Thanksgiving Day, a Monday
        (date(2026, 11, 24), False),
        (date(2026, 11, 22), True),
        (date(2026, 12, 30), True),
        (date(2026, 8, 14), False),  # Obon is quiet, but no holiday
    ],
)
def test_days_off_are_the_japanese_ones(day, off):
    assert is_day_off(day) is off


def test_the_grid_is_seen_from_tokyo():
    grid = Grid(datetime(2026, 11, 1, 15, 0, tzinfo=UTC), datetime(2026, 11, 2, 15, 0, tzinfo=UTC))
    assert grid.days == (date(2026, 11, 2),)
    assert (grid.hour[0], grid.hour[-1]) == (0.0, pytest.approx(23 + 55 / 60))
    assert grid.ts[0] == np.datetime64("2026-11-01T15:00")


@pytest.mark.parametrize("seed", SEEDS)
def test_nights_are_quiet_and_office_hours_busy(seed):
    requests = whole(seed).line("web", "requests")
    hour = (requests.ts.astype("int64") // 3_600_000_000 + 9) % 24
    by_hour = [requests.values[hour == h].mean() for h in range(24)]
    assert np.argmin(by_hour) in (2, 3, 4)
    assert min(by_hour) < 0.12 * max(by_hour)


@pytest.mark.parametrize("seed", SEEDS)
def test_holidays_and_weekends_dip(seed):
    data = whole(seed)
    holiday = date(2026, 11, 3)  # Culture Day, a Tuesday
    assert holiday_name(holiday) == "Culture Day"
    level = {
        day: data.values(_daytime(day), "web", "requests").mean()
        for day in (holiday, holiday + timedelta(days=7), holiday + timedelta(days=4))
    }
    ordinary = level[holiday + timedelta(days=7)]
    assert level[holiday] < 0.75 * ordinary
    assert level[holiday + timedelta(days=4)] < 0.75 * ordinary


def _daytime(day: date) -> Window:
    return Window(at(day, 10.0), at(day, 17.0))
