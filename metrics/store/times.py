"""Times as the store keeps them: UTC, without saying so."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from metrics.model import Window

__all__ = ["between", "literal", "naive", "utc"]


def naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def between(window: Window) -> dict[str, object]:
    """`$since` and `$until` of a question."""
    return {"since": naive(window.start), "until": naive(window.end)}


def literal(at: datetime) -> str:
    """For SQL: DuckDB prunes by it, which it doesn't by a parameter."""
    return f"TIMESTAMP '{naive(at)}'"


def utc(frame: pd.DataFrame, *times: str) -> pd.DataFrame:
    """The frame, these columns of it as datetime64[us, UTC]."""
    for column in times:
        frame[column] = frame[column].astype("datetime64[us]").dt.tz_localize("UTC")
    return frame
