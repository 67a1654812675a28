"""Files as they come: every row is taken or refused with its line, and no file ends in a traceback."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from metrics.collect.files import FileToRead, read_file
from metrics.collect.layout import Layout
from metrics.errors import InputError
from metrics.store import Store, bulk, read, write

HEAD = "timestamp,value\n"
NINE = datetime(2026, 6, 1, 9)  # noqa: DTZ001 - as stored


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "t.duckdb")


def take(store: Store, path: Path, holds: str | bytes, **layout: object) -> bulk.Result:
    path.write_bytes(holds if isinstance(holds, bytes) else holds.encode())
    return take_file(store, path, **layout)


def take_file(store: Store, path: Path, **layout: object) -> bulk.Result:
    run = write.begin_run(store, "import", "import", str(path))
    said: dict[str, object] = {"component": "db", "indicator": "cpu", **layout}
    return read_file(store, run, "import", FileToRead(path, Layout.model_validate(said)))


def stored(store: Store) -> list[tuple[object, ...]]:
    with store.read() as db:
        return db.rows("SELECT ts, value FROM samples ORDER BY ALL")


def lines(store: Store) -> list[tuple[object, ...]]:
    with store.read() as db:
        return db.rows("SELECT line, reason FROM refusals ORDER BY line")


@pytest.mark.parametrize(
    "time",
    ["infinity", "-infinity", "1969-12-31T23:59:59Z", "2200-01-01", "290000-01-01T00:00:00Z", "-5",
     "99999999999999", "9" * 20],
)  # fmt: skip
def test_a_time_that_no_measurement_has_costs_its_row_and_no_other(time: str, store: Store, tmp_path: Path) -> None:
    result = take(store, tmp_path / "a.csv", f"{HEAD}2026-06-01T09:00:00Z,1\n{time},2\n")
    assert (result.read, result.refused) == (1, 1)
    assert stored(store) == [(NINE, 1.0)]
    ((line, reason),) = lines(store)
    assert line == 3
    assert f"timestamp '{time}' is not a time from 1970 to 2200" in str(reason)


@pytest.mark.parametrize("factor", [1, 1_000, 1_000_000, 1_000_000_000])
def test_times_are_counted_in_seconds_or_any_smaller_unit(factor: int, store: Store, tmp_path: Path) -> None:
    seconds = 1_780_304_400
    take(store, tmp_path / "a.csv", f"{HEAD}{seconds * factor},1\n")
    parquet.write_table(pa.table({"timestamp": [(seconds + 300) * factor], "value": [2.0]}), tmp_path / "a.parquet")
    take_file(store, tmp_path / "a.parquet")
    assert stored(store) == [(NINE, 1.0), (NINE.replace(minute=5), 2.0)]


def test_a_value_too_large_to_add_up_is_refused(store: Store, tmp_path: Path) -> None:
    result = take(
        store, tmp_path / "a.csv", f"{HEAD}2026-06-01,1.7e308\n2026-06-02,1\n",
        indicator="system.filesystem.usage", unit="GiB",
    )  # fmt: skip
    assert (result.read, result.refused) == (1, 1)
    assert [value for _, value in stored(store)] == [2.0**30]


def test_a_row_with_two_faults_is_refused_once(store: Store, tmp_path: Path) -> None:
    result = take(store, tmp_path / "a.csv", f"{HEAD}2026-06-01,1\n2026-06-01,2,3,4\nbad,1\n")
    assert result.refused == 2
    assert [line for line, _ in lines(store)] == [3, 4]


def test_a_cell_may_hold_a_line_break(store: Store, tmp_path: Path) -> None:
    result = take(store, tmp_path / "a.csv", 'timestamp,value,note\n2026-06-01T09:00:00Z,1,"a\nb"\nbad,2,x\n')
    assert (result.read, result.refused) == (1, 1)
    assert [line for line, _ in lines(store)] == [4]


def test_a_huge_cell_costs_its_row_and_is_not_repeated(store: Store, tmp_path: Path) -> None:
    digits = "9" * 200_000
    assert take(store, tmp_path / "a.csv", f"{HEAD}2026-06-01,{digits}\n2026-06-02,1\n").refused == 1
    assert len(str(lines(store)[0][1])) < 120
    text = f"id,started_at,version\n7,2026-06-01,{digits}\n"
    assert take(store, tmp_path / "b.csv", text, content="deployments", indicator=None).read == 1


def test_bytes_that_are_no_text_cost_their_row(store: Store, tmp_path: Path) -> None:
    many = b"2026-06-01T09:00:00Z,1\n" * 3_000
    result = take(store, tmp_path / "a.csv", HEAD.encode() + many + b"2026-06-02,\xff\nbad,1\n")
    assert result.refused == 2
    assert [line for line, _ in lines(store)] == [3002, 3003]
    events = b"id,started_at\n" + b"7,2026-06-01\n" * 3_000 + b"8,\xff\n"
    assert take(store, tmp_path / "b.csv", events, content="deployments", indicator=None).refused == 1


def test_a_column_wins_over_the_flag_and_its_rows_are_found(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path / "a.csv", "timestamp,value,component\nbad,1,web\n", component="db")
    assert [line for line, _ in lines(store)] == [2]


def test_two_names_of_one_indicator_are_one_series(store: Store, tmp_path: Path) -> None:
    rows = ["00:00,1,cpu", "00:05,2,cpu", "00:10,3,system.cpu.utilization"]
    take(store, tmp_path / "a.csv", "timestamp,value,indicator\n" + "".join(f"2026-06-01 {row}\n" for row in rows))
    with store.read() as db:
        assert len(read.series(db)) == 1


@pytest.mark.parametrize(
    ("name", "holds", "said"),
    [
        ("a.csv", "timestamp,value,Value\n2026-06-01,1,2\n", "name the columns, each once"),
        ("a.csv.gz", gzip.compress(HEAD.encode() + b"2026-06-01,1\n" * 9_000, mtime=0)[:60], "can't be read"),
        ("a.parquet", "hello", "can't be read as parquet"),
    ],
)
def test_a_file_that_cant_be_read_is_named(
    name: str, holds: str | bytes, said: str, store: Store, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        take(store, tmp_path / name, holds)
    assert stored(store) == []


@pytest.mark.parametrize(
    ("name", "holds", "said"),
    [
        ("a.csv", "", "is empty"),
        (
            "a.csv.gz",
            gzip.compress(b"".join(b"%d,2026-06-01\n" % i for i in range(-1, 20_000)), mtime=0)[:3_000],
            "no column",
        ),
        (
            "a.csv.gz",
            gzip.compress(b"id,started_at\n" + b"".join(b"%d,2026-06-01\n" % i for i in range(20_000)), mtime=0)[
                :3_000
            ],
            "can't be read beyond line",
        ),
    ],
)
def test_a_file_of_events_that_cant_be_read_is_named(
    name: str, holds: str | bytes, said: str, store: Store, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        take(store, tmp_path / name, holds, content="deployments", indicator=None)


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        (pa.array([1_780_304_400.0, float("nan")]), 1),
        (pa.array([1_780_304_400, 2**63 + 5], pa.uint64()), 1),
        (pa.array([Decimal(1_780_304_400), None]), 1),
        (pa.array([{"a": 1}, {"a": 2}]), 0),
    ],
)
def test_parquet_cells_that_are_no_time_are_refused(
    times: pa.Array, taken: int, store: Store, tmp_path: Path
) -> None:
    parquet.write_table(pa.table({"timestamp": times, "value": [1.0, 2.0]}), tmp_path / "a.parquet")
    result = take_file(store, tmp_path / "a.parquet")
    assert (result.read, result.refused) == (taken, 2 - taken)


def test_events_far_from_now_and_lists_cost_no_other_row(store: Store, tmp_path: Path) -> None:
    times = ["0001-01-01T00:00+09:00", "9" * 23, "9999-12-31T23:59:59", "2026-06-01"]
    text = "id,started_at\n" + "".join(f"{number},{time}\n" for number, time in enumerate(times))
    result = take(store, tmp_path / "a.csv", text, content="deployments", indicator=None)
    assert (result.read, result.refused) == (1, 3)
    table = pa.table({"id": ["8"], "started_at": ["2026-06-01"], "version": [[1, 2]]})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert take_file(store, tmp_path / "a.parquet", content="deployments", indicator=None).read == 1


def test_of_two_rows_with_one_key_the_later_counts_however_often_it_is_read(store: Store, tmp_path: Path) -> None:
    text = "id,started_at,status\n7,2026-06-01,failed\n7,2026-06-01,success\n"
    written = [take(store, tmp_path / "a.csv", text, content="deployments", indicator=None).written for _ in range(3)]
    assert written == [1, 0, 0]
    with store.read() as db:
        assert db.rows("SELECT id, status FROM events") == [("7", "success")]
