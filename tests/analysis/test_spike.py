"""The spike score on signals whose answer is known, whole and in pieces."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from metrics.analysis._spike.pack import pack
from metrics.analysis.signal import Signal
from metrics.analysis.spike import ALARM, Scorer, scores, spikes
from tests.analysis.signals import generator, jumps, office, plus, since_start, step, times

JUMP_DAY = 20.5


def alarms(signal: Signal) -> list[float]:
    """The days since the first point on which an event begins."""
    start = signal.ts[0]
    found = spikes(signal, scores(signal), better="lower")
    return [
        float((np.datetime64(each.since.replace(tzinfo=None)) - start) / np.timedelta64(1, "D")) for each in found
    ]


def in_zone(signal: Signal, zone: str) -> Signal:
    return Signal(signal.ts, signal.values, zone)


def test_a_jump_at_noon_is_found_when_it_comes_with_its_size():
    signal = office(28, seed=0)
    signal = plus(signal, jumps(signal, np.array([JUMP_DAY]), 60))
    found = spikes(signal, scores(signal), better="lower")
    assert [each.since for each in found] == [datetime(2026, 6, 21, 12, tzinfo=UTC)]
    (jump,) = found
    assert jump.peak == jump.since
    assert jump.until == datetime(2026, 6, 21, 12, 5, tzinfo=UTC)
    assert jump.before == pytest.approx(140, abs=3)
    assert jump.size == pytest.approx(60, abs=15)
    assert jump.score > 0.65
    assert jump.certainty > 0.6
    assert jump.is_worse("lower") is True


@pytest.mark.parametrize("step_s", [300, 3600])
def test_four_quiet_weeks_raise_at_most_one_alarm(step_s: int):
    assert [len(alarms(office(28, step_s, seed))) for seed in range(5)] <= [1] * 5


@pytest.mark.parametrize(("step_s", "days"), [(60, 21), (300, 28), (900, 28), (3600, 56)])
def test_a_jump_is_found_at_every_step(step_s: int, days: float):
    signal = office(days, step_s, seed=1)
    signal = plus(signal, jumps(signal, np.array([JUMP_DAY]), 80))
    assert JUMP_DAY in alarms(signal)


def test_a_value_that_is_usual_at_noon_is_found_at_midnight():
    """Inside the range of the series, so only the time of day tells."""
    signal = office(28, seed=0)
    signal = plus(signal, jumps(signal, np.array([20.0]), 60))
    assert 20.0 in alarms(signal)


def test_a_jump_in_daily_values_is_found():
    values = generator(1).normal(100, 5, 400)
    values[300] += 60
    assert 300.0 in alarms(Signal(times(400, 86_400), values))


@pytest.mark.parametrize("cuts", [(1,), (288, 576), (99, 100, 101, 2_500), tuple(range(200, 4_000, 137))])
def test_pieces_score_to_the_same_bits_through_kept_state(cuts: tuple[int, ...]):
    signal = in_zone(office(16, seed=3), "Europe/Berlin").cut(generator(4).random(16 * 288) < 0.9)
    signal = plus(signal, jumps(signal, np.array([3.2, 9.7, 13.1]), 90))
    whole, parts, state = scores(signal), [], Scorer(signal.step_s, signal.zone).state()
    for start, end in zip((0, *cuts), (*cuts, len(signal)), strict=True):
        scorer = Scorer.from_state(state)
        parts.append(scorer.feed(signal.cut(slice(start, end))))
        state = scorer.state()
    assert (whole >= ALARM).sum() >= 2
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("hours", [1, 7, 24])
def test_pieces_score_to_the_same_bits_where_the_clock_goes_back(hours: int):
    ts = times(12, 300, np.datetime64("2026-10-18T00:00:00", "us"))
    signal = Signal(ts, office(12, seed=8).values, "Europe/Berlin")
    signal = plus(signal, jumps(signal, np.array([7.05, 8.3, 10.1]), 90))
    scorer, size = Scorer(300, "Europe/Berlin"), 12 * hours
    parts = [scorer.feed(signal.cut(slice(start, start + size))) for start in range(0, len(signal), size)]
    assert np.array_equal(np.concatenate(parts), scores(signal))
    assert (scores(signal) >= ALARM).sum() >= 2


def test_a_score_knows_nothing_of_later_points():
    signal = office(20, seed=5)
    later = plus(signal, 500.0 * (since_start(signal.ts) >= 12))
    known = since_start(signal.ts) < 12
    assert np.array_equal(scores(signal)[known], scores(later)[known])


def test_state_keeps_its_zone_and_its_size():
    scorer = Scorer(300, "Asia/Tokyo")
    scorer.feed(in_zone(office(60), "Asia/Tokyo"))
    assert Scorer.from_state(scorer.state()).zone == "Asia/Tokyo"
    assert Scorer.from_state(scorer.state()).state() == scorer.state()
    assert len(scorer.state()) < 80_000


def test_a_constant_is_quiet_and_its_first_change_is_not():
    ts = times(28)
    assert not scores(Signal(ts, np.full(len(ts), 100.0))).any()
    values = np.full(len(ts), 100.0)
    values[5_000] = 90.0
    (dip,) = spikes(Signal(ts, values), scores(Signal(ts, values)), better="higher")
    assert (dip.before, dip.after) == (100.0, 90.0)
    assert dip.certainty > 0.8
    assert dip.is_worse("higher") is True


def test_a_percentage_at_its_bound_is_quiet_until_it_leaves_it():
    ts = times(28)
    assert len(alarms(Signal(ts, np.minimum(100.0, generator(6).normal(100.5, 1, len(ts)))))) <= 7
    dips = np.where(generator(6).random(len(ts)) < 0.05, generator(7).uniform(98, 100, len(ts)), 100.0)
    dips[6_000] = 70.0
    found = scores(Signal(ts, dips))
    assert int(np.argmax(found[7 * 288 :])) + 7 * 288 == 6_000
    assert found[6_000] > 0.75


def test_a_counter_that_only_rises_is_told_at_most_weekly():
    ts = times(28)
    counter = np.cumsum(generator(1).poisson(5, len(ts))).astype(np.float64)
    assert len(alarms(Signal(ts, counter))) <= 4


def test_a_gap_is_no_alarm():
    signal = office(28, seed=0)
    day = since_start(signal.ts)
    assert alarms(signal.cut((day < 14.3) | (day > 16.1))) == []
    assert alarms(signal.cut(generator(3).random(len(signal)) < 0.6)) == []


def test_of_a_step_only_the_beginning_is_told_and_a_day_is_its_end():
    signal = office(28, seed=0)
    signal = plus(signal, step(signal, 15.25, 60))
    (found,) = spikes(signal, scores(signal), better="lower")
    assert found.since == datetime(2026, 6, 16, 6, tzinfo=UTC)
    assert found.until == datetime(2026, 6, 17, 6, tzinfo=UTC)


def test_an_event_at_the_end_is_still_on():
    signal = office(28, seed=0)
    signal = plus(signal, step(signal, 27.9, 60))
    found = spikes(signal, scores(signal), better="lower")
    assert found[-1].until is None


@pytest.mark.parametrize(("share", "most"), [(0.0005, 4), (0.002, 9), (0.005, 3), (0.02, 1), (0.1, 1)])
def test_sparse_counts_are_less_news_the_more_often_they_come(share: float, most: int):
    """0 0 0 7 0, from once a week to thirty times a day."""
    ts = times(28)
    values = 7.0 * (generator(1).random(len(ts)) < share)
    assert len([day for day in alarms(Signal(ts, values)) if day > 7]) <= most


def test_a_job_every_night_is_a_habit_within_a_week():
    ts = times(28)
    hour = since_start(ts) % 1 * 24
    job = 50.0 * ((hour >= 3) & (hour < 3.2)) + generator(4).normal(20, 2, len(ts))
    assert len([day for day in alarms(Signal(ts, job)) if day > 7]) <= 1


def test_what_comes_at_noon_is_told_three_times_before_it_is_a_habit():
    signal = office(28, seed=0)
    at = np.array([20.5, 21.5, 22.5, 23.5, 24.5])
    assert alarms(plus(signal, jumps(signal, at, 80))) == [20.5, 21.5, 22.5]


def test_nine_stays_nine_when_the_clock_changes():
    ts = times(28, 300, np.datetime64("2026-10-05T00:00:00", "us"))
    flat = in_zone(Signal(ts, np.zeros(len(ts))), "Europe/Berlin")
    hour = flat.local_s % 86_400 / 3_600
    busy = plus(flat, 100 + 80 * ((hour >= 9) & (hour < 10)) + generator(2).normal(0, 3, len(ts)))
    assert [day for day in alarms(busy) if day > 7] == []
    assert [int(day) for day in alarms(in_zone(busy, "UTC")) if day > 7] == [20]


def test_nothing_is_said_of_the_first_two_days_and_of_too_few_points():
    signal = office(3, seed=0)
    signal = plus(signal, jumps(signal, np.array([1.5, 2.5]), 500))
    found = scores(signal)
    assert not found[: 2 * 288].any()
    assert found[720] > ALARM
    assert scores(signal.cut(slice(1))).tolist() == [0.0]
    assert scores(signal.cut(slice(0))).tolist() == []


def test_the_worse_side_is_shown():
    signal = office(28, seed=0)
    up, down = jumps(signal, np.array([JUMP_DAY]), 80), jumps(signal, np.array([JUMP_DAY + 1 / 288]), -90)
    signal = plus(signal, up + down)
    by_side = {
        better: spikes(signal, scores(signal), better=better)[0].size for better in ("lower", "higher", "neutral")
    }
    assert by_side["lower"] > 60
    assert by_side["higher"] < -60
    assert by_side["neutral"] < -60


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="distance of two points"):
        Scorer(0)
    with pytest.raises(ValueError, match="as many scores"):
        spikes(office(1), np.zeros(3), better="lower")
    with pytest.raises(ValueError, match="no state of a scorer"):
        Scorer.from_state(b"12345678")
    with pytest.raises(ValueError, match="no state of a scorer"):
        Scorer.from_state(b"")
    with pytest.raises(ValueError, match="another version"):
        Scorer.from_state(pack([np.zeros(1), np.zeros(1), np.zeros(1)]))
    scorer = Scorer(300)
    scorer.feed(office(2))
    with pytest.raises(ValueError, match="in order"):
        scorer.feed(office(1))
