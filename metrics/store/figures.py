"""Numbers over time: raw samples, buckets on a zone's clock, and one figure for a period.

Whole days come from the daily roll-up, whole hours from the hourly one and only the edges from raw samples, so a
quarter costs about as much as a week. Percentiles come from the sketch and are never averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from metrics.model import Window
from metrics.store.shared import Reader
from metrics.store.sketch import bucket, quantile
from metrics.store.times import between, literal

__all__ = ["buckets", "last", "p95", "period", "samples", "totals"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOLDED = "sum(n)::BIGINT AS n, sum(sum) / sum(n) AS mean, min(min) AS min, max(max) AS max, sum(sum) AS sum"


def samples(db: Reader, series_ids: Sequence[int], window: Window) -> pd.DataFrame:
    """Raw samples of some series within the window: series_id, ts, value, in that order."""
    frame = db.frame(
        f"""SELECT series_id, ts, value FROM samples
        WHERE {_of(series_ids)} AND ts >= $since AND ts < $until ORDER BY series_id, ts""",
        between(window),
    )
    frame["ts"] = frame["ts"].dt.tz_localize("UTC")
    return frame


def buckets(db: Reader, series_ids: Sequence[int], window: Window, step: timedelta, zone: str) -> pd.DataFrame:
    """Samples gathered into steps of the zone's clock: series_id, ts (start), n, mean, min, max, sum.

    A bucket at the window's edge holds only what lies inside the window. Gaps have no row.
    """
    clock = ZoneInfo(zone)
    # All of them: a year from winter to winter has a summer between.
    offsets = {_offset(window.start, clock), *(offset for _, offset in _changes(window, clock))}
    fits = {size: all(length % size == timedelta(0) for length in (step, *offsets)) for size in (HOUR, DAY)}
    parts = _Parts.of(window, hours=fits[HOUR], days=fits[DAY])
    frame = db.frame(
        f"""SELECT series_id, (utc + {_offset_sql(window, clock)}) // $step * $step AS ts, {_FOLDED}
        FROM ({parts.rolled(_of(series_ids))}) GROUP BY 1, 2 ORDER BY 1, 2""",
        {"step": int(step.total_seconds())},
    )
    frame["ts"] = _from_local(frame["ts"], zone)
    return frame


def period(db: Reader, window: Window, series_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """One row for each series with data in the window: series_id, n, mean, min, max, sum, last, last_ts, p95."""
    figures = totals(db, window, series_ids)
    for more in (last(db, window, series_ids), p95(db, window, series_ids)):
        figures = figures.merge(more, on="series_id", how="left")
    figures["p95"] = figures["p95"].clip(figures["min"], figures["max"])  # a bucket may reach beyond what was there
    return figures


def totals(db: Reader, window: Window, series_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """series_id, n, mean, min, max, sum of each series with data in the window."""
    rows = _Parts.of(window).rolled(_of(series_ids))
    return db.frame(f"SELECT series_id, {_FOLDED} FROM ({rows}) GROUP BY 1 ORDER BY 1")


def p95(db: Reader, window: Window, series_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """series_id and p95, the value that 95 % of the samples stay under, within the sketch's relative error of 2 %."""
    counts = _Parts.of(window).bucketed(_of(series_ids))
    return db.frame(quantile(counts), {"q": 0.95}).rename(columns={"quantile": "p95"})


def last(db: Reader, window: Window, series_ids: Sequence[int] | None = None) -> pd.DataFrame:
    """series_id, last and last_ts: the newest sample of each series in the window."""
    frame = db.frame(_last_sql(_of(series_ids), window))
    frame["last_ts"] = frame["last_ts"].dt.tz_localize("UTC")
    return frame


def _of(series_ids: Sequence[int] | None) -> str:
    """Ids as literals, not as a parameter: only so does DuckDB skip the row groups of other series."""
    if series_ids is None:
        return "true"
    if not len(series_ids):
        return "false"
    first, last = min(series_ids), max(series_ids)
    if last - first + 1 == len(set(series_ids)):
        return f"series_id BETWEEN {int(first)} AND {int(last)}"
    return f"series_id IN ({', '.join(str(int(number)) for number in series_ids)})"


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _offset_sql(window: Window, zone: ZoneInfo) -> str:
    """Seconds that local time is ahead of UTC at `utc`: a constant, or a CASE over the clock changes inside."""
    offset, cases = _offset(window.start, zone), []
    for change, following in _changes(window, zone):
        cases.append(f"WHEN utc < {int(change.timestamp())} THEN {int(offset.total_seconds())}")
        offset = following
    final = int(offset.total_seconds())
    return f"(CASE {' '.join(cases)} ELSE {final} END)" if cases else str(final)


def _changes(window: Window, zone: ZoneInfo) -> list[tuple[datetime, timedelta]]:
    """When the clock changes within the window, and the offset from then on."""
    moment, found = window.start, []
    while moment < window.end:
        following = min(moment + DAY, window.end)
        if _offset(moment, zone) != _offset(following, zone):
            found.append((_change_between(moment, following, zone), _offset(following, zone)))
        moment = following
    return found


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


