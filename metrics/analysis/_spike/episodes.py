"""From scores to events in time: what was usual, how far it went, and when it was back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.signal import DAY_S, Signal
from metrics.model import Direction

__all__ = ["Episode", "episodes"]

# Usual is the middle of the points within ten minutes of the same time on the seven days before, or, where there are
# fewer than three, of the twenty points before the alarm: as in the views that the score looks at.
DAYS, NEAR_S, FEWEST, RECENT = 7, 600, 3, 20
# Back is half way back to usual, for two points, as the end of an alarm with hysteresis.
BACK, BACK_POINTS = 0.5, 2
# What lasts longer is a new level, which shift tells.
LONGEST_S = DAY_S
# Alarms this close are one event.
ONE_EVENT_S = 3_600

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Episode:
    """Places in the signal. `end` is the first point that is back; None where none is yet."""

    start: int
    end: int | None
    peak: int
    usual: float
    score: float


def episodes(signal: Signal, scores: Floats, alarm: float, better: Direction) -> Iterator[Episode]:
    alarms = np.flatnonzero(scores >= alarm)
    utc_s = signal.ts.astype("datetime64[s]").astype(np.int64)
    # Where the clock goes back an hour comes twice; for finding a time of day that may count as one long moment.
    local_s = np.maximum.accumulate(signal.local_s)
    while len(alarms):
        start = int(alarms[0])
        last = int(np.searchsorted(utc_s, utc_s[start] + LONGEST_S, side="right"))
        usual = _usual(signal.values, local_s, start, last)
        away = signal.values[start:last] - usual
        back = _back(np.abs(away), utc_s[start:last], alarms[alarms < last] - start)
        if back is None and utc_s[-1] - utc_s[start] >= LONGEST_S:
            back = last - 1 - start
        until = len(away) if back is None else max(back, 1)
        peak = _worst(away[:until], better)
        end = None if back is None else start + back
        yield Episode(start, end, start + peak, float(usual[peak]), float(scores[start : start + until].max()))
        alarms = alarms[alarms >= start + until]


def _usual(values: Floats, local_s: NDArray[np.int64], start: int, last: int) -> Floats:
    """For each point from `start` to before `last`."""
    before = values[max(start - RECENT, 0) : start]
    recent = float(np.median(before)) if len(before) else float(values[start])
    found = np.full(last - start, recent)
    days = DAY_S * np.arange(1, DAYS + 1)
    lows = np.searchsorted(local_s, local_s[start:last, None] - days - NEAR_S)
    highs = np.searchsorted(local_s, local_s[start:last, None] - days + NEAR_S, side="right")
    for i, (low, high) in enumerate(zip(lows, highs, strict=True)):
        same = np.concatenate([values[a:b] for a, b in zip(low, high, strict=True)])
        if len(same) >= FEWEST:
            found[i] = np.median(same)
    return found


def _back(away: Floats, utc_s: NDArray[np.int64], alarms: NDArray[np.int64]) -> int | None:
    """The first point of two that are half way back, with no alarm soon after."""
    is_low = away <= BACK * np.maximum.accumulate(away)
    run = np.lib.stride_tricks.sliding_window_view(is_low, BACK_POINTS).all(axis=1) if len(is_low) > 1 else is_low
    for back in np.flatnonzero(run):
        following = alarms[alarms >= back]
        if not len(following) or utc_s[following[0]] - utc_s[back] > ONE_EVENT_S:
            return int(back)
    return None


def _worst(away: Floats, better: Direction) -> int:
    """The farthest on the worse side, where that is at least half as far as the other."""
    worse = away if better == "lower" else -away if better == "higher" else np.abs(away)
    peak = int(np.argmax(worse))
    return peak if worse[peak] >= BACK * np.abs(away).max() else int(np.argmax(np.abs(away)))
