"""A Datadog of ours for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collect.datadog_server import Datadog, running


@pytest.fixture
def datadog() -> Iterator[Datadog]:
    with running() as server:
        yield server
