"""What a review left to investigate comes back until somebody says what it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from metrics.meeting.sections.promised import promised
from metrics.meeting.shelf import Shelf
from metrics.review.actions import Action
from metrics.review.minutes import Decision, Review, Section
from metrics.ui.review_choices import columns, word_of
from tests.meeting.made import AT, WEEK, decided_review, review

LEFT = "finding/f2"


def later(weeks: int, *decisions: Decision, topics: tuple[str, ...] = ()) -> Review:
    """The review of so many weeks on, with these of the first one's topics on its agenda."""
    made = review()
    moved = tuple(topic for topic in made.topics if topic.subject in topics)
    at = AT + weeks * WEEK
    return replace(
        made, id=f"{at:%Y-%m-%d}", until=at, sections=(Section("moved", moved),), decisions=decisions,
        closed_at=at + timedelta(hours=1), closed_by="Mika",
    )  # fmt: skip


def shelf(folder: Path, *closed: Review) -> Shelf:
    made = Shelf(folder, "jobs")
    for each in (replace(decided_review(), closed_at=AT, closed_by="Ren"), *closed):
        assert made.close(each, "# text\n")
    return made


def test_what_somebody_looks_into_is_asked_for_next_time_as_it_was_told_then(folder: Path):
    (topic,) = promised(shelf(folder), later(1), ())
    assert (topic.subject, topic.section, topic.tag) == (LEFT, "verdicts", "due")
    assert topic.sentence == "What did Infra find? db memory rises by 2 points a week"
    assert topic.detail == ("Asked in the review of Mon 26 Oct, until Mon 2 Nov.",)
    assert not topic.needs_decision


def test_before_its_day_it_is_promised(folder: Path):
    soon = replace(later(1), id="2026-11-01")
    assert [topic.tag for topic in promised(shelf(folder), soon, ())] == ["promised"]


def test_what_is_on_the_agenda_again_is_asked_there(folder: Path):
    assert promised(shelf(folder), later(1, topics=(LEFT,)), ()) == ()


def test_an_answer_ends_it_and_silence_does_not(folder: Path):
    silent = later(1)
    answered = later(2, Decision(LEFT, "explained", "Mika", AT + 2 * WEEK), topics=(LEFT,))
    kept = shelf(folder, silent)
    assert [topic.subject for topic in promised(kept, later(2), ())] == [LEFT]
    assert kept.close(answered, "# text\n")
    assert promised(kept, later(3), ()) == ()
    assert [topic.subject for topic in promised(kept, later(2), ())] == [LEFT], (
        "a later review answers no earlier one"
    )


def test_who_looks_into_it_once_more_is_asked_by_the_newest_day(folder: Path):
    again = Decision(LEFT, "investigate", "Mika", AT + WEEK, owner="Dev", due=date(2026, 11, 30))
    (topic,) = promised(shelf(folder, later(1, again, topics=(LEFT,))), later(2), ())
    assert topic.detail == ("Asked in the review of Mon 2 Nov, until Mon 30 Nov.",)
    assert topic.sentence.startswith("What did Dev find?")


def test_a_month_after_its_day_nobody_is_asked(folder: Path):
    kept = shelf(folder)
    assert len(promised(kept, later(5), ())) == 1
    assert promised(kept, later(6), ()) == ()


def test_an_action_that_was_written_of_it_answers_it(folder: Path):
    written = Action("a1", "jobs", "Add memory", "prevention", LEFT, "", "infra", date(2026, 11, 9))
    assert promised(shelf(folder), later(1), (written,)) == ()
    assert len(promised(shelf(folder / "other"), later(1), (replace(written, why="finding/f1"),))) == 1


def test_it_is_answered_as_what_moved_is(folder: Path):
    (topic,) = promised(shelf(folder), later(1), ())
    assert word_of("2026-11-02", topic) == ("disposition", f"2026-11-02/{LEFT}")
    assert [each.way for each in columns("2026-11-02", topic, date(2026, 11, 2))] == [
        "explained",
        "investigate",
        "ignored",
    ]
