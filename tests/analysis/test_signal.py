from datetime import UTC, datetime

import numpy as np
import pytest

from metrics.analysis.detection import Detection
from metrics.analysis.signal import Signal, moment


def at(*texts):
    return np.array(texts, dtype="datetime64[us]")


def test_days_and_hours_are_those_of_the_clock():
    # Berlin put its clock forward on 2026-03-29 at 01:00 UTC.
    signal = Signal(at("2026-03-28T23:30", "2026-03-29T08:00"), np.array([1.0, 2.0]), "Europe/Berlin")
    assert [f"{s // 3600 % 24}:{s // 60 % 60:02}" for s in signal.local_s] == ["0:30", "10:00"]
    assert signal.day[0] == signal.day[1]


@pytest.mark.parametrize(
    ("ts", "values", "said"),
    [
        (at("2026-01-01"), np.array([1.0, 2.0]), "as many times as values"),
        (at("2026-01-02", "2026-01-01"), np.array([1.0, 2.0]), "must rise"),
        (at("2026-01-01"), np.array([np.nan]), "must be finite"),
    ],
)
def test_what_is_no_signal_is_refused(ts, values, said):
    with pytest.raises(ValueError, match=said):
        Signal(ts, values)


def test_the_step_is_the_usual_one_whatever_a_gap_does():
    assert (
        Signal(at("2026-01-01T00:00", "2026-01-01T00:05", "2026-01-01T00:10", "2026-01-03"), np.ones(4)).step_s == 300
    )
    assert Signal(at("2026-01-01"), np.ones(1)).step_s == 0


def test_a_detection_knows_its_size_and_which_way_is_worse():
    since = moment(np.datetime64("2026-01-01T00:00:00.000001"))
    assert since == datetime(2026, 1, 1, 0, 0, 0, 1, UTC)
    up = Detection(since=since, before=40.0, after=50.0, certainty=0.9)
    assert (up.size, up.per_cent) == (10.0, 25.0)
    assert (up.is_worse("lower"), up.is_worse("higher"), up.is_worse("neutral")) == (True, False, None)
    assert Detection(since=since, before=0.0, after=7.0, certainty=0.9).per_cent is None
