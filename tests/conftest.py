"""What all tests share: a deployment's folder and a Chromium."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests import chromium


def pytest_report_header() -> str:
    return f"duckdb {duckdb.__version__}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A deployment's folder with nothing in it."""
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture(autouse=True)
def _main_stays_main() -> Iterator[None]:
    """AppTest leaves the page it ran as `__main__`, and a process that a later test starts would run it again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium to drive. A browser test that can't run has failed: it is never skipped."""
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.NONE, pytrace=False)
    return path
