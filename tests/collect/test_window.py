"""Which window a run asks for, from what the store knows of earlier answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from metrics.collect import Source, registry
from metrics.collect.window import sliced, windows_to_ask
from metrics.model import Window

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def source(
    backfill: timedelta = 14 * DAY, recollect: timedelta = timedelta(0), daily: timedelta = timedelta(0),
    piece: timedelta | None = None,
) -> Source:  # fmt: skip
    host = registry()["host"]
    return Source("x", "x: x.", host.settings, host.collect, None, backfill, recollect, daily, piece)


def answer(
    indicator: str, since: datetime, until: datetime, state: str = "complete", *, retryable: bool = False,
    observed_at: datetime = NOW - HOUR, by: str = "x", part: str | None = None,
) -> dict[str, object]:  # fmt: skip
    return {
        "service": "default", "component": "db", "part": part, "indicator": indicator, "source": by,
        "window_start": since, "window_end": until, "state": state, "retryable": retryable, "observed_at": observed_at,
    }  # fmt: skip


def asked(of: Source, *answers: dict[str, object], now: datetime = NOW) -> list[Window]:
    frame = pd.DataFrame(list(answers)) if answers else None
    if frame is not None:
        for name in ("window_start", "window_end", "observed_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
    return windows_to_ask(of, "x", frame, now)


def start(of: Source, *answers: dict[str, object]) -> datetime:
    (window,) = asked(of, *answers)
    assert window.end == NOW
    return window.start


def past(indicator: str) -> dict[str, object]:
    """All before the last eight hours, answered."""
    return answer(indicator, NOW - 20 * DAY, NOW - 8 * HOUR)


def test_the_first_run_asks_as_far_back_as_is_worth_asking() -> None:
    assert start(source(backfill=3 * DAY)) == NOW - 3 * DAY


def test_runs_of_a_host_follow_each_other_without_a_gap() -> None:
    for pause in (timedelta(seconds=60.2), timedelta(minutes=5)):
        known = answer("cpu", NOW - HOUR, NOW - pause)
        assert start(registry()["host"], known) == NOW - pause


def test_answers_of_other_sources_do_not_count() -> None:
    assert start(source(backfill=3 * DAY), answer("cpu", NOW - DAY, NOW, by="y")) == NOW - 3 * DAY


def test_a_later_run_goes_on_where_the_answers_end_and_asks_late_data_again() -> None:
    known = answer("cpu", NOW - 20 * DAY, NOW - HOUR)
    assert start(source(), known) == NOW - HOUR
    assert start(source(recollect=3 * HOUR), known) == NOW - 4 * HOUR


def test_the_first_run_of_a_day_asks_for_more_of_what_comes_late() -> None:
    of = source(recollect=3 * HOUR, daily=26 * HOUR)
    known = answer("cpu", NOW - 20 * DAY, NOW - 13 * HOUR, observed_at=NOW - 13 * HOUR)
    assert start(of, known) == NOW - 39 * HOUR
    assert start(of, known | {"observed_at": NOW - 11 * HOUR}) == NOW - 16 * HOUR


def test_the_indicator_that_lacks_most_decides() -> None:
    known = (answer("cpu", NOW - 20 * DAY, NOW - HOUR), answer("mem", NOW - 20 * DAY, NOW - 5 * HOUR))
    assert start(source(), *known) == NOW - 5 * HOUR


def test_a_part_that_is_gone_holds_nothing_up() -> None:
    known = [answer("cpu", NOW - 20 * DAY, NOW - HOUR, part="a"), answer("cpu", NOW - 20 * DAY, NOW - DAY, part="b")]
    assert start(source(), *known) == NOW - HOUR


def test_a_part_that_is_new_has_no_past_to_ask_for() -> None:
    known = [answer("cpu", NOW - 20 * DAY, NOW - HOUR, part="a"), answer("cpu", NOW - DAY, NOW - HOUR, part="b")]
    assert start(source(), *known) == NOW - HOUR


def test_an_indicator_that_is_new_has_its_past_asked_for() -> None:
    known = [answer("cpu", NOW - 20 * DAY, NOW - HOUR), answer("mem", NOW - 3 * HOUR, NOW - HOUR)]
    assert asked(source(piece=30 * DAY), *known)[0] == Window(NOW - HOUR, NOW)
    assert asked(source(piece=30 * DAY), *known)[-1].start == NOW - 14 * DAY


def test_a_backfill_that_was_cut_goes_on_where_it_stopped() -> None:
    done = answer("cpu", NOW - 2 * DAY, NOW - HOUR)
    windows = asked(source(backfill=7 * DAY, recollect=HOUR, piece=DAY), done)
    assert windows[0] == Window(NOW - 2 * HOUR, NOW)
    assert windows[1].end == NOW - 2 * DAY
    assert [b.end for b in windows[2:]] == [a.start for a in windows[1:-1]]
    assert windows[-1].start == NOW - 7 * DAY


def test_a_hole_that_may_be_mended_is_asked_for_again() -> None:
    hole = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, "failed", retryable=True)
    assert start(source(), past("cpu"), hole, answer("cpu", NOW - 7 * HOUR, NOW - HOUR)) == NOW - 8 * HOUR


def test_a_hole_alone_is_asked_for_and_not_all_since() -> None:
    hole = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, "failed", retryable=True)
    windows = asked(source(piece=DAY), past("cpu"), hole, answer("cpu", NOW - 7 * HOUR, NOW - HOUR))
    assert windows == [Window(NOW - HOUR, NOW), Window(NOW - 8 * HOUR, NOW - 7 * HOUR)]


def test_an_old_hole_is_asked_for_less_and_less_often_but_every_day() -> None:
    def hole(age: timedelta, seen: timedelta) -> bool:
        at = NOW - age
        known = [answer("cpu", NOW - 20 * DAY, at - HOUR, observed_at=NOW), answer("cpu", at, NOW, observed_at=NOW)]
        broken = answer("cpu", at - HOUR, at, "failed", retryable=True, observed_at=NOW - seen)
        return start(source(), *known, broken) == at - HOUR

    assert hole(age=2 * HOUR, seen=timedelta(minutes=6))
    assert not hole(age=2 * HOUR, seen=timedelta(minutes=4))
    assert not hole(age=12 * DAY, seen=11 * HOUR)
    assert hole(age=12 * DAY, seen=13 * HOUR)
    assert hole(age=13 * DAY, seen=25 * HOUR)


def test_what_was_refused_is_asked_for_again_once_the_source_answers() -> None:
    for state in ("forbidden", "failed"):
        hole = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, state)
        assert start(source(), past("cpu"), hole, answer("cpu", NOW - 7 * HOUR, NOW - HOUR)) == NOW - 8 * HOUR
        refused = answer("cpu", NOW - 7 * HOUR, NOW - HOUR, state)
        assert start(source(), past("cpu"), hole, refused) == NOW - HOUR


def test_what_was_empty_is_not_asked_for_again() -> None:
    hole = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, "empty")
    assert start(source(), past("cpu"), hole, answer("cpu", NOW - 7 * HOUR, NOW - HOUR)) == NOW - HOUR


def test_a_hole_older_than_the_backfill_is_given_up() -> None:
    hole = answer("cpu", NOW - 20 * DAY, NOW - 15 * DAY, "failed", retryable=True)
    assert start(source(), hole, answer("cpu", NOW - 15 * DAY, NOW - HOUR)) == NOW - HOUR


def test_a_series_that_is_no_longer_asked_for_holds_nothing_up() -> None:
    gone = answer("cpu", NOW - 9 * DAY, NOW - 5 * DAY, observed_at=NOW - 5 * DAY)
    assert start(source(), gone, answer("mem", NOW - 20 * DAY, NOW - HOUR)) == NOW - HOUR


def test_two_runs_within_a_second_still_have_a_window() -> None:
    assert start(source(), answer("cpu", NOW - 20 * DAY, NOW)) == NOW - timedelta(seconds=1)


def test_a_long_past_comes_in_pieces_newest_first_and_growing() -> None:
    windows = asked(source(backfill=20 * DAY, piece=7 * DAY))
    assert windows[0] == Window(NOW.replace(hour=0), NOW)
    assert [window.duration / DAY for window in windows[1:]] == [2, 4, 7, 6.5]
    assert all(window.start.hour == 0 for window in windows[:-1])
    assert windows[-1].start == NOW - 20 * DAY


def test_no_piece_is_longer_than_the_source_takes() -> None:
    pieces = list(sliced(Window(NOW - 9 * DAY, NOW), DAY))
    assert all(piece.start.date() == (piece.end - timedelta(seconds=1)).date() for piece in pieces)
    assert (pieces[0].end, pieces[-1].start) == (NOW, NOW - 9 * DAY)


def test_what_is_lacking_for_good_is_not_asked_for_again() -> None:
    lacking = answer("cpu", NOW - 8 * HOUR, NOW - 7 * HOUR, "partial")
    assert start(source(), past("cpu"), lacking, answer("cpu", NOW - 7 * HOUR, NOW - HOUR)) == NOW - HOUR


def test_a_hole_is_asked_for_from_a_little_before_since_a_period_may_lie_across_its_edge() -> None:
    hole = answer("cpu", NOW - 48 * HOUR, NOW - 40 * HOUR, "failed", retryable=True, observed_at=NOW - 3 * HOUR)
    before = answer("cpu", NOW - 20 * DAY, NOW - 48 * HOUR)
    windows = asked(
        source(recollect=2 * HOUR, piece=30 * DAY), before, hole, answer("cpu", NOW - 40 * HOUR, NOW - HOUR)
    )
    assert windows[-1] == Window(NOW - 50 * HOUR, NOW - 40 * HOUR)
