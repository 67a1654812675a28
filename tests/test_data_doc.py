"""docs/data.md tells the truth: every view and column with its type, every example query, every import column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from metrics.collect.layout import COLUMNS
from metrics.store import Store, archive
from tests.collect.folders import ROOT, metrics
from tests.pages import deployments

PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
VIEWS = ("v_samples", "v_events", "v_coverage", "v_findings", "v_reviews", "v_decisions", "v_actions")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|", re.MULTILINE)


def section(title: str) -> str:
    return PAGE.split(f"### {title}\n", 1)[1].split("\n## ")[0].split("\n### ")[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(deployments.demo(tmp_path_factory) / "tomoni.duckdb")


def test_every_view_is_documented(demo: Store) -> None:
    assert sorted(archive.views(demo)) == sorted(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_is_documented_with_its_type(view: str, demo: Store) -> None:
    with demo.read() as db:
        columns = [(row[0], row[1]) for row in db.rows(f"DESCRIBE {view}")]
    assert ROW.findall(section(view)) == columns


@pytest.mark.parametrize("view", VIEWS)
def test_the_example_query_finds_something(view: str, demo: Store) -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", section(view), re.DOTALL)
    with demo.read() as db:
        assert db.rows(query)


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_import_column_is_documented(kind: str) -> None:
    assert sorted(re.findall(r"^\| `(\w+)` \|", section(kind), re.MULTILINE)) == sorted(COLUMNS[kind])


def test_the_import_examples_work(tmp_path: Path) -> None:
    examples = re.findall(r"^python -m metrics (import .*)$", PAGE, re.MULTILINE)
    assert examples
    for example in examples:
        words = example.split()
        mapped = "Average" if "value=Average" in words else "value"
        file = tmp_path / words[1]
        file.write_text(f"timestamp,{mapped}\n2026-06-01T09:00Z,20\n", encoding="utf-8")
        words[1] = str(file)
        done = metrics(tmp_path / "data", *words)
        assert done.returncode == 0, done.stderr
