"""Holding a review: who opens it first, what keeps it open, what freezes it, and what a kill leaves behind."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from metrics.errors import InputError
from metrics.meeting import close as closing
from metrics.meeting.close import close, held, is_closed, open_review
from metrics.meeting.compare import corrected, correction_sentence
from metrics.meeting.shelf import Shelf
from metrics.model import Entry, Points, Window
from metrics.review.actions import Action, entry
from metrics.review.minutes import Review
from metrics.store import Store, entries, write
from metrics.trends.reading import watched
from tests.meeting.killed import STEPS
from tests.meeting.made import AT, ID, disposition, held_review, say
from tests.source_tree import ROOT
from tests.trends.made import SERVICE, config, fill, lines_of, times

LATER = AT + timedelta(hours=2)
RULE = {"branch": "remove", "because": "nobody acts", "review": ID, "check": "2026-11-23", "note": None}


@pytest.fixture
def store(folder: Path) -> Store:
    return held_review(folder)


def closed(store: Store, folder: Path, who: str = "Mika") -> Review:
    return close(store, config(folder), SERVICE, ID, who, LATER)


def states(store: Store) -> list[tuple[str, str | None]]:
    with store.read() as db:
        return [(word.author, (word.said or {})["state"]) for word in entries.history(db, "review", "jobs", ID)]


def test_it_stays_open_until_each_thing_that_moved_is_decided(store: Store, folder: Path):
    with pytest.raises(InputError, match=r"2 things that moved have no decision yet: db CPU .* and db memory rises"):
        closed(store, folder)
    say(store, disposition("finding/f1"))
    with pytest.raises(
        InputError, match="1 thing that moved has no decision yet: db memory rises by 2 points a week"
    ):
        closed(store, folder)
    assert not is_closed(config(folder), SERVICE, ID)
    assert states(store) == []


def test_closing_freezes_what_was_decided_by_whom_and_when(store: Store, folder: Path):
    rule = Entry(AT, "Ren", "rule", "jobs", "db/cpu-high", RULE)
    say(store, disposition("finding/f1"), disposition("finding/f2", "ignored", "Mika", "known"), rule)
    frozen = closed(store, folder)
    assert [(each.subject, each.outcome, each.by, each.because) for each in frozen.decisions] == [
        ("finding/f1", "explained", "Ren", "access: /export"),
        ("finding/f2", "ignored", "Mika", "known"),
        ("rule/db/cpu-high", "remove", "Ren", "nobody acts"),
    ]
    assert (frozen.closed_by, frozen.closed_at) == ("Mika", LATER)
    assert Shelf(folder, "jobs").read(ID) == frozen == held(store, config(folder), SERVICE, ID, LATER)
    assert sorted(path.name for path in (folder / "reviews").iterdir()) == [f"{ID}.json", f"{ID}.md"]
    assert "Closed by Mika, Mon 26 Oct, 07:00" in (folder / "reviews" / f"{ID}.md").read_text()
    assert states(store) == [("Mika", "closed")]
    assert is_closed(config(folder), SERVICE, ID)


def test_what_was_taken_back_decides_nothing(store: Store, folder: Path):
    say(store, disposition("finding/f1"), disposition("finding/f2"))
    say(store, Entry(AT + timedelta(hours=1, minutes=1), "Ren", "disposition", "jobs", f"{ID}/finding/f2", None))
    with pytest.raises(InputError, match="1 thing that moved has no decision yet"):
        closed(store, folder)


def test_who_is_there_may_change_while_it_is_held(store: Store, folder: Path):
    said = {"state": "open", "since": AT.isoformat(), "until": AT.isoformat(), "attendees": "Sora", "place": None}
    say(store, Entry(AT, "Sora", "review", "jobs", ID, said), disposition("finding/f1"), disposition("finding/f2"))
    as_it_stands = held(store, config(folder), SERVICE, ID, LATER)
    assert as_it_stands is not None
    assert (as_it_stands.attendees, as_it_stands.place) == ("Sora", "")
    assert closed(store, folder).attendees == "Sora"


def test_a_closed_one_is_not_closed_again_nor_opened(store: Store, folder: Path):
    say(store, disposition("finding/f1"), disposition("finding/f2"))
    closed(store, folder)
    before = (folder / "reviews" / f"{ID}.json").read_bytes()
    told = r"The review of 2026-10-26 was closed by Mika, Mon 26 Oct, 07:00; nothing of it changes\."
    with pytest.raises(InputError, match=told):
        closed(store, folder, "Ren")
    with pytest.raises(InputError, match=told):
        open_review(store, config(folder), SERVICE, Window(AT - timedelta(weeks=1), AT), "Ren", LATER)
    assert (folder / "reviews" / f"{ID}.json").read_bytes() == before


def test_one_that_nobody_opened_can_not_be_closed(store: Store, folder: Path):
    with pytest.raises(InputError, match="There is no open review of 2026-10-19; open it first"):
        close(store, config(folder), SERVICE, "2026-10-19", "Mika", LATER)
    assert held(store, config(folder), SERVICE, "2026-10-19", LATER) is None


def test_of_two_who_close_at_once_one_does_and_the_other_is_told(store: Store, folder: Path):
    say(store, disposition("finding/f1"), disposition("finding/f2"))
    ready = Barrier(2)

    def attempt(who: str) -> str:
        ready.wait()
        try:
            return closed(store, folder, who).closed_by
        except InputError as refused:
            return str(refused)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(attempt, ("Mika", "Ren")))
    (winner,) = [each for each in ended if each in ("Mika", "Ren")]
    (told,) = [each for each in ended if each != winner]
    assert f"was closed by {winner}" in told
    assert states(store) == [(winner, "closed")]


def test_what_is_said_while_it_is_being_closed_is_in_it(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch):
    say(store, disposition("finding/f1"), disposition("finding/f2"))
    write_markdown: Callable[[Review], str] = closing.markdown
    late = [disposition("finding/f2", "ignored", "Sora", "said at the last moment")]

    def interrupted(review: Review) -> str:
        if late:
            say(store, late.pop())
        return write_markdown(review)

    monkeypatch.setattr(closing, "markdown", interrupted)
    found = closed(store, folder).decision("finding/f2")
    assert found is not None
    assert (found.by, found.because) == ("Sora", "said at the last moment")


def test_what_was_noted_of_its_topics_since_it_was_opened_is_in_it(store: Store, folder: Path):
    def note(subject: str, text: str, minutes: int) -> Entry:
        return Entry(AT + timedelta(minutes=minutes), "Sora", "note", "jobs", subject, {"text": text})

    opened = Entry(AT + timedelta(minutes=2), "Mika", "review", "jobs", ID, {"state": "open"})
    say(store, opened, disposition("finding/f1"), disposition("finding/f2"))
    say(store, note("item/f1", "before it", 1), note("item/other", "no topic of it", 20))
    # The agenda was made anew at five minutes past.
    say(store, note("rule/db/cpu-high", "second", 30), note("item/f1", "first", 3), note("item/f1", "third", 40))
    as_it_stands = held(store, config(folder), SERVICE, ID, LATER)
    frozen = closed(store, folder)
    say(store, note("item/f1", "too late", 180))
    assert as_it_stands is not None
    assert as_it_stands.notes == frozen.notes
    kept = held(store, config(folder), SERVICE, ID, LATER)
    assert kept is not None
    assert [(each.subject, each.text, each.by) for each in kept.notes] == [
        ("finding/f1", "first", "Sora"),
        ("rule/db/cpu-high", "second", "Sora"),
        ("finding/f1", "third", "Sora"),
    ]


def test_actions_and_verdicts_are_in_it(store: Store, folder: Path):
    """Also of whoever is a little ahead of the clock of whoever closes."""
    say(store, disposition("finding/f1"), disposition("finding/f2"))
    due = Action(
        "old", "jobs", "Index the table", "repair", "", "", "Infra", AT.date(), started=AT - timedelta(weeks=4)
    )
    new = Action("new", "jobs", "Keep less history", "prevention", "finding/f2", "", "Dev", AT.date(), review=ID)
    say(store, entry(due, AT - timedelta(weeks=4), "Mika"), entry(new, LATER + timedelta(seconds=2), "Ren"))
    said = {"verdict": "improved", "computed": "too early", "because": "seen by hand", "review": ID}
    say(store, Entry(LATER, "Ren", "verdict", "jobs", "old", said))
    frozen = closed(store, folder)
    (verdict,), (written,) = frozen.section("verdicts").topics, frozen.section("actions").topics
    assert (verdict.subject, written.subject) == ("action/old", "action/new")
    found = frozen.decision("action/old")
    assert found is not None
    assert (found.outcome, found.because, found.by) == ("improved", "seen by hand", "Ren")
    text = (folder / "reviews" / f"{ID}.md").read_text()
    assert "**→ Improved: seen by hand (Ren, Mon 26 Oct, 07:00)**" in text
    assert re.search(r"\| Keep less history \(verdict due .*\) \| Dev \|", text)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_leaves_it_open_or_closed_and_loses_no_word(store: Store, folder: Path, step: str):
    say(store, disposition("finding/f1"), disposition("finding/f2"))
    ran = subprocess.run([sys.executable, "-m", "tests.meeting.killed", str(folder), step], cwd=ROOT, check=False)
    assert ran.returncode == -signal.SIGKILL
    is_safe = step not in ("text", "file")
    assert is_closed(config(folder), SERVICE, ID) is is_safe
    for _ in range(2):
        found = held(store, config(folder), SERVICE, ID, LATER)
        assert found is not None
        assert [each.subject for each in found.decisions] == ["finding/f1", "finding/f2"]
        assert states(store) == ([("Mika", "closed")] if is_safe else [])
    if not is_safe:
        assert closed(store, folder, "Ren").closed_by == "Ren"
    assert sorted(path.name for path in (folder / "reviews").glob("[!.]*")) == [f"{ID}.json", f"{ID}.md"]


@pytest.fixture
def filled(folder: Path) -> Store:
    return fill(folder, lines_of(3, 3_600), 3)


END = datetime(2026, 10, 26, tzinfo=UTC)
WINDOW = Window(END - timedelta(weeks=1), END)


def opened(store: Store, folder: Path, who: str, at: datetime = END) -> Review:
    return open_review(
        store, config(folder), SERVICE, WINDOW, who, at, {"attendees": f"{who} and others", "place": "Room 3"}
    )


def test_the_first_to_open_says_what_is_held(filled: Store, folder: Path):
    first = opened(filled, folder, "Mika")
    second = opened(filled, folder, "Ren", END + timedelta(hours=1))
    assert first == second
    assert (second.attendees, second.place, second.prepared_at) == ("Mika and others", "Room 3", END)
    assert states(filled) == [("Mika", "open")]
    with filled.read() as db:
        rows = db.rows("SELECT id, state, since, until, attendees, place, changed_by FROM v_reviews")
    since, until = (each.replace(tzinfo=None) for each in (WINDOW.start, WINDOW.end))
    assert rows == [(ID, "open", since, until, "Mika and others", "Room 3", "Mika")]


def test_data_that_is_corrected_later_is_told_and_changes_nothing_frozen(filled: Store, folder: Path):
    opened(filled, folder, "Mika")
    review = close(filled, config(folder), SERVICE, ID, "Mika", LATER)
    before = (folder / "reviews" / f"{ID}.json").read_bytes()
    assert review.headline
    with filled.read() as db:
        lines = watched(db, "jobs", {})
    assert corrected(filled, SERVICE, lines, review) == {}
    changed = review.headline[0]
    assert changed.value is not None
    component, part, name = changed.address.split("/")
    (series,) = [
        each for each in lines_of(3, 3_600) if (each.component, each.part, each.indicator) == (component, part, name)
    ]
    ts = times(3, 3_600)
    week = ts >= np.datetime64(WINDOW.start.replace(tzinfo=None), "us")
    run = write.begin_run(filled, "collect", "test")
    write.batches(filled, run, [Points(series, ts[week], np.full(int(week.sum()), 77.0))])
    write.end_run(filled, run, "done")
    found = corrected(filled, SERVICE, lines, review)
    assert found == {changed: pytest.approx(77.0)}
    assert correction_sentence(changed, found[changed]) == f"was {changed.value:.1f} %, now 77 %"
    assert (folder / "reviews" / f"{ID}.json").read_bytes() == before
    assert json.loads(before)["headline"][0]["value"] == changed.value


def test_another_source_that_begins_later_corrects_nothing(filled: Store, folder: Path):
    """The pages show its line from then on; what the review saw of the former is not gone."""
    opened(filled, folder, "Mika")
    review = close(filled, config(folder), SERVICE, ID, "Mika", LATER)
    component, part, name = review.headline[0].address.split("/")
    former = next(
        each for each in lines_of(3, 3_600) if (each.component, each.part, each.indicator) == (component, part, name)
    )
    ts = np.datetime64(END.replace(tzinfo=None), "us") + np.arange(48) * np.timedelta64(1, "h")
    run = write.begin_run(filled, "collect", "test")
    write.batches(filled, run, [Points(replace(former, source="other"), ts, np.full(48, 50.0))])
    write.end_run(filled, run, "done")
    with filled.read() as db:
        lines = watched(db, "jobs", {"cloudwatch": "of no rank"})
    assert [each.source for each in lines if each.address == review.headline[0].address] == ["other"]
    assert corrected(filled, SERVICE, lines, review) == {}
