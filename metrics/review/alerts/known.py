"""For which times the alerts of a component are known: without a firing then, none fired, and else nobody can tell.

A source that is asked for alerts says of each time how that went. Of what comes without such answers, as files and
webhooks do, it is known since the first alert of the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from metrics.model import Window
from metrics.review.spans import Span, joined, without

__all__ = ["FOREVER", "Known", "known"]

FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
MOST_LOST: Final = 0.1
"""Of a time of which more is not known, a count would be told too low."""


@dataclass(frozen=True, slots=True)
class Known:
    """`since` is of the service, None without any alert; `answered` are the times of which a source has told."""

    since: datetime | None
    answered: Mapping[str, Sequence[Span]] = field(default_factory=dict)

    def lost(self, component: str, window: Window) -> list[Span]:
        """What of a window is not known."""
        whole = [(window.start, window.end)]
        if self.since is None:
            return whole
        return without(whole, self.answered.get(component, [(self.since, FOREVER)]))

    def lacks(self, component: str, window: Window) -> tuple[Span, ...]:
        """When a source that is asked gave no answer, where that is so long that counts are too low."""
        lost = self.lost(component, window) if component in self.answered else []
        return tuple(lost) if _sum(lost) > MOST_LOST * window.duration else ()

    def covers(self, component: str, window: Window) -> bool:
        """Whether how often something fired in the window can be told."""
        is_known = self.since is not None and self.since <= window.start
        return is_known and _sum(self.lost(component, window)) <= MOST_LOST * window.duration


def _sum(spans: Iterable[Span]) -> timedelta:
    return sum((end - start for start, end in spans), timedelta(0))


def known(since: datetime | None, answers: Iterable[tuple[str, datetime, datetime, bool]]) -> Known:
    """From rows of component, start, end and whether the source had an answer."""
    told: dict[str, list[Span]] = {}
    for component, start, end, is_answer in answers:
        told.setdefault(component, []).extend([(start, end)] if is_answer else [])
    return Known(since, {component: joined(spans) for component, spans in told.items()})
