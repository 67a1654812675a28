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
    """None where alerts are not known so far back."""
    fired_after: int
    came_with: Count
    """With how many of the component's incidents of the half-year before it fired."""
    incidents: int | None
    """Of the component, since the disposition; None where nobody writes them down."""
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
    known_since: datetime | None,
    now: datetime,
    zone: str,
) -> Checked | None:
    """Everything reaches from `LOOK_BACK` before the disposition to now; None before any time has passed."""
    length = min(now, ruled.until(zone)) - ruled.at
    if length <= timedelta(0):
        return None
    before, after = Window(ruled.at - length, ruled.at), Window(ruled.at, ruled.at + length)
    mine = firings[(firings["component"] == ruled.component) & (firings["rule"] == ruled.rule)]
    is_known = known_since is not None and known_since <= before.start
    fired = [int(mine["started_at"].between(w.start, w.end, inclusive="left").sum()) for w in (before, after)]
    came_with, later, unseen = _incidents(ruled, mine, firings, incidents, now)
    would_show = bool(came_with.k) if came_with.n else None
    harm_with, harm, harm_unseen = _harm(ruled, mine, firings, felt, now)
    fired_before = fired[0] if is_known else None
    outcome = _outcome(ruled, fired_before, fired[1], missed=bool(unseen) and would_show is not False)
    if now < ruled.check_at(zone):
        outcome = "too early"
    elif incidents is None and outcome == "safe":
        outcome = "not known"
    return Checked(
        outcome, before, after, fired_before, fired[1], came_with, later, unseen, would_show, harm_with, harm,
        harm_unseen,
    )  # fmt: skip


def _outcome(ruled: Ruled, before: int | None, after: int, *, missed: bool) -> Outcome:
    """Of a removed rule: is it gone, and was it needed. Of any other: does it fire less."""
    if ruled.branch == "remove":
        return "missed" if missed else "still fires" if after else "safe"
    if before is None:
        return "not known"
    if grew(before, after):
        return "missed" if missed and ruled.branch == "reduce" else "fewer"
    return "more" if grew(after, before) else "no change"


def _incidents(
    ruled: Ruled, mine: pd.DataFrame, firings: pd.DataFrame, incidents: pd.DataFrame | None, now: datetime
) -> tuple[Count, int | None, tuple[Unseen, ...]]:
    """With how many it came before, how many there were since, and which of them no alert told of."""
    if incidents is None:
        return Count(0, 0), None, ()
    whose = incidents["component"].fillna("")
    # A rule that names no component is of the whole service.
    own = incidents[whose.isin([ruled.component, ""]) | (not ruled.component)].sort_values("started_at")
    first = own["started_at"] >= ruled.at
    earlier, later = own[~first & (own["started_at"] >= ruled.at - LOOK_BACK)], own[first]
    with_it = int((touching(_spans(earlier, now), _soon(mine, now)) != NONE).sum())
    is_told = _is_told(ruled, later, firings, now)
    unseen = tuple(
        Unseen(str(row["id"]), str(row["title"] or row["id"]), row["started_at"].to_pydatetime(), text(row["url"]))
        for row in later[~is_told].to_dict("records")
    )
    return Count(with_it, len(earlier)), len(later), unseen


def _is_told(ruled: Ruled, incidents: pd.DataFrame, firings: pd.DataFrame, now: datetime) -> NDArray[np.bool_]:
    """Whether an alert of its component fired; of what names none any alert of the service tells."""
    spans, own = _spans(incidents, now), firings[firings["component"] == ruled.component]
    by_own, by_any = (touching(spans, _soon(each, now)) != NONE for each in (own, firings))
    is_named = (incidents["component"].fillna("") == ruled.component).to_numpy() & bool(ruled.component)
    return np.asarray(np.where(is_named, by_own, by_any))


def _harm(
    ruled: Ruled, mine: pd.DataFrame, firings: pd.DataFrame, felt: Sequence[Felt], now: datetime
) -> tuple[Count, int | None, int]:
    """The same for the times at which users felt something; then any alert of the service tells of it."""
    telling = [each for each in felt if each.tells]
    if not telling:
        return Count(0, 0), None, 0
    spans = sorted(span for each in telling for span in each.beyond)
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
