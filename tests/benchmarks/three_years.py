"""Three years of weekly reviews beside the demo: frozen files, decisions, actions with verdicts, alerts.

Each frozen review has the shape of one that was really prepared, moved back week by week; where its agenda is short
it is filled up, so that nothing is measured on a quiet week.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from metrics import cli, config
from metrics.meeting.prepare import prepare
from metrics.meeting.shelf import Shelf
from metrics.model import Entry, Window
from metrics.review import actions
from metrics.review.minutes import SECTIONS, Decision, Review, Section, Topic
from metrics.store import Store, read, write
from tests.benchmarks import dataset

__all__ = ["ACTIONS", "DISPOSITIONS", "REVIEWS", "SERVICE", "WEEK", "build"]

FOLDER = dataset.FOLDER / "reviews"
DEMO = dataset.FOLDER / "reviews-demo"
SERVICE = "jobs"
WEEK = timedelta(weeks=1)
REVIEWS, DISPOSITIONS, ACTIONS, NOTES, ALERTS, RULES = 156, 5_000, 1_000, 2_000, 60_000, 40
# What a full agenda has in each section.
TOPICS = 5
PEOPLE = ("Mika", "Ren", "Sora")
OUTCOMES = ("explained", "investigate", "ignored")
BRANCHES = ("remove", "reduce", "automate", "watch", "keep")
VERDICTS = ("improved", "no visible effect", "worse", "confounded", "too early")


def build() -> Path:
    """The folder, made anew: three years end where the demo ends."""
    _demo()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(DEMO, FOLDER)
    store = Store(FOLDER / "tomoni.duckdb")
    with store.read() as db:
        until = read.series(db, SERVICE)["last_ts"].max().to_pydatetime()
    _alerts(store, until)
    # This week's is for the browser to hold, so that the newest of them ended a week ago.
    agenda = _filled(_prepared(store, until))
    held = [agenda.back(week) for week in range(1, REVIEWS + 1)]
    shelf = Shelf(FOLDER, SERVICE)
    for review in reversed(held):
        shelf.close(review, f"# Review {review.id}\n" + "\n".join(topic.sentence for topic in review.topics))
    _say(store, [*_of_reviews(held), *_of_actions(held), *_of_rules(until), *_notes(until)])
    return FOLDER


def _demo() -> None:
    """The demo of 26 weeks, made once a day: it ends now."""
    store = DEMO / "tomoni.duckdb"
    fresh = store.exists() and datetime.now(UTC).timestamp() - store.stat().st_mtime < 86_400
    if not fresh:
        shutil.rmtree(DEMO, ignore_errors=True)
        if cli.main(["--data", str(DEMO), "demo"]):
            raise RuntimeError("the demo could not be made")


@dataclass(frozen=True)
class _Agenda:
    """A review that was prepared, with a full agenda and a decision for each topic."""

    now: Review

    def back(self, weeks: int) -> Review:
        """The same, so many weeks earlier and about other findings."""
        by = weeks * WEEK
        until = self.now.until - by
        sections = tuple(
            replace(section, topics=tuple(_earlier(topic, by, weeks) for topic in section.topics))
            for section in self.now.sections
        )
        made = replace(
            self.now,
            id=f"{until:%Y-%m-%d}",
            since=self.now.since - by,
            until=until,
            prepared_at=until,
            headline=tuple(replace(each, since=each.since - by, until=each.until - by) for each in self.now.headline),
            sections=sections,
            closed_at=until + timedelta(minutes=45),
            closed_by=PEOPLE[weeks % 3],
        )
        return replace(made, decisions=tuple(_decisions(made)))


def _prepared(store: Store, until: datetime) -> Review:
    settings = config.load(FOLDER)
    service = next(each for each in settings.services if each.name == SERVICE)
    return prepare(store, settings, service, Window(until - WEEK, until), until)


def _filled(review: Review) -> _Agenda:
    """No section has fewer than a full agenda's topics."""
    pattern = max(review.section("moved").topics, key=lambda topic: len(topic.curve))
    sections = tuple(_full(review.section(name), pattern) for name in SECTIONS)
    return _Agenda(replace(review, sections=sections))


def _full(section: Section, pattern: Topic) -> Section:
    missing = range(len(section.topics), TOPICS)
    more = (replace(pattern, subject=f"finding/{section.name}-{n}", section=section.name) for n in missing)
    return replace(section, topics=(*section.topics, *more))


def _earlier(topic: Topic, by: timedelta, weeks: int) -> Topic:
    return replace(
        topic,
        subject=f"{topic.subject}-{weeks}",
        figures=tuple(replace(each, since=each.since - by, until=each.until - by) for each in topic.figures),
        curve=tuple((at - by, value) for at, value in topic.curve),
        started=topic.started and topic.started - by,
    )


def _decisions(review: Review) -> Iterator[Decision]:
    for number, topic in enumerate(review.topics):
        because = topic.reasons[0] if topic.reasons else "known, and harmless"
        at = review.until + timedelta(seconds=60 * number)
        yield Decision(topic.subject, OUTCOMES[number % 3], PEOPLE[number % 3], at, because, owner="dev")


