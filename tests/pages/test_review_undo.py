"""Taking back step by step: each undo goes one decision further back, to none at last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from metrics.store import Store, entries
from tests.meeting.made import disposition
from tests.pages.test_review_page import F1, click, holds, keys


def test_undo_after_undo_goes_further_back_and_not_forth_again(opened, visit):
    said = [disposition(F1, "explained", "Ren"), disposition(F1, "ignored", "Ren", "known"),
            disposition(F1, "explained", "Sora", "batch: nightly")]  # fmt: skip
    entries.add(
        Store(opened / "tomoni.duckdb"),
        *(replace(word, at=word.at + timedelta(minutes=n)) for n, word in enumerate(said)),
    )
    app = visit(opened, item=F1)
    for before in (said[1].said, said[0].said, None):
        click(app, f"undo-{F1}")
        assert holds(opened) == before
    assert f"undo-{F1}" not in keys(app)
    click(app, f"say-explained-0-{F1}")
    click(app, f"undo-{F1}")
    assert holds(opened) is None
