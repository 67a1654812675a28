"""Writing an action down, or changing it, on any page: a button, and the dialog that it opens.

While it is open the page listens to nobody, so that what somebody else says meanwhile takes nothing away. Save and
Cancel close it: a click beside it loses no word. Escape cancels it for as long as nothing in it was touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final, Literal
from zoneinfo import ZoneInfo

import streamlit as st

from metrics.errors import ConfigError
from metrics.model import Team, Unit
from metrics.quantity import parse_quantity
from metrics.review.actions import AXES, CHECK_AFTER, KINDS, Action, ActionKind, Axis, entry, new_id
from metrics.review.lines import Line, address_of
from metrics.review.period import local_day
from metrics.ui import actions_loading, author
from metrics.ui.delivery_words import escaped
from metrics.ui.finding_words import address_name
from metrics.ui.frame import Frame
from metrics.ui.speaking import TYPING, say
from metrics.ui.verdict_words import KINDS as KIND_NAMES
from metrics.ui.words import quantity, scale, t

__all__ = ["AXIS_NAMES", "ask", "meant", "owner_name", "suggested"]

LONGEST: Final = 200
OPEN: Final = "action-form"
NONE: Final = ""
# Of a measurement in the middle of a day nobody knows at which hour the work was done.
NOON: Final = time(12)
AXIS_NAMES: Final[Mapping[Axis, str]] = {"X": "X: more instances", "Y": "Y: split by function", "Z": "Z: shards"}
Start = Literal["no", "today", "on"]
START_NAMES: Final[Mapping[Start, str]] = {"no": "Not yet", "today": "Today", "on": "On a day"}
# Run whenever the dialog opens: its first field has the focus, as whoever came by a key expects.
SCRIPT: Final = """<script>
{
  const dialog = document.querySelector("[role=dialog]:has(.st-key-action-cancel)");
  if (dialog && !dialog.dataset.isHeard) {
    dialog.dataset.isHeard = "yes";
    let isTouched = false;
    for (const kind of ["input", "pointerdown"]) dialog.addEventListener(kind, () => { isTouched = true; });
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") isTouched ||= event.key !== "Tab";
      else if (!isTouched) dialog.querySelector(".st-key-action-cancel button").click();
    });
    // A kind of field that was not on the page so far comes a moment later.
    const until = performance.now() + 3000;
    const focus = () => {
      const first = dialog.querySelector("[data-testid=stTextInput] input");
      if (first) { if (!isTouched) first.focus(); }
      else if (performance.now() < until) requestAnimationFrame(focus);
    };
    focus();
  }
}
</script>"""
_FROM: Final[Mapping[str, ActionKind]] = {
    "hole": "detection", "rule": "detection", "limit": "prevention", "incident": "repair", "deployment": "repair",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the dialog begins with; `line` is an address."""

    why: str
    why_sentence: str
    line: str
    review: str
    action: Action | None
    kind: ActionKind
    owner: str

    def key(self, field: str) -> str:
        return f"act-{self.action.id if self.action else self.why}-{field}"


def suggested(why: str) -> ActionKind:
    """The kind of action that answers a topic of that subject."""
    return _FROM.get(why.partition("/")[0], "repair")


def ask(
    here: Frame,
    *,
    why: str,
    why_sentence: str,
    component: str | None = None,
    part: str | None = None,
    indicator: str | None = None,
    review: str = "",
    action: Action | None = None,
    kind: ActionKind | None = None,
    owner: str | None = None,
) -> None:
    """The button and, once it was clicked, the dialog. With `action` that one is changed.

    Unless they are named, its kind is what the reason suggests, and its owner the team of the component.
    """
    line = address_of(component, part, indicator) if component and indicator else NONE
    if action is not None:
        asked = _Asked(why, why_sentence, action.address or NONE, review, action, action.kind, action.owner)
    else:
        whose = owner or next((each.owner for each in here.service.components if each.name == component), None)
        asked = _Asked(why, why_sentence, line, review, None, kind or suggested(why), whose or "")
    label = t("Change …") if action else t("Write down an action …")
    author.button(here.who, label, asked.key("open"), _open, asked)
    if here.who and st.session_state.get(OPEN) == asked.key("open"):
        title = t("Change the action") if action else t("Write down an action")
        st.session_state[TYPING] = True
        st.dialog(title, width="medium", dismissible=False)(_draw)(here, asked)


def owner_name(here: Frame, owner: str) -> str:
    """A team by its title, anybody else as they were named."""
    return next((team.title for team in here.service.teams if team.name == owner), owner) or t("nobody")


def _open(asked: _Asked) -> None:
    """Callback: only one at a time, and with what holds now."""
    for key in [key for key in st.session_state if str(key).startswith(asked.key(""))]:
        if key != asked.key("open"):
            del st.session_state[key]
    st.session_state[OPEN] = asked.key("open")


def _close() -> None:
    st.session_state.pop(OPEN, None)


