"""What users feel: which lines count, and when they were beyond their threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from metrics.analysis.signal import Signal
from metrics.model import Component, Threshold
from metrics.review.alerts.felt import felt, felt_lines
from tests.review.alerts.made import END, SHOP
from tests.review.alerts.test_watched import line

LATENCY = "http.server.request.duration.p95"
WEB = Component("shop", "web", "web", "Web", thresholds=(Threshold(LATENCY, 0.5, "web.yaml"),))
API = Component("shop", "api", "api", "API", thresholds=(Threshold(LATENCY, 0.5, "web.yaml"),))
SERVICE = replace(SHOP, components=(API, WEB), headline=("web/latency_p95",))
MINUTE = np.timedelta64(60, "s")


def test_latency_and_errors_with_a_threshold_the_headline_first_and_the_whole_before_its_parts():
    lines = (
        line(1, "api", "latency_p95"),
        line(2, "web", "latency_p95"),
        line(3, "web", "latency_p95", "/export"),
        line(4, "web", "error_rate"),  # no threshold
        line(5, "web", "cpu"),
    )
    assert [each.ids[0] for each in felt_lines(lines, SERVICE)] == [2, 1]
    assert [each.ids[0] for each in felt_lines(lines[2:3], SERVICE)] == [3]


def test_beyond_for_a_quarter_of_an_hour_with_gaps_that_are_not_known():
    start = np.datetime64(END.replace(tzinfo=None), "us") - 600 * MINUTE
    ts = start + np.r_[np.arange(0, 200, 5), np.arange(400, 600, 5)] * MINUTE
    values = np.full(len(ts), 0.2)
    values[10:14] = 0.9
    values[20] = 0.9  # five minutes are no harm
    found = felt(line(2, "web", "latency_p95"), Signal(ts, values), SERVICE)
    assert found is not None
    ((since, until),) = found.beyond
    at = END - timedelta(minutes=600)
    assert (since, until) == (at + timedelta(minutes=50), at + timedelta(minutes=70))
    assert found.known == ((at, at + timedelta(minutes=200)), (at + timedelta(minutes=400), END))
    assert found.tells
    assert not replace(found, beyond=found.known).tells
    assert felt(line(2, "web", "latency_p95"), Signal(ts[:0], values[:0]), SERVICE) is None
