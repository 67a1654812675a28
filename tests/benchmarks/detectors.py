"""The product's detectors in the form the scorers call in process (`--python`): arrays in, the command's JSON out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.burst import Burst, burst
from metrics.analysis.drift import Drift, drift
from metrics.analysis.forecast import Crossing, forecast
from metrics.analysis.shift import shifts
from metrics.analysis.signal import Signal
from metrics.analysis.spike import scores
from metrics.model import Insufficient

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


def find_shifts(
    timestamps: NDArray[np.datetime64], values: NDArray[np.float64], kind: str = "shift", limit: float | None = None
) -> Answer:
    """Both score_tcpd.py, which gives no kind, and score_injected.py."""
    found = shifts(signal(timestamps, values))
    if isinstance(found, Insufficient):
        return {"changes": []}
    return {
        "changes": [
            {"index": each.index, "timestamp": each.since.isoformat(), "before": each.before, "after": each.after}
            for each in found
        ]
    }


def score_spikes(timestamps: NDArray[np.datetime64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For score_nab.py. Rows of one time share what the last of them is given, as `metrics detect` has it."""
    times = np.asarray(timestamps).astype("datetime64[us]")
    order = np.argsort(times, kind="stable")
    is_last = np.append(np.diff(times[order]) > np.timedelta64(0), True)
    rows = order[is_last]
    found = scores(signal(times[rows], values[rows]))
    return found[np.searchsorted(times[rows], times)]


def find_burst(
    timestamps: NDArray[np.datetime64], values: NDArray[np.float64], kind: str, limit: float | None
) -> Answer:
    found = burst(signal(timestamps, values))
    if not isinstance(found, Burst):
        return {"burst": None}
    return {"burst": {"since": found.since.isoformat(), "ratio": found.ratio}}


def find_forecast(
    timestamps: NDArray[np.datetime64], values: NDArray[np.float64], kind: str, limit: float | None
) -> Answer:
    assert limit is not None
    found = forecast(signal(timestamps, values), limit)
    if not isinstance(found, Crossing):
        return dict.fromkeys(("crosses_at", "early", "late"))
    said = {"crosses_at": found.likely, "early": found.early, "late": found.late}
    return {name: at.isoformat() if at else None for name, at in said.items()}


BY_KIND = {"shift": find_shifts, "drift": find_drift, "burst": find_burst, "forecast": find_forecast}
"""For score_injected.py."""


def find(timestamps: NDArray[np.datetime64], values: NDArray[np.float64], kind: str, limit: float | None) -> Answer:
    """All of score_injected.py's kinds: `--python tests.benchmarks.detectors:find`."""
    return BY_KIND[kind](timestamps, values, kind, limit)
