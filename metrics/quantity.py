"""Amounts as people write them: `800 ms`, `85 %`, `1.5 GiB`, `20 /s`, or a plain number in the canonical unit."""

from __future__ import annotations

import math
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

_IS: Final[dict[Unit, tuple[str, str]]] = {
    "s": ("duration", "a number of seconds"),
    "By": ("size", "a number of bytes"),
    "%": ("percentage", "a number"),
    "1": ("count", "a number"),
    "1/s": ("rate", "a number a second"),
}
_AMOUNT: Final = re.compile(r"([-+]?[\d_]*\.?\d+(?:[eE][-+]?\d+)?)\s*(\S*)", re.ASCII)


def parse_quantity(written: object, unit: Unit) -> float:
    """An amount in the canonical unit, always finite. Raises ConfigError that says what is valid."""
    amount = math.nan
    if isinstance(written, int | float) and not isinstance(written, bool):
        amount = float(written)
    elif isinstance(written, str) and (match := _AMOUNT.fullmatch(written.strip())):
        amount = float(match[1].replace("_", "")) * ({"": 1.0} | UNITS[unit]).get(match[2], math.nan)
    if not math.isfinite(amount):
        noun, plain = _IS[unit]
        *others, last = [each for each in UNITS[unit] if each not in ("", "1", "1/s")]
        units = f"{', '.join(others)} or {last}"
        raise ConfigError(f"{written!r} is no {noun}; write {plain}, or one with {units}")
    return amount
