"""What detecting takes on one core: 1,000 series of 10,000 points from nothing, and one more day of each.

Time of the processor, since other work on the machine is none of ours.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import numpy as np

from metrics.analysis.burst import burst
from metrics.analysis.drift import drift
from metrics.analysis.forecast import forecast
from metrics.analysis.shift import shifts
from metrics.analysis.signal import Signal
from metrics.analysis.silence import lapses
from metrics.analysis.spike import Scorer
from metrics.analysis.threshold import exceedances
from tests.benchmarks.detect_row import Row

SERIES, POINTS, DAY = 1_000, 10_000, 288
START = np.datetime64("2026-01-01T00:00", "us")
LIMIT, LINE = 120.0, 100.0


def rows() -> list[Row]:
    """Spikes are scored as points come, from what the scorer remembers; everything else is seen anew."""
    drawn = [_series(seed) for seed in range(SERIES)]
    _scored(drawn[0]), _others(drawn[0].cut(slice(0, POINTS)))
    began = time.process_time()
    states = [_scored(each.cut(slice(0, POINTS))) for each in drawn]
    spikes = time.process_time() - began
    for each in drawn:
        _others(each.cut(slice(0, POINTS)))
    whole = time.process_time() - began
    began = time.process_time()
    for each, state in zip(drawn, states, strict=True):
        Scorer.from_state(state).feed(each.cut(slice(POINTS, POINTS + DAY)))
        _others(_hourly(each.cut(slice(DAY, POINTS + DAY))))
    more = time.process_time() - began
    return [
        Row("speed", "1,000 series x 10,000 points, seconds", "<= 60", whole, f"{spikes:.0f} s of them for spikes"),
        Row("speed", "one more day of each, the others on hours, seconds", "<= 5", more, ""),
    ]


def _series(seed: int) -> Signal:
    rng = np.random.Generator(np.random.PCG64(seed))
    ts = START + np.arange(POINTS + DAY) * np.timedelta64(300, "s")
    day = np.arange(POINTS + DAY) / DAY
    usual = 60 + rng.uniform(0, 20) * np.sin(2 * np.pi * day) + rng.normal(0, 0.3) * day
    spikes = rng.standard_exponential(len(ts)) * (rng.random(len(ts)) < 0.001) * 20
    return Signal(ts, usual + rng.normal(0, rng.uniform(0.5, 5), len(ts)) + spikes)


def _scored(signal: Signal) -> bytes:
    scorer = Scorer(signal.step_s, signal.zone)
    scorer.feed(signal)
    return scorer.state()


def _others(signal: Signal) -> None:
    until = datetime.fromtimestamp(signal.ts[-1].astype(np.int64) / 1e6, UTC) + timedelta(minutes=5)
    shifts(signal), drift(signal), burst(signal)
    forecast(signal, LIMIT), lapses(signal, until), exceedances(signal, LINE, better="lower")


def _hourly(signal: Signal) -> Signal:
    """The means of the hours, as they are kept beside the samples."""
    first = np.flatnonzero(np.diff(signal.local_s // 3600, prepend=-1))
    counts = np.diff(first, append=len(signal))
    return Signal(signal.ts[first], np.add.reduceat(signal.values, first) / counts, signal.zone)
