"""The same question as SQL against the public view, to paste into any DuckDB shell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from metrics.model import Series, Window
from metrics.store.connection import quoted

__all__ = ["sql"]


def sql(series: Sequence[Series], window: Window, step: timedelta | None = None) -> str:
    """A query on v_samples for these series: raw, or gathered into steps (UTC)."""
    columns = "ts, component, part, indicator, stat, value, unit"
    grouped = ""
    if step is not None:
        interval = f"INTERVAL {int(step.total_seconds())} SECOND"
        columns = (
            f"time_bucket({interval}, ts) AS ts, component, part, indicator, stat,\n"
            "       count(*) AS n, avg(value) AS mean, min(value) AS min, max(value) AS max, any_value(unit) AS unit"
        )
        grouped = "GROUP BY ALL\n"
    since, until = (f"TIMESTAMP '{time:%Y-%m-%d %H:%M:%S}'" for time in (window.start, window.end))
    return (
        f"SELECT {columns}\nFROM v_samples\n"
        f"WHERE ts >= {since} AND ts < {until}\n"
        f"  AND (service, component, coalesce(part, ''), indicator, stat, source, period_s) IN (\n"
        f"    {_keys(series)})\n"
        f"{grouped}ORDER BY component, indicator, part, ts;"
    )


def _keys(series: Sequence[Series]) -> str:
    rows = (
        ", ".join(
            [*map(quoted, (s.service, s.component, s.part or "", s.indicator, s.stat, s.source)), str(s.period_s)]
        )
        for s in series
    )
    return ",\n    ".join(f"({row})" for row in rows)
