"""Jumps that come more often lately than before, whether or not each of them would be worth a word.

A jump stands out from its time of day and from the four hours around it. How high it has to be is not decided:
heights that are passed in one to 16 hours of a day are all looked at, and the last 3 to 14 days against the days
before. The clearest of these differences is compared with the clearest one after the days were shuffled (Westfall and
Young, *Resampling-based multiple testing*, 1993). Whole days are shuffled, so jumps that come in clusters within a
day, and days that have always differed by more than chance, count as little as they should.

Limitations: clusters of several days are taken for as many days, so jumps that come and go from week to week raise
false findings; jumps longer than two hours sink into what is around them; a burst that is over is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.daily import FINEST_S, Daily, daily
from metrics.analysis.detection import Detection
from metrics.analysis.signal import DAY_S, Signal, moment
from metrics.model import Insufficient

__all__ = ["Burst", "burst", "burst_of"]

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

FEWEST = 14
"""Days: two whole weeks, the later against the earlier."""
LONGEST = 56
"""Days: a review looks at four weeks; twice that shows whether they differ."""
RECENT = (3, 5, 7, 10, 14)
"""Days that may be "lately": from half a week to two weeks, each about 1.4 times the one before."""
PER_DAY = tuple(2 ** (i / 2) for i in range(9))
"""How many hours of a day pass a height, from one to 16, each 1.4 times the one before."""
RARE = 1 / 8
"""No height is passed by more points than this share: what is passed more often is no jump."""
SMALLEST = 6.0
"""Robust standard deviations that a jump is high at least; 6 is met by chance once in a billion points."""
AROUND_S, AROUND_POINTS = 14_400, 5
"""A jump is measured from the median of so much time around it, or so many points where they are rarer: one of up to
two hours, or two points, stands out."""
APART_S = 1_800
"""Jumps that follow each other within half an hour are one."""
SHUFFLES = 999
"""Enough to tell 0.04 from 0.05."""
CHANCE = 0.04
"""How likely the shuffled days may show as much: the false findings per series and month that a review can bear."""
DOUBT = 20.0
"""Bursts so improbable by chance p are measured about 0.11 / p times as often as chance has them; jumps that wander
from week to week double chance: certainty is 1 / (1 + 20 p)."""
RATIO, JUMPS = 1.5, 4
"""Half as many again, and four of them: fewer is not worth a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst(Detection):
    """`before` is the usual level, `after` the typical height of the recent jumps, `since` the first of them."""

    ratio: float
    recent_per_day: float
    before_per_day: float
    times: tuple[datetime, ...]
    """Of all jumps of this height, recent or not."""


Found = Burst | Insufficient | None


@dataclass(frozen=True, slots=True)
class _Jumps:
    at: NDArray[np.int64]
    """Where each begins, counted in cells of the days laid end to end."""
    per_day: NDArray[np.int64]
    top: Floats
    """The highest value of each."""


def burst(signal: Signal) -> Found:
    """Of upward jumps; for downward ones turn the values round. `Insufficient` counts days."""
    coarse = _coarse(signal)
    days = daily(coarse, LONGEST)
    if len(days.day) < FEWEST:
        return Insufficient(FEWEST, len(days.day))
    excess = _excess(days, coarse.step_s)
    views = _views(excess, days, max(round(APART_S / max(coarse.step_s, 1)), 1))
    if not views:
        return None
    chance, view = _scan(np.array([v.per_day for v in views]))
    if chance > CHANCE:
        return None
    found = views[view]
    times = coarse.ts[days.point.ravel()[found.at]]
    at, usual = found.at / days.values.shape[1], float(np.median(signal.values))
    return _measured(at, len(days.day), times, found.top, usual, chance)


def burst_of(times: Times, heights: Floats, usual: float, begin: np.datetime64, end: np.datetime64) -> Found:
    """Of jumps found elsewhere from `begin` to `end`: when each began (rising), how high it was, what is usual."""
    day = np.timedelta64(DAY_S, "s")
    n = int((end - begin) / day)
    if n < FEWEST:
        return Insufficient(FEWEST, n)
    at = np.asarray((times - (end - n * day)) / day, dtype=np.float64)
    within = (at >= 0) & (at < n)
    chance, _ = _scan(np.bincount(at[within].astype(np.int64), minlength=n)[None])
    if chance > CHANCE:
        return None
    return _measured(at[within], n, times[within], heights[within], usual, chance)


