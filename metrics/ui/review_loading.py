"""What the Review page knows: which reviews there are, the one that is asked for, and what was said of it.

What depends on data only is kept by the state of the data, so that a word that is said shows at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import streamlit as st

from metrics.config import Config
from metrics.meeting.acted import with_actions
from metrics.meeting.close import held, notes_of
from metrics.meeting.compare import corrected
from metrics.meeting.prepare import prepare, review_id
from metrics.meeting.shelf import Shelf
from metrics.meeting.window import begins, end_of, newest, review_window
from metrics.model import Entry, EntryKind, Service, Window
from metrics.review.lines import Line
from metrics.review.minutes import Figure, Note, Review, Section, Topic, decided, described, noted, noted_as
from metrics.store import entries
from metrics.ui.frame import Frame
from metrics.ui.history import history
from metrics.ui.loading import data_of, known, said, store_of
from metrics.ui.speaking import Words, words
from metrics.ui.words import t

__all__ = ["Held", "Shelved", "changed", "notes", "opened", "shelved", "told_then", "window_of"]

# Whoever says something while this page runs may be a little ahead of it.
BETWEEN_CLOCKS = timedelta(minutes=5)
KINDS: tuple[EntryKind, ...] = ("review", "disposition", "rule", "verdict", "cause", "action")


@dataclass(frozen=True, slots=True)
class Shelved:
    """The reviews of a service by the days on which they were held, newest first."""

    closed: tuple[str, ...]
    opened: tuple[str, ...]
    next: str
    """The day of the one that the newest data is for."""
    until: datetime
    """Up to when it looks."""
    first: str
    """The day of the first data: there is nothing to review before it."""

    @property
    def usual(self) -> str:
        """The one to show to whoever asks for none: that which is held, else the next."""
        return self.opened[0] if self.opened else self.next

    def state(self, name: str) -> str:
        if name in self.closed:
            return t("closed")
        return t("open") if name in self.opened else t("not opened")


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A review as it is drawn, with everything that was said and may matter to it."""

    here: Frame
    review: Review
    words: Words
    state: str
    """preview, open or closed."""

    @property
    def is_open(self) -> bool:
        return self.state == "open"


@said
def shelved(here: Frame) -> Shelved:
    """Which there are; a file is all that a review is, so the folder is asked each time."""
    shelf = Shelf(here.folder, here.service.name)
    since, until = _reach(here.folder, data_of(here.folder), repr(here.service), here.service, here.now)
    first, last = (review_id(each, here.zone) for each in (since, until))
    return Shelved(shelf.closed()[::-1], shelf.opened()[::-1], last, until, first)


@st.cache_resource(max_entries=8, show_spinner=False)
def _reach(folder: Path, stamp: str, described: str, _service: Service, _now: datetime) -> tuple[datetime, datetime]:
    """From when to when there is data to review."""
    with store_of(folder).read() as db:
        until = newest(db, _service, _now) or _now
        return begins(db, _service) or until, until


@said
def opened(here: Frame, every: Shelved, name: str) -> Held:
    """The review of a day: frozen, held, or as it would be prepared."""
    spoken = words(here, *KINDS)
    shelf = Shelf(here.folder, here.service.name)
    review = shelf.read(name)
    if review is None:
        return Held(here, _acted(here, _previewed(here, window_of(here, every, name)), spoken), spoken, "preview")
    if review.closed_at is not None:
        _mended(here, name)
        return Held(here, review, spoken, "closed")
    return Held(here, _as_it_stands(here, _acted(here, review, spoken), spoken), spoken, "open")


def window_of(here: Frame, every: Shelved, name: str) -> Window:
    """What a review of that day looks at: up to its end, or to where the data ends."""
    until = min(every.until, end_of(date.fromisoformat(name), here.zone))
    return review_window(here.folder, here.service, until)


