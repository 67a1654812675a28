"""Did an improvement work? Whole weeks before its start beside as many after it, hour by hour and weekday by weekday.

matched.py makes the days to compare, by demand where the line follows it; step_at.py says how likely a step about the
start is, against chance, a level that wanders, a trend that went on, and a step at another time. Fewer than two whole
weeks after the start are too early to tell, whatever they show. A step that another change or the demand's own move
may explain as well is confounded.

Limitations: holidays count like any day; what works slowly, over more than a week, is a trend and not an effect; an
effect that something undid within days is not seen; two changes within a day of one another can't be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.detection import Detection
from metrics.analysis.matched import WEEK, Days, Moment, Profile
from metrics.analysis.signal import Signal
from metrics.analysis.step_at import StepAt, step_at
from metrics.model import Direction, Insufficient

__all__ = ["Effect", "Reason", "Verdict", "effect"]

Verdict = Literal["improved", "no visible effect", "worse", "confounded", "too early"]
Floats = NDArray[np.float64]

FEWEST_WEEKS, MOST_WEEKS = 2, 8
"""Less is one week against another; more is another season, and what came so late was not this action."""
MEASURED = 0.7
"""Of the days of each side, so that two weeks are ten days at least: the fewest that shift.py looks at."""
MOVED = 0.1
"""The demand moved if it did so by a tenth: less is no reason for a change that stands out from the days' noise."""
FIXED = 0.5
"""The part of a line that does not follow the demand explains an effect if it makes half of it."""
LOG_ODDS = 1.3
"""Of a step about the start, for a verdict: at most 5 % on null data (docs/detection.md)."""
VISIBLE = 1e-3
"""A change by less than this share of the level is a pixel on a chart."""
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for the verdict, or is to be known beside it; the words are made where they are shown.

    too_early {days, needed}; step_then {at, likely}; step_elsewhere {at, likely}; trend_went_on {likely};
    no_step {likely}; too_small {share}; per_demand {demand_share}; demand_moved {demand_share};
    fixed_part {demand_share, share}; others_then {count, at}; others_in_window {count}.
    """

    code: str
    values: Mapping[str, float | datetime] = field(default_factory=dict)
    """By name: `share` and what ends so is a ratio (0.1 is 10 %), `likely` is from 0 to 1; times are in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Detection):
    """`before` and `after` are means of matched days without odd ones, by demand if `is_per_demand`.

    `since` is the action's start, `until` the end of what was compared, and `certainty` how likely the line stepped
    about the start.
    """

    effect: float | None
    """The step about the start, beside a trend if there is one, `low` to `high` its 95 % interval; None if early."""
    low: float | None
    high: float | None
    weeks: int
    """Whole weeks on each side; where it is too early, those that passed."""
    verdict: Verdict
    reasons: tuple[Reason, ...]
    changed_at: datetime | None
    """When the line stepped, to the day, whether the action did that or not."""
    is_per_demand: bool
    profile_before: Profile
    profile_after: Profile