def _measured(at: Floats, days: int, times: Times, heights: Floats, usual: float, chance: float) -> Burst | None:
    """Since when, which is where two rates explain the jumps best; None where they hardly differ."""
    late = np.flatnonzero((at >= days - min(max(RECENT), days // 2)) & (at <= days - 1))
    recent = len(at) - late
    lasting = days - at[late]
    if not (recent >= JUMPS).any():
        return None
    before = late / (days - lasting)
    gain = recent * np.log(recent / lasting) + late * np.log(np.maximum(before, 1e-12))
    best = int(np.argmax(np.where((recent >= JUMPS) & (recent / lasting > before), gain, -np.inf)))
    first, rate = int(late[best]), float(recent[best] / lasting[best])
    ratio = rate / max(float(before[best]), 0.5 / (days - float(lasting[best])))
    if recent[best] < JUMPS or ratio < RATIO:
        return None
    return Burst(
        since=moment(times[first]),
        before=usual,
        after=float(np.median(heights[first:])),
        certainty=1 / (1 + DOUBT * chance),
        ratio=ratio,
        recent_per_day=rate,
        before_per_day=float(before[best]),
        times=tuple(moment(t) for t in times),
    )


def _coarse(signal: Signal) -> Signal:
    """The highest of each five minutes, where there are more points."""
    if signal.step_s >= FINEST_S or len(signal) < 2:
        return signal
    slot = signal.ts.astype("datetime64[s]").astype(np.int64) // FINEST_S
    first = np.flatnonzero(np.diff(slot, prepend=slot[0] - 1))
    return Signal(signal.ts[first], np.maximum.reduceat(signal.values, first), signal.zone)


def _excess(days: Daily, step_s: float) -> Floats:
    """How far each cell stands above its time of day and what is around it; 0 for what is missing."""
    odd = np.nan_to_num((days.values - np.nanmedian(days.values, axis=0)).ravel())
    width = max(round(AROUND_S / max(step_s, 1)), AROUND_POINTS) | 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(odd, width // 2, mode="edge"), width)
    return np.asarray(odd - np.partition(around, width // 2, axis=1)[:, width // 2], dtype=np.float64)


def _views(excess: Floats, days: Daily, apart: int) -> list[_Jumps]:
    """The jumps above each height; none where nothing stands out."""
    n, columns = days.values.shape
    spread = 1.4826 * float(np.median(np.abs(excess)))
    hour = max(round(columns / 24), 1)
    ranked = np.sort(np.maximum.reduceat(excess, np.arange(0, len(excess), hour)))[::-1]
    rates = [rate for rate in PER_DAY if rate <= columns * RARE] or [columns * RARE]
    heights = {max(float(ranked[round(rate * n)]), SMALLEST * spread) for rate in rates}
    views = []
    for height in sorted(heights):
        hit = np.flatnonzero(excess > height)
        first = np.flatnonzero(np.diff(hit, prepend=-apart - 1) > apart)
        if len(first) >= JUMPS:
            per_day = np.bincount(hit[first] // columns, minlength=n).astype(np.int64)
            top = np.maximum.reduceat(days.values.ravel()[hit], first)
            views.append(_Jumps(hit[first], per_day, top))
    return views


def _scan(counts: NDArray[np.int64]) -> tuple[float, int]:
    """How likely shuffled days show as much as the clearest row (views, days) does, and which row that is."""
    n = counts.shape[1]
    windows = [w for w in RECENT if w <= n // 2]
    late = _shuffled(n)
    size = np.array(windows)
    above = counts - counts.mean(axis=1, keepdims=True)
    sums = (above @ late).reshape(len(counts), SHUFFLES + 1, len(windows))
    spread = np.sqrt(above.var(axis=1, ddof=1)[:, None] * (size * (n - size) / n))
    clear = sums / np.maximum(spread, 1e-9)[:, None, :]
    clearest = clear.max(axis=(0, 2))
    as_clear = np.sum(clearest[1:] >= clearest[0] - 1e-9)
    return float((as_clear + 1) / (SHUFFLES + 1)), int(clear[:, 0].max(axis=1).argmax())


@lru_cache(maxsize=64)
def _shuffled(n: int) -> Floats:
    """Shape (n, shuffles x windows): 1 for each day that is in the window. The first order is the true one."""
    chance = np.random.Generator(np.random.PCG64(n))
    orders = np.vstack([np.arange(n), chance.permuted(np.tile(np.arange(n), (SHUFFLES, 1)), axis=1)])
    windows = np.array([w for w in RECENT if w <= n // 2])
    late = orders[:, :, None] >= n - windows
    return np.asarray(late.transpose(1, 0, 2).reshape(n, -1), dtype=np.float64)
