"""What tests of `elasticsearch` share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collect.elasticsearch.front import Front, front_of
from tests.collect.elasticsearch.osmem import url


@pytest.fixture
def front() -> Iterator[Front]:
    """What stands before the server, and spoils nothing until it is told to."""
    with front_of(url()) as front:
        yield front
