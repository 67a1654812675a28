"""A series stopped, lost a stretch, or has one twice, told from its own usual rhythm.

Each hour of the week has had points in so many of the weeks seen. A stretch without any is as surprising as it was
unlikely, hour by hour, to be empty: for a series that comes every minute three hours are much, for one of office
hours a night is nothing, and for counts that come now and then it takes days. Where stretches come in bunches, so
that longer ones than chance would give are usual, surprise counts for as much less.

Limitations: a holiday of a series of office hours is a silence. A source that is looked at hours before its points
arrive seems silent. Doubled samples are told only for single days of a series whose days all have as many points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import exp, log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.detection import Detection
from metrics.analysis.signal import DAY_S, Signal, moment
from metrics.model import Insufficient

__all__ = ["Silence", "lapses"]

Floats = NDArray[np.float64]

# Twice each hour of the week: once could be the exception.
FEWEST_DAYS = 14
# A season of weeks: what was usual before may not be so any more.
MOST_DAYS = 91
WEEK_S = 7 * DAY_S
# What a week can be cut into without a rest, from an hour on.
SLOTS_S = tuple(3_600 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24, 168))
# One in a thousand: of a thousand series that are looked at once a week, one a week is silent by chance.
SURPRISE = log(1_000)
# So many empty stretches are needed to say that they come in bunches; fewer may each be a fault of its own.
FEWEST_STRETCHES = 10
# The 90 % point of an exponential distribution, which the surprise of stretches has that come by chance.
BY_CHANCE = log(10)
# What two of 24 hours make: days that differ by less are alike, also where the clock changes or some points are late.
REGULAR = 1 / 12
DOUBLED = (2 - REGULAR, 2 + REGULAR)
# Below one an hour a day has as many points as things happen, and twice as many are no fault.
FEWEST_POINTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Detection):
    """`before` is how many points were to be expected from `since` to `until` (or now), `after` how many there are.

    `since` is the last point before a silence, `until` the first after it. `certainty` is 1 less the chance of so
    long a stretch without a fault; of a doubled day it is Laplace's rule of succession for the days that were not.
    """

    kind: Literal["stopped", "lost", "doubled"]


def lapses(signal: Signal, until: datetime) -> tuple[Silence, ...] | Insufficient:
    """All silences and doubled days of the last 13 weeks, oldest first; the last may be going on."""
    span = int(signal.local_s[-1] - signal.local_s[0] + signal.step_s) // DAY_S if len(signal) else 0
    if span < FEWEST_DAYS:
        return Insufficient(FEWEST_DAYS, span)
    recent = signal.cut(signal.local_s > signal.local_s[-1] - MOST_DAYS * DAY_S)
    return tuple(sorted((*_stretches(recent, until), *_doubled(recent)), key=lambda each: each.since))


def _stretches(signal: Signal, until: datetime) -> list[Silence]:
    slot_s = next((each for each in SLOTS_S if each >= signal.step_s), WEEK_S)
    slots, week = signal.local_s // slot_s, WEEK_S // slot_s
    # What is under way may still get its point.
    now = max(_local_s(until, signal.zone) // slot_s, int(slots[-1]) + 1)
    places = np.arange(slots[0], now) % week
    last = np.append(np.flatnonzero(np.diff(slots)), len(slots) - 1)
    begins, ends = slots[last] + 1 - slots[0], np.append(slots[last[1:]], now) - slots[0]
    passed = np.concatenate([[0.0], np.cumsum(_surprise(slots, week)[places])])
    surprise = passed[ends] - passed[begins]
    bar = SURPRISE * _bunching(surprise[:-1])
    found = np.flatnonzero(surprise >= bar)
    is_lost = np.zeros(len(places), bool)
    for start, stop in zip(begins[found], ends[found], strict=True):
        is_lost[start:stop] = True
    # How many points are usual: in the weeks in which they were not lost.
    weeks = np.bincount(places[~is_lost], minlength=week)
    usual = np.bincount(slots % week, minlength=week) / np.maximum(weeks, 1)
    return [
        Silence(
            since=moment(signal.ts[last[n]]),
            until=None if n == len(last) - 1 else moment(signal.ts[last[n] + 1]),
            before=float(usual[places[begins[n] : ends[n]]].sum()),
            after=0.0,
            certainty=1 - exp(-float(surprise[n]) * SURPRISE / bar),
            kind="stopped" if n == len(last) - 1 else "lost",
        )
        for n in found.tolist()
    ]


def _surprise(slots: NDArray[np.int64], week: int) -> Floats:
    """For each place in the week, how surprising it is that it is empty, as the logarithm of its chance.

    Half a week with and half a week without are added to those seen (Jeffreys' prior): a few weeks don't tell always.
    A place that never had a point does not miss one.
    """
    weeks = np.bincount(np.arange(slots[0], slots[-1] + 1) % week, minlength=week)
    filled = np.bincount(np.unique(slots) % week, minlength=week)
    return np.where(filled > 0, -np.log1p(-(filled + 0.5) / (weeks + 1)), 0.0)


def _bunching(surprise: Floats) -> float:
    """How many times as surprising as by chance the usual empty stretches are, at least 1."""
    empty = surprise[surprise > 0]
    if len(empty) < FEWEST_STRETCHES:
        return 1.0
    return max(1.0, float(np.quantile(empty, 0.9)) / BY_CHANCE)


def _local_s(at: datetime, zone: str) -> int:
    ts = np.array([at.timestamp() * 1e6], dtype=np.int64).astype("datetime64[us]")
    return int(Signal(ts, np.zeros(1), zone).local_s[0])


def _doubled(signal: Signal) -> list[Silence]:
    """Single days with twice the points of all others; a step that stays finer is the source's, and no fault."""
    _, first, counts = np.unique(signal.day, return_index=True, return_counts=True)
    usual = float(np.median(counts))
    is_twice = (counts >= DOUBLED[0] * usual) & (counts <= DOUBLED[1] * usual)
    is_usual = np.abs(counts - usual) <= REGULAR * usual
    alone = np.flatnonzero(is_twice[1:-1] & is_usual[:-2] & is_usual[2:]) + 1
    # The first and the last day may be cut.
    others = is_usual[1:-1][~is_twice[1:-1]]
    if usual < FEWEST_POINTS or not others.size or others.mean() < 1 - REGULAR:
        return []
    return [
        Silence(
            since=moment(signal.ts[first[n]]),
            until=moment(signal.ts[first[n + 1]]),
            before=usual,
            after=float(counts[n]),
            certainty=1 - 1 / (len(others) + 2),
            kind="doubled",
        )
        for n in alone.tolist()
    ]
