"""Home: how the period was for everything that is measured, worst first, and what is not measured.

Pure: frames from store.read, the service and the catalogue come in; frozen values go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import numpy as np
import pandas as pd

from metrics.model import Indicator, Service, Threshold
from metrics.review.holes import Hole, holes
from metrics.review.lines import Curve, Line, by_series, curve, figure, moved, parse_address
from metrics.review.marks import Mark, marks
from metrics.review.period import Period
from metrics.review.rows import Row

__all__ = ["SIDES", "Overview", "Panel", "Reading", "Side", "headline", "overview", "read", "side_of", "spark_step"]

# What counts as worse than before: a tenth of the earlier figure, and a whole point where it is a percentage
# (0.2 % after 0.1 % is twice as much and still nothing to talk about).
NOTABLE_SHARE = 0.10
NOTABLE_POINTS = 1.0
# A tile for each: eight fit in one row of a projector.
HEADLINES = 8
SPARK_POINTS = 28

Side = Literal["dev", "infra"]
SIDES: tuple[Side, ...] = ("dev", "infra")
State = Literal["over", "worse", "steady", "better", "silent"]
_WORST_FIRST: tuple[State, ...] = ("over", "worse", "steady", "better", "silent")


@dataclass(frozen=True, slots=True)
class Reading:
    """One line's figure in the period. None means no samples: never 0."""

    line: Line
    now: float | None
    before: float | None
    threshold: Threshold | None
    spark: tuple[float, ...] = ()

    @property
    def change(self) -> float | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def share(self) -> float | None:
        """The change against the previous figure; None where that was 0."""
        return None if self.change is None or not self.before else self.change / abs(self.before)

    @property
    def headroom(self) -> float | None:
        """What is left up to the threshold, as a share of it; below 0 it is crossed."""
        if self.now is None or self.threshold is None or self.threshold.value == 0:
            return None
        room = (self.threshold.value - self.now) / abs(self.threshold.value)
        return -room if self.line.indicator.better == "higher" else room

    @property
    def state(self) -> State:
        if self.now is None:
            return "silent"
        if self.headroom is not None and self.headroom < 0:
            return "over"
        if not self._is_notable() or self.line.indicator.better == "neutral":
            return "steady"
        rose = (self.change or 0.0) > 0
        return "worse" if rose == (self.line.indicator.better == "lower") else "better"

    def _is_notable(self) -> bool:
        if self.change is None or (self.share is None and self.change == 0):
            return False
        moved = self.share is None or abs(self.share) >= NOTABLE_SHARE
        return moved and (self.line.indicator.unit != "%" or abs(self.change) >= NOTABLE_POINTS)


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
    holes: tuple[Hole, ...]

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


def side_of(indicator: Indicator) -> Side:
    """Whose eyes look first: infrastructure is infra's, all else (latency, delivery, demand) is dev's."""
    return "infra" if indicator.perspective == "infra" else "dev"


def spark_step(period: Period) -> timedelta:
    """A step that whole hours make up, so that the roll-ups answer for every line at once."""
    return max(period.step(SPARK_POINTS), timedelta(hours=1))


def read(
    chosen: Sequence[Line],
    service: Service,
    now: pd.DataFrame,
    before: pd.DataFrame,
    sparks: pd.DataFrame,
) -> tuple[Reading, ...]:
    """Every line's reading, worst first: over, then worse, by how much; then by how little headroom is left."""
    figures, earlier = _by_id(now), _by_id(before)
    drawn = by_series(sparks)
    readings = (
        Reading(
            line=line,
            now=figure(line, figures),
            before=figure(line, earlier),
            threshold=threshold_of(line, service),
            spark=_spark(curve(line, drawn)),
        )
        for line in chosen
    )
    return tuple(sorted(readings, key=_badness))


def threshold_of(line: Line, service: Service) -> Threshold | None:
    """The component's own threshold, else the catalogue's; a part is held to its component's."""
    name = line.indicator.name
    component = next((each for each in service.components if each.name == line.component), None)
    own = next((each for each in component.thresholds if each.indicator == name), None) if component else None
    if own is None and line.indicator.threshold is not None:
        return Threshold(name, line.indicator.threshold, line.indicator.threshold_source or "catalog.yaml")
    return own


def headline(known: Sequence[Line], service: Service, indicators: Mapping[str, Indicator]) -> tuple[Line, ...]:
    """What both teams follow: as the service says, else half of it from each side, one line an indicator."""
    by_address = {line.address: line for line in known}
    named = [by_address.get(_canonical(address, indicators)) for address in service.headline]
    told = [line for line in named if line is not None][:HEADLINES]
    if told:
        return tuple(sorted(told, key=lambda line: SIDES.index(side_of(line.indicator))))
    halves = {side: _first_of_each(known, side, indicators) for side in SIDES}
    short = min(SIDES, key=lambda side: len(halves[side]))
    rest = HEADLINES - min(len(halves[short]), HEADLINES // 2)
    return tuple(line for side in SIDES for line in halves[side][: HEADLINES // 2 if side == short else rest])


def overview(
    *,
    period: Period,
    service: Service,
    indicators: Mapping[str, Indicator],
    needs: Mapping[str, Sequence[Indicator]],
    known: Sequence[Line],
    readings: Sequence[Reading],
    curves: tuple[pd.DataFrame, pd.DataFrame],
    step: timedelta,
    events: pd.DataFrame,
    coverage: pd.DataFrame,
) -> Overview:
    """Everything on Home. `curves` are the headline's buckets in the period and in the previous one."""
    by_address = {reading.line.address: reading for reading in readings}
    now, before = (by_series(frame) for frame in curves)
    shift = period.window.start - period.previous.start
    panels = tuple(
        Panel(by_address[line.address], curve(line, now), moved(curve(line, before), shift), step)
        for line in headline(known, service, indicators)
    )
    return Overview(
        period=period,
        readings=tuple(readings),
        panels=panels,
        marks=marks(events, period.window, service),
        holes=holes(service, needs, known, coverage, period.window),
    )


def _canonical(address: str, indicators: Mapping[str, Indicator]) -> str:
    component, part, name = parse_address(address)
    found = next((each.name for each in indicators.values() if name == each.name or name in each.aliases), name)
    return "/".join(each for each in (component, part, found) if each is not None)


def _first_of_each(known: Sequence[Line], side: Side, indicators: Mapping[str, Indicator]) -> list[Line]:
    """One line an indicator in the catalogue's order, each from another component while there are any."""
    chosen: list[Line] = []
    for name, indicator in indicators.items():
        fitting = [e for e in known if e.indicator.name == name and side_of(indicator) == side]
        used = {line.component for line in chosen}
        best = min(fitting, key=lambda e: (e.part is not None, e.component in used), default=None)
        if best is not None and indicator.better != "neutral":
            chosen.append(best)
    return chosen


def _badness(reading: Reading) -> tuple[float, ...]:
    headroom = reading.headroom if reading.headroom is not None else np.inf
    moved = abs(reading.share or 0.0) if reading.state == "worse" else 0.0
    return _WORST_FIRST.index(reading.state), headroom if reading.state == "over" else -moved, headroom


def _spark(drawn: Curve | None) -> tuple[float, ...]:
    return () if drawn is None else tuple(float(value) for value in drawn.values)


def _by_id(frame: pd.DataFrame) -> dict[int, Row]:
    return {int(row["series_id"]): row for row in frame.to_dict("records")}