def effect(
    signal: Signal,
    started: datetime,
    until: datetime,
    *,
    better: Direction,
    demand: Signal | None = None,
    others: Sequence[datetime] = (),
) -> Effect | Insufficient:
    """The verdict on what was done at `started`, as seen at `until`; `others` are the times of other changes.

    Insufficient counts days: of the two weeks before, or after where these passed, those that were measured.
    """
    if better == "neutral":
        raise ValueError("an effect needs a better way, lower or higher: ask the action's target for it")
    start = Moment(started, signal, demand)
    passed = start.whole_days(until)
    for weeks in range(min(MOST_WEEKS, passed // WEEK), FEWEST_WEEKS - 1, -1):
        days = start.days(-weeks * WEEK, weeks * WEEK)
        if min(days.before, days.after) >= MEASURED * weeks * WEEK and _reach(days, weeks):
            return _judged(start, days, weeks, better, others)
    days = start.days(-FEWEST_WEEKS * WEEK, min(max(passed, 0), FEWEST_WEEKS * WEEK))
    is_early = 0 < passed < FEWEST_WEEKS * WEEK
    if is_early and days.after and days.before >= MEASURED * FEWEST_WEEKS * WEEK:
        return _too_early(start, passed)
    return Insufficient(FEWEST_WEEKS * WEEK, min(days.before, days.after))


def _reach(days: Days, weeks: int) -> bool:
    """Whether the outermost weeks are there: what began later is told as fewer weeks, and not as gaps."""
    outer = (days.day < -(weeks - 1) * WEEK).sum(), (days.day >= (weeks - 1) * WEEK).sum()
    return weeks == FEWEST_WEEKS or bool(min(outer) >= MEASURED * WEEK)


def _too_early(start: Moment, passed: int) -> Effect | Insufficient:
    """What there is so far, beside the same weekdays before."""
    weeks = -(-passed // WEEK)
    days = start.days(-weeks * WEEK, passed)
    matched = (days.day >= 0) | (days.day < passed - weeks * WEEK)
    if not (matched & (days.day < 0)).any() or not days.after:
        return Insufficient(FEWEST_WEEKS * WEEK, min(days.before, days.after))
    so_far = Days(days.day[matched], days.level[matched], days.raw[matched], None, days.is_per_demand)
    before, after = so_far.means(so_far.level)
    return Effect(
        since=start.at,
        until=start.time(passed),
        before=before,
        after=after,
        certainty=0.0,
        effect=None,
        low=None,
        high=None,
        weeks=passed // WEEK,
        verdict="too early",
        reasons=(Reason("too_early", {"days": passed, "needed": FEWEST_WEEKS * WEEK}),),
        changed_at=None,
        is_per_demand=days.is_per_demand,
        profile_before=start.profile(-weeks * WEEK, passed - weeks * WEEK, per_demand=days.is_per_demand),
        profile_after=start.profile(0, passed, per_demand=days.is_per_demand),
    )


def _judged(
    start: Moment, days: Days, weeks: int, better: Direction, others: Sequence[datetime]
) -> Effect | Insufficient:
    step = step_at(days.day, days.level)
    before, after = days.means(days.level)
    is_seen = step.log_odds >= LOG_ODDS and abs(step.size) >= VISIBLE * max(abs(before), abs(after))
    found = _place(start, step, before, is_seen=is_seen)
    by_others = _others(start, step, weeks, others)
    by_demand = _demand(days, step.size)
    rivals = {"others_then", "demand_moved", "fixed_part"} & {each.code for each in (*by_others, *by_demand)}
    verdict: Verdict = "no visible effect"
    if is_seen:
        verdict = "confounded" if rivals else "worse" if (step.size > 0) == (better == "lower") else "improved"
    return Effect(
        since=start.at,
        until=start.time(weeks * WEEK),
        before=before,
        after=after,
        certainty=step.likely,
        effect=step.size,
        low=step.low,
        high=step.high,
        weeks=weeks,
        verdict=verdict,
        reasons=(*found, *by_others, *by_demand),
        changed_at=start.time(step.day) if is_seen or step.any_step > LIKELY else None,
        is_per_demand=days.is_per_demand,
        profile_before=start.profile(-weeks * WEEK, 0, per_demand=days.is_per_demand),
        profile_after=start.profile(0, weeks * WEEK, per_demand=days.is_per_demand),
    )


def _place(start: Moment, step: StepAt, before: float, *, is_seen: bool) -> tuple[Reason, ...]:
    """Whether the level stepped, and when; whether a trend went on."""
    at = start.time(step.day)
    if is_seen:
        found = Reason("step_then", {"at": at, "likely": step.likely})
    elif step.log_odds >= LOG_ODDS:
        found = Reason("too_small", {"share": abs(step.size / before) if before else 0.0})
    elif step.any_step > LIKELY and step.is_elsewhere:
        found = Reason("step_elsewhere", {"at": at, "likely": step.any_step})
    else:
        found = Reason("no_step", {"likely": 1 - step.any_step})
    return (found, Reason("trend_went_on", {"likely": step.trend})) if step.trend > LIKELY else (found,)


def _others(start: Moment, step: StepAt, weeks: int, others: Sequence[datetime]) -> tuple[Reason, ...]:
    """Other changes on the days between which the step lies, and how many there were in all the weeks.

    A step at a day's beginning may have happened within the day before or within that day.
    """
    inside = sorted(at for at in others if start.time(-weeks * WEEK) <= at < start.time(weeks * WEEK))
    first, end = start.time(min(step.first, 0) - 1), start.time(max(step.last, 0) + 1)
    then = [at for at in inside if first < at < end]
    reasons = [Reason("others_in_window", {"count": len(inside)})] if inside else []
    if then:
        nearest = min(then, key=lambda at: abs(at - start.at))
        reasons.insert(0, Reason("others_then", {"count": len(then), "at": nearest}))
    return tuple(reasons)


def _demand(days: Days, size: float) -> tuple[Reason, ...]:
    """Whether the line was judged by demand, and whether the demand's move could be what is seen."""
    if days.demand is None:
        return ()
    demand = days.demand
    before, after = days.means(demand)
    share = after / before - 1 if before else 0.0
    has_moved = abs(share) >= MOVED
    if not days.is_per_demand:
        return (Reason("demand_moved", {"demand_share": share}),) if has_moved else ()
    reasons = [Reason("per_demand", {"demand_share": share})]
    part = _fixed(days, demand)
    by_part = part / after - part / before
    if has_moved and by_part * size > 0 and abs(by_part) >= FIXED * abs(size):
        fixed_share = part / days.means(days.raw)[0]
        reasons.append(Reason("fixed_part", {"demand_share": share, "share": fixed_share}))
    return tuple(reasons)


def _fixed(days: Days, demand: Floats) -> float:
    """What the line would be without demand, as the days of either side have it by least squares."""
    side = (days.day >= 0).astype(int)
    y, x = (values - np.array(days.means(values))[side] for values in (days.raw, demand))
    length = float(x @ x)
    slope = float(x @ y) / length if length else 0.0
    return days.means(days.raw)[0] - slope * days.means(demand)[0]
