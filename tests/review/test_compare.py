"""Two reviews side by side, by values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from metrics.review.compare import Pair, compared
from metrics.review.minutes import Decision, Figure, Review, Section, Topic

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


def review(at: datetime, subjects: str, outcomes: dict[str, str], **headline: float | None) -> Review:
    topics = tuple(Topic(f"finding/{name}", "moved", f"{name} moved") for name in subjects)
    figures = tuple(Figure(name, "%", at - timedelta(weeks=1), at, value) for name, value in headline.items())
    said = tuple(Decision(f"finding/{name}", outcome, "Mika", at) for name, outcome in outcomes.items())
    return Review(
        f"{at:%Y-%m-%d}", "shop", "Shop", "UTC", at - timedelta(weeks=1), at, at, figures,
        (Section("moved", topics),), said,
    )  # fmt: skip


EARLIER = review(AT, "ab", {"a": "investigate", "b": "ignored"}, cpu=40.0, errors=0.1)
LATER = review(AT + timedelta(weeks=1), "ca", {"a": "explained"}, memory=None, cpu=44.0)


def told(met: tuple[object, ...]) -> list[tuple[str, str | None, str | None]]:
    return [
        (each.topic.subject, *(side.outcome if side else None for side in (each.earlier, each.later)))  # type: ignore[attr-defined]
        for each in met
    ]


def test_topics_stay_are_new_or_are_gone_with_what_each_decided():
    found = compared(EARLIER, LATER)
    assert told(found.stayed) == [("finding/a", "investigate", "explained")]
    assert told(found.new) == [("finding/c", None, None)]
    assert told(found.gone) == [("finding/b", "ignored", None)]


def test_the_headline_has_what_either_shows_and_no_data_is_none():
    assert compared(EARLIER, LATER).headline == (
        Pair("memory", "%", None, None),
        Pair("cpu", "%", 40.0, 44.0),
        Pair("errors", "%", 0.1, None),
    )


def test_a_topic_is_told_as_the_later_review_has_it():
    section = Section("moved", (Topic("finding/a", "moved", "a moved more"),))
    found = compared(EARLIER, replace(LATER, sections=(section,)))
    assert [each.topic.sentence for each in found.stayed] == ["a moved more"]
    assert [each.topic.sentence for each in found.gone] == ["b moved"]


def test_beside_itself_nothing_is_new_or_gone():
    found = compared(LATER, LATER)
    assert (found.new, found.gone, len(found.stayed)) == ((), (), 2)
