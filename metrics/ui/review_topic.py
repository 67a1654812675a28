"""One topic: what it is, its evidence and its line, what was decided, notes, an action, and the way to its page."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from metrics.meeting.chart import legend
from metrics.meeting.compare import correction_sentence
from metrics.meeting.told import decision_sentence, figures_told, owner_names
from metrics.model import Entry, Window
from metrics.review.actions import actions
from metrics.review.lines import parse_address
from metrics.review.minutes import Topic, decision_of
from metrics.ui import action_form, address, author, controls, frame, review_chart, review_decide
from metrics.ui.delivery_words import escaped
from metrics.ui.history import history
from metrics.ui.review_acts import note
from metrics.ui.review_choices import word_of
from metrics.ui.review_loading import Held, changed, notes
from metrics.ui.words import day, moment, t

__all__ = ["badge", "draw", "page_of"]

ACTIONS = "pages/7_actions.py"
# How high a chart is, and how high its letters.
SMALL, BIG = (190, 11), (450, 16)
COLORS: Mapping[str, tuple[str, ...]] = {
    "red": ("new", "worse", "grew", "beyond", "overdue"),
    "orange": ("near", "decide", "due", "check due", "confounded"),
    "green": ("better", "over", "improved"),
}
"""Of tags; all others are grey, as holes are on the page Coverage."""


def badge(topic: Topic) -> str:
    """Red for what is bad, orange for what is about to be, green for what is good, grey for the rest."""
    if not topic.tag:
        return ""
    color = next((color for color, tags in COLORS.items() if topic.tag in tags), "gray")
    return f":{color}-badge[{escaped(topic.tag)}]"


def page_of(name: str) -> str | None:
    """The file of a page by its address: `spikes`; None where there is no such page."""
    return next((path for path, _ in frame.pages() if path.removesuffix(".py").endswith(f"_{name}")), None)


def draw(held: Held, topic: Topic, *, is_big: bool = False) -> None:
    """Evidence on the left, what is said of it on the right."""
    left, right = st.columns([7, 6], gap="large")
    with left:
        _evidence(held, topic, is_big=is_big)
    with right:
        review_decide.who_field(held)
        review_decide.draw(held, topic)
        if held.state == "preview":
            st.caption(t("Nothing can be decided before the review is opened."))
        _notes(held, topic)


def _evidence(held: Held, topic: Topic, *, is_big: bool) -> None:
    drawn = review_chart.figure(held.review, topic, *(BIG if is_big else SMALL))
    if drawn is not None:
        with st.container(key="review-chart"):
            st.plotly_chart(
                drawn,
                key=f"chart-{topic.subject}",
                # On a projector the page says how much of the screen it takes.
                height="stretch" if is_big else "content",
                config={"displayModeBar": False},
                alt=t("The line in the review's time, shaded, and before it"),
            )
        st.caption(escaped(legend(topic)))
    told = [*figures_told(topic), *topic.detail]
    if topic.section == "moved" and topic.reasons and not _offers_reasons(held, topic):
        told.append(t("Suspected: {reasons}", reasons="; ".join(topic.reasons)))
    if told:
        st.markdown("\n".join(f"- {escaped(each)}" for each in told))
    _corrections(held, topic)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        path = page_of(topic.page) if topic.page else None
        if path is not None:
            st.page_link(
                path, label=t("Look closer"), query_params=_query(held, topic), icon=":material/open_in_new:"
            )
        if topic.owners:
            st.caption(t("Whose it is: {teams}", teams=owner_names(held.review, topic)), width="content")


def _query(held: Held, topic: Topic) -> dict[str, str]:
    """What a link says. The ledger of alerts counts those of a period: the review's own."""
    query = dict(topic.query)
    if topic.section == "alerts":
        window = Window(held.review.since, held.review.until)
        times = controls.bounds(window, held.review.zone)
        query |= {"period": "custom"} | {key: at.isoformat(timespec="minutes") for key, at in times.items()}
    return query


