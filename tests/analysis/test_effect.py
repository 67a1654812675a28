"""Effect: a verdict on seeded lines with known answers, and too early by default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from metrics.analysis.effect import Effect, effect
from metrics.analysis.signal import DAY_S, Signal
from metrics.model import Insufficient
from tests.analysis import signals

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
STARTED = MONDAY + timedelta(days=28)
UNTIL = MONDAY + timedelta(days=56)


def verdict(signal: Signal, until: datetime = UNTIL, better: str = "lower", **more: object) -> Effect:
    found = effect(signal, STARTED, until, better=better, **more)  # type: ignore[arg-type]
    assert isinstance(found, Effect)
    return found


def codes(found: Effect) -> list[str]:
    return [reason.code for reason in found.reasons]


def days(weeks: int = 8, seed: int = 1, step_s: int = 3_600, sd: float = 4.0, memory: float = 0.0) -> Signal:
    """100 in the middle, higher at noon, with a level of its own for each day."""
    quiet = signals.office(7 * weeks, step_s, seed=seed)
    return signals.plus(quiet, signals.wandering(quiet, memory, sd, seed + 1_000))


def requests(weeks: int = 8, seed: int = 3) -> Signal:
    """1,000 on weekdays, 400 at weekends."""
    ts = signals.times(7 * weeks, 3_600)
    usual = np.where(signals.since_start(ts) // 1 % 7 < 5, 1_000.0, 400.0)
    return Signal(ts, usual * (1 + generator_noise(seed, len(ts))))


def generator_noise(seed: int, n: int, sd: float = 0.05) -> np.ndarray:
    return signals.generator(seed).normal(0, sd, n)


@pytest.mark.parametrize("step_s", [300, 3_600, DAY_S])
@pytest.mark.parametrize(
    ("size", "better", "expected"),
    [(-12, "lower", "improved"), (12, "lower", "worse"), (12, "higher", "improved"), (-12, "higher", "worse")],
)
def test_a_step_at_the_start_is_the_action_s(step_s: int, size: float, better: str, expected: str) -> None:
    line = days(step_s=step_s)
    found = verdict(signals.plus(line, signals.step(line, 28, size)), better=better)
    assert found.verdict == expected
    assert found.weeks == 4
    assert found.size == pytest.approx(size, abs=3)
    assert found.low is not None
    assert found.high is not None
    assert found.low < size < found.high
    assert found.changed_at is not None
    assert abs(found.changed_at - STARTED) <= timedelta(days=2)
    assert codes(found) == ["step_then"]
    assert found.certainty > 0.8
    assert (found.since, found.until) == (STARTED, UNTIL)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.7])
def test_nothing_done_is_no_effect(memory: float) -> None:
    found = verdict(days(memory=memory))
    assert found.verdict == "no visible effect"
    assert codes(found)[0] in ("no_step", "step_elsewhere")


def test_a_drift_that_went_on_is_no_effect() -> None:
    line = days()
    found = verdict(signals.plus(line, signals.bend(line, 0, -0.8)))
    assert found.verdict == "no visible effect"
    assert found.size == pytest.approx(-0.8 * 28, abs=4)
    assert "trend_went_on" in codes(found)


def test_an_improvement_against_a_drift_is_seen() -> None:
    line = days()
    found = verdict(signals.plus(line, signals.bend(line, 0, 0.8) + signals.step(line, 28, -25)))
    assert found.verdict == "improved"
    assert found.effect == pytest.approx(-25, abs=6)
    assert "trend_went_on" in codes(found)


def test_a_step_two_weeks_before_is_not_the_action_s() -> None:
    line = days()
    found = verdict(signals.plus(line, signals.step(line, 14, -15)))
    assert found.verdict == "no visible effect"
    assert codes(found) == ["step_elsewhere"]
    assert found.changed_at is not None
    assert abs(found.changed_at - (MONDAY + timedelta(days=14))) <= timedelta(days=1)


def test_demand_that_doubled_with_what_each_request_takes_steady_is_no_effect() -> None:
    use = requests()
    use = Signal(use.ts, use.values * np.where(signals.since_start(use.ts) >= 28, 2, 1))
    line = Signal(use.ts, 0.05 * use.values * (1 + generator_noise(4, len(use))))
    assert verdict(line).verdict == "worse"
    found = verdict(line, demand=use)
    assert found.verdict == "no visible effect"
    assert found.is_per_demand
    assert (found.before, found.after) == pytest.approx((0.05, 0.05), rel=0.02)
    per_demand = next(reason for reason in found.reasons if reason.code == "per_demand")
    assert per_demand.values["demand_share"] == pytest.approx(1, abs=0.02)


def test_less_for_each_request_is_an_improvement_though_there_are_more() -> None:
    use = requests()
    use = Signal(use.ts, use.values * np.where(signals.since_start(use.ts) >= 28, 2, 1))
    cost = np.where(signals.since_start(use.ts) >= 28, 0.03, 0.05)
    found = verdict(Signal(use.ts, cost * use.values * (1 + generator_noise(4, len(use)))), demand=use)
    assert found.verdict == "improved"
    assert found.per_cent == pytest.approx(-40, abs=2)
    assert (found.profile_before[9], found.profile_after[9]) == pytest.approx((0.05, 0.03), rel=0.1)


def test_a_fixed_part_does_not_pass_for_an_improvement_when_the_demand_doubles() -> None:
    use = requests()
    use = Signal(use.ts, use.values * np.where(signals.since_start(use.ts) >= 28, 2, 1))
    found = verdict(Signal(use.ts, 15 + 0.05 * use.values * (1 + generator_noise(4, len(use)))), demand=use)
    assert found.size < 0
    assert found.verdict == "confounded"
    assert "fixed_part" in codes(found)


def test_a_line_that_does_not_follow_the_demand_is_confounded_when_that_moved() -> None:
    use = requests()
    use = Signal(use.ts, use.values * np.where(signals.since_start(use.ts) >= 28, 1.5, 1))
    line = days()
    stepped = signals.plus(line, signals.step(line, 28, 15))
    found = verdict(stepped, demand=use)
    assert not found.is_per_demand
    assert (found.verdict, codes(found)) == ("confounded", ["step_then", "demand_moved"])
    assert verdict(stepped, demand=requests()).verdict == "worse"


def test_another_deployment_on_the_same_day_is_confounding_and_one_long_before_is_not() -> None:
    line = days()
    better = signals.plus(line, signals.step(line, 28, -15))
    found = verdict(better, others=[STARTED + timedelta(hours=5)])
    assert found.verdict == "confounded"
    assert codes(found) == ["step_then", "others_then", "others_in_window"]
    assert found.reasons[1].values == {"count": 1, "at": STARTED + timedelta(hours=5)}
    apart = verdict(better, others=[STARTED - timedelta(days=10), STARTED + timedelta(days=12)])
    assert apart.verdict == "improved"
    assert apart.reasons[-1].values == {"count": 2}
    assert verdict(line, others=[STARTED]).verdict == "no visible effect"


def test_ten_days_are_too_early_however_large_the_step() -> None:
    line = days()
    stepped = signals.plus(line, signals.step(line, 28, -50))
    found = verdict(stepped.cut(signals.since_start(line.ts) < 38), until=STARTED + timedelta(days=10, hours=3))
    assert found.verdict == "too early"
    assert (found.weeks, found.low, found.high, found.effect) == (1, None, None, None)
    assert found.reasons[0].values == {"days": 10, "needed": 14}
    assert found.size == pytest.approx(-50, abs=5)
    assert verdict(stepped, until=STARTED + timedelta(days=13, hours=23)).verdict == "too early"
    assert verdict(stepped, until=STARTED + timedelta(days=14)).verdict == "improved"


def test_too_little_before_or_nothing_after_is_insufficient() -> None:
    line = days()
    since = signals.since_start(line.ts)
    assert effect(line.cut(since >= 20), STARTED, UNTIL, better="lower") == Insufficient(14, 8)
    assert effect(line.cut(since < 28), STARTED, UNTIL, better="lower") == Insufficient(14, 0)
    assert effect(line, STARTED, STARTED - timedelta(days=1), better="lower") == Insufficient(14, 0)


def test_a_line_that_began_two_weeks_before_is_compared_over_two_weeks() -> None:
    line = days()
    found = verdict(line.cut(signals.since_start(line.ts) >= 13))
    assert found.weeks == 2
    assert found.until == STARTED + timedelta(days=14)


def test_gaps_are_left_out_and_the_longest_measured_stretch_is_compared() -> None:
    line = days()
    since = signals.since_start(line.ts)
    stepped = signals.plus(line, signals.step(line, 28, -15))
    nights = (since % 1 < 0.2) & (since > 28)
    found = verdict(stepped.cut(~nights & ((since < 20) | (since > 22))))
    assert (found.verdict, found.weeks) == ("improved", 4)
    # Without the nights, which are low, the days are no higher.
    assert found.size == pytest.approx(-15, abs=3)
    short = verdict(stepped.cut((since < 3) | (since > 15)))
    assert (short.verdict, short.weeks) == ("improved", 2)


def test_constants_and_counters_at_their_bound() -> None:
    ts = signals.times(56, 3_600)
    flat = Signal(ts, np.full(len(ts), 100.0))
    found = verdict(flat)
    assert (found.verdict, found.size, found.changed_at) == ("no visible effect", 0, None)
    assert verdict(signals.plus(flat, signals.step(flat, 28, -1))).verdict == "improved"
    small = verdict(signals.plus(flat, signals.step(flat, 28, -0.01)))
    assert (small.verdict, codes(small)) == ("no visible effect", ["too_small"])


def test_one_odd_day_is_no_effect() -> None:
    line = days()
    since = signals.since_start(line.ts)
    for day in (10, 27, 28, 29, 55):
        odd = signals.plus(line, 300.0 * ((since >= day) & (since < day + 1)))
        assert verdict(odd).verdict == "no visible effect", day


def test_rare_counts_are_judged_by_their_days() -> None:
    ts = signals.times(56, 3_600)
    rng = signals.generator(5)
    rare = Signal(ts, rng.poisson(0.1, len(ts)) * 7.0)
    assert verdict(rare).verdict == "no visible effect"
    often = Signal(ts, rng.poisson(np.where(signals.since_start(ts) < 28, 0.5, 0.1)) * 1.0)
    found = verdict(often)
    assert found.verdict == "improved"
    # 0.473 and 0.112 as drawn; the days that stand out are left out.
    assert (found.before, found.after) == pytest.approx((0.473, 0.112), abs=0.04)


def test_days_begin_at_the_start_s_hour_and_keep_it_when_the_clock_changes() -> None:
    """Berlin's clock goes back on 25 October 2026; the start is at 14:30 there, a week before."""
    start = datetime(2026, 10, 18, 12, 30, tzinfo=UTC)
    ts = signals.times(56, 3_600, np.datetime64("2026-09-20T22:00", "us"))
    base = Signal(ts, np.zeros(len(ts)), "Europe/Berlin")
    hour = base.local_s // 3_600 % 24
    is_new = base.ts >= np.datetime64("2026-10-18T12:30", "us")
    line = Signal(ts, 50.0 + 20 * (hour >= 9) - 10 * is_new, "Europe/Berlin")
    found = effect(line, start, datetime(2026, 11, 15, 13, 30, tzinfo=UTC), better="lower")
    assert isinstance(found, Effect)
    assert (found.verdict, found.weeks) == ("improved", 4)
    assert found.size == pytest.approx(-10, abs=0.05)
    assert found.until == datetime(2026, 11, 15, 13, 30, tzinfo=UTC)
    assert found.profile_before[8:10] == pytest.approx((50, 70))
    assert found.profile_after[8:10] == pytest.approx((40, 60))


def test_a_daily_line_has_a_profile_of_seven_weekdays() -> None:
    ts = signals.times(56, DAY_S)
    weekday = np.arange(56) % 7
    found = verdict(Signal(ts, 10.0 + weekday))
    assert found.profile_before == (10, 11, 12, 13, 14, 15, 16)
    assert found.profile_after == found.profile_before
    assert found.verdict == "no visible effect"


def test_eight_weeks_at_most_are_compared() -> None:
    found = effect(days(24), MONDAY + timedelta(weeks=12), MONDAY + timedelta(weeks=24), better="lower")
    assert isinstance(found, Effect)
    assert found.weeks == 8
    assert found.until == MONDAY + timedelta(weeks=20)


def test_neither_way_is_better_is_an_error() -> None:
    with pytest.raises(ValueError, match="better way"):
        effect(days(), STARTED, UNTIL, better="neutral")
