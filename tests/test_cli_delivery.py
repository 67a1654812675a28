"""`delivery` as people and scripts use it: real processes on a demo and on imported files."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metrics.cli_delivery_json import FIGURES
from metrics.cli_delivery_table import duration
from tests.collect.folders import metrics
from tests.documents import document
from tests.pages import deployments

UNTIL = "2026-11-20T00:00Z"
TABLES = document("docs/delivery.md")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=26)


def run(folder: Path, *words: str) -> str:
    done = metrics(folder, "delivery", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def report(folder: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, *words, "--format", "json"))
    return found


def production(found: dict[str, Any]) -> dict[str, Any]:
    (service,) = found["services"]
    of: dict[str, Any] = service["environments"][0]
    assert (of["environment"], of["counts"]) == ("production", True)
    return of


@pytest.fixture(scope="module")
def quarter(demo: Path) -> dict[str, Any]:
    return report(demo, "--until", UNTIL)


def test_the_usual_range_is_90_days_by_weeks(quarter: dict[str, Any]) -> None:
    assert (quarter["since"], quarter["until"]) == ("2026-08-22T00:00:00Z", "2026-11-20T00:00:00Z")
    assert quarter["by"] == "week"
    assert quarter["services"][0]["before"] == {"since": "2026-05-24T00:00:00Z", "until": "2026-08-22T00:00:00Z"}


def test_the_demo_gives_sensible_figures(quarter: dict[str, Any]) -> None:
    now = production(quarter)["now"]
    assert 3 < now["deployment_frequency"]["value"]["per_week"] < 8
    assert 12 * 3600 < now["change_lead_time"]["value"]["median_s"] < 72 * 3600
    rate = now["change_fail_rate"]["value"]
    assert 0 < rate["confirmed"]["k"] <= rate["possible"]["k"] < rate["possible"]["n"] / 3
    assert rate["confirmed"]["low"] < rate["confirmed"]["share"] < rate["confirmed"]["high"]
    assert 30 * 60 < now["fix_floor"]["value"]["seconds"] < 90 * 60
    assert now["lead_time_stages"].keys() == {"review", "wait", "deploy"}


def test_the_build_creeps_up_in_the_trend(demo: Path) -> None:
    """Story 4, by what the demo knows nothing of: the durations of its builds."""
    trend = production(report(demo, "--since", "2026-07-15", "--until", UNTIL, "--by", "month"))["trend"]
    web = [each["build_duration"]["value"]["median_s"] for each in trend if each["build_duration"]["value"]]
    assert web[-1] > 1.2 * web[0]
    assert [each["start"] for each in trend] == [f"2026-{month:02}-01" for month in range(7, 12)]
    assert [each["whole"] for each in trend] == [False, True, True, True, False]


def test_weeks_begin_at_midnight_in_tokyo(quarter: dict[str, Any]) -> None:
    trend = production(quarter)["trend"]
    assert {each["since"][10:] for each in trend[1:]} == {"T15:00:00Z"}


def test_the_number_of_deployments_is_that_of_the_store(demo: Path, quarter: dict[str, Any]) -> None:
    events = metrics(demo, "export", "v_events").stdout.splitlines()
    mine = [line for line in events if ",deployment," in line and '""environment"": ""production""' in line]
    ended = [line.split(",")[5] for line in mine if ",success," in line]
    inside = [time for time in ended if "2026-08-22" <= time < "2026-11-20"]
    now = production(quarter)["now"]
    assert now["deployment_frequency"]["value"]["n"] == len(inside) > 20
    assert sum(n for kind, n in now["deployment_frequency"]["parts"].items() if kind != "same_version") == len(inside)


def test_every_failure_that_was_planted_is_found(demo: Path, quarter: dict[str, Any]) -> None:
    """The demo mends each broken deployment by another one that names it."""
    events = csv.DictReader(io.StringIO(metrics(demo, "export", "v_events").stdout))
    mended = {
        json.loads(each["attrs"])["mends"]: each["started_at"] for each in events if each["kind"] == "deployment"
    }
    planted = {id_ for id_, moment in mended.items() if id_ and moment >= "2026-08-23"}
    confirmed = {each["deployment"] for each in production(quarter)["failures"] if each["confirmed"]}
    assert len(planted) >= 3
    assert planted <= confirmed


def figures_of(found: object) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        if "insufficient" in found:
            yield found
        found = list(found.values())
    for each in found if isinstance(found, list) else ():
        yield from figures_of(each)


def test_every_figure_has_one_answer(quarter: dict[str, Any]) -> None:
    found = list(figures_of(quarter))
    assert len(found) > 200
    for each in found:
        answers = [each[name] for name in ("value", "insufficient", "not_collected")]
        assert sum(answer is not None for answer in answers) == 1


def keys_of(found: object, depth: int = 0) -> set[str]:
    """Every key of the report but those that count by a word."""
    if isinstance(found, list):
        return set().union(*(keys_of(each) for each in found))
    if not isinstance(found, dict):
        return set()
    below = [value for name, value in found.items() if name not in ("parts", "excluded")]
    return set(found) | set().union(*(keys_of(each) for each in below))


def test_every_key_is_documented(quarter: dict[str, Any]) -> None:
    said = set(re.findall(r"`([a-z_0-9]+)`", TABLES.text))
    assert keys_of(quarter) - said == set()
    assert set(FIGURES) <= said


def test_every_reason_is_documented(demo: Path, quarter: dict[str, Any]) -> None:
    said = set(re.findall(r"`([a-z_0-9]+)`", TABLES.section("A figure")))
    assert {word for each in figures_of(quarter) for word in each["excluded"]} - said == set()


def test_the_table_says_the_same_and_why(demo: Path, quarter: dict[str, Any]) -> None:
    table = run(demo, "--until", UNTIL)
    now = production(quarter)["now"]
    assert f"{now['deployment_frequency']['value']['per_week']:.1f} a week" in table
    rate = now["change_fail_rate"]["value"]["confirmed"]
    words = " ".join(table.split())
    assert f"{rate['k']} of {rate['n']} confirmed, 95 % interval" in words
    assert "DORA 2025: about 24 %" in words
    assert max(map(len, table.splitlines())) <= 145
    assert "staging (does not count as production)" in table
    assert re.search("elite|medium performer", table) is None


def test_two_runs_say_the_same(demo: Path, quarter: dict[str, Any]) -> None:
    again = report(demo, "--until", UNTIL)
    assert {**again, "as_of": None} == {**quarter, "as_of": None}


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service", "jbos"], "--service jbos: there is no such service; use one of jobs"),
        (["--since", "2999-01-01"], "--since 2999-01-01T00:00Z is not before now"),
        (["--since", "2026-05-01", "--until", "2026-04-01"], "is not before --until 2026-04-01T00:00Z"),
        (["--by", "day"], "invalid choice: 'day'"),
        (["--since", "spring"], "'spring' is not a time"),
    ],
)
def test_a_mistake_is_said_in_one_line(words: list[str], said: str, demo: Path) -> None:
    assert said in refused(metrics(demo, "delivery", *words))


def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    assert "there is no tomoni.duckdb" in refused(metrics(tmp_path, "delivery"))


DEPLOYMENTS = """id,service,environment,started_at,finished_at,status,version,kind
d0,shop,production,2026-08-20T12:00Z,2026-08-20T12:10Z,succeeded,V0,release
d1,shop,production,2026-09-02T12:00Z,2026-09-02T12:10Z,succeeded,V1,release
d2,shop,production,2026-09-03T12:00Z,2026-09-03T12:10Z,succeeded,V2,release
d3,shop,production,2026-09-04T12:00Z,2026-09-04T12:10Z,succeeded,V3,release
d4,shop,production,2026-09-04T13:00Z,2026-09-04T13:10Z,succeeded,V2,rollback
d5,shop,production,2026-09-05T12:00Z,2026-09-05T12:10Z,succeeded,V5,release
d6,shop,production,2026-09-06T12:00Z,2026-09-06T12:10Z,succeeded,V6,release
"""
INCIDENTS = """id,service,started_at,detected_at,resolved_at,severity,caused_by_deployment
i1,shop,2026-09-05T12:30Z,2026-09-05T12:35Z,2026-09-05T13:30Z,sev2,d5
"""
CHANGES = """commit,service,authored_at,merged_at,deployed_by
c1,shop,2026-09-02T11:10Z,2026-09-02T11:30Z,d1
"""
SEPTEMBER = ("--since", "2026-09-01", "--until", "2026-10-01")


def take(folder: Path, name: str, text: str) -> None:
    path = folder.parent / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    done = metrics(folder, "import", path, "--as", name)
    assert done.returncode == 0, done.stderr


def test_imported_files_of_a_service_that_nobody_configured(folder: Path) -> None:
    take(folder, "deployments", DEPLOYMENTS)
    take(folder, "changes", CHANGES)
    found = report(folder, *SEPTEMBER)
    assert [each["service"] for each in found["services"]] == ["shop"]
    now = production(found)["now"]
    assert now["deployment_frequency"]["parts"] == {"planned": 5, "rollback": 1}
    assert now["change_fail_rate"]["value"]["possible"]["k"] == 1  # seen without any incident
    take(folder, "incidents", INCIDENTS)
    of = production(report(folder, *SEPTEMBER, "--service", "shop"))
    rate = of["now"]["change_fail_rate"]["value"]
    assert [(rate[name]["k"], rate[name]["n"]) for name in ("confirmed", "possible")] == [(1, 5), (2, 5)]
    assert {each["deployment"]: each["confirmed"] for each in of["failures"]} == {"d3": False, "d5": True}
    table = run(folder, *SEPTEMBER)
    assert "20.0 % to 40.0 %" in table
    assert "Not reviewed: d4 may have mended d3 (rollback)" in table
    assert "use one of shop" in refused(metrics(folder, "delivery", *SEPTEMBER, "--service", "web"))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (90, "2 min"), (3_600, "1.0 h"), (30 * 3_600, "30 h"), (60 * 3_600, "2.5 d"),
     (40 * 86_400, "40 d")],
)  # fmt: skip
def test_a_duration_has_the_digits_that_matter(seconds: float, said: str) -> None:
    assert duration(seconds) == said
