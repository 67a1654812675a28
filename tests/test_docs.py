"""The documentation says what the code does: every name is in it, every link leads somewhere, every command runs.

Each source has its page asked for in collect/test_conformance.py, each view and import column in test_data_doc.py.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel

from metrics import catalog, config, model, service_file
from metrics.cli import main, parser
from metrics.ui import address, frame
from tests.documents import Document, document, documents
from tests.source_tree import ROOT

RDS_CPU = "timestamp,value\n2026-06-01T00:00:00Z,40\n2026-06-01T00:05:00Z,55.5\n2026-06-01T00:10:00Z,41\n"


def verbs() -> dict[str, argparse.ArgumentParser]:
    tree = parser()
    actions = [action for action in tree._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices)


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_a_verb_is_documented_with_each_of_its_flags(verb: str):
    section = document("docs/commands.md").section(verb)
    assert section, f"docs/commands.md has no heading `## {verb}`"
    flags = {f for action in verbs()[verb]._actions for f in action.option_strings} - {"-h", "--help"}
    tables = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`(--?[a-z-]+)`", tables)) == flags


def test_no_other_verb_is_documented():
    headings = re.findall(r"^## (\S+)$", document("docs/commands.md").text, re.MULTILINE)
    assert headings == list(verbs())


def test_pages_are_documented():
    said = document("docs/pages.md")
    for path, title in frame.pages():
        assert f"`{path}`" in said.text
        assert said.section(title), f"docs/pages.md has no heading `## {title}`"


def test_the_keys_of_an_address_are_documented():
    rows = re.findall(r"^\| (`.+?) \|", document("docs/pages.md").text, re.MULTILINE)
    assert [key for key in address.SHARED if f"`{key}`" not in " ".join(rows)] == []


def test_indicators_are_documented():
    """Each with its unit and its short names, in its row of docs/metrics.md."""
    rows = {row.split("`")[1]: row for row in document("docs/metrics.md").text.splitlines() if row.startswith("| `")}
    indicators = catalog.load().indicators
    assert indicators.keys() - rows.keys() == set()
    for name, indicator in indicators.items():
        absent = [word for word in (*indicator.aliases, indicator.unit) if f"`{word}`" not in rows[name]]
        assert absent == [], f"the row of {name} does not say {absent}"


def config_keys() -> set[str]:
    """Every key that tomoni.yaml and a service's file may have, from the models that validate them."""
    named = [each for module in (config, service_file) for each in vars(module).values() if isinstance(each, type)]
    models = [each for each in named if issubclass(each, BaseModel)]
    keys = {field.alias or name for each in models for name, field in each.model_fields.items()}
    assert keys > {"time_zone", "components", "sources", "every"}
    return keys


def test_configuration_keys_are_documented():
    said = document("docs/configuration.md").text
    assert sorted(key for key in config_keys() if not re.search(rf"`{key}`|^\s*-? ?{key}:", said, re.MULTILINE)) == []


def test_states_and_kinds_are_documented():
    said = document("docs/data.md").text
    words = (*model.CoverageState.__args__, *model.EventKind.__args__)
    assert [word for word in words if f"`{word}`" not in said] == []


@pytest.mark.parametrize("said", documents(), ids=lambda said: str(said.path.relative_to(ROOT)))
def test_links_lead_somewhere(said: Document):
    for link in said.links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (said.path.parent / path).resolve() if path else said.path
        assert target.exists(), f"{link} is not there"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert not anchor or anchor in Document(target).anchors, f"{link}: no such heading"


def test_nothing_is_documented_where_nobody_looks():
    """Every page of docs/ is reached from the README."""
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        path = ahead.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        links = [link.partition("#")[0] for link in Document(path).links if "://" not in link]
        ahead += [(path.parent / link).resolve() for link in links if link]
    assert [str(each.path) for each in documents() if each.path not in reached] == []


@pytest.mark.parametrize("said", documents(), ids=lambda said: str(said.path.relative_to(ROOT)))
def test_commands_are_understood(said: Document):
    for words in said.commands():
        if words[:3] == ["python", "-m", "metrics"] and "VERB" not in words:
            parser().parse_args([word for word in words[3:] if word not in (">", "|")][: _end(words)])
        elif words[0] == "make":
            subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)


def _end(words: list[str]) -> int | None:
    """Where the command ends and the shell's own business begins."""
    marks = [n for n, word in enumerate(words) if word in (">", "|")]
    return marks[0] - 3 if marks else None


@pytest.mark.parametrize("name", ["README.md", "docs/commands.md"])
def test_commands_run_one_after_the_other(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In an empty folder, in the order in which they stand there."""
    (tmp_path / "rds_cpu.csv").write_text(RDS_CPU, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOMONI_DATA", str(tmp_path / "our-data"))
    ran = [words[3:] for words in document(name).commands() if words[:3] == ["python", "-m", "metrics"]]
    ran = [words for words in ran if "VERB" not in words]
    assert ran
    assert [main(words) for words in ran] == [0] * len(ran)


def test_python_in_the_documentation_is_python():
    for said in documents():
        for block in said.blocks("python"):
            ast.parse(block, filename=str(said.path))


def test_the_readme_names_the_folders_in_the_order_of_the_flow():
    rows = re.findall(r"^\| → \*\*(\w+)\*\* \| (.+?) \|", document("README.md").text, re.MULTILINE)
    assert [name for name, _ in rows] == ["sources", "store", "analysis", "review", "pages"]


def test_the_changelog_speaks_to_users():
    """One sentence an entry, under the headings that Keep a Changelog knows."""
    text = document("CHANGELOG.md").text
    assert "## [Unreleased]" in text
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds
    entries = re.split(r"^- ", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all(entry.split("\n\n")[0].strip().endswith(".") for entry in entries)
