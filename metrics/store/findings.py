"""What the trend alerts saw: each finding as it stood at each pass, every jump, and where the detectors stand.

A pass replaces the passes of the same day before it, so a history has one row a day and never two truths for one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd

from metrics.model import Finding, Window
from metrics.store.database import Store
from metrics.store.shared import Reader
from metrics.store.times import between, naive, utc

__all__ = [
    "Judged",
    "Pass",
    "ScorerState",
    "Spikes",
    "forget",
    "history",
    "known",
    "passes",
    "scorers",
    "spikes",
    "unended",
    "write",
    "write_spikes",
]

Address = tuple[str, str | None, str]
"""Component, part and indicator."""
_KEY = ("component", "part", "indicator")


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with what was made of it."""

    finding: Finding
    severity: str
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Spikes:
    """New jumps as a frame: component, part, indicator, since, until, peak_at, usual, reached, certainty.

    They replace what is kept of their lines from `since` on, since the last one may have gone on.
    """

    rows: pd.DataFrame
    since: Mapping[Address, datetime]


@dataclass(frozen=True, slots=True)
class ScorerState:
    address: Address
    upto: datetime
    state: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """All that one look at a service's lines brought."""

    service: str
    as_of: datetime
    ran_at: datetime
    lines: int
    judged: tuple[Judged, ...]


def write(store: Store, made: Pass, day: Window) -> None:
    """Keep a pass in place of others of its day."""
    frame = pd.DataFrame([_row(made, each) for each in made.judged], columns=list(_COLUMNS), dtype=object)
    asked = {"service": made.service, **between(day)}
    with store.write() as connection:
        for table in ("findings", "passes"):
            connection.execute(
                f"DELETE FROM {table} WHERE service = $service AND as_of >= $since AND as_of < $until", asked
            )
        connection.execute(
            "INSERT INTO passes VALUES ($1, $2, $3, $4)",
            [made.service, naive(made.as_of), naive(made.ran_at), made.lines],
        )
        _insert(connection, frame, f"INSERT INTO findings SELECT {', '.join(_COLUMNS)} FROM fresh")


def write_spikes(store: Store, service: str, found: Spikes, states: Sequence[ScorerState]) -> None:
    """Keep new jumps and where each scorer stands, both or neither."""
    begun = pd.DataFrame(
        [(*address, naive(at)) for address, at in found.since.items()], columns=[*_KEY, "since"], dtype=object
    )
    kept = pd.DataFrame(
        [(service, *each.address, naive(each.upto), each.state) for each in states],
        columns=["service", *_KEY, "upto", "state"],
        dtype=object,
    )
    rows = found.rows.assign(service=service)
    same = " AND ".join(f"old.{name} IS NOT DISTINCT FROM fresh.{name}" for name in _KEY)
    with store.write() as connection:
        _insert(
            connection,
            begun,
            f"DELETE FROM spikes old USING fresh WHERE old.service = $1 AND {same} AND old.since >= fresh.since",
            [service],
        )
        columns = f"service, {', '.join(_KEY)}, since, until, peak_at, usual, reached, certainty"
        _insert(connection, rows, f"INSERT INTO spikes SELECT {columns} FROM fresh")
        _insert(connection, kept, f"DELETE FROM scorers old USING fresh WHERE old.service = fresh.service AND {same}")
        _insert(connection, kept, "INSERT INTO scorers SELECT * FROM fresh")


def forget(store: Store, service: str) -> None:
    """Everything that was seen of a service, as when its data goes away."""
    with store.write() as connection:
        for table in ("findings", "passes", "spikes", "scorers"):
            connection.execute(f"DELETE FROM {table} WHERE service = $1", [service])


def passes(db: Reader, service: str) -> tuple[datetime, ...]:
    """When the service's lines were looked at, oldest first."""
    rows = db.rows("SELECT as_of FROM passes WHERE service = $service ORDER BY as_of", {"service": service})
    return tuple(at.replace(tzinfo=UTC) for (at,) in rows)


def known(db: Reader, service: str, as_of: datetime) -> tuple[Judged, ...]:
    """Every finding as it stood at the newest pass up to then; one that is gone is told once."""
    rows = db.rows(
        f"""SELECT {_TOLD} FROM findings
        WHERE service = $service AND as_of = (
            SELECT max(as_of) FROM passes WHERE service = $service AND as_of <= $as_of)
        ORDER BY since, id""",
        {"service": service, "as_of": naive(as_of)},
    )
    return tuple(_judged(row) for row in rows)


