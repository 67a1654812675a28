"""Storage, demand and what does not grow, each with a crossing that is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from metrics.analysis.forecast import Crossing, forecast
from metrics.analysis.signal import Signal, moment
from metrics.model import Insufficient
from tests.analysis.signals import generator, since_start, times

Floats = np.ndarray


def grown(values_of: object, days: float = 28, step_s: int = 3600, zone: str = "UTC") -> Signal:
    """`values_of` says what the value is, by the days since the start."""
    ts = times(days, step_s)
    return Signal(ts, np.asarray(values_of(since_start(ts)), float), zone)  # type: ignore[operator]


def crossing(signal: Signal, limit: float, **how: bool) -> Crossing:
    found = forecast(signal, limit, **how)
    assert isinstance(found, Crossing)
    return found


def ahead(signal: Signal, at: datetime | None) -> float:
    """Days after the last point."""
    assert at is not None
    return (at - moment(signal.ts[-1])) / timedelta(days=1)


def noisy_storage(seed: int, days: int) -> Floats:
    """Used space by the hour, about one unit a day, less on weekends, never the same from hour to hour."""
    rng = generator(seed)
    hours = np.arange(days * 24)
    rate = np.where(hours // 24 % 7 >= 5, 0.5, 1.2) / 24
    return 40 + np.cumsum(rate * rng.gamma(2.0, 0.5, len(hours)))


@pytest.mark.parametrize("step_s", [60, 300, 3600, 86_400])
def test_a_straight_line_is_there_on_its_day(step_s: int):
    """One unit a day, 28 days seen: 40.2 is reached as many days after the end as units lack, whatever the step."""
    signal = grown(lambda day: day, step_s=step_s)
    found = crossing(signal, 40.2)
    for at in (found.early, found.likely, found.late):
        assert ahead(signal, at) == pytest.approx(40.2 - signal.values[-1], abs=1.1)
    assert found.early < found.likely < found.late
    assert (found.since, found.after, found.certainty) == (moment(signal.ts[-1]), 40.2, 1.0)
    assert found.before == pytest.approx(27.5, abs=0.51)
    assert found.is_worse("lower")


def test_a_fall_to_a_floor_mirrors_a_rise_to_a_limit():
    rise, fall = grown(lambda day: day), grown(lambda day: 100 - day)
    up, down = crossing(rise, 60), crossing(fall, 40, rising=False)
    assert (up.early, up.likely, up.late, up.urgent) == (down.early, down.likely, down.late, down.urgent)
    assert (down.before, down.after) == (pytest.approx(100 - up.before), 40)
    assert [step.low for step in down.steps] == pytest.approx([100 - step.high for step in up.steps])
    assert down.is_worse("higher")


def test_the_fan_is_drawn_day_by_day():
    signal = Signal(times(28, 3600), noisy_storage(1, 28))
    found = crossing(signal, 75)
    assert [ahead(signal, step.at) for step in found.steps] == list(range(1, 91))
    assert all(step.low <= step.likely <= step.high for step in found.steps)
    widths = [step.high - step.low for step in found.steps]
    assert widths[6] < widths[27] < widths[89]
    reached = next(step.at for step in found.steps if step.likely >= 75)
    assert found.likely is not None
    assert abs(reached - found.likely) <= timedelta(days=2)


def test_the_same_series_has_the_same_forecast():
    signal = Signal(times(28, 3600), noisy_storage(2, 28))
    assert forecast(signal, 75) == forecast(signal, 75)


def test_four_of_five_crossings_are_within_the_interval():
    """40 series whose limit is truly reached 5 to 80 days ahead."""
    inside = 0
    for seed in range(40):
        values = noisy_storage(seed, 120)
        limit = float(values[(28 + 5 + 2 * (seed % 38)) * 24])
        true = float(np.argmax(values[28 * 24 :] >= limit) + 1) / 24
        signal = Signal(times(28, 3600), values[: 28 * 24])
        found = crossing(signal, limit)
        late = ahead(signal, found.late) if found.late else np.inf
        inside += ahead(signal, found.early) <= true <= late
    assert 30 <= inside <= 40


def test_a_rate_that_changed_is_followed():
    """0.2 a day until day 18, then 2 a day: at 43.6 after 28 days, at 63.6 ten days later."""
    rng = generator(5)
    signal = grown(lambda day: 20 + 0.2 * day + 1.8 * np.maximum(day - 18, 0) + rng.normal(0, 0.1, len(day)))
    found = crossing(signal, 63.6)
    assert ahead(signal, found.likely) == pytest.approx(10, abs=1.5)
    assert found.urgent


def test_clean_ups_are_met_at_their_peaks():
    """Two a day up, eight down every seven days, 0.86 a day in all: what matters is when a peak gets there."""

    def used(day: Floats) -> Floats:
        return 30 + 2 * day - 8 * np.floor(day / 7)

    signal = grown(used)
    ahead_of = np.arange(28 * 24, 90 * 24) / 24
    for limit in (65.0, 80.0):
        true = ahead_of[np.argmax(used(ahead_of) >= limit)] - 28
        assert ahead(signal, crossing(signal, limit).likely) == pytest.approx(true, abs=2.5)


def test_demand_crosses_on_a_work_day():
    """Weekends at half, peaks at noon, one per cent a day; the last point is of a Sunday midnight."""
    rng = generator(8)

    def demand(day: Floats) -> Floats:
        weekday = np.where(day % 7 >= 5, 0.5, 1.0)
        return 50 * (1 + 0.01 * day) * weekday * (0.7 - 0.3 * np.cos(2 * np.pi * day))

    signal = grown(lambda day: demand(day) * (1 + rng.normal(0, 0.01, len(day))))
    future = np.arange(28 * 24, 120 * 24) / 24
    true = future[np.argmax(demand(future) >= 75)] - 28
    found = crossing(signal, 75)
    assert ahead(signal, found.likely) == pytest.approx(true, rel=0.15)
    assert ahead(signal, found.early) <= true <= ahead(signal, found.late)
    below = [step.likely for step in found.steps[:7]]
    assert max(below[5:]) < 0.7 * min(below[:5])


@pytest.mark.parametrize(
    "values_of",
    [
        lambda day: np.full(len(day), 50.0),
        lambda day: 50 + generator(1).normal(0, 1, len(day)),
        lambda day: 80 - day,
        lambda day: np.where(np.arange(len(day)) % 29 == 0, 7.0, 0.0),
        lambda day: np.zeros(len(day)),
    ],
    ids=["constant", "noise", "falling", "sparse counts", "zero"],
)
def test_what_does_not_grow_crosses_nothing(values_of: object):
    assert forecast(grown(values_of), 100) is None


def test_what_is_there_has_crossed_now():
    signal = grown(lambda day: np.full(len(day), 100.0))
    found = crossing(signal, 100)
    assert (found.early, found.likely, found.late) == (found.since,) * 3
    assert (found.urgent, found.certainty, found.size) == (True, 1.0, 0.0)


def test_far_away_is_beyond_the_horizon():
    signal = grown(lambda day: day)
    assert forecast(signal, 200) is None
    assert forecast(signal, 60, horizon_days=30) is None
    assert crossing(signal, 60).urgent is False


def test_a_half_day_at_the_end_is_not_a_low_day():
    """The last point is at ten in the morning, long before the day's peak: the trend is none the lower."""
    whole = grown(lambda day: 50 + day + 20 * np.sin(2 * np.pi * day))
    half = whole.cut(slice(0, 27 * 24 + 10))
    found = crossing(half, 85 + 20)
    assert ahead(half, found.likely) == pytest.approx(ahead(whole, crossing(whole, 85 + 20).likely) + 14 / 24, abs=1)


