"""One action, from its reason to what came of it; what can be said of it, and all that was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import streamlit as st

from metrics.analysis.effect import Verdict
from metrics.model import Entry
from metrics.review.actions import CHECK_AFTER, Action, action_of, entry
from metrics.review.judged import VERDICTS, Accepted, Judged, accepted_of, fields, state
from metrics.review.period import local_day
from metrics.ui import action_form, actions_charts, actions_loading, address, author, frame, history
from metrics.ui.actions_list import STATES
from metrics.ui.actions_loading import Spoken
from metrics.ui.delivery_words import escaped
from metrics.ui.finding_words import address_name
from metrics.ui.frame import Frame
from metrics.ui.speaking import draw_rival, say, undo
from metrics.ui.verdict_words import COLORS, KINDS, NAMES, evidence, level
from metrics.ui.verdict_words import spoken as told_of
from metrics.ui.words import counted, day, moment, t

__all__ = ["draw"]

LONGEST = 300


def draw(here: Frame, spoken: Spoken, action: Action, today: date) -> None:
    """The path of it on the left with its chart, what to say on the right."""
    judged = actions_loading.judged(here, action, spoken.every)
    said = spoken.verdicts.get(action.id)
    now = state(action, said, today)
    name, color = STATES[now]
    st.subheader(escaped(action.what), anchor=False)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _chart(here, action, judged)
    with right, st.container(key="action-say"):
        st.markdown(f":{color}-badge[{t(name)}] :gray-badge[{t(KINDS[action.kind])}]{_axis(action)}")
        _path(here, action, judged)
        draw_rival(here, "action", action.id, lambda word: escaped(_told_action(word)))
        draw_rival(here, "verdict", action.id, lambda word: escaped(_told_verdict(here, word)))
        _verdict(here, spoken, action, judged, said)
        _steps(here, action, is_over=now == "judged")
        _history(here, action)


def _axis(action: Action) -> str:
    return f" :violet-badge[{t(action_form.AXIS_NAMES[action.axis])}]" if action.axis else ""


# the path -----------------------------------------------------------------------------------------------------


def _path(here: Frame, action: Action, judged: Judged) -> None:
    """Why, what, by which number, until when: each with the way to where it came from."""
    with st.container(key="action-path", gap=None):
        if action.why_sentence:
            st.markdown(t("**Why** {why}", why=escaped(action.why_sentence)))
        _links(here, action)
        began, ended = (at and day(local_day(at, here.zone)) for at in (action.started, action.done))
        when = t("started {day}", day=began) if began else t("not started yet")
        done = t(", done {day}", day=ended) if ended else ""
        st.markdown(
            t(
                "**What** by {owner}, {when}{done}; verdict due {due}",
                owner=escaped(action_form.owner_name(here, action.owner)),
                when=when,
                done=done,
                due=day(action.check),
            )
        )
        st.markdown(t("**Judged by** {line}", line=escaped(_judged_by(here, action, judged))))
        if action.dropped:
            st.markdown(t("**Dropped** because: {why}", why=escaped(action.dropped)))


def _judged_by(here: Frame, action: Action, judged: Judged) -> str:
    name = address_name(action.address) if action.address else t("a person, no indicator")
    # Without a line the target has no unit.
    if action.target is None or actions_loading.line_of(here, action.address) is None:
        return name
    return t("{name}, target {goal}", name=name, goal=level(action.target, judged))


def _links(here: Frame, action: Action) -> None:
    """To the item, the rule, the hole or the incident, and to the review that decided it."""
    found = _from(action)
    with st.container(horizontal=True, gap="small"):
        if found is not None:
            page, label, query = found
            _link(page, label, query)
        if action.review:
            told = t("Review of {day}", day=day(date.fromisoformat(action.review)))
            _link("review", told, {"review": action.review})
        if action.address:
            line = {"component": action.component, "indicator": action.indicator, "part": action.part or ""}
            _link("explore", t("In Explore"), line)


def _from(action: Action) -> tuple[str, str, dict[str, str]] | None:
    kind, _, rest = action.why.partition("/")
    component, _, last = rest.partition("/")
    if kind == "finding":
        return "spikes", t("The item"), {"item": rest}
    if kind == "rule":
        return "alerts", t("The alert rule"), {"rule": rest}
    if kind == "hole":
        return "coverage", t("The hole"), {"component": component, "indicator": last}
    if kind == "action":
        return "actions", t("The action before"), {"action": rest}
    return ("delivery", t("On Delivery"), {}) if kind in ("incident", "deployment") else None


def _link(page: str, label: str, query: dict[str, str]) -> None:
    path = next((path for path, _ in frame.pages() if path.endswith(f"_{page}.py")), None)
    if path is not None:
        st.page_link(path, label=label, query_params=address.with_view(**query), width="content")


# the evidence -------------------------------------------------------------------------------------------------


def _chart(here: Frame, action: Action, judged: Judged) -> None:
    """The line around the start, the usual week before and after, and what it says in sentences."""
    around = actions_loading.around(here, action)
    figure = actions_charts.line(around, judged, here.zone) if around is not None else None
    if figure is not None:
        name = escaped(_judged_by(here, action, judged))
        st.caption(t("**{name}**, in up to eight weeks before and after the start", name=name))
        config = {"displayModeBar": False}
        st.plotly_chart(figure, key="action-line", config=config, alt=t("The line before and after"))
        legend = [t("red dashes: the start")] if action.started else []
        if judged.effect is not None and not judged.effect.is_per_demand:
            legend.append(t("grey and blue levels: before and after, as they were matched"))
        if judged.others:
            legend.append(t("violet: other changes of the component"))
        st.caption("; ".join(legend))
    week = actions_charts.week(judged.effect, judged) if judged.effect is not None else None
    if week is not None:
        st.caption(
            t("**The usual week**, before and after")
            + (t(", by demand") if judged.effect and judged.effect.is_per_demand else "")
        )
        st.plotly_chart(week, key="action-week", config={"displayModeBar": False}, alt=t("The usual week"))
    until = moment(judged.as_of, here.zone, here.now)
    st.caption(t("**What the data says** up to {until}", until=until))
    st.markdown("\n".join(f"- {escaped(each)}" for each in evidence(judged, here.zone)))


# what can be said ---------------------------------------------------------------------------------------------


def _verdict(here: Frame, spoken: Spoken, action: Action, judged: Judged, said: Accepted | None) -> None:
    """What a person said holds; else what the data says waits to be accepted or overruled."""
    computed = judged.verdict
    with st.container(border=True, key="action-verdict"):
        shown = said.verdict if said else computed
        name = t(NAMES[shown]) if shown else t("to be judged by a person")
        st.markdown(t("**Verdict** {badge}", badge=f":{COLORS[shown]}-badge[{'✓ ' if said else '? '}{name}]"))
        if said is not None:
            st.markdown(escaped(told_of(said, here.now)))
            _numbers_then(judged, said)
        st.text_input(
            t("Because"), key=f"because-{action.id}", max_chars=LONGEST, label_visibility="collapsed",
            placeholder=t("Why, if you say otherwise than the data"),
        )  # fmt: skip
        if told := st.session_state.pop("verdict-wrong", ""):
            st.caption(f":red[{told}]")
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="verdict-buttons"):
            order: list[Verdict] = sorted(VERDICTS, key=lambda each: each != computed)
            for verdict in order:
                if said is None or said.verdict != verdict:
                    _say_button(here, spoken, action, judged, verdict, is_first=verdict == computed and said is None)
            if said is not None:
                author.button(
                    here.who, t("Undo the verdict"), "undo-verdict", undo, "verdict", action.id, said.at,
                    kind="tertiary",
                )  # fmt: skip
            author.ask(here.who, t("Your name, to say so"))


def _say_button(
    here: Frame, spoken: Spoken, action: Action, judged: Judged, verdict: Verdict, *, is_first: bool
) -> None:
    name = t(NAMES[verdict])
    label = t("Accept: {verdict}", verdict=name) if is_first else name[:1].upper() + name[1:]
    author.button(
        here.who, label, f"verdict-{verdict}", _judge,
        action, judged, verdict, spoken.words.seen("verdict", action.id),
        kind="primary" if is_first else "secondary",
    )  # fmt: skip


def _judge(action: Action, judged: Judged, verdict: Verdict, seen: object) -> None:
    """Callback: whoever says otherwise than the data says why."""
    key = f"because-{action.id}"
    because = " ".join(str(st.session_state.get(key) or "").split())
    if verdict != judged.verdict and not because:
        st.session_state["verdict-wrong"] = t("Say why, since the data says otherwise or nothing.")
        return
    say("verdict", action.id, fields(verdict, judged, because), seen)  # type: ignore[arg-type]
    st.session_state[key] = ""


def _numbers_then(judged: Judged, said: Accepted) -> None:
    """What it was judged by, where data tells it otherwise today."""
    effect = judged.effect
    if said.before is None or said.after is None or effect is None:
        return
    then, today = (
        (level(a, judged), level(b, judged)) for a, b in ((said.before, said.after), (effect.before, effect.after))
    )
    if then != today:
        st.caption(t("Then {before} before and {after} after; today's data says {b} and {a}.",
                     before=then[0], after=then[1], b=today[0], a=today[1]))  # fmt: skip


def _steps(here: Frame, action: Action, *, is_over: bool) -> None:
    """Begun, done, given up, changed, taken back. A verdict ends it, whether or not somebody said that it is done."""
    waits = action.is_open and not is_over
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="action-steps"):
        if waits and action.started is None:
            check = max(action.check, local_day(here.now + CHECK_AFTER, here.zone))
            _step(here, action, t("Start now"), replace(action, started=here.now, check=check))
        if waits and action.started is not None:
            _step(here, action, t("Done"), replace(action, done=here.now))
        if action.dropped:
            _step(here, action, t("Take it up again"), replace(action, dropped=""))
        if waits:
            _drop(here, action)
        action_form.ask(here, why=action.why, why_sentence=action.why_sentence, action=action)
        author.button(
            here.who, t("Undo the last change"), "undo-action", undo, "action", action.id, action.at, kind="tertiary"
        )  # fmt: skip


def _step(here: Frame, action: Action, label: str, made: Action) -> None:
    author.button(here.who, label, f"step-{label}", _keep, here, action, made)


def _keep(here: Frame, action: Action, made: Action) -> None:
    say("action", action.id, entry(made, here.now, here.who).said, action.at)


def _drop(here: Frame, action: Action) -> None:
    """With a reason, since the next review asks for it."""
    with (
        st.popover(t("Drop …"), key="drop", disabled=not here.who, help=author.lack(here.who)),
        st.form("drop-it", border=False),
    ):
        st.text_input(t("Why is it given up?"), key=f"drop-{action.id}", max_chars=LONGEST)
        st.form_submit_button(t("Drop it"), on_click=_dropped, args=(here, action))
        if st.session_state.pop("drop-wrong", False):
            st.caption(f":red[{t('Say why it is given up.')}]")


def _dropped(here: Frame, action: Action) -> None:
    because = " ".join(str(st.session_state.get(f"drop-{action.id}") or "").split())
    if because:
        _keep(here, action, replace(action, dropped=because))
    else:
        st.session_state["drop-wrong"] = True


# what was said ------------------------------------------------------------------------------------------------


def _history(here: Frame, action: Action) -> None:
    """Every word, oldest first: what each changed."""
    every = history.history(here, action.id, "action", "verdict")
    label = counted("{n} word was said of it", "{n} words were said of it", len(every))
    with st.expander(label, key="action-history"):
        before: Action | None = None
        for word in every:
            told = _told_verdict(here, word) if word.kind == "verdict" else _told_action(word, before)
            if word.kind == "action":
                before = action_of(word) if word.said is not None else None
            history.draw(here, word, escaped(told))


def _told_verdict(here: Frame, word: Entry) -> str:
    said = accepted_of(word)
    return t("verdict taken back") if said is None else t("verdict: {told}", told=told_of(said, here.now))


def _told_action(word: Entry, before: Action | None = None) -> str:
    """What this word changed of the one before it."""
    if word.said is None:
        return t("taken back")
    now = action_of(word)
    if before is None:
        return t(
            "written down: {what} ({owner}, verdict due {due})", what=now.what, owner=now.owner, due=day(now.check)
        )
    changed = [
        name
        for name, is_so in (
            (t("started"), now.started is not None and now.started != before.started),
            (t("not started after all"), now.started is None and before.started is not None),
            (t("done"), now.done is not None and before.done is None),
            (t("not done after all"), now.done is None and before.done is not None),
            (t("dropped, because: {why}", why=now.dropped), bool(now.dropped) and not before.dropped),
            (t("taken up again"), bool(before.dropped) and not now.dropped),
            (t("now: {what}", what=now.what), now.what != before.what),
            (t("owner: {owner}", owner=now.owner), now.owner != before.owner),
            (t("verdict due {day}", day=day(now.check)), now.check != before.check),
            (t("kind: {kind}", kind=t(KINDS[now.kind])), now.kind != before.kind),
            (
                t("judged by {line}", line=address_name(now.address) if now.address else t("a person")),
                now.address != before.address,
            ),
            (t("another target"), now.target != before.target),
        )
        if is_so
    ]
    return ", ".join(changed) or t("said again")
