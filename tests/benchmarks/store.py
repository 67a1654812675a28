"""The store's figures: the review's queries against plain DuckDB on the same file, imports, writes, the lease."""

from __future__ import annotations

import resource
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

import duckdb
import numpy as np
import pandas as pd

from metrics.model import Points, Series, Window
from metrics.store import Store, compact, read, write
from tests.benchmarks import dataset
from tests.store.workers import context

TURNS = 9
TURNS_S = 8
WRITES = dataset.FOLDER / "writes" / "tomoni.duckdb"
WEEK = timedelta(days=7)
Q3 = "Q3 p95 of two weeks, all series"


def main() -> None:
    grown = [_grown("1M", "1m", 3), _grown("26M", "26m", dataset.DAYS)]
    store = grown[-1][1]
    compact.compact(store)
    _size("26M re-sorted", store)
    for label, each in grown:
        _queries(label, each)
    print(f"memory: peak {_peak_mb():.0f} MB in the process that asked")
    _lease(store)
    _writes(store)
    _turns()


def _grown(label: str, name: str, days: int) -> tuple[str, Store]:
    """Imported anew, in a process of its own so that its memory can be told."""
    mine, theirs = context.Pipe(duplex=False)
    context.Process(target=_import, args=(name, days, theirs)).start()
    speed, peak_mb = mine.recv()
    store, _ = dataset.build(name, days)
    _size(label, store)
    print(f"{label}: imported at {speed / 1e6:.2f} million rows/s, peak {peak_mb:.0f} MB of memory")
    return label, store


def _import(name: str, days: int, said: Connection) -> None:
    made = context.Process(target=dataset.parquet, args=(days,))
    made.start()
    made.join()
    _, speed = dataset.build(name, days, anew=True)
    said.send((speed, _peak_mb()))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _size(label: str, store: Store) -> None:
    with store.read() as db:
        ((rows,),) = db.rows("SELECT count(*) FROM samples")
    size = store.path.stat().st_size
    print(f"{label}: {rows:,} samples, {size / 1e6:.1f} MB, {size / rows:.2f} bytes a sample all included")


def _queries(label: str, store: Store) -> None:
    """Each question asked of the product and of plain DuckDB in turns, warm."""
    with store.read() as db:
        known = read.series(db)
    newest = known["last_ts"].max().to_pydatetime()
    midnight = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    pairs = _pairs(known, midnight)
    pairs["Q3 the same, ending at an odd hour"] = _pairs(known, newest - timedelta(hours=2, minutes=17))[Q3]
    for name, (ours, plain) in pairs.items():
        with store.read() as db, duckdb.connect(store.path, read_only=True) as connection:
            mine, theirs = _in_turns(lambda: ours(db), lambda: connection.execute(plain).df())  # noqa: B023
        print(f"{label} {name:35} {mine:7.1f} ms   plain DuckDB {theirs:7.1f} ms   ratio {mine / theirs:.2f}")


