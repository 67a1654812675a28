"""The line that is as small as a word: every point on it, the time before in grey, a gap left open, no line of two."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote
from xml.etree import ElementTree

from metrics.ui.review_spark import COLORS, spark

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lines(curve, since=BEGAN, moved=None) -> list[tuple[str, list[tuple[float, float]]]]:
    """Colour and points of each stretch."""
    (source,) = re.findall(r'src="data:image/svg\+xml,([^"]+)"', spark(curve, since, moved))
    return [
        (each.attrib["stroke"], [tuple(map(float, pair.split(","))) for pair in each.attrib["points"].split()])
        for each in ElementTree.fromstring(unquote(source)).iter("{http://www.w3.org/2000/svg}polyline")
    ]  # type: ignore[misc]


def curve(values: list[float]) -> list[tuple[datetime, float]]:
    return [(BEGAN + n * HOUR, value) for n, value in enumerate(values)]


def test_the_reviews_own_time_is_coloured_and_the_grey_before_it_meets_it():
    (before, grey), (own, points) = lines(curve([1.0, 3.0, 2.0, 1.0]), BEGAN + 2 * HOUR, "worse")
    assert (before, own) == (COLORS["before"], COLORS["worse"])
    assert grey == [(0, 22), (40, 2), (80, 12)]
    assert points == [(80, 12), (120, 22)]


def test_a_line_without_a_change_is_level():
    assert {y for _, points in lines(curve([5.0] * 4)) for _, y in points} == {22}


def test_a_gap_is_left_open_where_points_are_many():
    whole = curve([1.0, 2.0] * 30)
    assert len(lines(whole)) == 1
    assert len(lines([*whole[:20], *whole[30:]])) == 2
    few = curve([1.0, 2.0] * 5)
    assert len(lines([*few[:3], *few[8:]])) == 1


def test_two_points_are_no_line():
    assert spark(curve([1.0, 2.0]), BEGAN) == ""
    assert spark((), BEGAN) == ""
