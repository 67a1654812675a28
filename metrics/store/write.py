"""Writing what sources yield: at least once on the wire, counted once in the store.

Every kind of batch has a key and replaces what the store holds under it. Batches are gathered and written in
short leases, so that readers and other writers get their turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from metrics.model import Coverage, Event, Points, Series, Snapshot
from metrics.store import coverage as timeline
from metrics.store import samples
from metrics.store.database import Store
from metrics.store.runs import RunState, begin_run, end_run, refuse
from metrics.store.times import naive

__all__ = [
    "Batch",
    "Pace",
    "RunState",
    "batches",
    "begin_run",
    "end_run",
    "forget_source",
    "refuse",
    "series_ids",
]

Batch = Points | Event | Snapshot | Coverage
# Gather about this many small rows (events, coverage) before a lease is worth its cost.
SMALL_ROWS = 2_000
# A half year of this many series at 5 minutes, a million samples, goes in a tenth of a second.
FORGOTTEN_AT_ONCE = 20
_EARLIEST, _LATEST = np.datetime64(samples.EARLIEST), np.datetime64(samples.LATEST)


@dataclass(slots=True)
class Pace:
    """How many samples fit into one lease: grown and shrunk to hold it about 0.3 s."""

    rows: int = 50_000
    aim_s: float = 0.3
    smallest: int = 5_000
    largest: int = 600_000

    def adapt(self, rows: int, held_s: float) -> None:
        if held_s > self.aim_s:
            self.rows = max(int(self.rows * self.aim_s / held_s), self.smallest)
        elif rows > self.rows // 2:
            self.rows = min(int(self.rows * min(self.aim_s / held_s, 2.0)), self.largest)


@dataclass(slots=True)
class _Gathered:
    points: list[Points] = field(default_factory=list)
    others: list[Event | Snapshot | Coverage] = field(default_factory=list)
    n_points: int = 0

    def add(self, batch: Batch) -> None:
        if isinstance(batch, Points):
            self.points.append(batch)
            self.n_points += len(batch.ts)
        else:
            self.others.append(batch)


def batches(store: Store, run_id: int, stream: Iterable[Batch]) -> int:
    """Write a stream of batches; returns the samples and events that were new or changed.

    What this returns for is committed. Coverage is written after the samples it speaks of.
    """
    pace, ids, written = Pace(), dict[Series, int](), 0
    gathered = _Gathered()
    for batch in stream:
        gathered.add(batch)
        if gathered.n_points >= pace.rows or len(gathered.others) >= SMALL_ROWS:
            written += _flush(store, run_id, gathered, pace, ids)
            gathered = _Gathered()
    return written + _flush(store, run_id, gathered, pace, ids)


def forget_source(store: Store, source: str) -> None:
    """Take away everything that one source brought, in short leases; run again, it completes one that was cut.

    The space comes back with the next re-sort.
    """
    while _forget_some(store, source):
        pass
    with store.write() as connection:
        for table in ("events", "snapshots", "coverage"):
            connection.execute(f"DELETE FROM {table} WHERE source = $1", [source])
        connection.execute(
            "DELETE FROM refusals WHERE run_id IN (SELECT run_id FROM runs WHERE source = $1)", [source]
        )
        connection.execute("DELETE FROM runs WHERE source = $1", [source])
        connection.execute("UPDATE layout SET sorted_rows = 0, total_rows = (SELECT count(*) FROM samples)")


def _forget_some(store: Store, source: str) -> bool:
    """Take away a few series of a source; False when there are none left."""
    with store.write() as connection:
        rows = connection.execute(
            "SELECT series_id FROM series WHERE source = $1 ORDER BY series_id LIMIT $2", [source, FORGOTTEN_AT_ONCE]
        ).fetchall()
        if not rows:
            return False
        mine = f"series_id IN ({', '.join(str(number) for (number,) in rows)})"
        for table in ("samples", "hourly", "daily", "sketch", "series"):
            connection.execute(f"DELETE FROM {table} WHERE {mine}")
    return True


def samples_chunk(
    store: Store, run_id: int, chunk: pd.DataFrame, pace: Pace, others: Sequence[Event | Snapshot | Coverage] = ()
) -> int:
    """Write (series_id, ts, value; each key once) and what is said of them in one lease; returns what was new."""
    with store.write(on_release=lambda held_s: pace.adapt(len(chunk), held_s)) as connection:
        written = samples.put(connection, chunk, run_id) + _put_others(connection, others, run_id)
        _count(connection, run_id, written)
    return written


def settle_periods(store: Store, wanted: Sequence[Series]) -> list[Series]:
    """The wanted series, each with the period that the store knows it by.

    A step inferred from a part of a file must not make a second series of the first.
    """
    with store.read() as db:
        known = _numbered(db.rows(_SERIES))
    by_rest = {replace(series, period_s=0): series for series in reversed(known)}
    settled = []
    for series in wanted:
        # One that is new stands for what follows: a file may call an indicator by two of its names.
        rest = replace(series, period_s=0)
        settled.append(series if series in known else by_rest.setdefault(rest, series))
    return settled


def series_ids(store: Store, wanted: Iterable[Series], ids: dict[Series, int]) -> None:
    """Add the ids of the wanted series to `ids`, registering those the store has not met."""
    missing = [series for series in dict.fromkeys(wanted) if series not in ids]
    if missing and store.exists():  # mostly they are known, and readers don't queue
        with store.read() as db:
            ids.update(_numbered(db.rows(_SERIES)))
    missing = [series for series in missing if series not in ids]
    if missing:
        with store.write() as connection:
            known = _numbered(connection.execute(_SERIES).fetchall())
            fresh = [series for series in missing if series not in known]
            known |= {series: number for number, series in enumerate(fresh, max(known.values(), default=0) + 1)}
            if fresh:
                _insert(connection, "series", [_series_row(series, known[series]) for series in fresh])
        ids.update({series: known[series] for series in missing})


def _numbered(rows: Iterable[tuple[Any, ...]]) -> dict[Series, int]:
    return {Series(*row[1:]): int(row[0]) for row in rows}


_SERIES = "SELECT series_id, service, component, indicator, stat, unit, period_s, source, part FROM series"


def _series_row(series: Series, number: int) -> list[object]:
    s = series
    key = [number, s.service, s.component, s.part, s.indicator, s.stat, s.unit, s.period_s, s.source]
    return [*key, None, None, None]


def _flush(store: Store, run_id: int, gathered: _Gathered, pace: Pace, ids: dict[Series, int]) -> int:
    if not gathered.points and not gathered.others:
        return 0
    series_ids(store, (points.series for points in gathered.points), ids)
    incoming = _incoming(gathered.points, ids)
    written, done = 0, 0
    while done + pace.rows < len(incoming):
        chunk = incoming.iloc[done : done + pace.rows]
        done += len(chunk)
        written += samples_chunk(store, run_id, chunk, pace)
    return written + samples_chunk(store, run_id, incoming.iloc[done:], pace, gathered.others)


def _count(connection: duckdb.DuckDBPyConnection, run_id: int, rows: int) -> None:
    connection.execute("UPDATE runs SET rows_written = rows_written + $1 WHERE run_id = $2", [rows, run_id])


def _incoming(batch: Sequence[Points], ids: dict[Series, int]) -> pd.DataFrame:
    """The samples of several series as (series_id, ts, value), in order, each key once: the last one given."""
    if not batch:
        return pd.DataFrame({"series_id": [], "ts": [], "value": []})
    for points in batch:
        if not (np.abs(points.values) <= samples.LARGEST).all():
            raise ValueError(f"a source must not yield NaN or infinity: {points.series}")
        if not ((points.ts >= _EARLIEST) & (points.ts < _LATEST)).all():
            raise ValueError(
                f"a source must yield times from {samples.EARLIEST:%Y} to {samples.LATEST:%Y}: {points.series}"
            )
    frame = pd.DataFrame(
        {
            "series_id": np.repeat(
                np.array([ids[points.series] for points in batch], dtype=np.int32), [len(p.ts) for p in batch]
            ),
            "ts": np.concatenate([points.ts.astype("datetime64[us]") for points in batch]),
            "value": np.concatenate([points.values.astype(np.float64) for points in batch]),
        }
    )
    return frame.drop_duplicates(["series_id", "ts"], keep="last").sort_values(["series_id", "ts"])


def _put_others(
    connection: duckdb.DuckDBPyConnection, others: Sequence[Event | Snapshot | Coverage], run_id: int
) -> int:
    events = [other for other in others if isinstance(other, Event)]
    snapshots = [other for other in others if isinstance(other, Snapshot)]
    answers = [other for other in others if isinstance(other, Coverage)]
    written = _put_events(connection, events, run_id)
    if snapshots:
        _put_snapshots(connection, snapshots, run_id)
    if answers:
        _put_coverage(connection, answers, run_id)
    return written


def _put_events(connection: duckdb.DuckDBPyConnection, events: Sequence[Event], run_id: int) -> int:
    if not events:
        return 0
    _stage(connection, "events", [_event_row(event, run_id) for event in events])
    # Before comparing with the store: of a file that holds a key twice the later row counts, however often it comes.
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE latest_events AS FROM staged_events
        QUALIFY row_number()
            OVER (PARTITION BY source, service, kind, id ORDER BY observed_at DESC, rowid DESC) = 1"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE fresh_events AS
        SELECT i.* FROM latest_events i LEFT JOIN events e USING (source, service, kind, id)
        WHERE e.id IS NULL OR (i.observed_at >= e.observed_at
          AND (e.component, e.started_at, e.ended_at, e.status, e.title, e.url, e.attrs)
              IS DISTINCT FROM (i.component, i.started_at, i.ended_at, i.status, i.title, i.url, i.attrs))"""
    )
    connection.execute(
        """DELETE FROM events USING fresh_events f WHERE events.source = f.source AND events.service = f.service
        AND events.kind = f.kind AND events.id = f.id"""
    )
    connection.execute("INSERT INTO events SELECT * FROM fresh_events ORDER BY started_at")
    return int(connection.execute("SELECT count(*) FROM fresh_events").fetchall()[0][0])