def _pairs(known: pd.DataFrame, end: datetime) -> dict[str, tuple[Callable[[read.Reader], object], str]]:
    ids = known["series_id"].to_list()
    some = known[known["indicator"] == known["indicator"].iloc[0]]["series_id"].to_list()
    week, before = Window(end - WEEK, end), Window(end - 2 * WEEK, end - WEEK)
    month, burst = Window(end - 4 * WEEK, end), Window(end - timedelta(hours=30), end - timedelta(hours=24))
    baseline = Window(burst.start - WEEK, burst.start)
    at = f"TIMESTAMP '{end:%Y-%m-%d %H:%M:%S}'"
    return {
        "Q1 one series, 7 days, raw": (
            lambda db: read.samples(db, ids[:1], week),
            f"SELECT ts, value FROM samples WHERE series_id = {ids[0]} AND ts >= {at} - INTERVAL 7 DAY AND ts < {at} ORDER BY ts",
        ),
        "Q2 hourly, 50 series, 28 days": (
            lambda db: read.buckets(db, some, month, timedelta(hours=1), "UTC"),
            f"""SELECT series_id, time_bucket(INTERVAL '1 hour', ts) h, avg(value), max(value) FROM samples
            WHERE series_id IN ({", ".join(map(str, some))}) AND ts >= {at} - INTERVAL 28 DAY AND ts < {at} GROUP BY ALL ORDER BY ALL""",
        ),
        Q3: (
            lambda db: (read.p95(db, week), read.p95(db, before)),
            f"""SELECT series_id, quantile_cont(value, 0.95) FILTER (WHERE ts >= {at} - INTERVAL 7 DAY),
            quantile_cont(value, 0.95) FILTER (WHERE ts < {at} - INTERVAL 7 DAY)
            FROM samples WHERE ts >= {at} - INTERVAL 14 DAY AND ts < {at} GROUP BY 1""",
        ),
        "Home's figures of two weeks, all": (
            lambda db: (read.period(db, week), read.period(db, before)),
            f"""SELECT series_id, count(*), avg(value), min(value), max(value), sum(value), arg_max(value, ts), max(ts),
            quantile_cont(value, 0.95), ts >= {at} - INTERVAL 7 DAY AS now
            FROM samples WHERE ts >= {at} - INTERVAL 14 DAY AND ts < {at} GROUP BY series_id, now""",
        ),
        "Q4 what moved with a spike": (
            lambda db: _moved_with(read.samples(db, ids, burst), read.totals(db, baseline), ids[0]),
            f"""WITH w AS (SELECT series_id, ts, value FROM samples
                WHERE ts >= {at} - INTERVAL 30 HOUR AND ts < {at} - INTERVAL 24 HOUR),
            t AS (SELECT ts, value tv FROM w WHERE series_id = {ids[0]}),
            c AS (SELECT w.series_id, corr(w.value, t.tv) r, avg(w.value) a FROM w JOIN t USING (ts) GROUP BY 1),
            b AS (SELECT series_id, avg(value) mu, stddev_samp(value) sd FROM samples
                WHERE ts >= {at} - INTERVAL 198 HOUR AND ts < {at} - INTERVAL 30 HOUR GROUP BY 1)
            SELECT series_id, c.r, (c.a - b.mu) / nullif(b.sd, 0) z FROM c JOIN b USING (series_id)
            ORDER BY abs(c.r) * abs(z) DESC NULLS LAST LIMIT 10""",
        ),
        "Q5 sparklines, all series, 28 days": (
            lambda db: (read.buckets(db, ids, month, timedelta(days=1), "UTC"), read.series(db)),
            f"""WITH d AS (SELECT series_id, date_trunc('day', ts) d, avg(value) v, arg_max(value, ts) latest FROM samples
            WHERE ts >= {at} - INTERVAL 28 DAY AND ts < {at} GROUP BY 1, 2)
            SELECT series_id, arg_max(latest, d), list(v ORDER BY d) FROM d GROUP BY 1 ORDER BY 1""",
        ),
        "Q5 the same in Tokyo's days": (
            lambda db: (read.buckets(db, ids, month, timedelta(days=1), "Asia/Tokyo"), read.series(db)),
            f"""SELECT series_id, date_trunc('day', ts + INTERVAL 9 HOUR), avg(value) FROM samples
            WHERE ts >= {at} - INTERVAL 28 DAY AND ts < {at} GROUP BY 1, 2""",
        ),
    }  # fmt: skip


def _moved_with(window: pd.DataFrame, baseline: pd.DataFrame, target: int) -> pd.Series:
    wide = window.pivot(index="ts", columns="series_id", values="value").to_numpy()
    names = np.sort(window["series_id"].unique())
    centred = wide - wide.mean(axis=0)
    mine = centred[:, names.searchsorted(target)]
    r = mine @ centred / np.sqrt((mine @ mine) * (centred**2).sum(axis=0))
    rise = pd.Series(wide.mean(axis=0), names) - baseline.set_index("series_id")["mean"]
    return (rise.abs() * np.abs(r)).nlargest(10)


