"""A review's agenda, topics and decisions in words: the same on the page, in a file and in a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlencode

from metrics import catalog
from metrics.model import Window
from metrics.review.lines import parse_address
from metrics.review.minutes import Decision, Figure, Note, Review, SectionName, Topic
from metrics.ui.finding_words import address_name
from metrics.ui.words import both, change, day, day_range, moment, quantity, span, stat_of, t

__all__ = [
    "NO_CHANGE",
    "OUTCOMES",
    "SECTION_TITLES",
    "decision_sentence",
    "drawn_name",
    "figure_name",
    "figure_sentence",
    "figures_told",
    "note_sentence",
    "outcome_kind",
    "outcome_name",
    "own_words",
    "owner_names",
    "period_name",
    "reason_of",
    "review_link",
    "steps_told",
]

HOUR = timedelta(hours=1)
SECTION_TITLES: Mapping[SectionName, str] = {
    "verdicts": "Did last time's actions work",
    "moved": "What moved",
    "causes": "Incidents and failed deployments without a confirmed cause",
    "alerts": "Alerts that fired",
    "capacity": "Limits: decide by",
    "coverage": "Not collected, or gone stale",
    "actions": "New actions",
}
OUTCOMES: Mapping[str, str] = {
    "explained": "Explained",
    "investigate": "To investigate",
    "ignored": "Ignored",
    "remove": "Remove the alert, or watch another indicator",
    "reduce": "Reduce how often it fires",
    "automate": "Automate the recovery",
    "watch": "Watch the trend instead",
    "keep": "Keep the alert",
    "improved": "Improved",
    "no visible effect": "No visible effect",
    "worse": "Worse",
    "confounded": "Confounded",
    "too early": "Too early",
    "no change": "No change caused it",
}
HOLES: Mapping[str, str] = {"investigate": "To collect", "ignored": "Left as it is"}
"""What the outcomes of all things that are looked into mean of a hole."""
NO_CHANGE: Mapping[str, str] = {
    "infrastructure": "infrastructure fault",
    "quota": "quota or limit",
    "traffic": "access or traffic",
    "other": "something else",
}


def period_name(review: Review) -> str:
    """The days that it looks at: `22 – 29 Nov 2026`."""
    return day_range(Window(review.since, review.until), review.zone)


def review_link(review: Review, link: str) -> str:
    """Its page, where Tomoni is opened at `link`."""
    return f"{link.rstrip('/')}/review?{urlencode({'service': review.service, 'review': review.id})}"


def owner_names(review: Review, topic: Topic) -> str:
    return both([review.teams.get(name, name) for name in topic.owners])


def figure_name(figure: Figure) -> str:
    """Whose figure it is and which number of the period: `db CPU (p95)`."""
    name, indicator = drawn_name(figure), catalog.load().indicators.get(parse_address(figure.address)[2])
    # Of a percentile its title tells already which of the durations it is.
    is_told = indicator is None or stat_of(indicator) in name.split()
    return name if is_told or indicator is None else f"{name} ({stat_of(indicator)})"


def drawn_name(figure: Figure) -> str:
    """Whose line it is."""
    return address_name(figure.address)


def steps_told(topic: Topic) -> str:
    """Which number of each step its curve has: `highest hour in each 12 hours`; for a curve of two points or more."""
    indicator = catalog.load().indicators.get(parse_address(topic.figures[0].address)[2])
    steps = sorted(later[0] - earlier[0] for earlier, later in pairwise(topic.curve))
    # A line of p95s is drawn by their mean.
    usual = {"max": "highest", "sum": "total", "ratio": "overall"}
    stat = t(topic.extreme or usual.get(indicator.rollup if indicator else "", "mean"))
    step = span(steps[len(steps) // 2])
    if topic.fine is None:
        return t("{stat} in each {step}", stat=stat, step=step)
    fine = t("hour") if topic.fine == HOUR else span(topic.fine)
    return t("{stat} {fine} in each {step}", stat=stat, fine=fine, step=step)


def figures_told(topic: Topic) -> tuple[str, ...]:
    """Its figures; a verdict has its own numbers, as they were matched, and an incident those of its hour."""
    own = topic.section in ("verdicts", "causes")
    return () if own else tuple(figure_sentence(figure) for figure in topic.figures)


def figure_sentence(figure: Figure) -> str:
    """`db CPU (p95) 54 %, 50 % in the time before (+4 pt)`; without data it says so."""
    name, value = figure_name(figure), figure.value
    now = t("{name}: no data", name=name) if value is None else f"{name} {quantity(value, figure.unit)}"
    if figure.before is None:
        return t("{now}, no data in the time before", now=now)
    before = quantity(figure.before, figure.unit)
    if value is None:
        return t("{now}, {before} in the time before", now=now, before=before)
    by = change(value - figure.before, figure.before, figure.unit)
    return t("{now}, {before} in the time before ({change})", now=now, before=before, change=by)


def outcome_name(decision: Decision) -> str:
    """`Explained`; of an incident, what caused it."""
    if decision.subject.startswith(("incident/", "deployment/")) and decision.outcome not in OUTCOMES:
        return t("Caused by deployment {id}", id=decision.outcome)
    if decision.subject.startswith("hole/") and decision.outcome in HOLES:
        return t(HOLES[decision.outcome])
    return t(OUTCOMES.get(decision.outcome, decision.outcome))


def outcome_kind(decision: Decision) -> str:
    """Its name where several are counted together: whichever deployment it was, a change was the cause."""
    if decision.subject.startswith(("incident/", "deployment/")) and decision.outcome not in OUTCOMES:
        return t("Caused by a deployment")
    return outcome_name(decision)


def reason_of(decision: Decision) -> str:
    """What was said for it; what else than a change it was, as its button has it."""
    is_known = decision.outcome == "no change" and decision.because in NO_CHANGE
    return t(NO_CHANGE[decision.because]) if is_known else decision.because


def own_words(decision: Decision) -> str:
    """The reason and the note of whoever decided; empty without."""
    return " – ".join(each for each in (reason_of(decision), decision.note) if each)


def decision_sentence(decision: Decision, zone: str) -> str:
    """What was decided, by whom and when, and who does what until when."""
    what = outcome_name(decision)
    if decision.owner:
        what = t("{what}, by {owner}", what=what, owner=decision.owner)
    if decision.due:
        what = t("{what}, until {day}", what=what, day=day(decision.due))
    words = own_words(decision)
    said = t("{what}: {words}", what=what, words=words) if words else what
    return t("{said} ({who}, {moment})", said=said, who=decision.by, moment=moment(decision.at, zone))


def note_sentence(note: Note, zone: str) -> str:
    """What was noted, by whom and when."""
    return t("Note: {text} ({who}, {moment})", text=note.text, who=note.by, moment=moment(note.at, zone))
