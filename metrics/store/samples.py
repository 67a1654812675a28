"""Writing samples: delete by key, insert, and keep the roll-ups and the sketch right, in one transaction.

Never deletes a range, since a source may answer with a part of it. A value that the store holds already is left
alone, so collecting a window again costs little and keeps the time at which it was first seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pandas as pd

from metrics.store.sketch import bucket

__all__ = ["DAY_US", "EARLIEST", "HOUR_US", "LARGEST", "LATEST", "ROLLUP_COLUMNS", "put"]

# What can be a measurement. Outside these times roll-ups would need other arithmetic (hours before 1970 round the
# other way) and pandas has no nanoseconds; larger values overflow when they are added up or change their unit.
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - as stored
LARGEST = 1e250

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
HOUR = f"(epoch_us(ts) // {HOUR_US})::INTEGER"
DAY = f"(epoch_us(ts) // {DAY_US})::INTEGER"
# Sums of decimals end in noise (0.30000000000000004) that keeps them from packing; nine places drop it.
ROLLUP_COLUMNS = "count(*)::INTEGER AS n, round(sum(value), 9) AS sum, min(value) AS min, max(value) AS max"
_NEAR = "series_id BETWEEN $first AND $last AND ts >= $since AND ts < $until"


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The corner of the store that a batch touches: lets DuckDB skip the row groups outside it."""

    first: int
    last: int
    since: pd.Timestamp
    until: pd.Timestamp

    def params(self) -> dict[str, object]:
        return {"first": self.first, "last": self.last, "since": self.since, "until": self.until}


def put(connection: duckdb.DuckDBPyConnection, incoming: pd.DataFrame, run_id: int) -> int:
    """Write `incoming` (series_id, ts, value; unique by series_id and ts); returns how many were new or changed."""
    if incoming.empty:
        return 0
    bounds = _bounds(incoming)
    connection.register("incoming", incoming)
    new, corrected = _find_fresh(connection, bounds)
    if new + corrected:
        _layout(connection, new, corrected)
        _replace_samples(connection, run_id, corrected)
        _roll_up_hours(connection, bounds)
        _roll_up_days(connection)
        _merge_sketch(connection, bounds)
        _extend_series(connection)
    connection.unregister("incoming")
    return new + corrected


def _bounds(incoming: pd.DataFrame) -> _Bounds:
    ts = incoming["ts"]
    # Whole hours, since an hour's roll-up needs all its samples.
    return _Bounds(
        int(incoming["series_id"].min()),
        int(incoming["series_id"].max()),
        ts.min().floor("h"),
        ts.max().floor("h") + pd.Timedelta(hours=1),
    )