def _of_reviews(held: list[Review]) -> Iterator[Entry]:
    """Opened, decided and closed; some of the decisions were corrected, so that there are as many as promised."""
    decisions = 0
    for review in held:
        said = {
            "since": review.since.isoformat(),
            "until": review.until.isoformat(),
            "attendees": "both",
            "place": "",
        }
        yield Entry(review.until, "Mika", "review", SERVICE, review.id, {"state": "open", **said})
        for each in review.decisions:
            decisions += 1
            yield _disposition(review, each, each.at)
        yield Entry(
            review.until + timedelta(hours=1), "Ren", "review", SERVICE, review.id, {"state": "closed", **said}
        )
    newest = held[0]
    for number in range(DISPOSITIONS - decisions):
        each = newest.decisions[number % len(newest.decisions)]
        yield _disposition(newest, each, each.at + timedelta(seconds=1 + number))


def _disposition(review: Review, each: Decision, at: datetime) -> Entry:
    said = {"outcome": each.outcome, "because": each.because, "note": "", "owner": each.owner, "due": None}
    return Entry(at, each.by, "disposition", SERVICE, f"{review.id}/{each.subject}", said)


def _of_actions(held: list[Review]) -> Iterator[Entry]:
    """Each begun, and all but the youngest done and judged."""
    for number in range(ACTIONS):
        review = held[number * len(held) // ACTIONS]
        topic = review.topics[number % len(review.topics)]
        component, indicator = ("aurora-main", "system.cpu.utilization")
        made = actions.Action(
            id=f"{number:06x}", service=SERVICE, what=f"Do something about it, number {number}",
            kind=actions.KINDS[number % 3], why=topic.subject, why_sentence=topic.sentence, owner=("dev", "infra")[number % 2],
            check=(review.until + actions.CHECK_AFTER).date(), component=component, indicator=indicator, target=60.0,
            review=review.id,
        )  # fmt: skip
        begun = replace(made, started=review.until + timedelta(days=2))
        done = replace(begun, done=review.until + timedelta(days=9))
        lives = [made, begun] if number < ACTIONS // 50 else [made, begun, done]
        for days, each in enumerate(lives):
            yield actions.entry(each, review.until + timedelta(days=days), PEOPLE[number % 3])
        if len(lives) == 3:
            verdict = VERDICTS[number % 5]
            said = {"verdict": verdict, "computed": verdict, "because": "", "review": review.id}
            yield Entry(review.until + 5 * WEEK, "Sora", "verdict", SERVICE, made.id, said)


def _of_rules(until: datetime) -> Iterator[Entry]:
    """Each alert rule is spoken of every four weeks."""
    for number in range(RULES):
        for weeks in range(4, REVIEWS, 4):
            at = until - weeks * WEEK
            said = {"branch": BRANCHES[(number + weeks // 4) % 5], "because": "nobody acts on it",
                    "review": f"{at:%Y-%m-%d}", "check": f"{at + 4 * WEEK:%Y-%m-%d}", "note": None}  # fmt: skip
            yield Entry(at, PEOPLE[number % 3], "rule", SERVICE, f"web/rule-{number:02}", said)


def _notes(until: datetime) -> Iterator[Entry]:
    for number in range(NOTES):
        at = until - timedelta(hours=12 * number)
        yield Entry(at, PEOPLE[number % 3], "note", SERVICE, f"finding/{number % 500}", {"text": f"Seen, {number}."})


def _say(store: Store, words: list[Entry]) -> None:
    """All at once: said one by one they would take minutes."""
    rows = pd.DataFrame(
        {
            "said_at": word.at.replace(tzinfo=None),
            "author": word.author,
            "kind": word.kind,
            "service": word.service,
            "subject": word.subject,
            "said": json.dumps(dict(word.said or {}), ensure_ascii=False),
        }
        for word in words
    )
    with store.write() as connection:
        connection.register("said_now", rows)
        connection.execute("INSERT INTO entries SELECT said_at, author, kind, service, subject, said FROM said_now")
        connection.unregister("said_now")


def _alerts(store: Store, until: datetime) -> None:
    run = write.begin_run(store, "import", "bench")
    with store.write() as connection:
        connection.execute(_ALERTS, {"until": until.replace(tzinfo=None), "run": run})
    write.end_run(store, run, "done")


_ALERTS = f"""
INSERT INTO events
SELECT '{SERVICE}', ['web', 'api', 'aurora-main', 'search', 'eks', 'cache', 'mail'][1 + rule % 7], 'alert',
       'bench-' || i, moment, moment + to_seconds((120 + i % 3001)::INTEGER), 'resolved', 'rule ' || rule || ' fired',
       'https://alerts.example/' || i,
       to_json({{rule: 'rule-' || lpad(rule::VARCHAR, 2, '0'), severity: 'warning', acted: i % 10 = 0,
                service_impact: i % 23 = 0}}),
       'bench', $until, $run
FROM (SELECT i, i % {RULES} AS rule,
             $until - to_seconds(CAST(i * {3 * 365} * 86400.0 / {ALERTS} AS BIGINT)) AS moment FROM range({ALERTS}) t(i))"""
