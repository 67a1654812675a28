"""What suspects are judged by: how much too much each line did, how the troubled lines went, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Literal

import numpy as np

from metrics.model import Event, Service, Window
from metrics.review.lines import Curve, parse_address
from metrics.review.suspects.cuts import Plan
from metrics.review.suspects.excess import Excess, Excesses
from metrics.review.suspects.trouble import Trouble

__all__ = ["Scene", "mean_between", "meets"]

# What a jump's beginning may be off by: a step of ten minutes, as some sources give.
SLACK = timedelta(minutes=10)
Relation = Literal["same", "among", "whole", "other"]
"""To the trouble: where it leads, where else it is felt, everywhere, or elsewhere."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One moment's knowledge. `events` reach back a quarter, `curves` are the troubled lines' of the last weeks."""

    service: Service
    trouble: Trouble
    plan: Plan
    excesses: Excesses
    curves: dict[str, Curve]
    """By address, in steps of a quarter of an hour or less."""
    events: tuple[Event, ...]
    limits: dict[str, float]
    """By address: what a line can't go beyond."""

    @property
    def windows(self) -> tuple[Window, ...]:
        """Those that are looked at: the newest of many."""
        return self.plan.windows

    @cached_property
    def components(self) -> frozenset[str]:
        named = {self.trouble.component} if self.trouble.component else set()
        return frozenset({parse_address(address)[0] for address in self.trouble.lines} | named)

    @cached_property
    def lead(self) -> Excess | None:
        """The first line of the trouble that can be told from the usual."""
        mine = [self.excesses.of[address] for address in self.trouble.lines if address in self.excesses.of]
        return next((each for each in mine if (each.up | each.down).any()), mine[0] if mine else None)

    @cached_property
    def is_usual(self) -> bool:
        """Whether the trouble's lines do the same at that time of other days: no jump, but the time of day."""
        lead = self.lead
        if lead is None or not np.isfinite(lead.usual).any():
            return False
        return not (lead.up | lead.down | lead.silent).any()

    @cached_property
    def could_be_use(self) -> bool:
        """Whether more use could do this: load goes up by it, and nobody's build takes longer."""
        lead = self.lead
        if lead is None or lead.line.indicator.perspective == "delivery":
            return False
        went = lead.down if lead.line.indicator.better != "higher" else lead.up
        return not went.any()

    def relation(self, component: str | None) -> Relation:
        if component is None:
            return "whole"
        if component == self.trouble.place:
            return "same"
        return "among" if component in self.components else "other"

    def of_kind(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]

    def met(self, event: Event) -> list[Window]:
        """The windows in which it was under way."""
        return [window for window in self.windows if meets(event, window)]

    def curve_for(self, component: str | None) -> Curve | None:
        """The troubled line by which something at that component is judged: its own, else the one that leads."""
        own = [address for address in self.trouble.lines if parse_address(address)[0] == component]
        return next((self.curves[each] for each in (*own, *self.trouble.lines) if each in self.curves), None)


def meets(event: Event, window: Window, slack: timedelta = SLACK) -> bool:
    """Whether it was under way in a good part of the window: from near its beginning, or for half of it."""
    end = event.ended_at or max(window.end, event.started_at)
    if event.started_at - slack > window.start + window.duration / 2 or end < window.start:
        return False
    shared = min(end, window.end) - max(event.started_at, window.start)
    enough = timedelta(minutes=15) if window.duration <= timedelta(days=1) else window.duration
    return shared >= min(window.duration / 2, enough)


def mean_between(curve: Curve, start: datetime, end: datetime) -> float | None:
    """Of the buckets that begin in that time."""
    first, last = np.searchsorted(curve.ts, [_naive(start), _naive(end)])
    values = curve.values[first : max(last, first + 1)] if first < len(curve.ts) else curve.values[:0]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None


def _naive(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
