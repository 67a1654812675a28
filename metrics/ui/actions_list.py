"""Which actions are listed, and the table of them: what asks for somebody first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from metrics.review.actions import Action
from metrics.review.judged import State, by_urgency, state
from metrics.review.lines import Line
from metrics.ui import action_form, actions_loading, address, controls, tables
from metrics.ui.actions_loading import Spoken
from metrics.ui.finding_words import address_name
from metrics.ui.frame import Frame
from metrics.ui.verdict_words import COLORS, KINDS, NAMES
from metrics.ui.words import day, number, quantity, t

__all__ = ["STATES", "chosen", "draw", "listed", "share_switch", "tell_unknown"]

ROWS_SHOWN: Final = 10
# More are read by nobody; whoever wants one of them has its link or its owner.
MOST: Final = 300
# Of so many due ones each verdict is worked out for the table; of the others when they are chosen.
WORKED_OUT: Final = 12
SHOWN: Final[Mapping[str, str]] = {"open": "Open", "due": "Verdict due", "judged": "Judged", "all": "All"}
STATES: Final[Mapping[State, tuple[str, str]]] = {
    "due": ("verdict due", "orange"),
    "not started": ("not started", "gray"),
    "under way": ("under way", "blue"),
    "done": ("done, to be judged", "blue"),
    "judged": ("judged", "green"),
    "dropped": ("dropped", "gray"),
}
ANY: Final = "any"


def share_switch() -> bool:
    """Months in count or in share."""
    return controls.choice(t("Months"), {"count": t("Count"), "share": t("Share")}, "months") == "share"


def listed(here: Frame, spoken: Spoken, today: date) -> list[Action]:
    """By the controls: those that wait, those whose verdict is due, those that were judged, or all."""
    shown = controls.choice(t("Actions"), {key: t(name) for key, name in SHOWN.items()}, "show")
    owners = sorted({each.owner for each in spoken.every if each.owner})
    owner = controls.one(
        t("Owner"), {ANY: t("All owners"), **{each: action_form.owner_name(here, each) for each in owners}}, "owner"
    )
    kinds: dict[str, str] = {ANY: t("All kinds")}
    kinds |= {key: t(name) for key, name in KINDS.items()}
    kind = controls.one(t("Kind"), kinds, "kind")
    mine = [each for each in spoken.every if owner in (ANY, each.owner) and kind in (ANY, each.kind)]
    return [
        each for each in by_urgency(mine, spoken.verdicts, today) if _is_shown(shown, _state(spoken, each, today))
    ]


def _is_shown(shown: str, now: State) -> bool:
    if shown == "all":
        return True
    return now == shown if shown in ("due", "judged") else now not in ("judged", "dropped")


def _state(spoken: Spoken, action: Action, today: date) -> State:
    return state(action, spoken.verdicts.get(action.id), today)


def chosen(spoken: Spoken, found: Sequence[Action]) -> Action | None:
    """What the link names, else the first that is listed."""
    one = spoken.of(address.asked("action") or "")
    if one is not None:
        return one
    tell_unknown()
    return next(iter(found), None)


def tell_unknown() -> None:
    """What a link names and this page does not know: an action that is not there, or an item of another page."""
    asked, item = (str(address.asked(key) or "").replace("`", "") for key in ("action", "item"))
    if asked:
        st.warning(
            t(
                "`action={asked}` in this link is not known: was it taken back? Shown: the first of the list.",
                asked=asked,
            )
        )
    if item:
        st.warning(t("`item={item}` means nothing here: a link to one action says `action=`.", item=item))


def draw(here: Frame, spoken: Spoken, found: Sequence[Action], today: date) -> None:
    """The table; a click on a row opens it below."""
    shown = found[:MOST]
    if not shown:
        st.caption(t("None of these."))
        return
    tables.draw(
        _frame(here, spoken, shown, today),
        t("Actions with their owner, what they are judged by and what came of them"),
        columns=_columns(),
        most=ROWS_SHOWN,
        key=f"actions-{address.asked('show') or 'open'}",
        choose=lambda place: address.move({"action": shown[place].id}),
    )
    if len(found) > MOST:
        st.caption(t("The first {n} of {all}.", n=number(MOST), all=number(len(found))))


def _frame(here: Frame, spoken: Spoken, shown: Sequence[Action], today: date) -> pd.DataFrame:
    """What is not known is an empty cell."""
    states = [_state(spoken, each, today) for each in shown]
    due = [each.id for each, now in zip(shown, states, strict=True) if now == "due"][:WORKED_OUT]
    verdicts = [_verdict(here, spoken, each, is_due=each.id in due) for each in shown]
    lines = {line.address: line for line in actions_loading.lines_of(here)}
    return pd.DataFrame(
        {
            "state": [[t(STATES[now][0])] for now in states],
            "what": [each.what for each in shown],
            "verdict": verdicts,
            "kind": [t(KINDS[each.kind]) for each in shown],
            "owner": [action_form.owner_name(here, each.owner) for each in shown],
            "check": [day(each.check) for each in shown],
            "line": [address_name(each.address) if each.address else "" for each in shown],
            "target": [_target(each, lines) for each in shown],
        }
    )


def _target(action: Action, lines: Mapping[str, Line]) -> str:
    line = lines.get(action.address or "")
    return quantity(action.target, line.indicator.unit) if line and action.target is not None else ""


def _verdict(here: Frame, spoken: Spoken, action: Action, *, is_due: bool) -> list[str]:
    """What was said of it; of what is due, what the data says."""
    said = spoken.verdicts.get(action.id)
    if said is not None and (said.is_final or not is_due):
        return [f"✓ {t(NAMES[said.verdict])}"]
    if not is_due:
        return []
    found = actions_loading.judged(here, action, spoken.every).verdict
    return [f"? {t(NAMES[found])}"] if found else []


def _columns() -> dict[str, Any]:
    column = st.column_config
    states = [t(name) for name, _ in STATES.values()]
    signs = [(f"{sign} {t(name)}", COLORS[key]) for key, name in NAMES.items() for sign in ("✓", "?")]
    return {
        "state": column.MultiselectColumn(
            t("State"), options=states, color=[color for _, color in STATES.values()], width=135
        ),
        "what": column.TextColumn(t("Action"), width="large"),
        "verdict": column.MultiselectColumn(
            t("Verdict"),
            options=[name for name, _ in signs],
            color=[color for _, color in signs],
            width=150,
            help=t("✓ said by a person, ? what the data says"),
        ),
        "kind": column.TextColumn(t("Kind"), width=110),
        "owner": column.TextColumn(t("Owner"), width=110),
        "check": column.TextColumn(t("Verdict due"), width=100),
        "line": column.TextColumn(t("Judged by"), width="medium"),
        "target": column.TextColumn(t("Target"), width=80),
    }
