"""Telling teams what moved where they read: Slack, Teams, mail or a webhook, through Apprise.

What went out is kept in the store once it is out, so that a message that could not be sent is tried again, and none
is sent twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from metrics import catalog
from metrics.config import Config
from metrics.errors import SourceError
from metrics.model import Service
from metrics.notify_settings import Notify
from metrics.review.items import Item
from metrics.review.notices import DIGEST, due, subject_of
from metrics.store import Store, notices
from metrics.trends.agenda import Agenda
from metrics.ui.finding_words import NEWS, item_sentence
from metrics.ui.words import both, counted, t

__all__ = ["Message", "digest_now", "messages", "notify", "send"]

PAGE = "spikes"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `subject` is what it is about, to remember that it went out."""

    subject: str
    title: str
    body: str


def messages(
    service: Service, found: Agenda, settings: Notify, sent: dict[str, datetime], now: datetime
) -> list[Message]:
    """What is due to be told of a service."""
    weekly = (settings.digest.weekday, settings.digest.at) if settings.digest else None
    wanted = due(found.items, sent, now, zone=service.time_zone, weekly=weekly, urgent=settings.urgent)
    made = [_urgent(service, item, settings) for item in wanted.urgent]
    return [digest(service, found.items, settings), *made] if wanted.digest else made


def digest(service: Service, items: Sequence[Item], settings: Notify) -> Message:
    """What the review will look at, one line each."""
    n = counted("{n} thing is worth a look", "{n} things are worth a look", len(items))
    title = t("{service}: {n}", service=service.title, n=n if items else t("a quiet week"))
    lines = [f"{number}. {_line(service, item, settings)}" for number, item in enumerate(items, 1)]
    nothing = t("Nothing moved that is worth a look.")
    return Message(DIGEST, title, "\n".join(lines) or nothing)


def _urgent(service: Service, item: Item, settings: Notify) -> Message:
    title = t("{service}: a limit is near", service=service.title)
    return Message(subject_of(item), title, _line(service, item, settings))


def _line(service: Service, item: Item, settings: Notify) -> str:
    told = item_sentence(item, catalog.load().indicators, service.time_zone)
    owners = both([team.title for team in service.teams if team.name in item.owners])
    about = " · ".join(each for each in (t(NEWS[item.news]), owners) if each)
    return "\n".join(each for each in (f"{told} ({about})", _link(service, item, settings)) if each)


def _link(service: Service, item: Item, settings: Notify) -> str:
    if settings.link is None:
        return ""
    return f"{settings.link.rstrip('/')}/{PAGE}?{urlencode({'service': service.name, 'item': item.id})}"


def notify(store: Store, config: Config, service: Service, found: Agenda, now: datetime) -> Iterator[Message]:
    """Send what is due; yields each message that went out. Raises SourceError where one could not be sent."""
    if not config.notify.addresses:
        return
    with store.read() as db:
        sent = notices.latest(db, service.name)
    for message in messages(service, found, config.notify, sent, now):
        send(message, config.notify)
        notices.add(store, service.name, message.subject, now)
        yield message


def digest_now(
    store: Store, config: Config, service: Service, found: Agenda, now: datetime, *, is_rehearsal: bool
) -> Iterator[Message]:
    """The digest whatever the day; yields it once it is out, or in a rehearsal without sending it."""
    message = digest(service, found.items, config.notify)
    if not is_rehearsal:
        send(message, config.notify)
        notices.add(store, service.name, message.subject, now)
    yield message


def send(message: Message, settings: Notify) -> None:
    """To every address. Raises SourceError where one can't be reached, and never says an address."""
    import apprise

    # It logs addresses, and an address holds a token.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    post = apprise.Apprise()
    for number, address in enumerate(settings.addresses, 1):
        if not post.add(address.get_secret_value()):
            raise SourceError(f"notify.to: address {number} is none that Apprise knows; see its list of services")
    # Unless it is told, a mail is HTML to it, whose lines run together and whose `<` begin a tag.
    if not post.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT):
        raise SourceError(f"the message {message.title!r} could not be sent to every address under notify.to")
