"""A drill-down: what there is to know about one trouble, read from the store in one consistent state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from metrics.model import Window
from metrics.review.lines import Curve, Line
from metrics.review.marks import Mark
from metrics.review.moved import Moved
from metrics.review.suspects.suspect import Suspicion
from metrics.review.suspects.trouble import Trouble

__all__ = ["Drill", "Endpoint", "Lane"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint before and during. Counts are per hour, so that lengths don't matter."""

    component: str
    part: str
    before: float
    """What is usual at this time of day and week."""
    during: float
    share: float
    """Of all that is too much, from 0 to 1; 0 where it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """A line drawn as a lane, such as a component's log errors."""

    line: Line
    curve: Curve


@dataclass(frozen=True, slots=True, eq=False)
class Drill:
    """`window` is the one that is drilled into; `baseline` is four times as long and ends where it begins."""

    trouble: Trouble
    window: Window
    baseline: Window
    step: timedelta
    """Of every curve here."""
    suspicion: Suspicion
    moved: tuple[Moved, ...]
    """What moved most first; lines of the trouble itself are among them."""
    endpoints: tuple[Endpoint, ...]
    """Whose share is greatest first."""
    errors: tuple[Lane, ...]
    """Log errors over baseline and window."""
    marks: tuple[Mark, ...]
    """What happened over baseline and window: deployments, runs, alerts, incidents."""
