"""An account of ours for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collect.datadog_events_server import Account, running


@pytest.fixture
def account() -> Iterator[Account]:
    with running() as server:
        yield server
