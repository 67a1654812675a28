"""The demo keeps the contract of every source: the same for the same question, canonical, and honest about holes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from metrics.catalog import load
from metrics.collect import demo
from metrics.model import Window
from tests.collect.demo_data import OFFLINE, SEEDS, UNTIL, Demo, collected, instant, last, whole


@pytest.fixture(scope="module")
def data() -> Demo:
    return whole(SEEDS[0])


def test_the_same_seed_gives_the_same_data(data):
    again = collected(data.settings, data.window)
    assert again.points.keys() == data.points.keys()
    for key, points in again.points.items():
        assert np.array_equal(points.ts, data.points[key].ts), key
        assert np.array_equal(points.values, data.points[key].values), key
    assert (again.events, again.snapshots, again.coverage) == (data.events, data.snapshots, data.coverage)
    assert again.answers == data.answers


def test_another_seed_gives_other_data_and_other_dates(data):
    other = whole(SEEDS[1])
    same = data.line("web", "cpu").values == other.line("web", "cpu").values
    assert same.mean() < 0.05
    assert {a["since"] for a in data.planted(6, "spike")} != {a["since"] for a in other.planted(6, "spike")}


@pytest.mark.parametrize("back", [30, 9])
def test_a_sample_does_not_depend_on_the_window_it_is_asked_with(data, back):
    window = Window(UNTIL - timedelta(days=back, minutes=7), UNTIL - timedelta(days=back - 2, hours=3))
    part = collected(data.settings, window)
    assert part.points
    for key, points in part.points.items():
        settled = window.end - timedelta(hours=1, seconds=points.series.period_s)
        before, expected = points.ts < instant(settled), data.values(Window(window.start, settled), *key)
        assert np.array_equal(points.values[before], expected), key


def test_counts_of_the_last_hour_are_late_and_a_later_window_corrects_them(data):
    end = UNTIL - timedelta(days=4, hours=20)
    hour = Window(end - timedelta(hours=1), end)
    early = collected(data.settings, Window(end - timedelta(hours=3), end)).values(hour, "web", "requests")
    late = data.values(hour, "web", "requests")
    assert (early <= late).all()
    assert 0.9 < early[-1] / late[-1] < 0.95
    partial = [c for c in collected(data.settings, hour).coverage if c.state == "partial"]
    assert {"still arriving" in c.detail for c in partial} == {True}


def test_only_periods_that_are_over_are_given(data):
    window = Window(UNTIL - timedelta(days=2, hours=2), UNTIL - timedelta(days=1, minutes=2))
    for points in collected(data.settings, window).points.values():
        assert (points.ts >= instant(window.start)).all()
        assert (points.ts + np.timedelta64(points.series.period_s, "s") <= instant(window.end)).all()


def test_units_and_statistics_are_the_catalogues(data):
    for points in data.points.values():
        indicator = load().get(points.series.indicator)
        assert (points.series.unit, points.series.stat) == (indicator.unit, indicator.stat)
        assert indicator.rollup != "ratio", "ratios are made from their counts, never sent"
        assert points.ts.dtype == np.dtype("datetime64[us]")
        assert (np.diff(points.ts) > np.timedelta64(0)).all()
        assert np.isfinite(points.values).all()
        assert (points.values >= 0).all()
        if indicator.unit == "%":
            assert points.values.max() <= 100
        if indicator.unit in ("1", "By"):
            assert (points.values == np.round(points.values)).all()


def test_the_store_is_filled_with_three_to_five_million_samples(data):
    assert 3_000_000 < sum(len(points.ts) for points in data.points.values()) < 5_000_000


def test_every_line_says_for_all_of_the_window_how_it_was_answered(data):
    lines = {(c.component, c.indicator, c.part) for c in data.coverage}
    assert lines >= set(data.points)
    for line in lines:
        mine = [c for c in data.coverage if (c.component, c.indicator, c.part) == line]
        spans = sorted((c.window.start, c.window.end) for c in mine)
        assert (spans[0][0], spans[-1][1]) == (data.window.start, data.window.end), line
        assert all(before[1] == after[0] for before, after in pairwise(spans)), line


def test_there_is_no_value_where_nothing_was_collected(data):
    holes = [c for c in data.coverage if c.state in ("empty", "failed", "forbidden")]
    assert len(holes) > 40
    for hole in holes:
        assert hole.detail
        points = data.points.get((hole.component, hole.indicator, hole.part))
        if points is not None:
            inside = (points.ts >= instant(hole.window.start)) & (points.ts < instant(hole.window.end))
            assert not inside.any(), hole


def test_events_are_known_by_their_id_and_lie_in_the_window(data):
    for kind in ("deployment", "incident", "change", "alert", "batch_run", "build", "defect"):
        events = data.of_kind(kind)
        assert events, kind
        assert len({event.id for event in events}) == len(events), kind
        assert all(event.started_at < data.window.end for event in events)
        assert all(event.ended_at is None or event.ended_at >= event.started_at for event in events)
        assert all(event.observed_at <= data.window.end for event in events)


def test_an_event_under_way_has_no_end_until_it_is_collected_again(data):
    run = next(e for e in reversed(data.of_kind("batch_run")) if e.title == "matching")
    middle = run.started_at + (run.ended_at - run.started_at) / 2
    seen = collected(data.settings, Window(middle - timedelta(hours=1), middle))
    half = next(e for e in seen.events if e.id == run.id)
    assert (half.ended_at, half.status) == (None, "open")
    later = collected(data.settings, Window(middle, run.ended_at + timedelta(minutes=5)))
    assert run in later.events


def test_nothing_lies_after_the_end(data):
    after = collected(data.settings, Window(UNTIL, UNTIL + timedelta(days=1)))
    assert not after.points
    assert not after.events
    assert {c.state for c in after.coverage} <= {"empty"}


def test_snapshots_hold_the_limits(data):
    newest = {(s.component, s.kind): s for s in data.snapshots}
    assert newest["aurora-main", "limits"].values["max_connections"] == 2000
    assert set(newest) == {
        ("aurora-main", "limits"),
        ("mail", "quota"),
        ("resume-parser", "limits"),
        ("eks", "finished_jobs"),
    } | {(s.component, s.kind) for s in data.snapshots if s.kind.startswith("image ")}
    assert {s.component for s in data.snapshots if s.kind.startswith("image ")} == {"images"}


@pytest.mark.parametrize(
    "until",
    [datetime(2026, 5, 6, 3, 21, 45, tzinfo=UTC), datetime(2027, 1, 4, 13, 0, tzinfo=UTC)],
    ids=["after Golden Week", "after New Year"],
)
@pytest.mark.parametrize("weeks", [1, 9])
def test_any_end_and_length_will_do(until, weeks):
    settings = demo.Settings(until=until, weeks=weeks, seed=3)
    window = demo.window(settings)
    found = collected(settings, window)
    assert until - timedelta(minutes=5) < window.end <= until
    assert window.duration == timedelta(weeks=weeks)
    assert found.planted(6, "spike")
    assert all(answer["since"] < window.end.isoformat() for answer in found.answers)


def test_settings_refuse_what_they_do_not_know():
    with pytest.raises(ValidationError, match="speed"):
        demo.Settings(until=UNTIL, speed=3)
    with pytest.raises(ValidationError, match="until"):
        demo.Settings(until=datetime(2026, 11, 23))  # noqa: DTZ001 - a naive time is the point


def test_the_service_file_names_every_component_that_has_data(data):
    components = yaml.safe_load(demo.service_file())["components"]
    assert set(components) >= {c.component for c in data.coverage}
    assert set(components) >= {event.component for event in data.events}


def test_answers_are_rows_of_plain_values(data):
    keys = ["story", "component", "part", "indicator", "kind", "since", "until", "cause"]
    assert all(list(answer) == keys for answer in data.answers)
    assert {answer["story"] for answer in data.answers} == set(range(9))
    recent = demo.answers(data.settings, last(7))
    assert all(answer["until"] > (UNTIL - timedelta(days=7)).isoformat() for answer in recent)
    assert next(iter(demo.collect(data.settings, last(7), OFFLINE))) is not None
