"""Wilson's interval against published values and its own definition."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from metrics.analysis.proportion import Z_95, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(n=st.integers(1, 10_000), data=st.data())
def test_each_end_is_where_the_score_test_just_rejects(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    for end in (low, high):
        assert (k / n - end) ** 2 == pytest.approx(Z_95**2 * end * (1 - end) / n, abs=1e-9)


@given(n=st.integers(1, 500), data=st.data())
def test_it_is_the_same_seen_from_the_other_side(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n)
    assert wilson(n - k, n) == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_nothing_seen_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5)])
def test_more_than_all_is_a_mistake(k: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"got {k} of {n}"):
        wilson(k, n)
