"""Numbers over time: raw samples, buckets on a zone's clock, and one figure for a period.

Whole days come from the daily roll-up, whole hours from the hourly one and only the edges from raw samples, so a
quarter costs about as much as a week. Percentiles come from the sketch and are never averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from metrics.model import Window
from metrics.store.shared import Reader
from metrics.store.sketch import bucket, representative

__all__ = ["buckets", "period", "samples"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOLDED = "sum(n)::BIGINT AS n, sum(sum) / sum(n) AS mean, min(min) AS min, max(max) AS max, sum(sum) AS sum"


def samples(db: Reader, series_ids: Sequence[int], window: Window) -> pd.DataFrame:
    """Raw samples of some series within the window: series_id, ts, value, in that order."""
    frame = db.frame(
        f"""SELECT series_id, ts, value FROM samples
        WHERE {_of(series_ids)} AND ts >= $since AND ts < $until ORDER BY series_id, ts""",
        {"since": _naive(window.start), "until": _naive(window.end)},
    )
    frame["ts"] = frame["ts"].dt.tz_localize("UTC")
    return frame


def buckets(db: Reader, series_ids: Sequence[int], window: Window, step: timedelta, zone: str) -> pd.DataFrame:
    """Samples gathered into steps of the zone's clock: series_id, ts (start), n, mean, min, max, sum.

    A bucket at the window's edge holds only what lies inside the window. Gaps have no row.
    """
    clock = ZoneInfo(zone)
    offsets = {_offset(moment, clock) for moment in (window.start, window.end)}
    fits = {size: all(length % size == timedelta(0) for length in (step, *offsets)) for size in (HOUR, DAY)}
    frame = db.frame(
        f"""SELECT series_id, (utc + {_offset_sql(window, clock)}) // $step * $step AS ts, {_FOLDED}
        FROM ({_parts_sql(_of(series_ids))}) GROUP BY 1, 2 ORDER BY 1, 2""",
        {**_parts(window, hours=fits[HOUR], days=fits[DAY]), "step": int(step.total_seconds())},
    )
    frame["ts"] = _from_local(frame["ts"], zone)
    return frame


def period(db: Reader, window: Window, series_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """One row for each series with data in the window: series_id, n, mean, min, max, sum, last, last_ts, p95.

    `p95` is the value that 95 % of the samples stay under, within the sketch's relative error of 2 %.
    """
    wanted, parts = _of(series_ids), _parts(window)
    figures = db.frame(f"SELECT series_id, {_FOLDED} FROM ({_parts_sql(wanted)}) GROUP BY 1 ORDER BY 1", parts)
    p95 = db.frame(_quantile_sql(wanted), {**{key: parts[key] for key in ("since", "until", "d0", "d1")}, "q": 0.95})
    last = db.frame(_last_sql(wanted), _last_edges(window))
    last["last_ts"] = last["last_ts"].dt.tz_localize("UTC")
    return figures.merge(last, on="series_id", how="left").merge(p95, on="series_id", how="left")


def _of(series_ids: Sequence[int] | None) -> str:
    """Ids as literals, not as a parameter: only so does DuckDB skip the row groups of other series."""
    if series_ids is None:
        return "true"
    return f"series_id IN ({', '.join(str(int(number)) for number in series_ids)})" if len(series_ids) else "false"


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _offset_sql(window: Window, zone: ZoneInfo) -> str:
    """Seconds that local time is ahead of UTC at `utc`: a constant, or a CASE over the clock changes inside."""
    moment, changes = window.start, []
    while moment < window.end:
        following = min(moment + DAY, window.end)
        if _offset(moment, zone) != _offset(following, zone):
            change = _change_between(moment, following, zone)
            changes.append(f"WHEN utc < {int(change.timestamp())} THEN {int(_offset(moment, zone).total_seconds())}")
        moment = following
    final = int(_offset(window.end, zone).total_seconds())
    return f"(CASE {' '.join(changes)} ELSE {final} END)" if changes else str(final)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clock changes between two moments, to the minute."""
    start = _offset(before, zone)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(middle, zone) == start else (before, middle)
    return after.replace(second=0, microsecond=0)


def _from_local(seconds: pd.Series, zone: str) -> pd.Series:
    """UTC times of local clock readings; the hour that a clock change repeats is taken as its first run."""
    local = pd.to_datetime(seconds, unit="s").astype("datetime64[us]")
    first_run = np.ones(len(local), dtype=bool)
    return local.dt.tz_localize(zone, ambiguous=first_run, nonexistent="shift_forward").dt.tz_convert("UTC")