def history(db: Reader, service: str, finding: str) -> tuple[tuple[datetime, Judged], ...]:
    """How one finding stood at each pass, oldest first."""
    rows = db.rows(
        f"SELECT {_TOLD}, as_of FROM findings WHERE service = $service AND id = $id ORDER BY as_of",
        {"service": service, "id": finding},
    )
    return tuple((_aware(row[-1]), _judged(row)) for row in rows)


def unended(db: Reader, service: str) -> dict[Address, tuple[datetime, float]]:
    """When each line's jump began that was going on when it was last looked at, and how certain it was."""
    rows = db.rows(
        "SELECT component, part, indicator, since, certainty FROM spikes WHERE service = $service AND until IS NULL",
        {"service": service},
    )
    return {(row[0], row[1], row[2]): (_aware(row[3]), float(row[4])) for row in rows}


def spikes(db: Reader, service: str, window: Window) -> pd.DataFrame:
    """Every jump that began in the window, as `Spikes.rows` has them, in order of line and time.

    One that goes on ends with the window here.
    """
    frame = db.frame(
        """SELECT component, part, indicator, since, coalesce(until, $until) AS until, peak_at, usual, reached,
                  certainty
        FROM spikes
        WHERE service = $service AND since >= $since AND since < $until
        ORDER BY component, part NULLS FIRST, indicator, since""",
        {"service": service, **between(window)},
    )
    frame["part"] = frame["part"].astype(object).where(frame["part"].notna(), None)
    return utc(frame, "since", "until", "peak_at")


def scorers(db: Reader, service: str) -> dict[Address, ScorerState]:
    """Where the spike detector stands on each line."""
    rows = db.rows(
        "SELECT component, part, indicator, upto, state FROM scorers WHERE service = $service", {"service": service}
    )
    return {
        (row[0], row[1], row[2]): ScorerState((row[0], row[1], row[2]), row[3].replace(tzinfo=UTC), bytes(row[4]))
        for row in rows
    }


_TOLD = """id, service, component, part, indicator, unit, kind, since, until, usual, reached, certainty, is_worse,
    first_seen, last_seen, gone_at, episodes, evidence, severity, sentence"""
_COLUMNS = (
    *("service", "id", "as_of", "component", "part", "indicator", "unit", "kind", "since", "until"),
    *("usual", "reached", "certainty", "is_worse", "first_seen", "last_seen", "gone_at", "severity", "sentence"),
    *("episodes", "evidence"),
)


def _insert(
    connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, sql: str, params: Sequence[object] = ()
) -> None:
    """One statement over `fresh`: a thousand single inserts would keep the lease for seconds."""
    if not len(frame):
        return
    connection.register("fresh", frame)
    connection.execute(sql, list(params))
    connection.unregister("fresh")


def _row(made: Pass, judged: Judged) -> tuple[object, ...]:
    f = judged.finding
    return (
        *(f.service, f.id, naive(made.as_of), f.component, f.part, f.indicator, f.unit, f.kind),
        *(naive(f.since), _or_none(f.until), f.before, f.after, f.certainty, f.is_worse),
        *(naive(f.first_seen), naive(f.last_seen), _or_none(f.gone_at), judged.severity, judged.sentence),
        json.dumps([[each.start.isoformat(), each.end.isoformat()] for each in f.episodes]),
        json.dumps(dict(f.evidence), ensure_ascii=False),
    )


def _judged(row: Sequence[Any]) -> Judged:
    finding = Finding(
        id=row[0],
        service=row[1],
        component=row[2],
        part=row[3],
        indicator=row[4],
        unit=row[5],
        kind=row[6],
        since=_aware(row[7]),
        until=_perhaps(row[8]),
        before=row[9],
        after=row[10],
        certainty=row[11],
        is_worse=row[12],
        first_seen=_aware(row[13]),
        last_seen=_aware(row[14]),
        gone_at=_perhaps(row[15]),
        episodes=tuple(Window(*map(datetime.fromisoformat, each)) for each in json.loads(row[16])),
        evidence=json.loads(row[17]),
    )
    return Judged(finding, row[18], row[19])


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def _perhaps(at: datetime | None) -> datetime | None:
    return None if at is None else _aware(at)


def _or_none(at: datetime | None) -> datetime | None:
    return None if at is None else naive(at)
