"""Meeting mode: one topic at a time for a projector, with keys; what comes last is closing the review."""

from __future__ import annotations

from datetime import date

import streamlit as st

from metrics.meeting.told import decision_sentence
from metrics.review.minutes import Topic, open_topics
from metrics.ui import action_form, address, review_agenda, review_close, review_keys, review_topic
from metrics.ui.delivery_words import escaped
from metrics.ui.review_loading import Held
from metrics.ui.words import counted, day, moment, t

__all__ = ["draw", "start"]

END = "end"
"""The place after the last topic, as the address has it."""


def start(label: str) -> None:
    """The button that begins it."""
    st.button(
        label, key="review-meet", icon=":material/present_to_all:", on_click=address.move,
        args=({"mode": "meeting"},), type="primary",
    )  # fmt: skip


def draw(held: Held) -> None:
    """The topic of the address, by its number or its subject; without one the first."""
    topics = held.review.topics
    place = _place(topics)
    with held.here.toolbar:
        _bar(held, topics, place)
    with st.container(key="review-meeting"):
        if place < len(topics):
            _topic(held, topics[place])
        else:
            _end(held)
        review_keys.listen_to_keys()


def _place(topics: tuple[Topic, ...]) -> int:
    asked = address.asked("item")
    if asked is None:
        return 0
    if asked == END:
        return len(topics)
    if asked.isdecimal():
        return min(max(int(asked), 1), len(topics) + 1) - 1
    found = [place for place, topic in enumerate(topics) if topic.subject == asked]
    if not found:
        st.warning(t("`item={value}` in this link is not on the agenda of this review.", value=asked))
    return found[0] if found else 0


def _bar(held: Held, topics: tuple[Topic, ...], place: int) -> None:
    """Where one is, how long the section took, and the buttons that the keys press."""
    is_end = place >= len(topics)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="review-bar"):
        st.caption(day(date.fromisoformat(held.review.id)), width="content")
        where = t("Closing") if is_end else review_agenda.numbered(held, topics[place])
        st.markdown(f"**{where}**", width="content")
        with st.container(key="review-clock-place", width="content"):
            if not held.is_open:
                st.caption(_closed(held))
            elif not is_end:
                section = held.review.section(topics[place].section)
                review_keys.clock(section.name, held.review.id, section.minutes, held.here.now)
        st.space("stretch")
        at = t("end") if is_end else t("{place} of {n}", place=place + 1, n=len(topics))
        st.caption(at, width="content")
        _go(t("← Back"), "review-back", place - 1, topics)
        _go(t("Next →"), "review-next", place + 1, topics)
        with st.popover(t("Keys"), key="review-keys", type="tertiary"):
            st.markdown("\n".join(f"- **{key}** {t(what)}" for key, what in review_keys.KEYS))
        st.button(
            t("Leave"),
            key="review-leave",
            type="tertiary",
            on_click=address.move,
            args=({"mode": None, "item": None},),
        )


def _closed(held: Held) -> str:
    by, at = held.review.closed_by, moment(held.review.closed_at, held.here.zone, held.here.now)
    return escaped(t("closed by {who}, {moment}", who=by, moment=at))


def _go(label: str, key: str, place: int, topics: tuple[Topic, ...]) -> None:
    there = 0 <= place <= len(topics)
    goal = END if place == len(topics) else topics[place].subject if there else ""
    st.button(label, key=key, on_click=address.move, args=({"item": goal},), disabled=not there)


def _topic(held: Held, topic: Topic) -> None:
    lead = review_topic.badge(topic)
    with st.container(key="review-headline"):
        st.markdown(f"{lead} {escaped(topic.sentence)}".strip())
    review_topic.draw(held, topic, is_big=True)


def _end(held: Held) -> None:
    """What is missing before the review can be closed, or the button that closes it; then what was said."""
    with st.container(key="review-headline"):
        n = len(held.review.decisions)
        st.markdown(counted("{n} decision was made", "{n} decisions were made", n))
    if held.is_open:
        _closing(held)
    _decisions(held)
    st.markdown(t("**New actions**"))
    review_agenda.draw_actions(held)


def _closing(held: Held) -> None:
    missing = open_topics(held.review)
    if missing:
        st.markdown(t("**Without a decision**"))
        review_close.draw_missing(missing)
    with st.container(horizontal=True, gap="small"):
        if not missing:
            review_close.draw(held, missing)
        with st.container(key="review-action", width="content"):
            action_form.ask(held.here, why="", why_sentence="", review=held.review.id)


def _decisions(held: Held) -> None:
    """In the order of the agenda."""
    review = held.review
    said = [(topic, found) for topic in review.topics if (found := review.decision(topic.subject))]
    if said:
        st.markdown(
            "\n".join(
                f"- {escaped(topic.sentence)}  \n  :gray[{escaped(decision_sentence(found, review.zone))}]"
                for topic, found in said
            )
        )
