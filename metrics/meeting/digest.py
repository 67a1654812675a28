"""What a closed review decided, told to where the teams read: once, and whether or not that works it stays closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from metrics.config import Config
from metrics.errors import SourceError
from metrics.meeting.told import decision_sentence, review_link
from metrics.model import Service
from metrics.notify_settings import Notify
from metrics.review.actions import Action, actions
from metrics.review.minutes import Review
from metrics.store import Store, entries, notices
from metrics.trends.notify import Message, send
from metrics.ui.words import day, t

__all__ = ["closed_message", "tell_closed"]


def tell_closed(store: Store, config: Config, service: Service, review: Review, now: datetime) -> str:
    """Tell the teams, unless they were told or nobody asked for it. Returns why it could not be, in a sentence."""
    if not config.notify.addresses or review.closed_at is None:
        return ""
    with store.read() as db:
        told = notices.latest(db, service.name)
        every = actions(entries.latest(db, "action", service.name))
    written = [each for each in every if each.review == review.id and not each.dropped]
    message = closed_message(review, written, config.notify)
    if message.subject in told:
        return ""
    try:
        send(message, config.notify)
    except SourceError as error:
        return t("The review is closed, but the teams were not told: {why}.", why=str(error).rstrip("."))
    notices.add(store, service.name, message.subject, now)
    return ""


def closed_message(review: Review, written: Sequence[Action], settings: Notify) -> Message:
    """The decisions with who does what until when, the actions that were written down, and where to read it all."""
    title = t(
        "{service}: review of {day}, closed by {who}", service=review.title, day=review.id, who=review.closed_by
    )
    link = "" if settings.link is None else review_link(review, settings.link)
    parts = (_decisions(review), _actions(review, written), link)
    return Message(f"review/{review.id}", title, "\n\n".join(part for part in parts if part))


def _decisions(review: Review) -> str:
    decided = [(topic, found) for topic in review.topics if (found := review.decision(topic.subject))]
    told = [
        f"{number}. {_in_a_line(topic.sentence)}\n   → {_in_a_line(decision_sentence(decision, review.zone))}"
        for number, (topic, decision) in enumerate(decided, 1)
    ]
    return "\n".join(told) or t("Nothing was decided.")


def _actions(review: Review, written: Sequence[Action]) -> str:
    if not written:
        return ""
    told = [
        t(
            "- {what} ({owner}; checked on {day})",
            what=_in_a_line(each.what),
            owner=_in_a_line(review.teams.get(each.owner, each.owner)) or t("nobody yet"),
            day=day(each.check),
        )
        for each in reversed(written)
    ]
    return "\n".join([t("New actions:"), *told])


def _in_a_line(text: str) -> str:
    """What people wrote in several could be taken for what others decided."""
    return " ".join(text.split())
