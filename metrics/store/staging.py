"""A file of samples on its way in: read as text, checked row by row, sorted by series and time."""

from __future__ import annotations

import csv
import difflib
import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import duckdb
import pandas as pd

from metrics.errors import InputError
from metrics.store.connection import private, quoted
from metrics.store.samples import EARLIEST, LARGEST, LATEST

__all__ = ["Faults", "SampleFile", "delimiter", "faults", "keys", "load", "open_stage", "open_text", "sort"]

# More refusals than this are counted but not kept one by one: nobody reads the ten-thousandth.
SHOWN = 10_000
# So much of a cell is repeated in a refusal.
LONGEST = 60
# The step of a series is inferred from about this many of its samples.
STEP_SAMPLE = 500
# Whole numbers are seconds since 1970 up to the year 5138, then milliseconds, microseconds and nanoseconds.
_EPOCHS = ((100_000_000_000, "* 1000000"), (100_000_000_000_000, "* 1000"), (100_000_000_000_000_000, ""))
_GOOD = f"ts IS NOT NULL AND abs(value) <= {LARGEST} AND component <> ''"
# Python's own limit of 128 KiB a cell is a traceback for a file that DuckDB reads.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Faults:
    """Rows that can't be taken: (line, reason, text), at most SHOWN of `total`."""

    shown: list[tuple[int, str, str]]
    total: int


