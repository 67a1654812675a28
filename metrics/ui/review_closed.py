"""What a review leaves: its four forms, the numbers that later data tells otherwise, and another review beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from metrics.meeting.compare import correction_sentence
from metrics.meeting.documents import FORMATS, MIME, Format, lacks, written
from metrics.meeting.invitation import invitation
from metrics.meeting.told import decision_sentence, figure_name
from metrics.review.minutes import Figure, Review, Topic
from metrics.ui import address
from metrics.ui.delivery_words import escaped
from metrics.ui.review_loading import Held, Shelved, changed, opened
from metrics.ui.words import change, counted, day, quantity, t

__all__ = ["beside_figures", "beside_topics", "downloads", "draw_beside", "draw_corrections", "draw_ways_on"]

NAMES: Mapping[Format, str] = {"md": "Markdown", "html": "HTML", "pdf": "PDF", "json": "JSON"}


def downloads(held: Held) -> None:
    """Each is made when it is asked for."""
    with st.popover(t("Download"), key="review-downloads", type="tertiary"):
        for form in FORMATS:
            st.download_button(
                NAMES[form],
                data=partial(written, held.review, form),
                file_name=f"review-{held.review.service}-{held.review.id}.{form}",
                mime=MIME[form],
                key=f"download-{form}",
                on_click="ignore",
                width="stretch",
            )
            if missing := lacks(held.review, form):
                st.caption(escaped(missing), width=260)
        if held.review.meets_at is not None:
            st.download_button(
                t("Calendar entry"), data=invitation(held.review, held.here.config.notify.link),
                file_name=f"review-{held.review.service}-{held.review.id}.ics", mime="text/calendar",
                key="download-ics", on_click="ignore", width="stretch",
            )  # fmt: skip


def draw_corrections(review: Review, found: Mapping[Figure, float | None]) -> None:
    """Was 3.1 %, now 3.4 %: the review keeps what was seen."""
    label = counted(
        "\\* {n} figure reads otherwise by the data of today",
        "\\* {n} figures read otherwise by the data of today",
        len(found),
    )
    with st.expander(label, key="review-corrections"):
        st.markdown(
            "\n".join(
                f"- {escaped(figure_name(each))} {escaped(correction_sentence(each, now))}"
                for each, now in found.items()
            )
        )
        st.caption(t("Data came or was corrected after the review; what it saw stays as it is."))


def draw_ways_on(held: Held, every: Shelved) -> None:
    """To the review after this one, and another to lay beside it."""
    name = held.review.id
    later = [each for each in (*every.opened, *every.closed, every.next) if each > name]
    others = [each for each in every.closed if each != name]
    wanted = address.asked("with")
    if wanted is not None and wanted not in others:
        st.warning(t("`with={value}` in this link is no other closed review.", value=wanted))
        wanted = None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="review-ways-on"):
        if others:
            st.session_state["review-with"] = wanted
            st.selectbox(
                t("Beside"), others, index=None, key="review-with", placeholder=t("Compare with another review"),
                label_visibility="collapsed", width=260, format_func=_named, on_change=_beside,
            )  # fmt: skip
        if later:
            st.button(
                t("Next review: {day}", day=_named(min(later))), key="review-later", type="tertiary",
                icon=":material/arrow_forward:", on_click=address.move,
                args=({"review": min(later), "item": None, "with": None},),
            )  # fmt: skip
    if wanted is not None:
        draw_beside(held.review, opened(held.here, every, wanted).review)


def _named(name: str) -> str:
    on = date.fromisoformat(name)
    return f"{day(on)} {on.year}"


def _beside() -> None:
    address.move({"with": st.session_state["review-with"]})


def draw_beside(review: Review, other: Review) -> None:
    """Two reviews: their figures, and what came of each thing in either."""
    with st.container(border=True, key="review-beside"):
        st.markdown(t("**Beside the review of {day}**", day=_named(other.id)))
        # Both decisions are read in full: a grid would cut them.
        for told in (beside_figures(review, other), beside_topics(review, other)):
            st.table(told.map(escaped), border="horizontal", hide_index=True)


def beside_figures(review: Review, other: Review) -> pd.DataFrame:
    """What both teams follow, as each review saw it."""
    theirs = {each.address: each for each in other.headline}
    mine = {each.address: each for each in review.headline}
    rows = []
    for address_ in dict.fromkeys([*mine, *theirs]):
        here, there = mine.get(address_), theirs.get(address_)
        now, then = (each.value if each else None for each in (here, there))
        either = here or there
        if either is None:
            continue
        by = None if now is None or then is None else now - then
        rows.append((figure_name(either), _value(there), _value(here), change(by, then, either.unit)))
    return pd.DataFrame(rows, columns=[t("Figure"), _named(other.id), _named(review.id), t("Change")])


def _value(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return t("no data")
    return quantity(figure.value, figure.unit)


def beside_topics(review: Review, other: Review) -> pd.DataFrame:
    """What was on either agenda, with its decision in each; first what stayed, and of that what somebody spoke of."""
    mine = {topic.subject: topic for topic in review.topics}
    theirs = {topic.subject: topic for topic in other.topics}
    only = {True: t("new"), False: t("gone")}
    spoken = {each.subject for each in (*review.decisions, *other.decisions)}
    order = sorted(
        dict.fromkeys([*mine, *theirs]),
        key=lambda each: ((each not in mine) + (each not in theirs), each not in spoken),
    )
    rows = [
        (
            (mine.get(each) or theirs[each]).sentence,
            t("stayed") if each in mine and each in theirs else only[(each in mine) == (review.id > other.id)],
            _came(other, theirs.get(each)),
            _came(review, mine.get(each)),
        )
        for each in order
    ]
    return pd.DataFrame(rows, columns=[t("What"), t("State"), _named(other.id), _named(review.id)])


def _came(review: Review, topic: Topic | None) -> str:
    if topic is None:
        return t("not on the agenda")
    decision = review.decision(topic.subject)
    if decision is None:
        return t("nothing said")
    return decision_sentence(decision, review.zone)


def corrections_of(held: Held) -> Mapping[Figure, float | None]:
    """None but of a closed review."""
    return changed(held.here, held.review) if held.state == "closed" else {}
