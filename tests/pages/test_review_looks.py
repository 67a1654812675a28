"""How the Review page looks: tiles that lead it, lines beside what moved, and one place for what is only carried along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.meeting.shelf import Shelf
from metrics.review.minutes import Figure, Review, Section, Topic
from tests.meeting.made import AT, ID, review
from tests.pages import deployments

ROOT = Path(__file__).parents[2]
WEEK = timedelta(weeks=1)
CURVE = tuple((AT - n * timedelta(hours=12), 40.0 + n) for n in range(28, 0, -1))
CPU = Figure("db/a/system.cpu.utilization", "%", AT - WEEK, AT, 77.0, 47.0, CURVE)

Visit = Callable[..., AppTest]


@pytest.fixture
def visit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """The page with a review that is open, or closed."""

    def visiting(held: Review, **query: str) -> AppTest:
        shelf = Shelf(deployments.one_series(folder, service="jobs"), "jobs")
        if held.closed_at is None:
            shelf.open(held)
        else:
            shelf.close(held, "# Review\n")
        monkeypatch.setenv("TOMONI_DATA", str(folder))
        app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
        app.session_state["author"] = "Mika"
        for key, value in {"review": ID, **query}.items():
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


def carried(*tags: str) -> Review:
    """A verdict that was due, actions that nothing is asked of, and what moved; closed, so that it stays as it is."""
    due = Topic("action/a0", "verdicts", "It got better", tag="improved", suggested="improved")
    along = [Topic(f"action/a{n}", "verdicts", f"Action {n}", tag=tag) for n, tag in enumerate(tags, 1)]
    sections = (Section("verdicts", (due, *along)), *review().sections[1:])
    return replace(review(), sections=sections, closed_at=AT, closed_by="Mika")


def bar(app: AppTest) -> list[str]:
    return [each.value for each in app.caption if " of " in each.value]


def go(app: AppTest, key: str) -> str:
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception
    return str(app.query_params["item"])


def test_what_nothing_is_asked_of_is_folded_into_one_line(visit):
    app = visit(carried("judged", "done", "still open", "still open"))
    (folded,) = app.expander
    assert folded.label == "Carried along: 1 judged, 1 done and 2 still open"
    assert [button.label for button in folded.button] == [f"Action {n}" for n in range(1, 5)]
    assert not folded.proto.expanded
    assert visit(carried("judged", "done"), item="action/a2").expander[0].proto.expanded


def test_one_alone_stands_with_the_others(visit):
    assert len(visit(carried("done")).expander) == 0


def test_a_meeting_stops_once_for_all_that_is_carried_along(visit):
    app = visit(carried("judged", "done", "still open"), mode="meeting")
    assert bar(app) == ["1 of 5"]
    assert go(app, "review-next") == "carried"
    assert bar(app) == ["2 of 5"]
    assert "Carried along: 1 judged, 1 done and 1 still open" in [
        each.value.replace("\\", "") for each in app.markdown
    ]
    assert go(app, "choose-action/a2") == "action/a2"
    assert bar(app) == ["2 of 5"]
    assert go(app, "review-back") == "carried"
    assert go(app, "review-next") == "finding/f1"
    assert go(app, "review-back") == "carried"
    assert go(app, "review-back") == "action/a0"


@pytest.mark.parametrize(("item", "at"), [("3", "2 of 5"), ("5", "3 of 5"), ("99", "end"), ("end", "end")])
def test_a_number_is_a_topics_and_beyond_the_last_is_the_end(visit, item: str, at: str):
    app = visit(carried("judged", "done", "still open"), mode="meeting", item=item)
    assert at in [each.value for each in app.caption]


def test_a_topic_that_is_not_there_is_said_and_the_first_is_shown(visit):
    app = visit(carried("judged", "done"), mode="meeting", item="finding/gone")
    assert "`item=finding/gone` in this link is not on the agenda" in app.warning[0].value
    assert bar(app) == ["1 of 5"]
