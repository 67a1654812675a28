"""Promises: what a review left to investigate, of topics that are not on the agenda again. Somebody asks for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from metrics.meeting.shelf import Shelf
from metrics.review.actions import Action
from metrics.review.minutes import Decision, Review, Topic
from metrics.ui.words import day, t

__all__ = ["promised"]

# Whom nobody asked for so long after the day is not asked any more: five minutes are for what is fresh.
ASKED_FOR = timedelta(weeks=4)
REVIEWS = 8
SHOWN = 4


def promised(shelf: Shelf, review: Review, every: Sequence[Action]) -> tuple[Topic, ...]:
    """Topics of the last closed reviews that somebody is to look into, soonest due first.

    What an action was written of meanwhile is answered by it.
    """
    settled = {action.why for action in every} | {
        topic.subject
        for section in review.sections
        if section.name not in ("verdicts", "actions")
        for topic in section.topics
    }
    since = date.fromisoformat(review.id) - ASKED_FOR
    left = [
        (decision.due or asked, topic, decision, asked)
        for topic, decision, asked in _left(shelf, review)
        if topic.subject not in settled
    ]
    fresh = sorted((each for each in left if each[0] >= since), key=lambda each: each[0])
    return tuple(_topic(topic, decision, asked, review) for _, topic, decision, asked in fresh[:SHOWN])


def _left(shelf: Shelf, review: Review) -> list[tuple[Topic, Decision, date]]:
    """By its newest decision, each topic that is still to be investigated; and the day on which that was said."""
    newest: dict[str, tuple[Topic, Decision, date]] = {}
    earlier = [name for name in shelf.closed() if name < review.id][-REVIEWS:]
    for name in reversed(earlier):
        held = shelf.read(name)
        for topic in held.topics if held else ():
            decision = held.decision(topic.subject) if held else None
            if decision is not None:
                newest.setdefault(topic.subject, (topic, decision, date.fromisoformat(name)))
    return [each for each in newest.values() if each[1].outcome == "investigate"]


def _topic(topic: Topic, decision: Decision, asked: date, review: Review) -> Topic:
    """As it was told then, since it is not told today; its numbers of then would only mislead."""
    who = decision.owner or t("whoever looked into it")
    is_due = decision.due is not None and decision.due.isoformat() <= review.id
    told = t("Asked in the review of {day}.", day=day(asked))
    if decision.due is not None:
        told = t("Asked in the review of {day}, until {due}.", day=day(asked), due=day(decision.due))
    return replace(
        topic,
        section="verdicts",
        sentence=t("What did {who} find? {what}", who=who, what=topic.sentence),
        tag=t("due") if is_due else t("promised"),
        detail=(told,),
        reasons=(),
        figures=(),
        curve=(),
        started=None,
        suggested="",
        extreme=None,
        offers=(),
    )
