"""The file that `detect` looks at: `timestamp,value` in any order, as a signal that knows its rows."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.analysis.signal import Signal
from metrics.errors import InputError

__all__ = ["Sheet", "read_sheet"]

NEEDED = ("timestamp", "value")
NOT_MEASURED = {"", "nan", "null", "none", "na", "n/a"}
OFFSET = re.compile(r"\d[T ]\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Sheet:
    """The rows as they stand in the file. `ts` is UTC; `values` has NaN where nothing was measured."""

    timestamps: list[str]
    written: list[str]
    ts: NDArray[np.datetime64]
    values: NDArray[np.float64]
    zone: str

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """The row of each point of the signal: by time, and of rows with one time the last that has a value."""
        measured = np.flatnonzero(np.isfinite(self.values))
        order = measured[np.argsort(self.ts[measured], kind="stable")]
        is_last = np.ones(len(order), bool)
        is_last[:-1] = np.diff(self.ts[order]) > np.timedelta64(0)
        return np.asarray(order[is_last], np.intp)

    @cached_property
    def signal(self) -> Signal:
        return Signal(self.ts[self.rows], self.values[self.rows], self.zone)

    def by_row(self, of_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """What was found for each point, for each row: rows of one time share it, a row without a value has 0."""
        found = np.zeros(len(self.values))
        measured = np.isfinite(self.values)
        found[measured] = of_points[np.searchsorted(self.ts[self.rows], self.ts[measured])]
        return found


def read_sheet(path: Path, zone: str) -> Sheet:
    """Reads a CSV whose header has `timestamp` and `value`; InputError names the line that can't be understood."""
    lines, timestamps, written = _columns(path)
    ts = _times(path, lines, timestamps, zone)
    values = pd.to_numeric(pd.Series(written, dtype=object), errors="coerce").to_numpy(np.float64)
    for n in np.flatnonzero(~np.isfinite(values)):
        if written[n].lower() not in NOT_MEASURED:
            raise InputError(
                f"{path}, line {lines[n]}: value {written[n]!r} is not a finite number; "
                "write one as in 41.5, or nothing where nothing was measured"
            )
    return Sheet(timestamps, written, ts, values, zone)


def _columns(path: Path) -> tuple[list[int], list[str], list[str]]:
    """The line in the file, the timestamp and the value of each row, as they are written."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip().lower() for name in next(rows, [])]
            if absent := [name for name in NEEDED if name not in header]:
                raise InputError(
                    f"{path}, line 1: there is no column {' and no column '.join(absent)} in {','.join(header)!r}; "
                    "the first line must be the header timestamp,value"
                )
            places = [header.index(name) for name in NEEDED]
            found = [(rows.line_num, *_fields(path, rows.line_num, row, places)) for row in rows if any(row)]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name a CSV file with the columns timestamp,value") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(
            f"{path}, line {rows.line_num}: is not CSV ({error}); write rows as timestamp,value"
        ) from error
    lines, timestamps, values = zip(*found, strict=True) if found else ((), (), ())
    return list(lines), list(timestamps), list(values)


def _fields(path: Path, line: int, row: list[str], places: list[int]) -> tuple[str, str]:
    if len(row) <= max(places):
        raise InputError(f"{path}, line {line}: {','.join(row)!r} lacks a field; each row must have timestamp,value")
    return row[places[0]].strip(), row[places[1]].strip()


def _times(path: Path, lines: list[int], written: list[str], zone: str) -> NDArray[np.datetime64]:
    """In UTC. Times without an offset are those of `zone`; an hour that comes twice in autumn is the first."""
    times = pd.to_datetime(pd.Series(written, dtype=object), format="ISO8601", utc=True, errors="coerce")
    if times.isna().any():
        n = int(np.argmax(times.isna()))
        raise InputError(
            f"{path}, line {lines[n]}: timestamp {written[n]!r} is not a time; "
            "write ISO 8601, as in 2026-01-31T09:00 or 2026-01-31T09:00+09:00"
        )
    naive = np.array([OFFSET.search(text) is None for text in written], bool)
    if zone != "UTC" and naive.any():
        wall = pd.DatetimeIndex(times[naive]).tz_localize(None)
        first = np.ones(len(wall), bool)
        local = wall.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
        times[naive] = local.tz_convert("UTC")
    return times.dt.tz_localize(None).to_numpy("datetime64[us]")
