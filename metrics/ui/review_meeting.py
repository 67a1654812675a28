"""Meeting mode: one topic at a time for a projector, with keys; what comes last is closing the review.

What is only carried along is one stop, since nothing is asked of it; each of it can be opened from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st

from metrics.meeting.told import decision_sentence
from metrics.review.minutes import Topic, open_topics
from metrics.ui import action_form, address, review_agenda, review_close, review_keys, review_topic
from metrics.ui.delivery_words import escaped
from metrics.ui.review_loading import Held
from metrics.ui.words import counted, day, moment, t, unbroken

__all__ = ["draw", "start"]

END, CARRIED = "end", "carried"
"""As the address has them: the place after the last topic, and what is carried along."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What the screen shows at once, by its name in the address."""

    name: str
    topics: tuple[Topic, ...]


def start(label: str) -> None:
    """The button that begins it."""
    st.button(
        label, key="review-meet", icon=":material/present_to_all:", on_click=address.move,
        args=({"mode": "meeting"},), type="primary",
    )  # fmt: skip


def draw(held: Held) -> None:
    """The stop of the address, by its number or a topic's subject; without one the first."""
    stops = _stops(held.review.topics)
    place, topic = _place(held.review.topics, stops)
    with held.here.toolbar:
        _bar(held, stops, place, is_within=topic is not None and stops[place].name == CARRIED)
    with st.container(key="review-meeting"):
        if topic is not None:
            _topic(held, topic)
        elif place < len(stops):
            _carried(held, stops[place].topics)
        else:
            _end(held)
        review_keys.listen_to_keys()


def _stops(topics: tuple[Topic, ...]) -> tuple[Stop, ...]:
    carried = tuple(topic for topic in topics if review_agenda.is_carried(topic))
    if len(carried) < 2:
        return tuple(Stop(topic.subject, (topic,)) for topic in topics)
    stops = [
        Stop(CARRIED, carried) if topic is carried[0] else Stop(topic.subject, (topic,))
        for topic in topics
        if topic is carried[0] or not review_agenda.is_carried(topic)
    ]
    return tuple(stops)


def _place(topics: tuple[Topic, ...], stops: tuple[Stop, ...]) -> tuple[int, Topic | None]:
    """Which stop it is, and which topic of it; none where that is all of it, or the end."""
    asked = address.asked("item") or (stops[0].name if stops else END)
    if asked.isdecimal():
        asked = topics[int(asked) - 1].subject if 0 < int(asked) <= len(topics) else END
    if asked == END:
        return len(stops), None
    for place, stop in enumerate(stops):
        topic = next((each for each in stop.topics if each.subject == asked), None)
        if topic is not None or stop.name == asked:
            return place, topic
    if asked != CARRIED:
        st.warning(t("`item={value}` in this link is not on the agenda of this review.", value=asked))
    return 0, stops[0].topics[0] if stops and stops[0].name != CARRIED else None


def _bar(held: Held, stops: tuple[Stop, ...], place: int, *, is_within: bool) -> None:
    """Where one is, how long the section took, and the buttons that the keys press."""
    topic = stops[place].topics[0] if place < len(stops) else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="review-bar"):
        st.caption(day(date.fromisoformat(held.review.id)), width="content")
        where = review_agenda.numbered(held, topic) if topic else t("Closing")
        st.markdown(f"**{where}**", width="content")
        with st.container(key="review-clock-place", width="content"):
            if not held.is_open:
                st.caption(_closed(held))
            elif topic:
                section = held.review.section(topic.section)
                review_keys.clock(section.name, held.review.id, section.minutes, held.here.now)
        st.space("stretch")
        at = t("{place} of {n}", place=place + 1, n=len(stops)) if topic else t("end")
        st.caption(at, width="content")
        # From one of what is carried along the way back is to all of it.
        _go(t("← Back"), "review-back", place if is_within else place - 1, stops)
        _go(t("Next →"), "review-next", place + 1, stops)
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


def _go(label: str, key: str, place: int, stops: tuple[Stop, ...]) -> None:
    there = 0 <= place <= len(stops)
    goal = END if place == len(stops) else stops[place].name if there else ""
    st.button(label, key=key, on_click=address.move, args=({"item": goal},), disabled=not there)


def _topic(held: Held, topic: Topic) -> None:
    lead = review_topic.badge(topic)
    with st.container(key="review-headline"):
        st.markdown(f"{lead} {escaped(unbroken(topic.sentence))}".strip())
    review_topic.draw(held, topic, is_big=True)


def _carried(held: Held, topics: tuple[Topic, ...]) -> None:
    """A line each; a click opens one."""
    with st.container(key="review-headline"):
        st.markdown(escaped(review_agenda.carried_told(topics)))
    for place, topic in enumerate(topics):
        review_agenda.row(held, topic, place)


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
