"""What can be measured: catalog.yaml, checked and looked up by name or alias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import yaml
from pydantic import BaseModel, model_validator

from metrics.errors import InputError
from metrics.faults import near
from metrics.model import Direction, Indicator, Perspective, Rollup, Unit
from metrics.quantity import UNITS, parse_quantity

__all__ = ["UNITS", "Catalog", "load", "parse_quantity", "parsed"]


class _Entry(BaseModel, frozen=True, extra="forbid"):
    title: str
    title_ja: str
    unit: Unit
    better: Direction
    perspective: Perspective
    rollup: Rollup
    stat: Literal["mean", "max", "min", "sum", "last", "p50", "p95", "p99"]
    numerator: str | None = None
    denominator: str | None = None
    kinds: tuple[str, ...] = ()
    otel: str | None = None
    aliases: tuple[str, ...] = ()
    threshold: float | None = None
    threshold_source: str | None = None
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> _Entry:
        if (self.rollup == "ratio") != (self.numerator is not None and self.denominator is not None):
            raise ValueError("a ratio, and nothing else, names a numerator and a denominator")
        if (self.threshold is None) != (self.threshold_source is None):
            raise ValueError("a default threshold names its source")
        return self


class _File(BaseModel, frozen=True, extra="forbid"):
    kinds: tuple[str, ...]
    indicators: dict[str, _Entry]

    @model_validator(mode="after")
    def _consistent(self) -> _File:
        names = [*self.indicators, *(alias for entry in self.indicators.values() for alias in entry.aliases)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{twice[0]} names two indicators")
        for name, entry in self.indicators.items():
            for part in (entry.numerator, entry.denominator):
                if part is not None and part not in self.indicators:
                    raise ValueError(f"{name} is a ratio of {part}, which is no indicator")
            if unknown := set(entry.kinds) - set(self.kinds):
                raise ValueError(f"{name} is needed by {min(unknown)}, which is no kind")
        return self


@dataclass(frozen=True, slots=True)
class Catalog:
    """All indicators by name, in the order in which pages offer them, and the kinds of component."""

    indicators: Mapping[str, Indicator]
    kinds: tuple[str, ...]
    _names: Mapping[str, str]

    def get(self, name: str) -> Indicator:
        """The indicator of a name or alias. Raises InputError with the nearest names for any other."""
        if name not in self._names:
            likely = near(name, self._names)
            hint = f"did you mean {' or '.join(likely)}?" if likely else "see docs/metrics.md for all of them."
            raise InputError(f"indicator {name!r} is not in the catalogue; {hint}")
        return self.indicators[self._names[name]]

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @property
    def spellings(self) -> Mapping[str, str]:
        """Every accepted name -> the indicator's own."""
        return self._names

    def needed_by(self, kind: str) -> tuple[Indicator, ...]:
        """What a component of this kind should have."""
        return tuple(indicator for indicator in self.indicators.values() if kind in indicator.kinds)


@cache
def load() -> Catalog:
    """The catalogue that comes with this version."""
    return parsed(files("metrics").joinpath("catalog.yaml").read_text(encoding="utf-8"))


def parsed(text: str) -> Catalog:
    """A catalogue as catalog.yaml writes it. Raises pydantic's ValidationError when it contradicts itself."""
    file = _File.model_validate(yaml.safe_load(text))
    indicators = {name: Indicator(name=name, **entry.model_dump()) for name, entry in file.indicators.items()}
    spellings = {alias: name for name, entry in indicators.items() for alias in (name, *entry.aliases)}
    return Catalog(MappingProxyType(indicators), file.kinds, MappingProxyType(spellings))
