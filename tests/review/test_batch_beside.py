"""What else was higher while a job ran: which samples are compared with which."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from metrics.model import Insufficient
from metrics.review.batch_beside import FEWEST, beside, compared, watched
from metrics.review.lines import lines
from tests.review import made
from tests.review.made import START
from tests.review.made_runs import PERIOD, quarter, runs

CPU = made.indicator("system.cpu.utilization")
INDICATORS = {CPU.name: CPU, **made.INDICATORS}
LINES = lines(
    made.series([(1, "db", "writer", CPU.name), (2, "web", None, CPU.name), (3, "web", None, "requests")]), INDICATORS
)


def samples(values: dict[int, list[float]]) -> pd.DataFrame:
    rows = [
        (number, START + timedelta(minutes=5) * place, value)
        for number, each in values.items()
        for place, value in enumerate(each)
    ]
    frame = pd.DataFrame(rows, columns=["series_id", "ts", "value"])
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True).astype("datetime64[us, UTC]")
    return frame


def test_the_rest_of_the_same_hours_is_what_it_is_held_against():
    # Runs 01:00 to 02:00 and on into the third hour; what happens at 05:00 plays no part.
    values = [5.0] * 12 + [60.0] * 14 + [20.0] * 22 + [999.0] * 12
    (found,) = beside(LINES[:1], samples({1: [*values, *[20.0] * 516]}), runs([{"at": 1, "h": 14 / 12}]), "UTC")
    assert (found.during, found.otherwise, found.n_during) == (60.0, 20.0, 14)
    assert found.ratio == pytest.approx(3)
    assert found.n_otherwise == 10 + 24  # and both hours of the next day


def test_the_greatest_difference_comes_first_whichever_way():
    day = [10.0] * 288
    doubled, quartered = ([x if n < 36 else 10.0 for n in range(288)] for x in (20.0, 2.5))
    both = samples({1: [*doubled, *day], 2: [*quartered, *day]})
    found = beside(LINES[:2], both, runs([{"at": 0, "h": 3}]), "UTC")
    assert not isinstance(found, Insufficient)
    assert [each.line.component for each in found] == ["web", "db"]
    assert [each.ratio for each in found] == pytest.approx([0.25, 2])


def test_a_job_that_always_runs_has_nothing_to_be_held_against():
    assert beside(LINES, samples({1: [10.0] * 288}), runs([{"at": 0, "h": 24}]), "UTC") == Insufficient(FEWEST, 0)
    assert beside(LINES, samples({}), runs([{"at": 0}]), "UTC") == Insufficient(FEWEST, 0)
    assert beside(LINES, samples({1: [10.0] * 288}), runs([{"at": 0, "h": None}]), "UTC") == Insufficient(FEWEST, 0)


def test_a_run_inside_a_longer_one_does_not_end_it():
    day = [60.0] * 36 + [20.0] * 252
    (found,) = beside(
        LINES[:1], samples({1: [*day, *[20.0] * 288]}), runs([{"at": 0, "h": 3}, {"at": 0.5, "h": 0.5}]), "UTC"
    )
    assert (found.during, found.n_during) == (60.0, 36)


def test_latency_and_cpu_are_watched_wholes_before_parts():
    assert [(line.component, line.part) for line in watched(LINES)] == [("web", None), ("db", "writer")]


def test_at_most_four_weeks_are_compared():
    assert compared(PERIOD) == PERIOD.window
    assert compared(quarter()).duration == timedelta(weeks=4)
