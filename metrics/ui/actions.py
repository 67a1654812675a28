"""The Actions page: how it stands in a sentence, the list, one of them, and months of work and of verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from metrics.analysis.effect import Verdict
from metrics.review.action_months import Month, by_kind, by_verdict
from metrics.review.actions import KINDS, ActionKind
from metrics.review.judged import VERDICTS, state
from metrics.review.period import local_day
from metrics.ui import action_form, actions_charts, actions_list, actions_loading, actions_one, address, author
from metrics.ui.actions_loading import Spoken
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.verdict_words import COLORS, NAMES
from metrics.ui.verdict_words import KINDS as KIND_NAMES
from metrics.ui.words import counted, number, share, t

__all__ = ["draw", "draw_months", "draw_new", "draw_nothing"]

KIND_INKS: dict[ActionKind, str] = {"prevention": "#0d9488", "detection": "#2f6fed", "repair": "#c27c0e"}
# With fewer months there is no first and last third to compare.
FEWEST = 3
VERDICT_INKS: dict[Verdict, str] = {
    "improved": "#5b8c1a", "no visible effect": "#8b929c", "worse": "#e5484d", "confounded": "#c27c0e",
    "too early": "#2f6fed",
}  # fmt: skip


def draw_new(here: Frame) -> None:
    """In the toolbar: an action that comes from nothing that is on a page."""
    action_form.ask(here, why="", why_sentence="")
    saved = st.session_state.pop("action-saved", None)
    if saved is not None:
        # What was just written down is what one wants to see.
        address.move({"action": saved})


def draw_nothing(here: Frame) -> None:
    """Where the first action comes from."""
    actions_list.tell_unknown()
    st.info(
        t(
            "No action of {service} is written down yet. Write one down here, or where its reason is: at an item of "
            "the Review, an alert rule on Alerts, or a hole on Coverage. With an indicator and a start it is judged "
            "by its numbers four weeks later.",
            service=escaped(here.service.title),
        )
    )
    author.ask(here.who, t("Your name, to write one down"))


def draw(here: Frame, spoken: Spoken) -> None:
    """From all of them to one."""
    today = local_day(here.now, here.zone)
    st.markdown(_how_it_stands(spoken, today))
    with st.container(horizontal=True, vertical_alignment="center", key="actions-bar"):
        found = actions_list.listed(here, spoken, today)
    actions_list.draw(here, spoken, found, today)
    one = actions_list.chosen(spoken, found)
    if one is not None:
        actions_one.draw(here, spoken, one, today)


def _how_it_stands(spoken: Spoken, today: date) -> str:
    """How many are open and due, and what came of those that were judged."""
    states = Counter(state(each, spoken.verdicts.get(each.id), today) for each in spoken.every)
    waiting = sum(states[name] for name in ("due", "not started", "under way", "done"))
    parts = [counted("**{n} action open**", "**{n} actions open**", waiting)]
    due = states["due"]
    parts.append(counted("**{n} verdict due**", "**{n} verdicts due**", due) if due else t("no verdict due"))
    said = Counter(each.verdict for each in spoken.verdicts.values() if each.is_final)
    told = ", ".join(
        f":{COLORS[name]}-badge[{number(said[name])} {t(NAMES[name])}]" for name in VERDICTS if said[name]
    )
    parts.append(t("judged so far: {told}", told=told.replace(", ", " ")) if told else t("none judged so far"))
    return " · ".join(parts)


# months -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bars:
    """One stack of months: its title, its bars with their names and colours, and what to say without any."""

    title: str
    months: tuple[Month, ...]
    names: Sequence[tuple[str, str, str]]
    nothing: str
    has_ratio: bool = False


def draw_months(here: Frame, spoken: Spoken) -> None:
    """Prevention, early detection and repair by actions and, told apart, by merged changes; and verdicts."""
    shown = _bars(here, spoken)
    if not any(each.months for each in shown):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="months-bar"):
        st.subheader(t("Prevention, early detection, repair"), anchor=False, width="content")
        st.space("stretch")
        as_share = actions_list.share_switch()
    for column, each in zip(st.columns(len(shown), gap="medium"), shown, strict=True):
        with column:
            st.caption(each.title)
            if not each.months:
                st.caption(each.nothing)
                continue
            figure = actions_charts.months(each.months, each.names, as_share=as_share)
            name = each.title.replace("*", "")
            st.plotly_chart(figure, key=f"months-{name}", config={"displayModeBar": False}, alt=name)
            if each.has_ratio:
                st.caption(_moved(each.months))


def _bars(here: Frame, spoken: Spoken) -> list[_Bars]:
    kinds = [(name, t(KIND_NAMES[name]), ink) for name, ink in KIND_INKS.items()]
    verdicts = [(name, t(NAMES[name]), VERDICT_INKS[name]) for name in VERDICTS]
    decided = by_kind(spoken.every, spoken.begun, here.zone)
    title = t("**Actions**, by the month in which they were written down")
    found = [_Bars(title, decided, kinds, t("No action yet."), has_ratio=True)]
    if merged := actions_loading.work(here):
        title = t(
            "**Merged changes**, by what their source calls their work: shares are of these three, features left out"
        )
        found.append(_Bars(title, merged, kinds, "", has_ratio=True))
    said = by_verdict(spoken.verdicts, here.zone)
    found.append(_Bars(t("**Verdicts**, by the month in which they were said"), said, verdicts, t("No verdict yet.")))
    return found


def _moved(months: tuple[Month, ...]) -> str:
    """From the first third of the time to the last one: a single month is too few."""
    third = max(len(months) // 3, 1)
    told = [
        f"{t(KIND_NAMES[name])} {_share(months[:third], name)} → {_share(months[-third:], name)}" for name in KINDS
    ]
    total = number(sum(month.n for month in months))
    if len(months) < FEWEST:
        return t("{n} in all", n=total)
    span = counted("first and last month", "first and last {n} months", third)
    return t("{told}; {span}, {n} in all", told=", ".join(told), span=span, n=total)


def _share(months: tuple[Month, ...], name: str) -> str:
    n = sum(month.n for month in months)
    return share(sum(month.counts[name] for month in months) / n) if n else t("no data")
