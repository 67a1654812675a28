"""`detect` as people and scripts use it: any CSV in, a row for each row or a finding out, one sentence for a fault."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metrics.cli import main
from metrics.cli_detect import KINDS
from metrics.cli_detect_csv import read_sheet

THREE = "timestamp,value\n2026-06-01T00:00:00Z,40\n2026-06-01T00:05:00Z,55.5\n2026-06-01T00:10:00Z,41\n"
START = np.datetime64("2026-01-01T00:00", "s")


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def hourly(values: np.ndarray) -> str:
    times = START + np.arange(len(values)) * np.timedelta64(3600, "s")
    return "timestamp,value\n" + "".join(f"{t},{float(v)!r}\n" for t, v in zip(times, values, strict=True))


@pytest.fixture
def detect(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the verb on a text; gives what it printed."""

    def run(text: str | bytes, *words: str) -> str:
        assert main(["detect", str(written(tmp_path, text)), *words]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the verb on what it must refuse; gives its one sentence without the folder."""

    def run(text: str | bytes, *words: str) -> str:
        try:
            status = main(["detect", str(written(tmp_path, text)), *words])
        except SystemExit as stop:
            status = stop.code
        done = capsys.readouterr()
        assert (status, done.out, done.err.count("\n")) == (2, "", 1)
        return done.err.strip().replace(f"{tmp_path}/", "")

    return run


SCORED = re.compile(r"0(\.\d+)?|1(\.0+)?|\d(\.\d+)?e-\d+")


def test_spike_gives_a_row_for_each_row_as_it_is_written(detect):
    text = 'timestamp,value\n2026-06-01 00:10,41\n"2026-06-01T00:00:00+09:00", 4.10e1\n\n2026-06-01T00:05:00Z,\n'
    rows = [line.split(",") for line in detect(text, "--kind", "spike").splitlines()]
    assert [row[:2] for row in rows] == [
        ["timestamp", "value"],
        ["2026-06-01 00:10", "41"],
        ["2026-06-01T00:00:00+09:00", "4.10e1"],
        ["2026-06-01T00:05:00Z", ""],
    ]
    assert rows[0][2] == "score"
    assert all(SCORED.fullmatch(row[2]) for row in rows[1:])
    assert float(rows[3][2]) == 0


def test_spike_as_json_has_the_same_rows(detect):
    found = json.loads(detect(THREE, "--kind", "spike", "--format", "json"))
    assert [(row["timestamp"][11:16], row["value"]) for row in found["scores"]] == [
        ("00:00", "40"), ("00:05", "55.5"), ("00:10", "41"),
    ]  # fmt: skip


def test_a_jump_is_scored_above_its_neighbours(detect):
    values = (
        50
        + 5 * np.sin(np.arange(24 * 28) / 24 * 2 * np.pi)
        + np.random.Generator(np.random.PCG64(3)).normal(size=672)
    )
    values[600] += 60
    scores = [float(line.split(",")[2]) for line in detect(hourly(values), "--kind", "spike").splitlines()[1:]]
    assert int(np.argmax(scores)) == 600
    assert scores[600] > 0.5


def test_shift_names_the_row_of_the_file(detect):
    """The file is backwards, with a value missing: the row is still the one of the file."""
    values = np.where(np.arange(672) < 400, 10.0, 30.0) + np.random.Generator(np.random.PCG64(1)).normal(size=672)
    lines = hourly(values).splitlines()
    backwards = "\n".join([lines[0], "2026-03-01T00:00:00,", *lines[:0:-1]])
    (change,) = json.loads(detect(backwards, "--kind", "shift"))["changes"]
    at = 672 - change["index"]
    assert abs(at - 400) <= 12
    assert change["timestamp"].startswith(str(START + np.timedelta64(at, "h"))[:13])
    assert change["before"] == pytest.approx(10, abs=0.5)
    assert change["after"] == pytest.approx(30, abs=0.5)


def test_drift_says_how_much_a_day(detect):
    values = 100 + np.arange(672) / 24 * 2 + np.random.Generator(np.random.PCG64(2)).normal(size=672)
    found = json.loads(detect(hourly(values), "--kind", "drift"))["drift"]
    assert found["per_day"] == pytest.approx(2, rel=0.1)
    assert found["total"] == pytest.approx(56, rel=0.15)
    assert found["since"].startswith("2026-01-0")


def test_forecast_reaches_its_limit_when_the_line_does(detect):
    """One unit a day up to 28 at the end: 40 is reached 12 days later."""
    grown = hourly(np.arange(28 * 24) / 24)
    found = json.loads(detect(grown, "--kind", "forecast", "--limit", "40"))
    assert set(found) == {"crosses_at", "early", "late"}
    assert found["crosses_at"][:10] in ("2026-02-09", "2026-02-10")
    assert detect(grown, "--kind", "forecast", "--limit", "40", "--format", "csv").splitlines() == [
        "crosses_at,early,late",
        f"{found['crosses_at']},{found['early']},{found['late']}",
    ]


def test_forecast_falls_to_a_floor(detect):
    free = hourly(100 - np.arange(28 * 24) / 24)
    found = json.loads(detect(free, "--kind", "forecast", "--limit", "60", "--falling"))
    assert found["crosses_at"][:10] in ("2026-02-09", "2026-02-10")


def test_silence_says_what_stopped_and_what_was_lost(detect):
    """Three weeks by the hour; the day from hour 240 on is lost, and two days later nobody has heard of it."""
    lines = hourly(np.ones(21 * 24)).splitlines()
    text = "\n".join(lines[:241] + lines[265:])
    found = json.loads(detect(text, "--kind", "silence", "--until", "2026-01-24T00:00"))["silences"]
    assert [(row["kind"], row["since"], row["until"], row["found"]) for row in found] == [
        ("lost", "2026-01-10T23:00:00Z", "2026-01-12T00:00:00Z", 0.0),
        ("stopped", "2026-01-21T23:00:00Z", None, 0.0),
    ]
    assert [row["expected"] for row in found] == [24, 48]


def test_threshold_says_since_when_how_bad_and_for_what_share(detect):
    values = np.array([50, 50, 91, 99, 50, 50])
    rows = "since,until,worst,share\n2026-01-01T02:00:00Z,2026-01-01T04:00:00Z,99.0,1.0\n"
    assert detect(hourly(values), "--kind", "threshold", "--limit", "90", "--format", "csv") == rows
    below = json.loads(detect(hourly(-values), "--kind", "threshold", "--limit", "-90", "--falling"))
    assert [row["worst"] for row in below["exceedances"]] == [-99.0]


@pytest.mark.parametrize(
    ("kind", "nothing"),
    [
        ("shift", {"changes": []}),
        ("drift", {"drift": None}),
        ("burst", {"burst": None}),
        ("silence", {"silences": []}),
        ("forecast", {"crosses_at": None, "early": None, "late": None}),
    ],
)
@pytest.mark.parametrize("text", ["timestamp,value\n", THREE])
def test_too_little_history_is_said(kind: str, nothing: dict[str, Any], text: str, detect):
    limit = ["--limit", "90"] if kind == "forecast" else []
    found = json.loads(detect(text, "--kind", kind, *limit))
    short = found.pop("insufficient")
    assert found == nothing
    assert 0 <= short["have"] < short["needed"]


def test_a_header_is_all_that_nothing_has(detect):
    assert detect("timestamp,value\n", "--kind", "spike") == "timestamp,value,score\n"


def test_times_are_ordered_and_those_of_a_clock(tmp_path: Path):
    text = "﻿value,host,timestamp\n3,a,2026-01-01T10:00\n1,a,2026-01-01T00:00Z\nnull,a,2026-01-01T02:00Z\n2,a,2026-01-01T09:30\n"
    sheet = read_sheet(written(tmp_path, text), "Asia/Tokyo")
    assert sheet.signal.zone == "Asia/Tokyo"
    assert sheet.signal.values.tolist() == [1.0, 2.0, 3.0]
    assert [str(t)[11:16] for t in sheet.signal.ts] == ["00:00", "00:30", "01:00"]
    assert sheet.rows.tolist() == [1, 3, 0]
    assert sheet.by_row(np.array([0.1, 0.2, 0.3])).tolist() == [0.3, 0.1, 0.0, 0.2]


def test_of_one_time_the_last_with_a_value_holds_and_its_score_is_shared(tmp_path: Path):
    text = "timestamp,value\n2026-01-01,1\n2026-01-01,2\n2026-01-01,\n2026-01-02,5\n"
    sheet = read_sheet(written(tmp_path, text), "UTC")
    assert sheet.signal.values.tolist() == [2.0, 5.0]
    assert sheet.by_row(np.array([0.7, 0.1])).tolist() == [0.7, 0.7, 0.0, 0.1]


def test_an_hour_that_is_not_there_and_one_that_comes_twice(tmp_path: Path):
    """Berlin, 2026: 02:30 on 29 March is no time, 02:30 on 25 October is two."""
    text = "timestamp,value\n2026-03-29T02:30,1\n2026-10-25T02:30,2\n2026-10-25T02:30+01:00,3\n"
    sheet = read_sheet(written(tmp_path, text), "Europe/Berlin")
    assert [str(t)[:16] for t in sheet.ts] == ["2026-03-29T01:00", "2026-10-25T00:30", "2026-10-25T01:30"]


FAULTS = {
    "": "series.csv, line 1: there is no column timestamp and no column value in ''; "
    "the first line must be the header timestamp,value",
    "time,value\n": "series.csv, line 1: there is no column timestamp in 'time,value'; "
    "the first line must be the header timestamp,value",
    "timestamp,value\n2026-01-01,1\n\nyesterday,2\n": "series.csv, line 4: timestamp 'yesterday' is not a time; "
    "write ISO 8601, as in 2026-01-31T09:00 or 2026-01-31T09:00+09:00",
    "timestamp,value\n1767225600,1\n": "series.csv, line 2: timestamp '1767225600' is not a time; "
    "write ISO 8601, as in 2026-01-31T09:00 or 2026-01-31T09:00+09:00",
    'timestamp,value\n2026-01-01,"1,5"\n': "series.csv, line 2: value '1,5' is not a finite number; "
    "write one as in 41.5, or nothing where nothing was measured",
    "timestamp,value\n2026-01-01,1\n2026-01-02,inf\n": "series.csv, line 3: value 'inf' is not a finite number; "
    "write one as in 41.5, or nothing where nothing was measured",
    "timestamp,value\n2026-01-01\n": "series.csv, line 2: '2026-01-01' lacks a field; each row must have timestamp,value",
    'timestamp,value\n2026-01-01,"1\n': "series.csv, line 2: is not CSV (unexpected end of data); "
    "write rows as timestamp,value",
    b"timestamp,value\n2026-01-01,\xff\n": "series.csv: is not UTF-8 text; save it as CSV in UTF-8",
}


@pytest.mark.parametrize("text", list(FAULTS))
def test_a_line_that_is_not_understood_is_named(text: str | bytes, refused):
    assert refused(text, "--kind", "spike") == FAULTS[text]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kind", "forecast"], "--limit is needed with --kind forecast: say what must not be crossed, as in --limit 90"),
        (["--kind", "shift", "--limit", "3"],
         "--limit means nothing with --kind shift; leave it out, or use --kind forecast or threshold"),
        (["--kind", "burst", "--falling"],
         "--falling means nothing with --kind burst; leave it out, or use --kind forecast or threshold"),
        (["--kind", "drift", "--until", "2026-01-01"],
         "--until means nothing with --kind drift; leave it out, or use --kind silence"),
        (["--kind", "spike", "--time-zone", "Mars"], "--time-zone: there is no 'Mars'; use an IANA name such as Asia/Tokyo"),
        (["--kind", "forecast", "--limit", "nan"],
         "python -m metrics detect: argument --limit: 'nan' is not a number; write one, as in 90 or 8.5e9; "
         "see python -m metrics detect --help"),
    ],
)  # fmt: skip
def test_a_flag_that_makes_no_sense_is_named(words: list[str], said: str, refused):
    assert refused(THREE, *words) == said


@pytest.mark.parametrize("missing", ["there.csv", "."])
def test_what_is_no_file_is_one_sentence(missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["detect", str(tmp_path / missing), "--kind", "spike"]) == 2
    reason = "Is a directory" if missing == "." else "No such file or directory"
    said = f"{tmp_path / missing}: {reason}; name a CSV file with the columns timestamp,value\n"
    assert capsys.readouterr().err == said


def test_every_kind_is_documented():
    from tests.documents import document

    section = document("docs/commands.md").section("detect")
    assert [kind for kind in KINDS if f"\n| `{kind}` |" not in section] == []
