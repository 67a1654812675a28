"""A note on a trouble and a link to hand on. Notes are added and never changed; all of them are shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from metrics.model import Entry
from metrics.store import entries
from metrics.ui import address, author
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.history import history
from metrics.ui.loading import said, store_of
from metrics.ui.words import age, moment, t

__all__ = ["draw", "keep"]

# A note is read in a review: what takes longer belongs behind a link.
MOST = 2_000


@dataclass(frozen=True, slots=True)
class _Written:
    """What was typed, until the next run of the page keeps it."""

    subject: str
    text: str


@said
def keep(here: Frame) -> None:
    """Write what was typed: before anything is read, so that the page already shows it."""
    written: _Written | None = st.session_state.pop("note-written", None)
    if written is None:
        return
    word = Entry(here.now, here.who, "note", here.service.name, written.subject, {"text": written.text})
    entries.add(store_of(here.folder), word)


def draw(here: Frame, subject: str, query: address.Query) -> None:
    """The notes so far, newest first, room for another one, and the way here."""
    st.subheader(t("Notes"), anchor=False)
    for entry in reversed(history(here, subject, "note")):
        _one(entry, here)
    st.text_area(
        t("Note"),
        key="note-text",
        placeholder=t("What was it, who looks into it, what was decided"),
        label_visibility="collapsed",
        height=80,
        max_chars=MOST,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        author.ask(here.who, t("Your name, to sign"))
        author.button(here.who, t("Keep note"), "keep-note", _write, subject)
    st.caption(t("A link to hand on:"))
    st.code(f"{st.context.url or ''}?{urlencode(query, doseq=True, safe='/:')}", language=None, wrap_lines=True)


def _one(entry: Entry, here: Frame) -> None:
    if entry.said is None:
        return
    when = t("{moment} ({age})", moment=moment(entry.at, here.zone, here.now), age=age(entry.at, here.now))
    text = escaped(entry.said.get("text") or "")
    st.markdown(f"{text}  \n:gray[{t('{who}, {when}', who=escaped(entry.author), when=when)}]")


def _write(subject: str) -> None:
    text = str(st.session_state["note-text"]).strip()
    if text:
        st.session_state["note-written"] = _Written(subject, text)
        st.session_state["note-text"] = ""
