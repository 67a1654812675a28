"""What came of a disposition, four weeks on: gone and not missed, missed, still there, fewer, too early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from metrics.review.alerts.check import Checked, Ruled, check, is_due
from metrics.review.alerts.felt import Felt
from metrics.review.alerts.known import Known
from metrics.review.alerts.pile import Branch, Count
from metrics.review.spans import Span
from tests.review.alerts import made
from tests.review.alerts.made import END, fired, firings

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
SAID = END - 5 * WEEK
REMOVED = Ruled("db", "cpu", "remove", SAID, (SAID + 4 * WEEK).date())
BEFORE = [fired("db", "cpu", SAID - n * DAY + timedelta(hours=1)) for n in range(1, 29)]
OLD = ("db", SAID - 3 * DAY + timedelta(hours=1), 60)


def checked(
    rows: list[made.Row],
    incidents: pd.DataFrame | None,
    ruled: Ruled = REMOVED,
    felt: tuple[Felt, ...] = (),
    known: timedelta = 30 * WEEK,
    answered: Mapping[str, Sequence[Span]] | None = None,
) -> Checked:
    found = check(ruled, firings(*rows), incidents, felt, Known(END - known, answered or {}), END, "Asia/Tokyo")
    assert found is not None
    return found


def by(branch: Branch) -> Ruled:
    return replace(REMOVED, branch=branch)


def test_a_removed_rule_that_nobody_missed_is_safe():
    found = checked(BEFORE, made.events(OLD))
    assert found.outcome == "safe"
    assert (found.fired_before, found.fired_after) == (28, 0)
    assert (found.came_with, found.incidents, found.unseen) == (Count(1, 1), 0, ())
    assert found.before.duration == found.after.duration == 4 * WEEK


def test_an_incident_that_nothing_else_told_of_would_have_been_shown():
    later = ("db", SAID + 10 * DAY, 60)
    found = checked(BEFORE, made.events(OLD, later))
    assert (found.outcome, found.would_show) == ("missed", True)
    assert [each.title for each in found.unseen] == ["incident 1 of db"]


def test_one_that_another_alert_of_the_component_told_of_was_not_missed():
    later = ("db", SAID + 10 * DAY, 60)
    other = fired("db", "connections", SAID + 10 * DAY - timedelta(minutes=20), 6)
    found = checked([*BEFORE, other], made.events(OLD, later))
    assert (found.outcome, found.incidents) == ("missed", 1)  # twenty minutes before is another trouble
    other = fired("db", "connections", SAID + 10 * DAY - timedelta(minutes=10), 6)
    assert checked([*BEFORE, other], made.events(OLD, later)).outcome == "safe"
    elsewhere = fired("web", "latency", SAID + 10 * DAY)
    assert checked([*BEFORE, elsewhere], made.events(OLD, later)).outcome == "missed"


def test_a_rule_that_came_with_no_incident_before_would_hardly_have_shown_one():
    without = ("db", SAID - 3 * DAY + timedelta(hours=12), 60)
    later = ("db", SAID + 10 * DAY, 60)
    found = checked(BEFORE, made.events(without, later))
    assert (found.came_with, found.would_show, found.outcome) == (Count(0, 1), False, "safe")
    assert len(found.unseen) == 1
    # Without any incident before nobody can tell: better to look at it.
    assert checked(BEFORE, made.events(later)).outcome == "missed"


def test_an_alert_that_nobody_says_is_over_tells_of_nothing_after_a_day():
    later = ("db", SAID + 10 * DAY, 60)
    stuck = fired("db", "disk", SAID - 20 * DAY, None)
    assert checked([*BEFORE, stuck], made.events(OLD, later)).outcome == "missed"
    still_on = fired("db", "disk", SAID + 9.5 * DAY, None)
    assert checked([*BEFORE, still_on], made.events(OLD, later)).outcome == "safe"
    # Nor did the removed rule come with an incident, because it was never told to be over.
    found = checked([fired("db", "cpu", SAID - 25 * WEEK, None)], made.events(OLD, later))
    assert (found.came_with, found.would_show) == (Count(0, 1), False)


def test_an_incident_that_names_no_component_may_be_one_of_any():
    old, later = ("", OLD[1], 60), ("", SAID + 10 * DAY, 60)
    nameless = made.events(old, later).assign(component=None)
    found = checked(BEFORE, nameless)
    assert (found.outcome, found.came_with, found.incidents) == ("missed", Count(1, 1), 1)
    # Any alert of the service tells of it: nobody says where it was.
    elsewhere = fired("web", "latency", SAID + 10 * DAY)
    assert checked([*BEFORE, elsewhere], nameless).outcome == "safe"


def test_a_rule_that_names_no_component_is_of_the_whole_service():
    rows = [{**row, "component": ""} for row in BEFORE]
    found = checked(rows, made.events(OLD, ("web", SAID + 10 * DAY, 60)), replace(REMOVED, component=""))
    assert (found.outcome, found.came_with, found.incidents) == ("missed", Count(1, 1), 1)


def test_a_removed_rule_that_fires_is_not_removed():
    assert checked([*BEFORE, fired("db", "cpu", SAID + DAY)], made.events()).outcome == "still fires"


def test_without_incidents_being_written_down_it_is_not_known_whether_one_was_missed():
    found = checked(BEFORE, None)
    assert (found.outcome, found.incidents) == ("not known", None)


@pytest.mark.parametrize(("after", "outcome"), [(4, "fewer"), (27, "no change"), (60, "more")])
def test_a_reduced_rule_is_judged_by_how_often_it_fires(after, outcome):
    rows = [fired("db", "cpu", SAID + n * timedelta(hours=7)) for n in range(1, after + 1)]
    assert checked([*BEFORE, *rows], made.events(), by("reduce")).outcome == outcome


def test_firings_before_are_not_known_where_alerts_are_not():
    found = checked(BEFORE, made.events(), by("reduce"), known=6 * WEEK)
    assert (found.fired_before, found.outcome) == (None, "not known")


def test_what_fired_while_alerts_were_not_collected_is_not_known_and_never_none():
    later = ("db", SAID + 10 * DAY, 60)
    known = Known(END - 30 * WEEK, {"db": [(END - 30 * WEEK, SAID)]})

    def at(ruled: Ruled, *rows: made.Row) -> Checked:
        found = check(ruled, firings(*BEFORE, *rows), made.events(OLD, later), (), known, END, "Asia/Tokyo")
        assert found is not None
        return found

    found = at(REMOVED)
    assert (found.outcome, found.fired_before, found.fired_after) == ("not known", 28, None)
    # Nobody knows whether an alert told of it.
    assert (found.incidents, found.blind, found.unseen) == (0, 1, ())
    assert at(by("reduce")).outcome == "not known"
    assert at(REMOVED, fired("db", "cpu", SAID + DAY)).outcome == "still fires"
    # An hour without an answer makes no difference.
    short = [(END - 30 * WEEK, SAID + DAY), (SAID + DAY + timedelta(hours=1), END)]
    found = checked(BEFORE, made.events(OLD), ruled=by("reduce"), answered={"db": short})
    assert (found.outcome, found.fired_after) == ("fewer", 0)


def test_it_is_too_early_until_the_check_date_and_tells_what_is_known_so_far():
    early = replace(REMOVED, due=(END + WEEK).date())
    found = checked(BEFORE, made.events(OLD), early)
    assert found.outcome == "too early"
    assert (found.fired_before, found.after.duration) == (28, 5 * WEEK)
    assert not is_due(early, END, "Asia/Tokyo")
    assert is_due(replace(REMOVED, due=date(2026, 11, 30)), END, "Asia/Tokyo")


def test_harm_that_no_alert_told_of_is_counted():
    spans = (
        (SAID - 2 * DAY + timedelta(hours=1), SAID - 2 * DAY + timedelta(hours=2)),
        (SAID + DAY, SAID + 1.02 * DAY),
    )
    felt = Felt("web/latency", spans, ((END - 20 * WEEK, END),))
    found = checked(BEFORE, made.events(OLD), felt=(felt,))
    assert (found.harm_with, found.harm, found.harm_unseen) == (Count(1, 1), 1, 1)
    assert checked(BEFORE, made.events(OLD)).harm is None


def test_before_any_time_has_passed_there_is_nothing_to_tell():
    assert check(replace(REMOVED, at=END), firings(), None, (), Known(None), END, "Asia/Tokyo") is None
