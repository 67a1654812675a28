"""Which window a run asks for, from what the store knows of earlier answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from metrics.collect import Source, registry
from metrics.collect.window import window_to_ask

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def source(backfill: timedelta = 14 * DAY, recollect: timedelta = timedelta(0)) -> Source:
    host = registry()["host"]
    return Source("x", "x: x.", host.settings, host.collect, None, backfill, recollect)


def answer(
    indicator: str, since: datetime, until: datetime, state: str = "complete", *, retryable: bool = False,
    observed_at: datetime = NOW - HOUR, by: str = "x",
) -> dict[str, object]:  # fmt: skip
    return {
        "service": "default", "component": "db", "part": None, "indicator": indicator, "source": by,
        "window_start": since, "window_end": until, "state": state, "retryable": retryable, "observed_at": observed_at,
    }  # fmt: skip


def start(of: Source, *answers: dict[str, object]) -> datetime:
    frame = pd.DataFrame(list(answers)) if answers else None
    if frame is not None:
        for name in ("window_start", "window_end", "observed_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
    window = window_to_ask(of, "x", frame, NOW)
    assert window.end == NOW
    return window.start


def test_the_first_run_asks_as_far_back_as_is_worth_asking() -> None:
    assert start(source(backfill=3 * DAY)) == NOW - 3 * DAY


def test_runs_of_a_host_follow_each_other_without_a_gap() -> None:
    for pause in (timedelta(seconds=60.2), timedelta(minutes=5)):
        known = answer("cpu", NOW - HOUR, NOW - pause)
        assert start(registry()["host"], known) == NOW - pause


def test_answers_of_other_sources_do_not_count() -> None:
    assert start(source(backfill=3 * DAY), answer("cpu", NOW - DAY, NOW, by="y")) == NOW - 3 * DAY


def test_a_later_run_goes_on_where_the_answers_end_and_asks_late_data_again() -> None:
    known = answer("cpu", NOW - DAY, NOW - HOUR)
    assert start(source(), known) == NOW - HOUR
    assert start(source(recollect=3 * HOUR), known) == NOW - 4 * HOUR


def test_the_series_that_lacks_most_decides() -> None:
    assert start(source(), answer("cpu", NOW - DAY, NOW - HOUR), answer("mem", NOW - DAY, NOW - 5 * HOUR)) == (
        NOW - 5 * HOUR
    )


def test_a_hole_that_may_be_mended_is_asked_for_again() -> None:
    hole = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, "failed", retryable=True)
    assert start(source(), hole, answer("cpu", NOW - 7 * HOUR, NOW - HOUR)) == NOW - 8 * HOUR


def test_a_hole_that_can_not_be_mended_is_passed_over() -> None:
    for state in ("forbidden", "empty", "failed"):
        hole = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, state)
        assert start(source(), hole, answer("cpu", NOW - 7 * HOUR, NOW - HOUR)) == NOW - HOUR


def test_a_hole_older_than_the_backfill_is_given_up() -> None:
    hole = answer("cpu", NOW - 20 * DAY, NOW - 15 * DAY, "failed", retryable=True)
    assert start(source(), hole, answer("cpu", NOW - 15 * DAY, NOW - HOUR)) == NOW - HOUR


def test_a_series_that_is_no_longer_asked_for_holds_nothing_up() -> None:
    gone = answer("cpu", NOW - 9 * DAY, NOW - 5 * DAY, observed_at=NOW - 5 * DAY)
    assert start(source(), gone, answer("mem", NOW - DAY, NOW - HOUR)) == NOW - HOUR


def test_two_runs_within_a_second_still_have_a_window() -> None:
    assert start(source(), answer("cpu", NOW - DAY, NOW)) == NOW - timedelta(seconds=1)
