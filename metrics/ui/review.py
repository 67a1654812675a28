"""The Review page's own head: which review, when and who, opening it, and what was said too late or too early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from metrics.meeting.told import period_name
from metrics.ui import address, author, review_about, review_close, review_closed, review_meeting
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.review_acts import ask_open, ask_renew, describe
from metrics.ui.review_loading import Held, Shelved, window_of
from metrics.ui.review_tiles import draw as draw_figures
from metrics.ui.speaking import draw_rival
from metrics.ui.words import age, day, moment, t

__all__ = ["STYLE", "asked", "draw_figures", "draw_head", "is_meeting"]

STYLE = """<style>
[class*="st-key-section-"] { margin-top: 0.5rem; border-bottom: 1px solid rgba(128, 128, 128, 0.28); }
[class*="st-key-section-"] h3 { padding-bottom: 0.2rem; }
.st-key-review-open-topic { margin: 0.2rem 0 0.6rem; }
[class*="st-key-review-way-"] button, .st-key-review-last button, .st-key-review-holds button {
  min-height: 1.9rem; padding-top: 0.1rem; padding-bottom: 0.1rem; text-align: left;
}
.st-key-review-holds { gap: 0.4rem; padding: 0.5rem 0.75rem; border-left: 3px solid #30a46c; }
.spark { display: block; width: 100%; height: 1.7rem; }
.st-key-review-open-topic :is(li, p) { font-size: 0.875rem; }
[class*="st-key-item-r"] > :first-child { flex: 0 0 6.9rem; }
[class*="st-key-item-r"] > :has(> [data-testid="stHtml"]) { flex: 0 0 6.5rem; }
[class*="st-key-item-r"] > :has(button) { min-width: 0; }
[class*="st-key-item-r"] .spark { height: 1.3rem; }
/* Below the sentence that it answers, with a line before it or without. */
[class*="st-key-said-r"] { padding: 0 0 0.25rem; margin-top: -0.2rem; }
@media (min-width: 641px) {
  [class*="st-key-said-r"] { padding-left: 7.9rem; }
  :has(> [class*="st-key-item-r"] [data-testid="stHtml"]) + * > [class*="st-key-said-r"] { padding-left: 15.4rem; }
}
[class*="st-key-agenda-"] > :has(> [data-testid="stPageLink"]) a { padding-left: 0; }
@media (max-width: 640px) {
  [class*="st-key-item-r"] > :has(> [data-testid="stHtml"]) { order: 0; flex: 0 0 6.5rem; }
  [class*="st-key-item-r"] > :has(button) { order: 3; flex: 1 0 100%; }
}
[class*="st-key-item-r"] button > div { width: 100%; justify-content: flex-start; text-align: left; }
[class*="st-key-item-r"] > :last-child p { font-size: 0.875rem; white-space: nowrap; }
.st-key-review-meeting [class*="st-key-review-way-"] { counter-reset: way; }
.st-key-review-meeting [class*="st-key-review-way-"] button[kind]::before {
  counter-increment: way; content: counter(way); margin-right: 0.45rem; font-size: 0.8rem; opacity: 0.65;
}
.st-key-review-said:empty, .st-key-review-last:empty, .st-key-review-answers:empty, .st-key-review-notes:empty {
  display: none;
}
/* A projector shows the topic and nothing else, in letters that grow with it. */
html:has(.st-key-review-meeting) { font-size: clamp(16px, 7px + 0.65vw, 24px); }
[data-testid="stApp"]:has(.st-key-review-meeting) :is(.st-key-bar, header[data-testid="stHeader"]) { display: none; }
[data-testid="stMainBlockContainer"]:has(.st-key-review-meeting) { padding-top: 0.6rem; padding-bottom: 1rem; }
.st-key-toolbar:has(.st-key-review-bar) > :has(h1) { position: absolute; clip-path: inset(50%); }
.st-key-review-meeting .st-key-review-headline p { font-size: clamp(1.15rem, 1.75vw, 2.2rem); line-height: 1.25; }
.st-key-review-meeting .st-key-review-headline span { font-size: 1rem; }
.st-key-review-meeting [class*="st-key-item-r"] p { font-size: 1.1rem; }
.st-key-review-meeting .st-key-review-chart { height: clamp(260px, 52vh, 900px); }
@media (max-width: 640px) { .st-key-review-meeting .st-key-review-chart { height: 240px; } }
.review-time { white-space: nowrap; font-variant-numeric: tabular-nums; opacity: 0.8; }
.review-time:has(.over) { opacity: 1; }
.review-clock.over { background: #c62a2f; color: #ffffff; border-radius: 4px; padding: 0 0.35rem; }
@media (max-width: 640px) {
  /* Below the title: the section, then the day, the clock and the place, then the buttons. */
  .st-key-toolbar > :is(.st-key-review-bar, :has(> .st-key-review-bar)) { flex: 1 0 100%; }
  .st-key-review-bar { row-gap: 0.2rem; }
  .st-key-review-bar::before { content: ""; order: 2; flex: 0 0 100%; height: 0; }
  .st-key-review-bar > :has(strong) { order: -1; flex: 1 0 100%; }
  .st-key-review-bar > :has(button) { order: 3; }
}
</style>"""
OTHER = {"item": None, "mode": None, "with": None}
"""What means nothing in another review."""


def is_meeting() -> bool:
    mode = address.asked("mode")
    if mode not in (None, "meeting"):
        st.warning(t("`mode={value}` in this link is unknown; use `meeting`, or leave it out.", value=mode))
    return mode == "meeting"


def asked(here: Frame, every: Shelved, *, picker: bool = True) -> str:
    """The day of the review in the address, chosen from a list or a calendar; else the open one, else the next."""
    names = list(dict.fromkeys([every.usual, every.next, *every.opened, *every.closed]))
    wanted = address.asked("review")
    if wanted is not None and wanted not in names:
        if _is_day(wanted, every):
            names.append(wanted)
        else:
            st.warning(
                t(
                    "`review={value}` in this link is no day of a review: there is data from `{first}` to `{last}`.",
                    value=wanted,
                    first=every.first,
                    last=every.next,
                )
            )
            wanted = None
    shown = wanted or every.usual
    if shown in every.opened:
        # Whoever closes it must not take the page away from the others, and the address is what people hand on.
        address.move({"review": shown})
    if picker:
        _picker(here, every, names, shown)
    return shown


def _picker(here: Frame, every: Shelved, names: Sequence[str], shown: str) -> None:
    st.session_state["review-day"] = shown
    with here.toolbar:
        st.selectbox(
            t("Review"), sorted(names, reverse=True), key="review-day", label_visibility="collapsed", width=240,
            format_func=lambda name: f"{_named(name)} · {every.state(name)}", on_change=_choose, args=(every.usual,),
        )  # fmt: skip
        with st.popover(t("Another day"), key="review-other", type="tertiary"):
            st.date_input(
                t("The review as of the end of that day"), value=None,
                key="review-date", format="YYYY-MM-DD", min_value=date.fromisoformat(every.first),
                max_value=date.fromisoformat(every.next),
                on_change=_choose_date,
            )  # fmt: skip


def _is_day(text: str, every: Shelved) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text and every.first <= text <= every.next
    except ValueError:
        return False


def _named(name: str) -> str:
    on = date.fromisoformat(name)
    return f"{day(on)} {on.year}"


def _choose(usual: str) -> None:
    name = st.session_state["review-day"]
    address.move({"review": None if name == usual else name, **OTHER})


def _choose_date() -> None:
    on: date | None = st.session_state["review-date"]
    if on is not None:
        address.move({"review": on.isoformat(), **OTHER})


def draw_head(held: Held, every: Shelved) -> None:
    """When, who and where; and the one thing to do next with it: open, hold, close, or read."""
    review, here = held.review, held.here
    with here.toolbar:
        st.space("stretch")
        if held.is_open:
            review_meeting.start(t("Meeting mode"))
            review_close.draw(held)
            _details(held)
            _renew(held, every)
        review_closed.downloads(held)
    state = {"preview": t("not opened yet"), "open": t("open")}.get(held.state) or t(
        "closed by {who}, {moment}", who=review.closed_by, moment=moment(review.closed_at, here.zone, here.now)
    )
    parts = [
        period_name(review),
        state,
        t(
            "data until {moment}, read {age}",
            # It looks up to the end of an hour that may not have been over when it was read.
            moment=moment(min(review.until, review.prepared_at), here.zone, here.now),
            age=age(review.prepared_at, here.now),
        ),
        *([t("attendees: {who}", who=review.attendees)] if review.attendees else []),
        *([review.place] if review.place else []),
        *([t("meets {moment}", moment=moment(review.meets_at, here.zone, here.now))] if review.meets_at else []),
    ]
    st.caption(escaped(" · ".join(parts)))
    if held.is_open:
        draw_rival(here, "review", review.id, lambda word: escaped(review_about.told_about(review, word, here.now)))
    if held.state == "preview":
        _opening(held, every)


def _opening(held: Held, every: Shelved) -> None:
    """A preview is nobody's yet: who opens it holds it for everybody."""
    with st.container(border=True, key="review-opening"):
        st.markdown(
            t(
                "**This review is not opened yet.** Below is what it would be about. Once opened, its numbers stand "
                "still for everybody, and decisions can be made."
            )
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            review_about.draw_fields(review_about.as_last_time(held.here, every, held.review), "open")
            author.ask(held.here.who, t("Your name, to open it"))
            author.button(
                held.here.who, t("Open the review"), "review-begin", ask_open,
                window_of(held.here, every, held.review.id), "open", held.here.zone, kind="primary",
            )  # fmt: skip


def _details(held: Held) -> None:
    """Who is there, where and when; changed at any time until it is closed."""
    review = held.review
    with st.popover(t("Who, where, when"), key="review-details", type="tertiary"):
        review_about.draw_fields(review, "held")
        author.button(
            held.here.who, t("Keep"), "review-describe", describe,
            review, "held", held.words.seen("review", review.id),
        )  # fmt: skip


def _renew(held: Held, every: Shelved) -> None:
    with st.popover(t("Newest numbers"), key="review-newer", type="tertiary"):
        st.markdown(
            t(
                "The agenda is made anew from the data until {moment}, for everybody. Decisions stay with what is "
                "still on it.",
                moment=moment(every.until, held.here.zone, held.here.now),
            )
        )
        author.button(
            held.here.who, t("Take the newest numbers"), "review-renew", ask_renew,
            held.review.id, window_of(held.here, every, every.next),
        )  # fmt: skip
