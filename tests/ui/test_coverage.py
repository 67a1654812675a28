"""The Coverage page's words, matrix and chart from a model: each says what the model says, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

from metrics.model import Window
from metrics.review.coverage import Blind, Cell, Coverage, Incident, Share
from metrics.ui.coverage_charts import trend
from metrics.ui.coverage_matrix import matrix
from metrics.ui.coverage_words import blind_time, how_covered, how_it_stands, why
from tests.review import made
from tests.review.made import START, WEEK

NOW = WEEK.end
WEB = made.component("web", owner="dev")


def cell(state, **fields):
    return Cell(WEB, made.CPU, state, **fields)


def test_the_sentence_counts_what_lacks_and_what_that_hid():
    incident = Incident("i1", "down", START, None)
    cells = (cell("collected"), cell("never", missed=(incident,)), cell("stale", missed=(incident,)),
             cell("not_applicable"))  # fmt: skip
    said = how_covered(Coverage(cells, (), Window(START, NOW)), "UTC")
    assert said == (
        "As of Mon 23 Nov, 00:00, **1 of 3 needed indicators** are collected as a whole; 1 never collected and 1 stale. "
        "The holes hid a part of 1 incident."
    )
    assert how_covered(Coverage(cells[:1], (), Window(START, NOW)), "UTC").endswith("are collected as a whole.")


def test_a_cell_says_since_when_and_why():
    assert how_it_stands(cell("stale", since=START), "UTC", NOW) == "stale since Mon 16 Nov, 00:00"
    gap = cell("partial", since=START, until=START + timedelta(minutes=45), detail="throttled")
    assert how_it_stands(gap, "UTC", NOW) == "partial: 45 minutes missing from Mon 16 Nov, 00:00"
    assert why(cell("failed", detail="forbidden: no permission", is_refused=True)) == "refused: no permission"
    assert why(cell("partial", detail="002: not collected: never added")) == "002: never added"
    said = "response times were not collected: the log was off"
    assert why(cell("partial", detail=said)) == said
    assert why(cell("never")) == "no source was ever asked for it"


def test_a_reason_that_is_told_is_not_told_again():
    blind = Blind(START, NOW, "throttled", "002")
    said = blind_time(blind, "UTC", NOW)
    assert said == "part 002: Mon 16 Nov, 00:00 to Mon 23 Nov, 00:00 (7 days): throttled"
    assert "throttled" not in blind_time(blind, "UTC", NOW, told="002: throttled")


def test_the_matrix_has_a_link_for_each_cell_and_never_shows_a_hole_as_whole():
    html = matrix([cell("never", detail="<b>no</b>")], {"service": "jobs"}, ("web", "cpu"), "UTC", NOW)
    assert "class='is-never'" in html
    assert "is-collected" not in html
    assert "href='?service=jobs&amp;component=web&amp;indicator=cpu'" in html
    assert "title='never collected: &lt;b&gt;no&lt;/b&gt;'" in html
    assert "aria-current='true'>○ Cpu</a>" in html


def test_the_trend_is_a_line_for_each_team_from_nothing_to_all():
    weeks = [date(2026, 11, 9), date(2026, 11, 16)]
    figure = trend({"dev": [Share(weeks[0], 1, 4), Share(weeks[1], 4, 4)]}, {"dev": "Development"})
    (line,) = figure["data"]
    assert (line["name"], line["x"], line["y"]) == ("Development", ["2026-11-09", "2026-11-16"], [25.0, 100.0])
    assert line["customdata"] == ["1 of 4", "4 of 4"]
    assert figure["layout"]["yaxis"]["range"][0] == 0
