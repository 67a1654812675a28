"""requirements.txt is what the product imports and requirements-dev.txt what its tests add: each pinned, no more."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions, version

import pytest

from tests.source_tree import ROOT, Module, modules, product

# Needed without an import: by what else.
SILENT = {"plotly": "st.plotly_chart draws the pages' plain figures with it"}
# What is imported by a name of its own, but comes with and is pinned by another package.
COMES_WITH = {"pydantic-core": "pydantic"}
SILENT_IN_TESTS = {
    "mypy": "`make check`",
    "ruff": "`make check`",
    "pandas-stubs": "mypy",
    "types-psutil": "mypy",
    "types-pyyaml": "mypy",
    "pytest-timeout": "the `timeout` of pyproject.toml",
    "pytest-xdist": "`make test`, on all cores",
}


def pinned(file: str) -> dict[str, str]:
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith(("#", "-r"))]
    pairs = [re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==([0-9][0-9a-z.]*)", line) for line in lines]
    assert all(pairs), f"{file}: each line is NAME==VERSION, got {lines}"
    return {normal(pair[1]): pair[2] for pair in pairs if pair}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(among: tuple[Module, ...]) -> dict[str, str]:
    """Each distribution with a place that imports it."""
    homes = packages_distributions()
    found = {}
    for module in among:
        for name, line in module.third_parties():
            if name not in sys.stdlib_module_names and not is_ours(name):
                assert name in homes, f"{module.path}:{line} imports {name}, which is not installed"
                package = normal(homes[name][0])
                found[COMES_WITH.get(package, package)] = f"{module.path}:{line}"
    return found


def is_ours(name: str) -> bool:
    return (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()


def test_the_product_lists_what_it_imports_and_no_more():
    used, listed = imported(product()), pinned("requirements.txt")
    assert {name: used[name] for name in used.keys() - listed.keys()} == {}
    assert listed.keys() - used.keys() - SILENT.keys() == set()


def test_the_tests_list_what_they_add_and_no_more():
    used, listed = imported(modules("tests")), pinned("requirements-dev.txt")
    assert {name: used[name] for name in used.keys() - listed.keys() - pinned("requirements.txt").keys()} == {}
    assert listed.keys() - used.keys() - SILENT_IN_TESTS.keys() == set()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_the_pins_are_what_is_tested(file: str):
    listed = pinned(file)
    assert {name: version(name) for name in listed} == listed
    assert list(listed) == sorted(listed), "in alphabetical order a package is listed once"


def test_no_requirement_is_hidden_elsewhere():
    files = {path.name for path in ROOT.glob("*requirements*")}
    assert files == {"requirements.txt", "requirements-dev.txt"}