@dataclass(frozen=True, slots=True)
class _Parts:
    """The window cut into edge, hours, days, hours, edge: [since, h0), [h0, d0), [d0, d1), [d1, h1), [h1, until).

    Parts that are empty are not asked for: each would cost a scan.
    """

    since: datetime
    until: datetime
    h0: int
    h1: int
    d0: int
    d1: int

    @classmethod
    def of(cls, window: Window, *, hours: bool = True, days: bool = True) -> _Parts:
        """Without `hours` everything is edge, without `days` all between the edges is hours."""
        h0, h1 = -((EPOCH - window.start) // HOUR), (window.end - EPOCH) // HOUR
        if not hours or h0 > h1:
            h0 = h1
        d0, d1 = -(-h0 // 24), h1 // 24
        if not days or d0 > d1:
            d0 = d1
        return cls(window.start, window.end, h0, h1, d0, d1)

    def rolled(self, wanted: str) -> str:
        """SQL for rows (series_id, utc, n, sum, min, max) that cover the window once; `utc` in epoch seconds."""
        hours = [(self.h0, min(self.d0 * 24, self.h1)), (max(self.d1 * 24, self.h0), self.h1)]
        if self.d0 == self.d1:
            hours = [(self.h0, self.h1)]
        daily = "SELECT series_id, day * 86400 AS utc, n, sum, min, max FROM daily"
        hourly = "SELECT series_id, hour * 3600 AS utc, n, sum, min, max FROM hourly"
        values = "1 AS n, value AS sum, value AS min, value AS max"
        raw = f"SELECT series_id, epoch_us(ts) // 1000000 AS utc, {values} FROM samples"
        return _union(
            *(f"{daily} WHERE {wanted} AND day >= {a} AND day < {b}" for a, b in [(self.d0, self.d1)] if a < b),
            *(f"{hourly} WHERE {wanted} AND hour >= {a} AND hour < {b}" for a, b in hours if a < b),
            *(f"{raw} WHERE {wanted} AND {span}" for span in self._raw(self.h0, self.h1, HOUR)),
            otherwise=f"{hourly} WHERE false",
        )

    def bucketed(self, wanted: str) -> str:
        """SQL for rows (series_id, bucket, n): the sketch of whole days, raw samples put into buckets elsewhere."""
        sketch = f"SELECT series_id, bucket, n FROM sketch WHERE {wanted}"
        raw = f"SELECT series_id, {bucket('value')} AS bucket, 1 AS n FROM samples WHERE {wanted}"
        return _union(
            *(f"{sketch} AND day >= {a} AND day < {b}" for a, b in [(self.d0, self.d1)] if a < b),
            *(f"{raw} AND {span}" for span in self._raw(self.d0, self.d1, DAY)),
            otherwise=f"{sketch} AND false",
        )

    def _raw(self, first: int, last: int, size: timedelta) -> list[str]:
        """Conditions for what lies in the window outside the steps [first, last)."""
        spans = [(self.since, EPOCH + first * size), (EPOCH + last * size, self.until)]
        if first >= last:
            spans = [(self.since, self.until)]
        return [f"ts >= {literal(a)} AND ts < {literal(b)}" for a, b in spans if a < b]


def _union(*selects: str, otherwise: str) -> str:
    return " UNION ALL ".join(selects) or otherwise


def _last_sql(wanted: str, window: Window) -> str:
    """Series that end inside the window keep their last value; others are looked up in the last hour of it.

    An hour that the window's end cuts is read raw: its roll-up may speak of samples beyond the end.
    """
    h0, h1 = (window.start - EPOCH) // HOUR, (window.end - EPOCH) // HOUR
    inside = f"ts >= {literal(window.start)} AND ts < {literal(window.end)}"
    cut = f"""UNION ALL
        SELECT series_id, ts, value FROM samples
        WHERE {wanted} AND ts >= {literal(EPOCH + h1 * HOUR)} AND ts < {literal(window.end)}
          AND series_id NOT IN (SELECT series_id FROM ending)"""
    return f"""WITH ending AS (
        SELECT series_id, last_ts, last_value FROM series WHERE {wanted} AND last_{inside.replace(" ts", " last_ts")}
    ), earlier AS (
        SELECT series_id, max(hour) AS hour FROM hourly
        WHERE {wanted} AND hour >= {h0} AND hour < {h1} AND series_id NOT IN (SELECT series_id FROM ending)
        GROUP BY series_id)
    SELECT series_id, last_value AS last, last_ts FROM ending
    UNION ALL
    SELECT series_id, arg_max(value, ts), max(ts) FROM (
        SELECT s.series_id, s.ts, s.value FROM samples s JOIN earlier e ON s.series_id = e.series_id
            AND s.ts >= epoch_ms(e.hour * 3600000::BIGINT) AND s.ts < epoch_ms((e.hour + 1) * 3600000::BIGINT)
        {cut if EPOCH + h1 * HOUR < window.end else ""})
    WHERE {inside} GROUP BY series_id"""
