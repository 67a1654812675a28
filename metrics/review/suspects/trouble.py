"""What is being asked about: which lines did what, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from metrics.model import FindingKind, Window
from metrics.review.items import Item
from metrics.review.lines import address_of

__all__ = ["Trouble", "TroubleKind", "trouble_of", "trouble_within", "worst_of"]

TroubleKind = FindingKind | Literal["window"]
"""Of a finding; or `window`, where somebody drew one on a chart."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Lines by their addresses (`component/part/indicator`), the one that leads first."""

    kind: TroubleKind
    windows: tuple[Window, ...]
    """Each jump, oldest first; or the one time since it began."""
    lines: tuple[str, ...]

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
