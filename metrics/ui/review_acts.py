"""Opening, renewing and closing a review from its page: asked for by a click, done by the page's next run.

Each is done before anything is read, so that the page already shows what came of it. What can't be done is one
sentence above the page, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

import streamlit as st

from metrics.errors import InputError, TomoniError
from metrics.meeting.close import close, is_closed, open_review
from metrics.meeting.digest import tell_closed
from metrics.meeting.prepare import prepare
from metrics.meeting.shelf import Shelf
from metrics.model import Entry, EntryKind, Window
from metrics.review.minutes import Review, described, description, noted_as
from metrics.store import entries
from metrics.ui import address
from metrics.ui.frame import Frame
from metrics.ui.loading import store_of
from metrics.ui.review_about import asked_about, is_overtaken
from metrics.ui.review_drafts import typed
from metrics.ui.speaking import say
from metrics.ui.words import counted, moment, t

__all__ = ["ask_close", "ask_open", "ask_renew", "describe", "keep", "note", "still_open"]


def ask_open(window: Window, key: str, zone: str) -> None:
    """Callback: `key` is that of the fields of who, where and when."""
    st.session_state["do-open"] = (window, asked_about(key, zone))


def ask_renew(review: str, window: Window) -> None:
    st.session_state["do-renew"] = (review, window)


def ask_close(review: str) -> None:
    st.session_state["do-close"] = review


def describe(review: Review, key: str, seen: datetime | None) -> None:
    """Callback: who is there, where and when; `key` is that of the fields."""
    told = description(described(review, asked_about(key, review.zone)), "open")
    say("review", review.id, told, None if is_overtaken(review, key) else seen)


def note(review: str, subject: str, key: str) -> None:
    """Callback: what was typed in the field of this key is noted. Notes are added, and none replaces another."""
    text = typed(key)
    if text:
        st.session_state.setdefault("do-notes", []).append((review, noted_as(subject), text))
        forget(key)


def forget(key: str) -> None:
    """What was typed was kept: the field is empty again, and no draft of it stays."""
    st.session_state[key] = ""
    st.session_state.setdefault("drafts", {}).pop(key, None)
    st.session_state.setdefault("restored-drafts", set()).discard(key)


def keep(here: Frame) -> None:
    """Do what was clicked, right before the words are kept."""
    for review, subject, text in st.session_state.pop("do-notes", []):
        word = Entry(here.now, here.who, "note", here.service.name, subject, {"text": text})
        _tried(partial(entries.add, store_of(here.folder), word))
        if is_closed(here.config, here.service, review):
            st.warning(_closed_told(here, review, t("your note is kept, but is not in its file.")))
    asked = {name: st.session_state.pop(f"do-{name}", None) for name in ("open", "renew", "close")}
    if asked["open"]:
        _tried(lambda: _open(here, *asked["open"]))
    if asked["renew"]:
        _tried(lambda: _renew(here, *asked["renew"]))
    if asked["close"]:
        _tried(lambda: _close(here, asked["close"]))


def _tried(act: Callable[[], object]) -> None:
    try:
        act()
    except TomoniError as error:
        st.error(str(error), icon=":material/error:")


def still_open(here: Frame, word: Entry) -> None:
    """Refuse what is said of a review that somebody closed while it was clicked: it would be kept for nothing."""
    review = _review_of(word.kind, word.subject)
    if review and is_closed(here.config, here.service, review):
        raise InputError(_closed_told(here, review, t("your last click came too late and changed nothing.")))


def _closed_told(here: Frame, review: str, what: str) -> str:
    closed = Shelf(here.folder, here.service.name).read(review)
    by, at = (closed.closed_by, closed.closed_at) if closed else ("", None)
    told = t("The review of {day} was closed by {who}, {moment}", day=review, who=by, moment=moment(at, here.zone))
    return f"{told}: {what}"


def _review_of(kind: EntryKind, subject: str) -> str:
    """Whose word it is; causes, branches and verdicts outlast a review, and closing one ends no talk of them."""
    return subject[:10] if kind in ("disposition", "review") else ""


def _open(here: Frame, window: Window, about: Mapping[str, str | None]) -> None:
    with st.spinner(t("Opening the review …")):
        review = open_review(store_of(here.folder), here.config, here.service, window, here.who, here.now, about)
    address.move({"review": review.id})


def _renew(here: Frame, name: str, window: Window) -> None:
    """The same review with later numbers; what was decided stays with whatever is still on the agenda."""
    shelf, store = Shelf(here.folder, here.service.name), store_of(here.folder)
    with st.spinner(t("Taking the newest numbers …")):
        held = shelf.read(name)
        if held is None or is_closed(here.config, here.service, name):
            return
        made = prepare(store, here.config, here.service, Window(held.since, window.end), here.now)
        made = described(replace(made, id=name), _about(here, name))
        shelf.renew(made)
        # Whoever has the review open hears of it by a word.
        entries.add(store, Entry(here.now, here.who, "review", here.service.name, name, description(made, "open")))


def _about(here: Frame, name: str) -> dict[str, str | None]:
    with store_of(here.folder).read() as db:
        said = [word for word in entries.latest(db, "review", here.service.name, name) if word.subject == name]
    return dict(said[0].said or {}) if said else {}


def _close(here: Frame, name: str) -> None:
    store = store_of(here.folder)
    review = close(store, here.config, here.service, name, here.who, here.now)
    address.move({"review": name, "mode": None, "item": None})
    if problem := tell_closed(store, here.config, here.service, review, here.now):
        st.warning(problem)
    n = counted("{n} decision", "{n} decisions", len(review.decisions))
    st.toast(t("The review is closed, with {n}.", n=n))
