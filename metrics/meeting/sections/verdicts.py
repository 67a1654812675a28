"""Verdicts: actions to be judged, with what the data says; those judged since the last review; those still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from metrics.meeting.setting import Setting
from metrics.meeting.verdicts import judged, span
from metrics.model import Entry
from metrics.review.actions import Action
from metrics.review.judged import Accepted, Judged, accepted, by_urgency, state
from metrics.review.minutes import Figure, Section, Topic
from metrics.review.period import local_day
from metrics.ui.verdict_words import NAMES, evidence, so_far, summary
from metrics.ui.words import day, t

__all__ = ["judged_sentence", "section", "standing"]

# Five minutes are for so many; the Actions page has the others.
DUE, OPEN = 8, 12


def section(
    setting: Setting, every: Sequence[Action], words: Sequence[Entry], promises: Sequence[Topic] = ()
) -> Section:
    """By check date, with what was promised after what is due. Of what a review has judged, only this one tells."""
    if not every:
        nothing = "" if promises else t("No action has been written down yet.")
        return Section("verdicts", tuple(promises), nothing=nothing)
    said, today = accepted(words), setting.today
    # What was written down in this very review is told among the new ones.
    ordered = [each for each in by_urgency(every, said, today) if each.review != setting.review]
    due = [each for each in ordered if _is_due(each, said.get(each.id), today, setting.review)]
    judged_since = [each for each in ordered if _is_judged_since(each, said.get(each.id), setting)]
    named = {each.id for each in (*due, *judged_since)}
    waiting = [each for each in ordered if each.id not in named and _is_open(each, said.get(each.id), today)]
    told = (due + judged_since)[:DUE]
    found = [judged(setting.db, setting.service, setting.lines, each, setting.window.end, every) for each in told]
    # All at once: asking for one line's figures takes as long as for all.
    figures = setting.figures(
        [each.action.address for each in found if each.action.address and not _is_matched(each)]
    )
    asked, answered = found[: len(due)], found[len(due) :]
    topics = (
        *(_due(setting, each, figures) for each in asked),
        *promises,
        *(_judged(setting, each, figures, said[each.action.id]) for each in answered),
        *(_open(setting, each, every) for each in waiting[:OPEN]),
    )
    more = len(due) + len(judged_since) - len(told) + len(waiting[OPEN:])
    nothing = "" if topics else t("No verdict is due, and no action is open.")
    return Section("verdicts", topics, more=more, nothing=nothing)


def _is_due(action: Action, said: Accepted | None, today: date, review: str) -> bool:
    """Nobody has judged it yet, or this review did: what was said in it can be read and taken back."""
    if action.dropped:
        return False
    return state(action, said, today) == "due" or (said is not None and said.review == review)


def _is_judged_since(action: Action, said: Accepted | None, setting: Setting) -> bool:
    """In no review, but on the page of its own: whoever was not there hears of it here."""
    if action.dropped or said is None or said.review:
        return False
    return said.is_final and said.at > setting.window.start


def _is_open(action: Action, said: Accepted | None, today: date) -> bool:
    return state(action, said, today) in ("not started", "under way", "done")


def _due(setting: Setting, found: Judged, figures: Mapping[str, Figure]) -> Topic:
    action = found.action
    verdict = found.verdict
    figure = _figure(found, figures)
    told = t("{what}: {told}", what=action.what, told=summary(found)) if found.effect else action.what
    return Topic(
        subject=f"action/{action.id}",
        section="verdicts",
        sentence=told,
        owners=(action.owner,) if action.owner else (),
        tag=t(NAMES[verdict]) if verdict else t("to be judged"),
        # The sentence has the numbers already.
        detail=(*evidence(found, setting.service.time_zone)[1 if found.effect else 0 :], *_why(action)),
        figures=(figure,) if figure else (),
        curve=_curve(setting, action),
        started=action.started,
        page="actions",
        query={"service": setting.service.name, "action": action.id},
        suggested=verdict or "",
    )


def _judged(setting: Setting, found: Judged, figures: Mapping[str, Figure], said: Accepted) -> Topic:
    """What a person said holds; nothing is asked any more."""
    topic, told = _due(setting, found, figures), judged_sentence(setting, found.action, said)
    detail = (t("{told}.", told=summary(found)), *topic.detail) if found.effect else _why(found.action)
    return replace(topic, sentence=told, tag=t("judged"), detail=detail, suggested="")


def judged_sentence(setting: Setting, action: Action, said: Accepted) -> str:
    """What was done, and what a person said came of it."""
    at = local_day(said.at, setting.service.time_zone)
    told = t("{what}: {verdict}, judged by {who} on {day}", what=action.what, verdict=t(NAMES[said.verdict]),
             who=said.by, day=day(at))  # fmt: skip
    return t("{told}: {because}", told=told, because=said.because) if said.because else told


def _curve(setting: Setting, action: Action) -> tuple[tuple[datetime, float], ...]:
    if action.started is None or action.started >= setting.window.end or action.address is None:
        return ()
    return setting.curves([action.address], span(action.started, setting.window.end)).get(action.address, ())


def _is_matched(found: Judged) -> bool:
    """Whether both levels are in the line's own unit."""
    return found.effect is not None and not found.effect.is_per_demand and not found.is_hourly


def _figure(found: Judged, figures: Mapping[str, Figure]) -> Figure | None:
    """Before and after as they were matched; where these have a unit of their own, the review's own two periods."""
    effect, address = found.effect, found.action.address
    if address is None or found.unit is None:
        return None
    if effect is None or not _is_matched(found):
        return figures.get(address)
    return Figure(address, found.unit, effect.since, effect.until or found.as_of, effect.after, effect.before)


def _open(setting: Setting, action: Action, every: Sequence[Action]) -> Topic:
    """Carried from review to review until it is judged; there is nothing to decide on yet."""
    return Topic(
        subject=f"action/{action.id}",
        section="verdicts",
        sentence=standing(setting, action, every),
        owners=(action.owner,) if action.owner else (),
        tag=t("still open") if action.done is None else t("done"),
        detail=_why(action),
        started=action.started,
        page="actions",
        query={"service": setting.service.name, "action": action.id},
    )


def standing(setting: Setting, action: Action, every: Sequence[Action]) -> str:
    """What is done, since when, and how its line stands so far."""
    zone = ZoneInfo(setting.service.time_zone)
    when = (
        t("not started")
        if action.started is None
        else t("since {day}", day=day(action.started.astimezone(zone).date()))
    )
    told = t("{what} ({when}; verdict due {day})", what=action.what, when=when, day=day(action.check))
    if action.started is None or not action.address:
        return told
    stands = so_far(judged(setting.db, setting.service, setting.lines, action, setting.window.end, every))
    return t("{told}: {stands}", told=told, stands=stands) if stands else told


def _why(action: Action) -> tuple[str, ...]:
    return (t("Why: {why}", why=action.why_sentence),) if action.why_sentence else ()
