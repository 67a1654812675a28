"""The questions that pages and documents ask, one function each.

Every function takes the Reader first, so that several questions see one state. Frames have times as
datetime64[us, UTC] and None for an absent part.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from metrics.model import Window
from metrics.store.batches import batch_reach, batch_rows, batch_runs
from metrics.store.database import Store
from metrics.store.figures import buckets, last, p95, period, samples, totals
from metrics.store.runs import is_alive
from metrics.store.shared import Reader
from metrics.store.sql import sql
from metrics.store.times import between

__all__ = [
    "Reader",
    "Store",
    "batch_reach",
    "batch_rows",
    "batch_runs",
    "buckets",
    "coverage",
    "events",
    "last",
    "p95",
    "period",
    "refusals",
    "runs",
    "samples",
    "series",
    "snapshots",
    "sql",
    "stamp",
    "totals",
]


def stamp(db: Reader) -> str:
    """Changes whenever data are added, corrected or looked at, and not when somebody says something."""
    row = db.rows(
        """SELECT (SELECT (count(*), max(run_id), max(finished_at), sum(rows_written)) FROM runs),
                  (SELECT (count(*), max(ran_at)) FROM passes)"""
    )
    return str(row[0])


def series(db: Reader, service: str | None = None) -> pd.DataFrame:
    """Every series: series_id, its identity, unit, period_s, first_ts, last_ts and last_value."""
    frame = db.frame(
        """SELECT series_id, service, component, part, indicator, stat, unit, period_s, source,
                  first_ts, last_ts, last_value
        FROM series WHERE $service IS NULL OR service = $service
        ORDER BY service, component, indicator, part NULLS FIRST, source""",
        {"service": service},
    )
    return _tidy(frame, "first_ts", "last_ts")


def events(
    db: Reader, window: Window, kinds: Sequence[str] | None = None, service: str | None = None
) -> pd.DataFrame:
    """Events that overlap the window, oldest first; one that has not ended overlaps from its start on."""
    frame = db.frame(
        """SELECT service, component, kind, id, started_at, ended_at, status, title, url, attrs, source, observed_at
        FROM events
        WHERE started_at < $until AND (started_at >= $since OR coalesce(ended_at, $until) > $since)
          AND ($kinds IS NULL OR list_contains($kinds, kind)) AND ($service IS NULL OR service = $service)
        ORDER BY started_at, kind, id""",
        {**between(window), "kinds": list(kinds) if kinds is not None else None, "service": service},
    )
    frame["attrs"] = [json.loads(text) for text in frame["attrs"]]
    return _tidy(frame, "started_at", "ended_at", "observed_at")


def coverage(db: Reader, window: Window | None = None, service: str | None = None) -> pd.DataFrame:
    """How each question ended, as a timeline for each series, within the window or for all time."""
    edges = between(window) if window else {"since": None, "until": None}
    frame = db.frame(
        """SELECT service, component, part, indicator, source, window_start, window_end, state, detail,
                  retryable, observed_at
        FROM coverage
        WHERE ($since IS NULL OR window_end > $since) AND ($until IS NULL OR window_start < $until)
          AND ($service IS NULL OR service = $service)
        ORDER BY service, component, indicator, part NULLS FIRST, source, window_start""",
        {**edges, "service": service},
    )
    return _tidy(frame, "window_start", "window_end", "observed_at")


def snapshots(db: Reader) -> pd.DataFrame:
    """The latest snapshot of each (source, service, component, kind), its values as a dict."""
    frame = db.frame(
        """SELECT source, service, component, kind, taken_at, attrs FROM snapshots
        QUALIFY row_number() OVER (PARTITION BY source, service, component, kind ORDER BY taken_at DESC) = 1
        ORDER BY source, service, component, kind"""
    )
    frame["values"] = [json.loads(text) for text in frame.pop("attrs")]
    return _tidy(frame, "taken_at")


def runs(db: Reader, limit: int = 50) -> pd.DataFrame:
    """The newest runs. A run whose process is gone reads `unfinished`: run it again to complete it."""
    frame = db.frame(
        """SELECT run_id, verb, source, subject, started_at, finished_at, state, rows_written, rows_refused, detail,
                  owner
        FROM runs ORDER BY run_id DESC LIMIT $limit""",
        {"limit": limit},
    )
    owners = frame.pop("owner")
    frame["state"] = [
        "unfinished" if state == "running" and not is_alive(owner) else state
        for state, owner in zip(frame["state"], owners, strict=True)
    ]
    return _tidy(frame, "started_at", "finished_at")


def refusals(db: Reader, run_id: int | None = None) -> pd.DataFrame:
    """Rows that could not be taken, newest run first: run_id, file, line, reason, text."""
    return db.frame(
        """SELECT run_id, file, line, reason, text FROM refusals
        WHERE $run IS NULL OR run_id = $run ORDER BY run_id DESC, file, line LIMIT 1000""",
        {"run": run_id},
    )


def _tidy(frame: pd.DataFrame, *times: str) -> pd.DataFrame:
    for column in times:
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    if "part" in frame:
        frame["part"] = frame["part"].astype(object).where(frame["part"].notna(), None)
    return frame
