"""What was said in a review is its decision: by the newest word of each topic, and only what was said in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from metrics.model import Entry, EntryKind
from metrics.review.minutes import MINUTES, Decision, Review, Section, Topic, decided, decision_of, open_topics

AT = datetime(2026, 11, 27, 5, tzinfo=UTC)
HELD = "2026-11-27"


def review(*subjects: str) -> Review:
    moved = tuple(Topic(each, "moved", "It moved.") for each in subjects if each.startswith("finding/"))
    others = tuple(Topic(each, "alerts", "It fired.") for each in subjects if not each.startswith("finding/"))
    sections = (Section("moved", moved), Section("alerts", others))
    return Review(HELD, "shop", "Shop", "UTC", AT - timedelta(weeks=1), AT, AT, sections=sections)


def word(kind: EntryKind, subject: str, service: str = "shop", **said: str) -> Entry:
    return Entry(AT, "Mika", kind, service, subject, said)


def test_an_agenda_takes_three_quarters_of_an_hour():
    assert sum(MINUTES.values()) == 45


def test_a_disposition_is_of_one_review():
    said = word("disposition", f"{HELD}/finding/1", outcome="investigate", owner="dev", due="2026-12-04", note="how?")
    assert decision_of(said, HELD) == Decision(
        "finding/1", "investigate", "Mika", AT, note="how?", owner="dev", due=date(2026, 12, 4)
    )
    assert decision_of(said, "2026-11-20") is None


def test_of_what_outlasts_a_review_only_that_counts_which_was_said_in_it():
    here = review("rule/web/slow", "action/ab12", "incident/7", "incident/8")
    words = [
        word("rule", "web/slow", branch="reduce", review=HELD),
        word("verdict", "ab12", verdict="improved", review="2026-11-20"),
        word("cause", "incident/7", cause="quota", review=HELD),
        word("cause", "incident/8", deployment="d-9"),
    ]
    assert [(each.subject, each.outcome, each.because) for each in decided(here, words).decisions] == [
        ("rule/web/slow", "reduce", ""),
        ("incident/7", "no change", "quota"),
    ]


def test_what_was_taken_back_or_is_another_services_or_no_topic_decides_nothing():
    here = review("finding/1", "finding/2")
    words = [
        Entry(AT, "Mika", "disposition", "shop", f"{HELD}/finding/1", None),
        word("disposition", f"{HELD}/finding/2", service="bank", outcome="explained"),
        word("disposition", f"{HELD}/finding/3", outcome="explained"),
        word("disposition", f"{HELD}/finding/1", because="no outcome"),
        word("note", "finding/1", text="hm"),
    ]
    assert decided(here, words).decisions == ()


def test_what_moved_keeps_a_review_open_until_something_is_said_of_it():
    here = review("finding/1", "finding/2", "rule/web/slow")
    assert [topic.subject for topic in open_topics(here)] == ["finding/1", "finding/2"]
    words = [word("disposition", f"{HELD}/finding/{n}", outcome="ignored", because="planned") for n in (1, 2)]
    assert open_topics(decided(here, words[:1]))[0].subject == "finding/2"
    assert open_topics(decided(here, words)) == ()