def _find_fresh(connection: duckdb.DuckDBPyConnection, bounds: _Bounds) -> tuple[int, int]:
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT i.series_id, i.ts, i.value, s.value AS old
        FROM incoming i
        LEFT JOIN (SELECT series_id, ts, value FROM samples WHERE {_NEAR}) s USING (series_id, ts)
        WHERE s.value IS NULL OR s.value <> i.value
        ORDER BY i.series_id, i.ts""",
        bounds.params(),
    )
    new, corrected = connection.execute("SELECT count(*) - count(old), count(old) FROM fresh").fetchall()[0]
    return int(new), int(corrected)


def _layout(connection: duckdb.DuckDBPyConnection, new: int, corrected: int) -> None:
    """Counts what stays in order: rows that all sort after the last one of a file in order."""
    connection.execute(
        """UPDATE layout SET
            sorted_rows = CASE WHEN $corrected = 0 AND sorted_rows = total_rows
                                AND (last_series IS NULL OR (f.series_id, f.ts) > (last_series, layout.last_ts))
                               THEN sorted_rows + $new ELSE greatest(sorted_rows - $corrected, 0) END,
            total_rows = total_rows + $new, last_series = l.series_id, last_ts = l.ts
        FROM (SELECT series_id, ts FROM fresh ORDER BY series_id, ts LIMIT 1) f,
             (SELECT series_id, ts FROM fresh ORDER BY series_id DESC, ts DESC LIMIT 1) l""",
        {"new": new, "corrected": corrected},
    )


def _replace_samples(connection: duckdb.DuckDBPyConnection, run_id: int, corrected: int) -> None:
    if corrected:
        connection.execute(
            """DELETE FROM samples USING fresh
            WHERE samples.series_id = fresh.series_id AND samples.ts = fresh.ts AND fresh.old IS NOT NULL"""
        )
    connection.execute(
        "INSERT INTO samples SELECT series_id, ts, value, $run FROM fresh ORDER BY series_id, ts",
        {"run": run_id},
    )


def _roll_up_hours(connection: duckdb.DuckDBPyConnection, bounds: _Bounds) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hours AS SELECT DISTINCT series_id, {HOUR} AS hour FROM fresh")
    known = connection.execute("SELECT count(*) FROM hourly JOIN hours USING (series_id, hour)").fetchall()[0][0]
    if known:
        connection.execute(
            "DELETE FROM hourly USING hours WHERE hourly.series_id = hours.series_id AND hourly.hour = hours.hour"
        )
    # Hours that the store has not seen are whole in `fresh`; the others must be read back.
    source, params = ("samples", bounds.params()) if known else ("fresh", {})
    near = f"WHERE {_NEAR}" if known else ""
    connection.execute(
        f"""INSERT INTO hourly
        SELECT series_id, hour, {ROLLUP_COLUMNS}
        FROM (SELECT series_id, {HOUR} AS hour, value FROM {source} {near}) SEMI JOIN hours USING (series_id, hour)
        GROUP BY series_id, hour ORDER BY series_id, hour""",
        params,
    )


def _roll_up_days(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE days AS SELECT DISTINCT series_id, hour // 24 AS day FROM hours")
    connection.execute("DELETE FROM daily USING days WHERE daily.series_id = days.series_id AND daily.day = days.day")
    connection.execute(
        """INSERT INTO daily
        SELECT series_id, hour // 24 AS day, sum(n)::INTEGER, round(sum(sum), 9), min(min), max(max)
        FROM hourly
        WHERE series_id BETWEEN (SELECT min(series_id) FROM days) AND (SELECT max(series_id) FROM days)
          AND hour BETWEEN (SELECT min(day) * 24 FROM days) AND (SELECT max(day) * 24 + 23 FROM days)
          AND (series_id, hour // 24) IN (SELECT (series_id, day) FROM days)
        GROUP BY 1, 2 ORDER BY 1, 2"""
    )


def _merge_sketch(connection: duckdb.DuckDBPyConnection, bounds: _Bounds) -> None:
    """Counts are whole numbers, so taking out the old values and adding the new ones is exact."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE delta AS
        SELECT series_id, day, bucket, sum(n)::INTEGER AS n FROM (
            SELECT series_id, {DAY} AS day, {bucket("value")} AS bucket, 1 AS n FROM fresh
            UNION ALL
            SELECT series_id, {DAY}, {bucket("old")}, -1 FROM fresh WHERE old IS NOT NULL)
        GROUP BY 1, 2, 3"""
    )
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE merged AS
        SELECT series_id, day, bucket, (delta.n + coalesce(near.n, 0))::INTEGER AS n
        FROM delta LEFT JOIN (
            SELECT * FROM sketch
            WHERE series_id BETWEEN $first AND $last
              AND day BETWEEN (SELECT min(day) FROM delta) AND (SELECT max(day) FROM delta)
        ) near USING (series_id, day, bucket)""",
        {"first": bounds.first, "last": bounds.last},
    )
    connection.execute(
        """DELETE FROM sketch USING delta
        WHERE sketch.series_id = delta.series_id AND sketch.day = delta.day AND sketch.bucket = delta.bucket"""
    )
    connection.execute("INSERT INTO sketch SELECT * FROM merged WHERE n > 0 ORDER BY series_id, day, bucket")


def _extend_series(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """UPDATE series SET
            first_ts = least(series.first_ts, f.first_ts),
            last_value = CASE WHEN series.last_ts > f.last_ts THEN series.last_value ELSE f.last_value END,
            last_ts = greatest(series.last_ts, f.last_ts)
        FROM (SELECT series_id, min(ts) AS first_ts, max(ts) AS last_ts, arg_max(value, ts) AS last_value
              FROM fresh GROUP BY series_id) f
        WHERE series.series_id = f.series_id"""
    )
