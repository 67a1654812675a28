"""Trends of delivery: a gap where too little is known, a whisker for what is only suspected, hollow where cut."""

from __future__ import annotations

from datetime import UTC, datetime

from metrics.model import Window
from metrics.review.delivery.trend import Bucket
from metrics.ui import delivery_charts
from tests.review.delivery.worked import production, reported

SEPTEMBER = "\n".join(f"deployment: d{n} 09-{n + 1:02}T10:00 09-{n + 1:02}T10:10 version=V{n}" for n in range(14))
FAILED = "\nincident: i1 09-02T10:30 09-02T11:30 component=web"


def buckets(text: str) -> tuple[Bucket, ...]:
    return production(text).trend


def test_weeks_with_too_few_deployments_are_gaps_and_not_zero():
    chart = delivery_charts.trend("deploy_duration", buckets(SEPTEMBER))
    assert chart is not None
    (p90, median) = chart["data"]
    assert median["x"] == ["2026-08-31", "2026-09-07", "2026-09-14", "2026-09-21", "2026-09-28"]
    assert median["y"] == [10.0, 10.0, None, None, None]
    assert median["connectgaps"] is False
    assert p90["line"]["dash"] == "dot"


def test_a_suspected_failure_is_a_whisker_above_the_confirmed_rate():
    chart = delivery_charts.trend("change_fail_rate", buckets(SEPTEMBER + FAILED))
    assert chart is not None
    (line,) = chart["data"]
    assert line["y"][:2] == [0.0, 0.0]
    assert [round(each, 1) for each in line["error_y"]["array"][:2]] == [16.7, 0]


def test_deployments_that_mend_stand_apart():
    mended = SEPTEMBER + "\ndeployment: h1 09-03T12:00 09-03T12:10 version=V2.1 kind=hotfix"
    chart = delivery_charts.trend("deployment_frequency", buckets(mended))
    assert chart is not None
    planned, mending = chart["data"]
    assert (planned["y"][:3], mending["y"][:3]) == ([6, 7, 1], [1, 0, 0])
    assert planned["marker"]["opacity"][0] < planned["marker"]["opacity"][1]


def test_nothing_is_drawn_where_no_week_has_enough():
    few = reported("deployment: d1 09-01T10:00 09-01T10:10", window=Window(*_days(1, 20))).services[0].environments[0]
    assert delivery_charts.trend("deploy_duration", few.trend) is None
    assert delivery_charts.stages(few.trend) is None


def _days(first: int, last: int) -> tuple[datetime, datetime]:
    return datetime(2026, 9, first, tzinfo=UTC), datetime(2026, 9, last, tzinfo=UTC)
