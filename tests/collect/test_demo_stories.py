"""Each planted story can be measured in the data, for every seed: that is what makes the answers a yardstick."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest

from metrics.model import Points, Window
from tests.collect.demo_data import SEEDS, UNTIL, Demo, days, instant, last, span, whole

WEEK = 2016


@pytest.fixture(scope="module", params=SEEDS)
def data(request) -> Demo:
    return whole(request.param)


def days_ahead(answer: dict) -> float:
    return (datetime.fromisoformat(answer["until"]) - UNTIL) / timedelta(days=1)


def test_1_demand_runs_out_of_one_limit_first(data):
    forecasts = data.planted(1, "forecast")
    assert len(forecasts) == 3
    assert 35 < days_ahead(forecasts[0]) < 60 < 100 < days_ahead(forecasts[1])
    for answer in forecasts:
        points = data.line(answer["component"], answer["indicator"], answer["part"])
        crosses = _reaches(*_weekly_peaks(points), np.log(100))
        share = 0.25 if answer == forecasts[0] else 0.4  # what is far off is known less well
        assert crosses == pytest.approx(days_ahead(answer), abs=share * days_ahead(answer) + 6)


def _weekly_peaks(points: Points) -> tuple[np.ndarray, np.ndarray]:
    """Each week's busiest moment, as a logarithm: exponential growth is then a straight line."""
    per_week = 7 * 86400 // points.series.period_s
    weeks = len(points.values) // per_week
    kept = points.values[-weeks * per_week :].reshape(weeks, per_week)
    return np.arange(weeks) * 7.0 - weeks * 7 + 3.5, np.log(np.percentile(kept, 99.8, axis=1))


def _reaches(at: np.ndarray, values: np.ndarray, line: float) -> float:
    """Where the line through the middle of all slopes and levels arrives: no holiday or outage can move it far."""
    first, second = np.triu_indices(len(at), k=4)
    slope = np.median((values[second] - values[first]) / (at[second] - at[first]))
    return float((line - np.median(values - slope * at)) / slope)


def test_1_accounts_grow_by_more_than_a_third(data):
    accounts = data.line("jobs", "demand.accounts").values
    assert 1.35 < accounts[-1] / accounts[0] < 1.9


def test_2_latency_mail_and_batches_begin_late_and_the_cache_stays_partial(data):
    for component, name, part in (
        ("web", "latency_p95", None),
        ("search", "latency_p95", None),
        ("mail", "mail.sent", None),
        ("nightly", "batch.duration", "matching"),
    ):
        points = data.line(component, name, part)
        hole = next(c for c in data.coverage if c.indicator == points.series.indicator and c.component == component)
        assert hole.state == "empty"
        assert points.ts[0] >= np.datetime64(hole.window.end.replace(tzinfo=None))
        assert days(points)[0] > -150
    assert not [key for key in data.points if key[0] == "api" and "duration" in key[1]]
    assert not [key for key in data.points if key[0] == "cache" and key[2] == "002"]
    assert {c.state for c in data.coverage if c.indicator == "cache.hits"} == {"forbidden"}


def test_3_the_nightly_alert_fires_each_night_and_nobody_acts(data):
    nightly = [e for e in data.of_kind("alert") if e.attrs["rule"] == "aurora-cpu-high"]
    nights = {(e.started_at + timedelta(hours=9)).date() for e in nightly if 17 <= e.started_at.hour < 20}
    assert len(nights) > 165
    assert not any(e.attrs["acted"] for e in nightly)


def test_3_nine_of_ten_error_log_alerts_had_no_impact(data):
    logs = [e for e in data.of_kind("alert") if e.attrs["rule"] == "error-log"]
    assert len(logs) > 60
    assert 0.07 < np.mean([bool(e.attrs["service_impact"]) for e in logs]) < 0.14
    assert all(e.attrs["acted"] for e in logs)


