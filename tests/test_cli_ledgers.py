"""`review --about`: the ledgers of alerts, coverage and actions as a person and a script read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from metrics import cli
from metrics.model import Entry, Event, Points
from metrics.review.actions import Action, entry
from metrics.store import Store, entries
from tests.meeting import shop
from tests.meeting.shop import UNTIL
from tests.pages import deployments

Run = Callable[..., str]
AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, weeks=4)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "demo"))


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(folder: Path, *words: str, status: int = 0) -> str:
        capfdbinary.readouterr()
        assert cli.main(["--data", str(folder), "review", *words]) == status
        return b"".join(capfdbinary.readouterr()).decode()

    return run


def facts(run: Run, folder: Path, about: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, "--about", about, "--format", "json", *words))
    return found


def test_every_rule_has_its_figures_its_branch_and_what_came_of_it(folder, run):
    said = {"branch": "remove", "note": "nobody | acts", "check": "2026-01-05"}
    entries.add(Store(folder / "tomoni.duckdb"), Entry(AT, "Ren", "rule", "jobs", "aurora-main/gone", said))
    told = run(folder, "--about", "alerts")
    assert told.startswith("# Alert rules of Jobs\n")
    assert "**" not in told
    (row,) = [line for line in told.splitlines() if "| gone |" in line]
    assert row.startswith("| ✓ remove | gone | aurora-main | 0 |  |")
    assert "nobody \\| acts" in row
    found = facts(run, folder, "alerts")
    rules = {f"{each['component']}/{each['name']}": each for each in found["rules"]}
    assert rules["aurora-main/aurora-cpu-high"]["now"]["n"] >= 7
    assert rules["aurora-main/gone"]["said"]["by"] == "Ren"
    assert rules["aurora-main/gone"]["check"] == "2026-01-05"


def test_every_needed_indicator_has_its_state_and_what_it_hid(folder, run):
    told = run(folder, "--about", "coverage")
    assert "needed indicators are collected as a whole" in told
    cells = facts(run, folder, "coverage")["cells"]
    assert {"failed", "never", "partial", "collected"} <= {each["state"] for each in cells}
    assert any(each["missed"] for each in cells)
    # Holes first, as a person wants them.
    rows = [line for line in told.splitlines() if line.startswith("| ") and "| State |" not in line]
    assert rows[-1].startswith(("| ✓ ", "| – "))


def test_every_action_has_its_verdict_with_the_evidence(tmp_path, run):
    store = shop.fill(tmp_path, shop.line("db", "system.cpu.utilization", [40.0 + n % 5 for n in range(24 * 60)]))
    action = Action(
        id="a1", service="shop", what="Add an index", kind="repair", why="", why_sentence="CPU rose", owner="infra",
        check=date(2026, 11, 9), component="db", indicator="system.cpu.utilization",
        started=datetime(2026, 10, 26, tzinfo=UTC),
    )  # fmt: skip
    entries.add(store, entry(action, AT, "Mika"))
    told = run(tmp_path, "--about", "actions")
    assert "1 waiting, 1 of them with a verdict due; 0 judged, 0 dropped" in told
    assert "Written down: Nov 2026: repair 1 (100 %)" in told
    (row,) = [line for line in told.splitlines() if "| Add an index |" in line]
    assert row.startswith("| due | Add an index | repair | infra | Mon 26 Oct | Mon 9 Nov |")
    assert "? no visible effect" in row
    (found,) = facts(run, tmp_path, "actions")["actions"]
    assert (found["id"], found["state"], found["computed"], found["weeks"]) == ("a1", "due", "no visible effect", 4)
    entries.add(store, Entry(AT, "Ren", "verdict", "shop", "a1", {"verdict": "worse", "computed": "improved"}))
    (found,) = facts(run, tmp_path, "actions")["actions"]
    assert (found["state"], found["said"]["verdict"], found["computed"]) == ("judged", "worse", None)


def test_where_there_is_nothing_it_says_so(tmp_path, run):
    shop.fill(tmp_path, shop.line("db", "system.cpu.utilization", [40.0] * 240))
    assert "No alert is known, and nobody has decided on any rule." in run(tmp_path, "--about", "alerts")
    assert "nothing can be missing" in run(tmp_path, "--about", "coverage")
    assert "No action is written down yet." in run(tmp_path, "--about", "actions")
    assert "there is no tomoni.duckdb in none/ yet" in run(tmp_path / "none", "--about", "alerts", status=2)


def test_what_it_is_not_written_as_is_refused(folder, run, tmp_path):
    refusal = "--about is written as md or json, and goes without --with\n"
    assert run(folder, "--about", "alerts", "--format", "pdf", "-o", "x.pdf", status=2) == refusal
    assert run(folder, "--about", "alerts", "--with", "2026-01-01", status=2) == refusal
    assert run(folder, "--about", "actions", "-o", str(tmp_path / "a.json")) == ""
    assert "actions" in json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))


def test_of_two_services_each_has_its_own(tmp_path, run):
    rows: list[Points | Event] = [shop.line("db", "system.cpu.utilization", [40.0] * 240)]
    rows.append(shop.event("alert", "cpu", 5, component="db"))
    shop.fill(tmp_path, *rows)
    found = facts(run, tmp_path, "alerts", "--service", "shop", "--as-of", f"{UNTIL:%Y-%m-%dT%H:%MZ}")
    assert [(each["component"], each["now"]["n"]) for each in found["rules"]] == [("db", 1)]
    assert "there is no such service" in run(tmp_path, "--about", "alerts", "--service", "other", status=2)
