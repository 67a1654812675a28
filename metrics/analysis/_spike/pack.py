"""A list of arrays as bytes and back: what a scorer remembers from one day to the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "pack", "unpack"]

Array = NDArray[np.float64] | NDArray[np.int64]


def pack(arrays: list[Array]) -> bytes:
    """Each array as its kind, its number of axes, its shape and its content, in the order of bytes of the machine."""
    parts = [np.int64(len(arrays)).tobytes()]
    for array in arrays:
        kind = 0 if array.dtype.kind == "f" else 1
        parts.append(np.array([kind, array.ndim, *array.shape], np.int64).tobytes())
        parts.append(array.tobytes())
    return b"".join(parts)


def unpack(state: bytes) -> list[Array]:
    found = list(_arrays(state))
    if not found or len(found) != int(np.frombuffer(state, np.int64, 1)[0]):
        raise ValueError(f"this is no state of a scorer: {len(state)} bytes that hold {len(found)} arrays")
    return found


def _arrays(state: bytes) -> Iterator[Array]:
    at = 8
    while at + 16 <= len(state):
        kind, axes = (int(n) for n in np.frombuffer(state, np.int64, 2, at))
        shape = tuple(int(n) for n in np.frombuffer(state, np.int64, axes, at + 16))
        size = int(np.prod(shape, dtype=np.int64))
        at += 16 + 8 * axes
        if kind == 0:
            yield np.frombuffer(state, np.float64, size, at).reshape(shape).copy()
        else:
            yield np.frombuffer(state, np.int64, size, at).reshape(shape).copy()
        at += 8 * size
