"""What all tests share: a deployment's folder, a Chromium, a machine without fonts, and where a team reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import duckdb
import pytest
import typst

from metrics.meeting import fonts
from tests import chromium
from tests.room import Room


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


@pytest.fixture
def bare_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has no fonts but those of the typesetter."""
    bare = typst.Fonts(include_system_fonts=False)
    fonts.fonts.cache_clear()
    fonts.families.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(typst, "Fonts", lambda: bare)
        yield
    fonts.fonts.cache_clear()
    fonts.families.cache_clear()


@pytest.fixture
def room() -> Iterator[Room]:
    """Where a team reads what is told, over real HTTP."""
    with Room() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
