"""A review by hand, with a topic of each kind, and what was said of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from metrics.meeting.shelf import Shelf
from metrics.model import Entry
from metrics.review.minutes import Decision, Figure, Review, Section, Topic
from metrics.store import Store, entries

__all__ = ["AT", "ID", "decided_review", "disposition", "held_review", "review", "say"]

AT = datetime(2026, 10, 26, 5, tzinfo=UTC)
ID = "2026-10-26"
WEEK = timedelta(weeks=1)


def figure(
    address: str = "db/a/system.cpu.utilization", value: float | None = 54.0, before: float | None = 50.0
) -> Figure:
    return Figure(address, "%", AT - WEEK, AT, value, before)


def review(*, decisions: tuple[Decision, ...] = ()) -> Review:
    """Two things that moved and one alert rule, of the service of tests/trends/made.py."""
    curve = tuple((AT - timedelta(hours=6 * n), 50.0 + n % 5) for n in range(40, 0, -1))
    moved = (
        Topic("finding/f1", "moved", "db CPU +4 points since Mon 19 Oct", ("infra",), "new", ("It rose by day.",),
              ("access: /export", "batch: nightly"), (figure(),), curve, AT - timedelta(days=4)),
        Topic("finding/f2", "moved", "db memory rises by 2 points a week", ("infra", "dev"), "worse"),
    )  # fmt: skip
    alerts = (Topic("rule/db/cpu-high", "alerts", "cpu-high fired 7 times", suggested="remove"),)
    sections = (
        Section("verdicts", nothing="No verdict is due."),
        Section("moved", moved, more=3),
        Section("alerts", alerts),
    )
    return Review(
        ID, "jobs", "Jobs", "UTC", AT - WEEK, AT, AT + timedelta(minutes=5), (figure(), figure("web/gone.indicator", None)),
        sections, decisions, "Mika, Ren", "Room 3", {"dev": "Dev", "infra": "Infra"},
    )  # fmt: skip


def decided_review() -> Review:
    """The same with everything decided."""
    at = AT + timedelta(hours=1)
    return review(
        decisions=(
            Decision("finding/f1", "explained", "Ren", at, "access: /export", "as in <spring>"),
            Decision("finding/f2", "investigate", "Mika", at, owner="Infra", due=date(2026, 11, 2)),
            Decision("rule/db/cpu-high", "remove", "Ren", at, "nobody | acts"),
        )
    )


def held_review(folder: Path) -> Store:
    """The review opened in a folder, and a store that holds no word yet."""
    store = Store(folder / "tomoni.duckdb")
    with store.write():
        pass
    Shelf(folder, "jobs").open(review())
    return store


def disposition(
    subject: str, outcome: str = "explained", who: str = "Ren", because: str = "access: /export"
) -> Entry:
    said = {"outcome": outcome, "because": because, "note": None, "owner": None, "due": None}
    return Entry(AT + timedelta(hours=1), who, "disposition", "jobs", f"{ID}/{subject}", said)


def say(store: Store, *words: Entry) -> None:
    entries.add(store, *words)
