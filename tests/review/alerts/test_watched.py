"""Which line a rule watches: by its name or the source's metric, and none where the name says nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from metrics import catalog
from metrics.review.alerts.watched import candidates, worst
from metrics.review.lines import Line

AT = datetime(2026, 11, 1, tzinfo=UTC)


def line(number: int, component: str, indicator: str, part: str | None = None) -> Line:
    found = catalog.load().get(indicator)
    return Line("shop", component, part, found, (number,), "demo", 300, AT, AT)


LINES = (
    line(1, "aurora-main", "cpu", "writer"),
    line(2, "aurora-main", "cpu", "reader"),
    line(3, "aurora-main", "connections"),
    line(4, "aurora-main", "storage_free"),
    line(5, "aurora-main", "storage"),
    line(6, "web", "latency_p95"),
    line(7, "web", "error_logs"),
    line(8, "web", "error_rate"),
    line(9, "cache", "cache_hit_ratio"),
)


@pytest.mark.parametrize(
    ("component", "rule", "metric", "expected"),
    [
        ("aurora-main", "aurora-cpu-high", None, [1, 2]),
        ("aurora-main", "aurora-cpu-high-reader", None, [2]),
        ("aurora-main", "prod alarm 17", "DatabaseConnections", [3]),
        ("aurora-main", "free storage space", "FreeStorageSpace", [4]),
        ("aurora-main", "storage", None, [5]),
        ("web", "web-latency-high", None, [6]),
        ("web", "error-log", None, [7]),
        ("web", "High error rate", None, [8]),
        ("cache", "cache-health", None, []),
        ("web", "certificate-expiry", None, []),
    ],
)
def test_a_rules_name_leads_to_its_line(component, rule, metric, expected):
    assert [each.ids[0] for each in candidates(component, rule, metric, LINES)] == expected


def test_of_several_parts_the_worst_fires():
    assert worst(LINES[:2], {1: 30.0, 2: 60.0}) is LINES[1]
    assert worst(LINES[:2], {}) is LINES[0]
    assert worst((), {}) is None
