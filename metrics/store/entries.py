"""What people say: words that are added and never changed. Of one subject the newest word holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from metrics.model import Entry, EntryKind
from metrics.store.database import Store
from metrics.store.shared import Reader

__all__ = ["add", "history", "latest"]


def add(store: Store, entry: Entry) -> None:
    """Keep one more word."""
    said = None if entry.said is None else json.dumps(dict(entry.said), ensure_ascii=False)
    with store.write() as connection:
        # A clock that was put back, or one microsecond for two, must not let an older word win.
        connection.execute(
            """INSERT INTO entries
            SELECT greatest($at, max(said_at) + INTERVAL 1 MICROSECOND), $author, $kind, $service, $subject, $said
            FROM entries WHERE kind = $kind AND service = $service AND subject = $subject""",
            {
                "at": entry.at.astimezone(UTC).replace(tzinfo=None),
                "author": entry.author,
                "kind": entry.kind,
                "service": entry.service,
                "subject": entry.subject,
                "said": said,
            },
        )


def latest(db: Reader, kind: EntryKind, service: str | None = None) -> tuple[Entry, ...]:
    """The word that holds for each subject; what was taken back is not among them."""
    rows = db.rows(
        """SELECT said_at, author, kind, service, subject, said
        FROM (FROM entries WHERE kind = $kind AND ($service IS NULL OR service = $service)
              QUALIFY row_number() OVER (PARTITION BY service, subject ORDER BY said_at DESC) = 1)
        WHERE said IS NOT NULL
        ORDER BY service, subject""",
        {"kind": kind, "service": service},
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


def _entry(at: datetime, author: str, kind: EntryKind, service: str, subject: str, said: str | None) -> Entry:
    return Entry(at.replace(tzinfo=UTC), author, kind, service, subject, None if said is None else json.loads(said))
