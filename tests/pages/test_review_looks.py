"""How the Review page looks: tiles that lead it, lines beside what moved, and one place for what is only carried along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.meeting.shelf import Shelf
from metrics.review.minutes import Figure, Review
from tests.meeting.made import AT, review
from tests.pages import deployments

ROOT = Path(__file__).parents[2]
WEEK = timedelta(weeks=1)
CURVE = tuple((AT - n * timedelta(hours=12), 40.0 + n) for n in range(28, 0, -1))
CPU = Figure("db/a/system.cpu.utilization", "%", AT - WEEK, AT, 77.0, 47.0, CURVE)

Visit = Callable[..., AppTest]


@pytest.fixture
def visit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """The page with a review that is open."""

    def visiting(held: Review, **query: str) -> AppTest:
        Shelf(deployments.one_series(folder, service="jobs"), "jobs").open(held)
        monkeypatch.setenv("TOMONI_DATA", str(folder))
        app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
        app.session_state["author"] = "Mika"
        for key, value in query.items():
            app.query_params[key] = value
        app.switch_page("pages/1_review.py").run()
        assert not app.exception
        return app

    return visiting


def pictures(app: AppTest) -> int:
    return sum('class="spark"' in each.proto.body for each in app.get("html"))


def test_each_figure_is_a_tile_coloured_by_which_way_is_worse(visit):
    quiet = replace(CPU, address="web/system.memory.utilization", value=50.5, before=50.0, curve=())
    gone = replace(CPU, address="web/gone.indicator", value=None, before=None, curve=())
    fewer = replace(CPU, address="web/http.server.error_rate", value=1.0, before=4.0)
    app = visit(replace(review(), headline=(CPU, quiet, gone, fewer)))
    told = [(each.label.replace("\\", ""), each.value, each.delta, each.proto.color) for each in app.metric]
    red, green, grey = 0, 1, 2
    assert told == [
        ("p95 · db a", "77 %", "+30 pt", red),
        ("p95 · web", "50.5 %", "+0.5 pt", grey),
        ("web", "no data", "", grey),
        ("overall · web", "1 %", "−3 pt", green),
    ]


def test_a_tile_leads_to_its_rows_in_the_reviews_time(visit):
    app = visit(replace(review(), headline=(CPU,)))
    (link,) = [each.proto for each in app.get("page_link") if each.proto.label == "**CPU**"]
    asked = link.query_string
    assert "component=db&part=a&indicator=system.cpu.utilization&period=custom" in asked
    assert "since=2026-10-19T05%3A00&until=2026-10-26T05%3A00" in asked
    assert "19 – 26 Oct 2026" in link.help


def test_a_tile_and_what_moved_show_their_lines(visit):
    """Of two things that moved one has a line; of the alerts none has."""
    assert pictures(visit(replace(review(), headline=(CPU, replace(CPU, address="web/x", curve=()))))) == 2
