"""When a series was beyond its line for long enough to speak of.

A Schmitt trigger in value and in time: it begins beyond the line, is over once values are back by more than their own
wobble, and only if they stay back for a while. Schmitt, *A thermionic trigger*, J. Sci. Instrum. 15 (1938).

Limitations: the line is one value for all hours. Beyond is strictly beyond: 100 % never exceeds a line at 100. Where
nothing was measured for a while, an exceedance ends; whether it went on meanwhile is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.detection import Detection
from metrics.analysis.signal import Signal, moment
from metrics.model import Direction

__all__ = ["LONG_ENOUGH", "Exceedance", "exceedances"]

# What most rules of Prometheus' kubernetes-mixin wait for, and three points of CloudWatch's five minutes.
LONG_ENOUGH = timedelta(minutes=15)
# So many steps without a point are a gap; one or two points are lost in any collection.
GAP_STEPS = 3
# What turns the median distance of two normal values into their standard deviation: 1 / (sqrt(2) * 0.6745).
WOBBLE = 1.0484


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceedance(Detection):
    """`before` is the usual value on the good side, `after` the worst. `certainty` is `share`: nothing is guessed."""

    line: float
    beyond: timedelta
    """How long it was beyond the line in all."""
    share: float
    """Of the time from its beginning to its end."""


def exceedances(
    signal: Signal, line: float, *, better: Direction, long_enough: timedelta = LONG_ENOUGH
) -> tuple[Exceedance, ...]:
    """Oldest first; the last has no `until` while it lasts.

    Beyond is below the line where higher is better, else above it. Each was beyond for `long_enough` in all, without
    a return of as long in between.
    """
    if not len(signal):
        return ()
    sign = -1.0 if better == "higher" else 1.0
    over = sign * (signal.values - line)
    lasts, is_gap = _lasting(signal)
    least = long_enough / timedelta(seconds=1)
    usual = float(np.median(signal.values[over <= 0])) if (over <= 0).any() else line
    found = []
    for start, stop in _runs(_held(over, _release(over), is_gap), lasts, is_gap, least):
        span, time = slice(start, stop), lasts[start:stop]
        beyond = float(time[over[span] > 0].sum())
        if beyond < least:
            continue
        share = beyond / float(time.sum())
        end = moment(signal.ts[stop - 1]) + timedelta(seconds=float(time[-1]))
        found.append(
            Exceedance(
                since=moment(signal.ts[start]),
                until=None if stop == len(signal) else end,
                before=usual,
                after=float(signal.values[start + int(np.argmax(over[span]))]),
                certainty=share,
                line=line,
                beyond=timedelta(seconds=beyond),
                share=share,
            )
        )
    return tuple(found)


def _lasting(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How long each point speaks for, in seconds, and whether a gap follows it: then it speaks for one usual step."""
    step = signal.step_s
    apart = np.diff(signal.ts).astype(np.int64) / 1e6
    is_gap = np.append(apart > GAP_STEPS * step, False)
    return np.where(is_gap, step, np.append(apart, step)), is_gap


def _release(over: NDArray[np.float64]) -> float:
    """How far back is back: the usual wobble from point to point, but never more than half way to what is usual."""
    if len(over) < 2:
        return 0.0
    wobble = WOBBLE * float(np.median(np.abs(np.diff(over))))
    usual = -float(np.median(over))
    return -min(wobble, max(usual, 0.0) / 2)


def _held(over: NDArray[np.float64], release: float, is_gap: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Beyond, or not yet back: each point between the line and the release is as the one before; none after a gap."""
    between = (over <= 0) & (over > release)
    between[0] = False
    between[1:] &= ~is_gap[:-1]
    told = np.maximum.accumulate(np.where(between, 0, np.arange(len(over))))
    return np.asarray(over[told] > 0)


def _runs(
    on: NDArray[np.bool_], lasts: NDArray[np.float64], is_gap: NDArray[np.bool_], least: float
) -> list[tuple[int, int]]:
    """Stretches [start, stop) that are on, joined where it was off for less than `least` seconds without a gap."""
    begins, ends = on.copy(), on.copy()
    begins[1:] &= ~on[:-1] | is_gap[:-1]
    ends[:-1] &= ~on[1:] | is_gap[:-1]
    starts, stops = np.flatnonzero(begins), np.flatnonzero(ends) + 1
    passed, gaps = (np.concatenate([[0.0], np.cumsum(each)]) for each in (lasts, is_gap))
    is_near = passed[starts[1:]] - passed[stops[:-1]] < least
    is_whole = gaps[starts[1:]] == gaps[stops[:-1] - 1]
    joined = is_near & is_whole
    first, last = np.ones((2, len(starts)), bool)
    first[1:], last[:-1] = ~joined, ~joined
    return list(zip(starts[first].tolist(), stops[last].tolist(), strict=True))
