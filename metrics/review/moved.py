"""What else moved: every line by how differently it behaves in a window than in a baseline directly before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metrics.review.lines import Curve, Line

__all__ = ["Moved"]


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One line, then and now. `before` and `now` are what it was like at its middle, in its unit."""

    line: Line
    before: float
    now: float
    score: float
    """From 0 to 1: 0 where it behaves as before, 1 where no value of the window was seen before."""
    direction: Literal["up", "down"]
    curve: Curve
    """Over baseline and window."""
