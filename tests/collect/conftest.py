"""What all tests of sources share."""

from __future__ import annotations

import pytest

from metrics.collect import http


@pytest.fixture(autouse=True)
def _brief_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff and pace as in earnest, a thousand times as fast."""
    monkeypatch.setattr(http, "FIRST_S", http.FIRST_S / 1000)
    monkeypatch.setattr(http, "LONGEST_S", http.LONGEST_S / 1000)
    usual = http.Budget.__init__.__defaults__ or ()
    brief = tuple(each * 1000 if each is http.PER_SECOND else each for each in usual)
    monkeypatch.setattr(http.Budget.__init__, "__defaults__", brief)
