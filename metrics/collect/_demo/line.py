"""One line of the demo: what it measures, how its samples are made, and since when anybody collected it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from metrics.collect._demo.calendar import Instants
from metrics.collect._demo.signals import Floats

__all__ = ["DAY", "HOUR", "RUN", "STEP_S", "Line", "Samples", "at_unix", "nothing"]

STEP_S, HOUR, DAY, RUN = 300, 3600, 86400, 0

Samples = tuple[Instants, Floats]


@dataclass(frozen=True)
class Line:
    """`samples` is called only when somebody asks; an `unanswered` line is asked for and never comes."""

    component: str
    indicator: str
    samples: Callable[[], Samples]
    part: str | None = None
    period_s: int = STEP_S
    since: datetime | None = None
    before: str = ""
    """Why there is nothing before `since`."""
    unanswered: str = ""
    settles: timedelta = timedelta(0)
    """How long a sample stays incomplete: counts arrive late and are corrected when asked again."""


def nothing() -> Samples:
    """Of a line that is asked for and never comes."""
    return at_unix(np.empty(0)), np.empty(0)


def at_unix(unix: Floats) -> Instants:
    return np.round(unix * 1_000_000).astype("int64").view("datetime64[us]")