def test_3_the_outage_was_a_trend_for_three_weeks(data):
    outage = span(next(a for a in data.planted(3, "spike") if a["indicator"] == "system.cpu.utilization"))
    pinned = data.values(Window(outage.start, outage.end - timedelta(minutes=5)), "aurora-main", "cpu", "writer")
    assert pinned.min() > 98
    hours = [_busy_hours(data, outage.start - timedelta(days=back)) for back in (28, 21, 14, 7, 0)]
    assert abs(hours[1] - hours[0]) < 6
    assert hours[3] - hours[1] > 8
    assert hours[4] - hours[1] > 25
    incident = next(e for e in data.of_kind("incident") if e.attrs["severity"] == "sev1")
    assert (incident.started_at, incident.ended_at) == (outage.start, outage.end)
    assert incident.started_at.isoformat() < incident.attrs["detected_at"] < incident.ended_at.isoformat()


def _busy_hours(data: Demo, end: datetime) -> float:
    """Database CPU in office hours of that week's working days, whatever holidays it has."""
    week = Window(end - timedelta(days=7), end)
    points = data.line("aurora-main", "cpu", "writer")
    inside = (points.ts >= instant(week.start)) & (points.ts < instant(week.end))
    hour = (points.ts[inside].astype("int64") // 3_600_000_000 + 9) % 24
    return float(np.percentile(points.values[inside][(hour >= 10) & (hour < 18)], 95))


def test_4_the_build_creeps_up_to_an_hour_and_building_ahead_takes_an_hour_off_the_night(data):
    builds = data.line("pipeline", "build.duration", "web")
    minutes = builds.values / 60
    assert minutes[:8].mean() < 36
    assert 54 < minutes[-8:].mean() < 66
    nights = data.line("pipeline", "deploy.duration", "release night")
    ahead = span(data.planted(4, "shift")[0]).start
    after = nights.ts >= np.datetime64(ahead.replace(tzinfo=None))
    assert 1 <= after.sum() <= 4
    gain = nights.values[~after][-4:].mean() - nights.values[after].mean()
    assert 50 < gain / 60 < 70
    assert 105 < nights.values[~after][-4:].mean() / 60 < 130


def test_4_release_nights_begin_at_three(data):
    nights = [
        e
        for e in data.of_kind("deployment")
        if e.attrs["schema_change"] and e.attrs["kind"] == "planned" and e.attrs["environment"] == "production"
    ]
    assert {(e.started_at.hour, e.started_at.minute) for e in nights} == {(18, 0)}
    assert len(nights) > 40


def test_5_one_disk_is_full_twelve_days_after_the_end(data):
    full = data.planted(5, "forecast")[0]
    points = data.line("eks", full["indicator"], full["part"])
    recent = days(points) > -14
    slope, level = np.polyfit(days(points)[recent], points.values[recent], 1)
    assert (100 - level) / slope == pytest.approx(12, abs=1)
    assert points.values.max() < 90
    assert points.values[: 8 * WEEK].mean() < 50
    others = [p for k, p in data.points.items() if k[:2] == ("eks", full["indicator"]) and k[2] != full["part"]]
    assert len(others) == 4
    assert all(p.values.max() < 55 for p in others)
    kept = [s.values[full["part"]] for s in data.snapshots if s.kind == "finished_jobs"]
    assert kept[0] < 20
    assert kept[-1] > 2000


def test_6_the_database_jumps_with_exports_and_so_does_the_web(data):
    jumps = [span(a) for a in data.planted(6, "spike") if a["part"] == "writer" and "cpu" in a["indicator"]]
    assert 5 <= len(jumps) <= 8
    assert sum(UNTIL - jump.start < timedelta(days=7) for jump in jumps) >= 3
    for jump in jumps:
        inside = Window(jump.start + timedelta(minutes=10), jump.end - timedelta(minutes=5))
        before = Window(jump.start - timedelta(minutes=40), jump.start)
        assert _median(data, inside, "aurora-main", "cpu", "writer") > 15 + _median(
            data, before, "aurora-main", "cpu", "writer"
        )
        assert _median(data, inside, "web", "latency_p95") > 1.2 * _median(data, before, "web", "latency_p95")
        assert _median(data, inside, "web", "requests", "/jobs/export") > 25
        assert _median(data, inside, "web", "requests") < 1.25 * _median(data, before, "web", "requests")


def _median(data: Demo, window: Window, component: str, name: str, part: str | None = None) -> float:
    return float(np.median(data.values(window, component, name, part)))


def test_6_exports_explain_the_daytime_jumps_better_than_any_other_access(data):
    window = last(14)
    cpu = data.line("aurora-main", "cpu", "writer")
    hour = (cpu.ts.astype("int64") // 3_600_000_000 + 9) % 24
    day = (cpu.ts >= np.datetime64(window.start.replace(tzinfo=None))) & (hour >= 9) & (hour < 19)
    ts, jumps = cpu.ts[day][1:], np.diff(cpu.values[day])
    fit = {}
    for part in ("/jobs", "/jobs/:id", "/entries", "/login", "/jobs/export"):
        points = data.line("web", "requests", part)
        fit[part] = np.corrcoef(jumps, np.diff(points.values[np.isin(points.ts, cpu.ts[day])]))[0, 1]
    assert len(ts) > 1000
    assert max(fit, key=fit.get) == "/jobs/export"
    assert fit["/jobs/export"] > 0.65


def test_6_before_the_jumps_exports_are_few(data):
    begin = span(data.planted(6, "burst")[0]).start
    quiet = data.values(Window(begin - timedelta(days=21), begin), "web", "requests", "/jobs/export")
    assert quiet.max() < 25


def test_7_most_defects_are_found_late_and_are_ui_rework(data):
    defects = data.of_kind("defect")
    assert len(defects) > 200
    phases = Counter(e.attrs["phase"] for e in defects)
    late = (phases["acceptance"] + phases["production"]) / len(defects)
    assert 0.5 < late < 0.75
    assert 0.45 < np.mean([bool(e.attrs["ui_rework"]) for e in defects]) < 0.7
    for phase, count in phases.items():
        assert data.line("jobs", "defects.found", phase).values.sum() == pytest.approx(
            count, abs=8
        )  # the first and the last day are not whole


def test_8_repair_gives_way_to_prevention(data):
    changes = sorted(data.of_kind("change"), key=lambda e: e.started_at)
    third = len(changes) // 3
    early, late = (Counter(e.attrs["work"] for e in part) for part in (changes[:third], changes[-third:]))
    assert set(early) <= set(late) == {"feature", "prevention", "early_detection", "repair"}
    assert early["repair"] > late["repair"]
    assert early["prevention"] + early["early_detection"] < late["prevention"] + late["early_detection"]


def test_deployments_fail_are_mended_and_point_at_each_other(data):
    production = {e.id: e for e in data.of_kind("deployment") if e.attrs["environment"] == "production"}
    kinds = Counter(e.attrs["kind"] for e in production.values())
    assert set(kinds) >= {"planned", "hotfix", "rollback"}
    assert {e.status for e in data.of_kind("deployment")} == {"success", "failed"}
    for event in production.values():
        mends = event.attrs["mends"]
        if mends is not None and mends in production:
            assert production[mends].ended_at <= event.started_at
    caused = [e.attrs["caused_by_deployment"] for e in data.of_kind("incident")]
    assert any(caused)
    assert not all(caused)
    assert all(cause in production for cause in caused if cause)
    for change in data.of_kind("change"):
        assert change.attrs["authored_at"] < change.attrs["merged_at"]
        brought = production.get(change.attrs.get("deployed_by"))
        if brought is not None:
            assert change.attrs["merged_at"] <= brought.ended_at.isoformat()


def test_the_last_week_has_something_to_talk_about(data):
    week = last(7)
    kinds = Counter(e.kind for e in data.events if e.started_at >= week.start)
    assert kinds["deployment"] >= 4
    assert kinds["incident"] >= 1
    assert kinds["alert"] >= 7
    assert kinds["batch_run"] >= 24
