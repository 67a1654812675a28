"""Amounts as people write them: `800 ms`, `85 %`, `1.5 GiB`, `20 /s`, or a plain number in the canonical unit."""

from __future__ import annotations

import re
from typing import Final

from metrics.errors import ConfigError
from metrics.model import Unit

__all__ = ["UNITS", "parse_quantity"]

UNITS: Final[dict[Unit, dict[str, float]]] = {
    "s": {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "By": {
        "B": 1.0, "By": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40,
    },
    "%": {"%": 1.0, "ratio": 100.0},
    "1": {"": 1.0, "1": 1.0, "k": 1e3, "M": 1e6},
    "1/s": {"/s": 1.0, "1/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600},
}  # fmt: skip
"""Canonical unit -> what may be written, with its factor."""


def parse_quantity(text: str | float, unit: Unit) -> float:
    """An amount in the canonical unit. Raises ConfigError when it is no number or of another unit."""
    if isinstance(text, bool):
        raise ConfigError(f"{text!r} is not an amount; {_valid(unit)}")
    if isinstance(text, int | float):
        return float(text)
    match = re.fullmatch(r"\s*([-+]?[\d_]*\.?\d+(?:[eE][-+]?\d+)?)\s*(\S*)\s*", text)
    if match is None:
        raise ConfigError(f"{text!r} is not an amount; {_valid(unit)}")
    number, written = float(match.group(1).replace("_", "")), match.group(2)
    if written not in ("", *UNITS[unit]):
        raise ConfigError(f"{text!r} is in {written!r}; {_valid(unit)}")
    return number * UNITS[unit].get(written, 1.0)


def _valid(unit: Unit) -> str:
    return f"use a number in {', '.join(name for name in UNITS[unit] if name)}"
