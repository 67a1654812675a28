"""Saying something on a page: kept before anything is read, taken back in one click, and never over somebody's head.

A click leaves a `Said` in the session; the page's next run keeps it with `keep(here)`, right after `frame.begin`. If
somebody else spoke of the same subject meanwhile, nothing is kept: both are shown, and a click says which holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st

from metrics.errors import InputError
from metrics.model import Entry, EntryKind
from metrics.store import Store, entries
from metrics.ui.frame import Frame
from metrics.ui.loading import said, store_of
from metrics.ui.words import age, t

__all__ = ["TYPING", "Said", "Words", "draw_rival", "keep", "listen", "say", "undo", "words"]

SECOND = 1.0
TYPING = "types-in-a-dialog"
"""Whoever opens a dialog sets it: a page that runs anew would take what is being typed; it catches up afterwards."""
Fields = Mapping[str, str | None]
Tell = Callable[[Entry], str]
Still = Callable[[Entry], None]
Key = tuple[EntryKind, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What was clicked, until the next run of the page keeps it. `seen` is the time of the word it answers."""

    kind: EntryKind
    subject: str
    fields: Fields | None
    seen: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The newest word of each subject of a service, of some kinds."""

    every: tuple[Entry, ...]
    by_subject: Mapping[Key, Entry]

    def of(self, kind: EntryKind, subject: str) -> Entry | None:
        return self.by_subject.get((kind, subject))

    def seen(self, kind: EntryKind, subject: str) -> datetime | None:
        """What `say` wants to know: which word its author had before them."""
        word = self.of(kind, subject)
        return word.at if word else None


def say(kind: EntryKind, subject: str, fields: Fields | None, seen: datetime | None) -> None:
    """Callback of a button: None takes back."""
    st.session_state.setdefault("to-say", []).append(Said(kind, subject, fields, seen))


def undo(kind: EntryKind, subject: str, seen: datetime) -> None:
    """Callback of a button: says again what held before the word of that time, unless another one holds by now."""
    st.session_state.setdefault("to-undo", []).append((kind, subject, seen))


@said
def keep(here: Frame, still: Still | None = None) -> None:
    """Write what was said since the last run. Each page where something can be said calls it first.

    `still` raises InputError for a word that comes too late, and the page says so.
    """
    st.session_state.pop(TYPING, None)
    store = store_of(here.folder)
    pending: list[Said] = st.session_state.pop("to-say", [])
    for word in pending:
        entry = Entry(here.now, here.who, word.kind, here.service.name, word.subject, word.fields)
        rival = _answer(store, entry, word.seen, still)
        _rivals()[word.kind, word.subject] = (word, rival) if rival else None
    undone: list[tuple[EntryKind, str, datetime]] = st.session_state.pop("to-undo", [])
    for kind, subject, seen in undone:
        with store.read() as db:
            now = [word for word in entries.history(db, kind, here.service.name, subject) if word.at <= seen]
        _answer(store, Entry(here.now, here.who, kind, here.service.name, subject, _before(now)), seen, still)
    if store.exists():
        st.session_state["heard"] = _stamp(here.folder, store.version(), here.service.name)


def _before(words: Sequence[Entry]) -> Fields | None:
    """What held before the newest of these words of a subject; None where nothing did.

    To say again what held before is an undo: the next one goes further back, or the two would take turns for ever.
    Of an action only the last step is taken back: whoever undoes two must not lose it.
    """
    standing: list[Fields] = []
    for word in words:
        if word.said is None:
            standing.clear()
        elif len(standing) > 1 and word.said == standing[-2] and word.kind != "action":
            standing.pop()
        else:
            standing.append(word.said)
    return standing[-2] if len(standing) > 1 else None


def _answer(store: Store, word: Entry, seen: datetime | None, still: Still | None) -> Entry | None:
    try:
        return entries.answer(store, word, seen, still)
    except InputError as late:
        st.warning(str(late))
        return None


def draw_rival(here: Frame, kind: EntryKind, subject: str, tell: Tell) -> None:
    """Where somebody spoke meanwhile: theirs, one's own, and which of them shall hold."""
    found = _rivals().get((kind, subject))
    if found is None:
        return
    mine, theirs = found
    own = Entry(here.now, here.who, kind, here.service.name, subject, mine.fields)
    name = f"{kind}-{subject}"
    with st.container(border=True, key=f"rival-{name}"):
        st.markdown(
            t(
                "**{who}** said {age}: {theirs}  \nYou say: {mine}",
                who=theirs.author,
                age=age(theirs.at, here.now),
                theirs=tell(theirs),
                mine=tell(own),
            )
        )
        with st.container(horizontal=True):
            st.button(t("Keep theirs"), key=f"theirs-{name}", on_click=_drop, args=(kind, subject))
            st.button(t("Replace by mine"), key=f"mine-{name}", on_click=_insist, args=(mine, theirs.at))


@said
def words(here: Frame, *kinds: EntryKind) -> Words:
    """What holds now, of these kinds."""
    store = store_of(here.folder)
    return _words(here.folder, store.version(), here.service.name, kinds)


def listen(here: Frame) -> None:
    """Keep the page up to date with what others say: within two seconds."""
    _listen(here.folder, here.service.name)


@st.fragment(run_every=SECOND)
def _listen(folder: Path, service: str) -> None:
    store = store_of(folder)
    if not store.exists() or st.session_state.get(TYPING):
        return
    heard = _stamp(folder, store.version(), service)
    if st.session_state.get("heard", heard) != heard:
        st.session_state["heard"] = heard
        st.rerun()


@st.cache_resource(max_entries=16, show_spinner=False)
def _stamp(folder: Path, version: str, service: str) -> str:
    with store_of(folder).read() as db:
        return entries.stamp(db, service)


@st.cache_resource(max_entries=6, show_spinner=False)
def _words(folder: Path, version: str, service: str, kinds: tuple[EntryKind, ...]) -> Words:
    with store_of(folder).read() as db:
        every = entries.latest_of(db, kinds, service)
    return Words(every, {(word.kind, word.subject): word for word in every})


def _rivals() -> dict[Key, tuple[Said, Entry] | None]:
    found: dict[Key, tuple[Said, Entry] | None] = st.session_state.setdefault("rivals", {})
    return found


def _drop(kind: EntryKind, subject: str) -> None:
    _rivals()[kind, subject] = None


def _insist(mine: Said, seen: datetime) -> None:
    say(mine.kind, mine.subject, mine.fields, seen)
