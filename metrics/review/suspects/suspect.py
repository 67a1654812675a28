"""Who may be behind a trouble, with what speaks for and against it, as codes and values; words.py has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = ["KINDS", "Reason", "Suspect", "SuspectKind", "Suspicion", "Value"]

SuspectKind = Literal["access", "batch_run", "deployment", "infra", "quota", "demand"]
KINDS: tuple[SuspectKind, ...] = ("access", "batch_run", "deployment", "infra", "quota", "demand")

Value = float | str | datetime | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for or against. `words.TEMPLATES[code]` is its sentence, with `values` in its gaps."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)
    """By name: `share` and what ends so is from 0 to 1, what ends in `_s` seconds; times are in UTC."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A deployment, a run, an endpoint, a fault, a limit or the use as a whole, and how much speaks for it."""

    kind: SuspectKind
    title: str
    """What it is called where it comes from: `web 5.81`, `matching`, `/jobs/export`; a name, not a sentence."""
    component: str | None
    part: str | None
    share: float | None
    """Of the excess explained, from 0 to 1; None where that can't be told."""
    score: float
    """From 0 to 1."""
    reasons: tuple[Reason, ...] = ()
    against: tuple[Reason, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    url: str | None = None
    is_ruled_out: bool = False


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Nobody among `suspects` means unknown, which is an answer; `ruled_out` was looked at and refused."""

    suspects: tuple[Suspect, ...] = ()
    """The likeliest first."""
    ruled_out: tuple[Suspect, ...] = ()
    """The first reason against each is why."""

    @property
    def first(self) -> Suspect | None:
        return self.suspects[0] if self.suspects else None
