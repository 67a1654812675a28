"""Drift: found with its slope and its start, and not seen in chance, weeks, steps and wandering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from metrics.analysis.drift import FEWEST, LONGEST, Drift, drift
from metrics.analysis.signal import Signal
from metrics.model import Insufficient
from tests.analysis import signals

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


def found(signal: Signal) -> Drift:
    result = drift(signal)
    assert isinstance(result, Drift)
    return result


@pytest.mark.parametrize("step_s", [60, 300, 3_600])
@pytest.mark.parametrize("per_day", [1.0, -1.0])
def test_a_bend_is_found_with_its_slope_and_start(step_s: int, per_day: float) -> None:
    quiet = signals.office(28, step_s)
    line = found(signals.plus(quiet, signals.bend(quiet, 8, per_day)))
    assert line.per_day == pytest.approx(per_day, abs=0.1)
    assert line.low < per_day < line.high
    assert abs(line.since - (MONDAY + timedelta(days=8))) <= timedelta(days=2)
    assert line.total == pytest.approx(19.5 * per_day, abs=2.5)
    assert (line.before, line.after) == pytest.approx((100, 100 + 19.5 * per_day), abs=2)
    assert line.line_end == datetime(2026, 6, 28, tzinfo=UTC)
    assert line.size == pytest.approx(line.total)
    assert line.certainty > 0.95
    assert line.as_step < 0.1
    assert line.until is None


def test_one_point_a_day_is_enough() -> None:
    quiet = signals.office(40, 86_400, noise=1.0)
    line = found(signals.plus(quiet, signals.bend(quiet, 0, 0.5)))
    assert line.per_day == pytest.approx(0.5, abs=0.05)


def test_a_steady_counter_rises_by_its_rate() -> None:
    ts = signals.times(24, 3_600)
    line = found(Signal(ts, np.arange(len(ts), dtype=float)))
    assert line.per_day == pytest.approx(24)
    assert line.since == MONDAY


@pytest.mark.parametrize("days", [21, 28, 56])
def test_chance_is_seldom_a_trend(days: int) -> None:
    assert sum(drift(signals.office(days, 3_600, seed)) is not None for seed in range(100)) <= 5


@pytest.mark.parametrize("memory", [0.5, 0.7])
def test_wandering_is_seldom_a_trend(memory: float) -> None:
    """Beside the rises that are found in the tests above, of the same size."""
    false = 0
    for seed in range(100):
        quiet = signals.office(28, 3_600, seed)
        false += drift(signals.plus(quiet, signals.wandering(quiet, memory, 10, seed))) is not None
    assert false <= 18


@pytest.mark.parametrize("days", [21, 24, 28, 33, 47])
@pytest.mark.parametrize("weekend", [-30.0, 30.0])
def test_a_week_is_not_a_trend(days: int, weekend: float) -> None:
    """Whatever weekday it begins and ends on."""
    seen = []
    for seed in range(7):
        ts = signals.times(days, 3_600, signals.MONDAY + np.timedelta64(seed, "D"))
        values = signals.office(days, 3_600, seed).values
        weekday = (ts.astype("datetime64[D]").astype(np.int64) + 3) % 7
        seen.append(drift(Signal(ts, values + weekend * (weekday >= 5))))
    assert sum(s is not None for s in seen) <= 1


@pytest.mark.parametrize("at_day", [8, 14, 20])
def test_a_step_is_left_to_the_shift(at_day: int) -> None:
    quiet = signals.office(28)
    assert drift(signals.plus(quiet, signals.step(quiet, at_day, 20))) is None


@pytest.mark.parametrize("at_day", [10.0, 13.4, 20.7])
def test_a_step_among_days_that_differ_is_seldom_a_clear_trend(at_day: float) -> None:
    """So that who has found a shift there may leave the trend out: `as_step` says so."""
    clear = 0
    for seed in range(30):
        quiet = signals.office(28, 3_600, seed)
        wild = signals.wandering(quiet, 0.0, 8, seed)
        result = drift(signals.plus(quiet, wild + signals.step(quiet, at_day, 32)))
        clear += isinstance(result, Drift) and result.as_step < 0.5
    assert clear <= 5


def test_a_few_wild_days_do_not_turn_it() -> None:
    quiet = signals.office(28)
    wild = np.isin(quiet.day - quiet.day[0], [3, 9, 25]) * -300.0
    line = found(signals.plus(quiet, signals.bend(quiet, 0, 1) + wild))
    assert line.per_day == pytest.approx(1, abs=0.2)


def test_lost_days_leave_the_line_where_it_was() -> None:
    quiet = signals.office(40)
    rising = signals.plus(quiet, signals.bend(quiet, 0, 1))
    line = found(rising.cut(~np.isin(rising.day - rising.day[0], [5, 6, 7, 20, 21, 30])))
    assert line.per_day == pytest.approx(1, abs=0.1)


def test_the_running_day_does_not_count_until_it_is_half_over() -> None:
    quiet = signals.office(28.25)
    assert found(signals.plus(quiet, signals.bend(quiet, 0, 1))).line_end == datetime(2026, 6, 28, tzinfo=UTC)


def test_days_are_those_of_the_zone_through_a_change_of_the_clock() -> None:
    """The peak stays at its hour on the wall; the 25th hour is neither a gap nor a second one."""
    ts = signals.times(40, 3_600, np.datetime64("2026-10-01T00:00:00", "us"))
    hour = Signal(ts, np.zeros(len(ts)), "Europe/Berlin").local_s % 86_400 / 3_600
    noise = signals.generator(1).normal(0, 2, len(ts))
    peak = Signal(ts, 50 + 40 * (hour == 9) + noise, "Europe/Berlin")
    assert drift(peak) is None
    line = found(signals.plus(peak, signals.bend(peak, 0, 1)))
    assert line.per_day == pytest.approx(1, abs=0.05)
    assert line.since.hour == 22, "local midnight, before the clock changed"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(lambda n: np.full(n, 7.0), id="constant"),
        pytest.param(lambda n: np.where(np.arange(n) % 97 == 50, 7.0, 0.0), id="sparse counts"),
        pytest.param(lambda n: np.where(np.arange(n) % 97 == 50, 93.0, 100.0), id="a percentage at its bound"),
        pytest.param(lambda n: np.arange(n) % 24 * 1.0, id="a counter that starts anew each day"),
        pytest.param(lambda n: 1e6 + np.arange(n) * 1e-3, id="a rise nobody could see"),
    ],
)
def test_what_has_no_trend_has_none(values) -> None:
    ts = signals.times(28, 3_600)
    assert drift(Signal(ts, values(len(ts)))) is None


def test_jumps_that_come_more_often_are_no_change_of_the_level() -> None:
    ts = signals.times(28, 3_600)
    hit = signals.generator(3).random(len(ts)) < 0.3 * signals.since_start(ts) / 28
    assert drift(Signal(ts, 7.0 * hit)) is None


def test_too_short_a_history_says_what_it_needs() -> None:
    assert drift(signals.office(20)) == Insufficient(FEWEST, 20)
    assert drift(Signal(signals.times(0), np.zeros(0))) == Insufficient(FEWEST, 0)
    assert drift(signals.office(21)) is None


def test_only_the_last_weeks_are_looked_at() -> None:
    quiet = signals.office(LONGEST + 28, 3_600)
    old = np.minimum(signals.bend(quiet, 0, 2), 2 * 28.0)
    assert isinstance(drift(signals.plus(quiet, old), longest=LONGEST + 28), Drift | None)
    assert drift(signals.plus(quiet, old)) is None