def _in_turns(*acts: Callable[[], object]) -> list[float]:
    """The median milliseconds of each act, taken in turns so that noise falls on all alike."""
    took: list[list[float]] = [[] for _ in acts]
    for turn in range(TURNS + 2):
        for spent, act in zip(took, acts, strict=True):
            began = time.perf_counter()
            act()
            if turn > 1:
                spent.append(1e3 * (time.perf_counter() - began))
    return [statistics.median(spent) for spent in took]


def _lease(store: Store) -> None:
    def enter() -> None:
        with store.read():
            pass

    cold = []
    for _ in range(TURNS):
        time.sleep(0.4)  # until the idle connection has been given back
        began = time.perf_counter()
        enter()
        cold.append(1e3 * (time.perf_counter() - began))
    (warm,) = _in_turns(enter)
    print(f"lease: {warm:.2f} ms warm, {statistics.median(cold):.1f} ms cold (opening the file included)")


def _writes(store: Store) -> None:
    """12,000 rows an hour's window at a time, each overlapping the one before by 11 of 12, on a copy."""
    shutil.rmtree(WRITES.parent, ignore_errors=True)
    WRITES.parent.mkdir(parents=True)
    store = Store(store.copy(WRITES))
    run, held, took = write.begin_run(store, "collect", "bench"), list[float](), list[float]()
    pace = write.Pace.adapt
    write.Pace.adapt = lambda self, rows, held_s: (held.append(held_s), pace(self, rows, held_s))[1]  # type: ignore[method-assign]
    for number in range(24):
        began = time.perf_counter()
        write.batches(store, run, _hour(number))
        took.append(time.perf_counter() - began)
    write.Pace.adapt = pace  # type: ignore[method-assign]
    print(f"write of 12,000 overlapping rows: {1e3 * statistics.median(took):.0f} ms; "
          f"lease held {1e3 * statistics.median(held):.0f} ms, at most {1e3 * max(held):.0f} ms")  # fmt: skip


def _hour(number: int) -> list[Points]:
    now = np.datetime64(datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0), "us")
    ts = now + (number + np.arange(12)) * np.timedelta64(300, "s")
    return [
        Points(Series("default", f"w-{i // 20}", "system.cpu.utilization", "mean", "%", 300, "bench", str(i % 20)), ts,
               np.round(50 + np.sin(number + np.arange(12)) + i / 100, 2))
        for i in range(1_000)
    ]  # fmt: skip


def _turns() -> None:
    """One writer in a tight loop and four readers, each a process: how long each waits."""
    ends = []
    for work in (_keep_writing, *[_keep_looking] * 4):
        mine, theirs = context.Pipe(duplex=False)
        context.Process(target=work, args=(theirs,)).start()
        ends.append(mine)
    took, *waits = [end.recv() for end in ends]
    waited = np.concatenate(waits)
    print(f"1 writer, 4 readers, {TURNS_S} s: {len(took)} writes p50 {np.quantile(took, 0.5):.0f} ms, p95 {np.quantile(took, 0.95):.0f} ms; "
          f"{len(waited)} reads waited p50 {np.quantile(waited, 0.5):.0f} ms, p95 {np.quantile(waited, 0.95):.0f} ms")  # fmt: skip


def _keep_writing(said: Connection) -> None:
    store, took, number = Store(WRITES), list[float](), 100
    run, until = write.begin_run(store, "collect", "bench"), time.monotonic() + TURNS_S
    while time.monotonic() < until:
        began = time.perf_counter()
        write.batches(store, run, _hour(number))
        took.append(1e3 * (time.perf_counter() - began))
        number += 1
    said.send(took)


def _keep_looking(said: Connection) -> None:
    store, waits, until = Store(WRITES), list[float](), time.monotonic() + TURNS_S
    while time.monotonic() < until:
        began = time.perf_counter()
        with store.read() as db:
            waits.append(1e3 * (time.perf_counter() - began))
            db.rows("SELECT count(*) FROM series")
    said.send(waits)
