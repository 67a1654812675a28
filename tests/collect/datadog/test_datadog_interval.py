"""Datadog may answer with a longer interval than it was asked for, and says so only by the times."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.collect._datadog.reply import Line, interval
from tests.collect.datadog.asking import CPU, HITS, ask, hours, settings
from tests.collect.datadog_server import Datadog


def test_a_longer_interval_makes_it_ask_in_days(datadog: Datadog) -> None:
    """Four days at 300 s are more than this server gives at once, one day is not."""
    datadog.most_points = 350
    told = ask(settings(datadog, CPU), hours(96))
    assert [key[2] for key in told.points] == [300]
    (rows,) = told.points.values()
    assert len(rows) == len({at for at, _ in rows}) == 4 * 288
    assert len(datadog.asked) == 1 + 4
    assert [each.detail for each in told.answers] == [""] * 4


def test_what_stays_longer_is_kept_with_its_own_period_and_said(datadog: Datadog) -> None:
    datadog.most_points = 100
    told = ask(settings(datadog, CPU, HITS), hours(24))
    # The mean of twenty minutes of a metric that rises by 1 a minute; three hits a second for twenty minutes.
    assert told.points["system.cpu.utilization", None, 1200][:3] == [
        ("06-01T00:00", 19.5), ("06-01T00:20", 39.5), ("06-01T00:40", 59.5),
    ]  # fmt: skip
    assert told.points["http.server.request.count", None, 1200][0] == ("06-01T00:00", 3600.0)
    assert told.states == [
        ("system.cpu.utilization", None, "complete", "asked for 300 s, Datadog gives 1200 s"),
        ("http.server.request.count", None, "complete", "asked for 300 s, Datadog gives 1200 s"),
    ]
    assert len(datadog.asked) == 1


def test_it_is_seen_in_a_short_window_too(datadog: Datadog) -> None:
    """Two hours of an hourly metric are two values; a day before them shows how far apart they are meant to be."""
    hourly = {"indicator": "cpu", "query": "avg:custom.hourly{*}"}
    told = ask(settings(datadog, hourly), hours(2, start=10))
    assert told.points == {("system.cpu.utilization", None, 3600): [("06-01T10:00", 5.0), ("06-01T11:00", 5.0)]}


def line(*minutes: float) -> Line:
    ts_s = np.array([int(1_780_272_000 + 60 * minute) for minute in minutes], dtype=np.int64)
    return Line((), (None, None), ts_s, np.zeros(len(ts_s)))


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((), 300),
        ((0, 60, 120), 300),  # too few to tell
        ((0, 5, 10, 15), 300),
        ((0, 5, 15, 20, 40), 300),
        ((0, 20, 40, 60), 1200),
        ((0, 20, 40, 60, 80, 120, 140, 160, 180, 200), 1200),  # one is missing
        ((0, 20, 100, 200), 300),  # now and then
        ((5, 65, 125, 185), 300),  # hourly, but not on the hour: it is the metric that comes so
        ((0, 1440, 2880, 4320), 300),  # daily
    ],
)
def test_an_interval_is_a_grid_on_the_clock(minutes: tuple[float, ...], expected: int) -> None:
    assert interval([line(*minutes)], 300) == expected


def test_the_series_of_a_query_speak_together() -> None:
    assert interval([line(0, 20, 40, 60), line(5, 25)], 300) == 300
    assert interval([line(0, 40), line(20, 60)], 300) == 1200