def _draw(here: Frame, asked: _Asked) -> None:
    if st.session_state.get(OPEN) != asked.key("open"):
        st.rerun()  # it was saved, or given up
    wrong: dict[str, str] = st.session_state.get(asked.key("wrong"), {})
    if asked.why_sentence or asked.action:
        told = asked.action.why_sentence if asked.action else asked.why_sentence
        st.caption(t("Why: {why}", why=escaped(told)))
    else:
        st.text_input(
            t("Why"), key=asked.key("why"), max_chars=LONGEST, placeholder=t("What was seen, with its number")
        )
    _what(asked, wrong)
    _judged_by(here, asked, wrong)
    _who_and_when(here, asked, wrong)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("as {who}", who=escaped(here.who)), width="content")
        st.button(
            t("Save"),
            key=asked.key("save"),
            type="primary",
            on_click=_save,
            args=(here, asked),
        )
        st.button(t("Cancel"), key="action-cancel", on_click=_close)
    st.html(SCRIPT, unsafe_allow_javascript=True)


def _what(asked: _Asked, wrong: Mapping[str, str]) -> None:
    was = asked.action
    st.text_input(
        t("What is done"),
        value=was.what if was else "",
        key=asked.key("what"),
        max_chars=LONGEST,
        placeholder=t("Keep only three finished jobs"),
    )
    _tell(wrong, "what")
    kinds = list(KINDS)
    st.segmented_control(
        t("Kind"),
        kinds,
        default=asked.kind,
        key=asked.key("kind"),
        format_func=lambda kind: t(KIND_NAMES[kind]),
        required=True,
    )


def _judged_by(here: Frame, asked: _Asked, wrong: Mapping[str, str]) -> None:
    """The indicator with what it is now, and its target."""
    lines = {line.address: line for line in actions_loading.lines_of(here)}
    # What was named once stays so, collected or not: a change of the owner takes no indicator away.
    options = [NONE, *lines, *([asked.line] if asked.action and asked.line not in (NONE, *lines) else ())]
    left, right = st.columns([3, 2], gap="small")
    with left:
        address = st.selectbox(
            t("Judged by"),
            options,
            index=options.index(asked.line) if asked.line in options else 0,
            key=asked.key("line"),
            format_func=_named,
        )
    line = lines.get(address or NONE)
    was, unit = asked.action, _unit(here, line)
    with right:
        st.text_input(
            t("Target in {unit} (not needed)", unit=unit) if unit else t("Target (not needed)"),
            value=_written(was.target, line) if was and was.target is not None and line else "",
            key=asked.key("target"),
            max_chars=40,
            placeholder=_now(here, line),
            disabled=line is None and bool(address),
        )
    _tell(wrong, "target")
    _axis(asked)


def _axis(asked: _Asked) -> None:
    """How it scales: what prevents trouble may be more room before a limit."""
    was = asked.action
    if st.session_state.get(asked.key("kind")) == "prevention" or (was is not None and was.axis):
        st.segmented_control(
            t("Scaled along"),
            list(AXES),
            default=was.axis if was else None,
            key=asked.key("axis"),
            format_func=lambda axis: t(AXIS_NAMES[axis]),
        )


def _who_and_when(here: Frame, asked: _Asked, wrong: Mapping[str, str]) -> None:
    was, today = asked.action, local_day(here.now, here.zone)
    left, middle, right = st.columns([2, 2, 2], gap="small")
    teams = [team.name for team in here.service.teams]
    owners = [*teams, asked.owner] if asked.owner and asked.owner not in teams else teams
    with left:
        st.selectbox(
            t("Owner"),
            owners,
            index=owners.index(asked.owner) if asked.owner else None,
            key=asked.key("owner"),
            format_func=lambda each: owner_name(here, each),
            accept_new_options=True,
            placeholder=t("A team or a name"),
        )
        _tell(wrong, "owner")
    with middle:
        start = _start(asked, today, here.zone)
    with right:
        st.date_input(
            t("Verdict due"),
            value=was.check if was else (start or today) + CHECK_AFTER,
            key=asked.key("check"),
            format="YYYY-MM-DD",
            help=t("Four weeks after the start tell a step that is worth it in four of five cases."),
        )
        _tell(wrong, "check")


def _start(asked: _Asked, today: date, zone: str) -> date | None:
    was = asked.action.started if asked.action else None
    default: Start = "on" if was else "no"
    how = st.selectbox(
        t("Started"),
        list(START_NAMES),
        index=list(START_NAMES).index(default),
        key=asked.key("start"),
        format_func=lambda each: t(START_NAMES[each]),
    )
    if how != "on":
        return today if how == "today" else None
    begun = local_day(was, zone) if was else today
    return st.date_input(
        t("Since"), value=begun, max_value=max(today, begun), key=asked.key("since"), label_visibility="collapsed",
        format="YYYY-MM-DD",
    )  # fmt: skip


# keeping it ---------------------------------------------------------------------------------------------------


