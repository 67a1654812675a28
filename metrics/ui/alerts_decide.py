"""What to do about a rule: its branch in one click, with a why, undo, the history and what came of it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from metrics.model import Entry
from metrics.review.alerts.check import Checked, Outcome, Ruled, is_due
from metrics.review.alerts.pile import BRANCHES, Branch, Pile
from metrics.review.period import local_day
from metrics.ui import address, alerts_loading, author, history
from metrics.ui.alerts_list import Listed
from metrics.ui.alerts_words import (
    BRANCH_NAMES,
    DO,
    OUTCOMES,
    check_date,
    checked,
    fields,
    ruled_of,
    tell,
    why,
)
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.speaking import draw_rival, say, undo
from metrics.ui.words import age, day, moment, t

__all__ = ["draw"]

# A why is read in a table: what takes longer belongs behind a link.
LONGEST = 300
COLORS: dict[Outcome, str] = {
    "too early": "gray", "missed": "red", "still fires": "orange", "fewer": "green", "more": "orange",
    "no change": "gray", "safe": "green", "not known": "gray",
}  # fmt: skip


def draw(here: Frame, each: Listed, pile: Pile, until: datetime) -> None:
    """What holds, what can be said, what came of it, and everything that was said."""
    # Each in a place of its own, filled or not: what somebody is typing is lost when its field moves.
    with st.container(key="rule-rival"):
        draw_rival(here, "rule", each.key, lambda word: escaped(tell(word)))
    with st.container(key="rule-holds"):
        if each.word is not None:
            _holds(here, each.word)
    with st.container(key="rule-ask"):
        _ask(here, each)
    if each.word is not None and (ruled := ruled_of(each.word)) is not None and check_date(each.word) is not None:
        _check(here, each, ruled, pile, until)
    _history(here, each.key)


def _holds(here: Frame, word: Entry) -> None:
    due, check = check_date(word), ""
    if due is not None:
        is_past = due <= local_day(here.now, here.zone)
        check = (
            t("; to be looked at since {day}", day=day(due)) if is_past else t("; looked at on {day}", day=day(due))
        )
    told = t(
        "**✓ {what}**  \n:gray[{who}, {age}{check}]",
        what=escaped(tell(word)),
        who=escaped(word.author),
        age=age(word.at, here.now),
        check=check,
    )
    st.markdown(told)


def _ask(here: Frame, each: Listed) -> None:
    """A button a branch; the one that the data suggests leads as long as nobody has said anything."""
    suggested = each.rule.suggestion.branch if each.rule else None
    offered = why(each.rule) if each.rule else ""
    st.text_input(
        t("Why"),
        key=f"why-{each.key}",
        placeholder=offered or t("Why (not needed)"),
        label_visibility="collapsed",
        max_chars=LONGEST,
    )
    order = sorted(BRANCHES, key=lambda branch: branch != suggested) if each.said is None else BRANCHES
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="branches"):
        for branch in order:
            if branch == each.said:
                continue
            name = t(BRANCH_NAMES[branch])
            is_first = branch == suggested and each.said is None
            label = t("Confirm: {branch}", branch=name) if is_first else name[:1].upper() + name[1:]
            author.button(
                here.who, label, f"branch-{branch}", _say, here, each, branch, offered,
                kind="primary" if is_first else "secondary", tip=t(DO[branch]),
            )  # fmt: skip
        if each.word is not None:
            author.button(here.who, t("Undo"), "undo-rule", undo, "rule", each.key, each.word.at, kind="tertiary")
        author.ask(here.who, t("Your name, to decide"))


def _say(here: Frame, each: Listed, branch: Branch, offered: str) -> None:
    """Callback: what was typed is the note, what the data tells is kept beside it as it was read."""
    key = f"why-{each.key}"
    note = str(st.session_state.get(key) or "").strip()
    because = offered if each.rule and branch == each.rule.suggestion.branch else ""
    made = fields(branch, because, local_day(here.now, here.zone), note=note)
    say("rule", each.key, made, each.word.at if each.word else None)
    st.session_state[key] = ""
    # Else a list of what is to be decided would show the next one, and there would be nothing to undo.
    address.move({"rule": each.key})


def _check(here: Frame, each: Listed, ruled: Ruled, pile: Pile, until: datetime) -> None:
    """Firings before and after, and what went on unseen; once it was due, a click closes it."""
    found = alerts_loading.checked(here, ruled, until)
    if found is None:
        st.caption(t("Said just now: what comes of it shows with the next data."))
        return
    is_over = is_due(ruled, until, here.zone)
    with st.container(border=True, key="rule-check"):
        st.markdown(
            t("**What came of it** {badge}", badge=f":{COLORS[found.outcome]}-badge[{t(OUTCOMES[found.outcome])}]")
        )
        st.markdown("  \n".join(escaped(told) for told in checked(found, ruled, is_over=is_over)))
        _unseen(here, found)
        if is_over:
            author.button(here.who, t("Looked at: it stays so"), "checked", _looked_at, each, found.outcome)


def _unseen(here: Frame, found: Checked) -> None:
    rows = [f"- {moment(each.start, here.zone, here.now)}: {escaped(each.title)}" for each in found.unseen]
    if rows:
        st.markdown("\n".join(rows))


def _looked_at(each: Listed, outcome: Outcome) -> None:
    """Callback: the same branch without a further check date."""
    word = each.word
    if word is None or word.said is None:
        return
    note = t("checked: {outcome}", outcome=t(OUTCOMES[outcome]))
    say("rule", each.key, {**word.said, "check": None, "note": note, "review": None}, word.at)


def _history(here: Frame, subject: str) -> None:
    """All that was said of it, oldest first, once there is more than what holds."""
    every = history.history(here, subject, "rule")
    if len(every) < 2:
        return
    with st.expander(t("Everything that was said of it ({n})", n=len(every)), key="rule-history"):
        for word in every:
            history.draw(here, word, escaped(tell(word)))
