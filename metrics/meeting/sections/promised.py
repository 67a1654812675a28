"""Promises: what a review left to investigate, of topics that are not on the agenda again. Somebody asks for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from metrics.meeting.shelf import Shelf
from metrics.review.minutes import Decision, Review, Topic
from metrics.ui.words import day, t

__all__ = ["promised"]

# What nobody answered in two months of weekly reviews is not remembered any more.
REVIEWS = 8
SHOWN = 6


def promised(shelf: Shelf, review: Review) -> tuple[Topic, ...]:
    """Topics of the last closed reviews that somebody is to look into, soonest due first."""
    asked_anyway = {
        topic.subject
        for section in review.sections
        if section.name not in ("verdicts", "actions")
        for topic in section.topics
    }
    found = [
        (decision.due or date.max, _topic(topic, decision, at, review))
        for topic, decision, at in _left(shelf, review)
        if topic.subject not in asked_anyway
    ]
    return tuple(topic for _, topic in sorted(found, key=lambda each: each[0])[:SHOWN])


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
