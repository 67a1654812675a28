"""Holding a review: opened once for everybody, read as it stands with what was said, and closed for good.

The file is the promise and comes first, the word in the store follows; what a kill leaves between them is finished by
the next who reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from metrics.config import Config
from metrics.errors import InputError
from metrics.meeting.acted import with_actions
from metrics.meeting.documents import markdown
from metrics.meeting.prepare import prepare
from metrics.meeting.shelf import Shelf, dumped
from metrics.model import Entry, EntryKind, Service, Window
from metrics.review.minutes import Review, decided, described, description, noted, open_topics
from metrics.store import Store, entries, read
from metrics.ui.words import both, counted, moment, t

__all__ = ["close", "held", "is_closed", "notes_of", "open_review", "with_words", "words_of"]

# Somebody may speak while it is closed; then it is read once more.
TRIES = 5
# Whoever says something while somebody else's page runs may be a little ahead of it.
BETWEEN_CLOCKS = timedelta(minutes=5)
_DECIDING: Sequence[EntryKind] = ("rule", "verdict", "cause")


def is_closed(config: Config, service: Service, review_id: str) -> bool:
    """Whether nothing can be decided in it any more."""
    return Shelf(config.folder, service.name).path(review_id).exists()


def open_review(
    store: Store,
    config: Config,
    service: Service,
    window: Window,
    who: str,
    now: datetime,
    about: Mapping[str, str | None] | None = None,
) -> Review:
    """Prepare a review and hold it from now on; where somebody was faster, theirs. Refuses a closed one."""
    found = with_actions(store, config, service, prepare(store, config, service, window, now), now)
    prepared = described(found, about or {})
    _refuse_closed(config, service, prepared.id)
    review = Shelf(config.folder, service.name).open(prepared)
    if dumped(review) == dumped(prepared):
        entries.add(store, _word(review, "open", who, now))
    return review


def held(store: Store, config: Config, service: Service, review_id: str, now: datetime) -> Review | None:
    """The review as frozen if it is closed, as it stands with what was said if it is open, None if it is neither."""
    review = Shelf(config.folder, service.name).read(review_id)
    if review is None:
        return None
    if review.closed_at is not None:
        _mend(store, config, service, review)
        return review
    return with_words(store, config, service, review, now)


def with_words(store: Store, config: Config, service: Service, review: Review, now: datetime) -> Review:
    """A review that is not closed, with its verdicts and new actions, and what was decided so far."""
    return _as_it_stands(store, config, service, review, now)[0]


def close(store: Store, config: Config, service: Service, review_id: str, who: str, now: datetime) -> Review:
    """Freeze the review with all that was decided. Refuses while topics are open, and what is closed already."""
    shelf = Shelf(config.folder, service.name)
    for _ in range(TRIES):
        _refuse_closed(config, service, review_id)
        opened = shelf.read(review_id)
        if opened is None:
            raise InputError(t("There is no open review of {day}; open it first.", day=review_id))
        review, seen = _as_it_stands(store, config, service, opened, now)
        _refuse_open_topics(review)
        closed = replace(review, closed_at=now, closed_by=who)
        text = markdown(closed)

        def freeze(closed: Review = closed, text: str = text) -> None:
            if not shelf.close(closed, text):
                _refuse_closed(config, service, review_id)

        if entries.conclude(store, _word(closed, "closed", who, now), seen, freeze):
            return closed
    raise InputError(t("Others are still saying things in this review; close it once they are done."))


def words_of(db: read.Reader, service: str, review_id: str) -> tuple[Entry, ...]:
    """What was said that may decide a topic of this review."""
    said = entries.latest(db, "disposition", service, f"{review_id}/")
    return (*said, *entries.latest_of(db, _DECIDING, service))


def notes_of(db: read.Reader, review: Review) -> tuple[Entry, ...]:
    """What was noted since the review was opened; taking the newest numbers opens none anew."""
    opened = entries.begun(db, "review", review.service).get(review.id, review.prepared_at)
    return entries.since(db, "note", review.service, min(opened, review.prepared_at))


def _as_it_stands(
    store: Store, config: Config, service: Service, review: Review, now: datetime
) -> tuple[Review, str]:
    """With actions, who is there and what was decided so far, and the stamp of the words that it was made from."""
    with store.read() as db:
        seen = entries.stamp(db, service.name)
        words, notes = words_of(db, service.name, review.id), notes_of(db, review)
        about = [each for each in entries.latest(db, "review", service.name, review.id) if each.subject == review.id]
    review = with_actions(store, config, service, review, now + BETWEEN_CLOCKS)
    for word in about:
        review = described(review, word.said or {})
    return noted(decided(review, words), notes), seen


def _refuse_closed(config: Config, service: Service, review_id: str) -> None:
    if is_closed(config, service, review_id):
        closed = Shelf(config.folder, service.name).read(review_id)
        by = closed.closed_by if closed else ""
        at = moment(closed.closed_at if closed else None, service.time_zone)
        raise InputError(
            t(
                "The review of {day} was closed by {who}, {moment}; nothing of it changes.",
                day=review_id,
                who=by,
                moment=at,
            )
        )


def _refuse_open_topics(review: Review) -> None:
    missing = open_topics(review)
    if missing:
        what = counted("{n} thing that moved has", "{n} things that moved have", len(missing))
        raise InputError(
            t(
                "The review can't be closed: {what} no decision yet: {topics}.",
                what=what,
                topics=both([topic.sentence for topic in missing]),
            )
        )


def _word(review: Review, state: str, who: str, at: datetime) -> Entry:
    return Entry(at, who, "review", review.service, review.id, description(review, state))


def _mend(store: Store, config: Config, service: Service, review: Review) -> None:
    """Whoever closed it may have been killed between the file and the word."""
    Shelf(config.folder, service.name).mend(review, lambda: markdown(review))
    with store.read() as db:
        found = entries.latest(db, "review", service.name, review.id)
    known = any(word.subject == review.id and (word.said or {}).get("state") == "closed" for word in found)
    if not known and review.closed_at is not None:
        entries.add(store, _word(review, "closed", review.closed_by, review.closed_at))
