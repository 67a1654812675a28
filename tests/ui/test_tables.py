"""Tables: what stands in which order."""

from __future__ import annotations

from metrics.review.lines import lines
from metrics.review.reading import Reading
from metrics.ui import tables
from tests.review import made
from tests.review.made import WEEK


def test_what_a_phone_shows_comes_first_and_every_column_is_described():
    (line,) = lines(made.series([(1, "web", None, "cpu")]), made.INDICATORS)
    frame = tables.readings([Reading(line, 90.0, 50.0, made.limit("cpu", 80.0))], WEEK.end)
    assert list(frame)[:3] == ["state", "indicator", "now"]
    assert frame.loc[0, ["indicator", "now", "change", "threshold"]].tolist() == ["Cpu", "90 %", "+40 pt", "80 %"]
    assert set(tables.columns_of_readings(compare=True)) == set(frame)
