"""Series with a known rhythm, cut where a fault would cut them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from metrics.analysis.signal import Signal
from metrics.analysis.silence import Silence, lapses
from metrics.model import Insufficient
from tests.analysis.signals import MONDAY, generator, since_start, times

END = datetime(2026, 6, 29, tzinfo=UTC)
"""Four weeks after MONDAY."""
HOUR = timedelta(hours=1)


def silence(signal: Signal, until: datetime) -> Silence | Insufficient | None:
    """The one that goes on."""
    found = lapses(signal, until)
    return (
        found if isinstance(found, Insufficient) else next((each for each in found if each.kind == "stopped"), None)
    )


def regular(days: float = 28, step_s: int = 300) -> Signal:
    ts = times(days, step_s)
    return Signal(ts, np.ones(len(ts)))


def office_hours(days: float = 28) -> Signal:
    """Every five minutes from 9 to 18, from Monday to Friday."""
    signal = regular(days)
    day, hour = (signal.day - signal.day[0]) % 7, signal.local_s // 3600 % 24
    return signal.cut((day < 5) & (hour >= 9) & (hour < 18))


def now_and_then(per_day: float, seed: int, days: float = 28) -> Signal:
    """Counts that come by chance."""
    rng = generator(seed)
    seconds = np.unique(rng.integers(0, int(days * 86_400), rng.poisson(per_day * days)))
    return Signal(MONDAY + seconds * np.timedelta64(1, "s"), np.full(len(seconds), 7.0))


def in_bunches(seed: int) -> Signal:
    """Ten points within an hour, then nothing for one to five days."""
    rng = generator(seed)
    starts = np.cumsum(rng.uniform(1, 5, 30)) * 86_400
    seconds = np.unique((starts[:, None] + rng.uniform(0, 3600, (30, 10))).astype(int))
    return Signal(MONDAY + seconds * np.timedelta64(1, "s"), np.ones(len(seconds)))


def without(signal: Signal, from_day: float, to_day: float) -> Signal:
    day = since_start(signal.ts)
    return signal.cut((day < from_day) | (day >= to_day))


def end_of(signal: Signal) -> datetime:
    return datetime.fromtimestamp(signal.ts[-1].astype(int) / 1e6, UTC)


@pytest.mark.parametrize("step_s", [60, 300, 3600])
def test_a_regular_series_may_be_late_by_two_hours_and_has_stopped_after_four(step_s: int):
    signal = regular(step_s=step_s)
    assert silence(signal, END + 2 * HOUR) is None
    found = silence(signal, END + 4 * HOUR)
    assert found is not None
    assert not isinstance(found, Insufficient)
    assert (found.kind, found.since, found.until) == ("stopped", end_of(signal), None)
    assert (found.before, found.after) == (4 * 3600 / step_s, 0)
    assert found.certainty == pytest.approx(0.9999)


def test_a_daily_series_has_stopped_after_three_days():
    signal = regular(step_s=86_400)
    assert silence(signal, END + 48 * HOUR) is None
    assert silence(signal, END + 72 * HOUR) is not None


def test_what_is_under_way_is_not_missed():
    """At half past, the hour before has no point either: with two whole hours that is not three."""
    assert silence(regular(step_s=3600), END + 2.9 * HOUR) is None


@pytest.mark.parametrize(
    ("hours", "is_silent"),
    [(12, False), (24 + 9, False), (3 * 24 + 9, False), (3 * 24 + 11, False), (3 * 24 + 14, True)],
)
def test_office_hours_end_on_friday_and_begin_on_monday(hours: float, *, is_silent: bool):
    """The last point is of Friday, 17:55: a night and a weekend are nothing, half of a Monday is."""
    friday = office_hours(26)
    assert end_of(friday) == datetime(2026, 6, 26, 17, 55, tzinfo=UTC)
    midnight = datetime(2026, 6, 26, tzinfo=UTC)
    assert (silence(friday, midnight + hours * HOUR) is not None) == is_silent


@pytest.mark.parametrize("seed", range(20))
def test_counts_that_come_now_and_then_are_not_missed_after_two_days(seed: int):
    assert silence(now_and_then(2, seed), END + 24 * HOUR) is None


@pytest.mark.parametrize("seed", range(5))
def test_counts_that_come_now_and_then_are_missed_after_ten_days(seed: int):
    found = silence(now_and_then(2, seed), END + 240 * HOUR)
    assert found is not None
    assert found.before == pytest.approx(20, rel=0.5)


@pytest.mark.parametrize("seed", range(10))
def test_bunches_are_not_missed_as_long_as_pauses_are_usual(seed: int):
    signal = in_bunches(seed)
    assert lapses(signal, end_of(signal) + 120 * HOUR) == ()
    assert silence(signal, end_of(signal) + 40 * 24 * HOUR) is not None


def test_a_lost_day_is_one_silence_with_both_ends():
    (found,) = lapses(without(regular(), 10, 11), END)
    assert (found.kind, found.since, found.until) == (
        "lost",
        datetime(2026, 6, 10, 23, 55, tzinfo=UTC),
        datetime(2026, 6, 12, tzinfo=UTC),
    )
    assert found.before == 288
    assert silence(without(regular(), 10, 11), END) is None


def test_a_lost_day_does_not_hide_the_next_one():
    signal = without(without(regular(), 10, 11), 20, 21)
    assert [each.since.day for each in lapses(signal, END)] == [10, 20]
    assert [each.kind for each in lapses(signal, END + 12 * HOUR)] == ["lost", "lost", "stopped"]


def test_some_points_lost_are_nothing():
    signal = regular()
    assert lapses(signal.cut(generator(1).random(len(signal)) < 0.7), END) == ()


def doubled(*days: int) -> Signal:
    signal = regular()
    extra = signal.ts[np.isin(signal.day - signal.day[0], days)] + np.timedelta64(7, "s")
    ts = np.sort(np.concatenate([signal.ts, extra]))
    return Signal(ts, np.ones(len(ts)))


def test_a_day_that_is_there_twice_is_told():
    (found,) = lapses(doubled(12), END)
    assert (found.kind, found.since.day, found.until) == ("doubled", 13, datetime(2026, 6, 14, tzinfo=UTC))
    assert (found.before, found.after) == (288, 576)
    assert found.certainty == pytest.approx(1 - 1 / 27)


def test_a_finer_step_from_some_day_on_is_no_fault():
    assert lapses(doubled(*range(20, 28)), END) == ()


@pytest.mark.parametrize("seed", range(10))
def test_a_busy_day_of_counts_is_no_fault(seed: int):
    assert lapses(now_and_then(40, seed), END) == ()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("start", ["2026-03-01", "2026-10-10"])
def test_a_clock_that_changes_is_no_fault(zone: str, start: str):
    ts = times(35, 300, np.datetime64(start, "us"))
    signal = Signal(ts, np.ones(len(ts)), zone)
    assert lapses(signal, end_of(signal)) == ()


def test_too_little_is_said_in_days():
    assert silence(regular(days=9), END) == Insufficient(needed=14, have=9)
    assert silence(regular(days=0), END) == Insufficient(needed=14, have=0)


def test_a_moment_before_the_last_point_misses_nothing():
    assert silence(regular(), END - 48 * HOUR) is None
