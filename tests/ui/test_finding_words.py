"""What a finding is told as: one plain sentence each, on the service's own clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import catalog
from metrics.model import Finding, Window
from metrics.review.items import Item
from metrics.review.suspects.suspect import Reason
from metrics.ui import finding_words
from metrics.ui.finding_words import address_name, item_sentence, name_of, reason, sentence, signed

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INDICATORS = catalog.load().indicators
CPU, P95 = "system.cpu.utilization", "http.server.request.duration.p95"


def finding(kind: str, **more: object) -> Finding:
    told: dict[str, object] = {
        "id": "a", "service": "jobs", "component": "web", "indicator": P95, "unit": "s", "kind": kind,
        "since": MONDAY + 1 * HOUR, "before": 0.2, "after": 0.41, "certainty": 0.9, "is_worse": True,
        "first_seen": MONDAY + DAY, "last_seen": MONDAY + DAY,
    }  # fmt: skip
    return Finding(**(told | more))  # type: ignore[arg-type]


def cpu(kind: str, **more: object) -> Finding:
    return finding(kind, **({"component": "db", "indicator": CPU, "unit": "%", "before": 40.0, "after": 54.0} | more))


def hours(*starts: int) -> tuple[Window, ...]:
    return tuple(Window(MONDAY + n * HOUR, MONDAY + (n + 1) * HOUR) for n in starts)


def said(found: Finding) -> str:
    return sentence(found, INDICATORS, "Asia/Tokyo")


DATES = {"limit": 100.0, "early": "2026-11-27T00:00:00+00:00"}
LIKELY = DATES | {"crosses_at": "2026-11-29T00:00:00+00:00"}
BURST = {"episodes": hours(0, 30), "evidence": {"ratio": 3.46}}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (finding("shift"), "web latency p95 +210 ms since Mon 16 Nov, 10:00 (from 200 ms to 410 ms)"),
        (
            cpu("shift", part="writer", after=26.0),
            "db writer CPU −14 points since Mon 16 Nov, 10:00 (from 40 % to 26 %)",
        ),
        (
            cpu("drift", evidence={"per_day": 0.5}),
            "db CPU rising by 3.5 points a week: +14 points since Mon 16 Nov, to 54 %",
        ),
        (
            finding("drift", after=0.1, evidence={"per_day": -0.01}),
            "web latency p95 falling by 70 ms a week: −100 ms since Mon 16 Nov, to 100 ms",
        ),
        (
            cpu("forecast", evidence=LIKELY | {"late": "2026-12-03T00:00:00+00:00"}),
            "db CPU will reach 100 % about Sun 29 Nov (between Fri 27 Nov and Thu 3 Dec); now 54 %",
        ),
        (
            cpu("forecast", evidence=LIKELY | {"late": None}),
            "db CPU will reach 100 % about Sun 29 Nov (between Fri 27 Nov and much later); now 54 %",
        ),
        (
            cpu("forecast", evidence=DATES | {"crosses_at": None}),
            "db CPU may reach 100 % from Fri 27 Nov on; now 54 %",
        ),
        (
            cpu("forecast", evidence=DATES | {"crosses_at": None, "peak": 81.5}),
            "db CPU may reach 100 % from Fri 27 Nov on; highest hour of the last week 81.5 %",
        ),
        (
            cpu("forecast", evidence=DATES | {"crosses_at": None, "peak": 12.0, "limit": 5.0}),
            "db CPU may reach 5 % from Fri 27 Nov on; lowest hour of the last week 12 %",
        ),
        (
            finding("burst", **BURST),
            "web latency p95 jumping 3.5 times as often as before: 2 jumps since Mon 16 Nov, to about 410 ms from 200 ms",
        ),
        (
            finding("spike", until=MONDAY + 2 * HOUR, episodes=hours(1)),
            "web latency p95 jumped to 410 ms from 200 ms on Mon 16 Nov, 10:00, for 60 minutes",
        ),
        (
            finding("spike", until=MONDAY + 1 * HOUR),
            "web latency p95 jumped to 410 ms from 200 ms on Mon 16 Nov, 10:00",
        ),
        (
            finding("spike", until=MONDAY + 31 * HOUR, episodes=hours(0, 30)),
            "web latency p95 jumped 2 times since Mon 16 Nov, at most to 410 ms from 200 ms, last on Tue 17 Nov, 15:00",
        ),
        (finding("silence"), "web latency p95 without data since Mon 16 Nov, 10:00"),
        (
            finding("silence", until=MONDAY + DAY),
            "web latency p95 had no data from Mon 16 Nov, 10:00 to Tue 17 Nov, 09:00",
        ),
        (
            cpu("threshold", evidence={"line": 50.0}, episodes=hours(0, 5)),
            "db CPU went beyond 50 % 2 times since Mon 16 Nov, at worst at 54 %",
        ),
        (
            cpu("threshold", evidence={"line": 50.0}, episodes=hours(0), until=MONDAY + DAY),
            "db CPU went beyond 50 % once since Mon 16 Nov, at worst at 54 %, until Tue 17 Nov",
        ),
    ],
)
def test_each_kind_is_told_with_numbers_units_and_since_when(found, told):
    assert said(found) == told


def test_a_holiday_is_told_where_it_began_on_one():
    found = finding("shift", evidence={"holiday": "Labor Thanksgiving Day"})
    assert said(found).endswith("(from 200 ms to 410 ms), on Labor Thanksgiving Day")


def test_times_are_on_the_clock_of_the_service():
    assert "Sun 15 Nov, 20:00" in sentence(finding("shift"), INDICATORS, "America/New_York")


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (14.2, "%", "+14 points"), (-1.04, "%", "−1 point"), (0.6, "%", "+0.6 points"), (0.0038, "%", "+0.0038 points"),
        (0.21, "s", "+210 ms"), (-3 * 1024**3, "By", "−3 GiB"), (0.0, "1", "0"), (1200.0, "1", "+1,200"),
    ],
)  # fmt: skip
def test_a_change_has_its_sign_and_unit(value, unit, told):
    assert signed(value, unit) == told


def test_a_component_is_not_named_twice():
    batch = finding("shift", component="batch", indicator="batch.duration", part="invoices")
    assert name_of(batch, INDICATORS) == "batch invoices duration"


def item(*found: Finding) -> Item:
    return Item("a", found, (), "new", 0.5, {})


def told(*found: Finding) -> str:
    return item_sentence(item(*found), INDICATORS, "Asia/Tokyo")


LEAD = finding("shift")


def test_an_item_tells_its_leading_finding_and_by_how_much_two_others_moved():
    memory = cpu("shift", indicator="system.memory.utilization")
    assert told(LEAD, cpu("shift"), memory) == f"{said(LEAD)}; db CPU +14 points; db memory +14 points"


def test_more_than_two_others_are_counted():
    parts = [cpu("shift", part=part) for part in "abcd"]
    assert told(LEAD, *parts[:3]).endswith("; db b CPU +14 points; and 1 more line")
    assert told(LEAD, *parts).endswith("; db b CPU +14 points; and 2 more lines")


def test_another_percentile_of_what_leads_is_no_news():
    p99 = finding("shift", indicator="http.server.request.duration.p99")
    assert told(LEAD, p99) == f"{said(LEAD)}; and 1 more line"


def test_another_that_has_no_size_says_what_it_is():
    assert told(LEAD, cpu("silence")) == f"{said(LEAD)}; db CPU without data since Mon 16 Nov, 10:00"


@pytest.mark.parametrize(
    ("evidence", "ending"),
    [
        (
            {"suspect": "#482", "suspect_kind": "deployment", "suspect_lag_s": 720.0},
            "; 12 minutes after deployment #482",
        ),
        (
            {"suspect": "#482", "suspect_kind": "deployment", "suspect_lag_s": 0.0},
            "; began with deployment #482",
        ),
        ({"suspect": "#482", "suspect_kind": "deployment"}, "; suspect: deployment #482"),
        ({"suspect": "/jobs/export", "suspect_kind": "access"}, "; suspect: access /jobs/export"),
        ({"suspect": "x", "suspect_kind": "nobody knows"}, ""),
        ({}, ""),
    ],
)
def test_the_likeliest_suspect_is_named_last(evidence, ending):
    assert told(replace(LEAD, evidence=evidence)) == said(LEAD) + ending


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("x_share", 0.923, "92 %"),
        ("share", 0.5, "50 %"),
        ("lag_s", 720.0, "12 min"),
        ("at", MONDAY, "Mon 16 Nov, 09:00"),
        ("title", "a*b", "a*b"),
        ("met", 7, "7"),
        ("limit", None, "–"),
        ("driver", "web/gone.indicator", "web gone.indicator"),
    ],
)
def test_the_values_of_a_reason_are_told_by_what_they_are(name, value, said, monkeypatch):
    monkeypatch.setattr(finding_words, "TEMPLATES", {"code": f"{{{name}}}"})
    assert reason(Reason("code", {name: value}), "Asia/Tokyo") == said


def test_a_line_in_a_reason_has_its_name_and_its_unit():
    stood: dict[str, float | str] = {"line": f"db/writer/{CPU}", "now": 99.7, "bound": 100.0, "usual": 78.2}
    assert reason(Reason("at_bound", stood), "UTC") == "db writer CPU stood at 99.7 % of 100 %, usually 78.2 %"
    lost: dict[str, float | str] = {"line": "cache/001/system.memory.utilization", "now": 41.0, "usual": 70.0}
    assert reason(Reason("emptied", lost), "UTC") == "memory fell from 70 % to 41 %, as after a restart"
    # What is counted without a line is a number.
    assert reason(Reason("more_rows", {"now": 900.0, "usual": 300.0}), "UTC") == "900 rows, usually 300"


def test_a_line_has_its_name_by_its_address_alone():
    assert address_name("nightly/batch.duration") == "nightly batch duration"
    assert address_name("db/writer/system.cpu.utilization") == "db writer CPU"
    assert address_name("db/what.was.once") == "db what.was.once"


def test_a_reason_without_a_sentence_is_shown_as_it_is_rather_than_lost():
    assert reason(Reason("no_such_code", {"n": 1}), "UTC") == "no such code"
