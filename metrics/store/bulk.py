"""Importing files of samples of any size: parsed, sorted and checked beside the store, then written in short leases.

The file is staged in a database of its own, which spills to disk, so memory stays bounded and nobody waits while it
is read. An import that was cut leaves whole chunks behind and completes when it is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from metrics.errors import InputError
from metrics.model import Series, Unit, Window
from metrics.store import event_files, staging, write
from metrics.store.database import Store

__all__ = ["IndicatorRef", "Progress", "Result", "Spec", "import_file"]

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all)."""


@dataclass(frozen=True, slots=True)
class IndicatorRef:
    """What an accepted spelling of an indicator means."""

    name: str
    stat: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Spec:
    """How to read a file of samples.

    `columns` maps timestamp, value, component, indicator and part to the file's own names, where they differ.
    """

    format: str
    kind: str
    source: str
    service: str
    indicators: Mapping[str, IndicatorRef]
    component: str | None = None
    indicator: str | None = None
    part: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"
    scale: Mapping[str, float] = field(default_factory=dict)
    """Factor from the file's unit to the canonical one, by indicator name; 1 where it is absent."""
    period_s: int | None = None
    """Seconds between samples; None infers it."""


@dataclass(frozen=True, slots=True)
class Result:
    """`read` rows were taken, `written` of them were new or changed; `refused` were wrong."""

    read: int
    written: int
    refused: int
    spans: Mapping[Series, Window] = field(default_factory=dict)
    """For samples: from the first to the end of the last that the file holds, by series."""


def import_file(store: Store, run_id: int, path: Path, spec: Spec, progress: Progress | None = None) -> Result:
    """Import one CSV or Parquet file. Raises InputError, and changes nothing, when it can't be read at all."""
    if spec.kind != "samples":
        whose = event_files.Whose(spec.service, spec.component, spec.source)
        rows = event_files.read(path, spec.format, spec.kind, whose, spec.columns, spec.time_zone)
        refused = write.refuse(store, run_id, str(path), rows.faults)
        return Result(len(rows.events), write.batches(store, run_id, rows.events), refused)
    return _import_samples(store, run_id, path, spec, progress)


def _import_samples(store: Store, run_id: int, path: Path, spec: Spec, progress: Progress | None) -> Result:
    with store.scratch() as folder, staging.open_stage(folder / "stage.duckdb") as stage:
        ids, faults = _stage(stage, store, path, spec)
        refused = write.refuse(store, run_id, str(path), faults.shown, total=faults.total)
        read, written = _write_sorted(stage, store, run_id, progress)
        return Result(read, written, refused, _spans(stage, ids))


def _stage(
    stage: duckdb.DuckDBPyConnection, store: Store, path: Path, spec: Spec
) -> tuple[dict[Series, int], staging.Faults]:
    constants = {"component": spec.component, "indicator": spec.indicator, "part": spec.part}
    file = staging.SampleFile(path, spec.format, constants, spec.columns, spec.time_zone)
    try:
        staging.load(stage, file)
    except duckdb.InternalException:
        raise
    except duckdb.Error as error:
        raise InputError(f"{path}: can't be read as {spec.format}: {str(error).splitlines()[0]}") from error
    faults = staging.faults(stage, file, spec.indicators)
    ids, identified = _identify(store, staging.keys(stage), spec)
    staging.sort(stage, identified)
    return ids, faults


def _identify(store: Store, keys: pd.DataFrame, spec: Spec) -> tuple[dict[Series, int], pd.DataFrame]:
    """The ids of the file's series, and component, part, indicator (as in the file), series_id and factor of each."""
    keys = keys[keys["indicator"].isin(list(spec.indicators))]
    wanted = [_series(row, spec) for row in keys.itertuples(index=False)]
    ids: dict[Series, int] = {}
    settled = write.settle_periods(store, wanted)
    write.series_ids(store, settled, ids)
    factors = [spec.scale.get(spec.indicators[name].name, 1.0) for name in keys["indicator"]]
    return ids, keys[["component", "part", "indicator"]].assign(
        series_id=pd.Series([ids[series] for series in settled], dtype="int32", index=keys.index),
        factor=pd.Series(factors, dtype="float64", index=keys.index),
    )


def _series(row: object, spec: Spec) -> Series:
    component, part, name, step = (getattr(row, column) for column in ("component", "part", "indicator", "step_s"))
    meant = spec.indicators[name]
    period_s = spec.period_s if spec.period_s is not None else int(step)
    return Series(spec.service, component, meant.name, meant.stat, meant.unit, period_s, spec.source, part or None)


def _write_sorted(
    stage: duckdb.DuckDBPyConnection, store: Store, run_id: int, progress: Progress | None
) -> tuple[int, int]:
    """(rows read, rows written). Each chunk is one lease and one transaction; the next one is fetched meanwhile."""
    total = int(stage.execute("SELECT count(*) FROM sorted").fetchall()[0][0])
    pace, done, written = write.Pace(), 0, 0
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming = ahead.submit(_chunk, stage, 0, pace.rows)
        while done < total:
            chunk = coming.result()
            coming = ahead.submit(_chunk, stage, done + len(chunk), pace.rows)
            written += write.samples_chunk(store, run_id, chunk, pace)
            done += len(chunk)
            if progress:
                progress(done, total)
    return total, written


def _chunk(stage: duckdb.DuckDBPyConnection, first: int, rows: int) -> pd.DataFrame:
    return stage.execute(
        "SELECT series_id, ts, value FROM sorted WHERE rowid >= $1 AND rowid < $2", [first, first + rows]
    ).df()


def _spans(stage: duckdb.DuckDBPyConnection, ids: Mapping[Series, int]) -> dict[Series, Window]:
    rows = stage.execute("SELECT series_id, min(ts), max(ts) FROM sorted GROUP BY series_id").fetchall()
    by_id = {number: (first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)) for number, first, last in rows}
    return {
        series: Window(by_id[number][0], by_id[number][1] + timedelta(seconds=max(series.period_s, 1)))
        for series, number in ids.items()
        if number in by_id
    }
