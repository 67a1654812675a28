"""What is said while somebody else closes the review: it is in its file, or whoever said it is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metrics.meeting.close import close
from metrics.model import Entry
from metrics.store import Store, entries
from tests.meeting.made import AT, ID, disposition
from tests.pages.test_pages import said
from tests.pages.test_review_page import F1, F2, click, holds
from tests.trends.made import SERVICE, config

LATER = AT + timedelta(hours=2)


@pytest.mark.parametrize("key", [f"change-{F1}", f"undo-{F1}"])
def test_a_click_that_waits_for_the_closing_is_told_and_kept_nowhere(
    opened: Path, visit, monkeypatch: pytest.MonkeyPatch, key: str
):
    """The closing holds the store while it writes the files; the click had seen the review open before."""
    store, answer = Store(opened / "tomoni.duckdb"), entries.answer
    entries.add(store, disposition(F1, "ignored", "Ren", "known"), disposition(F2))
    app = visit(opened, item=F1)

    def waiting(of: Store, word: Entry, *how: object, **named: object) -> Entry | None:
        close(store, config(opened), SERVICE, ID, "Ren", LATER)
        monkeypatch.undo()
        monkeypatch.setenv("TOMONI_DATA", str(opened))
        return answer(of, word, *how, **named)  # type: ignore[arg-type]

    if key.startswith("change"):
        click(app, key)
        key = f"say-explained-0-{F1}"
    monkeypatch.setattr(entries, "answer", waiting)
    click(app, key)
    assert "was closed by Ren" in said(app)
    assert "your last click came too late and changed nothing" in said(app)
    assert holds(opened) == disposition(F1, "ignored", "Ren", "known").said
