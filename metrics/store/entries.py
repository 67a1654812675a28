"""What people say: words that are added and never changed. Of one subject the newest word holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import duckdb

from metrics.model import Entry, EntryKind
from metrics.store.database import Store
from metrics.store.shared import Reader
from metrics.store.times import naive

__all__ = ["add", "answer", "begun", "conclude", "forget", "history", "latest", "latest_of", "since", "stamp"]

# So many words are kept in memory: three years of weekly reviews are half of it.
KNOWN: Final = 32_768


def add(store: Store, *words: Entry) -> None:
    """Keep some more words, all of them or none."""
    with store.write() as connection:
        for word in words:
            _insert(connection, word)


def answer(
    store: Store, word: Entry, seen: datetime | None, still: Callable[[Entry], None] | None = None
) -> Entry | None:
    """Keep a word if nothing was said of its subject since `seen`, the time of the word that its author knows of.

    Returns None once it is kept; else what somebody else said meanwhile, and nothing is kept: the last to write must
    not win without having read the other's. `still` is asked while nobody else can speak, and nothing is kept if it
    raises.
    """
    with store.write() as connection:
        if still is not None:
            still(word)
        row = connection.execute(
            """SELECT said_at, author, kind, service, subject, said FROM entries
            WHERE kind = $kind AND service = $service AND subject = $subject ORDER BY said_at DESC LIMIT 1""",
            {"kind": word.kind, "service": word.service, "subject": word.subject},
        ).fetchone()
        newest = _entry(*row) if row else None
        # What was taken back stands in nobody's way.
        if newest is not None and newest.said is not None and newest.at != seen:
            return newest
        _insert(connection, word)
        return None


def conclude(store: Store, word: Entry, seen: str, before: Callable[[], None]) -> bool:
    """Keep a word that sums up all that was said of its service; False where more was said since the stamp `seen`.

    `before` is done while nobody can speak, and nothing is kept if it raises.
    """
    with store.write() as connection:
        if stamp(Reader(connection), word.service) != seen:
            return False
        before()
        _insert(connection, word)
        return True


def _insert(connection: duckdb.DuckDBPyConnection, word: Entry) -> None:
    said = None if word.said is None else json.dumps(dict(word.said), ensure_ascii=False)
    # A clock that was put back, or one microsecond for two, must not let an older word win.
    connection.execute(
        """INSERT INTO entries
        SELECT greatest($at, max(said_at) + INTERVAL 1 MICROSECOND), $author, $kind, $service, $subject, $said
        FROM entries WHERE kind = $kind AND service = $service AND subject = $subject""",
        {
            "at": naive(word.at),
            "author": word.author,
            "kind": word.kind,
            "service": word.service,
            "subject": word.subject,
            "said": said,
        },
    )


def stamp(db: Reader, service: str) -> str:
    """Changes with each word that is said of a service."""
    return str(db.rows("SELECT count(*), max(said_at) FROM entries WHERE service = $1", [service])[0])


def latest(db: Reader, kind: EntryKind, service: str | None = None, about: str = "") -> tuple[Entry, ...]:
    """The word that holds for each subject that begins so; what was taken back is not among them."""
    return latest_of(db, (kind,), service, about)


def latest_of(
    db: Reader, kinds: Sequence[EntryKind], service: str | None = None, about: str = ""
) -> tuple[Entry, ...]:
    """The same of several kinds, in one look at the store."""
    rows = db.rows(
        """SELECT said_at, author, kind, service, subject, said
        FROM (FROM entries
              WHERE list_contains($kinds, kind) AND ($service IS NULL OR service = $service)
                AND starts_with(subject, $about)
              QUALIFY row_number() OVER (PARTITION BY kind, service, subject ORDER BY said_at DESC) = 1)
        WHERE said IS NOT NULL
        ORDER BY kind, service, subject""",
        {"kinds": list(kinds), "service": service, "about": about},
    )
    return tuple(_entry(*row) for row in rows)


def history(db: Reader, kind: EntryKind, service: str, subject: str) -> tuple[Entry, ...]:
    """Everything that was said of one subject, oldest first."""
    rows = db.rows(
        """SELECT said_at, author, kind, service, subject, said FROM entries
        WHERE kind = $kind AND service = $service AND subject = $subject ORDER BY said_at""",
        {"kind": kind, "service": service, "subject": subject},
    )
    return tuple(_entry(*row) for row in rows)


def since(db: Reader, kind: EntryKind, service: str, start: datetime) -> tuple[Entry, ...]:
    """Everything of a kind that was said from then on, oldest first."""
    rows = db.rows(
        """SELECT said_at, author, kind, service, subject, said FROM entries
        WHERE kind = $kind AND service = $service AND said_at >= $start ORDER BY said_at""",
        {"kind": kind, "service": service, "start": naive(start)},
    )
    return tuple(_entry(*row) for row in rows)


def begun(db: Reader, kind: EntryKind, service: str) -> dict[str, datetime]:
    """By subject, when the first word of it was said."""
    rows = db.rows(
        "SELECT subject, min(said_at) FROM entries WHERE kind = $1 AND service = $2 GROUP BY subject", [kind, service]
    )
    return {str(subject): at.replace(tzinfo=UTC) for subject, at in rows}


def forget(store: Store, service: str, authors: Sequence[str]) -> None:
    """Take away all that these authors said of a service: the demo's own words go with the demo."""
    with store.write() as connection:
        connection.execute(
            "DELETE FROM entries WHERE service = $1 AND list_contains($2, author)", [service, list(authors)]
        )


@lru_cache(maxsize=KNOWN)
def _entry(at: datetime, author: str, kind: EntryKind, service: str, subject: str, said: str | None) -> Entry:
    """Once for each word, since none ever changes: every click asks for all that hold."""
    return Entry(at.replace(tzinfo=UTC), author, kind, service, subject, None if said is None else json.loads(said))
