"""The product's detectors in the form the scorers call in process (`--python`): arrays in, the command's JSON out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.drift import Drift, drift
from metrics.analysis.signal import Signal

Answer = dict[str, Any]


def signal(timestamps: NDArray[np.datetime64], values: NDArray[np.float64]) -> Signal:
    return Signal(np.asarray(timestamps).astype("datetime64[us]"), np.asarray(values, dtype=np.float64))


def find_drift(
    timestamps: NDArray[np.datetime64], values: NDArray[np.float64], kind: str, limit: float | None
) -> Answer:
    found = drift(signal(timestamps, values))
    if not isinstance(found, Drift):
        return {"drift": None}
    return {"drift": {"per_day": found.per_day, "total": found.total, "since": found.since.isoformat()}}
