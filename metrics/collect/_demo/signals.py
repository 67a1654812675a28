"""Randomness and noise: seeded by name, with memory, and the same for every window that is asked.

Each line has its own generator, keyed by the seed and the line's name, so that adding a line changes no other.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "blips", "generator", "noise", "pick", "ramp", "smooth"]

Floats = NDArray[np.float64]


def generator(seed: int, *names: object) -> np.random.Generator:
    """The random numbers that belong to these names, whatever else was drawn before."""
    text = "/".join(str(part) for part in (seed, *names))
    return np.random.Generator(np.random.Philox(key=int.from_bytes(blake2b(text.encode(), digest_size=16).digest())))


def pick(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


@lru_cache(maxsize=16)
def _response(n: int, memory: float) -> NDArray[np.complex128]:
    """The spectrum of x[t] = phi x[t-1] + e[t] with unit variance, phi = exp(-1/memory)."""
    phi = np.exp(-1.0 / memory)
    angle = 2j * np.pi * np.fft.rfftfreq(n)
    response: NDArray[np.complex128] = np.sqrt(1 - phi * phi) / (1 - phi * np.exp(-angle))
    return response


def noise(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """AR(1) noise of unit variance that forgets within about `memory` samples; one FFT instead of a loop."""
    if n < 2 or memory <= 0:
        return rng.standard_normal(n)
    spectrum = np.fft.rfft(rng.standard_normal(n)) * _response(n, memory)
    wave: Floats = np.fft.irfft(spectrum, n)
    return wave


def blips(rng: np.random.Generator, n: int, every: float, size: float) -> Floats:
    """Rare single spikes with a short tail: one in `every` samples on average, exponential in size."""
    hits = (rng.random(n) < 1.0 / every) * rng.exponential(size, n)
    tail = np.concatenate(([0.0], hits[:-1]))
    return hits + 0.4 * tail


def smooth(values: Floats, width: int) -> Floats:
    """A centred moving mean, so that no profile has corners."""
    padded = np.pad(values, width, mode="edge")
    kernel = np.ones(2 * width + 1) / (2 * width + 1)
    return np.convolve(padded, kernel, mode="valid")


def ramp(times: Floats, since: float, until: float) -> Floats:
    """0 before `since`, 1 from `until` on, straight in between."""
    return np.clip((times - since) / (until - since), 0.0, 1.0)
