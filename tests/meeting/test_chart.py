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
from tests.meeting.made import review

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
    whole = drawing([1.0, 2.0] * 30)
    broken = Drawing(whole.name, (*whole.curve[:10], *whole.curve[20:]), whole.unit, whole.zone)
    assert svg(whole).count("<polyline") == 1
    assert svg(broken).count("<polyline") == 2


def test_what_comes_rarely_has_no_gaps():
    nights = drawing([1.0, 2.0] * 10)
    rare = replace(nights, curve=(*nights.curve[:5], *nights.curve[12:]))
    assert svg(rare).count("<polyline") == 1


@pytest.mark.parametrize(("limit", "lines"), [(80.0, 1), (40.0, 1), (1000.0, 0)])
def test_a_limit_is_drawn_to_scale_unless_it_would_squeeze_the_line(limit: float, lines: int):
    made = svg(replace(drawing([30.0, 60.0, 45.0]), limit=limit))
    assert made.count('class="limit"') == lines
    assert ("80 %" in labels(made) or "100 %" in labels(made)) == (limit == 80.0), (
        "the axis reaches as far as it must"
    )


def test_what_is_told_of_the_level_is_drawn_over_the_line_and_cut_at_its_edge():
    line = drawing([50.0] * 41)
    trend = ((BEGAN - 240 * HOUR, 30.0), (BEGAN + 240 * HOUR, 70.0))
    (points,) = re.findall(r'class="trend" points="([^"]+)"', svg(replace(line, trend=trend)))
    (x0, y0), (x1, y1) = (map(float, pair.split(",")) for pair in points.split())
    assert (x0, x1) == (chart.LEFT, chart.WIDTH - chart.RIGHT)
    assert y0 == pytest.approx(
        float(re.findall(r'class="line" points="[\d.]+,([\d.]+)', svg(replace(line, trend=trend)))[0])
    )
    assert y1 < y0
    outside = ((BEGAN - 48 * HOUR, 30.0), (BEGAN - 24 * HOUR, 70.0))
    assert 'class="trend"' not in svg(replace(line, trend=outside))


def test_the_legend_names_everything_that_is_drawn():
    topic = replace(review().section("moved").topics[0], limit=90.0)
    assert chart.legend(topic) == "mean in each 6 hours; at most 90 %"
    wide = replace(topic, curve=tuple((at, 10 * (value - 49)) for at, value in topic.curve))
    assert chart.legend(wide) == "mean in each 6 hours; dashed: at most 90 %"
    whole = replace(
        wide, limit=None, usual=wide.curve, trend=wide.curve[:2], extreme="highest", fine=timedelta(minutes=5)
    )
    assert chart.legend(whole) == ("highest 5 minutes in each 6 hours; dotted: a week before; straight: the level")


def test_a_point_that_stands_alone_is_a_dot():
    whole = drawing([1.0, 2.0] * 40)
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
