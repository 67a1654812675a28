"""What all tests of sources share."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from metrics.collect import http
from metrics.collect.http import Budget, client


@pytest.fixture(autouse=True)
def _brief_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff and pace as in earnest, a thousand times as fast."""
    monkeypatch.setattr(http, "FIRST_S", http.FIRST_S / 1000)
    monkeypatch.setattr(http, "LONGEST_S", http.LONGEST_S / 1000)
    usual = http.Budget.__init__.__defaults__ or ()
    brief = tuple(each * 1000 if each is http.PER_SECOND else each for each in usual)
    monkeypatch.setattr(http.Budget.__init__, "__defaults__", brief)


@pytest.fixture(name="http")
def patient() -> Iterator[httpx.Client]:
    """The client that sources get, which here waits for nobody."""
    with client(budget=Budget(per_second=1e6, sleep=lambda _: None)) as http:
        yield http
