"""The questions behind the Batches page: which jobs ran, how long, over how much, and by when they had to be done.

What the figures need of the attrs is picked out of the JSON here, in one pass, as in deliveries. Times are
datetime64[us, UTC]; a deadline without an offset is read as UTC, as everywhere in imports.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from metrics.model import Window
from metrics.store.shared import Reader
from metrics.store.times import between, naive, utc

__all__ = ["batch_reach", "batch_rows", "batch_runs"]

# A source's own words, made few. What has not ended is under way, whatever it calls that.
_OUTCOME = """CASE WHEN status IN ('failed', 'failure', 'errored', 'error') THEN 'failed'
         WHEN status IN ('aborted', 'cancelled') THEN 'aborted' WHEN status = 'missed' THEN 'missed'
         WHEN status IN ('succeeded', 'success') THEN 'succeeded'
         WHEN ended_at IS NULL OR status IN ('running', 'pending') THEN 'running' ELSE 'ended' END"""
# Without an offset it is UTC, whatever zone this machine is in; with one, another one after it is no time. What says
# its offset is taken first: a million casts that fail take longer than all else.
_DEADLINE = """coalesce(
         CASE WHEN ends_with(x[3], 'Z') OR (x[3][-3] = ':' AND x[3][-6] IN ('+', '-'))
              THEN try_cast(x[3] AS TIMESTAMPTZ) END,
         try_cast(x[3] || '+00:00' AS TIMESTAMPTZ), try_cast(x[3] || ' 00:00+00:00' AS TIMESTAMPTZ),
         try_cast(x[3] AS TIMESTAMPTZ)) AT TIME ZONE 'UTC'"""
_RUNS = f"""SELECT *, coalesce(nullif(x[1], ''), component, source) AS job, {_OUTCOME} AS outcome,
       try_cast(x[2] AS DOUBLE) AS rows, {_DEADLINE} AS deadline,
       try_cast(x[4] AS DOUBLE) AS attempt, x[5] AS reason
FROM (SELECT *, attrs ->> ['job', 'rows', 'deadline', 'attempt', 'reason'] AS x FROM events
      WHERE kind = 'batch_run' AND service = $service AND started_at < $until
        AND (started_at >= $since OR ended_at > $since OR {_OUTCOME} = 'running'))"""


def batch_runs(db: Reader, window: Window, service: str) -> pd.DataFrame:
    """Runs that touched the window, oldest first: whose, when, over how much, by when, and how it went.

    `outcome` is succeeded, failed, aborted, missed, running, or `ended` where the source says no more than that.
    """
    frame = db.frame(
        f"""SELECT coalesce(component, '')::VARCHAR AS component, job, started_at, ended_at, outcome, rows, deadline,
                  attempt
        FROM ({_RUNS}) ORDER BY started_at""",
        between(window) | {"service": service},
    )
    return utc(frame, "started_at", "ended_at", "deadline")


def batch_rows(db: Reader, window: Window, service: str, component: str, job: str) -> pd.DataFrame:
    """Each run of one job in full, oldest first: its id, its source's own status and reason, and its link too."""
    frame = db.frame(
        f"""SELECT id, started_at, ended_at, status, rows, deadline, attempt, reason, url, source
        FROM ({_RUNS}) WHERE coalesce(component, '') = $component AND job = $job ORDER BY started_at, id""",
        between(window) | {"service": service, "component": component, "job": job},
    )
    return utc(frame, "started_at", "ended_at", "deadline")


def batch_reach(db: Reader, service: str, until: datetime) -> datetime | None:
    """How far the runs of any job are known, up to then; None where there are none. The newest run lies before it."""
    rows = db.rows(
        """SELECT max(greatest(started_at + INTERVAL 1 SECOND, least(coalesce(ended_at, started_at), $until)))
        FROM events WHERE kind = 'batch_run' AND service = $service AND started_at <= $until""",
        {"service": service, "until": naive(until)},
    )
    newest: datetime | None = rows[0][0]
    return None if newest is None else newest.replace(tzinfo=UTC)
