"""A review as it stands on paper: every word and figure of it ready to be set, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from metrics.meeting import chart
from metrics.meeting.told import (
    OUTCOMES,
    SECTION_TITLES,
    decision_sentence,
    drawn_name,
    figure_name,
    figures_told,
    note_sentence,
    outcome_kind,
    outcome_name,
    own_words,
    owner_names,
    period_name,
)
from metrics.model import Window
from metrics.review.minutes import Decision, Figure, Review, Section, Topic, open_topics
from metrics.review.period import Period
from metrics.ui.words import both, change, counted, day, day_range, moment, quantity, span, t

__all__ = ["Paper", "PaperSection", "PaperTopic", "Task", "Tile", "paper", "tile"]


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure."""

    name: str
    now: str
    before: str
    change: str


@dataclass(frozen=True, slots=True)
class PaperTopic:
    sentence: str
    tag: str
    owners: str
    evidence: tuple[str, ...]
    chart: str
    """An SVG drawing; empty where there is no line."""
    chart_says: str
    """The same for whoever can't see it."""
    outcome: str
    decision: str
    open: str
    """Said where the review waits for it."""
    left: str
    """Said where a closed review left it at looking."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PaperSection:
    title: str
    minutes: str
    nothing: str
    more: str
    topics: tuple[PaperTopic, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something that somebody does by a day."""

    what: str
    owner: str
    due: str


@dataclass(frozen=True, slots=True)
class Paper:
    title: str
    state: str
    is_closed: bool
    facts: tuple[tuple[str, str], ...]
    figures_title: str
    figures_period: str
    figures: tuple[Tile, ...]
    figure_names: tuple[str, str, str, str]
    tasks_title: str
    tasks: tuple[Task, ...]
    task_names: tuple[str, str, str]
    sections: tuple[PaperSection, ...]
    footer: tuple[str, ...]
    running: tuple[str, str]
    """At the foot of each page: whose review of which time it is, and how old the numbers are."""


def paper(review: Review) -> Paper:
    """The review in words, with what was decided and what is open."""
    title, state = t("{service}: review of {day}", service=review.title, day=review.id), _state(review)
    is_closed, (seen, kept) = review.closed_at is not None, _footer(review)
    return Paper(
        title=title,
        state=state,
        is_closed=is_closed,
        facts=_facts(review),
        figures_title=t("What both teams follow"),
        figures_period=_figures_period(review),
        figures=tuple(tile(figure) for figure in review.headline),
        figure_names=(t("Figure"), t("Now"), t("Before"), t("Change")),
        tasks_title=t("Who does what"),
        tasks=tuple(_tasks(review)),
        task_names=(t("What"), t("Who"), t("Until")),
        sections=tuple(_section(review, section) for section in review.sections),
        footer=(seen, kept),
        running=(" · ".join([title, period_name(review), *([] if is_closed else [state])]), seen),
    )


def _state(review: Review) -> str:
    if review.closed_at is not None:
        at = moment(review.closed_at, review.zone)
        return t("Closed by {who}, {moment}", who=review.closed_by, moment=at)
    missing = len(open_topics(review))
    if missing:
        return t("Not closed: {what}", what=counted("{n} decision is missing", "{n} decisions are missing", missing))
    return t("Not closed yet")


def _facts(review: Review) -> tuple[tuple[str, str], ...]:
    times = f"{moment(review.since, review.zone)} – {moment(review.until, review.zone)}, {review.zone}"
    said = (
        (t("Period"), f"{period_name(review)} ({times})"),
        (t("Attendees"), review.attendees),
        (t("Place"), review.place),
        (t("When"), moment(review.meets_at, review.zone) if review.meets_at else ""),
        (t("Decided"), _counts(review)),
    )
    return tuple((name, value) for name, value in said if value)


def _counts(review: Review) -> str:
    """`3 explained, 2 to investigate`."""
    order = list(OUTCOMES)
    said = sorted(
        review.decisions, key=lambda each: order.index(each.outcome) if each.outcome in order else len(order)
    )
    names = [outcome_kind(each) for each in said]
    # No line breaks between a number and what it counts.
    return both([f"{names.count(name)}\N{NO-BREAK SPACE}× {name}" for name in dict.fromkeys(names)]) if names else ""


def _figures_period(review: Review) -> str:
    before = Period(Window(review.since, review.until), review.zone).previous
    return t("{now}, beside {before}", now=period_name(review), before=day_range(before, review.zone))


