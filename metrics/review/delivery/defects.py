"""Defects by the phase in which they were found: the later one is found, the more it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from metrics.model import Service, Window
from metrics.review.delivery.trend import buckets

__all__ = ["Defects", "found"]

# The usual order of the work. A team names its phases as it likes: others stand behind these, by name.
_ORDER: Final = (
    *("requirements", "design", "review", "coding", "code", "build", "unit", "unit_test", "integration"),
    *("integration_test", "system", "system_test", "test", "qa", "uat", "acceptance", "staging", "release"),
    "production",
)


@dataclass(frozen=True, slots=True)
class Defects:
    """How many of each phase in each month; `is_whole` tells where the period cuts a month."""

    months: tuple[date, ...]
    is_whole: tuple[bool, ...]
    counts: Mapping[str, tuple[int, ...]]
    """By phase in the order of the work."""

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts.values()))


def found(frame: pd.DataFrame, window: Window, service: Service) -> Defects:
    """The frame of store.deliveries, counted. Without a phase, a defect is counted as `unknown`."""
    phases = frame["phase"].fillna("unknown")
    parts = list(buckets(window, "month", service))
    cuts = [(frame["found_at"] >= part.start) & (frame["found_at"] < part.end) for _, part, _ in parts]
    return Defects(
        tuple(day for day, _, _ in parts),
        tuple(is_whole for _, _, is_whole in parts),
        {
            phase: tuple(int((cut & (phases == phase)).sum()) for cut in cuts)
            for phase in sorted(phases.unique(), key=_place)
        },
    )


def _place(phase: str) -> tuple[int, str]:
    word = phase.casefold().replace(" ", "_").replace("-", "_")
    return (_ORDER.index(word) if word in _ORDER else len(_ORDER)), word