def _offers_reasons(held: Held, topic: Topic) -> bool:
    return held.is_open and held.review.decision(topic.subject) is None and word_of("", topic) is not None


def _corrections(held: Held, topic: Topic) -> None:
    """What later data tells otherwise than a closed review saw."""
    if held.state != "closed" or not topic.figures:
        return
    found = changed(held.here, held.review)
    for each in topic.figures:
        if each in found:
            st.caption(t("By the data of today: {correction}.", correction=correction_sentence(each, found[each])))


def _notes(held: Held, topic: Topic) -> None:
    """Notes so far, oldest first, and room for one's own words."""
    kept = notes(held, topic.subject)
    with st.container(key="review-notes"):
        for each in kept if held.state == "closed" else kept[-5:]:
            told = f"{escaped(each.by)}, {moment(each.at, held.review.zone, held.here.now)}"
            if held.review.closed_at is not None and each.at > held.review.closed_at:
                told = t("{told}, after the review was closed", told=told)
            st.markdown(f"{escaped(each.text)}  \n:gray[{told}]")
        _acted(held, topic)
    if not review_decide.is_writing(held, topic):
        _history(held, topic)
        return
    key = review_decide.field(held, topic)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        author.button(
            held.here.who, t("Keep as a note"), f"note-{topic.subject}", note, held.review.id, topic.subject, key
        )
        if held.is_open and topic.section != "actions":
            _action(held, topic)
        _history(held, topic)


def _acted(held: Held, topic: Topic) -> None:
    """What was written down of it, so that nobody writes it twice."""
    words = [
        each for each in held.words.every if each.kind == "action" and (each.said or {}).get("why") == topic.subject
    ]
    for each in actions(words):
        # Of what moved and of a limit, what was done before this review is told with its evidence.
        if each.dropped or (topic.section in ("moved", "capacity") and each.review != held.review.id):
            continue
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            told = t("Action: {what}", what=escaped(each.what))
            st.page_link(
                ACTIONS, label=told, query_params=address.with_view(action=each.id), icon=":material/task_alt:"
            )
            due = t("{owner}, verdict due {day}", owner=escaped(action_form.owner_name(held.here, each.owner)),
                    day=day(each.check))  # fmt: skip
            st.caption(due, width="content")


def _action(held: Held, topic: Topic) -> None:
    """What is done about it, judged by the line that it is about."""
    kind, _, rest = topic.subject.partition("/")
    component, part, indicator = None, None, None
    if topic.figures:
        component, part, indicator = parse_address(topic.figures[0].address)
    elif kind == "hole":
        component, _, indicator = rest.partition("/")
    with st.container(key="review-action", width="content"):
        action_form.ask(
            held.here,
            why=topic.subject,
            why_sentence=topic.sentence,
            component=component,
            part=part,
            indicator=indicator,
            review=held.review.id,
            kind="prevention" if kind == "finding" and topic.limit is not None else None,
            owner=topic.owners[0] if topic.owners else None,
        )


def _history(held: Held, topic: Topic) -> None:
    """Everything that was ever said of it, once there is more than what holds."""
    key = word_of(held.review.id, topic)
    every = history(held.here, key[1], key[0]) if key else ()
    if len(every) < 2:
        return
    with st.popover(t("History ({n})", n=len(every)), type="tertiary", key="review-history"):
        for word in every:
            st.markdown(_past(held, word))


def _past(held: Held, word: Entry) -> str:
    whose = held.review.id if word.kind == "disposition" else ((word.said or {}).get("review") or "")
    found = decision_of(word, whose)
    if found is not None:
        return escaped(decision_sentence(found, held.review.zone))
    what = t("taken back") if word.said is None else t("said on its own page")
    return f"{what} :gray[({escaped(word.author)}, {moment(word.at, held.review.zone, held.here.now)})]"
