"""What people wrote into incidents that were under way: a cause, a deployment, or a title that gives it away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from metrics.model import Event, Window
from metrics.review.suspects.scene import Scene, meets
from metrics.review.suspects.suspect import SuspectKind

__all__ = ["Statement", "kind_in", "statements"]

# The words that sources and people use for a cause.
CAUSES: dict[str, SuspectKind] = {
    "access": "access", "traffic": "access", "batch": "batch_run", "batch_run": "batch_run", "job": "batch_run",
    "deployment": "deployment", "deploy": "deployment", "change": "deployment", "release": "deployment",
    "infra": "infra", "infrastructure": "infra", "hardware": "infra", "network": "infra",
    "quota": "quota", "limit": "quota", "throttling": "quota", "demand": "demand", "load": "demand",
}  # fmt: skip
# In a title; a limit is named before the machine that has it.
WORDS: tuple[tuple[SuspectKind, re.Pattern[str]], ...] = (
    (
        "quota",
        re.compile(r"\b(quota|rate limit|send rate|throttl\w*|limit exceeded|too many requests|held back)", re.I),
    ),
    (
        "infra",
        re.compile(
            r"\b(nodes?|host|hardware|fail(ed)?[ -]?over|failover|disk|volume|network|zone|cpu|memory|unreachable|"
            r"stopped answering|power|instance)\b",
            re.I,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One incident. `is_written` where its cause was, and not only read from its title."""

    event: Event
    kind: SuspectKind | None
    is_written: bool
    deployment: str | None
    met: tuple[Window, ...]
    """The windows that it was under way in."""


def statements(scene: Scene) -> Iterator[Statement]:
    """Of the incidents of a troubled component, of the service as a whole, or of what others stand on."""
    for event in scene.of_kind("incident"):
        met = tuple(window for window in scene.windows if meets(event, window))
        if not met:
            continue
        said = CAUSES.get(str(event.attrs.get("cause") or "").lower())
        named = event.attrs.get("caused_by_deployment")
        kind = said or ("deployment" if named else kind_in(event.title))
        yield Statement(event, kind, said is not None or bool(named), str(named) if named else None, met)


def kind_in(title: str) -> SuspectKind | None:
    """Whether a title speaks of a limit or of a machine."""
    return next((kind for kind, words in WORDS if words.search(title)), None)
