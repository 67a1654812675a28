"""What figures are remembered by: the data, and not what people say of it."""

from __future__ import annotations

from pathlib import Path

from metrics.model import Entry
from metrics.store import Store, entries
from metrics.ui.loading import data_of
from tests.pages import deployments


def test_a_word_changes_no_figure_and_new_data_does(folder: Path):
    assert data_of(folder) == ""
    deployments.one_series(folder)
    before = data_of(folder)
    entries.add(
        Store(folder / "tomoni.duckdb"), Entry(deployments.NOW, "Mika", "note", "shop", "item/1", {"text": "Seen."})
    )
    assert data_of(folder) == before
    deployments.in_the_future(folder, "system.memory.utilization")
    assert data_of(folder) != before
