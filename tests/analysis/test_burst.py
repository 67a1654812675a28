"""Burst: jumps that come more often, told from jumps that always came, from days that differ and from one wild day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from metrics.analysis.burst import FEWEST, Burst, burst, burst_of
from metrics.analysis.signal import DAY_S, Signal
from metrics.model import Insufficient
from tests.analysis import signals

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
DAY = np.timedelta64(DAY_S, "s")


def found(result: Burst | Insufficient | None) -> Burst:
    assert isinstance(result, Burst)
    return result


def spread_out(days: int, per_day: int, recent_days: int, recent_per_day: int, seed: int = 0) -> signals.Floats:
    """So many jumps on each day, at any hour; more of them on the last days. In days since the start."""
    chance = signals.generator(seed)
    daily = [recent_per_day if d >= days - recent_days else per_day for d in range(days)]
    return np.sort(np.concatenate([d + chance.random(k) for d, k in enumerate(daily)]))


def with_jumps(days: int, at: signals.Floats, step_s: int = 300, size: float = 80.0) -> Signal:
    quiet = signals.office(days, step_s)
    return signals.plus(quiet, signals.jumps(quiet, at, size))


@pytest.mark.parametrize("recent_days", [3, 5, 7, 10, 14])
@pytest.mark.parametrize("step_s", [60, 300, 900])
def test_more_jumps_than_before_are_found_since_their_first(recent_days: int, step_s: int) -> None:
    jumps = spread_out(42, 1, recent_days, 5, seed=recent_days)
    result = found(burst(with_jumps(42, jumps, step_s)))
    assert abs(result.since - (MONDAY + timedelta(days=42 - recent_days))) < timedelta(days=1)
    assert result.since in result.times
    assert result.ratio == pytest.approx(5, rel=0.3)
    assert result.recent_per_day == pytest.approx(5, rel=0.2)
    assert result.before_per_day == pytest.approx(1, rel=0.2)
    assert result.before == pytest.approx(100, abs=2)
    assert result.after == pytest.approx(180, abs=25)
    assert result.certainty > 0.9
    assert result.until is None


def test_hours_are_enough() -> None:
    jumps = spread_out(28, 1, 7, 4)
    result = found(burst(with_jumps(28, jumps, 3_600)))
    assert result.since > MONDAY + timedelta(days=20)


def test_the_times_are_those_of_the_jumps() -> None:
    jumps = spread_out(28, 1, 7, 6, seed=4)
    quiet = signals.office(28, noise=0.5)
    result = found(burst(signals.plus(quiet, signals.jumps(quiet, jumps, 80))))
    put = (MONDAY + timedelta(days=float(d)) for d in jumps)
    near = [min(abs(t - p) for t in result.times) for p in put]
    assert max(near) <= timedelta(minutes=35), "those within half an hour are one"
    assert len(result.times) <= len(jumps)


def test_a_jump_of_an_hour_and_a_half_is_one() -> None:
    """At another time each day: what comes at the same time each day is no jump."""
    hours = [d + 0.05 + (0.618 * d + q) % 1 * 0.85 for d in range(28) for q in ((0,) if d < 21 else (0, 0.3, 0.6))]
    starts = np.array(hours)
    quiet = signals.office(28)
    since = signals.since_start(quiet.ts)
    high = ((since[:, None] >= starts) & (since[:, None] < starts + 1.5 / 24)).any(axis=1)
    result = found(burst(signals.plus(quiet, 80.0 * high)))
    assert len(result.times) == len(starts) == 21 + 21
    assert result.recent_per_day == pytest.approx(3, rel=0.15)


def test_a_jump_at_the_same_time_each_day_is_usual() -> None:
    quiet = signals.office(28)
    at = np.array([d + 0.4 for d in range(28)] + [d + 0.6 for d in range(10, 28)])
    assert burst(signals.plus(quiet, signals.jumps(quiet, np.sort(at), 80))) is None


def test_the_first_jumps_ever_have_a_ratio_all_the_same() -> None:
    """Half a jump is put for none, since no rate is so many times nothing."""
    quiet = signals.office(28)
    result = found(burst(signals.plus(quiet, signals.jumps(quiet, spread_out(28, 0, 7, 3), 80))))
    assert result.before_per_day == 0
    assert result.ratio == pytest.approx(3 / (0.5 / 21), rel=0.3)


@pytest.mark.parametrize("days", [14, 28, 56])
def test_chance_is_seldom_a_burst(days: int) -> None:
    false = sum(isinstance(burst(signals.office(days, 900, seed)), Burst) for seed in range(60))
    assert false <= 6


@pytest.mark.parametrize("size", [0.0, 20.0])
def test_jumps_as_ever_are_seldom_a_burst(size: float) -> None:
    false = 0
    for seed in range(60):
        at = np.sort(28 * signals.generator(seed).random(60))
        false += isinstance(burst(with_jumps(28, at, 900, size)), Burst)
    assert false <= 6


def test_days_that_have_always_differed_count_as_little_as_they_should() -> None:
    """Every few days there is a storm of 15; the last of them is no news, though counted one by one it would be."""
    calm = spread_out(28, 1, 0, 1)
    storms = np.concatenate([d + np.linspace(0.1, 0.9, 15) for d in (2, 7, 13, 18, 25)])
    assert burst(with_jumps(28, np.sort(np.concatenate([calm, storms])))) is None


@pytest.mark.parametrize("begins", range(7))
def test_weekends_without_jumps_are_no_burst_after(begins: int) -> None:
    start = signals.MONDAY + np.timedelta64(begins, "D")
    chance = signals.generator(begins)
    at = np.concatenate([d + chance.random(3) for d in range(28) if (d + begins) % 7 < 5])
    times = np.sort(start + (at * DAY_S * 1e6).astype("timedelta64[us]"))
    assert burst_of(times, np.ones(len(times)), 0.0, start, start + 28 * DAY) is None


def test_a_new_level_is_no_burst() -> None:
    quiet = signals.office(28)
    assert burst(signals.plus(quiet, signals.step(quiet, 20, 60))) is None
    assert burst(signals.plus(quiet, signals.bend(quiet, 7, 3))) is None


def test_fewer_jumps_or_downward_ones_are_none() -> None:
    quiet = signals.office(28)
    assert burst(with_jumps(28, spread_out(28, 5, 7, 1))) is None
    dips = signals.plus(quiet, signals.jumps(quiet, spread_out(28, 1, 7, 5), -80))
    assert burst(dips) is None
    found(burst(Signal(dips.ts, -dips.values)))


def test_sparse_counts() -> None:
    ts = signals.times(28, 3_600)
    rare = signals.jumps(Signal(ts, np.zeros(len(ts))), spread_out(28, 1, 0, 1), 7)
    assert burst(Signal(ts, rare)) is None
    more = signals.jumps(Signal(ts, np.zeros(len(ts))), spread_out(28, 1, 7, 5), 7)
    result = found(burst(Signal(ts, more)))
    assert (result.before, result.after) == (0, 7)
    assert result.per_cent is None, "nothing has no per cent"


def test_a_percentage_at_its_bound_has_no_jumps_upwards() -> None:
    ts = signals.times(28, 3_600)
    dips = signals.jumps(Signal(ts, np.zeros(len(ts))), spread_out(28, 1, 7, 5), 7)
    assert burst(Signal(ts, 100 - dips)) is None
    found(burst(Signal(ts, dips - 100)))


@pytest.mark.parametrize("values", [np.zeros, np.ones, np.arange])
def test_constants_and_counters_have_none(values) -> None:
    ts = signals.times(28, 300)
    assert burst(Signal(ts, values(len(ts)).astype(float))) is None


def test_lost_days_are_no_days_without_jumps() -> None:
    """The jumps come as ever, but for eight days before the last week nobody looked."""
    signal = with_jumps(28, spread_out(28, 3, 0, 3))
    day = signal.day - signal.day[0]
    assert burst(signal.cut((day < 13) | (day >= 21))) is None


def test_the_clock_of_the_zone_may_change() -> None:
    ts = signals.times(35, 300, np.datetime64("2026-10-05T00:00:00", "us"))
    hour = Signal(ts, np.zeros(len(ts)), "Europe/Berlin").local_s % DAY_S // 3_600
    values = 50 + 40.0 * (hour == 9) + signals.generator(1).normal(0, 2, len(ts))
    assert burst(Signal(ts, values, "Europe/Berlin")) is None


def test_too_short_a_history_says_what_it_needs() -> None:
    assert burst(signals.office(13)) == Insufficient(FEWEST, 13)
    assert burst(Signal(signals.times(0), np.zeros(0))) == Insufficient(FEWEST, 0)
    none = np.zeros(0)
    assert burst_of(signals.times(0), none, 0.0, signals.MONDAY, signals.MONDAY + 9 * DAY) == Insufficient(FEWEST, 9)
    assert burst_of(signals.times(0), none, 0.0, signals.MONDAY, signals.MONDAY + 28 * DAY) is None


def test_jumps_found_elsewhere() -> None:
    jumps = spread_out(28, 1, 6, 4)
    times = signals.MONDAY + (jumps * DAY_S * 1e6).astype("timedelta64[us]")
    heights = np.where(jumps < 22, 150.0, 170.0)
    result = found(burst_of(times, heights, 100.0, signals.MONDAY, signals.MONDAY + 28 * DAY))
    assert (result.before, result.after, result.size) == (100, 170, 70)
    assert len(result.times) == 22 + 24
    assert result.since == result.times[22]
    assert result.ratio == pytest.approx(4, rel=0.1)


def test_the_same_jumps_are_the_same_burst_again() -> None:
    signal = with_jumps(28, spread_out(28, 1, 7, 4))
    assert burst(signal) == burst(signal)
