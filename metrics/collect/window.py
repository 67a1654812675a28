"""Which window a run asks for: from where the last answers end, a little earlier because data comes late."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pandas as pd

from metrics.collect import Source
from metrics.model import Window

__all__ = ["window_to_ask"]

# A series that the source was not asked for since this long before its newest answer is retired.
RETIRED_AFTER = timedelta(days=1)
_KEY = ["service", "component", "part", "indicator"]


def window_to_ask(source: Source, name: str, answered: pd.DataFrame | None, now: datetime) -> Window:
    """From the earliest moment that some series still lacks, up to now.

    `answered` is the store's coverage, None where there is no store yet. A hole that may be mended by asking again is
    asked for until it is older than the back-fill; a series that was never answered is not: the first run did that.
    """
    earliest = now - max(source.backfill, source.recollect)
    mine = answered[answered["source"] == name] if answered is not None else None
    lacking = _lacking_since(mine, earliest) if mine is not None and len(mine) else {}
    start = max(min(lacking.values()) - source.recollect, earliest) if lacking else earliest
    return Window(min(start, now - timedelta(seconds=1)), now)


def _lacking_since(answered: pd.DataFrame, earliest: datetime) -> Mapping[tuple[object, ...], datetime]:
    """For each live series the start of its first hole, or else the end of its last answer."""
    retired = answered["observed_at"].max() - RETIRED_AFTER
    lacking: dict[tuple[object, ...], datetime] = {}
    for key, rows in answered.groupby(_KEY, dropna=False):
        if rows["observed_at"].max() < retired:
            continue
        holes = rows[rows["retryable"] & rows["state"].isin(["failed", "partial"]) & (rows["window_end"] > earliest)]
        since = holes["window_start"].min() if len(holes) else rows["window_end"].max()
        lacking[tuple(key)] = since.to_pydatetime()
    return lacking
