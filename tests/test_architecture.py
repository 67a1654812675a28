"""The layout of the house: data flows sources → store → analysis → review → pages, and never back.

A failure here names the file, the line and the rule; docs/decisions.md gives the reasons.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.source_tree import Module, modules, parsed, product

# What everybody may speak of: each may import those before it.
NOUNS = (
    "metrics.errors",
    "metrics.model",
    "metrics.faults",
    "metrics.quantity",
    "metrics.catalog",
    "metrics.yaml_file",
    "metrics.service_file",
    "metrics.notify_settings",
    "metrics.config",
)
# Who may import whom, by the longest name that fits. A folder may always import itself.
# What is not listed may import everything: the command line, which only parses, calls and prints.
MAY_IMPORT = {noun: NOUNS[:n] for n, noun in enumerate(NOUNS)} | {
    "metrics.store": ("metrics.model", "metrics.errors"),
    "metrics.collect": (*NOUNS, "metrics.store"),
    "metrics.analysis": ("metrics.model",),
    "metrics.review": ("metrics.model", "metrics.catalog", "metrics.config", "metrics.analysis"),
    # After each collection: the store read and written, the detectors run, what they say put into words.
    "metrics.trends": (
        *NOUNS,
        "metrics.store",
        "metrics.analysis",
        "metrics.review",
        "metrics.ui.words",
        "metrics.ui.finding_words",
    ),
    # The review as an object: the store read, what a review is made of put into words, and kept as files.
    "metrics.meeting": (
        *NOUNS,
        "metrics.store",
        "metrics.analysis",
        "metrics.review",
        "metrics.trends",
        "metrics.ui.words",
        "metrics.ui.finding_words",
        "metrics.ui.alerts_words",
        "metrics.ui.coverage_words",
        "metrics.ui.verdict_words",
    ),
    "metrics.ui": (
        *NOUNS,
        "metrics.store.Store",
        "metrics.store.read",
        "metrics.store.deliveries",
        "metrics.store.entries",
        "metrics.store.alerts",
        "metrics.collect.registry",
        "metrics.collect.loop",
        "metrics.collect.run",
        "metrics.analysis",
        "metrics.review",
        "metrics.trends",
        "metrics.meeting",
    ),
    "app": ("metrics.ui", "metrics.review", "metrics.model"),
    "pages": ("metrics.ui", "metrics.review", "metrics.model"),
}
PURE = ("metrics.analysis", "metrics.review", "metrics.model", "metrics.errors")
# Reading a clock, a disk, a network or a process: none of it where results must follow from the arguments alone.
IMPURE_IMPORTS = {
    *("asyncio", "duckdb", "glob", "http", "httpx", "io", "logging", "multiprocessing", "os", "pathlib", "psutil"),
    *("random", "secrets", "shutil", "socket", "streamlit", "subprocess", "sys", "tempfile", "threading", "time"),
    *("urllib", "yaml"),
}
IMPURE_CALLS = {
    "now",
    "utcnow",
    "today",
    "open",
    "input",
    "print",
    "default_rng",
    "read_csv",
    "read_parquet",
    "to_csv",
}
# Where time enters. Everybody else is told what time it is.
CLOCKS = ("metrics.cli", "metrics.ui.frame", "metrics.collect.loop", "metrics.store")
SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|WITH|MERGE INTO|COPY|ATTACH|PRAGMA)\s+[\w(*\"]"
)
HOMELESS = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
FUNCTION_LINES, FILE_LINES, PAGE_LINES = 60, 400, 60
GLANCE_LINES = 6


def assert_none(faults: Iterable[str]) -> None:
    found = list(faults)
    assert not found, "\n" + "\n".join(found)


def belongs(name: str, folder: str) -> bool:
    return name == folder or name.startswith((f"{folder}.", f"{folder}_"))


def within(module: Module, folders: tuple[str, ...]) -> bool:
    return any(belongs(module.name, folder) for folder in folders)


def rule_of(name: str) -> str | None:
    return max((folder for folder in MAY_IMPORT if belongs(name, folder)), key=len, default=None)


def test_every_folder_has_a_rule():
    free = [m for m in product() if m.name == "metrics" or within(m, ("metrics.cli", "metrics.__main__"))]
    assert_none(str(m.path) for m in product() if m not in free and rule_of(m.name) is None)


def test_imports_follow_the_flow():
    assert_none(against_the_flow(product()))


def against_the_flow(among: tuple[Module, ...]) -> Iterator[str]:
    for module in among:
        rule = rule_of(module.name)
        if rule is None:
            continue
        allowed = (rule, *MAY_IMPORT[rule])
        for name, line in module.imports():
            if name.startswith("metrics.") and not any(_is_or_is_in(name, folder) for folder in allowed):
                # `from metrics import catalog` reads like `metrics.catalog` here, so one rule covers both forms.
                yield f"{module.path}:{line} imports {name}; {rule} may import {', '.join(allowed[1:]) or 'nothing'}"


def _is_or_is_in(name: str, folder: str) -> bool:
    return name == folder or name.startswith(f"{folder}.")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("metrics/store/new.py", "from metrics import catalog"),
        ("metrics/analysis/new.py", "import metrics.store.read"),
        ("metrics/review/new.py", "from metrics.ui.words import t"),
        ("metrics/ui/new.py", "from metrics.collect import host"),
        ("metrics/ui/new.py", "from metrics.store import write"),
        ("pages/4_new.py", "from metrics.store import Store"),
    ],
)
def test_the_flow_rule_sees_a_step_back(path: str, line: str):
    assert len(list(against_the_flow((parsed(Path(path), line),)))) == 1


def test_a_source_knows_nothing_of_the_store():
    """A module that only yields can be tested, repeated and replaced; `files` hands its path to the bulk import."""
    sources = [m for m in modules("metrics/collect") if defines(m, "collect") and m.path.stem != "files"]
    assert len(sources) >= 2
    assert_none(f"{m.path}:{line} imports {n}" for m in sources for n, line in m.imports() if "metrics.store" in n)


def defines(module: Module, name: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in module.tree.body)


@pytest.mark.parametrize(
    ("package", "homes"),
    [
        ("duckdb", ("metrics.store",)),
        ("streamlit", ("app", "pages", "metrics.ui")),
        ("httpx", ("metrics.collect", "metrics.cli")),
        ("pydantic", (*NOUNS, "metrics.collect", "metrics.cli", "metrics.meeting.shelf")),
        ("argparse", ("metrics.cli",)),
    ],
)
def test_a_package_stays_at_home(package: str, homes: tuple[str, ...]):
    abroad = [m for m in product() if not within(m, homes)]
    assert_none(f"{m.path}:{line}" for m in abroad for name, line in m.third_parties() if name == package)


def test_sql_stays_in_the_store():
    abroad = [m for m in product() if not within(m, ("metrics.store",))]
    assert_none(f"{m.path}:{line} {text[:60]!r}" for m in abroad for text, line in m.strings() if SQL.match(text))


def test_the_sql_rule_sees_sql():
    """The rule above proves nothing unless it recognises what the store is full of."""
    found = [text for m in modules("metrics/store") for text, _ in m.strings() if SQL.match(text)]
    assert len(found) > 20


def test_analysis_and_review_are_pure():
    pure = [m for m in product() if within(m, PURE)]
    assert len(pure) > 5
    assert_none(f"{m.path}:{line} {what}" for m in pure for what, line in impurities(m))


def impurities(module: Module) -> Iterator[tuple[str, int]]:
    yield from ((f"imports {name}", line) for name, line in module.third_parties() if name in IMPURE_IMPORTS)
    yield from ((f"calls {name}", line) for name, line in calls(module) if name in IMPURE_CALLS)


def calls(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id, node.lineno


def test_time_comes_in_at_the_edge():
    told = [m for m in product() if not within(m, CLOCKS)]
    clocks = {"now", "utcnow", "today"}
    assert_none(f"{m.path}:{line} calls {name}" for m in told for name, line in calls(m) if name in clocks)


def test_sizes():
    assert_none(too_long())


def too_long() -> Iterator[str]:
    for module in (*product(), *modules("tests")):
        limit = PAGE_LINES if module.path.parts[0] in ("app.py", "pages") else FILE_LINES
        if module.lines > limit:
            yield f"{module.path} has {module.lines} lines, not {limit}"
        for function in module.functions():
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{module.path}:{function.lineno} {function.name} has {lines} lines, not {FUNCTION_LINES}"


def test_every_function_has_a_home():
    """`utils` is what a module is called whose noun is missing."""
    every = (*product(), *modules("tests"))
    assert_none(str(module.path) for module in every if HOMELESS & set(module.path.with_suffix("").parts))


def test_public_functions_say_what_they_answer():
    """Only a function that is read at a glance may let its name speak for it."""
    assert_none(undocumented())


def undocumented() -> Iterator[str]:
    for module in product():
        if ast.get_docstring(module.tree) is None and module.text.strip():
            yield f"{module.path} has no docstring"
        if "._" in module.name:
            continue
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                is_short = (node.end_lineno or node.lineno) - node.lineno < GLANCE_LINES
                if ast.get_docstring(node) is None and not is_short:
                    yield f"{module.path}:{node.lineno} {node.name} has no docstring"


def test_a_page_is_found_by_a_plain_address():
    """A file name is a URL: ASCII, lower case, a number for its place in the menu; its docstring is its title."""
    pages = modules("pages")
    names = [m.path.name for m in pages]
    assert_none(name for name in names if not re.fullmatch(r"[1-9][0-9]*_[a-z]+(_[a-z]+)*\.py", name))
    assert_none(str(m.path) for m in pages if not (ast.get_docstring(m.tree) or "").strip())
