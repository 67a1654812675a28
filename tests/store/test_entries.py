"""What people say is kept: the newest word holds, nothing is lost, and a backup carries all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pytest

from metrics.model import Entry
from metrics.store import Store, archive, entries, migrate
from tests.store.workers import context

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
EACH = 25


def word(deployment: str | None, *, minutes: int = 0, subject: str = "incident/1", service: str = "shop") -> Entry:
    said = None if deployment is None else {"deployment": deployment, "cause": None}
    return Entry(AT + timedelta(minutes=minutes), "Mika", "cause", service, subject, said)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "t.duckdb")


def test_the_newest_word_of_each_subject_holds(store: Store):
    said = [word("a"), word("b", minutes=5), word("c", subject="deployment/7"), word("d", service="bank")]
    for each in said:
        entries.add(store, each)
    with store.read() as db:
        assert entries.latest(db, "cause", "shop") == (said[2], said[1])
        assert entries.latest(db, "cause") == (said[3], said[2], said[1])
        assert entries.history(db, "cause", "shop", "incident/1") == (said[0], said[1])


def test_a_word_taken_back_stays_in_the_history(store: Store):
    for each in (word("a"), word(None, minutes=1)):
        entries.add(store, each)
    with store.read() as db:
        assert entries.latest(db, "cause", "shop") == ()
        assert [each.said is None for each in entries.history(db, "cause", "shop", "incident/1")] == [False, True]


def test_a_clock_that_was_put_back_lets_no_older_word_win(store: Store):
    entries.add(store, word("a", minutes=10))
    entries.add(store, word("b"))
    entries.add(store, word("c"))
    with store.read() as db:
        (held,) = entries.latest(db, "cause", "shop")
    assert held.said == {"deployment": "c", "cause": None}


def test_a_restored_backup_has_every_word(store: Store, tmp_path: Path):
    for each in (word("a"), word(None, minutes=1), word("Ωß 'x'", minutes=2)):
        entries.add(store, each)
    archive.backup(store, tmp_path / "backup")
    restored = Store(tmp_path / "other" / "t.duckdb")
    archive.restore(restored, tmp_path / "backup")
    with store.read() as one, restored.read() as other:
        asked = ("cause", "shop", "incident/1")
        assert entries.history(other, *asked) == entries.history(one, *asked) != ()


def test_a_store_of_the_first_version_gets_the_table(store: Store):
    first = migrate.steps()[0]
    store.path.parent.mkdir()
    with duckdb.connect(store.path) as old:
        old.execute(migrate._TABLE)
        migrate._apply(old, [first])
    entries.add(store, word("a"))
    with store.read() as db:
        assert len(entries.latest(db, "cause")) == 1
    assert store.path.with_name("t.duckdb.schema-1").exists()


def test_two_processes_that_speak_at_once_lose_nothing(store: Store):
    entries.add(store, word("first"))
    pipes = [context.Pipe() for _ in range(2)]
    speakers = [
        context.Process(target=speak, args=(store.path, name, theirs))
        for name, (_, theirs) in zip("ab", pipes, strict=True)
    ]
    for speaker in speakers:
        speaker.start()
    for mine, _ in pipes:
        mine.send("go")
    for speaker in speakers:
        speaker.join(60)
    with store.read() as db:
        told = entries.history(db, "cause", "shop", "incident/1")
    assert len({each.at for each in told}) == len(told) == 1 + 2 * EACH
    assert {str((each.said or {})["deployment"]) for each in told[1:]} == {
        f"{n}{i}" for n in "ab" for i in range(EACH)
    }


def speak(path: Path, name: str, told: Connection) -> None:
    """Somebody who judges the same incident again and again, all within the same minute."""
    told.recv()
    for number in range(EACH):
        entries.add(Store(path), word(f"{name}{number}"))


def test_the_last_to_write_does_not_win_without_having_read_the_others_word(store: Store):
    first, second = word("a"), word("b", minutes=1)
    assert entries.answer(store, first, None) is None
    rival = entries.answer(store, second, None)  # who wrote it has not seen the first one
    assert rival == first
    with store.read() as db:
        assert entries.history(db, "cause", "shop", "incident/1") == (first,)
    assert entries.answer(store, second, rival.at) is None
    with store.read() as db:
        assert entries.latest(db, "cause", "shop") == (second,)


def test_several_words_are_kept_together(store: Store):
    entries.add(store, word("a"), word("b", subject="deployment/7"))
    with store.read() as db:
        before = entries.stamp(db, "shop")
        assert [each.subject for each in entries.latest(db, "cause", "shop", "incident/")] == ["incident/1"]
    entries.add(store, word("c", minutes=1))
    with store.read() as db:
        assert entries.stamp(db, "shop") != before


def test_only_the_named_authors_are_forgotten(store: Store):
    entries.add(store, word("a"), Entry(AT, "Ren", "cause", "shop", "incident/2", {"deployment": "a"}))
    entries.forget(store, "shop", ["Mika"])
    with store.read() as db:
        assert [each.author for each in entries.latest(db, "cause")] == ["Ren"]


def test_what_was_taken_back_stands_in_nobodys_way(store: Store):
    entries.add(store, word("a"), word(None, minutes=1))
    assert entries.answer(store, word("b", minutes=2), None) is None
