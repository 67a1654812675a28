"""What the demo's teams said, kept as people's words are: reviews that are closed, actions, verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, get_args

from metrics.collect._demo.decisions import (
    ANSWERS,
    AUTHORS,
    CAUSES,
    DEV,
    INFRA,
    Line,
    Reply,
    Work,
    review_ends,
    rules,
    works,
)
from metrics.collect._demo.plan import Plan
from metrics.collect._demo.world import World
from metrics.config import Config
from metrics.meeting.close import close, is_closed, open_review
from metrics.meeting.prepare import review_id
from metrics.meeting.shelf import Shelf
from metrics.model import Entry, FindingKind, Service, Window
from metrics.review.actions import Action, entry, new_id
from metrics.review.lines import address_of
from metrics.review.minutes import Review, Topic
from metrics.store import Store, entries, findings, read
from metrics.ui.words import moment

__all__ = ["forget", "hold"]

# After the time that a review looks at: when it is opened and closed.
OPENED: Final = timedelta(minutes=30)
CLOSED: Final = timedelta(minutes=75)
SOON: Final = timedelta(weeks=2)
CHECK: Final = timedelta(weeks=4)
KINDS: Final[tuple[FindingKind, ...]] = get_args(FindingKind)


def hold(store: Store, config: Config, service: Service, world: World, progress: Callable[[int, int], None]) -> int:
    """Say everything in the order of time; how many reviews were closed."""
    plan = world.plan
    reviews = [Window(*each) for each in review_ends(plan)]
    with store.read() as db:
        words = _Words(db, service, plan, reviews)
        said = (word for work in works(world) for word in words.of(work) if word.at < plan.grid.end)
        waiting = sorted(said, key=lambda word: word.at)
    closed = 0
    for number, window in enumerate(reviews):
        progress(number, len(reviews))
        entries.add(store, *_before(waiting, window.end + OPENED))
        if is_closed(config, service, review_id(window.end, service.time_zone)):
            continue  # people's own of that day stays
        at = window.end + OPENED
        about = {"attendees": ", ".join(AUTHORS), "place": "online"}
        review = open_review(store, config, service, window, INFRA, at, about)
        words_of_it = [*_answers(review, at), *_ruled(review, plan, at)]
        entries.add(store, *words_of_it, *_before(waiting, window.end + CLOSED))
        close(store, config, service, review.id, INFRA, window.end + CLOSED)
        closed += 1
    entries.add(store, *waiting)
    progress(len(reviews), len(reviews))
    return closed


def forget(store: Store, folder: Path, service: str) -> None:
    """Take away what the demo's roles said, and the reviews that they closed; people's own stay."""
    entries.forget(store, service, AUTHORS)
    shelf = Shelf(folder, service)
    for name in shelf.closed():
        review = shelf.read(name)
        if review is not None and review.closed_by in AUTHORS:
            shelf.remove(name)


def _before(waiting: list[Entry], at: datetime) -> list[Entry]:
    """Takes them out."""
    due = [word for word in waiting if word.at < at]
    del waiting[: len(due)]
    return due


class _Words:
    """Actions and verdicts as words. What they come from is looked up as it stood then."""

    def __init__(self, db: read.Reader, service: Service, plan: Plan, reviews: Sequence[Window]) -> None:
        self._db = db
        self._service = service
        self._reviews = reviews
        whole = Window(plan.grid.start, plan.grid.end)
        self._incidents = read.events(db, whole, ("incident",), service.name).to_dict("records")

    def of(self, work: Work) -> Iterator[Entry]:
        """Decided, then begun, then done: each is a word of its own, unless it was so already."""
        action = self._action(work)
        for at in sorted({work.decided, *(max(each, work.decided) for each in (work.started, work.done) if each)}):
            yield entry(replace(action, started=_by(work.started, at), done=_by(work.done, at)), at, work.by)
        if work.judged is not None:
            said = {
                "verdict": work.verdict,
                "computed": work.computed or None,
                "because": work.because,
                "review": self._review(work.judged) or None,
            }
            yield Entry(work.judged, work.by, "verdict", self._service.name, action.id, said)

    def _action(self, work: Work) -> Action:
        why, told = self._why(work)
        component, part, indicator = work.indicator or ("", None, "")
        return Action(
            id=new_id(work.what, work.decided, work.by),
            service=self._service.name,
            what=work.what,
            kind=work.kind,
            why=why,
            why_sentence=told,
            owner="dev" if work.by == DEV else "infra",
            check=work.due,
            component=component,
            part=part,
            indicator=indicator,
            target=work.target,
            axis=work.axis,
            review=self._review(work.decided),
        )

    def _why(self, work: Work) -> tuple[str, str]:
        """What it comes from, with its sentence of then."""
        if work.line is not None:
            seen = _finding(self._db, self._service, work.line, work.decided)
            return seen or (f"limit/{address_of(*work.line)}", work.why_sentence)
        if work.incident is not None:
            return self._incident(work.incident, work.decided)
        return work.why, work.why_sentence

    def _incident(self, title: str, before: datetime) -> tuple[str, str]:
        """The last one of this title by then."""
        last = [each for each in self._incidents if each["title"] == title and each["started_at"] <= before][-1]
        return f"incident/{last['id']}", f"{last['title']}, {moment(last['started_at'], self._service.time_zone)}"

    def _review(self, at: datetime) -> str:
        """The review in which it was said; empty if between two."""
        ends = (each.end for each in self._reviews if each.end <= at < each.end + CLOSED)
        return next((review_id(end, self._service.time_zone) for end in ends), "")


def _by(at: datetime | None, then: datetime) -> datetime | None:
    return at if at is not None and at <= then else None


def _finding(db: read.Reader, service: Service, line: Line, at: datetime) -> tuple[str, str] | None:
    """What the trend alerts had seen of a line by then, the heaviest kind first."""
    judged = [each for each in findings.known(db, service.name, at) if each.finding.gone_at is None]
    mine = [each for each in judged if (each.finding.component, each.finding.part, each.finding.indicator) == line]
    found = min(mine, key=lambda each: KINDS.index(each.finding.kind), default=None)
    return None if found is None else (f"finding/{found.finding.id}", found.sentence)


def _answers(review: Review, at: datetime) -> list[Entry]:
    """A word for each thing that moved and each hole or limit, and for each incident that no deployment explains."""
    said = []
    for number, topic in enumerate(review.topics):
        when = at + timedelta(minutes=2, seconds=20 * number)
        by = DEV if "dev" in topic.owners else INFRA
        if topic.section in ("moved", "coverage", "capacity"):
            said.append(_disposition(review, topic, when, by))
        elif topic.section == "causes" and not topic.suggested and topic.subject.startswith("incident/"):
            component = topic.sentence.partition(":")[0]
            fields = {"deployment": None, "cause": CAUSES.get(component, "other"), "review": review.id}
            said.append(Entry(when, by, "cause", review.service, topic.subject, fields))
    return said


def _disposition(review: Review, topic: Topic, at: datetime, by: str) -> Entry:
    reply = _reply(topic)
    due = (at + SOON).date().isoformat() if reply.outcome == "investigate" else None
    fields = {
        "outcome": reply.outcome,
        "because": reply.because,
        "note": None,
        "owner": review.teams.get(reply.owner, reply.owner) or None,
        "due": due,
    }
    return Entry(at, by, "disposition", review.service, f"{review.id}/{topic.subject}", fields)


def _reply(topic: Topic) -> Reply:
    """What the plan knows of it, else the likeliest suspect, else that it is nothing to act on."""
    names = (topic.subject, topic.subject.partition("/")[2], *(figure.address for figure in topic.figures[:1]))
    known = next((reply for start, reply in ANSWERS.items() if any(name.startswith(start) for name in names)), None)
    if known is not None:
        return known
    if topic.reasons and topic.section == "moved":
        return Reply("explained", topic.reasons[0])
    return Reply(
        "ignored", "short, and no user noticed it" if topic.section == "moved" else "steady, and nothing to do yet"
    )


def _ruled(review: Review, plan: Plan, at: datetime) -> list[Entry]:
    """What this review said of alert rules, to be checked four weeks on."""
    check = (at + CHECK).date().isoformat()
    return [
        Entry(
            at + timedelta(minutes=20),
            each.by,
            "rule",
            review.service,
            each.subject,
            {"branch": each.branch, "because": each.because, "review": review.id, "check": check, "note": None},
        )
        for each in rules(plan)
        if each.at == review.until
    ]
