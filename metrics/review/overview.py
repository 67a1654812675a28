"""Home: how the period was for everything that is measured, worst first, and what is not measured.

Pure: frames from store.read, the service and the catalogue come in; frozen values go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from metrics.model import Service
from metrics.review.coverage import Cell
from metrics.review.lines import Curve, Line, by_series, curve, moved, whole_steps
from metrics.review.marks import Mark, marks
from metrics.review.period import Period
from metrics.review.reading import SIDES, Reading, State, side_of

__all__ = ["Overview", "Panel", "overview", "spark_step"]

# Enough to see a shape in a table cell.
SPARK_POINTS = 28


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One small chart: the line now and, moved onto the same time axis, in the previous period."""

    reading: Reading
    now: Curve | None
    before: Curve | None
    step: timedelta


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    period: Period
    readings: tuple[Reading, ...]
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...]
    holes: tuple[Cell, ...] = ()
    """What is needed and not there, as the Coverage page has it."""

    def count(self, state: State) -> int:
        return sum(reading.state == state for reading in self.readings)

    def seen_by(self, side: str) -> Overview:
        """The same through one team's eyes; any other name leaves all of it."""
        if side not in SIDES:
            return self
        return replace(
            self,
            readings=tuple(each for each in self.readings if side_of(each.line.indicator) == side),
            panels=tuple(each for each in self.panels if side_of(each.reading.line.indicator) == side),
            holes=tuple(each for each in self.holes if side_of(each.indicator) == side),
        )

    def lacking(self, holes: Sequence[Cell]) -> Overview:
        """With these holes, whatever its period: what is not collected now hides what happens now."""
        return replace(self, holes=tuple(holes))


def spark_step(period: Period) -> timedelta:
    """A step that whole hours make up, so that the roll-ups answer for every line at once."""
    return max(period.step(SPARK_POINTS), timedelta(hours=1))


def overview(
    *,
    period: Period,
    service: Service,
    leading: Sequence[Line],
    readings: Sequence[Reading],
    curves: tuple[pd.DataFrame, pd.DataFrame],
    step: timedelta,
    events: pd.DataFrame,
) -> Overview:
    """Everything on Home. `curves` are the headline's buckets in the period and in the previous one."""
    by_address = {reading.line.address: reading for reading in readings}
    now, before = (by_series(frame) for frame in curves)
    shift = period.window.start - period.previous.start
    panels = tuple(
        Panel(
            by_address[line.address],
            whole_steps(line, curve(line, now), period.window, step),
            moved(whole_steps(line, curve(line, before), period.previous, step), shift),
            step,
        )
        for line in leading
    )
    return Overview(
        period=period,
        readings=tuple(readings),
        panels=panels,
        marks=marks(events, period.window, service),
    )
