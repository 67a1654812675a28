"""Each test has a GitHub of its own, and a process that remembers nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from metrics.collect._github import api, deployments
from metrics.collect._github.memo import KEPT
from tests.collect.github.github_server import Hub, serving


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as found:
        yield found


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    KEPT.clear()
    monkeypatch.setattr(deployments, "_under_way", {})


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited for a limit."""
    waited: list[float] = []
    monkeypatch.setattr(api, "sleep", waited.append)
    return waited
