"""Sources: health, gaps and lateness from what the store says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.review.collection import collection
from tests.review import made
from tests.review.made import WEEK

NOW = WEEK.end
HOUR = timedelta(hours=1)
CPU = {"component": "web", "indicator": "cpu"}


def seen(rows=((1, "web", None, "cpu"),), answers=(), runs=({},), **changes):
    given = {
        "kinds": {"files": "files"}, "every": {"files": timedelta(minutes=5)}, "series": made.series(list(rows)),
        "coverage": made.coverage(answers), "runs": made.runs(runs), "due": {}, "now": NOW,
    }  # fmt: skip
    return collection(**given | changes)


@pytest.mark.parametrize(
    ("runs", "health"),
    [((), "never"), (({},), "fine"), (({"state": "running"},), "running"),
     (({"state": "failed", "detail": "no route"},), "failed"), (({"state": "unfinished"},), "failed")],
)  # fmt: skip
def test_health_is_that_of_the_newest_run(runs, health):
    (source,) = seen(runs=runs).sources
    assert source.health == health


def test_a_newer_run_settles_an_older_failure():
    runs = ({"run_id": 2}, {"run_id": 1, "state": "failed", "started_at": WEEK.start})
    assert seen(runs=runs).sources[0].health == "fine"


def test_a_series_is_late_when_it_missed_three_rounds():
    rows = [(1, "web", None, "cpu", "files", NOW - timedelta(minutes=14)),
            (2, "db", None, "cpu", "files", NOW - timedelta(minutes=16))]  # fmt: skip
    found = seen(rows)
    assert [(state.component, state.late) for state in found.series] == [("db", True), ("web", False)]
    assert (found.sources[0].health, found.sources[0].late) == ("late", 1)


def test_what_was_imported_once_is_never_late():
    rows = [(1, "web", None, "cpu", "old.csv", WEEK.start)]
    found = seen(rows, runs=({"source": "old.csv", "verb": "import", "rows_refused": 3},), kinds={}, every={})
    assert (found.sources[0].health, found.sources[0].refused, found.series[0].late) == ("imported", 3, False)


def test_gaps_are_what_did_not_end_complete_and_what_nobody_asked_about():
    answers = [
        CPU | {"window_end": WEEK.start + 10 * HOUR},
        CPU | {"window_start": WEEK.start + 10 * HOUR, "window_end": WEEK.start + 12 * HOUR, "state": "failed",
               "detail": "timed out"},
        CPU | {"window_start": WEEK.start + 15 * HOUR},
    ]  # fmt: skip
    found = seen(answers=answers)
    (state,) = found.series
    assert (state.gaps, state.missing, state.state) == (2, 5 * HOUR, "complete")
    assert found.sources[0].last_good == WEEK.end


def test_nothing_there_is_an_answer_and_no_gap():
    answers = [CPU | {"state": "empty"}]
    assert seen(answers=answers).series[0].gaps == 0


def test_what_was_asked_for_in_vain_is_listed_without_an_age():
    answers = [{"component": "mail", "indicator": "sent", "state": "forbidden", "detail": "no permission"}]
    found = next(state for state in seen(answers=answers).series if state.component == "mail")
    assert (found.last_ts, found.state, found.detail) == (None, "forbidden", "no permission")


def test_an_empty_store_has_no_sources():
    assert seen(rows=(), runs=(), kinds={}).sources == ()


def test_what_needs_a_hand_comes_first_and_all_series_are_counted():
    rows = [(1, "web", None, "cpu"), (2, "db", None, "cpu"),
            (3, "old", None, "cpu", "files", NOW - timedelta(days=1))]  # fmt: skip
    answers = [
        CPU, {"component": "db", "indicator": "cpu", "state": "forbidden"},
        {"component": "mail", "indicator": "sent", "state": "empty"},
    ]  # fmt: skip
    found = seen(rows, answers)
    assert [state.component for state in found.series] == ["db", "old", "mail", "web"]
    assert (found.sources[0].series, found.sources[0].never) == (len(found.series), 1)


def test_series_of_two_services_are_told_apart():
    twice = made.series([(1, "web", None, "cpu"), (2, "web", None, "cpu")]).assign(service=["jobs", "shop"])
    assert [state.service for state in seen(series=twice).series] == ["jobs", "shop"]


def test_a_series_whose_old_data_is_in_longer_periods_is_not_late_for_them():
    frame = made.series([(1, "web", None, "cpu"), (2, "web", None, "cpu", "files", WEEK.start)])
    frame.loc[frame["series_id"] == 2, ["period_s", "first_ts"]] = [3600, WEEK.start - timedelta(days=400)]
    (state,) = seen(series=frame).series
    assert (state.late, state.first_ts) == (False, WEEK.start - timedelta(days=400))
    assert seen(series=frame).sources[0].oldest == WEEK.start - timedelta(days=400)


def test_what_is_said_of_all_parts_together_is_no_series_without_samples():
    rows = [(1, "web", "/a", "cpu")]
    assert [state.part for state in seen(rows, [CPU]).series] == ["/a"]
    refused = seen(rows, [CPU | {"state": "forbidden"}])
    assert [(state.part, state.state) for state in refused.series] == [(None, "forbidden"), ("/a", "")]