@contextmanager
def open_stage(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A scratch database that spills to disk beside `path`."""
    with private(path) as stage:
        yield stage


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A CSV (also .gz) or Parquet file of samples, and how its columns are called."""

    path: Path
    format: str
    constants: Mapping[str, str | None]
    """What the whole file speaks of, where it has no column for it: component, indicator, part."""
    columns: Mapping[str, str]
    zone: str
    """What naive times are in."""

    def column(self, name: str) -> str:
        return self.columns.get(name, name)


def load(stage: duckdb.DuckDBPyConnection, file: SampleFile) -> None:
    """Make `parsed` (the file's texts beside what they mean) and `raw` (component, part, indicator, ts, value).

    `ts` is in UTC; what makes no sense is NULL. Raises InputError where a column is missing.
    """
    stage.execute(f"SET TimeZone = {quoted(file.zone)}")  # what naive times in another zone are read in
    try:
        _parse(stage, file, parallel=True)
    except duckdb.Error as error:
        # Where a cell holds a line break, only the slower reader pads short rows.
        if "parallel=false" not in str(error):
            raise
        _parse(stage, file, parallel=False)


def _parse(stage: duckdb.DuckDBPyConnection, file: SampleFile, *, parallel: bool) -> None:
    if file.format == "csv":
        header = dict.fromkeys(_csv_header(file.path), "VARCHAR")
        source, row = _read_csv(file.path, list(header), parallel=parallel), "0"
    else:
        header = _parquet_header(stage, file.path)
        source, row = f"read_parquet({quoted(str(file.path))}, file_row_number = true)", "file_row_number"
    text = {name: _text(file, name, header) for name in ("timestamp", "component", "part", "indicator", "value")}
    stamp = _stamp(text["timestamp"], header[file.column("timestamp")], file.zone)
    stage.execute(
        f"""CREATE OR REPLACE VIEW parsed AS
        SELECT * REPLACE (CASE WHEN ts >= {_moment(EARLIEST)} AND ts < {_moment(LATEST)} THEN ts END AS ts)
        FROM (SELECT {row} AS row, {text["timestamp"]} AS time_text,
            {text["value"]}::VARCHAR AS value_text, {text["component"]}::VARCHAR AS component,
            coalesce({text["part"]}::VARCHAR, '') AS part, {text["indicator"]}::VARCHAR AS indicator,
            {stamp} AS ts, TRY_CAST({text["value"]} AS DOUBLE) AS value
        FROM {source})"""
    )
    stage.execute("CREATE TABLE raw AS SELECT component, part, indicator, ts, value FROM parsed")


def keys(stage: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """component, part, indicator and step_s (the usual seconds between samples) of each series in `raw`."""
    return stage.execute(
        f"""WITH spans AS (
            SELECT component, part, indicator, count(*) AS n, epoch(min(ts)) AS first, epoch(max(ts)) AS last
            FROM raw WHERE {_GOOD} GROUP BY ALL
        ), early AS (
            SELECT component, part, indicator,
                   epoch(ts) - lag(epoch(ts)) OVER (PARTITION BY component, part, indicator ORDER BY ts) AS gap
            FROM raw JOIN spans USING (component, part, indicator)
            WHERE {_GOOD} AND epoch(ts) <= first + (last - first) * {STEP_SAMPLE} / n)
        SELECT component, part, indicator, coalesce(mode(gap) FILTER (WHERE gap > 0), 0)::INTEGER AS step_s
        FROM early GROUP BY ALL ORDER BY ALL"""
    ).df()


def sort(stage: duckdb.DuckDBPyConnection, identified: pd.DataFrame) -> None:
    """Make `sorted` (series_id, ts, value) from the good rows; where a key comes twice, the later row counts."""
    stage.register("identified", identified)
    stage.execute(
        f"""CREATE TABLE sorted AS
        SELECT series_id, ts, value * factor AS value
        FROM raw JOIN identified USING (component, part, indicator)
        WHERE {_GOOD} ORDER BY series_id, ts"""
    )
    twice = "SELECT series_id = lag(series_id) OVER () AND ts = lag(ts) OVER () AS again FROM sorted"
    if stage.execute(f"SELECT count(*) FILTER (WHERE again) FROM ({twice})").fetchall()[0][0]:
        stage.execute(
            f"""CREATE OR REPLACE TABLE sorted AS
            SELECT series_id, ts, arg_max(value * factor, raw.rowid) AS value
            FROM raw JOIN identified USING (component, part, indicator)
            WHERE {_GOOD} GROUP BY series_id, ts ORDER BY series_id, ts"""
        )
    stage.execute("DROP TABLE raw")


def faults(stage: duckdb.DuckDBPyConnection, file: SampleFile, indicators: Mapping[str, object]) -> Faults:
    """The rows of the file that can't be taken, by the line they stand on."""
    stage.register("accepted", pd.DataFrame({"indicator": list(indicators)}, dtype="str"))
    wrong = f"NOT coalesce({_GOOD}, false) OR indicator IS NULL OR indicator NOT IN (SELECT indicator FROM accepted)"
    total = int(stage.execute(f"SELECT count(*) FROM raw WHERE {wrong}").fetchall()[0][0])
    rows = []
    if total:
        rows = stage.execute(
            f"""SELECT row, time_text::VARCHAR, value_text, component, indicator, ts IS NULL,
                       NOT coalesce(abs(value) <= {LARGEST}, false)
            FROM parsed WHERE {wrong} LIMIT {SHOWN}"""
        ).fetchall()
    reasons = [(row, _reason(row, indicators)) for row in rows]
    if file.format != "csv":
        return Faults([(int(row[0]) + 1, why, _said(row)) for row, why in reasons], total)
    shown = _on_lines(file, {_said(row): why for row, why in reasons})
    # Each reading of the file adds them again, and a row with two faults is still one row.
    malformed = stage.execute(
        "SELECT line, first(error_message), coalesce(first(csv_line), '') FROM reject_errors GROUP BY line"
    ).fetchall()
    return Faults(sorted([*shown, *malformed])[:SHOWN], total + len(malformed))


def _reason(row: tuple[Any, ...], indicators: Mapping[str, object]) -> str:
    _, time, value, component, indicator, no_time, no_value = row
    for name, cell in (("timestamp", time), ("component", component), ("indicator", indicator), ("value", value)):
        if not cell:
            return f"{name} is empty"
    if no_time:
        return (
            f"timestamp {_short(time)} is not a time from {EARLIEST.year} to {LATEST.year}; "
            "use 2026-01-31T09:00:00Z, or seconds since 1970"
        )
    if no_value:
        return f"value {_short(value)} is not a finite number"
    near = difflib.get_close_matches(str(indicator), list(indicators), n=2)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"indicator {_short(indicator)} is not in the catalogue{hint}"


def _short(text: str | None) -> str:
    """A cell as its writer would recognise it; none may fill the screen."""
    return repr(text if text is None or len(text) <= LONGEST else text[:LONGEST] + "…")


def _said(row: tuple[Any, ...]) -> str:
    return ",".join("" if part is None else str(part) for part in row[1:5])


def _on_lines(file: SampleFile, reasons: Mapping[str, str]) -> list[tuple[int, str, str]]:
    """(line, reason, text) of the rows that say what is in `reasons`.

    DuckDB doesn't tell the line of a row that it can parse, so the file is walked once more, only when it has faults.
    """
    found: list[tuple[int, str, str]] = []
    with open_text(file.path) as lines:
        reader = csv.DictReader(lines, delimiter=delimiter(file.path))
        for row in reader if reasons else ():
            texts = [
                row[file.column(name)] or "" if file.column(name) in row else file.constants.get(name) or ""
                for name in ("timestamp", "value", "component", "indicator")
            ]
            if (why := reasons.get(",".join(texts))) is not None:
                found.append((reader.line_num, why, ",".join(texts)))
            if len(found) >= SHOWN:
                break
    return found


def _text(file: SampleFile, name: str, header: Mapping[str, str]) -> str:
    """SQL for a column's text: the file's column, else what the whole file speaks of."""
    if file.column(name) in header:
        return _identifier(file.column(name))
    if (constant := file.constants.get(name)) is not None:
        return quoted(constant)
    if name == "part":
        return "NULL"
    flag = f" or say --{name} for the whole file" if name in ("component", "indicator") else ""
    raise InputError(
        f"{file.path}: no column `{file.column(name)}`; it has {', '.join(header)}. "
        f"Map one with --column {name}=NAME{flag}."
    )


def _stamp(text: str, column_type: str, zone: str) -> str:
    """SQL for a naive UTC timestamp. Casting text to TIMESTAMP would silently drop an offset such as +09:00."""
    aware = f"timezone('UTC', TRY_CAST({text} AS TIMESTAMPTZ))"
    if column_type == "VARCHAR":
        with_offset = f"contains({text}, 'Z') OR contains({text}, '+') OR contains({text}[11:], '-')"
        time = (
            f"CASE WHEN {with_offset} THEN {aware} ELSE TRY_CAST({text} AS TIMESTAMP) END" if zone == "UTC" else aware
        )
        number = f"TRY_CAST({text} AS BIGINT)"
        return f"coalesce({time}, {_from_epoch(number)})"
    if "INT" in column_type or column_type.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return _from_epoch(f"TRY_CAST({text} AS BIGINT)")
    if column_type.startswith("TIMESTAMP WITH"):
        return f"timezone('UTC', {text})"
    return f"{text}::TIMESTAMP" if zone == "UTC" else f"timezone('UTC', timezone({quoted(zone)}, {text}::TIMESTAMP))"


def _from_epoch(number: str) -> str:
    cases = " ".join(f"WHEN {number} < {below} THEN {number} {factor}" for below, factor in _EPOCHS)
    return f"make_timestamp(CASE WHEN {number} < 0 THEN NULL {cases} ELSE {number} // 1000 END)"


def _read_csv(path: Path, header: list[str], *, parallel: bool) -> str:
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    return (
        f"read_csv({quoted(str(path))}, auto_detect = false, header = true, columns = {{{columns}}}, "
        f"delim = {quoted(delimiter(path))}, quote = '\"', escape = '\"', null_padding = true, "
        f"store_rejects = true, parallel = {parallel})"
    )


def _csv_header(path: Path) -> list[str]:
    with open_text(path) as lines:
        header = next(csv.reader(lines, delimiter=delimiter(path)), [])
    # DuckDB knows columns without regard to case.
    if not header or "" in header or len({name.casefold() for name in header}) < len(header):
        raise InputError(f"{path}: the first line must name the columns, each once; it is {','.join(header)!r}.")
    return header


def _parquet_header(stage: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    rows = stage.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(path))})").fetchall()
    return {name: kind for name, kind, *_ in rows}


def delimiter(path: Path) -> str:
    """The separator that the first line uses most."""
    with open_text(path) as lines:
        first = lines.readline()
    return max(",;\t|", key=first.count)


def open_text(path: Path) -> TextIO:
    """The file as text. Raises InputError when it isn't there or isn't UTF-8 at its start."""
    opened: TextIO
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig") as first:
            first.readline()
        # Further down a stray byte costs its row, not the file.
        opened = opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: can't be read as text in UTF-8; is it Parquet? Then name it .parquet.") from error
    return opened


def _moment(time: datetime) -> str:
    return f"TIMESTAMP '{time:%Y-%m-%d}'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
