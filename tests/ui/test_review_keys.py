"""The time box: how long this browser has been in a section, by values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import streamlit as st

from metrics.ui.review_keys import _entered

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_a_section_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(st, "session_state", {})
    minute = timedelta(minutes=1)
    assert _entered("moved", "2026-11-23", AT) == (AT, 0.0)
    # The next item of the same section starts nothing anew.
    assert _entered("moved", "2026-11-23", AT + 3 * minute) == (AT, 0.0)
    assert _entered("causes", "2026-11-23", AT + 4 * minute) == (AT + 4 * minute, 0.0)
    assert _entered("moved", "2026-11-23", AT + 6 * minute) == (AT + 6 * minute, 240.0)
    assert _entered("causes", "2026-11-30", AT + 7 * minute) == (AT + 7 * minute, 0.0)
