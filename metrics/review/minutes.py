"""The review as a noun: a period, an agenda of topics in seven sections, what was decided, and the numbers as seen.

It is prepared from the data (metrics/meeting), held, and frozen as it stands. Its agenda and the time boxes are
those of docs/review.md: 45 minutes for two leads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from metrics.model import Entry, Unit

__all__ = [
    "FORMAT",
    "MINUTES",
    "SECTIONS",
    "Decision",
    "Extreme",
    "Figure",
    "Note",
    "Offer",
    "Outcome",
    "Review",
    "Section",
    "SectionName",
    "Topic",
    "decided",
    "decision_of",
    "described",
    "description",
    "noted",
    "noted_as",
    "open_topics",
]

FORMAT: Final = 1
"""Of the frozen file; a reader of another one must be told."""

SectionName = Literal["verdicts", "moved", "causes", "alerts", "capacity", "coverage", "actions"]
MINUTES: Final[Mapping[SectionName, int]] = {
    "verdicts": 5, "moved": 10, "causes": 7, "alerts": 8, "capacity": 8, "coverage": 4, "actions": 3,
}  # fmt: skip
"""In the order of the agenda."""
SECTIONS: Final[tuple[SectionName, ...]] = tuple(MINUTES)
Extreme = Literal["highest", "lowest", "median hour"]
Outcome = Literal["explained", "investigate", "ignored"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as it was seen: the line's figure for [since, until), and for the period before it. In `unit`."""

    address: str
    """`component/indicator` or `component/part/indicator`."""
    unit: Unit
    since: datetime
    until: datetime
    value: float | None
    before: float | None = None
    curve: tuple[tuple[datetime, float], ...] = ()
    """Of a headline figure the line through both periods, in few steps."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A cause that the data names, to be chosen: a deployment by its id, or what it was instead of one."""

    label: str
    deployment: str = ""
    cause: str = ""
    """One of metrics/review/delivery/verdicts.py."""
    note: str = ""
    """Who is suspected: kept with the answer."""
    is_likely: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to talk about. Its `subject` stays the same from one review to the next while it is the same thing.

    finding/ID, action/ID, incident/ID or deployment/ID, rule/COMPONENT/RULE, limit/ADDRESS, hole/COMPONENT/INDICATOR.
    """

    subject: str
    section: SectionName
    sentence: str
    owners: tuple[str, ...] = ()
    """Teams by name."""
    tag: str = ""
    """One word that leads it: new, worse; improved, too early; never collected."""
    detail: tuple[str, ...] = ()
    """Evidence, one sentence each."""
    reasons: tuple[str, ...] = ()
    """Offered as explanations, likeliest first."""
    figures: tuple[Figure, ...] = ()
    curve: tuple[tuple[datetime, float], ...] = ()
    """The line that it is about, in about a hundred steps, in the first figure's unit."""
    started: datetime | None = None
    """What divides the curve into before and after: when the action was begun, the jump happened."""
    page: str = ""
    """Where to look closer, as a page's address: `spikes`; and `query` what its link says."""
    query: Mapping[str, str] = field(default_factory=dict)
    suggested: str = ""
    """The outcome that the data speaks for: an alert's branch, an action's verdict."""
    extreme: Extreme | None = None
    """What the curve has of each step where that is not the line's own figure: of a jump or a limit the worst, of a
    total that steps or drifts its median hour."""
    offers: tuple[Offer, ...] = ()
    """Of an incident: who else it may come from than the deployment that is suggested, likeliest first."""
    fine: timedelta | None = None
    """Of which steps the curve has the worst; None where that is told by the line itself."""
    limit: float | None = None
    """What the line must not get beyond: its threshold or its limit, in the first figure's unit."""
    trend: tuple[tuple[datetime, float], ...] = ()
    """From which level to which it went, as the sentence tells it."""
    usual: tuple[tuple[datetime, float], ...] = ()
    """The line a week before, moved to the curve's time, where a jump is one for its time of day."""

    @property
    def needs_decision(self) -> bool:
        """Whether the review can't be closed before something is said of it."""
        return self.section == "moved"