def _event_row(event: Event, run_id: int) -> list[object]:
    attrs = json.dumps(dict(event.attrs), ensure_ascii=False, sort_keys=True)
    when = [naive(event.started_at), event.ended_at and naive(event.ended_at)]
    said = [event.status, event.title, event.url, attrs]
    return [event.service, event.component, event.kind, event.id, *when, *said, event.source,
            naive(event.observed_at), run_id]  # fmt: skip


def _put_snapshots(connection: duckdb.DuckDBPyConnection, snapshots: Sequence[Snapshot], run_id: int) -> None:
    latest = {(s.source, s.service, s.component, s.kind, s.taken_at): s for s in snapshots}
    rows = [
        [s.service, s.component, s.kind, naive(s.taken_at), s.source,
         json.dumps(dict(s.values), ensure_ascii=False, sort_keys=True), run_id]
        for s in latest.values()
    ]  # fmt: skip
    _stage(connection, "snapshots", rows)
    connection.execute(
        """DELETE FROM snapshots USING staged_snapshots i WHERE snapshots.source = i.source
        AND snapshots.service = i.service AND snapshots.component = i.component
        AND snapshots.kind = i.kind AND snapshots.taken_at = i.taken_at"""
    )
    connection.execute("INSERT INTO snapshots SELECT * FROM staged_snapshots ORDER BY taken_at")


