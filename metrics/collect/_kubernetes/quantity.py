"""Kubernetes' way to write amounts: 500m, 16Gi, 12e3."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["quantity"]

_WRITTEN: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([a-zA-Z]*))")
_SUFFIXES: Final = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def quantity(text: object) -> float:
    """In units, cores or bytes. Raises ValueError where it is no quantity."""
    found = _WRITTEN.fullmatch(str(text))
    if found is None or (found[3] or "") not in _SUFFIXES:
        raise ValueError(f"{text!r} is no quantity")
    return float(found[1] + (found[2] or "")) * _SUFFIXES[found[3] or ""]
