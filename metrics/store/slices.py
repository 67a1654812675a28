"""Many short windows at once: one figure for each series in each of them, in one scan.

A question such as "how is it usually at this time of day" needs hundreds of windows. Asked one by one, each would
cost a scan of its own, since samples lie by series and not by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from metrics.model import Window
from metrics.store.figures import EPOCH, HOUR
from metrics.store.shared import Reader
from metrics.store.times import literal

__all__ = ["GRAIN", "slices"]

GRAIN = timedelta(minutes=5)
"""To which the windows' edges are rounded down."""


def slices(db: Reader, series_ids: Sequence[int], windows: Sequence[Window]) -> pd.DataFrame:
    """series_id, slice (the window's place), n, mean, min, max and sum of the samples that lie in it.

    Where every window is a day or longer, the hourly roll-up answers, and the edges are rounded to hours.
    """
    rolled = bool(windows) and min(window.duration for window in windows) >= timedelta(days=1)
    grain = HOUR if rolled else GRAIN
    cells = [(place, cell) for place, window in enumerate(windows) for cell in _cells(window, grain)]
    if not cells or not series_ids:
        return pd.DataFrame({name: [] for name in ("series_id", "slice", "n", "mean", "min", "max", "sum")})
    places, numbers = zip(*cells, strict=True)
    first, last = min(numbers), max(numbers)
    # Literals: by a parameter DuckDB would not skip the row groups of other series.
    wanted = f"series_id BETWEEN {int(min(series_ids))} AND {int(max(series_ids))}"
    if rolled:
        rows = f"""SELECT series_id, hour AS cell, n, sum, min, max FROM hourly
            WHERE {wanted} AND hour BETWEEN {first} AND {last}"""
    else:
        edges = (EPOCH + first * grain, EPOCH + (last + 1) * grain)
        rows = f"""SELECT series_id, epoch_us(ts) // {grain // timedelta(microseconds=1)} AS cell,
                1 AS n, value AS sum, value AS min, value AS max FROM samples
            WHERE {wanted} AND ts >= {literal(edges[0])} AND ts < {literal(edges[1])}"""
    return db.frame(
        f"""WITH cuts AS (SELECT unnest($places) AS slice, unnest($numbers) AS cell),
            asked AS (SELECT unnest($ids) AS series_id)
        SELECT series_id, slice, sum(n)::BIGINT AS n, sum(sum) / sum(n) AS mean, min(min) AS min, max(max) AS max,
               sum(sum) AS sum
        FROM ({rows}) JOIN cuts USING (cell) SEMI JOIN asked USING (series_id) GROUP BY ALL""",
        {"places": list(places), "numbers": list(numbers), "ids": [int(number) for number in series_ids]},
    )


def _cells(window: Window, grain: timedelta) -> range:
    first = (window.start - EPOCH) // grain
    return range(first, max((window.end - EPOCH) // grain, first + 1))
