"""The command line as people and cron use it: real processes on real stores."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from metrics.cli import parser
from metrics.store import Store, read, write
from tests.collect.folders import ROOT, configure, metrics

SAMPLES = "timestamp,value\n2026-06-01T09:00:00Z,20\n2026-06-01T09:05:00Z,30\n2026-06-01T09:10:00Z,25\n"
VERBS = ("demo", "check", "collect", "import", "delivery", "export", "backup", "restore")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "cpu.csv"
    path.write_text(SAMPLES, encoding="utf-8")
    return path


def rows(folder: Path, view: str = "v_samples") -> list[dict[str, str]]:
    done = metrics(folder, "export", view)
    assert done.returncode == 0, done.stderr
    return sorted(csv.DictReader(io.StringIO(done.stdout)), key=lambda row: [row[name] for name in sorted(row)])


def in_time(found: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(found, key=lambda row: row["ts"])


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, folder: Path) -> None:
    done = metrics(folder, verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: python -m metrics {verb}")


def test_help_names_the_verbs_and_the_folder(folder: Path) -> None:
    text = parser().format_help()
    assert all(f"    {verb}" in text for verb in VERBS)
    assert "TOMONI_DATA" in text


def test_the_folder_may_come_from_the_environment(folder: Path, samples: Path) -> None:
    command = [sys.executable, "-m", "metrics", "import", samples, "--as", "samples", "--component", "db"]
    done = subprocess.run(
        [*command, "--indicator", "cpu"],
        cwd=ROOT, env={**os.environ, "TOMONI_DATA": str(folder)}, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout == "cpu.csv: 3 rows, 3 of them new or changed\n"
    assert (folder / "tomoni.duckdb").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required: VERB"),
        (["dance"], "invalid choice: 'dance'"),
        (["collect", "--every", "often"], "'often' is no duration; write 30s, 5m, 1h or 1d"),
        (["collect", "--since", "yesterday"], "'yesterday' is not a time; use 2026-01-31T09:00+09:00"),
        (["collect", "--source", "hots"], "--source hots: there is no such source; use one of "),
        (["collect"], "add one under `sources`"),
        (["collect", "--source", "host", "--since", "2999-01-01"], "is not before --until"),
        (["collect", "--source", "host", "--since", "2026-01-01", "--every", "5m"], "leave out --since"),
        (["export", "v_samples"], "there is no tomoni.duckdb"),
        (["backup", "elsewhere"], "there is no tomoni.duckdb"),
        (["import", "nowhere.csv", "--as", "samples"], "nowhere.csv: there is no such file"),
        (["import", "docs", "--as", "samples"], "docs: is a folder; name its files, as in docs/*.csv"),
        (["backup", "README.md"], "README.md: is a file; name a folder that doesn't exist yet"),
        (["--data", "README.md", "demo"], "README.md is a file; name a folder"),
        (["--data", "README.md/below", "collect"], "README.md is a file; name a folder"),
        (["demo", "--remove"], "there is no demo to remove"),
        (["demo", "--weeks", "0"], "--weeks: Input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_is_said_in_one_line(words: list[str], said: str, folder: Path) -> None:
    assert said in refused(metrics(folder, *words))
    assert not (folder / "tomoni.duckdb").exists()


def test_a_bug_keeps_its_traceback(folder: Path) -> None:
    (folder / "tomoni.duckdb").mkdir()
    done = metrics(folder, "export", "v_samples")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


# import


def test_an_import_into_an_empty_folder_just_works(folder: Path, samples: Path) -> None:
    done = metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    assert (done.returncode, done.stdout) == (0, "cpu.csv: 3 rows, 3 of them new or changed\n")
    found = rows(folder)
    assert [float(row["value"]) for row in in_time(found)] == [20, 30, 25]
    assert {(row["service"], row["component"], row["indicator"], row["unit"], row["period_s"]) for row in found} == {
        ("default", "db", "system.cpu.utilization", "%", "300")
    }
    assert metrics(
        folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu"
    ).stdout == ("cpu.csv: 3 rows, 0 of them new or changed\n")
    assert rows(folder) == found


def test_columns_zone_and_unit_are_understood(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "tokyo.csv"
    path.write_text("Zeit;Dauer;Pfad\n2026-06-01 09:00;250;/jobs\n2026-06-01 09:05;300;/\n", encoding="utf-8")
    done = metrics(
        folder, "import", path, "--as", "samples", "--component", "web", "--indicator", "latency_p95", "--unit", "ms",
        "--column", "timestamp=Zeit", "--column", "value=Dauer", "--column", "part=Pfad", "--time-zone", "Asia/Tokyo",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted((row["part"], row["ts"], float(row["value"])) for row in rows(folder)) == [
        ("/", "2026-06-01 00:05:00", 0.3),
        ("/jobs", "2026-06-01 00:00:00", 0.25),
    ]


def test_wrong_rows_are_refused_by_line_and_the_rest_is_taken(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(SAMPLES + "soon,1\n2026-06-01T09:15:00Z,NaN\n2026-06-01T09:20:00Z,40\n", encoding="utf-8")
    done = metrics(folder, "import", path, "--as", "samples", "--component", "db", "--indicator", "cpu")
    assert done.returncode == 2
    assert "4 rows, 4 of them new or changed; 2 rows refused" in done.stdout
    assert "mixed.csv, line 5: timestamp 'soon' is not a time" in done.stderr
    assert "mixed.csv, line 6: value 'NaN' is not a finite number" in done.stderr
    assert [float(row["value"]) for row in in_time(rows(folder))] == [20, 30, 25, 40]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            ["--component", "db", "--indicator", "cpuu"],
            "--indicator: indicator 'cpuu' is not in the catalogue; did you mean cpu?",
        ),
        (
            ["--component", "db", "--indicator", "cpu", "--unit", "ms"],
            "unit 'ms' does not fit cpu; use one of %, ratio",
        ),
        (["--component", "d/b", "--indicator", "cpu"], "--component: 'd/b' is no name for a component"),
        (
            ["--component", "db", "--indicator", "cpu", "--service", "My Shop"],
            "--service: 'My Shop' is no name for a service",
        ),
        (["--component", "db", "--indicator", "cpu", "--time-zone", "Tokyo"], "--time-zone: there is no time zone"),
        (["--component", "db", "--indicator", "cpu", "--column", "vlaue=x"], "samples have no column 'vlaue'"),
        (["--component", "db", "--indicator", "cpu", "--column", "value"], "use OURS=THEIRS"),
        (["--component", "db", "--indicator", "cpu", "--column", "value=Wert"], "no column `Wert`"),
        (["--indicator", "cpu"], "no column `component`"),
    ],
)
def test_what_an_import_lacks_is_named(flags: list[str], said: str, folder: Path, samples: Path) -> None:
    assert said in refused(metrics(folder, "import", samples, "--as", "samples", *flags))


def test_events_come_in_under_their_own_columns(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "deployments.csv"
    path.write_text(
        "id,environment,started_at,finished_at,status,commit,version\n"
        "d1,production,2026-06-01T09:00Z,2026-06-01T09:20Z,succeeded,abc,1.4\n"
        "d2,production,2026-06-02T09:00Z,2026-06-02T08:20Z,succeeded,abd,1.5\n",
        encoding="utf-8",
    )
    done = metrics(folder, "import", path, "--as", "deployments")
    assert done.returncode == 2
    assert "line 3" in done.stderr
    (event,) = rows(folder, "v_events")
    assert (event["kind"], event["id"], event["status"]) == ("deployment", "d1", "succeeded")
    assert json.loads(event["attrs"])["commit"] == "abc"


def test_the_only_service_is_meant_and_several_must_be_named(folder: Path, samples: Path) -> None:
    services = folder / "services"
    services.mkdir()
    (services / "shop.yaml").write_text("title: Shop\n", encoding="utf-8")
    words = ["import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu"]
    assert metrics(folder, *words).returncode == 0
    assert {row["service"] for row in rows(folder)} == {"shop"}
    (services / "blog.yaml").write_text("title: Blog\n", encoding="utf-8")
    assert "use one of blog, shop" in refused(metrics(folder, *words))
    assert metrics(folder, *words, "--service", "blog").returncode == 0
    assert {row["service"] for row in rows(folder)} == {"shop", "blog"}


def test_an_import_that_was_cut_is_listed_until_it_is_run_again(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    minutes = (f"{1_780_000_000 + 60 * n},{n % 97}" for n in range(3_000_000))
    path.write_text("timestamp,value\n" + "\n".join(minutes), encoding="utf-8")
    words = ["import", path, "--as", "samples", "--component", "db", "--indicator", "cpu"]
    command = [sys.executable, "-m", "metrics", "--data", str(folder), *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as importing:
        assert importing.stderr is not None
        importing.stderr.readline()  # the first chunk is in
        importing.send_signal(signal.SIGKILL)
    checked = metrics(folder, "check")
    assert checked.returncode == 2
    assert f"import {path} again" in checked.stdout
    assert metrics(folder, *words).returncode == 0
    assert metrics(folder, "check").returncode == 0
    with Store(folder / "tomoni.duckdb").read() as db:
        (n,) = db.rows("SELECT count(*) FROM v_samples")[0]
    assert n == 3_000_000


# export, backup, restore


def test_an_export_may_go_to_a_file_or_into_a_pipe(folder: Path, samples: Path, tmp_path: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    to = tmp_path / "out.parquet"
    done = metrics(folder, "export", "v_samples", "-o", to)
    assert (done.returncode, done.stderr) == (0, f"3 rows to {to}\n")
    assert duckdb.sql(f"SELECT count(*) FROM '{to}'").fetchall() == [(3,)]
    piped = subprocess.run(
        f"'{sys.executable}' -m metrics --data '{folder}' export v_samples | head -n 1",
        shell=True, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert piped.stdout.startswith("service,component,part,indicator")
    assert piped.stderr == ""


def test_an_unknown_view_is_refused_with_the_known_ones(folder: Path, samples: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    assert "use one of v_actions, v_coverage, v_decisions, v_events, v_findings, v_reviews, v_samples" in refused(
        metrics(folder, "export", "v_sample")
    )


def test_a_folder_is_no_file_to_export_to(folder: Path, samples: Path, tmp_path: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    said = refused(metrics(folder, "export", "v_samples", "-o", tmp_path))
    assert said == f"{tmp_path}: is a folder; name a file, as in {tmp_path}/v_samples.csv"


def test_a_backup_restored_elsewhere_is_the_same(folder: Path, samples: Path, tmp_path: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    assert metrics(folder, "backup", tmp_path / "copy").returncode == 0
    assert metrics(tmp_path / "other", "restore", tmp_path / "copy").returncode == 0
    assert rows(tmp_path / "other") == rows(folder)
    assert "exists already" in refused(metrics(folder, "restore", tmp_path / "copy"))


# demo


def test_the_demo_fills_an_empty_store_and_goes_again(folder: Path) -> None:
    words = ["demo", "--weeks", "1", "--until", "2026-06-08", "--seed", "3"]
    done = metrics(folder, *words)
    assert done.returncode == 0, done.stderr
    assert "2026-06-01 to 2026-06-08" in done.stdout
    answers = json.loads((folder / "demo_answers.json").read_text(encoding="utf-8"))
    assert {"story", "component", "part", "indicator", "kind", "since", "until", "cause"} <= set(answers[0])
    assert (folder / "services" / "jobs.yaml").exists()
    assert metrics(folder, "check").returncode == 0
    n = len(rows(folder))
    assert metrics(folder, *words).returncode == 0
    assert len(rows(folder)) == n
    assert metrics(folder, "demo", "--remove").returncode == 0
    assert rows(folder) == rows(folder, "v_events") == rows(folder, "v_coverage") == []
    assert not (folder / "demo_answers.json").exists()
    assert not (folder / "services" / "jobs.yaml").exists()


def test_the_demo_never_mixes_with_other_data(folder: Path, samples: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    assert "holds data of import" in refused(metrics(folder, "demo", "--weeks", "1"))
    assert not (folder / "services").exists()
    assert len(rows(folder)) == 3


# collect


def test_the_machine_itself_is_collected_without_any_configuration(folder: Path) -> None:
    done = metrics(folder, "collect", "--source", "host")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("host             done")
    assert {row["indicator"] for row in rows(folder)} >= {"system.cpu.utilization", "system.memory.utilization"}


def test_a_store_that_somebody_holds_is_said_once(folder: Path, samples: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    with duckdb.connect(folder / "tomoni.duckdb"):
        done = metrics(folder, "collect", "--source", "host")
    assert done.returncode == 2
    assert done.stdout.count("does not take turns") == 1
    assert done.stderr == ""


def test_check_says_that_the_folder_is_not_there(folder: Path) -> None:
    assert f"there is no folder {folder / 'typo'} yet" in metrics(folder / "typo", "check").stdout
    assert not (folder / "typo").exists()


def test_a_failing_source_stops_no_other(folder: Path) -> None:
    configure(folder, {"nothing": {"kind": "files", "path": "none-*.csv"}, "me": {"kind": "host", "component": "me"}})
    done = metrics(folder, "collect")
    assert done.returncode == 2
    assert "nothing          failed            0 rows  path none-*.csv: no file matches" in done.stdout
    assert "me               done" in done.stdout
    assert {row["source"] for row in rows(folder)} == {"me"}


def test_collecting_every_so_often_goes_on_until_it_is_told_to_stop(folder: Path) -> None:
    words = ["--data", str(folder), "collect", "--source", "host", "--every", "2s"]
    loops = [
        subprocess.Popen([sys.executable, "-m", "metrics", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    time.sleep(9)
    for loop in loops:
        loop.send_signal(signal.SIGTERM)
    said = [loop.communicate(timeout=30)[0].splitlines() for loop in loops]
    assert [loop.returncode for loop in loops] == [0, 0]
    runs = sorted(line for lines in said for line in lines if " done " in line)
    assert len(runs) >= 3
    with Store(folder / "tomoni.duckdb").read() as db:
        started = read.runs(db)["started_at"].sort_values()
    # Two loops agree on when a source is due, and neither runs what the other has run.
    assert (started.diff().dropna().dt.total_seconds() > 0.9).all()


def test_check_lists_what_is_not_configured_and_what_is_wrong(folder: Path, samples: Path) -> None:
    metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu")
    done = metrics(folder, "check")
    assert done.returncode == 0
    assert "component db" in done.stdout
    assert "not configured" in done.stdout
    configure(folder, {"nothing": {"kind": "files", "path": "none-*.csv"}})
    done = metrics(folder, "check")
    assert done.returncode == 2
    assert "source nothing  wrong" in done.stdout


def test_a_terminal_sees_a_bar_and_a_log_sees_lines(folder: Path, samples: Path) -> None:
    words = ["import", str(samples), "--as", "samples", "--component", "db", "--indicator", "cpu"]
    assert metrics(folder, *words).stderr == "cpu.csv: 3 of 3 rows\n"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "metrics", "--data", str(folder), *words]
    subprocess.run(command, cwd=ROOT, stderr=theirs, stdout=subprocess.DEVNULL, check=True)
    os.close(theirs)
    assert "████ cpu.csv: 3 of 3 rows" in os.read(ours, 10_000).decode()
    os.close(ours)


def test_runs_that_a_living_process_works_on_are_not_called_unfinished(folder: Path) -> None:
    store = Store(folder / "tomoni.duckdb")
    write.begin_run(store, "collect", "elsewhere")
    done = metrics(folder, "check")
    assert done.returncode == 0
    assert "unfinished" not in done.stdout


def test_a_demo_can_be_renewed_beside_what_came_after_it(folder: Path, samples: Path) -> None:
    assert metrics(folder, "demo", "--weeks", "1", "--until", "2026-06-08").returncode == 0
    assert (
        metrics(folder, "import", samples, "--as", "samples", "--component", "db", "--indicator", "cpu").returncode
        == 0
    )
    assert metrics(folder, "demo", "--weeks", "1", "--until", "2026-06-09").returncode == 0
    with Store(folder / "tomoni.duckdb").read() as db:
        series = read.series(db)
    newest = series.groupby("source")["last_ts"].max()
    assert set(newest.index) == {"demo", "import"}
    assert newest["demo"].day == 8  # until, less one bucket
