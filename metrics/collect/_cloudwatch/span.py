"""Which buckets of a window to ask CloudWatch for: on the clock, over, and no finer than it still keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from metrics.model import Window

__all__ = ["Span", "daily_span", "spans"]

# Cost is by metric and call, not by point, and a review has no use for finer ones.
FINE_S: Final = 300
COARSE_S: Final = 3600
DAY_S: Final = 86_400
# botocore's model of GetMetricData: periods of 300 s are kept for 63 days, of 3600 s for 455.
FINE_KEPT: Final = timedelta(days=63)
# Datadog's guide "cloud metric delay": 5-minute metrics come 5 to 10 minutes late.
DELAY: Final = timedelta(minutes=10)
# S3 publishes a day's size when it can, sometimes days later.
DAY_COMES_WITHIN: Final = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time to answer for in one period."""

    window: Window
    period: int
    first: int
    """When its first bucket begins, in seconds of Unix time."""
    until: int
    """When its last bucket that is over ends."""

    @property
    def buckets(self) -> int:
        return max(self.until - self.first, 0) // self.period


def spans(window: Window, now: datetime) -> list[Span]:
    """The window, in two where it crosses the line beyond which only hours are kept; newest first.

    `now` is the end of the newest window of this run: only what is younger than the delay may still change.
    """
    # An hour to spare: the line moves while a run goes on.
    line = _at(_up(now - FINE_KEPT, COARSE_S)) + timedelta(hours=1)
    pieces = []
    if window.end > line:
        pieces.append(_span(Window(max(window.start, line), window.end), FINE_S, now))
    if window.start < line:
        pieces.append(_span(Window(window.start, min(window.end, line)), COARSE_S, now))
    return pieces


def daily_span(window: Window) -> Span | None:
    """The days to ask for, back to the oldest that may have come only now; None where no day ends in the window."""
    midnight = _down(window.end, DAY_S)
    if _at(midnight) <= window.start:
        return None
    oldest = min(_up(window.start, DAY_S), _down(window.end - DAY_COMES_WITHIN, DAY_S))
    return Span(window, DAY_S, oldest, midnight)


def _span(window: Window, period: int, now: datetime) -> Span:
    over = min(window.end, max(now - DELAY, window.start))
    return Span(window, period, _up(window.start, period), _down(over, period))


def _up(at: datetime, period: int) -> int:
    seconds = at.timestamp()
    return int(-(-seconds // period)) * period


def _down(at: datetime, period: int) -> int:
    return int(at.timestamp() // period) * period


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