def _parts(window: Window, *, hours: bool = True, days: bool = True) -> dict[str, object]:
    """The window cut into edge, hours, days, hours, edge: [since, h0), [h0, d0), [d0, d1), [d1, h1), [h1, until).

    Without `hours` everything is edge, without `days` all between the edges is hours.
    """
    h0, h1 = -((EPOCH - window.start) // HOUR), (window.end - EPOCH) // HOUR
    if not hours or h0 > h1:
        h0 = h1
    d0, d1 = -(-h0 // 24), h1 // 24
    if not days or d0 > d1:
        d0 = d1
    return {"since": _naive(window.start), "until": _naive(window.end), "h0": h0, "h1": h1, "d0": d0, "d1": d1}


def _parts_sql(wanted: str) -> str:
    """Rows (series_id, utc, n, sum, min, max) that together cover the window once; `utc` in epoch seconds."""
    return f"""SELECT series_id, day * 86400 AS utc, n, sum, min, max
        FROM daily WHERE {wanted} AND day >= $d0 AND day < $d1
        UNION ALL
        SELECT series_id, hour * 3600, n, sum, min, max FROM hourly
        WHERE {wanted} AND hour >= $h0 AND hour < $h1 AND NOT (hour >= $d0 * 24 AND hour < $d1 * 24)
        UNION ALL
        SELECT series_id, epoch_us(ts) // 1000000, 1, value, value, value FROM samples
        WHERE {wanted} AND ts >= $since AND ts < $until
          AND NOT (ts >= epoch_ms($h0 * 3600000::BIGINT) AND ts < epoch_ms($h1 * 3600000::BIGINT))"""


def _quantile_sql(wanted: str) -> str:
    """The nearest-rank quantile: sketch for whole days, raw samples put into the same buckets for the edges."""
    return f"""WITH counts AS (
        SELECT series_id, bucket, n FROM sketch WHERE {wanted} AND day >= $d0 AND day < $d1
        UNION ALL
        SELECT series_id, {bucket("value")}, 1 FROM samples
        WHERE {wanted} AND ts >= $since AND ts < $until
          AND NOT (ts >= epoch_ms($d0 * 86400000::BIGINT) AND ts < epoch_ms($d1 * 86400000::BIGINT))
    ), ranked AS (
        SELECT series_id, bucket, sum(sum(n)) OVER (PARTITION BY series_id ORDER BY bucket) AS reached,
               sum(sum(n)) OVER (PARTITION BY series_id) AS total
        FROM counts GROUP BY series_id, bucket)
    SELECT series_id, {representative("bucket")} AS p95
    FROM (SELECT series_id, min(bucket) AS bucket FROM ranked WHERE reached >= $q * total GROUP BY series_id)"""


def _last_edges(window: Window) -> dict[str, object]:
    h0, h1 = (window.start - EPOCH) // HOUR, (window.end - EPOCH) // HOUR
    return {"since": _naive(window.start), "until": _naive(window.end), "h0": h0, "h1": h1}


def _last_sql(wanted: str) -> str:
    """Series that end inside the window keep their last value; others are looked up in the last hour of it.

    An hour that the window's end cuts is read raw: its roll-up may speak of samples beyond the end.
    """
    return f"""WITH ending AS (
        SELECT series_id, last_ts, last_value FROM series
        WHERE {wanted} AND last_ts >= $since AND last_ts < $until
    ), earlier AS (
        SELECT series_id, max(hour) AS hour FROM hourly
        WHERE {wanted} AND hour >= $h0 AND hour < $h1 AND series_id NOT IN (SELECT series_id FROM ending)
        GROUP BY series_id)
    SELECT series_id, last_value AS last, last_ts FROM ending
    UNION ALL
    SELECT series_id, arg_max(value, ts), max(ts) FROM (
        SELECT s.series_id, s.ts, s.value FROM samples s JOIN earlier e ON s.series_id = e.series_id
            AND s.ts >= epoch_ms(e.hour * 3600000::BIGINT) AND s.ts < epoch_ms((e.hour + 1) * 3600000::BIGINT)
        UNION ALL
        SELECT series_id, ts, value FROM samples
        WHERE {wanted} AND ts >= epoch_ms($h1 * 3600000::BIGINT)
          AND series_id NOT IN (SELECT series_id FROM ending))
    WHERE ts >= $since AND ts < $until GROUP BY series_id"""


def _naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
