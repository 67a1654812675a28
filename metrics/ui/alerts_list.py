"""Which rules are listed, and the table of them: those that fired, or that somebody decided on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metrics.model import Entry
from metrics.review.alerts.pile import BRANCHES, Branch, Count, Pile, Rule
from metrics.ui import address, controls, tables
from metrics.ui.alerts_words import BRANCH_NAMES, branch_said, check_date, why
from metrics.ui.words import day, number, one_of, quantity, t

__all__ = ["Listed", "chosen", "draw", "explain_branch", "heading", "listed"]

ROWS_SHOWN = 10
# More are read by nobody; whoever wants one of them has its link or its name in the export.
MOST = 500
_COUNTED = ("impact", "incident", "harm", "batch", "night", "burst", "alone")
NO_WEEKS = np.array([], dtype=np.float32)
SHOWN: Mapping[str, str] = {"fired": "Fired", "open": "To decide", "due": "Check due", "decided": "Decided"}
BRANCH_BADGES: Mapping[Branch | None, str] = {
    "remove": "violet", "reduce": "orange", "automate": "blue", "watch": "green", "keep": "gray", None: "gray",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule with what was said of it. `rule` is None where it was silent in the whole history."""

    key: str
    rule: Rule | None
    word: Entry | None

    @property
    def component(self) -> str:
        return self.rule.component if self.rule else self.key.partition("/")[0]

    @property
    def name(self) -> str:
        return self.rule.name if self.rule else self.key.partition("/")[2]

    @property
    def said(self) -> Branch | None:
        return branch_said(self.word) if self.word else None

    @property
    def branch(self) -> Branch | None:
        """As a person said, else as the data suggests."""
        return self.said or (self.rule.suggestion.branch if self.rule else None)

    def is_due(self, today: date) -> bool:
        due = check_date(self.word) if self.word else None
        return due is not None and due <= today


def listed(pile: Pile, words: Sequence[Entry], today: date) -> tuple[Listed, ...]:
    """By the controls: what fired, what nobody has decided on, what is to be checked, or all that was decided."""
    said: dict[str, Entry] = {word.subject: word for word in words if branch_said(word)}
    shown = controls.choice(t("Rules"), {key: t(name) for key, name in SHOWN.items()}, "show")
    fired = [Listed(rule.key, rule, said.get(rule.key)) for rule in pile.fired]
    rules = pile.by_key()
    decided = [Listed(key, rules.get(key), word) for key, word in said.items()]
    decided.sort(key=lambda each: each.word.at if each.word else pile.history.start, reverse=True)
    found = {
        "open": [each for each in fired if each.word is None],
        "due": [each for each in decided if each.is_due(today)],
        "decided": decided,
    }.get(shown, fired)
    return tuple(each for each in found if _is_asked(each))


def _is_asked(each: Listed) -> bool:
    """A tile of the tree may be chosen."""
    branch = address.asked("branch")
    return branch is None or branch not in (*BRANCHES, "unknown") or (each.branch or "unknown") == branch


def explain_branch() -> None:
    """A branch in the link that there is none of."""
    options: dict[str, str] = {each: t(BRANCH_NAMES[each]) for each in BRANCHES}
    options["unknown"] = t(BRANCH_NAMES[None])
    asked = address.asked("branch")
    if asked is not None and asked not in options:
        st.warning(
            t(
                "`branch={asked}` in this link is not known: use {valid}. Shown: all rules.",
                asked=asked.replace("`", ""),
                valid=one_of([f"`{option}`" for option in options]),
            )
        )


def heading() -> str:
    """In which order they are listed."""
    is_by_word = address.asked("show") in ("due", "decided")
    return t("Rules, decided on last first") if is_by_word else t("Rules, those with most firings first")


