"""What users feel: the latency and error lines with a threshold, and when they were beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from metrics.analysis.signal import Signal
from metrics.analysis.threshold import exceedances
from metrics.model import Service
from metrics.review.lines import Line, family
from metrics.review.reading import threshold_of
from metrics.review.spans import Span

__all__ = ["FAMILIES", "Felt", "felt", "felt_lines"]

FAMILIES = ("http.server.request.duration", "http.server.error_rate", "faas.duration", "faas.error_rate")
# A line that is beyond its threshold for more of the time says nothing about a single alert: something always fires.
MOST = 0.10
# After so long without a point nobody knows how it was.
GAP = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Felt:
    """One line that users feel: when it was beyond its threshold, and for which times that is known."""

    address: str
    beyond: tuple[Span, ...]
    known: tuple[Span, ...]

    @property
    def tells(self) -> bool:
        """Whether it is beyond rarely enough to say something about an alert."""
        known = sum((end - start for start, end in self.known), timedelta(0))
        return sum((end - start for start, end in self.beyond), timedelta(0)) <= MOST * known


def felt_lines(lines: Sequence[Line], service: Service) -> tuple[Line, ...]:
    """The headline's first, then by component: as a whole, or its parts where only they are known."""
    mine = [line for line in lines if family(line) in FAMILIES and threshold_of(line, service) is not None]
    whole = {(line.component, family(line)) for line in mine if line.part is None}
    chosen = [line for line in mine if line.part is None or (line.component, family(line)) not in whole]
    leading = {name: place for place, name in enumerate(service.headline)}
    named = {line.address: _place(line, leading) for line in chosen}
    return tuple(sorted(chosen, key=lambda line: (named[line.address], FAMILIES.index(family(line)), line.address)))


def _place(line: Line, leading: dict[str, int]) -> int:
    """Where the service's headline names it, by any of its names."""
    names = (line.indicator.name, *line.indicator.aliases)
    told = [line.address.removesuffix(line.indicator.name) + name for name in names]
    return min((leading[name] for name in told if name in leading), default=len(leading))


def felt(line: Line, signal: Signal, service: Service) -> Felt | None:
    """When one line was beyond its threshold for a quarter of an hour or longer."""
    threshold = threshold_of(line, service)
    if threshold is None or not len(signal):
        return None
    found = exceedances(signal, threshold.value, better=line.indicator.better)
    known = _known(signal)
    return Felt(line.address, tuple((each.since, each.until or known[-1][1]) for each in found), known)


def _known(signal: Signal) -> tuple[Span, ...]:
    step = np.timedelta64(round(signal.step_s or 60), "s")
    cuts = np.flatnonzero(np.diff(signal.ts) > np.timedelta64(GAP)) + 1
    firsts, lasts = signal.ts[np.r_[0, cuts]], signal.ts[np.r_[cuts - 1, len(signal.ts) - 1]] + step
    starts, ends = (pd.DatetimeIndex(each).tz_localize("UTC").to_pydatetime() for each in (firsts, lasts))
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))
