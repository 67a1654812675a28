"""How likely a step about a day is: against chance, wandering, a line, and a step on another day."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.analysis.step_at import step_at
from tests.analysis.signals import generator

DAYS = np.arange(-28, 28)


def noise(seed: int = 1) -> np.ndarray:
    return generator(seed).normal(0, 1, len(DAYS))


def test_a_step_is_likely_there_and_has_its_size() -> None:
    found = step_at(DAYS, 10 + 3.0 * (DAYS >= 0) + noise())
    assert found.likely > 0.99
    assert found.day == 0
    assert not found.is_elsewhere
    assert found.low < 3 < found.high
    assert found.size == pytest.approx(3, abs=0.7)
    assert found.first <= 0 <= found.last


def test_chance_is_no_step() -> None:
    found = step_at(DAYS, noise())
    assert found.likely < 0.2
    assert found.any_step < 0.5


def test_a_step_on_another_day_is_none_about_this_one() -> None:
    found = step_at(DAYS, 3.0 * (DAYS >= -14) + noise())
    assert found.likely < 0.05
    assert found.any_step > 0.95
    assert found.is_elsewhere
    assert abs(found.day + 14) <= 1


def test_a_line_is_no_step() -> None:
    found = step_at(DAYS, 0.2 * DAYS + noise())
    assert found.likely < 0.3
    assert found.trend > 0.9


def test_a_step_is_seen_on_a_line() -> None:
    found = step_at(DAYS, 0.2 * DAYS - 5.0 * (DAYS >= 0) + noise())
    assert found.likely > 0.95
    assert found.trend > 0.9
    assert found.low < -5 < found.high


def test_scale_and_place_change_nothing() -> None:
    levels = 3.0 * (DAYS >= 0) + noise()
    one, other = step_at(DAYS, levels), step_at(DAYS, 1e6 + 1e-3 * levels)
    assert other.log_odds == pytest.approx(one.log_odds, rel=1e-3)
    assert other.size == pytest.approx(1e-3 * one.size, rel=1e-3)


def test_days_that_are_missing_leave_room_for_the_step() -> None:
    kept = (DAYS < -5) | (DAYS > 5)
    found = step_at(DAYS[kept], (4.0 * (DAYS >= 0) + noise())[kept])
    assert found.likely > 0.95
    assert found.day == 6


def test_no_room_is_an_error() -> None:
    with pytest.raises(ValueError, match="days 1 to 28 have no room for a step about day 0"):
        step_at(np.arange(1, 29), np.zeros(28))
