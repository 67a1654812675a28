"""What was said of a subject from the first word on, whichever page shows it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from metrics.model import Entry, EntryKind
from metrics.store import entries
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.loading import said, store_of
from metrics.ui.words import moment, t

__all__ = ["draw", "history"]


@said
def history(here: Frame, subject: str, *kinds: EntryKind) -> tuple[Entry, ...]:
    """Every word of these kinds, oldest first."""
    return _history(here.folder, store_of(here.folder).version(), here.service.name, subject, kinds)


def draw(here: Frame, word: Entry, told: str) -> None:
    """A word as its page tells it, with its author and its time."""
    who = t("{who}, {when}", who=escaped(word.author), when=moment(word.at, here.zone, here.now))
    st.markdown(f"{told}  \n:gray[{who}]")


@st.cache_resource(max_entries=64, show_spinner=False)
def _history(
    folder: Path, version: str, service: str, subject: str, kinds: tuple[EntryKind, ...]
) -> tuple[Entry, ...]:
    with store_of(folder).read() as db:
        found = [word for kind in kinds for word in entries.history(db, kind, service, subject)]
    return tuple(sorted(found, key=lambda word: word.at))
