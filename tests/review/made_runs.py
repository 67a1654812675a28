"""Frames of batch runs as store.read gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pandas as pd

from metrics.model import Window
from metrics.review.period import Period
from tests.review.made import START, WEEK

HOUR = timedelta(hours=1)
PERIOD = Period(WEEK, "UTC")


def runs(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Runs of nightly/night, each `at` some hours after START and `h` hours long; None is under way."""
    made = []
    for row in rows:
        start = START + HOUR * float(row.get("at", 1))
        hours = row.get("h", 1.0)
        end = None if hours is None else start + HOUR * float(hours)
        slack = row.get("slack")
        made.append(
            {
                "component": row.get("component", "nightly"),
                "job": row.get("job", "night"),
                "started_at": start,
                "ended_at": end,
                "outcome": row.get("outcome", "running" if hours is None else "succeeded"),
                "rows": row.get("rows"),
                "deadline": None if slack is None or end is None else end + HOUR * float(slack),
                "attempt": row.get("attempt"),
            }
        )
    columns = ["component", "job", "started_at", "ended_at", "outcome", "rows", "deadline", "attempt"]
    frame = pd.DataFrame(made, columns=columns).sort_values("started_at", ignore_index=True)
    for column in ("started_at", "ended_at", "deadline"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    return frame.astype({"rows": float, "attempt": float})


def weekly(values: Sequence[float], **more: object) -> list[dict[str, object]]:
    """One run a week that is `h` hours long, the last one at the end of the period."""
    length = WEEK.duration / HOUR
    first = length - 1e-6 - 168 * (len(values) - 1)
    return [{"at": first + 168 * place, "h": value, **more} for place, value in enumerate(values)]


def quarter() -> Period:
    return Period(Window(WEEK.end - timedelta(weeks=13), WEEK.end), "UTC")
