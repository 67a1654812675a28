"""What a person says of a hole: that a component can't have it and why, that it is needed, and who acts on it."""

from __future__ import annotations

from datetime import date, datetime

import streamlit as st

from metrics.meeting.told import decision_sentence
from metrics.model import Entry
from metrics.review.coverage import Cell
from metrics.review.minutes import decision_of
from metrics.ui import action_form, actions_loading, address, author, speaking, verdict_words
from metrics.ui.coverage_words import how_it_stands, named
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.words import age, day, t

__all__ = ["draw_came_of_it", "draw_rival", "draw_said", "draw_to_say"]

REVIEW, ACTIONS = "pages/1_review.py", "pages/7_actions.py"

LONGEST = 200


def draw_rival(here: Frame, cell: Cell) -> None:
    """Where somebody else spoke of the same hole meanwhile."""
    speaking.draw_rival(here, "hole", _subject(cell), _told)


def draw_came_of_it(here: Frame, cell: Cell) -> None:
    """What the newest review that spoke of it decided, and what is done for it, each with the way there."""
    about = f"hole/{_subject(cell)}"
    words = (each for each in speaking.words(here, "disposition").every if each.subject.partition("/")[2] == about)
    newest = max(words, key=lambda each: each.at, default=None)
    review = newest.subject.partition("/")[0] if newest else ""
    decision = decision_of(newest, review) if newest else None
    if decision is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            told = t("In the review of {day}", day=day(date.fromisoformat(review)))
            st.page_link(REVIEW, label=told, query_params=address.with_view(review=review, item=about))
            st.markdown(escaped(decision_sentence(decision, here.zone)), width="content")
    spoken = actions_loading.spoken(here)
    for action in spoken.every:
        if action.why == about:
            verdict = spoken.verdicts.get(action.id)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                told = t("Action: {what}", what=escaped(action.what))
                st.page_link(ACTIONS, label=told, query_params=address.with_view(action=action.id))
                came = verdict_words.spoken(verdict, here.now) if verdict else t("no verdict yet")
                st.markdown(escaped(came), width="content")


def draw_said(here: Frame, cell: Cell) -> None:
    """Who said that it does not apply, and how to ask for it again."""
    if not cell.by:
        st.caption(
            t(
                "By `data/services/{name}.yaml`, under `not_applicable` of the component; take it out to ask for it.",
                name=here.service.name,
            )
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        said_by = t("By **{who}**, {age}.", who=escaped(cell.by), age=age(cell.since, here.now))
        st.markdown(said_by, width="content")
        author.button(
            here.who, t("Undo: it is needed"), f"needed-{_subject(cell)}",
            speaking.say, "hole", _subject(cell), None, cell.since,
        )  # fmt: skip
        author.ask(here.who, t("Your name, to say so"))


def draw_to_say(here: Frame, cell: Cell) -> None:
    """A hole may be none: with a reason, since whoever comes next can't know it."""
    subject = _subject(cell)
    with st.container(horizontal=True, vertical_alignment="center"):
        popover = st.popover(t("Not applicable …"), key=f"not-{subject}", disabled=not here.who,
                             help=author.lack(here.who))  # fmt: skip
        with popover, st.form(f"say-{subject}", border=False):
            st.text_input(
                t("Why can {component} not have it?", component=cell.component.title),
                key=f"why-{subject}",
                placeholder=t("It has no disk of its own"),
                max_chars=LONGEST,
            )
            seen = speaking.words(here, "hole").seen("hole", subject)
            st.form_submit_button(t("Say so"), on_click=_declare, args=(cell, seen), type="primary")
        action_form.ask(
            here,
            why=f"hole/{subject}",
            why_sentence=f"{named(cell)}: {how_it_stands(cell, here.zone, here.now)}",
            component=cell.component.name,
            indicator=cell.indicator.name,
        )
        author.ask(here.who, t("Your name, to say so"))
    if st.session_state.pop("hole-without-reason", None) == subject:
        st.warning(t("Say why: without a reason it stays a hole."))


def _declare(cell: Cell, seen: datetime | None) -> None:
    """Callback of the form. The hole stays in view, though it leads the list of holes no more."""
    subject = _subject(cell)
    because = " ".join(str(st.session_state[f"why-{subject}"]).split())
    if because:
        speaking.say("hole", subject, {"because": because}, seen)
        address.move({"component": cell.component.name, "indicator": cell.indicator.name})
    else:
        st.session_state["hole-without-reason"] = subject


def _told(word: Entry) -> str:
    if word.said is None:
        return t("it is needed")
    return t("not applicable: {because}", because=escaped(word.said.get("because") or ""))


def _subject(cell: Cell) -> str:
    return "/".join(cell.key)
