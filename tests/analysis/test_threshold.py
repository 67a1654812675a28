"""Steps of five minutes; every expected time is read off the picture above it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from metrics.analysis.signal import Signal
from metrics.analysis.threshold import Exceedance, exceedances

START = datetime(2026, 1, 1, tzinfo=UTC)


def drawn(*values: float, minutes: int = 5, without: slice = slice(0, 0)) -> Signal:
    ts = np.datetime64("2026-01-01", "us") + np.arange(len(values)) * np.timedelta64(minutes, "m")
    keep = np.ones(len(values), bool)
    keep[without] = False
    return Signal(ts[keep], np.array(values, float)[keep])


def minute(found: datetime | None) -> float | None:
    return None if found is None else (found - START) / timedelta(minutes=1)


def spans(found: tuple[Exceedance, ...]) -> list[tuple[float | None, float | None]]:
    return [(minute(each.since), minute(each.until)) for each in found]


def test_long_enough_is_found_with_its_worst_and_what_was_usual():
    #                 0   5   10  15  20  25  30  35
    signal = drawn(50, 60, 91, 99, 95, 92, 50, 40, 60, 50)
    (found,) = exceedances(signal, 90, better="lower")
    assert spans((found,)) == [(10, 30)]
    assert (found.before, found.after, found.line) == (50, 99, 90)
    assert (found.beyond, found.share, found.certainty) == (timedelta(minutes=20), 1.0, 1.0)
    assert found.is_worse("lower")


def test_short_of_long_enough_is_nothing():
    assert exceedances(drawn(50, 91, 99, 50, 50, 50, 50), 90, better="lower") == ()
    assert spans(exceedances(drawn(50, 91, 99, 91, 50, 50), 90, better="lower")) == [(5, 20)]
    longer = timedelta(minutes=20)
    assert exceedances(drawn(50, 91, 99, 91, 50, 50), 90, better="lower", long_enough=longer) == ()


def test_a_short_return_does_not_end_it_and_counts_in_the_share():
    #                 0  5   10  15  20  25  30
    signal = drawn(50, 95, 95, 50, 50, 95, 95, 50, 50, 50, 50, 50)
    (found,) = exceedances(signal, 90, better="lower")
    assert spans((found,)) == [(5, 35)]
    assert found.beyond == timedelta(minutes=20)
    assert found.share == pytest.approx(2 / 3)


def test_a_long_return_ends_it():
    signal = drawn(50, 95, 95, 95, 50, 50, 50, 95, 95, 95, 50)
    assert spans(exceedances(signal, 90, better="lower")) == [(5, 20), (35, 50)]


def test_just_beneath_the_line_is_not_back():
    """The wobble from point to point is 2 here: 89 is not back from 91, half an hour of it or not."""
    wobbling = [50, 52] * 20
    signal = drawn(*wobbling, 91, 91, 91, 89, 89, 89, 89, 89, 89, 91, *wobbling)
    (found,) = exceedances(signal, 90, better="lower")
    assert spans((found,)) == [(200, 250)]
    assert found.share == pytest.approx(0.4)


def test_where_higher_is_better_beyond_is_below():
    signal = drawn(99, 99, 80, 70, 85, 99, 99, 99, 99, 99)
    (found,) = exceedances(signal, 90, better="higher")
    assert (spans((found,)), found.before, found.after) == ([(10, 25)], 99, 70)
    assert exceedances(signal, 90, better="lower")[0].after == 99


def test_what_lasts_has_no_end():
    (found,) = exceedances(drawn(50, 50, 50, 95, 95, 95), 90, better="lower")
    assert spans((found,)) == [(15, None)]


def test_all_beyond_has_the_line_for_usual():
    (found,) = exceedances(drawn(95, 95, 96, 95), 90, better="lower")
    assert (spans((found,)), found.before, found.after) == ([(0, None)], 90, 96)


def test_at_the_line_is_not_beyond():
    assert exceedances(drawn(*[100.0] * 50), 100, better="lower") == ()


def test_a_gap_ends_it_one_step_after_its_last_point():
    """Twelve points: beyond from 10 on, nothing from 30 to 55, beyond again."""
    signal = drawn(50, 50, *[95] * 14, without=slice(6, 12))
    assert spans(exceedances(signal, 90, better="lower")) == [(10, 30), (60, None)]
    signal = drawn(50, 50, *[95] * 14, without=slice(6, 8))
    assert spans(exceedances(signal, 90, better="lower")) == [(10, None)]


@pytest.mark.parametrize("minutes", [60, 1440])
def test_one_point_of_an_hour_or_a_day_is_long_enough(minutes: int):
    signal = drawn(50, 50, 95, 50, 50, 50, minutes=minutes)
    assert spans(exceedances(signal, 90, better="lower")) == [(2 * minutes, 3 * minutes)]


def test_sparse_counts_are_beyond_one_by_one():
    signal = drawn(0, 0, 0, 7, 0, 0, 9, 0, 0, 0, minutes=60)
    assert [found.after for found in exceedances(signal, 5, better="lower")] == [7, 9]


@pytest.mark.parametrize("values", [(), (50,)])
def test_hardly_anything_exceeds_nothing(values: tuple[float, ...]):
    assert exceedances(drawn(*values), 90, better="lower") == ()


def test_one_point_speaks_for_no_time():
    assert exceedances(drawn(95), 90, better="lower") == ()