def tile(figure: Figure) -> Tile:
    """A headline figure, now and before."""
    value, before = figure.value, figure.before
    by = None if value is None or before is None else value - before
    return Tile(
        name=figure_name(figure),
        now=t("no data") if value is None else quantity(value, figure.unit),
        before=t("no data") if before is None else quantity(before, figure.unit),
        change=change(by, before, figure.unit),
    )


def _tasks(review: Review) -> Sequence[Task]:
    """What is to be looked into, and the actions that were written down."""
    topics = {topic.subject: topic for topic in review.topics}
    asked = [each for each in review.decisions if each.outcome == "investigate" and each.subject in topics]
    look = [Task(_asked(topics[each.subject], each), each.owner, day(each.due) if each.due else "") for each in asked]
    return [
        *look,
        *(Task(topic.sentence, owner_names(review, topic), "") for topic in review.section("actions").topics),
    ]


def _asked(topic: Topic, decision: Decision) -> str:
    """What to look into or to collect, with the question that was written to it."""
    is_hole, words = topic.section == "coverage", own_words(decision)
    what = t("Collect: {what}", what=topic.sentence) if is_hole else t("Look into: {what}", what=topic.sentence)
    return t("{what} – {words}", what=what, words=words) if words else what


def _section(review: Review, section: Section) -> PaperSection:
    return PaperSection(
        title=t(SECTION_TITLES[section.name]),
        minutes=counted("{n} minute", "{n} minutes", section.minutes),
        nothing="" if section.topics else section.nothing or t("Nothing to talk about."),
        more=counted("{n} more is on its page.", "{n} more are on its page.", section.more) if section.more else "",
        topics=tuple(_topic(review, topic) for topic in section.topics),
    )


def _topic(review: Review, topic: Topic) -> PaperTopic:
    decision = review.decision(topic.subject)
    drawn = _drawn(review, topic)
    return PaperTopic(
        sentence=topic.sentence,
        tag=topic.tag,
        owners=owner_names(review, topic),
        evidence=(*topic.detail, *figures_told(topic), *_suspects(topic, decision)),
        chart=chart.svg(drawn) if drawn else "",
        chart_says=chart.told(drawn) if drawn else "",
        outcome=outcome_name(decision) if decision else "",
        decision=decision_sentence(decision, review.zone) if decision else "",
        open=t("Not decided yet") if decision is None and topic.needs_decision else "",
        left=t("Nothing was decided of it.") if _is_left(review, topic) else "",
        notes=tuple(note_sentence(each, review.zone) for each in review.notes_on(topic.subject)),
    )


def _suspects(topic: Topic, decision: Decision | None) -> tuple[str, ...]:
    """Who is suspected, unless that is what was decided. Elsewhere the reasons are answers to choose from."""
    rest = [each for each in topic.reasons if decision is None or each != decision.because]
    return (t("Suspected: {reasons}.", reasons=both(rest)),) if rest and topic.section == "moved" else ()


def _is_left(review: Review, topic: Topic) -> bool:
    decides = topic.section in ("causes", "alerts", "capacity", "coverage")
    return decides and review.closed_at is not None and review.decision(topic.subject) is None


def _drawn(review: Review, topic: Topic) -> chart.Drawing | None:
    if len(topic.curve) < chart.FEWEST or not topic.figures:
        return None
    return chart.Drawing(
        name=drawn_name(topic.figures[0]),
        curve=topic.curve,
        unit=topic.figures[0].unit,
        zone=ZoneInfo(review.zone),
        started=topic.started,
        stat=chart.legend(topic),
        limit=topic.limit,
        trend=topic.trend,
        usual=topic.usual,
    )


def _footer(review: Review) -> tuple[str, str]:
    """How old the numbers are, and what may change them."""
    until, prepared = moment(review.until, review.zone), moment(review.prepared_at, review.zone)
    old = review.prepared_at - review.until
    if old.total_seconds() < 0:  # it looks up to the end of the hour that was not over yet
        seen = t("Data until it was read, {at}.", at=prepared)
    elif old.total_seconds() >= 60:
        seen = t("Data until {until}, {age} old when it was read on {at}.", until=until, age=span(old), at=prepared)
    else:
        seen = t("Data until {until}, read on {at}.", until=until, at=prepared)
    kept = t("The numbers are as they were seen then; data that came later may tell others.")
    return (seen, kept)
