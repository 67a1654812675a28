"""How rare a value of a view is, by the tail of the view's own past: peaks over a threshold, exponential beyond it.

After Siffer et al., "Anomaly detection in streams with extreme value theory", KDD 2017, with the shape held at zero:
a tail of a few dozen values does not carry a second parameter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metrics.analysis._spike.pack import Array

__all__ = ["WARM", "Tails"]

# So large a share of the past is the tail; a fit needs eight values, and 150 carry it.
SHARE, FEWEST, MOST = 0.015, 8, 150
# No view is scored before it has a past of so many points.
WARM = 100
# One view alone says at most "once in a million", so that it cannot raise an alarm by itself.
CAP = 6.0
# The fit is renewed after so many points at most, and after a tenth of the past while that is short.
RENEW = 72
# Rare is by time, not by point: the probability is that of five minutes, or of an hour where points are far apart.
PERIOD_S, LONGEST_S = 300.0, 3_600.0
# A value that came exactly so this often is as rare as it was: counts and percentages are no smooth tail.
REPEATED = 3
# A tail is never thought narrower than this part of the view's range.
NARROWEST = 1e-3

Floats = NDArray[np.float64]


class Tails:
    """The largest values of each view in the last `horizon` points, and the fits to them."""

    def __init__(self, views: int, step_s: float, horizon: int) -> None:
        self.horizon = horizon
        self.per_period = PERIOD_S / min(step_s, LONGEST_S)
        self.count = 0
        self.renew_at = WARM
        self.largest: Floats = np.full((views, MOST + 1), -np.inf)
        self.born: NDArray[np.int64] = np.zeros((views, MOST + 1), np.int64)
        self.waiting: Floats = np.empty((views, 0))
        self.range: Floats = np.stack([np.full(views, np.inf), np.full(views, -np.inf)])
        self.fit: Floats = np.zeros((3, views))

    def feed(self, views: Floats) -> Floats:
        """-log10 of the probability of each value in five minutes, summed over the views; 0 within the usual."""
        total, at = np.zeros(views.shape[1]), 0
        while at < views.shape[1]:
            end = min(at + self.renew_at - self.count, views.shape[1])
            piece = views[:, at:end]
            if self.count >= WARM:
                total[at:end] = self._surprise(piece)
            self.waiting = np.concatenate([self.waiting, piece], axis=1)
            self.count += end - at
            at = end
            if self.count == self.renew_at:
                self._renew()
        return total

    def _surprise(self, piece: Floats) -> Floats:
        threshold, scale, base = self.fit[:, :, None]
        beyond = piece - threshold
        each = np.where(beyond > 0, np.clip(base + beyond / scale / np.log(10), 0.0, CAP), 0.0)
        total = _sum(each)
        # Only where it may matter, as it takes its time.
        high = np.flatnonzero(total > CAP)
        if len(high):
            total[high] = _sum(self._as_seen(piece[:, high], each[:, high]))
        return total

    def _as_seen(self, piece: Floats, each: Floats) -> Floats:
        """The surprise, at most that of how often such a value came, where it came exactly so before."""
        same = (self.largest[:, None, :] == piece[:, :, None]).sum(axis=2)
        larger = (self.largest[:, None, :] >= piece[:, :, None]).sum(axis=2)
        past = min(self.count, self.horizon)
        seen = np.maximum(-np.log10(np.maximum(larger, 1) / past * self.per_period), 0.0)
        return np.where(same >= REPEATED, np.minimum(each, seen), each)

    def _renew(self) -> None:
        new = self.waiting
        born = np.broadcast_to(self.count - new.shape[1] + np.arange(new.shape[1]), new.shape)
        values = np.concatenate([np.where(self.born < self.count - self.horizon, -np.inf, self.largest), new], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, : MOST + 1]
        self.largest = np.take_along_axis(values, order, axis=1)
        self.born = np.take_along_axis(np.concatenate([self.born, born], axis=1), order, axis=1)
        self.range = np.stack(
            [np.minimum(self.range[0], new.min(axis=1)), np.maximum(self.range[1], new.max(axis=1))]
        )
        past = min(self.count, self.horizon)
        k = int(np.clip(SHARE * past, FEWEST, MOST))
        k = min(k, int(np.isfinite(self.largest).sum(axis=1).min()) - 1)
        threshold = self.largest[:, k]
        narrowest = 1e-9 + NARROWEST * (self.range[1] - self.range[0])
        scale = np.maximum(self.largest[:, :k].mean(axis=1) - threshold, narrowest)
        self.fit = np.stack([threshold, scale, np.full(len(scale), -np.log10(k / past * self.per_period))])
        self.waiting = np.empty((len(new), 0))
        self.renew_at = self.count + int(np.clip(self.count // 10, 20, RENEW))

    def arrays(self) -> list[Array]:
        head = np.array([self.count, self.renew_at])
        return [head, self.largest, self.born, self.waiting, self.range, self.fit]

    def restore(self, arrays: list[Array]) -> None:
        self.count, self.renew_at = (int(n) for n in arrays[0])
        self.born = np.asarray(arrays[2], np.int64)
        self.largest, self.waiting, self.range, self.fit = (np.asarray(arrays[n], np.float64) for n in (1, 3, 4, 5))


def _sum(each: Floats) -> Floats:
    """Over the views, one after the other: how numpy would add them depends on how many points come at once."""
    total: Floats = each[0].copy()
    for more in each[1:]:
        total += more
    return total
