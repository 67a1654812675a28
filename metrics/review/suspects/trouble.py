"""What is being asked about: which lines did what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from metrics.model import FindingKind, Window
from metrics.review.items import Item
from metrics.review.lines import Line, address_of, parse_address

__all__ = ["Trouble", "TroubleKind", "trouble_at", "trouble_of", "trouble_within", "worst_of"]

TroubleKind = FindingKind | Literal["window"]
"""Of a finding; or `window`, where somebody drew one on a chart or wrote an incident down."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Lines by their addresses (`component/part/indicator`), the one that leads first."""

    kind: TroubleKind
    windows: tuple[Window, ...]
    """Each jump, oldest first; or the one time since it began."""
    lines: tuple[str, ...]
    component: str | None = None
    """Where it was felt, if somebody says so; else where the line that leads is."""

    @property
    def place(self) -> str | None:
        return self.component or (parse_address(self.lines[0])[0] if self.lines else None)

    @property
    def onset(self) -> datetime:
        return self.windows[0].start

    @property
    def whole(self) -> Window:
        return Window(self.windows[0].start, max(window.end for window in self.windows))


def trouble_of(item: Item, now: datetime) -> Trouble:
    """An item's: all its lines, in the windows of the one that leads."""
    windows = tuple(sorted(item.windows(now), key=lambda window: window.start))
    addresses = (address_of(each.component, each.part, each.indicator) for each in item.findings)
    return Trouble(item.lead.kind, windows, tuple(dict.fromkeys(addresses)))


def worst_of(item: Item, now: datetime) -> Window:
    """The jump that went farthest, or the newest where that is not told; the whole time of what did not jump."""
    windows = trouble_of(item, now).windows
    told = item.lead.evidence.get("worst_at")
    at = datetime.fromisoformat(told) if isinstance(told, str) else None
    return next((each for each in windows if at is not None and each.start <= at <= each.end), windows[-1])


def trouble_within(window: Window, lines: Sequence[str]) -> Trouble:
    """A drag over a chart: whatever its lines did there."""
    return Trouble("window", (window,), tuple(lines))


def trouble_at(window: Window, component: str | None, lines: Sequence[Line]) -> Trouble:
    """An incident: of its component what users feel first, then the machine; without one, all that users feel."""
    mine = [each for each in lines if component in (None, each.component)]
    felt, machine = ([each.address for each in mine if each.indicator.perspective == of] for of in ("app", "infra"))
    return Trouble("window", (window,), tuple(felt if component is None else felt + machine), component)
