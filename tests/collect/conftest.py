"""What all tests of sources share."""

from __future__ import annotations

import pytest

from metrics.collect import http


@pytest.fixture(autouse=True)
def _brief_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff as in earnest, a thousand times as fast."""
    monkeypatch.setattr(http, "FIRST_S", http.FIRST_S / 1000)
    monkeypatch.setattr(http, "LONGEST_S", http.LONGEST_S / 1000)
