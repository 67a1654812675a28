"""The small drawing: round ticks with units, days of the service's clock, gaps left open, nobody's markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from metrics.meeting import chart
from metrics.meeting.chart import Drawing, svg, told

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKYO = ZoneInfo("Asia/Tokyo")
SVG = "{http://www.w3.org/2000/svg}"


def drawing(values: list[float], unit: str = "%", started: datetime | None = None, name: str = "db CPU") -> Drawing:
    curve = tuple((BEGAN + 6 * n * HOUR, value) for n, value in enumerate(values))
    return Drawing(name, curve, unit, TOKYO, started)  # type: ignore[arg-type]


def labels(made: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(made).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("values", "unit", "ticks"),
    [
        ([44.0, 81.0, 50.0], "%", ["0 %", "50 %", "100 %"]),
        ([61.0, 64.0, 66.9], "%", ["60 %", "62 %", "64 %", "66 %", "68 %"]),
        ([0.0, 0.0, 0.0], "%", ["0 %", "0.5 %", "1 %"]),
        ([0.395, 1.36, 0.5], "s", ["0 s", "0.5 s", "1 s", "1.5 s"]),
        ([2e9, 3e9, 2.5e9], "By", ["1.5 GiB", "2 GiB", "2.5 GiB", "3 GiB"]),
        ([3126.0, 3558.0, 3300.0], "s", ["50 min", "52.5 min", "55 min", "57.5 min", "60 min"]),
        ([120.0, 345.0, 5.0], "1", ["0", "200", "400"]),
        ([-4.0, 2.0, 1.0], "1", ["-4", "-2", "0", "2"]),
    ],
)
def test_ticks_are_round_and_have_a_unit(values: list[float], unit: str, ticks: list[str]):
    made = labels(svg(drawing(values * 3, unit)))
    assert made[: len(ticks)] == ticks


def test_days_are_the_services():
    made = labels(svg(drawing([1.0, 2.0] * 40)))
    assert [each for each in made if "Nov" in each] == [
        "Mon 2 Nov",
        "Fri 6 Nov",
        "Tue 10 Nov",
        "Sat 14 Nov",
        "Wed 18 Nov",
    ]


def test_what_began_is_marked_only_where_it_lies_on_the_drawing():
    inside, before = (svg(drawing([1.0] * 40, started=BEGAN + n * HOUR)) for n in (120, -5))
    assert inside.count('class="mark"') == 1
    assert "since Fri 6 Nov" in labels(inside)
    assert 'class="mark"' not in before


def test_a_gap_is_left_open():
    whole = drawing([1.0, 2.0] * 20)
    broken = Drawing(whole.name, (*whole.curve[:10], *whole.curve[20:]), whole.unit, whole.zone)
    assert svg(whole).count("<polyline") == 1
    assert svg(broken).count("<polyline") == 2


def test_a_point_that_stands_alone_is_a_dot():
    whole = drawing([1.0, 2.0] * 20)
    lone = Drawing(whole.name, (*whole.curve[:10], whole.curve[20], *whole.curve[30:]), whole.unit, whole.zone)
    (dot,) = [each for each in re.findall(r'points="([^"]+)"', svg(lone)) if len(each.split()) == 2]
    assert len(set(dot.split())) == 1


def test_every_point_lies_on_the_drawing():
    made = svg(drawing([40.0, 97.0, 3.0, 55.5, 12.0]))
    points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", made)]
    assert len(points) == 5
    for x, y in points:
        assert chart.LEFT <= x <= chart.WIDTH - chart.RIGHT
        assert chart.TOP <= y <= chart.HEIGHT - chart.BOTTOM
    assert max(points, key=lambda point: point[1])[0] == points[2][0], "the lowest value is the lowest point"


def test_it_is_told_in_a_sentence_and_a_name_is_no_markup():
    made = svg(drawing([40.0, 97.0, 3.0], name="</svg><script>"))
    assert "<script>" not in made
    assert told(drawing([40.0, 97.0, 3.0])) == "db CPU from Sun 1 Nov to Sun 1 Nov: between 3 % and 97 %"
    peaks = replace(drawing([40.0, 97.0]), stat="highest in each 6 hours")
    assert told(peaks).endswith("between 40 % and 97 % (highest in each 6 hours)")
