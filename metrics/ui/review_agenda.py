"""The agenda: seven sections with their time boxes, how far each is, and the topic that is open."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from metrics.meeting.told import SECTION_TITLES, decision_sentence, outcome_name
from metrics.review.actions import Action, actions
from metrics.review.minutes import Decision, Section, SectionName, Topic
from metrics.ui import address, review_topic
from metrics.ui.delivery_words import escaped
from metrics.ui.review_choices import word_of
from metrics.ui.review_loading import Held
from metrics.ui.review_spark import spark
from metrics.ui.words import both, counted, day, t

__all__ = ["actions_of", "carried_told", "draw", "draw_actions", "is_carried", "numbered", "row", "said_of"]

# So many that nothing is asked of are folded away.
FOLDED = 2

PAGES: dict[SectionName, str] = {
    "verdicts": "actions", "moved": "spikes", "causes": "delivery", "alerts": "alerts", "capacity": "explore",
    "coverage": "coverage", "actions": "actions",
}  # fmt: skip


def draw(held: Held) -> None:
    """Every section, each topic a row; a click opens it below its row, and another one closes it."""
    chosen = _chosen(held)
    place = 0
    for number, section in enumerate(held.review.sections, 1):
        _heading(held, section, number)
        with st.container(key=f"agenda-{section.name}", gap=None):
            carried = [topic for topic in section.topics if is_carried(topic)]
            rest = [topic for topic in section.topics if len(carried) < FOLDED or topic not in carried]
            has_lines = 2 * sum(len(topic.curve) > 0 for topic in rest) >= len(rest)
            for topic in rest:
                row(held, topic, place, is_open=topic.subject == chosen, has_lines=has_lines)
                place += 1
            if len(rest) < len(section.topics):
                with st.expander(carried_told(carried), expanded=any(each.subject == chosen for each in carried)):
                    for topic in carried:
                        row(held, topic, place, is_open=topic.subject == chosen)
                        place += 1
            _below(held, section)


def is_carried(topic: Topic) -> bool:
    """An action that goes on, or that was judged elsewhere: it is told, and nothing is asked of it."""
    return topic.section == "verdicts" and word_of("", topic) is None


def carried_told(topics: Sequence[Topic]) -> str:
    """`Carried along: 3 judged, 2 done and 3 still open`."""
    tags = [topic.tag for topic in topics]
    return t("Carried along: {what}", what=both([f"{tags.count(tag)} {tag}" for tag in dict.fromkeys(tags)]))


def said_of(held: Held, section: Section) -> tuple[int, int]:
    """How many of the topics of a section have a decision, and of how many."""
    asked = [topic for topic in section.topics if word_of(held.review.id, topic) is not None]
    done = {each.subject for each in held.review.decisions}
    return sum(topic.subject in done for topic in asked), len(asked)


def numbered(held: Held, topic: Topic) -> str:
    """`2 · What moved`."""
    names = [section.name for section in held.review.sections]
    return f"{names.index(topic.section) + 1} · {t(SECTION_TITLES[topic.section])}"


def actions_of(held: Held) -> tuple[Action, ...]:
    """What was written down in this review, oldest first; what was given up again in it is none of its actions."""
    mine = [each for each in reversed(actions(held.words.every)) if each.review == held.review.id]
    return tuple(each for each in mine if not (held.is_open and each.dropped))


def draw_actions(held: Held) -> None:
    """The actions of this review; none is said, too."""
    every = actions_of(held)
    if not every:
        st.caption(t("None was written down in this review so far."))
    lines = []
    for each in every:
        owner = held.review.teams.get(each.owner, each.owner)
        about = t("{owner}; looked at on {day}", owner=escaped(owner) or t("nobody yet"), day=day(each.check))
        lines.append(f"- {escaped(each.what)} :gray[({about})]")
    if lines:
        st.markdown("\n".join(lines))


def _chosen(held: Held) -> str | None:
    asked = address.asked("item")
    if asked is None:
        return None
    topics = held.review.topics
    if asked.isdecimal() and 0 < int(asked) <= len(topics):
        return topics[int(asked) - 1].subject
    if not any(topic.subject == asked for topic in topics):
        st.warning(t("`item={value}` in this link is not on the agenda of this review.", value=asked))
        return None
    return asked


def _heading(held: Held, section: Section, number: int) -> None:
    done, n = said_of(held, section)
    told = [counted("{n} minute", "{n} minutes", section.minutes)]
    if n and held.state != "preview":
        told.append(t("{done} of {n} said", done=done, n=n))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"section-{section.name}"):
        st.subheader(f"{number} · {t(SECTION_TITLES[section.name])}", anchor=False, width="content")
        st.caption(" · ".join(told), width="content")


def _below(held: Held, section: Section) -> None:
    """Why there is nothing, and what is below the fold."""
    if not section.topics:
        st.caption(escaped(section.nothing) or t("Nothing to talk about."))
    path = review_topic.page_of(PAGES[section.name])
    if section.more and path is not None:
        label = counted("{n} more below the fold", "{n} more below the fold", section.more)
        st.page_link(path, label=label, query_params=address.with_view())


def row(held: Held, topic: Topic, place: int, *, is_open: bool = False, has_lines: bool = False) -> None:
    """Where most of a section have a line, those without one keep its place."""
    decision = held.review.decision(topic.subject)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"item-r{place}"):
        st.markdown(review_topic.badge(topic) or "&nbsp;", width="content")
        if has_lines:
            st.html(spark(topic.curve, held.review.since) or "<span></span>")
        goal = {"item": None if is_open else topic.subject}
        told = escaped(topic.sentence)
        st.button(
            f"**{told}**" if is_open else told,
            key=f"choose-{topic.subject}",
            type="tertiary",
            on_click=address.move,
            args=(goal,),
            wrap=True,
            width="stretch",
        )
        st.markdown(_state(held, topic, decision), width="content")
    if decision is not None and held.state == "closed":
        with st.container(key=f"said-r{place}"):
            st.caption(escaped(decision_sentence(decision, held.review.zone)))
    if is_open:
        with st.container(border=True, key="review-open-topic"):
            review_topic.draw(held, topic)


def _state(held: Held, topic: Topic, decision: Decision | None) -> str:
    if decision is not None:
        if held.state == "closed":
            return "**✓**"
        return f"**✓** {escaped(outcome_name(decision))} :gray[{escaped(decision.by)}]"
    return f":orange-badge[{t('to decide')}]" if topic.needs_decision and held.is_open else "&nbsp;"