def test_one_odd_point_is_no_peak():
    signal = grown(lambda day: 50 + generator(6).normal(0, 1, len(day)), step_s=60)
    values = signal.values.copy()
    values[-30] = 95.0
    assert forecast(Signal(signal.ts, values), 90) is None


def test_days_without_points_are_bridged():
    signal = grown(lambda day: day)
    day = since_start(signal.ts)
    lacking = signal.cut((day < 10) | (day >= 14))
    assert ahead(signal, crossing(lacking, 40.2).likely) == pytest.approx(12.5, abs=1.1)


@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize("times_cleaned", [1, 2])
def test_what_was_cleaned_up_once_or_began_anew_grows_on_from_there(times_cleaned: int, noise: float):
    """It fell by 20 on day 14, perhaps on day 20 too; it grows by one a day before and after."""
    rng = generator(7)

    def used(day: Floats) -> Floats:
        cleaned = 20 * (day >= 14) + 20 * (day >= 20) * (times_cleaned - 1)
        return 60 + day - cleaned + rng.normal(0, noise, len(day))

    signal = grown(used)
    limit = 100.2 - 20 * times_cleaned
    assert ahead(signal, crossing(signal, limit).likely) == pytest.approx(12.5, abs=1.6)


def test_a_holiday_is_no_clean_up():
    """Level but for one day at half: nothing grows because it came back."""
    rng = generator(9)
    signal = grown(lambda day: np.where(day // 1 == 16, 25.0, 50.0) + rng.normal(0, 0.5, len(day)))
    found = forecast(signal, 90)
    assert found is None or found.likely is None


@pytest.mark.parametrize("start", ["2026-03-10", "2026-10-12"])
def test_a_clock_that_changes_moves_nothing(start: str):
    ts = times(28, 3600, np.datetime64(start, "us"))
    signal = Signal(ts, 50 + since_start(ts), "Europe/Berlin")
    assert ahead(signal, crossing(signal, 90.2).likely) == pytest.approx(12.5, abs=1.1)


def test_urgent_only_where_the_robust_line_agrees():
    """Flat for 25 days, then up by ten a day: the paths go on with that, a line through two weeks does not yet."""
    rng = generator(4)
    signal = grown(lambda day: 50 + 10 * np.maximum(day - 25, 0) + rng.normal(0, 0.3, len(day)))
    found = crossing(signal, 130)
    assert ahead(signal, found.likely) <= 14
    assert not found.urgent


def test_too_little_is_said_in_days():
    whole = grown(lambda day: day)
    for days in (0, 1, 9):
        assert forecast(whole.cut(slice(0, days * 24)), 100) == Insufficient(needed=10, have=days)
    assert isinstance(forecast(whole.cut(slice(0, 10 * 24)), 20), Crossing)


def test_days_without_points_do_not_count():
    signal = grown(lambda day: day)
    day = since_start(signal.ts)
    assert forecast(signal.cut((day < 4) | (day >= 24)), 100) == Insufficient(needed=10, have=8)


def test_only_the_last_quarter_counts():
    """Nothing for half a year, then one a day for 91 days: as if it had always been so."""
    signal = grown(lambda day: np.maximum(day - 180, 0), days=271)
    found = crossing(signal, 103.2)
    assert ahead(signal, found.likely) == pytest.approx(12.5, abs=1.1)
