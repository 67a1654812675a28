"""What came of a disposition: firings before and after it, and what went on unseen since.

An incident is unseen where no alert of its component fired; one that names no component may be of any. Whether this
rule would have shown it is told by how many of the component's incidents it came with before. docs/alerts.md has the
rules with an example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.model import Window
from metrics.review.alerts.branch import grew
from metrics.review.alerts.felt import Felt
from metrics.review.alerts.judged import OPEN, SOON
from metrics.review.alerts.known import Known
from metrics.review.alerts.pile import Branch, Count
from metrics.review.alerts.touching import NONE, Spans, micros, spans_of, touching
from metrics.review.rows import text

__all__ = ["LOOK_BACK", "Checked", "Outcome", "Ruled", "Unseen", "check", "is_due"]

LOOK_BACK: Final = timedelta(weeks=26)
"""So far before a disposition is counted how many incidents the rule came with: half a year has a few of them."""
Outcome = Literal["too early", "missed", "still fires", "fewer", "more", "no change", "safe", "not known"]


@dataclass(frozen=True, slots=True)
class Ruled:
    """A disposition as a person said it."""

    component: str
    rule: str
    branch: Branch
    at: datetime
    due: date

    def check_at(self, zone: str) -> datetime:
        """The beginning of the day on which it is checked."""
        return datetime.combine(self.due, time.min, ZoneInfo(zone))

    def until(self, zone: str) -> datetime:
        """The same time of day then: whole weeks are compared with whole weeks."""
        clock = ZoneInfo(zone)
        return datetime.combine(self.due, self.at.astimezone(clock).time(), clock)


@dataclass(frozen=True, slots=True)
class Unseen:
    """An incident of the component since then at which no alert of it fired."""

    id: str
    title: str
    start: datetime
    url: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """Windows of equal length on both sides of the disposition, and what they hold."""

    outcome: Outcome
    before: Window
    after: Window
    fired_before: int | None
    """None where the component's alerts are not known of that time."""
    fired_after: int | None
    came_with: Count
    """With how many of the component's incidents of the half-year before it fired."""
    incidents: int | None
    """Of the component, since the disposition, at a time of which its alerts are known; None where nobody writes any
    down."""
    blind: int
    """And those at a time of which they are not."""
    unseen: tuple[Unseen, ...]
    would_show: bool | None
    """Whether it would have shown those; None where no incident before it tells."""
    harm_with: Count
    """With how many times before at which users felt something it fired."""
    harm: int | None
    """How many such times there were since; None where no such line is collected."""
    harm_unseen: int


def is_due(ruled: Ruled, now: datetime, zone: str) -> bool:
    return now >= ruled.check_at(zone)


def check(
    ruled: Ruled,
    firings: pd.DataFrame,
    incidents: pd.DataFrame | None,
    felt: Sequence[Felt],
    known: Known,
    now: datetime,
    zone: str,
) -> Checked | None:
    """Everything reaches from `LOOK_BACK` before the disposition to now; None before any time has passed."""
    length = min(now, ruled.until(zone)) - ruled.at
    if length <= timedelta(0):
        return None
    before, after = Window(ruled.at - length, ruled.at), Window(ruled.at, ruled.at + length)
    mine = firings[(firings["component"] == ruled.component) & (firings["rule"] == ruled.rule)]
    fired = [int(mine["started_at"].between(w.start, w.end, inclusive="left").sum()) for w in (before, after)]
    told_before, told_after = (
        n if known.covers(ruled.component, window) else None for n, window in zip(fired, (before, after), strict=True)
    )
    lost = spans_of(known.lost(ruled.component, Window(ruled.at - LOOK_BACK, now)))
    came_with, later, blind, unseen = _incidents(ruled, mine, firings, incidents, lost, now)
    would_show = bool(came_with.k) if came_with.n else None
    harm_with, harm, harm_unseen = _harm(ruled, mine, firings, felt, lost, now)
    missed = bool(unseen) and would_show is not False
    outcome = (
        _gone(fired[1], missed=missed)
        if ruled.branch == "remove"
        else _less(ruled, told_before, told_after, missed=missed)
    )
    if now < ruled.check_at(zone):
        outcome = "too early"
    elif outcome == "safe" and (incidents is None or blind or told_after is None):
        outcome = "not known"
    return Checked(
        outcome, before, after, told_before, told_after, came_with, later, blind, unseen, would_show, harm_with, harm,
        harm_unseen,
    )  # fmt: skip


