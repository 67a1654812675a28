"""From the unit that Datadog names beside a series to the canonical unit of an indicator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from metrics.model import Unit
from metrics.quantity import UNITS

__all__ = ["Named", "factor"]

_TIME: Final[Mapping[str, float]] = {
    "nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0,
    "minute": 60.0, "hour": 3600.0, "day": 86_400.0, "week": 604_800.0,
}  # fmt: skip
_BYTES: Final[Mapping[str, float]] = {
    "bit": 1 / 8, "byte": 1.0, "kibibyte": 2.0**10, "mebibyte": 2.0**20, "gibibyte": 2.0**30,
    "tebibyte": 2.0**40, "pebibyte": 2.0**50, "exbibyte": 2.0**60,
}  # fmt: skip
_PERCENTAGE: Final[Mapping[str, float]] = {"percent": 1.0, "percent_nano": 1e-9, "fraction": 100.0}
# Datadog, "Metrics Units": every family but these three counts something (requests, errors, threads …).
_FAMILIES: Final[Mapping[str, tuple[Unit, Mapping[str, float]]]] = {
    "time": ("s", _TIME),
    "bytes": ("By", _BYTES),
    "percentage": ("%", _PERCENTAGE),
}
_NOUNS: Final[Mapping[Unit, str]] = {
    "s": "a time",
    "By": "bytes",
    "%": "a percentage",
    "1": "a count",
    "1/s": "a rate a second",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A unit as a reply names it: `byte`, of the family `bytes`."""

    name: str
    family: str
    scale: float = 1.0
    """To the family's base, which matters for counts only: a nanocore is 1e-9 cores."""


def factor(unit: tuple[Named | None, Named | None], canonical: Unit, *, is_total: bool) -> float:
    """What to multiply values by. Raises ValueError that says what to write where the reply's unit does not fit.

    The second unit is the one that the first is counted per: `byte` per `second`. `is_total` says that it no longer
    is, whatever the reply names: as_count() gives totals and leaves the metric's own unit beside them.
    """
    primary, per = unit
    if primary is None:
        if canonical in ("1", "1/s"):
            return 1.0  # what has no unit is a number
        raise ValueError(f"Datadog names no unit for it; write `unit:` beside the query ({_valid(canonical)})")
    kind, amount = _amount(primary)
    rate = canonical == "1/s"
    if kind != ("1" if rate else canonical):
        name = primary.name + (f" per {per.name}" if per else "")
        raise ValueError(
            f"it comes in {name}, and {_NOUNS[canonical]} is wanted; correct the query, or write `unit:` beside it "
            f"({_valid(canonical)})"
        )
    if per is None or is_total:
        return amount
    if not rate:
        raise ValueError(f"it comes per {per.name}; write `kind: rate` beside the query to have its total")
    return amount / per_second(per)


def per_second(per: Named | None) -> float:
    """How many seconds the unit that something is counted per lasts; a second where there is none."""
    return _TIME.get(per.name, 1.0) if per else 1.0


def _amount(named: Named) -> tuple[Unit, float]:
    if named.family not in _FAMILIES:
        return "1", named.scale
    canonical, known = _FAMILIES[named.family]
    if named.name not in known:
        raise ValueError(
            f"it comes in {named.name}, which is not known here; write `unit:` beside the query ({_valid(canonical)})"
        )
    return canonical, known[named.name]


def _valid(canonical: Unit) -> str:
    return ", ".join(name for name in UNITS[canonical] if name)
