"""What every detector answers in: how big, since when, how sure. Each kind adds the numbers that draw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from metrics.model import Direction

__all__ = ["Detection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One thing found in one series. Values are in the series' unit.

    `until` is None while it lasts. `certainty` is from 0 to 1 and means the same for every kind: how many findings of
    this strength are no accident, as measured on signals whose answer is known (docs/detection.md).
    """

    since: datetime
    until: datetime | None = None
    before: float
    """What was usual."""
    after: float
    """What it is, or was at its worst, instead."""
    certainty: float

    @property
    def size(self) -> float:
        return self.after - self.before

    @property
    def per_cent(self) -> float | None:
        """The size by what was usual; None where that was nothing, since nothing has no per cent."""
        return 100 * self.size / abs(self.before) if self.before else None

    def is_worse(self, better: Direction) -> bool | None:
        """None where neither way is better."""
        if better == "neutral" or not self.size:
            return None
        return (self.size > 0) == (better == "lower")
