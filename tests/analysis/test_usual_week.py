import numpy as np
import pytest

from metrics.analysis.usual_week import usual_week
from tests.analysis.signals import generator

DAYS = np.arange(28)
WEEKDAY = DAYS % 7
OFF = np.array([3.0, 1, 0, 0, 1, -2, -3])
"""How much more than the mean each weekday has; the last of 28 days has -3, so the next has 3."""


def test_what_is_added_on_top_of_growth_is_taken_away_and_put_on_again():
    line = 100 + 2.0 * DAYS
    week = usual_week(line + OFF[WEEKDAY])
    assert week.added == pytest.approx(OFF)
    assert week.factor == pytest.approx(np.ones(7))
    assert week.without(line + OFF[WEEKDAY]) == pytest.approx(line)
    assert week.again(np.zeros((2, 8)))[1] == pytest.approx([*OFF, OFF[0]])


def test_what_grows_with_its_level_is_a_factor():
    factor = 1 + OFF / 10
    line = 100 * 1.02**DAYS
    week = usual_week(line * factor[WEEKDAY])
    assert week.factor == pytest.approx(factor, rel=0.02)
    assert week.added.tolist() == [0.0] * 7
    assert week.without(line * factor[WEEKDAY]) == pytest.approx(line, rel=0.02)
    assert week.again(np.full(3, 50.0)) == pytest.approx(50 * factor[:3], rel=0.02)


def test_what_falls_below_zero_has_no_factors():
    week = usual_week(OFF[WEEKDAY] * 1.05**DAYS)
    assert week.factor.tolist() == [1.0] * 7


@pytest.mark.parametrize("seed", range(5))
def test_chance_is_no_course_of_a_week(seed: int):
    noise = generator(seed).normal(0, 1, 91)
    assert np.abs(usual_week(noise).added).max() < 0.4


def test_below_twenty_days_nothing_is_usual():
    week = usual_week(OFF[WEEKDAY][:19])
    assert (week.added.tolist(), week.factor.tolist()) == ([0.0] * 7, [1.0] * 7)
    assert usual_week(OFF[WEEKDAY][:20]).added == pytest.approx(np.roll(OFF, 1), abs=0.5)