@dataclass(frozen=True, slots=True)
class Section:
    name: SectionName
    topics: tuple[Topic, ...] = ()
    more: int = 0
    """As many are below the fold: the page of the section has them."""
    nothing: str = ""
    """Said where there is no topic."""

    @property
    def minutes(self) -> int:
        return MINUTES[self.name]


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said of a topic."""

    subject: str
    outcome: str
    by: str
    at: datetime
    because: str = ""
    note: str = ""
    owner: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody noted of a topic; it decides nothing."""

    subject: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """`id` is the day it is held on, by the service's clock; it looks at [since, until)."""

    id: str
    service: str
    title: str
    zone: str
    since: datetime
    until: datetime
    prepared_at: datetime
    headline: tuple[Figure, ...] = ()
    sections: tuple[Section, ...] = ()
    decisions: tuple[Decision, ...] = ()
    attendees: str = ""
    place: str = ""
    teams: Mapping[str, str] = field(default_factory=dict)
    """Titles of the teams by their names."""
    closed_at: datetime | None = None
    closed_by: str = ""
    notes: tuple[Note, ...] = ()
    """Oldest first."""
    meets_at: datetime | None = None
    """When the two teams sit together for it, where somebody said so."""
    format: int = FORMAT

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(topic for section in self.sections for topic in section.topics)

    def decision(self, subject: str) -> Decision | None:
        return next((each for each in self.decisions if each.subject == subject), None)

    def notes_on(self, subject: str) -> tuple[Note, ...]:
        return tuple(each for each in self.notes if each.subject == subject)

    def section(self, name: SectionName) -> Section:
        return next((each for each in self.sections if each.name == name), Section(name))


def open_topics(review: Review) -> tuple[Topic, ...]:
    """What keeps it from being closed."""
    done = {each.subject for each in review.decisions}
    return tuple(topic for topic in review.topics if topic.needs_decision and topic.subject not in done)


def decided(review: Review, words: Iterable[Entry]) -> Review:
    """The review with what was said of its topics, by the newest word of each subject.

    Of what outlasts a review (a cause, an alert rule, an action's verdict) only that counts which was said in it.
    """
    about = {topic.subject for topic in review.topics}
    said = (decision_of(word, review.id) for word in words if word.service == review.service)
    return replace(review, decisions=tuple(each for each in said if each and each.subject in about))


def described(review: Review, said: Mapping[str, str | None]) -> Review:
    """The review with who takes part, where and when, as its newest word has them."""
    meets_at = said.get("meets_at")
    return replace(
        review,
        attendees=said.get("attendees") or "",
        place=said.get("place") or "",
        meets_at=datetime.fromisoformat(meets_at) if meets_at else None,
    )


def description(review: Review, state: str) -> dict[str, str | None]:
    """The fields of a word about the review itself, `open` or `closed`."""
    return {
        "state": state,
        "since": review.since.isoformat(),
        "until": review.until.isoformat(),
        "attendees": review.attendees or None,
        "place": review.place or None,
        "meets_at": review.meets_at.isoformat() if review.meets_at else None,
    }


def noted(review: Review, words: Iterable[Entry]) -> Review:
    """The review with what was noted of its topics; of a thing that moved, on the page Spikes as well."""
    about = {noted_as(topic.subject): topic.subject for topic in review.topics}
    notes = [
        Note(about[word.subject], (word.said or {}).get("text") or "", word.author, word.at)
        for word in words
        if word.kind == "note" and word.subject in about and word.said is not None
    ]
    return replace(review, notes=tuple(sorted(notes, key=lambda each: each.at)))


def noted_as(subject: str) -> str:
    """The subject of a topic's notes: what is seen of a line has them under the name that Spikes knows."""
    return subject.replace("finding/", "item/", 1)


def decision_of(word: Entry, review: str) -> Decision | None:
    """What a word decided in this review; None if it is of another one, or no decision."""
    said, subject = word.said, word.subject
    if said is None:
        return None
    if word.kind == "disposition":
        whose, _, subject = subject.partition("/")
        outcome = said.get("outcome") or ""
    else:
        whose = said.get("review") or ""
        key = {"rule": "branch", "verdict": "verdict", "cause": "deployment"}.get(word.kind)
        if key is None:
            return None
        outcome = said.get(key) or ("no change" if word.kind == "cause" else "")
        subject = {"rule": "rule/", "verdict": "action/"}.get(word.kind, "") + subject
    if whose != review or not outcome:
        return None
    due = said.get("due")
    return Decision(
        subject=subject,
        outcome=outcome,
        by=word.author,
        at=word.at,
        because=said.get("because") or said.get("cause") or "",
        note=said.get("note") or "",
        owner=said.get("owner") or "",
        due=date.fromisoformat(due) if due else None,
    )