def chosen(pile: Pile, words: Sequence[Entry], found: Sequence[Listed]) -> Listed | None:
    """What the link names, else the first that is listed."""
    asked = address.asked("rule")
    if asked:
        word = next((each for each in words if each.subject == asked), None)
        rule = pile.rule(asked)
        if rule or word:
            return Listed(asked, rule, word if word and branch_said(word) else None)
        st.warning(
            t(
                "`rule={asked}` in this link fired in none of the {n} weeks up to the end of the period, and nobody "
                "has decided on it. Shown: the first of the list.",
                asked=asked.replace("`", ""),
                n=number(pile.history.duration.days // 7),
            )
        )
    return next(iter(found), None)


def draw(found: Sequence[Listed], pile: Pile, today: date) -> None:
    """The table; a click on a row opens it below."""
    shown = found[:MOST]
    if not shown:
        st.caption(t("None of these."))
        return
    tables.draw(
        _frame(shown, pile, today),
        t("Alert rules with how often they fired, what went on beside them and what to do about them"),
        columns=_columns(),
        most=ROWS_SHOWN,
        key=f"rules-{address.asked('show') or 'fired'}",
        choose=lambda place: address.move({"rule": shown[place].key}),
    )
    if len(found) > MOST:
        st.caption(t("The first {n} of {all}.", n=number(MOST), all=number(len(found))))


def _frame(found: Sequence[Listed], pile: Pile, today: date) -> pd.DataFrame:
    """What is not known is an empty cell, never 0."""
    figures = _figures(pile).reindex([each.key for each in found]).reset_index(drop=True)
    fired = figures["fired"].astype("Int64")
    figures["fired"] = fired.fillna(0) if pile.is_known else fired
    texts = [name for name in figures.columns if name not in ("fired", "weeks")]
    figures[texts] = figures[texts].where(figures[texts].notna(), "")
    weeks = [each if isinstance(each, np.ndarray) else NO_WEEKS for each in figures["weeks"]]
    figures["weeks"] = pd.Series(weeks, dtype=object)
    figures["branch"] = [[_badge(each)] for each in found]
    figures["rule"], figures["component"] = [each.name for each in found], [each.component for each in found]
    figures["check"] = [_check(each, today) for each in found]
    return figures[list(_columns())]


@lru_cache(maxsize=8)
def _figures(pile: Pile) -> pd.DataFrame:
    """What the data tells of each rule, by its key: made once, since a word changes none of it."""
    rules = pile.rules
    frame = pd.DataFrame(
        {
            "fired": [rule.now.n for rule in rules],
            "before": ["" if rule.before is None else number(rule.before) for rule in rules],
            "weeks": [np.asarray(rule.weeks, dtype=np.float32) for rule in rules],
            "why": [why(rule) for rule in rules],
            "idle": [_k_of_n(Count(rule.now.acted.n - rule.now.acted.k, rule.now.acted.n)) for rule in rules],
            **{name: [_k_of_n(getattr(rule.now, name)) for rule in rules] for name in _COUNTED},
            "total": [_time(rule.now.lasting) for rule in rules],
            "median": [_time(rule.now.median) for rule in rules],
            "severity": [rule.severity or "" for rule in rules],
        },
        index=[rule.key for rule in rules],
    )
    return frame.astype({name: object for name in frame.columns if name not in ("fired", "weeks")})


def _badge(each: Listed) -> str:
    return _said(each.said) if each.said else _suggested(each.branch)


def _said(branch: Branch) -> str:
    return f"✓ {t(BRANCH_NAMES[branch])}"


def _suggested(branch: Branch | None) -> str:
    return t("{branch}?", branch=t(BRANCH_NAMES[branch])) if branch else t(BRANCH_NAMES[None])


def _k_of_n(count: Count) -> str:
    return t("{k} of {n}", k=number(count.k), n=number(count.n)) if count.n else ""


def _time(seconds: float | None) -> str:
    return "" if seconds is None else quantity(seconds, "s")


def _check(each: Listed, today: date) -> str:
    due = check_date(each.word) if each.word else None
    if due is None:
        return ""
    return t("due since {day}", day=day(due)) if each.is_due(today) else day(due)


def _columns() -> dict[str, Any]:
    column = st.column_config
    text = partial(column.TextColumn, alignment="right", width=72)
    options = {
        **{_suggested(each): BRANCH_BADGES[each] for each in (*BRANCHES, None)},
        **{_said(each): BRANCH_BADGES[each] for each in BRANCHES},
    }
    return {
        "branch": column.MultiselectColumn(
            t("Branch"), options=list(options), color=list(options.values()), width=145,
            help=t("With a tick as somebody said, with a question mark as the data suggests")
        ),
        "rule": column.TextColumn(t("Rule"), width=140),
        "fired": column.NumberColumn(t("Fired"), width=55, help=t("In the period")),
        "component": column.TextColumn(t("Component"), width=95),
        "before": text(t("Before"), width=60, help=t("In the period before, of the same length")),
        "weeks": column.BarChartColumn(t("By week"), width=85, y_min=0),
        "idle": text(t("No action"), help=t("Nobody did anything, of those of which it is known")),
        "impact": text(t("Impact"), help=t("It hit users: as the source says, else by incidents and harm")),
        "incident": text(t("Incident"), help=t("While an incident of the component went on")),
        "harm": text(t("Felt"), help=t("While a latency or error line was beyond its threshold")),
        "batch": text(t("Batch"), help=t("While a batch ran")),
        "night": text(t("At night"), help=t("Began from 22 to 6 h by the service's clock")),
        "burst": text(t("Bursts"), help=t("Within an hour of another firing of the same rule")),
        "alone": text(t("By itself"), help=t("Over without anybody acting")),
        "median": text(t("Median"), help=t("How long it was on")),
        "check": column.TextColumn(t("Check"), width=125),
        "total": text(t("In all"), help=t("How long it was on, of those that have ended")),
        "severity": column.TextColumn(t("Severity"), width=75),
        # Long, and told again below for the rule that is chosen: it hides no figure.
        "why": column.TextColumn(t("What speaks for it"), width=330),
    }  # fmt: skip
