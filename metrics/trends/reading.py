"""Lines as the detectors want them: one signal each, gathered into steps of the service's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from metrics import catalog
from metrics.analysis.signal import Signal
from metrics.model import Service, Window
from metrics.review.lines import Buckets, Curve, Line, by_series, curve, family, lines, whole_steps
from metrics.store import read

__all__ = ["signals", "watched"]

# A ratio is watched where it is of so many: one error then is 0.2 per cent.
ENOUGH = 500
# A duration's percentiles tell the same story: of several the first of these is watched.
PERCENTILES = ("p95", "p99", "p50")


def watched(db: read.Reader, service: str, kinds: Mapping[str, str]) -> tuple[Line, ...]:
    """Every line of a service, of a duration's percentiles one."""
    every = lines(read.series(db, service), catalog.load().indicators, kinds)
    best: dict[tuple[str, str | None, str], Line] = {}
    for line in every:
        key = (line.component, line.part, family(line))
        rival = best.get(key)
        if rival is None or _rank(line) < _rank(rival):
            best[key] = line
    return tuple(line for line in every if best[line.component, line.part, family(line)] is line)


def signals(
    db: read.Reader, chosen: Sequence[Line], window: Window, step: timedelta, service: Service
) -> dict[str, Signal]:
    """By address, the lines that have samples in the window. Steps at its edges that are not full are left out."""
    used = sorted({number for line in chosen for number in line.reads})
    buckets = by_series(read.buckets(db, used, window, step, service.time_zone))
    found = {}
    for line in chosen:
        drawn = whole_steps(line, curve(line, buckets), window, step)
        if drawn is None:
            continue
        there = np.isfinite(drawn.values) & _counted(line, drawn, buckets)
        if there.any():
            found[line.address] = Signal(drawn.ts[there], drawn.values[there], service.time_zone)
    return found


def _counted(line: Line, drawn: Curve, buckets: Mapping[int, Buckets]) -> NDArray[np.bool_]:
    """Whether a ratio is one of enough: of fewer, one error is a jump."""
    if not line.is_ratio:
        return np.ones(len(drawn.ts), bool)
    below = next(buckets[number] for number in (line.ids[1], *line.coarser[1]) if number in buckets)
    _, mine, theirs = np.intersect1d(drawn.ts, below.ts, assume_unique=True, return_indices=True)
    enough = np.zeros(len(drawn.ts), bool)
    enough[mine] = below.total[theirs] >= ENOUGH
    return enough


def _rank(line: Line) -> int:
    stat = line.indicator.stat
    return PERCENTILES.index(stat) if stat in PERCENTILES else 0
