"""How a file is to be understood: which column is what, whose rows they are, their zone and their unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, field_validator, model_validator

from metrics.catalog import UNITS, load, parse_quantity
from metrics.collect.names import ComponentName, ServiceName
from metrics.errors import TomoniError
from metrics.model import Unit
from metrics.store.bulk import IndicatorRef, Spec
from metrics.store.event_files import KINDS

__all__ = ["COLUMNS", "Content", "Layout"]

Content = Literal["samples", "deployments", "incidents", "changes", "alerts", "batch_runs", "builds", "defects"]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "samples": ("timestamp", "component", "indicator", "value", "part"),
    **{name: kind.columns for name, kind in KINDS.items()},
}
"""Our columns of each kind of file."""


class Layout(BaseModel, frozen=True, extra="forbid", populate_by_name=True):
    """What a file's own columns don't say."""

    content: Content = Field(default="samples", alias="as")
    """What its rows are."""
    service: ServiceName = "default"
    component: ComponentName | None = None
    """Whose rows they are, where the file has no such column."""
    indicator: str | None = None
    """What they measure, where the file has no such column; a name or a short name of the catalogue."""
    part: str | None = None
    columns: Mapping[str, str] = {}
    """Our column name: the file's, where they differ."""
    time_zone: str = "UTC"
    """What times without an offset are in."""
    unit: str | None = None
    """What its values are in, such as ms or MiB; canonical units when absent."""

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"there is no time zone {zone!r}; use an IANA name such as Asia/Tokyo")
        return zone

    @field_validator("indicator")
    @classmethod
    def _indicator_exists(cls, name: str | None) -> str | None:
        if name is not None:
            _mended(lambda: load().get(name))
        return name

    @model_validator(mode="after")
    def _agrees(self) -> Layout:
        ours = COLUMNS[self.content]
        if unknown := sorted(set(self.columns) - set(ours)):
            raise ValueError(f"{self.content} have no column {unknown[0]!r}; use {', '.join(ours)}")
        if self.unit is not None and self.indicator is not None:
            canonical = load().get(self.indicator).unit
            if _factor(self.unit, canonical) is None:
                valid = ", ".join(name for name in UNITS[canonical] if name)
                raise ValueError(f"unit {self.unit!r} does not fit {self.indicator}; use one of {valid}")
        return self

    def spec(self, file_format: str, source: str) -> Spec:
        """How the store reads samples of this layout."""
        indicators = load().indicators.values()
        accepted = {
            spelling: IndicatorRef(each.name, each.stat, each.unit)
            for each in indicators
            for spelling in (each.name, *each.aliases)
        }
        return Spec(
            format=file_format,
            kind=self.content,
            source=source,
            service=self.service,
            component=self.component,
            indicator=self.indicator,
            part=self.part,
            columns=self.columns,
            time_zone=self.time_zone,
            indicators=accepted,
            scale=self._scale(),
        )

    def _scale(self) -> dict[str, float]:
        """Factors to canonical units, for the indicators that are measured in this kind of unit."""
        if self.unit is None:
            return {}
        return {
            each.name: factor
            for each in load().indicators.values()
            if (factor := _factor(self.unit, each.unit)) is not None
        }


def _factor(unit: str, canonical: Unit) -> float | None:
    try:
        return parse_quantity(f"1 {unit}", canonical)
    except TomoniError:
        return None


def _mended(attempt: Callable[[], object]) -> None:
    """Our errors as pydantic wants them, so that a refusal can name the key."""
    try:
        attempt()
    except TomoniError as error:
        raise ValueError(str(error)) from error
