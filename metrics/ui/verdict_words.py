"""Verdicts in words: what an effect shows, with its numbers, and what there is to know beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from metrics.analysis.effect import Effect, Reason, Verdict
from metrics.review.actions import ActionKind
from metrics.review.judged import Accepted, Judged, Lack
from metrics.review.period import local_day
from metrics.ui.words import age, change, counted, day, number, quantity, share, t

__all__ = ["COLORS", "KINDS", "NAMES", "evidence", "lacking", "level", "so_far", "spoken", "summary"]

NAMES: Final[Mapping[Verdict, str]] = {
    "improved": "improved",
    "no visible effect": "no visible effect",
    "worse": "worse",
    "confounded": "confounded",
    "too early": "too early",
}
COLORS: Final[Mapping[Verdict | None, str]] = {
    "improved": "green", "no visible effect": "gray", "worse": "red", "confounded": "orange", "too early": "blue",
    None: "gray",
}  # fmt: skip
KINDS: Final[Mapping[ActionKind, str]] = {
    "prevention": "prevention",
    "detection": "early detection",
    "repair": "repair",
}
_LACKS: Final[Mapping[Lack, str]] = {
    "indicator": "No indicator was named, so a person has to judge it.",
    "start": "It has not been started, so there is nothing to compare yet.",
    "newer": "It was started after the newest data: there is nothing to compare yet.",
    "line": "Its indicator was not collected around the start: there is no number to judge it by.",
    "direction": "Neither way of its indicator is better: give it a target.",
}
# By whether the level before the start kept to the target, and the newest one does.
_TARGETS: Final[Mapping[tuple[bool, bool], str]] = {
    (False, True): "The target of {goal} is reached",
    (False, False): "The target of {goal} is not reached",
    (True, True): "The target of {goal} is kept, as it was before the start",
    (True, False): "The target of {goal} is missed, though it was kept before the start",
}


def lacking(judged: Judged) -> str:
    """Why there is no number; empty where there is one."""
    if judged.lack == "days":
        return t(
            "Too few days are measured so far: {days} of the {needed} that are needed on each side of the start.",
            days=number(judged.days),
            needed=number(judged.needed),
        )
    return t(_LACKS[judged.lack]) if judged.lack else ""


def level(value: float, judged: Judged) -> str:
    """A level with its unit. By demand it has one that nobody would read: it is told beside the level before."""
    if judged.effect is not None and judged.effect.is_per_demand:
        return number(value)
    told = quantity(value, judged.unit or "1")
    return t("{told} an hour", told=told) if judged.is_hourly else told


def summary(judged: Judged) -> str:
    """Before and after in one phrase, with over which weeks and how far it moved."""
    effect = judged.effect
    if effect is None:
        return lacking(judged)
    before, after = level(effect.before, judged), level(effect.after, judged)
    by = effect.after - effect.before
    if effect.is_per_demand:
        moved = change(by, effect.before, "1")
        told = t("{moved} by demand (mean {before} before, {after} after)", moved=moved, before=before, after=after)
    else:
        moved = change(by, effect.before, judged.unit or "1")
        told = t("mean {before} before, {after} after ({moved})", before=before, after=after, moved=moved)
    return t("{told}; {weeks}", told=told, weeks=_weeks(effect))


def so_far(judged: Judged) -> str:
    """How it stands before it is judged; empty where nothing is measured on both sides of the start."""
    if judged.effect is not None:
        return t("so far {told}", told=summary(judged))
    if judged.rough is None:
        return ""
    rough = judged.rough
    return t(
        "so far {after} on {days}, {before} on {m} before",
        after=level(rough.after, judged),
        before=level(rough.before, judged),
        days=counted("{n} day", "{n} days", rough.days_after),
        m=number(rough.days_before),
    )


def _weeks(effect: Effect) -> str:
    passed = next((each for each in effect.reasons if each.code == "too_early"), None)
    if passed is not None:
        return counted(
            "{n} day since the start, beside the same weekdays before",
            "{n} days since the start, beside the same weekdays before",
            _n(passed),
        )
    return counted(
        "{n} week on each side, by weekday and hour", "{n} weeks on each side, by weekday and hour", effect.weeks
    )


def evidence(judged: Judged, zone: str) -> tuple[str, ...]:
    """Everything that speaks for the verdict, one sentence each, the numbers first."""
    effect = judged.effect
    if effect is None:
        return (lacking(judged), *_roughly(judged))
    told = [t("{told}.", told=summary(judged)), *_target(judged, effect), *_step(judged, effect)]
    return (*told, *(_reason(reason, zone) for reason in effect.reasons))


def _roughly(judged: Judged) -> list[str]:
    """Plain means of what was measured, with on how many days: no verdict, but better than nothing."""
    if judged.rough is None:
        return []
    return [
        t(
            "What was measured: {after} on average of {days} since the start, {before} of {same} at the same "
            "weekdays and hours before it.",
            after=level(judged.rough.after, judged),
            before=level(judged.rough.before, judged),
            days=counted("{n} day", "{n} days", judged.rough.days_after),
            same=counted("{n} day", "{n} days", judged.rough.days_before),
        )
    ]


def _target(judged: Judged, effect: Effect) -> list[str]:
    """Whether the newest week keeps to the target, and the weeks before the start did; by demand it can't be told.

    The mean of all weeks since the start would call a target reached that a rising line has left behind.
    """
    target = judged.action.target
    if target is None or effect.is_per_demand:
        return []
    goal = level(target, judged)
    if effect.verdict == "too early":
        return [t("The target is {goal}.", goal=goal)]
    newest = effect.after if judged.lately is None else judged.lately.level
    was, is_now = (
        value <= target if judged.better == "lower" else value >= target for value in (effect.before, newest)
    )
    told = t(_TARGETS[was, is_now], goal=goal)
    if judged.lately is None:
        return [t("{told}.", told=told)]
    newest_week, week_before = (level(each, judged) for each in (newest, judged.lately.before))
    return [
        t("{told}: {newest} in the newest week, {before} in the one before.", told=told, newest=newest_week,
          before=week_before)
    ]  # fmt: skip


def _step(judged: Judged, effect: Effect) -> list[str]:
    """The step with its interval, where a trend makes it another thing than after less before."""
    went_on = any(reason.code == "trend_went_on" for reason in effect.reasons)
    if not went_on or effect.effect is None or effect.low is None or effect.high is None:
        return []
    unit = "1" if effect.is_per_demand else judged.unit or "1"
    step, low, high = (change(each, effect.before, unit) for each in (effect.effect, effect.low, effect.high))
    return [
        t("Beside the trend that went on, the step is {step} ({low} to {high}, 95 %).", step=step, low=low, high=high)
    ]


def spoken(said: Accepted, now: datetime) -> str:
    """What a person said of it, in plain text."""
    told = t(NAMES[said.verdict])
    if said.is_overruled:
        told = t("{told} (the data said: {computed})", told=told, computed=said.computed)
    if said.because:
        told = t("{told}, because: {because}", told=told, because=said.because)
    return t("{told} · {who}, {age}", told=told, who=said.by, age=age(said.at, now))


# the reasons ------------------------------------------------------------------------------------------------

# By code, with the reason's own values; where they count something, of one and of many.
_REASONS: Final[Mapping[str, str | tuple[str, str]]] = {
    "too_early": (
        "{n} day of {needed} has passed since the start: too early to tell.",
        "{n} days of {needed} have passed since the start: too early to tell.",
    ),
    "step_then": "The level stepped about the start, from {at} on ({likely} likely).",
    "step_elsewhere": "The level stepped at another time, on {at} ({likely} likely).",
    "no_step": "Nothing stands out from how the days differ anyway ({likely} likely no step).",
    "too_small": "There is a step, too small to be seen ({share} of the level).",
    "trend_went_on": "A trend from before the start went on ({likely} likely).",
    "per_demand": "It follows the demand and is judged by it; the demand itself moved by {demand_share}.",
    "demand_moved": "The demand moved by {demand_share}, which may cause a change or cover one.",
    "demand_against": "The demand moved by {demand_share}, the other way: it is not the reason.",
    "fixed_part": (
        "{share} of it does not follow the demand, which moved by {demand_share}: that alone may make the difference."
    ),
    "others_then": (
        "{n} other change of this component in the same days, on {at}: it may be the reason as well.",
        "{n} other changes of this component in the same days, the nearest on {at}: they may be the reason as well.",
    ),
    "others_in_window": (
        "{n} other change of this component in all the weeks compared.",
        "{n} other changes of this component in all the weeks compared.",
    ),
}


def _reason(reason: Reason, zone: str) -> str:
    sentence, values = _REASONS[reason.code], {name: _value(name, of, zone) for name, of in reason.values.items()}
    return t(sentence, **values) if isinstance(sentence, str) else counted(*sentence, _n(reason), **values)


def _n(reason: Reason) -> int:
    """How many days or changes it tells of."""
    n = reason.values.get("days", reason.values.get("count", 0))
    return 0 if isinstance(n, datetime) else int(n)


def _value(name: str, of: float | datetime, zone: str) -> str:
    if isinstance(of, datetime):
        return day(local_day(of, zone))
    if name == "demand_share":
        return ("+" if of > 0 else "−") + share(abs(of))
    if name == "likely" and of > 0.99:
        # No number that a model of levels can promise.
        return t("more than 99 %")
    return share(of) if name in ("likely", "share") else number(of)
