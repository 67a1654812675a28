"""Deciding on one topic: what holds, the answers to click, one's own words, and undo. All of it is one click."""

from __future__ import annotations

from datetime import date, datetime

import streamlit as st

from metrics.meeting.told import decision_sentence
from metrics.model import Entry, EntryKind
from metrics.review.minutes import Decision, Topic, decision_of
from metrics.review.period import local_day
from metrics.ui import address, author
from metrics.ui.delivery_words import escaped
from metrics.ui.review_acts import forget
from metrics.ui.review_choices import BY_WHEN, KEYS, Column, Option, columns, last_time, repeated, word_of
from metrics.ui.review_drafts import LONGEST, MARK, typed
from metrics.ui.review_loading import Held, told_then
from metrics.ui.speaking import draw_rival, say, undo
from metrics.ui.words import moment, t

__all__ = ["WORDS_KEY", "draw", "field", "is_writing", "this_day", "who_field"]

WORDS_KEY = "words-{subject}"
CHANGING, MISSING, WRITING = "review-changing", "review-missing", "review-writing"


def this_day(held: Held) -> date:
    """By the service's clock."""
    return local_day(held.here.now, held.review.zone)


def draw(held: Held, topic: Topic) -> None:
    """What was said of it, and what can be."""
    key = word_of(held.review.id, topic)
    if key is None:
        return
    decision = held.review.decision(topic.subject)
    # These stay in place whatever comes and goes in them, so that a text that is being typed stays where it is.
    with st.container(key="review-said"):
        draw_rival(held.here, *key, lambda word: escaped(_told(held, word)))
        if decision is not None:
            _holds(held, topic, decision, key)
    with st.container(key="review-last"):
        _last_time(held, topic, decision, key)
    with st.container(key="review-answers"):
        if held.is_open and (decision is None or st.session_state.get(CHANGING) == topic.subject):
            for column in columns(held.review.id, topic, this_day(held)):
                _column(held, topic, column, key)


def is_writing(held: Held, topic: Topic) -> bool:
    """Whether there is a field for words: while the review is open, and for whoever was in it when it was closed.

    What they have typed is known to their browser only, and would be lost with the field.
    """
    here = (held.review.id, topic.subject)
    if held.is_open:
        st.session_state[WRITING] = here
    elif st.session_state.get(WRITING) != here:
        st.session_state.pop(WRITING, None)
    return WRITING in st.session_state


def field(held: Held, topic: Topic) -> str:
    """One's own words: a reason, or a note. A text that nobody has kept yet comes back with its topic."""
    key = WORDS_KEY.format(subject=topic.subject)
    drafts: dict[str, str] = st.session_state.setdefault("drafts", {})
    restored: set[str] = st.session_state.setdefault("restored-drafts", set())
    if key not in st.session_state:
        st.session_state[key] = drafts.get(key, "")
        if drafts.get(key):
            restored.add(key)
    with st.container(key="review-words"):
        st.text_area(
            t("Your own words"),
            key=key,
            placeholder=t("Your own words: a reason, or a note"),
            label_visibility="collapsed",
            height=70,
            max_chars=LONGEST,
            on_change=_draft,
            args=(key,),
        )
        if key in restored and st.session_state[key]:
            st.caption(
                t("Written earlier and not kept yet: it goes with your next answer, unless you empty the field.")
            )
        if not held.is_open:
            st.caption(t("The review was closed meanwhile: a note is still kept, but is not in its file."))
        if st.session_state.get(MISSING) == topic.subject:
            st.warning(t("Write the reason first, then click the answer."))
    return key


def _draft(key: str) -> None:
    """Callback: what is typed, or what the browser gives back after a reload."""
    text = typed(key)
    if MARK in st.session_state[key]:
        st.session_state["restored-drafts"].add(key)
    st.session_state["drafts"][key] = text
    if not text:
        st.session_state["restored-drafts"].discard(key)


def _holds(held: Held, topic: Topic, decision: Decision, key: tuple[EntryKind, str]) -> None:
    """The decision, with one click to take it back and one to change it."""
    with st.container(border=True, key="review-holds"):
        st.markdown(f"**✓** {escaped(decision_sentence(decision, held.review.zone))}")
        if not held.is_open:
            return
        with st.container(horizontal=True, gap="small"):
            who, subject = held.here.who, topic.subject
            author.button(who, t("Undo"), f"undo-{subject}", _undo, *key, decision.at)
            author.button(who, t("Change"), f"change-{subject}", _change, subject, kind="tertiary")


