"""One line's figure in a period: beside the previous one and its threshold, and what to make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from metrics.model import Indicator, Service, Threshold
from metrics.review.lines import Curve, Line, by_series, curve, figure
from metrics.review.rows import Row

__all__ = ["SIDES", "Moved", "Reading", "Side", "State", "moved_of", "read", "side_of", "threshold_of"]

# What counts as worse than before: a tenth of the earlier figure, and a whole point where it is a percentage
# (0.2 % after 0.1 % is twice as much and still nothing to talk about).
NOTABLE_SHARE = 0.10
NOTABLE_POINTS = 1.0

Side = Literal["dev", "infra"]
SIDES: tuple[Side, ...] = ("dev", "infra")
Moved = Literal["worse", "steady", "better"]
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
    def is_over(self) -> bool:
        """Whether the threshold is crossed; also one of 0, which leaves no headroom to speak of."""
        if self.now is None or self.threshold is None:
            return False
        is_higher_better = self.line.indicator.better == "higher"
        return self.now < self.threshold.value if is_higher_better else self.now > self.threshold.value

    @property
    def state(self) -> State:
        if self.now is None:
            return "silent"
        return "over" if self.is_over else self.moved

    @property
    def moved(self) -> Moved:
        """Against the previous period, whatever the threshold says."""
        return moved_of(self.line.indicator, self.now, self.before)


def moved_of(indicator: Indicator, now: float | None, before: float | None) -> Moved:
    """A figure against an earlier one of the same line: steady unless it is notable, and a way that is worse."""
    if now is None or before is None or indicator.better == "neutral" or not _is_notable(indicator, now, before):
        return "steady"
    return "worse" if (now > before) == (indicator.better == "lower") else "better"


def _is_notable(indicator: Indicator, now: float, before: float) -> bool:
    change = abs(now - before)
    is_large = change >= NOTABLE_SHARE * abs(before) if before else change > 0
    return is_large and (indicator.unit != "%" or change >= NOTABLE_POINTS)


def side_of(indicator: Indicator) -> Side:
    """Whose eyes look first: infrastructure is infra's, all else (latency, delivery, demand) is dev's."""
    return "infra" if indicator.perspective == "infra" else "dev"


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


def _badness(reading: Reading) -> tuple[float, ...]:
    headroom = reading.headroom if reading.headroom is not None else np.inf
    moved = abs(reading.share or 0.0) if reading.state == "worse" else 0.0
    return _WORST_FIRST.index(reading.state), headroom if reading.state == "over" else -moved, headroom


def _spark(drawn: Curve | None) -> tuple[float, ...]:
    return () if drawn is None else tuple(float(value) for value in drawn.values)


def _by_id(frame: pd.DataFrame) -> dict[int, Row]:
    return {int(row["series_id"]): row for row in frame.to_dict("records")}
