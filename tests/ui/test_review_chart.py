"""A topic's line as a figure: where ink goes, by values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from metrics.ui.review_chart import figure
from tests.meeting.made import AT, review

REVIEW = review()
TOPIC = REVIEW.section("moved").topics[0]


def test_the_line_the_reviews_time_and_where_it_began():
    drawn = figure(REVIEW, TOPIC, 200)
    assert drawn is not None
    assert drawn["data"][0]["y"][:3] == [50.0, 54.0, 53.0]
    time, mark = drawn["layout"]["shapes"]
    assert (time["x0"], time["x1"]) == ("2026-10-19T05:00:00", "2026-10-26T05:00:00")
    assert mark["x0"] == mark["x1"] == "2026-10-22T05:00:00"
    assert drawn["layout"]["annotations"][0]["text"] == "since Thu 22 Oct"
    assert drawn["layout"]["yaxis"]["title"]["text"] == "%"


def test_a_gap_is_a_gap():
    curve = TOPIC.curve[:30] + tuple((at + timedelta(days=3), value) for at, value in TOPIC.curve[30:])
    drawn = figure(REVIEW, replace(TOPIC, curve=curve), 200)
    assert drawn is not None
    assert drawn["data"][0]["y"].count(None) == 1
    assert drawn["data"][0]["y"][30] is None


def test_what_began_outside_the_picture_has_no_mark():
    drawn = figure(REVIEW, replace(TOPIC, started=AT - timedelta(days=60)), 200)
    assert drawn is not None
    assert len(drawn["layout"]["shapes"]) == 1
    assert drawn["layout"]["annotations"] == []


def test_without_a_line_there_is_no_figure():
    assert figure(REVIEW, replace(TOPIC, curve=TOPIC.curve[:2]), 200) is None
    assert figure(REVIEW, replace(TOPIC, figures=()), 200) is None


def test_what_it_is_held_to_is_a_dashed_line_that_the_axis_reaches():
    curve = tuple((at, 20 * (value - 49)) for at, value in TOPIC.curve)
    held = replace(TOPIC, curve=curve, limit=140.0, started=None)
    drawn = figure(REVIEW, held, 200)
    assert drawn is not None
    limit = drawn["layout"]["shapes"][-1]
    assert (limit["y0"], limit["y1"], limit["line"]["dash"]) == (140.0, 140.0, "dash")
    assert drawn["layout"]["yaxis"]["range"][1] > 140
    far = figure(REVIEW, replace(held, limit=1000.0), 200)
    assert far is not None
    assert len(far["layout"]["shapes"]) == 1


def test_the_level_as_told_lies_over_the_line_and_the_week_before_under_it():
    trend = ((AT - timedelta(days=5), 52.0), (AT, 49.0))
    usual = tuple((at, value - 1) for at, value in TOPIC.curve)
    drawn = figure(REVIEW, replace(TOPIC, trend=trend, usual=usual), 200)
    assert drawn is not None
    before, line, told = drawn["data"]
    assert (before["line"]["dash"], before["y"][0], line["y"][0]) == ("dot", 49.0, 50.0)
    assert told["y"] == [52.0, 49.0]
    assert told["x"] == ["2026-10-21T05:00:00", "2026-10-26T05:00:00"]


def test_letters_grow_for_a_projector():
    drawn = figure(REVIEW, TOPIC, 500, 16)
    assert drawn is not None
    layout = drawn["layout"]
    sizes = [
        layout["xaxis"]["tickfont"],
        layout["yaxis"]["tickfont"],
        *(each["font"] for each in layout["annotations"]),
    ]
    assert {each["size"] for each in sizes} == {16}
