"""Runs: who wrote, when, and how it ended. A run that was cut stays visible until it is run again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import pandas as pd
import psutil

from metrics.store.database import Store

__all__ = ["RunState", "begin_run", "end_run", "is_alive", "refuse"]

RunState = Literal["done", "failed"]


def begin_run(store: Store, verb: str, source: str, subject: str = "") -> int:
    """A new run's id. `subject` names what it works on: an import's file."""
    with store.write() as connection:
        run_id = int(connection.execute("SELECT coalesce(max(run_id), 0) + 1 FROM runs").fetchall()[0][0])
        connection.execute(
            "INSERT INTO runs VALUES ($1, $2, $3, $4, $5, NULL, 'running', 0, 0, '', $6)",
            [run_id, verb, source, subject, _now(), _owner()],
        )
    return run_id


def end_run(store: Store, run_id: int, state: RunState, detail: str = "") -> None:
    """Close a run; one that is done also settles earlier runs of the same subject that were cut."""
    with store.write() as connection:
        connection.execute(
            "UPDATE runs SET finished_at = $1, state = $2, detail = $3 WHERE run_id = $4",
            [_now(), state, detail, run_id],
        )
        if state == "done":
            connection.execute(
                """UPDATE runs SET state = 'superseded'
                FROM (SELECT verb, source, subject FROM runs WHERE run_id = $1) me
                WHERE runs.state IN ('running', 'failed') AND runs.run_id < $1 AND runs.verb = me.verb
                  AND runs.source = me.source AND runs.subject = me.subject""",
                [run_id],
            )


def refuse(
    store: Store, run_id: int, file: str, rows: Sequence[tuple[int, str, str]], total: int | None = None
) -> int:
    """Record rows that could not be taken, as (line, reason, text); returns how many.

    `total` is given where not all of them are kept one by one.
    """
    refused = len(rows) if total is None else total
    if refused:
        kept = pd.DataFrame(
            [(run_id, file, line, reason, text[:200]) for line, reason, text in rows],
            columns=["run_id", "file", "line", "reason", "text"],
            dtype=object,
        )
        with store.write() as connection:
            # As one frame: ten thousand inserts would keep the lease for seconds.
            connection.register("refused_rows", kept)
            connection.execute("INSERT INTO refusals SELECT * FROM refused_rows")
            connection.unregister("refused_rows")
            connection.execute(
                "UPDATE runs SET rows_refused = rows_refused + $1 WHERE run_id = $2", [refused, run_id]
            )
    return refused


def is_alive(owner: str) -> bool:
    """Whether the process that began a run still runs; ids are reused, so its start must match too."""
    process_id, _, started = owner.partition("@")
    try:
        return f"{psutil.Process(int(process_id)).create_time():.0f}" == started
    except psutil.NoSuchProcess:
        return False


def _owner() -> str:
    return f"{os.getpid()}@{psutil.Process().create_time():.0f}"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
