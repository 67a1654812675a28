"""What a detector looks at: one series over time, on the clock of the people who live by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Signal", "moment"]

DAY_S = 86_400


@dataclass(frozen=True, eq=False)
class Signal:
    """Shapes (n,) and (n,): `ts` is UTC datetime64[us] and rises, `values` are finite. A gap is a missing point.

    Days and hours are those of `zone`, so that a peak at nine stays one at nine when the clock changes.
    """

    ts: NDArray[np.datetime64]
    values: NDArray[np.float64]
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.ts.shape != self.values.shape or self.ts.ndim != 1:
            raise ValueError(f"a signal needs as many times as values, got {self.ts.shape} and {self.values.shape}")
        if len(self.ts) > 1 and not (np.diff(self.ts) > np.timedelta64(0)).all():
            raise ValueError("the times of a signal must rise")
        if not np.isfinite(self.values).all():
            raise ValueError("the values of a signal must be finite; leave out what was not measured")

    def __len__(self) -> int:
        return len(self.ts)

    @cached_property
    def step_s(self) -> float:
        """The usual distance of two points, in seconds; 0 where there are fewer than two."""
        return float(np.median(np.diff(self.ts).astype(np.int64))) / 1e6 if len(self.ts) > 1 else 0.0

    @cached_property
    def local_s(self) -> NDArray[np.int64]:
        """Seconds since 1970 on the wall clock of `zone`: its day is `// 86400`, its time of day `% 86400`."""
        if self.zone == "UTC":
            return self.ts.astype("datetime64[s]").astype(np.int64)
        wall = pd.DatetimeIndex(self.ts).tz_localize("UTC").tz_convert(ZoneInfo(self.zone)).tz_localize(None)
        return np.asarray(wall, dtype="datetime64[s]").astype(np.int64)

    @property
    def day(self) -> NDArray[np.int64]:
        """The local day of each point, counted from 1970-01-01, which was a Thursday."""
        return self.local_s // DAY_S

    def cut(self, keep: NDArray[np.bool_] | slice) -> Signal:
        return Signal(self.ts[keep], self.values[keep], self.zone)


def moment(ts: np.datetime64) -> datetime:
    """The aware time of one point."""
    return datetime.fromtimestamp(int(ts.astype("datetime64[us]").astype(np.int64)) / 1e6, UTC)
