"""The Alerts page: how the alerts were, the tree, the rules, and one rule to decide on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from metrics.model import Entry
from metrics.review.alerts.ledger import split
from metrics.review.alerts.pile import Branch, Pile
from metrics.review.period import local_day
from metrics.ui import address, alerts_charts, alerts_decide, alerts_list, alerts_rule, alerts_tree
from metrics.ui.alerts_list import Listed
from metrics.ui.alerts_words import branch_said, how_it_was, lost
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.words import day_range, moment, number, t

__all__ = ["draw", "draw_nothing"]

# What a tile of the tree or a row of the table leaves in the address.
OWN = ("show", "rule")


def draw_nothing(here: Frame, pile: Pile | None, until: datetime) -> None:
    """No alert in the period, or none at all: where they are, or how to get some."""
    _tell_lost(pile)
    if pile is not None and pile.rules:
        newest = max(rule.last for rule in pile.rules)
        st.info(
            t(
                "No alert fired in {days}. The newest one is of {moment}: choose a longer period.",
                days=day_range(pile.period.window, here.zone),
                moment=moment(newest, here.zone, here.now),
            )
        )
        return
    if pile is not None and pile.known_since is not None:
        known, zone = pile.known_since, here.zone
        told = (
            t("No alert fired in {days}: choose another period.", days=day_range(pile.history, zone))
            if pile.is_known
            else t("Alerts are known since {moment}: choose a later period.", moment=moment(known, zone, here.now))
        )
        st.info(told)
        return
    st.info(
        t(
            "No alert of {service} is known up to {until}. Collect `cloudwatch_alarms`, `datadog_events` or "
            "`webhook` with `python -m metrics collect`, or import what your monitoring wrote with "
            "`python -m metrics import FILE --as alerts`.",
            service=here.service.title,
            until=moment(until, here.zone, here.now),
        )
    )


def draw(here: Frame, pile: Pile, words: Sequence[Entry], until: datetime) -> None:
    """Everything, from the pile to one rule."""
    said = {word.subject: branch for word in words if (branch := branch_said(word))}
    st.markdown(how_it_was(pile, said, service=escaped(here.service.title)))
    _tell_lost(pile)
    left, right = st.columns([3, 1], gap="medium")
    with left:
        _tree(pile, said)
    with right:
        _idle(pile, here.zone)
    now = local_day(here.now, here.zone)
    with st.container(horizontal=True, vertical_alignment="center", key="rules-bar"):
        st.subheader(alerts_list.heading(), anchor=False, width="content")
        st.space("stretch")
        found = alerts_list.listed(pile, words, now)
    with st.container(key="rules-table"):
        alerts_list.explain_branch()
        alerts_list.draw(found, pile, now)
    one = alerts_list.chosen(pile, words, found)
    if one is not None:
        _one(here, one, pile, until)


def _tell_lost(pile: Pile | None) -> None:
    if pile is not None and (told := lost(pile)):
        st.warning(escaped(told))


def _tree(pile: Pile, said: dict[str, Branch]) -> None:
    kept = {key: value for key in OWN if (value := address.asked(key))}
    html = alerts_tree.tree(split(pile, said), {**address.carried(), **kept}, address.asked("branch"))
    st.html(f"{alerts_tree.STYLE}{html}")
    st.caption(
        t(
            "Alerts of the period, as somebody decided (with a tick below), else as the data of the {n} weeks up to "
            "its end suggests. Users: {felt}.",
            n=number(pile.history.duration.days // 7),
            felt=_felt(pile),
        )
    )


def _felt(pile: Pile) -> str:
    if not pile.felt and not pile.sees_incidents:
        return t("not known: no incidents are collected, and no latency or error line has a threshold")
    lines = t("{n} latency and error lines with a threshold", n=number(len(pile.felt)))
    return lines if not pile.sees_incidents else t("incidents, and {lines}", lines=lines)


def _idle(pile: Pile, zone: str) -> None:
    """The share of alerts that nobody did anything about, week by week."""
    known = [week for week in pile.weeks if week.idle.n]
    st.caption(t("**Alerts without any action** (% by week)"))
    if not len(pile.firings):
        st.caption(t("No alert is known in {days}.", days=day_range(pile.history, zone)))
        return
    if not known:
        st.caption(t("Not known: no source says whether anybody acted, and nobody writes incidents down."))
        return
    st.plotly_chart(
        alerts_charts.idle(pile.weeks, pile.history, zone),
        key="idle",
        config={"displayModeBar": False},
        alt=t("Share of alerts without any action by week"),
    )
    n = sum(rule.long.n for rule in pile.rules)
    source = sum(rule.long.acted_said for rule in pile.rules)
    k, of = (sum(getattr(week.idle, name) for week in known) for name in ("k", "n"))
    st.caption(
        t("{k} of {of} in {days}", k=number(k), of=number(of), days=day_range(pile.history, zone)),
        help=t(
            "Of {n} alerts the source of {source} says whether anybody acted. Of the others an incident of the "
            "component, a roll-back or a hot-fix tells that somebody did. Hollow: not a whole week.",
            n=number(n),
            source=number(source),
        ),
    )


def _one(here: Frame, one: Listed, pile: Pile, until: datetime) -> None:
    """The chart with what went on beside it; beneath it what speaks for which branch, and the decision."""
    st.subheader(f"{escaped(one.component)} · {escaped(one.name)}", anchor=False)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        alerts_rule.draw_chart(here, one, pile)
        alerts_rule.draw_firings(here, one, pile)
    with right, st.container(key="rule-decide"):
        alerts_decide.draw(here, one, pile, until)
        alerts_rule.draw_evidence(here, one, pile)