def _undo(kind: EntryKind, subject: str, seen: datetime) -> None:
    st.session_state.pop(CHANGING, None)
    undo(kind, subject, seen)


def _change(subject: str) -> None:
    st.session_state[CHANGING] = subject


def _last_time(held: Held, topic: Topic, decision: Decision | None, key: tuple[EntryKind, str]) -> None:
    before = last_time(held.words.every, held.review.id, topic)
    frozen = held.review.closed_at
    if before is None or (frozen is not None and before.at > frozen):
        return
    told, then = escaped(decision_sentence(before, held.review.zone)), told_then(held, topic, before.at)
    if then is not None and topic.figures and _line(then) != _line(topic):
        st.markdown(f":gray[{t('Last time, of “{what}”: {told}', what=escaped(then.sentence), told=told)}]")
        return
    st.markdown(f":gray[{t('Last time: {told}', told=told)}]")
    same = repeated(before, this_day(held))
    if held.is_open and decision is None and same is not None:
        _button(held, topic, same, key, f"same-{topic.subject}")


def _line(topic: Topic) -> str:
    return topic.figures[0].address if topic.figures else ""


def _column(held: Held, topic: Topic, column: Column, key: tuple[EntryKind, str]) -> None:
    with st.container(key=f"review-way-{column.way}", gap="xsmall"):
        letter = f" :gray-badge[{KEYS[column.way]}]" if address.asked("mode") == "meeting" else ""
        st.markdown(f"**{column.title}**{letter}")
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            extra = _owner(held, topic) if column.asks_owner else None
            for place, option in enumerate(column.options):
                _button(held, topic, option, key, f"say-{column.way}-{place}-{topic.subject}", extra)


def _owner(held: Held, topic: Topic) -> tuple[str, str]:
    """Who looks into it, and until when: the team that owns it, in a week."""
    owner, due = f"owner-{topic.subject}", f"due-{topic.subject}"
    teams = list(held.review.teams.values())
    first = held.review.teams.get(topic.owners[0], topic.owners[0]) if topic.owners else None
    names = list(dict.fromkeys([*([first] if first else []), *teams, *([held.here.who] if held.here.who else [])]))
    st.selectbox(
        t("Who"), names, index=0 if names else None, key=owner, accept_new_options=True,
        placeholder=t("A team or a name"), label_visibility="collapsed", width=170,
    )  # fmt: skip
    st.date_input(
        t("Until"), value=this_day(held) + BY_WHEN, min_value=this_day(held), key=due, label_visibility="collapsed",
        width=165, format="YYYY-MM-DD",
    )  # fmt: skip
    return owner, due


def _button(
    held: Held,
    topic: Topic,
    option: Option,
    key: tuple[EntryKind, str],
    name: str,
    extra: tuple[str, str] | None = None,
) -> None:
    who = held.here.who
    st.button(
        escaped(option.label),
        key=name,
        type="primary" if option.is_suggested else "secondary",
        on_click=_say,
        args=(key, option, topic.subject, held.words.seen(*key), extra),
        disabled=not who,
        help=author.lack(who),
        wrap=True,
    )


def _say(
    key: tuple[EntryKind, str], option: Option, subject: str, seen: datetime | None, extra: tuple[str, str] | None
) -> None:
    """Callback: the answer with what was typed beside it."""
    words = WORDS_KEY.format(subject=subject)
    text = typed(words)
    if option.needs_words and not text:
        st.session_state[MISSING] = subject
        return
    fields = dict(option.fields)
    if text:
        # What the answer says already is kept beside one's own words.
        fields[option.typed] = "; ".join(each for each in (fields.get(option.typed), text) if each)
    if extra is not None:
        owner, due = (st.session_state.get(each) for each in extra)
        fields |= {"owner": str(owner).strip() if owner else None, "due": due.isoformat() if due else None}
    say(*key, fields, seen)
    for each in (MISSING, CHANGING):
        st.session_state.pop(each, None)
    if text:
        forget(words)


def _told(held: Held, word: Entry) -> str:
    """A word of whatever review, as a decision."""
    if word.said is None:
        return t("taken back")
    whose = word.subject[:10] if word.kind == "disposition" else (word.said.get("review") or "")
    found = decision_of(word, whose)
    if found is None:
        return moment(word.at, held.review.zone)
    return decision_sentence(found, held.review.zone)


def who_field(held: Held) -> None:
    """Where to say who one is, as long as nobody has."""
    if held.is_open and not held.here.who:
        author.ask(held.here.who, t("Your name, to decide"))
