"""Shift: a step is found with its hour and its levels, and not seen in chance, weeks, rises and wandering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from metrics.analysis.shift import FEWEST_DAYS, FEWEST_POINTS, Shift, shifts
from metrics.analysis.signal import DAY_S, Signal
from metrics.model import Insufficient
from tests.analysis import signals

START = datetime(2026, 6, 1, tzinfo=UTC)
QUIET_HOURS = 6


def found(signal: Signal) -> tuple[Shift, ...]:
    answer = shifts(signal)
    assert not isinstance(answer, Insufficient)
    return answer


def stepped(days: float, at_day: float, size: float, step_s: int = 300, seed: int = 0) -> Signal:
    signal = signals.office(days, step_s, seed)
    return signals.plus(signal, signals.step(signal, at_day, size))


@pytest.mark.parametrize("step_s", [60, 300, 3600])
def test_a_step_is_found_with_its_levels_and_its_hour(step_s: int):
    signal = stepped(28, 17.4, 12, step_s)
    (only,) = found(signal)
    assert abs(only.since - (START + timedelta(days=17.4))) <= timedelta(hours=1)
    assert only.since == START + timedelta(seconds=only.index * step_s)
    assert only.until is None
    assert only.before == pytest.approx(100, abs=1)
    assert only.size == pytest.approx(12, abs=1)
    assert only.certainty > 0.9


def test_two_steps_bound_each_other():
    signal = stepped(28, 8, 12)
    signal = signals.plus(signal, signals.step(signal, 20, -20))
    first, second = found(signal)
    assert (first.until, second.until) == (second.since, None)
    assert [first.size, second.size] == pytest.approx([12, -20], abs=1)


def test_a_staircase_is_two_steps_and_no_slope():
    signal = stepped(30, 10, 10)
    assert len(found(signals.plus(signal, signals.step(signal, 20, 10)))) == 2


@pytest.mark.parametrize("ago", [1, 1.5, 2, 3])
def test_a_large_step_of_the_last_days_is_found_among_days_that_differ(ago: float):
    signal = stepped(28, 28 - ago, 30)
    (only,) = found(signals.plus(signal, signals.wandering(signal, 0, 2, seed=4)))
    assert abs(only.since - (START + timedelta(days=28 - ago))) <= timedelta(hours=1)


def test_a_last_day_is_no_new_level_where_such_days_came_before():
    signal = stepped(28, 27, 30)
    assert len(found(signal)) == 1
    odd = signals.step(signal, 9, 30) - signals.step(signal, 10, 30)
    assert found(signals.plus(signal, odd)) == ()


def test_a_step_of_this_morning_is_not_claimed_yet():
    assert found(stepped(28, 27.6, 20)) == ()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("step_s", [300, 3600, DAY_S])
def test_nothing_is_found_where_nothing_happened(seed: int, step_s: int):
    assert found(signals.office(60, step_s, seed)) == ()


def test_a_steady_rise_is_no_step():
    signal = signals.office(28)
    assert found(signals.plus(signal, signals.bend(signal, 0, 2.0))) == ()


@pytest.mark.parametrize("step_s", [3600, DAY_S])
def test_wandering_is_rarely_taken_for_steps(step_s: int):
    """Levels with a correlation of .7 from day to day: at most one claim in five months."""
    quiet = [signals.office(28 if step_s == 3600 else 60, step_s, seed) for seed in range(40)]
    wild = [signals.plus(each, signals.wandering(each, 0.7, 20, seed)) for seed, each in enumerate(quiet)]
    months = sum(len(np.unique(each.day)) for each in wild) / 30.44
    assert sum(len(found(each)) for each in wild) <= 0.2 * months


def test_a_plateau_of_four_days_is_two_steps_and_one_day_is_none():
    signal = signals.office(28)

    def low(days: int) -> tuple[Shift, ...]:
        return found(signals.plus(signal, signals.step(signal, 20, -30) - signals.step(signal, 20 + days, -30)))

    assert [each.size for each in low(4)] == pytest.approx([-30, 30], abs=1)
    assert low(1) == ()


def test_a_change_of_the_unit_is_one_step():
    signal = signals.office(28)
    (only,) = found(Signal(signal.ts, signal.values * np.where(signals.since_start(signal.ts) < 24, 1, 1000)))
    assert only.since == START + timedelta(days=24)
    assert only.per_cent == pytest.approx(99_900, rel=0.02)


def test_counts_that_come_more_often_step():
    ts = signals.times(28, 3600)
    rate = np.where(signals.since_start(ts) < 18, 2.0, 4.0)
    (only,) = found(Signal(ts, signals.generator(3).poisson(rate).astype(float)))
    assert abs(only.since - (START + timedelta(days=18))) <= timedelta(hours=12)


def test_noise_that_grows_is_no_step():
    ts = signals.times(28)
    spread = np.where(signals.since_start(ts) < 17, 5.0, 10.0)
    assert found(Signal(ts, 100 + signals.generator(5).normal(0, spread))) == ()


def test_odd_days_are_no_new_level():
    signal = signals.office(28)
    odd = sum(signals.step(signal, day, 60) - signals.step(signal, day + 0.8, 60) for day in (4, 11, 19, 26))
    assert found(signals.plus(signal, odd)) == ()


def test_a_weekly_pattern_is_no_string_of_steps_and_hides_none():
    signal = signals.office(35)
    weekend = np.where((signal.day + 3) % 7 >= 5, -30.0, 0.0)
    busy = signals.plus(signal, weekend)
    assert found(busy) == ()
    (only,) = found(signals.plus(busy, signals.step(busy, 20, 12)))
    assert abs(only.since - (START + timedelta(days=20))) <= timedelta(hours=QUIET_HOURS)
    assert only.size == pytest.approx(12, abs=2)


def test_a_daily_series_is_looked_at_point_by_point():
    signal = stepped(60, 41, 25, DAY_S)
    (only,) = found(signal)
    assert (only.index, only.since) == (41, START + timedelta(days=41))
    assert only.size == pytest.approx(25, abs=4)


def test_a_daily_series_is_seen_through_its_weekends():
    signal = stepped(63, 41, 25, DAY_S)
    (only,) = found(signals.plus(signal, np.where((signal.day + 3) % 7 >= 5, -60.0, 0.0)))
    assert only.index == 41


def test_gaps_are_stepped_over():
    signal = stepped(28, 17.4, 12)
    day = signals.since_start(signal.ts)
    holes = signal.cut(~(((day > 5) & (day < 7.3)) | ((day > 20) & (day < 20.2)) | (signal.local_s % 7 == 0)))
    (only,) = found(holes)
    assert abs(only.since - (START + timedelta(days=17.4))) <= timedelta(hours=1)
    assert holes.ts[only.index] == np.datetime64(only.since.replace(tzinfo=None))


def test_the_first_point_after_a_gap_may_begin_the_new_level():
    signal = stepped(28, 15.5, 15)
    day = signals.since_start(signal.ts)
    (only,) = found(signal.cut((day < 14) | (day >= 16.25)))
    assert only.since - (START + timedelta(days=16.25)) <= timedelta(minutes=30)


@pytest.mark.parametrize(
    "values",
    [
        np.full(28 * 24, 5.0),
        np.full(28 * 24, 100.0),
        np.zeros(28 * 24),
        np.where(np.arange(28 * 24) % 97 == 0, 7.0, 0.0),
        np.where(np.arange(28 * 24) % 97 == 0, 99.0, 100.0),
    ],
    ids=["constant", "full", "zero", "sparse counts", "full with dips"],
)
def test_what_hardly_moves_has_no_step(values: np.ndarray):
    assert found(Signal(signals.times(28, 3600), values)) == ()


@pytest.mark.parametrize("step_s", [3600, DAY_S])
def test_an_exact_step_between_constants_is_certain(step_s: int):
    ts = signals.times(40, step_s)
    (only,) = found(Signal(ts, np.where(signals.since_start(ts) < 25, 5.0, 6.0)))
    assert (only.since, only.before, only.after) == (START + timedelta(days=25), 5.0, 6.0)
    assert only.certainty == pytest.approx(1, abs=0.01)


def test_a_counter_rises_and_does_not_step():
    ts = signals.times(28, 3600)
    assert found(Signal(ts, np.cumsum(signals.generator(1).poisson(30, len(ts))).astype(float))) == ()


def test_a_change_of_the_clock_is_no_step():
    """A peak at nine in New York moves by an hour of UTC on 1 November 2026, and stays a peak at nine."""
    ts = signals.times(30, 300, np.datetime64("2026-10-17T04:00:00", "us"))
    local = Signal(ts, np.zeros(len(ts)), "America/New_York").local_s % DAY_S
    values = np.where(local // 3600 == 9, 500.0, 50.0) + signals.generator(2).normal(0, 5, len(ts))
    assert found(Signal(ts, values, "America/New_York")) == ()


def test_the_answer_does_not_depend_on_the_unit():
    signal = stepped(28, 17.4, 12)
    big = Signal(signal.ts, signal.values * 1e9 + 1e12)
    assert [each.index for each in found(big)] == [each.index for each in found(signal)]


def test_a_larger_step_is_more_certain():
    certain = [found(stepped(28, 14, size))[0].certainty for size in (0.9, 1.5, 2.5)]
    assert all(low < high for low, high in pairwise(certain))


@pytest.mark.parametrize(
    ("days", "step_s", "expected"),
    [
        (9, 300, Insufficient(FEWEST_DAYS, 9)),
        (11, DAY_S, Insufficient(FEWEST_POINTS, 11)),
    ],
)
def test_too_little_history_is_said(days: int, step_s: int, expected: Insufficient):
    assert shifts(signals.office(days, step_s)) == expected


def test_of_nothing_or_one_point_nothing_is_said():
    signal = signals.office(1)
    assert shifts(signal.cut(slice(0))) == Insufficient(FEWEST_DAYS, 0)
    assert shifts(signal.cut(slice(1))) == Insufficient(FEWEST_DAYS, 1)
