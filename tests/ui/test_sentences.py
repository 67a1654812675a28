"""Whole sentences: what a reader hears first."""

from __future__ import annotations

from metrics.review.explore import Unknown
from metrics.review.lines import lines
from metrics.review.overview import Overview
from metrics.review.period import Period
from metrics.review.reading import Reading
from metrics.ui.sentences import how_it_was, unknown
from tests.review import made
from tests.review.made import WEEK


def review(*figures, holes=()) -> Overview:
    (line,) = lines(made.series([(1, "web", None, "cpu")]), made.INDICATORS)
    readings = tuple(Reading(line, now, before, made.limit("cpu", 80.0)) for now, before in figures)
    return Overview(Period(WEEK, "UTC"), readings, (), (), tuple(holes))


def test_a_quiet_week_says_so():
    assert how_it_was(review((50.0, 50.0)), service="Jobs") == (
        "Jobs, 16 – 22 Nov 2026: a quiet period: nothing over its threshold, nothing clearly worse. "
        "Compared with the week before."
    )


def test_a_bad_one_counts():
    text = how_it_was(review((90.0, 50.0), (85.0, 85.0), (60.0, 50.0)), service="Jobs")
    assert "**2 indicators over their threshold** and 1 clearly worse than before" in text


def test_a_young_store_says_since_when_it_has_data():
    assert "The data begins Sat 17 Oct, 00:00: there is no earlier period" in how_it_was(
        review((50.0, None)), service="Jobs"
    )


def test_a_period_without_samples_is_not_called_quiet():
    assert "16 – 22 Nov 2026: no samples in this period." in how_it_was(review((None, 50.0)), service="Jobs")


def test_an_unknown_name_comes_with_what_was_meant():
    found = (Unknown("component", "wep", ("web", "db")), Unknown("part", "/x", ()))
    assert unknown(found) == (
        "This link names what the store doesn't have: no component `wep` (did you mean `web` or `db`?); no part `/x`."
    )
