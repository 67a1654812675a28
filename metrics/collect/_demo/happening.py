"""An event of the demo as it will have been once it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from metrics.model import EventKind

__all__ = ["SITE", "Attrs", "Happening"]

SITE = "https://jobs.example.com"

Attrs = Mapping[str, str | float | int | bool | None]


@dataclass(frozen=True)
class Happening:
    """`known` is when anybody could have seen it first, where that is later than its start."""

    kind: EventKind
    id: str
    component: str
    start: datetime
    end: datetime | None
    status: str
    title: str
    path: str
    attrs: Attrs = field(default_factory=dict)
    known: datetime | None = None
