"""Closing the review: what is missing, with links to it; else a summary to confirm, and then it is frozen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from metrics.meeting.told import decision_sentence, outcome_kind
from metrics.review.minutes import SectionName, Topic, open_topics
from metrics.ui import address, author, review_agenda
from metrics.ui.delivery_words import escaped
from metrics.ui.review_acts import ask_close
from metrics.ui.review_loading import Held
from metrics.ui.words import both, counted, t

__all__ = ["draw", "draw_missing"]

LEFT: Mapping[SectionName, tuple[str, str]] = {
    "verdicts": ("{n} thing from last time", "{n} things from last time"),
    "causes": ("{n} incident or failed deployment", "{n} incidents or failed deployments"),
    "alerts": ("{n} alert rule", "{n} alert rules"),
    "capacity": ("{n} limit", "{n} limits"),
    "coverage": ("{n} hole", "{n} holes"),
}
"""What may be closed without a word; all that moved has one by then."""


def draw(held: Held, missing: Sequence[Topic] | None = None) -> None:
    """The button; while something is open it says what, in place of the dialog."""
    missing = open_topics(held.review) if missing is None else missing
    if missing:
        told = counted("Close: {n} has no decision", "Close: {n} have no decision", len(missing))
        with st.popover(told, key="review-missing"):
            st.markdown(t("The review can be closed once each thing that moved has a decision. Open:"))
            draw_missing(missing)
        return
    who = held.here.who
    if st.button(
        t("Close the review"), key="review-close", type="primary", disabled=not who, help=author.lack(who)
    ):  # fmt: skip
        _confirm(held)


def draw_missing(missing: Sequence[Topic]) -> None:
    """Each leads to itself."""
    for topic in missing:
        st.button(
            escaped(topic.sentence), key=f"choose-missing-{topic.subject}", type="tertiary", on_click=address.move,
            args=({"item": topic.subject},), wrap=True,
        )  # fmt: skip


@st.dialog(t("Close the review?"), width="medium")
def _confirm(held: Held) -> None:
    """What will be frozen."""
    review = held.review
    counts = Counter(outcome_kind(each) for each in review.decisions)
    n = len(review.decisions)
    told = both([f"{k} × {name}" for name, k in counts.items()])
    st.markdown(
        (counted("**{n} decision**: {told}", "**{n} decisions**: {told}", n, told=told) if n else t("No decision."))
        + "  \n"
        + counted("{n} new action", "{n} new actions", len(review_agenda.actions_of(held)))
    )
    with st.container(height=260, border=True):
        for topic in review.topics:
            decision = review.decision(topic.subject)
            if decision is not None:
                st.markdown(
                    f"{escaped(topic.sentence)}  \n:gray[{escaped(decision_sentence(decision, review.zone))}]"
                )
    if left := _left(held):
        st.markdown(
            t(":orange[Nothing was said of {left}.] They may stay open: what still holds comes again.", left=left)
        )
    if review.attendees:
        st.caption(t("Attendees: {who}", who=escaped(review.attendees)))
    st.caption(t("The numbers and decisions are frozen as they are now; nothing of it can be changed afterwards."))
    author.ask(held.here.who, t("Your name, to close"))
    if st.button(
        t("Close it for good"),
        key="review-close-now",
        type="primary",
        disabled=not held.here.who,
        on_click=ask_close,
        args=(review.id,),
    ):
        # The dialog is a part of the page only; all of it has to run.
        st.rerun()


def _left(held: Held) -> str:
    """How many of each section nobody spoke of."""
    counts = {each.name: review_agenda.said_of(held, each) for each in held.review.sections if each.name in LEFT}
    return both([counted(*LEFT[name], n - done) for name, (done, n) in counts.items() if done < n])
