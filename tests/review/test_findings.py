"""The same trouble keeps its id, and a line tells no trouble twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import catalog
from metrics.analysis.detection import Detection
from metrics.model import Window
from metrics.review.findings import Sighting, findings, speaking
from metrics.review.lines import Line

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAY = timedelta(days=1)


def line(component="aurora-main", part="writer", indicator="system.cpu.utilization"):
    return Line("jobs", component, part, catalog.load().get(indicator), (1,), "cloudwatch", 300, MONDAY, MONDAY)


def seen(kind, *, since=MONDAY, until=None, before=40.0, after=54.0, of=None, episodes=()):
    found = Detection(since=since, until=until, before=before, after=after, certainty=0.9)
    return Sighting(of or line(), kind, found, episodes)


def hours(*starts):
    return tuple(Window(MONDAY + timedelta(hours=h), MONDAY + timedelta(hours=h + 1)) for h in starts)


def test_two_looks_at_the_same_data_say_the_same():
    (first,) = findings([seen("shift")], [], MONDAY + DAY)
    (again,) = findings([seen("shift")], [], MONDAY + DAY)
    assert first == again
    assert (first.size, first.is_worse, first.first_seen, first.gone_at) == (14.0, True, MONDAY + DAY, None)


def test_it_keeps_its_id_as_more_data_moves_its_size_and_its_beginning():
    (first,) = findings([seen("shift")], [], MONDAY + DAY)
    (later,) = findings([seen("shift", since=MONDAY + DAY, after=60.0)], [first], MONDAY + 7 * DAY)
    assert (later.id, later.first_seen, later.last_seen) == (first.id, MONDAY + DAY, MONDAY + 7 * DAY)
    assert later.size == 20.0


def test_another_step_of_the_same_line_is_another_finding():
    (first,) = findings([seen("shift")], [], MONDAY + DAY)
    now = findings([seen("shift", since=MONDAY + 4 * DAY)], [first], MONDAY + 7 * DAY)
    assert {f.id == first.id: f.gone_at for f in now} == {True: MONDAY + 7 * DAY, False: None}


@pytest.mark.parametrize(
    "other",
    [
        seen("shift", of=line(part="reader")),
        seen("shift", of=line(indicator="system.memory.utilization")),
        seen("shift", after=30.0),
        seen("drift"),
    ],
    ids=["another part", "another indicator", "the other way", "another sort"],
)
def test_something_else_is_not_taken_for_it(other):
    (first,) = findings([seen("shift")], [], MONDAY + DAY)
    assert first.id not in {f.id for f in findings([other], [first], MONDAY + DAY) if f.gone_at is None}


def test_a_jump_that_turns_out_to_be_one_of_many_keeps_its_id():
    (jump,) = findings([seen("spike", until=MONDAY + timedelta(hours=1), episodes=hours(0))], [], MONDAY + DAY)
    (burst,) = findings([seen("burst", episodes=hours(0, 30, 60))], [jump], MONDAY + 4 * DAY)
    assert (burst.id, burst.kind) == (jump.id, "burst")


def test_a_trend_that_gets_a_date_keeps_its_id():
    (trend,) = findings([seen("drift")], [], MONDAY + DAY)
    (dated,) = findings([seen("forecast", after=58.0)], [trend], MONDAY + 8 * DAY)
    assert (dated.id, dated.kind) == (trend.id, "forecast")


def test_what_is_not_seen_any_more_is_gone_once():
    (first,) = findings([seen("drift")], [], MONDAY + DAY)
    (gone,) = findings([], [first], MONDAY + 8 * DAY)
    assert (gone.id, gone.gone_at, gone.until) == (first.id, MONDAY + 8 * DAY, MONDAY + 8 * DAY)
    assert findings([], [gone], MONDAY + 9 * DAY) == ()


def test_a_silence_speaks_alone():
    assert [s.kind for s in speaking([seen("shift"), seen("silence", after=0.0), seen("spike")])] == ["silence"]


def test_a_forecast_speaks_for_its_trend_and_a_burst_for_its_jumps():
    told = speaking([seen("drift"), seen("forecast"), seen("burst"), seen("spike"), seen("threshold")])
    assert [s.kind for s in told] == ["forecast", "burst"]


def test_a_step_that_makes_up_a_trend_speaks_for_it():
    step, trend = seen("shift", after=50.0), seen("drift", after=55.0)
    assert [s.kind for s in speaking([step, trend])] == ["shift"]
    assert [s.kind for s in speaking([seen("shift", after=45.0), trend])] == ["drift"]


def test_where_one_step_is_likelier_than_a_trend_the_step_speaks():
    step, trend = seen("shift", after=45.0), seen("drift", after=55.0)
    assert [s.kind for s in speaking([step, replace(trend, evidence={"as_step": 0.8})])] == ["shift"]
    assert [s.kind for s in speaking([replace(trend, evidence={"as_step": 0.8})])] == ["drift"]


def test_a_line_crossed_is_told_where_nothing_else_is():
    assert [s.kind for s in speaking([seen("threshold")])] == ["threshold"]