def _save(here: Frame, asked: _Asked) -> None:
    """Callback: what is wrong is told at its field, and nothing is kept."""
    state = st.session_state
    what = " ".join(str(state.get(asked.key("what")) or "").split())
    owner = meant(here.service.teams, str(state.get(asked.key("owner")) or ""))
    address = state.get(asked.key("line"))
    line = actions_loading.line_of(here, address)
    started = _started(here, asked)
    check = state.get(asked.key("check"))
    target, target_wrong = _target(str(state.get(asked.key("target")) or ""), line, _unit(here, line))
    wrong = {
        "what": "" if what else t("Say what is done, in a few words."),
        "target": target_wrong,
        "owner": "" if owner else t("Say who does it: a team or a name."),
        "check": _wrong_check(check, started, here.zone),
    }
    state[asked.key("wrong")] = {field: told for field, told in wrong.items() if told}
    if state[asked.key("wrong")] or not isinstance(check, date):
        return
    was = asked.action or Action(
        id=new_id(what, here.now, here.who), service=here.service.name, what=what, kind="repair", why=asked.why,
        why_sentence=asked.why_sentence or " ".join(str(state.get(asked.key("why")) or "").split()),
        owner=owner, check=check, review=asked.review,
    )  # fmt: skip
    made = replace(
        was,
        what=what,
        owner=owner,
        check=check,
        kind=state.get(asked.key("kind")) or was.kind,
        axis=state.get(asked.key("axis"), was.axis),
        started=started,
    )
    if line or not address:
        component, part, indicator = (line.component, line.part, line.indicator.name) if line else ("", None, "")
        made = replace(made, component=component, part=part, indicator=indicator, target=target)
    say("action", made.id, entry(made, here.now, here.who).said, was.at)
    if not asked.why and asked.action is None:
        # Written on the page of all actions, which shows it next.
        state["action-saved"] = made.id
    _close()


def meant(teams: Sequence[Team], typed: str) -> str:
    """The team that is meant, by its name, its title or how either begins; else who was typed."""
    typed = " ".join(typed.split())
    names = {team.name: (team.name.casefold(), team.title.casefold()) for team in teams}
    exact = [name for name, called in names.items() if typed.casefold() in called]
    begun = [name for name, called in names.items() if any(each.startswith(typed.casefold()) for each in called)]
    # What begins more than one team is nobody's yet.
    return next((found[0] for found in (exact, begun) if typed and len(found) == 1), typed)


def _started(here: Frame, asked: _Asked) -> datetime | None:
    """A day that is not today begins at its noon; a day that was kept keeps its hour."""
    how, was = st.session_state.get(asked.key("start")), asked.action.started if asked.action else None
    if how == "today":
        return here.now
    on = st.session_state.get(asked.key("since"))
    if how != "on" or not isinstance(on, date):
        return None
    if was is not None and local_day(was, here.zone) == on:
        return was
    return min(datetime.combine(on, NOON, ZoneInfo(here.zone)), here.now)


def _target(written: str, line: Line | None, unit: str) -> tuple[float | None, str]:
    """The target in the line's unit, and what is wrong with it; a plain number has the unit that the field names."""
    written = written.strip()
    if not written:
        if line is not None and line.indicator.better == "neutral":
            return None, t("More of this is neither better nor worse: a target says which way it should go.")
        return None, ""
    if line is None:
        return None, t("Choose the indicator that the target is of.")
    try:
        return parse_quantity(f"{written} {unit}" if written[-1].isdigit() else written, line.indicator.unit), ""
    except ConfigError as error:
        return None, f"{error}."


def _wrong_check(check: object, started: datetime | None, zone: str) -> str:
    if not isinstance(check, date):
        return t("Say when its effect is to be judged.")
    if started is not None and check <= local_day(started, zone):
        return t("The verdict is due after the start: there is nothing to compare before.")
    return ""


# words --------------------------------------------------------------------------------------------------------


def _tell(wrong: Mapping[str, str], field: str) -> None:
    if field in wrong:
        st.caption(f":red[{escaped(wrong[field])}]")


def _named(address: str) -> str:
    return address_name(address) if address else t("a person, no indicator")


def _unit(here: Frame, line: Line | None) -> str:
    """In what a target is written: the unit that what it is now is shown in."""
    if line is None:
        return ""
    return scale(line.indicator.unit, actions_loading.present(here, line) or 1.0)[1]


def _now(here: Frame, line: Line | None) -> str:
    """What it is now, so that a target can be set beside it."""
    if line is None:
        return ""
    value = actions_loading.present(here, line)
    return t("{value} in the last week", value=quantity(value, line.indicator.unit)) if value is not None else ""


def _written(value: float, line: Line) -> str:
    """A target as it can be typed again."""
    plain: dict[Unit, str] = {"1": "", "By": "B", "1/s": "/s"}
    return f"{value:.10g} {plain.get(line.indicator.unit, line.indicator.unit)}".strip()
