"""The deployments behind each figure, defects by phase, and months on a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from metrics.model import Window
from metrics.review.delivery.behind import behind
from metrics.review.delivery.defects import found
from metrics.review.period import months_back
from tests.review.delivery.worked import JOBS, reported

EVENTS = """
deployment: d1 09-01T10:00 09-01T10:10 version=V1
deployment: d2 09-02T10:00 09-02T10:10 version=V2
deployment: h1 09-02T12:00 09-02T12:10 version=V2.1 kind=hotfix mends=d2
deployment: x1 09-03T10:00 09-03T10:10 version=V3 status=failed
change: c1 09-01T09:00 09-01T20:00 deployed_by=d2
change: c2 09-01T11:00 09-01T20:00 deployed_by=d2
incident: i1 09-02T10:30 09-02T12:10 caused_by_deployment=d2
"""


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (None, ["x1", "h1", "d2", "d1"]),
        ("deployment_frequency", ["h1", "d2", "d1"]),
        ("change_lead_time", ["d2"]),
        ("change_fail_rate", ["d2", "d1"]),
        ("failed_deployment_recovery_time", ["d2"]),
        ("rework_rate", ["h1", "d2", "d1"]),
        ("pipeline_failure_rate", ["x1", "h1", "d2", "d1"]),
    ],
)
def test_the_deployments_behind_a_figure(figure: str | None, expected: list[str]):
    report = reported(EVENTS)
    rows = behind(report.services[0].environments[0], report.deployments, figure)
    assert [each.deployment.id for each in rows] == expected


def test_a_deployment_is_told_with_its_changes_and_their_median_lead_time():
    report = reported(EVENTS)
    rows = behind(report.services[0].environments[0], report.deployments, "change_lead_time")
    assert [(each.changes, each.lead_s) for each in rows] == [(2, (24 + 1 / 6) * 3600)]


def test_defects_are_counted_by_month_in_the_order_of_the_work():
    days = ["2026-08-31", "2026-09-01", "2026-09-30", "2026-09-30"]
    rows = {"found_at": pd.to_datetime(days, utc=True), "phase": ["production", "unit test", None, "production"]}
    window = Window(datetime(2026, 8, 15, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    defects = found(pd.DataFrame(rows), window, JOBS)
    assert defects.months == (date(2026, 8, 1), date(2026, 9, 1))
    assert defects.is_whole == (False, True)
    assert list(defects.counts.items()) == [("unit test", (0, 1)), ("production", (1, 1)), ("unknown", (0, 1))]
    assert defects.total == 4


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        ("2026-05-31T10:00+00:00", 3, "2026-02-27T15:00+00:00"),
        ("2026-01-15T20:00+00:00", 12, "2025-01-15T15:00+00:00"),
        ("2026-01-15T10:00+00:00", 0, "2026-01-14T15:00+00:00"),
    ],
)
def test_months_back_is_a_midnight_of_the_zone(moment: str, months: int, expected: str):
    assert months_back(datetime.fromisoformat(moment), months, "Asia/Tokyo") == datetime.fromisoformat(expected)
