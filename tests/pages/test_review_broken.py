"""A review that can't be read, on the pages that go on from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages import deployments

ROOT = Path(__file__).parents[2]
PAGE = "pages/1_review.py"


@pytest.mark.parametrize("content", ["", '{"id": "2026-11-20", "service": "jobs", "tit'])
@pytest.mark.parametrize("page", ["app.py", "pages/3_spikes.py", "pages/6_alerts.py", PAGE])
def test_a_broken_review_is_one_sentence_on_each_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, page: str, content: str
):
    """A disk that was full leaves an empty file; what else the pages know is still shown."""
    shop = deployments.one_series(folder, service="jobs")
    (shop / "reviews").mkdir()
    (shop / "reviews" / "2026-11-20.json").write_text(content)
    monkeypatch.setenv("TOMONI_DATA", str(shop))
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.switch_page(page).run()
    assert not app.exception
    (told,) = [each.value for each in (*app.error, *app.warning) if "2026-11-20.json" in each.value]
    assert "take the file from a backup, or move it away" in told
