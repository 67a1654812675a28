"""Spikes by AppTest: the list, an item, a window, links that name what is not there, and notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from metrics.store import Store, entries
from tests.pages import deployments
from tests.pages.test_pages import said, visit

PAGE = "pages/3_spikes.py"
LINE = "web//jobs/export/http.server.request.duration.p95"
WINDOW = {"since": "2026-11-19T14:20", "until": "2026-11-19T15:20"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory)


def figures(app: AppTest) -> list[dict]:
    return [json.loads(element.proto.spec) for element in app.get("plotly_chart")]


def choices(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("choose-")]


def test_without_an_item_the_page_lists_those_of_the_period(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch)
    assert not app.exception
    assert "in 16 – 23 Nov 2026, the newest trouble first" in said(app)
    assert any("/jobs/export" in label for label in choices(app))
    assert not figures(app)


def test_a_click_on_an_item_opens_it(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch)
    chosen = next(button for button in app.button if "/jobs/export" in button.label)
    chosen.click().run()
    assert not app.exception
    assert "Suspects" in said(app)
    assert app.query_params["item"]
    assert f"**{chosen.label}**" in said(app)


def test_where_nothing_was_looked_for_the_page_says_what_to_do(folder, monkeypatch):
    app = visit(PAGE, deployments.one_series(folder), monkeypatch)
    assert not app.exception
    assert "python -m metrics findings" in app.info[0].value


def test_a_window_has_its_lines_and_everything_beside_them(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, **WINDOW, line=LINE)
    assert not app.exception
    assert "web /jobs/export · Latency p95" in said(app)
    assert "window: Thu 19 Nov, 14:20 – 15:20 (60 min) · baseline: the 4 h before" in said(app)
    ticks = figures(app)[0]["layout"]["yaxis"]["ticktext"]
    assert ticks == ["incidents", "deployments", "batches", "alerts", "log errors"]


def test_the_endpoint_behind_the_excess_is_the_first_suspect(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, **WINDOW, line=LINE)
    first = next(element.value for element in app.markdown if element.value.startswith("access · "))
    assert "/jobs/export" in first


def test_a_window_without_a_line_is_about_what_both_teams_follow(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, **WINDOW)
    assert not app.exception
    assert "web · Latency p95" in said(app)


def test_a_period_that_was_carried_here_is_no_window(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, **WINDOW, period="custom")
    assert not app.exception
    assert not figures(app)


def test_names_in_a_link_that_nobody_knows_are_explained(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, **WINDOW, line="web/http.server.request.duration.p96")
    assert not app.exception
    assert "Try `web/http.server.request.duration.p9" in app.warning[0].value
    app = visit(PAGE, demo, monkeypatch, item="nobody")
    assert "`item=nobody` in this link is none that was ever found here" in app.warning[0].value
    assert choices(app)


def test_a_window_before_there_was_any_data_says_so(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, since="2020-01-01T00:00", until="2020-01-01T01:00", line=LINE)
    assert not app.exception
    assert "Nothing was measured of these lines in this window." in said(app)


def test_a_note_needs_a_name_and_all_notes_stay(demo, monkeypatch):
    app = visit(PAGE, demo, monkeypatch, **WINDOW, line=LINE)
    keep = next(button for button in app.button if button.label == "Keep note")
    assert keep.disabled
    app.text_input(key="author-field").set_value("Mika").run()
    for note in ("First *thought*", "Second"):
        app.text_area(key="note-text").set_value(note)
        next(button for button in app.button if button.label == "Keep note").click().run()
        assert not app.exception
        assert app.text_area(key="note-text").value == ""
    told = said(app)
    assert told.index("Second") < told.index(r"First \*thought\*")
    with Store(demo / "tomoni.duckdb").read() as db:
        about = f"window/2026-11-19T05:20:00+00:00/2026-11-19T06:20:00+00:00/{LINE}"
        kept = entries.history(db, "note", "jobs", about)
    assert [(entry.author, entry.said) for entry in kept] == [
        ("Mika", {"text": "First *thought*"}),
        ("Mika", {"text": "Second"}),
    ]
