"""What can be read of a cluster's present only, and how long a reading speaks for."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import numpy as np

from metrics.model import Window

__all__ = ["SPEAKS_FOR", "hour_of", "is_now", "moment", "stamp"]

# One reading speaks for at most this long; a longer silence is a gap.
SPEAKS_FOR = timedelta(minutes=15)
# A window that ended longer ago than this can't be read any more. A run may have waited for its turn meanwhile.
STILL_NOW_S = 120.0


def is_now(window: Window) -> bool:
    return abs(time.time() - window.end.timestamp()) <= STILL_NOW_S


def moment() -> datetime:
    """When `check` asks, which has no window."""
    return datetime.fromtimestamp(time.time(), UTC)


def hour_of(at: datetime) -> datetime:
    """What is looked at often and changes seldom is kept once an hour: the last reading of it."""
    return at.replace(minute=0, second=0, microsecond=0)


def stamp(window: Window) -> np.datetime64:
    """The window's end on the full second, and never outside the window."""
    end = np.datetime64(window.end.replace(tzinfo=None), "us") - np.timedelta64(1, "us")
    start = np.datetime64(window.start.replace(tzinfo=None), "us")
    return max(end.astype("datetime64[s]").astype("datetime64[us]"), start)
