"""The Review page of a small service: opened or not, as somebody visits it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.meeting.shelf import Shelf
from tests.meeting.made import review
from tests.pages import deployments

ROOT = Path(__file__).parents[2]
PAGE = "pages/1_review.py"
Visit = Callable[..., AppTest]


@pytest.fixture
def shop(folder: Path) -> Path:
    """Two days of data, and no review."""
    return deployments.one_series(folder, service="jobs")


@pytest.fixture
def opened(shop: Path) -> Path:
    """The same, with the review of tests/meeting/made.py open."""
    Shelf(shop, "jobs").open(review())
    return shop


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    def visiting(folder: Path, who: str = "Mika", **query: str) -> AppTest:
        monkeypatch.setenv("TOMONI_DATA", str(folder))
        app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
        app.session_state["author"] = who
        for key, value in query.items():
            app.query_params[key] = value
        app.switch_page(PAGE).run()
        assert not app.exception
        return app

    return visiting
