"""review --open, --decide and --close: a review is held from the command line as it is on its page."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from metrics.cli_flags import a_day, a_time
from metrics.config import Config
from metrics.errors import InputError
from metrics.model import Entry, EntryKind, Service

if TYPE_CHECKING:
    from metrics.review.minutes import Review, Topic
    from metrics.store import Store
    from metrics.ui.review_choices import Option

__all__ = ["add_flags", "is_asked", "refuse_flags", "run"]

ANSWER = ("because", "owner", "due", "replace")
ABOUT = ("attendees", "place", "meets")


def add_flags(verb: argparse.ArgumentParser) -> None:
    """What changes something; each is signed with --who."""
    held = verb.add_argument_group("holding it", "All of it is signed with --who, and shows on the pages at once.")
    does = held.add_mutually_exclusive_group()
    does.add_argument("--open", action="store_true", help="its numbers stand still from now on, for everybody")
    does.add_argument("--decide", metavar="SUBJECT", help="answer a topic, by its subject in --format json")
    does.add_argument("--close", action="store_true", help="freeze it, once everything that moved has a decision")
    held.add_argument("--who", metavar="NAME", help="who says so")
    held.add_argument("--attendees", metavar="NAMES", help="of --open: who takes part")
    held.add_argument("--place", metavar="PLACE", help="of --open: where")
    held.add_argument("--meets", type=a_time, metavar="T", help="of --open: when")
    held.add_argument("--answer", metavar="ANSWER", help="of --decide: explained, investigate, ignored; a branch, a "
                      "verdict, a deployment or a cause")  # fmt: skip
    held.add_argument("--because", metavar="TEXT", help="of --decide: the reason")
    held.add_argument("--owner", metavar="NAME", help="of --decide with investigate: who (the team that owns it)")
    held.add_argument("--due", type=a_day, metavar="DAY", help="of --decide with investigate: until when (in a week)")
    held.add_argument("--replace", action="store_true", help="of --decide: in place of what holds already")


def is_asked(arguments: argparse.Namespace) -> bool:
    return bool(arguments.open or arguments.decide or arguments.close)


def refuse_flags(arguments: argparse.Namespace) -> None:
    """Flags that would be for nothing, and a missing name."""
    for owner, flags in (("open", ABOUT), ("decide", ("answer", *ANSWER))):
        for flag in flags:
            if getattr(arguments, flag) and not getattr(arguments, owner):
                raise InputError(f"--{flag} belongs to --{owner}")
    if not is_asked(arguments):
        return
    if not (arguments.who or "").strip():
        raise InputError("--who NAME is needed: what is said in a review is signed")
    taken = [flag for flag in ("format", "other", "about", "output") if getattr(arguments, flag)]
    if taken:
        raise InputError("--open, --decide and --close print one line: leave out --format, --with, --about and -o")


def run(
    store: Store, config: Config, service: Service, until: datetime, arguments: argparse.Namespace, now: datetime
) -> str:
    """Do it, and say in a line what was done. `until` is up to when the review of --as-of looks."""
    who = " ".join(arguments.who.split())
    if arguments.open:
        return _open(store, config, service, until, arguments, who, now)
    name = _name(config, service, arguments.as_of, until)
    if arguments.close:
        return _close(store, config, service, name, who, now)
    return _decide(store, config, service, name, arguments, who, now)


def _open(
    store: Store,
    config: Config,
    service: Service,
    until: datetime,
    arguments: argparse.Namespace,
    who: str,
    now: datetime,
) -> str:
    from metrics.cli_findings import look
    from metrics.meeting.close import open_review
    from metrics.meeting.window import review_window
    from metrics.review.minutes import open_topics

    look(config, now)
    about: Mapping[str, str | None] = {
        "attendees": arguments.attendees,
        "place": arguments.place,
        "meets_at": arguments.meets.isoformat() if arguments.meets else None,
    }
    review = open_review(store, config, service, review_window(config.folder, service, until), who, now, about)
    n = len(open_topics(review))
    return f"the review of {review.id} is open: {len(review.topics)} topics, {n} of them need a decision"


def _close(store: Store, config: Config, service: Service, name: str, who: str, now: datetime) -> str:
    from metrics.meeting.close import close
    from metrics.meeting.digest import tell_closed
    from metrics.meeting.shelf import Shelf

    review = close(store, config, service, name, who, now)
    problem = tell_closed(store, config, service, review, now)
    path = Shelf(config.folder, service.name).path(name).relative_to(config.folder)
    told = f"the review of {name} is closed with {len(review.decisions)} decisions: {path}"
    return f"{told}\n{problem}" if problem else told


def _name(config: Config, service: Service, as_of: object, until: datetime) -> str:
    """That of the day that was asked for, else the one that is held."""
    from metrics.meeting.prepare import review_id
    from metrics.meeting.shelf import Shelf

    opened = Shelf(config.folder, service.name).opened()
    name = review_id(until, service.time_zone) if as_of or not opened else opened[-1]
    if name not in opened:
        raise InputError(
            f"there is no open review of {name}; open: {', '.join(opened) or 'none'}. Open it with --open, or name "
            "another day with --as-of"
        )
    return name


# deciding -----------------------------------------------------------------------------------------------------


def _decide(
    store: Store,
    config: Config,
    service: Service,
    name: str,
    arguments: argparse.Namespace,
    who: str,
    now: datetime,
) -> str:
    from metrics.meeting.close import held, is_closed
    from metrics.meeting.told import decision_sentence
    from metrics.review.minutes import decision_of
    from metrics.store import entries

    review = held(store, config, service, name, now)
    if review is None:
        raise InputError(f"there is no review of {name}")
    topic, key = _topic(review, arguments.decide)
    fields = _fields(review, topic, arguments, now)
    with store.read() as db:
        holds = [word for word in entries.latest(db, key[0], service.name, key[1]) if word.subject == key[1]]

    def still(_: Entry) -> None:
        if is_closed(config, service, name):
            raise InputError(f"the review of {name} was closed meanwhile: nothing is kept")

    seen = holds[0].at if holds and arguments.replace else None
    word = Entry(now, who, key[0], service.name, key[1], fields)
    rival = entries.answer(store, word, seen, still)
    if rival is not None:
        found = decision_of(rival, name)
        told = decision_sentence(found, review.zone) if found else f"{rival.author} spoke of it"
        raise InputError(f"{arguments.decide}: {told} holds already; say --replace to put yours in its place")
    kept = decision_of(word, name)
    return f"kept: {topic.sentence} → {decision_sentence(kept, review.zone) if kept else arguments.answer}"


def _topic(review: Review, subject: str) -> tuple[Topic, tuple[EntryKind, str]]:
    from metrics.ui.review_choices import word_of

    found = {topic.subject: topic for topic in review.topics if word_of(review.id, topic)}
    topic = found.get(subject)
    key = word_of(review.id, topic) if topic else None
    if topic is None or key is None:
        raise InputError(
            f"--decide {subject}: nothing of that name can be answered in the review of {review.id}; there are "
            f"{', '.join(found) or 'none'}"
        )
    return topic, key


def _fields(review: Review, topic: Topic, arguments: argparse.Namespace, now: datetime) -> Mapping[str, str | None]:
    """As the page keeps it: the answer that is named, with the reason that belongs to it or one's own."""
    from metrics.review.period import local_day
    from metrics.ui.review_choices import BY_WHEN, columns

    today = local_day(now, review.zone)
    every = [option for column in columns(review.id, topic, today) for option in column.options]
    options = [option for option in every if _answer(option) == arguments.answer]
    if not options:
        known = ", ".join(dict.fromkeys(_answer(option) for option in every))
        raise InputError(f"--answer {arguments.answer or ''} is no answer to {topic.subject}; use one of {known}")
    fields = dict(_reasoned(options, arguments.because))
    if fields.get("outcome") == "investigate":
        owner = review.teams.get(topic.owners[0], topic.owners[0]) if topic.owners else None
        due: date = _day(arguments.due, review.zone) or today + BY_WHEN
        fields |= {"owner": arguments.owner or owner, "due": due.isoformat()}
    elif arguments.owner or arguments.due:
        raise InputError(f"--owner and --due say who looks into it: they go with investigate, not {arguments.answer}")
    return fields


def _answer(option: Option) -> str:
    """What decides: the one field of an answer that is no reason for it."""
    keys = ("outcome", "branch", "verdict", "deployment", "cause")
    return next(value for key in keys if (value := option.fields.get(key)))


def _reasoned(options: Sequence[Option], because: str | None) -> Mapping[str, str | None]:
    text = " ".join((because or "").split())
    offered = [option for option in options if not option.needs_words]
    if not text:
        chosen = offered if len(offered) == 1 else [option for option in offered if option.is_suggested]
        if not chosen:
            reasons = "; ".join(option.fields.get("because") or option.label for option in offered)
            raise InputError(f"--because is needed: {f'one of {reasons}, or ' if reasons else ''}your own words")
        return chosen[0].fields
    same = next((option for option in offered if option.fields.get("because") == text), None)
    if same is not None:
        return same.fields
    own = next((option for option in reversed(options) if option.needs_words), options[0])
    return {**own.fields, own.typed: text}


def _day(asked: date | None, zone: str) -> date | None:
    from metrics.review.period import local_day

    return local_day(asked, zone) if isinstance(asked, datetime) else asked
