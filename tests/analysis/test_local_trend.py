import numpy as np
import pytest

from metrics.analysis.local_trend import NOISE, WANDER, local_trend
from tests.analysis.signals import generator


def futures(values: np.ndarray, steps: int = 30) -> np.ndarray:
    return local_trend(values).paths(steps, 2_000, generator(0))


def test_a_line_goes_straight_on():
    paths = futures(3.0 + 2.0 * np.arange(20))
    assert paths == pytest.approx(np.broadcast_to(43.0 + 2.0 * np.arange(30), paths.shape))


def test_a_constant_stays():
    assert futures(np.full(10, 7.0)) == pytest.approx(np.full((2_000, 30), 7.0))


def test_noise_around_a_line_is_seen_as_noise():
    """Spread 1 around a slope of 0.5, 60 points: the future is as wide as the noise, and little wider at the end."""
    values = 0.5 * np.arange(60) + generator(1).normal(0, 1, 60)
    paths = futures(values)
    assert np.median(paths[:, 29]) == pytest.approx(0.5 * 89, abs=1.5)
    assert 0.7 < paths[:, 0].std() < 1.6
    assert paths[:, 29].std() < 3
    weight = local_trend(values).weight
    assert weight[NOISE >= 10].sum() > 0.8


def test_a_random_walk_is_seen_as_one():
    """Steps of mean 1 and spread 1: after 25 steps the future is at least five wide."""
    values = np.cumsum(generator(2).normal(1, 1, 60))
    paths = futures(values)
    assert paths[:, 24].std() > 5
    weight = local_trend(values).weight
    assert weight[NOISE <= 1].sum() > 0.8
    assert weight[WANDER == 0].sum() > weight[WANDER == 0.1].sum()


def test_a_rate_that_changed_is_followed():
    rng = generator(3)
    values = np.cumsum(np.where(np.arange(60) < 45, 0.2, 2.0) + rng.normal(0, 0.1, 60))
    assert np.median(futures(values)[:, 9]) == pytest.approx(values[-1] + 20, rel=0.05)


def test_the_scale_of_the_values_does_not_matter():
    values = np.cumsum(generator(4).normal(1, 1, 30))
    assert futures(values * 1e12) == pytest.approx(futures(values) * 1e12)
