"""Seeded series whose answer is known. Each function returns a signal, or the signal and what should be found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.signal import Signal

Floats = NDArray[np.float64]

MONDAY = np.datetime64("2026-06-01T00:00:00", "us")


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def times(days: float, step_s: int = 300, start: np.datetime64 = MONDAY) -> NDArray[np.datetime64]:
    """From a Monday midnight on, unless `start` says otherwise."""
    return start + np.arange(int(days * 86_400 / step_s)) * np.timedelta64(step_s, "s")


def since_start(ts: NDArray[np.datetime64]) -> Floats:
    """Days since the first of the times."""
    return np.asarray((ts - ts[0]) / np.timedelta64(1, "D"), dtype=np.float64)


def office(days: float, step_s: int = 300, seed: int = 0, noise: float = 5.0) -> Signal:
    """100, 40 higher at noon and lower at midnight, with noise: nothing to find."""
    ts = times(days, step_s)
    wave = 100 - 40 * np.cos(2 * np.pi * since_start(ts))
    return Signal(ts, wave + generator(seed).normal(0, noise, len(ts)))


def plus(signal: Signal, more: Floats | float) -> Signal:
    return Signal(signal.ts, signal.values + more, signal.zone)


def bend(signal: Signal, at_day: float, per_day: float) -> Floats:
    """0 until that day, then a straight line."""
    return per_day * np.maximum(since_start(signal.ts) - at_day, 0.0)


def step(signal: Signal, at_day: float, size: float) -> Floats:
    return size * (since_start(signal.ts) >= at_day)


def wandering(signal: Signal, memory: float, spread: float, seed: int) -> Floats:
    """A level for each day that remembers the one before, and goes nowhere in the long run."""
    day = signal.day - signal.day[0]
    new = generator(seed).normal(0, 1, int(day[-1]) + 1)
    level = new.copy()
    for i in range(1, len(level)):
        level[i] = memory * level[i - 1] + np.sqrt(1 - memory**2) * new[i]
    return np.asarray(spread * level[day], dtype=np.float64)


def jumps(signal: Signal, at_days: Floats, size: float) -> Floats:
    """One point high at each of these days, counted from the first point."""
    out = np.zeros(len(signal))
    out[np.searchsorted(since_start(signal.ts), at_days).clip(max=len(signal) - 1)] = size
    return out
