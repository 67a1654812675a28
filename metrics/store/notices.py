"""Which messages went out, so that none goes out twice."""

from __future__ import annotations

from datetime import UTC, datetime

from metrics.store.database import Store
from metrics.store.shared import Reader
from metrics.store.times import naive

__all__ = ["add", "latest"]


def add(store: Store, service: str, subject: str, at: datetime) -> None:
    with store.write() as connection:
        connection.execute("INSERT INTO notices VALUES ($1, $2, $3)", [service, subject, naive(at)])


def latest(db: Reader, service: str) -> dict[str, datetime]:
    """When each subject was last told of."""
    rows = db.rows(
        "SELECT subject, max(sent_at) FROM notices WHERE service = $service GROUP BY 1", {"service": service}
    )
    return {subject: at.replace(tzinfo=UTC) for subject, at in rows}
