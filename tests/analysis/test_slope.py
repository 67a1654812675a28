"""Theil and Sen's slope against its definition, against outliers, and against how often it should be right."""

from __future__ import annotations

from itertools import combinations
from statistics import median

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from metrics.analysis.slope import ALL_PAIRS, FEWEST, Slope, slope
from metrics.model import Insufficient


def found(x: object, y: object) -> Slope:
    line = slope(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    assert isinstance(line, Slope)
    return line


@given(st.lists(st.floats(-1e3, 1e3, width=16), min_size=FEWEST, max_size=30))
def test_it_is_the_median_of_all_pairs(values: list[float]) -> None:
    line = found(range(len(values)), values)
    pairs = [(b - a) / (j - i) for (i, a), (j, b) in combinations(enumerate(values), 2)]
    assert line.value == pytest.approx(median(pairs))
    assert line.low <= line.value <= line.high


@pytest.mark.parametrize("n", [FEWEST, ALL_PAIRS, ALL_PAIRS + 1, 5_000])
def test_a_straight_line_is_found_whatever_the_order(n: int) -> None:
    x = np.random.default_rng(1).permutation(n).astype(float)
    line = found(x, 7 - 0.5 * x)
    assert (line.value, line.low, line.high, line.start) == pytest.approx((-0.5, -0.5, -0.5, 7.0))
    assert line.at(4) == pytest.approx(5.0)


@pytest.mark.parametrize("n", [40, 2_000])
def test_a_fifth_of_nonsense_at_its_end_does_not_turn_it(n: int) -> None:
    x = np.arange(n, dtype=float)
    y = 2 * x + np.random.default_rng(2).normal(0, 1, n)
    y[-n // 5 :] = -1e6
    assert found(x, y).value == pytest.approx(2, rel=0.35)
    assert np.polyfit(x, y, 1)[0] != pytest.approx(2, rel=0.35)


@pytest.mark.parametrize("n", [20, ALL_PAIRS + 100])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng(3)
    x = np.arange(n, dtype=float)
    lines = [found(x, rng.normal(0, 1, n)) for _ in range(300)]
    assert 0.91 <= sum(line.low <= 0 <= line.high for line in lines) / 300 <= 0.99


def test_too_few_points_are_no_line() -> None:
    assert slope(np.arange(9.0), np.arange(9.0)) == Insufficient(FEWEST, 9)
    assert slope(np.zeros(12), np.arange(12.0)) == Insufficient(FEWEST, 1)