def _gone(after: int, *, missed: bool) -> Outcome:
    """Of a removed rule: is it gone, and was it needed."""
    return "missed" if missed else "still fires" if after else "safe"


def _less(ruled: Ruled, before: int | None, after: int | None, *, missed: bool) -> Outcome:
    """Of any other: does it fire less."""
    if before is None or after is None:
        return "not known"
    if grew(before, after):
        return "missed" if missed and ruled.branch == "reduce" else "fewer"
    return "more" if grew(after, before) else "no change"


def _incidents(
    ruled: Ruled,
    mine: pd.DataFrame,
    firings: pd.DataFrame,
    incidents: pd.DataFrame | None,
    lost: Spans,
    now: datetime,
) -> tuple[Count, int | None, int, tuple[Unseen, ...]]:
    """With how many it came before; how many there were since, and at lost times; which no alert told of."""
    if incidents is None:
        return Count(0, 0), None, 0, ()
    whose = incidents["component"].fillna("")
    # A rule that names no component is of the whole service.
    own = incidents[whose.isin([ruled.component, ""]) | (not ruled.component)].sort_values("started_at")
    first, is_lost = own["started_at"] >= ruled.at, _within(micros(own["started_at"]), lost)
    earlier, later = own[~first & ~is_lost & (own["started_at"] >= ruled.at - LOOK_BACK)], own[first & ~is_lost]
    with_it = int((touching(_spans(earlier, now), _soon(mine, now)) != NONE).sum())
    is_told = _is_told(ruled, later, firings, now)
    unseen = tuple(
        Unseen(str(row["id"]), str(row["title"] or row["id"]), row["started_at"].to_pydatetime(), text(row["url"]))
        for row in later[~is_told].to_dict("records")
    )
    return Count(with_it, len(earlier)), len(later), int((first & is_lost).sum()), unseen


def _within(at: NDArray[np.int64], spans: Spans) -> NDArray[np.bool_]:
    return np.asarray(touching((at, at), spans) != NONE)


def _is_told(ruled: Ruled, incidents: pd.DataFrame, firings: pd.DataFrame, now: datetime) -> NDArray[np.bool_]:
    """Whether an alert of its component fired; of what names none any alert of the service tells."""
    spans, own = _spans(incidents, now), firings[firings["component"] == ruled.component]
    by_own, by_any = (touching(spans, _soon(each, now)) != NONE for each in (own, firings))
    is_named = (incidents["component"].fillna("") == ruled.component).to_numpy() & bool(ruled.component)
    return np.asarray(np.where(is_named, by_own, by_any))


def _harm(
    ruled: Ruled, mine: pd.DataFrame, firings: pd.DataFrame, felt: Sequence[Felt], lost: Spans, now: datetime
) -> tuple[Count, int | None, int]:
    """The same for the times at which users felt something; then any alert of the service tells of it."""
    telling = [each for each in felt if each.tells]
    if not telling:
        return Count(0, 0), None, 0
    every = sorted(span for each in telling for span in each.beyond)
    spans = [each for each, is_lost in zip(every, _within(spans_of(every)[0], lost), strict=True) if not is_lost]
    earlier, later = ([span for span in spans if (span[0] >= ruled.at) == is_later] for is_later in (False, True))
    with_it = touching(spans_of(earlier), _soon(mine, now)) != NONE
    unseen = touching(spans_of(later), _soon(firings, now)) == NONE
    return Count(int(with_it.sum()), len(earlier)), len(later), int(unseen.sum())


def _spans(incidents: pd.DataFrame, now: datetime) -> Spans:
    return micros(incidents["started_at"]), micros(incidents["ended_at"].fillna(pd.Timestamp(now)))


def _soon(firings: pd.DataFrame, now: datetime) -> Spans:
    """An alert tells of what begins shortly after it, too; one that is never told to be over, for a day at most."""
    starts = micros(firings["started_at"])
    at_most = firings["started_at"] + OPEN
    ends = micros(firings["ended_at"].fillna(at_most.where(at_most < now, pd.Timestamp(now))))
    margin = round(SOON / timedelta(microseconds=1))
    lasting: NDArray[np.int64] = np.maximum(ends, starts + margin)
    return starts, lasting
