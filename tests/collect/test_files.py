"""The files source: reads what is new or has changed, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from metrics import config
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.store import read
from tests.collect.folders import configure

NOW = datetime(2026, 6, 8, tzinfo=UTC)
HEAD = "timestamp,value\n"


@pytest.fixture
def exports(folder: Path) -> Path:
    configure(folder, {"old": {"kind": "files", "path": "exports/*.csv", "component": "db", "indicator": "cpu"}})
    (folder / "exports").mkdir()
    return folder / "exports"


def collect(folder: Path) -> Outcome:
    settings = config.load(folder)
    (old,) = chosen(settings, ["old"])
    return run_source(settings, old, Request(NOW))


def test_a_file_is_read_when_it_is_new_or_has_changed(folder: Path, exports: Path) -> None:
    (exports / "a.csv").write_text(HEAD + "2026-06-01 09:00,1\n2026-06-01 09:05,2\n", encoding="utf-8")
    assert collect(folder).rows == 2
    (exports / "a.csv").touch()
    (exports / "b.csv").write_text(HEAD + "2026-06-01 09:10,3\n", encoding="utf-8")
    assert collect(folder).rows == 1
    (exports / "a.csv").write_text(HEAD + "2026-06-01 09:00,1\n2026-06-01 09:05,7\n", encoding="utf-8")
    assert collect(folder).rows == 1
    assert collect(folder).rows == 0


def test_an_unchanged_file_is_not_even_opened(folder: Path, exports: Path) -> None:
    path = exports / "a.csv"
    path.write_text(HEAD + "2026-06-01 09:00,1\nwrong,1\n", encoding="utf-8")
    first = collect(folder)
    assert (first.state, first.rows, first.refused) == ("partial", 1, 1)
    assert first.detail == "1 row refused"
    assert collect(folder) == Outcome("old", "done")


def test_another_layout_makes_it_new(folder: Path, exports: Path) -> None:
    (exports / "a.csv").write_text(HEAD + "2026-06-01 09:00,1\n", encoding="utf-8")
    collect(folder)
    configure(folder, {"old": {"kind": "files", "path": "exports/*.csv", "component": "db", "indicator": "memory"}})
    assert collect(folder).rows == 1


def test_parquet_and_zones_and_parts(folder: Path) -> None:
    frame = pd.DataFrame(
        {"Zeit": pd.to_datetime(["2026-06-01 09:00", "2026-06-01 09:01"]), "Wert": [250, 310], "Pfad": ["/a", "/b"]}
    )
    frame.to_parquet(folder / "a.parquet")
    columns = {"timestamp": "Zeit", "value": "Wert", "part": "Pfad"}
    configure(folder, {
        "old": {"kind": "files", "path": str(folder / "*.parquet"), "component": "web", "indicator": "latency_p95",
                "columns": columns, "time_zone": "Asia/Tokyo", "unit": "ms"},
    })  # fmt: skip
    assert collect(folder).rows == 2
    with store_of(config.load(folder)).read() as db:
        series, answers = read.series(db), read.coverage(db)
    assert series["part"].tolist() == ["/a", "/b"]
    assert series["last_value"].tolist() == [0.25, 0.31]
    assert series["last_ts"].min() == pd.Timestamp("2026-06-01 00:00", tz="UTC")
    assert answers["state"].unique().tolist() == ["complete"]


def test_events_come_by_files_too(folder: Path) -> None:
    (folder / "a.csv").write_text("id,started_at\nd1,2026-06-01T09:00Z\n", encoding="utf-8")
    configure(folder, {"old": {"kind": "files", "path": "a.csv", "as": "deployments"}})
    assert collect(folder).rows == 1
    assert collect(folder).rows == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": "a.csv", "unit": "ms", "indicator": "cpu"}, "ms"),
        ({"path": "a.csv", "indicator": "cpuu"}, "did you mean cpu"),
        ({"path": "a.csv", "time_zone": "Tokyo"}, "no time zone 'Tokyo'"),
        ({"path": "a.csv", "as": "logs"}, "samples"),
        ({"path": "a.csv", "columns": {"vlaue": "x"}}, "no column 'vlaue'"),
        ({"path": "a.xlsx"}, "name it .csv"),
    ],
)
def test_what_is_wrong_with_its_settings_is_named(settings: dict[str, object], said: str, folder: Path) -> None:
    (folder / "a.csv").write_text(HEAD, encoding="utf-8")
    (folder / "a.xlsx").write_text(HEAD, encoding="utf-8")
    configure(folder, {"old": {"kind": "files", **settings}})
    outcome = collect(folder)
    assert outcome.state == "failed"
    assert said in outcome.detail


def test_one_file_that_cant_be_read_keeps_no_other_out(folder: Path, exports: Path) -> None:
    (exports / "a.csv").write_bytes(b"")
    (exports / "b.csv").write_text(HEAD + "2026-06-01 09:00,1\n", encoding="utf-8")
    outcome = collect(folder)
    assert (outcome.state, outcome.rows) == ("partial", 1)
    assert "a.csv: the first line must name the columns" in outcome.detail
    (exports / "b.csv").unlink()
    assert collect(folder).state == "failed"


def test_a_folder_may_be_called_like_a_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "data [1]*'s é"
    configure(folder, {"old": {"kind": "files", "path": "[ab].CSV", "component": "db", "indicator": "cpu"}})
    (folder / "a.CSV").write_text(HEAD + "2026-06-01 09:00,1\n", encoding="utf-8")
    assert collect(folder).rows == 1
