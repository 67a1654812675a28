"""Each column of a judged firing, by values: what is known, and what is not."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from metrics.review.alerts.felt import Felt
from metrics.review.alerts.judged import judged
from tests.review.alerts import made
from tests.review.alerts.made import END, fired, firings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THEN = END - 2 * DAY


def one(row: made.Row, beside: object) -> dict[str, object]:
    (found,) = judged(firings(row), beside).to_dict("records")  # type: ignore[arg-type]
    return {name: None if value is pd.NA else value for name, value in found.items()}


@pytest.mark.parametrize(
    ("hour", "night"), [(12.99, False), (13.0, True), (20.99, True), (21.0, False)]
)  # 22:00 in Tokyo is 13:00 UTC
def test_night_is_from_22_to_6_by_the_services_clock(hour, night):
    assert one(fired("db", "cpu", THEN + hour * HOUR), made.beside())["night"] is night


def test_a_burst_is_another_firing_of_the_same_rule_within_an_hour():
    minutes = (0, 60, 121, 300)
    mine = [fired("db", "cpu", THEN + m * made.MINUTES, 5) for m in minutes]
    other = fired("db", "memory", THEN + 125 * made.MINUTES, 5)
    found = judged(firings(*mine, other), made.beside())
    assert found[found["rule"] == "cpu"]["burst"].tolist() == [True, True, False, False]
    assert found[found["rule"] == "memory"]["burst"].tolist() == [False]


def test_a_batch_is_known_from_the_first_run_on():
    runs = made.runs(("matching", THEN, 60), ("mail", THEN + 2 * HOUR, 5))
    beside = made.beside(batch=runs)
    during = one(fired("db", "cpu", THEN + 30 * made.MINUTES), beside)
    assert (during["batch"], during["job"]) == (True, "nightly matching")
    assert one(fired("db", "cpu", THEN + 5 * HOUR), beside)["batch"] is False
    assert one(fired("db", "cpu", THEN - 5 * HOUR), beside)["batch"] is None
    assert one(fired("db", "cpu", THEN), made.beside())["batch"] is None


def test_incidents_of_the_component_count_and_of_others_only_when_they_began_together():
    incidents = made.events(("db", THEN + 40 * made.MINUTES, 60), ("web", THEN + 5 * HOUR, 300))
    beside = made.beside(incidents)
    # Over by then, but only just: somebody opened the incident a little later.
    own = one(fired("db", "cpu", THEN + 30 * made.MINUTES, 2), beside)
    assert (own["incident"], own["impact"], own["acted"], own["alone"]) == ("incident 0 of db", True, True, False)
    close = one(fired("db", "cpu", THEN + 5.2 * HOUR), beside)
    assert (close["incident"], close["elsewhere"], close["impact"]) == ("", "incident 1 of web", True)
    late = one(fired("db", "cpu", THEN + 7 * HOUR), beside)
    assert (late["elsewhere"], late["impact"], late["acted"], late["alone"]) == (
        "incident 1 of web",
        False,
        False,
        True,
    )


def test_the_sources_word_counts_more_than_traces():
    beside = made.beside(made.events(("db", THEN, 60)))
    found = one(fired("db", "cpu", THEN, acted=False, impact=False), beside)
    assert (found["acted"], found["acted_said"], found["impact"]) == (False, True, False)


def test_without_incidents_lines_or_words_nothing_is_known():
    found = one(fired("db", "cpu", THEN), made.beside())
    assert [found[name] for name in ("acted", "impact", "alone", "harm", "has_incident", "batch")] == [None] * 6


def test_a_roll_back_while_it_fired_is_a_trace_of_an_action():
    beside = made.beside(mends=[("web", THEN + 10 * made.MINUTES)])
    assert one(fired("web", "errors", THEN), beside)["acted"] is True
    assert one(fired("db", "errors", THEN), beside)["acted"] is None


def test_harm_is_a_line_that_users_feel_beyond_its_threshold():
    known = ((THEN, THEN + DAY),)
    line = Felt("web/latency", ((THEN + HOUR, THEN + 2 * HOUR),), known)
    always = Felt("web/errors", known, known)
    for felt, at, harm in [
        ([line], THEN + 1.5 * HOUR, True),
        ([line], THEN + 4 * HOUR, False),
        ([line], THEN - 3 * HOUR, None),
        ([always], THEN + 4 * HOUR, None),  # a line that is always beyond tells nothing
    ]:
        assert one(fired("db", "cpu", at, 10), made.beside(felt=felt))["harm"] is harm


@pytest.mark.parametrize(
    ("since", "told_at", "found"),
    [
        (THEN - 20 * DAY, THEN - 4 * DAY, "f0"),  # told in time
        (THEN - 20 * DAY, THEN + 5 * DAY, "f0"),  # there, though nobody had looked yet
        (THEN - 20 * DAY, THEN + 30 * DAY, ""),  # another trouble
        (THEN - DAY, THEN + DAY, ""),  # too late to act
    ],
)
def test_a_trend_of_the_line_before_an_impact_could_have_been_seen(since, told_at, found):
    beside = made.beside(
        made.events(("db", THEN, 60)),
        foretold=made.told(("db", "cpu.use", since, told_at)),
        watching=made.watches(("db", "cpu", "cpu.use"), ("db", "disk", "disk.use")),
    )
    assert one(fired("db", "cpu", THEN), beside)["foretold"] == found
    assert one(fired("db", "disk", THEN), beside)["foretold"] == ""


def test_what_goes_on_has_no_duration_and_has_not_ended_by_itself():
    found = one(fired("db", "cpu", THEN, None, acted=False), made.beside())
    assert pd.isna(found["seconds"])
    assert found["alone"] is None


def test_what_is_never_told_to_be_over_does_not_come_with_every_later_incident():
    beside = made.beside(made.events(("db", THEN + DAY * 0.75, 60), ("db", THEN + 1.5 * DAY, 60)))
    assert one(fired("db", "cpu", THEN, None), beside)["incident"] == "incident 0 of db"
    assert one(fired("db", "cpu", THEN - DAY / 2, None), beside)["incident"] == ""
