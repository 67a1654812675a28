"""The store that everything is measured on: 1,000 series at 5 minutes for 90 days, about 26 million samples.

Two-decimal gauges with a daily and a weekly season, noise, and one planted spike. It ends now, so that the pages show
it, and is brought in by the product's own import.
"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from metrics import catalog
from metrics.store import Store, bulk, write

__all__ = ["DAYS", "FOLDER", "SERIES", "build", "indicators", "parquet"]

FOLDER = Path(".bench")
COMPONENTS, DAYS = 50, 90
SERIES = 1_000


def indicators() -> list[bulk.IndicatorRef]:
    """Twenty gauges of the catalogue, so that the pages find what they look for."""
    found = [i for i in catalog.load().indicators.values() if i.rollup != "ratio"]
    return [bulk.IndicatorRef(i.name, i.stat, i.unit) for i in found[: SERIES // COMPONENTS]]


def parquet(days: int = DAYS) -> Path:
    """The samples as a Parquet file in the order in which they would arrive; made once."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"samples-{days}.parquet"
    if path.exists():
        return path
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    names = ", ".join(f"'{each.name}'" for each in indicators())
    with duckdb.connect() as scratch:
        scratch.execute("SET memory_limit = '600MB'")
        scratch.execute(
            f"""COPY (
            SELECT TIMESTAMP '{end - timedelta(days=days)}' + to_minutes(5 * i) AS timestamp,
                   'component-' || lpad((s // {len(indicators())})::VARCHAR, 2, '0') AS component,
                   ([{names}])[1 + s % {len(indicators())}] AS indicator,
                   round(40 + s % 17 + 12 * sin(i * 6.2832 / 288) + 3 * sin(i * 6.2832 / 2016)
                         + (hash(s * 100003 + i) % 1000) / 500.0
                         + CASE WHEN s = 409 AND i > {days * 288 - 360} AND i < {days * 288 - 288} THEN 25 ELSE 0 END,
                         2) AS value
            FROM range({SERIES}) a(s), range({days * 288}) b(i) ORDER BY i, s
            ) TO '{path}' (FORMAT parquet)"""
        )
    return path


def build(name: str, days: int = DAYS, *, anew: bool = False) -> tuple[Store, float]:
    """(the store, rows per second of its import); 0 where it was there already."""
    folder = FOLDER / name
    store = Store(folder / "tomoni.duckdb")
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    if store.exists():
        return store, 0.0
    file, known = parquet(days), {each.name: each for each in indicators()}
    began = time.monotonic()
    run = write.begin_run(store, "import", "files", file.name)
    spec = bulk.Spec("parquet", "samples", "files", "default", known, period_s=300)
    result = bulk.import_file(store, run, file, spec)
    write.end_run(store, run, "done")
    return store, result.read / (time.monotonic() - began)