def _acted(here: Frame, review: Review, spoken: Words) -> Review:
    """With last time's actions and the new ones, made anew only when data or actions change."""
    # What this very review says of an action changes nothing of what it is asked.
    about = [
        (word.kind, word.subject, word.at) for word in spoken.every
        if word.kind == "action" or (word.kind == "verdict" and (word.said or {}).get("review") != review.id)
    ]  # fmt: skip
    key = (here.folder, data_of(here.folder), repr(here.service), review.id, review.prepared_at, hash(tuple(about)))
    return replace(review, sections=_sections(*key, here.config, here.service, review, here.now))


@st.cache_resource(max_entries=16, show_spinner=False)
def _sections(
    folder: Path,
    stamp: str,
    described: str,
    name: str,
    prepared_at: datetime,
    about: int,
    _config: Config,
    _service: Service,
    _review: Review,
    _now: datetime,
) -> tuple[Section, ...]:
    return with_actions(store_of(folder), _config, _service, _review, _now + BETWEEN_CLOCKS).sections


def _as_it_stands(here: Frame, review: Review, spoken: Words) -> Review:
    about = spoken.of("review", review.id)
    review = described(review, (about.said or {}) if about else {})
    # Of three years only the words of this review are looked at.
    mine = [word for word in spoken.every if word.kind != "disposition" or word.subject.startswith(f"{review.id}/")]
    key = (here.folder, store_of(here.folder).version(), review.id, review.prepared_at)
    return noted(decided(review, mine), _noted(*key, review))


@st.cache_resource(max_entries=8, show_spinner=False)
def _noted(folder: Path, version: str, name: str, prepared_at: datetime, _review: Review) -> tuple[Entry, ...]:
    """Only the words: which of them count, the agenda says."""
    with store_of(folder).read() as db:
        return notes_of(db, _review)


def _previewed(here: Frame, window: Window) -> Review:
    with store_of(here.folder).read() as db:
        stamp = (data_of(here.folder), entries.stamp(db, here.service.name))
    key = (here.folder, stamp, repr(here.service), window.start, window.end)
    return _prepared(*key, here.config, here.service, here.now)


@st.cache_resource(max_entries=8, show_spinner="Looking through the data of this time …")
def _prepared(
    folder: Path,
    stamp: tuple[str, str],
    described: str,
    since: datetime,
    until: datetime,
    _config: Config,
    _service: Service,
    _now: datetime,
) -> Review:
    return prepare(store_of(folder), _config, _service, Window(since, until), _now)


def _mended(here: Frame, name: str) -> None:
    """Once for each process: finish what a kill may have left of its closing."""
    done: set[str] = st.session_state.setdefault("mended", set())
    if name not in done:
        held(store_of(here.folder), here.config, here.service, name, here.now)
        done.add(name)


@said
def changed(here: Frame, review: Review) -> Mapping[Figure, float | None]:
    """The figures of a closed review that data tells otherwise today."""
    lines = known(here.folder, here.config, here.service.name).lines
    return _corrected(here.folder, data_of(here.folder), repr(here.service), review.id, here.service, lines, review)


@st.cache_resource(max_entries=16, show_spinner=False)
def _corrected(
    folder: Path,
    stamp: str,
    described: str,
    name: str,
    _service: Service,
    _lines: tuple[Line, ...],
    _review: Review,
) -> Mapping[Figure, float | None]:
    return corrected(store_of(folder), _service, _lines, _review)


def notes(held: Held, subject: str) -> tuple[Note, ...]:
    """All that was noted of a topic, oldest first; of a closed review what its file has, then what came later."""
    words = history(held.here, noted_as(subject), "note")
    every = tuple(Note(subject, word.said.get("text") or "", word.author, word.at) for word in words if word.said)
    closed_at = held.review.closed_at
    if closed_at is None:
        return every
    return (*held.review.notes_on(subject), *(each for each in every if each.at > closed_at))


def told_then(held: Held, topic: Topic, said_at: datetime) -> Topic | None:
    """The topic as the review told it in which that was said: by now another line of the same trouble may lead it."""
    shelf = Shelf(held.here.folder, held.here.service.name)
    for name in reversed([name for name in shelf.closed() if name < held.review.id]):
        review = shelf.read(name)
        if review is None or review.closed_at is None or review.closed_at < said_at:
            break
        if found := next((each for each in review.topics if each.subject == topic.subject), None):
            return found
    return None