def _put_coverage(connection: duckdb.DuckDBPyConnection, answers: Sequence[Coverage], run_id: int) -> None:
    """Timelines are short, so they are merged here and written back whole."""
    lines: dict[tuple[str | None, ...], list[timeline.Answer]] = {}
    sources = list({answer.source for answer in answers})
    for row in connection.execute("SELECT * FROM coverage WHERE list_contains($1, source)", [sources]).fetchall():
        lines.setdefault(row[:5], []).append(timeline.Answer(*row[5:]))
    now, touched = datetime.now(UTC).replace(tzinfo=None), set()
    for answer in answers:
        key = (answer.service, answer.component, answer.part, answer.indicator, answer.source)
        touched.add(key)
        lines[key] = timeline.merge(lines.get(key, []), timeline.Answer.of(answer, now, run_id))
    rows = [
        [*key, a.start, a.end, a.state, a.detail, a.retryable, a.observed_at, a.run_id]
        for key in sorted(touched, key=str)
        for a in lines[key]
    ]
    _stage(connection, "coverage", rows)
    connection.execute(
        """DELETE FROM coverage WHERE (service, component, coalesce(part, ''), indicator, source) IN
        (SELECT (service, component, coalesce(part, ''), indicator, source) FROM staged_coverage)"""
    )
    connection.execute("INSERT INTO coverage SELECT * FROM staged_coverage")


def _stage(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE staged_{table} AS SELECT * FROM {table} LIMIT 0")
    _insert(connection, f"staged_{table}", rows)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert rows as one columnar frame: thousands of single inserts would take seconds."""
    columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    frame = pd.DataFrame([list(row) for row in rows], columns=columns, dtype=object)
    connection.register("rows_to_insert", frame)
    connection.execute(f"INSERT INTO {table} SELECT * FROM rows_to_insert")
    connection.unregister("rows_to_insert")
