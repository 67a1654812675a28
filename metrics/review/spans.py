"""Stretches of time as a set: put together, taken from one another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

__all__ = ["Span", "joined", "overlaps", "without"]

Span = tuple[datetime, datetime]


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same times in order, those that touch as one."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        elif start < end:
            whole.append((start, end))
    return whole


def without(spans: Iterable[Span], cuts: Iterable[Span]) -> list[Span]:
    """What is left of some times when others are taken away."""
    left, taken = list[Span](), joined(cuts)
    for start, end in joined(spans):
        at = start
        for since, until in taken:
            if until <= at or since >= end:
                continue
            if since > at:
                left.append((at, since))
            at = max(at, until)
        if at < end:
            left.append((at, end))
    return left


def overlaps(spans: Iterable[Span], start: datetime, end: datetime) -> bool:
    """Whether any of them touches a time; a moment is one too."""
    return any(since <= start < until or start <= since < end for since, until in spans)
