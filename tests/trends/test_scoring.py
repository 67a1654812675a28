"""Spikes are the same whether samples come at once or a day at a time, also where a jump goes on as one looks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd

from metrics.model import Series, Window
from metrics.store import Store, findings
from metrics.trends.reading import watched
from metrics.trends.scoring import score_new
from tests.trends.made import MONDAY, SERVICE, Floats, Lines, fill, level, lines_of

DAY, WEEK, STEP = timedelta(days=1), timedelta(weeks=1), timedelta(minutes=5)
WEEKS, FINE = 3, 300
END = MONDAY + WEEKS * WEEK
CPU = Series("jobs", "web", "system.cpu.utilization", "mean", "%", FINE, "cloudwatch")


def place(days: float, hours: float = 0) -> int:
    return round((24 * days + hours) * 12)


def jumping(*jumps: tuple[float, float, int]) -> Floats:
    """A quiet line that jumps on a day, at an hour, for so many points."""
    values = level("cpu", WEEKS, FINE)
    for days, hour, points in jumps:
        start = place(days, hour)
        values[start : start + points] += 60
    return values


def score(store: Store, *days: float) -> None:
    """As a pass does, at the end of each of these days."""
    with store.read() as db:
        lines = watched(db, "jobs", {})
    for each in days:
        score_new(store, SERVICE, lines, MONDAY + each * DAY)


def found(store: Store) -> pd.DataFrame:
    with store.read() as db:
        return findings.spikes(db, "jobs", Window(MONDAY, END))


def once_and_daily(folder: Path, lines: Lines) -> tuple[pd.DataFrame, pd.DataFrame]:
    once, daily = (fill(folder / name, lines, WEEKS) for name in ("once", "daily"))
    score(once, 7 * WEEKS)
    score(daily, *range(1, 7 * WEEKS + 1))
    return found(once), found(daily)


def test_day_by_day_finds_what_all_at_once_does(folder: Path) -> None:
    """Also for lines that come hourly."""
    lines = {CPU: jumping((15, 10, 6), (18, 3, 1), (19, 22, 20))} | lines_of(WEEKS, 3_600)
    once, daily = once_and_daily(folder, lines)
    pd.testing.assert_frame_equal(once, daily)
    starts = list(once[once["component"] == "web"]["since"])
    assert {MONDAY + 15 * DAY + 120 * STEP, MONDAY + 18 * DAY + 36 * STEP, MONDAY + 19 * DAY + 264 * STEP} <= set(
        starts
    )


def test_a_jump_that_goes_on_at_the_cut_is_measured_whole(folder: Path) -> None:
    once, daily = once_and_daily(folder, {CPU: jumping((16, 23, 24))})
    pd.testing.assert_frame_equal(once, daily)
    begins = MONDAY + 16 * DAY + place(0, 23) * STEP
    assert list(daily[daily["since"] == begins]["until"]) == [begins + 24 * STEP]


def test_a_jump_at_the_same_hour_the_day_before_does_not_make_it_usual(folder: Path) -> None:
    _, daily = once_and_daily(folder, {CPU: jumping((16, 10, 6), (17, 10, 6))})
    second = daily[daily["since"] == MONDAY + 17 * DAY + 120 * STEP]
    assert (second["reached"] - second["usual"]).item() > 50


def test_what_goes_on_has_no_end_yet(folder: Path) -> None:
    store = fill(folder, {CPU: jumping((16, 23, 24))}, WEEKS)
    score(store, 15, 17)
    with store.read() as db:
        assert {address: since for address, (since, _) in findings.unended(db, "jobs").items()} == {
            ("web", None, CPU.indicator): MONDAY + 16 * DAY + place(0, 23) * STEP
        }
    score(store, 18)
    with store.read() as db:
        assert findings.unended(db, "jobs") == {}


def test_scoring_again_up_to_the_same_moment_changes_nothing(folder: Path) -> None:
    store = fill(folder, {CPU: jumping((15, 10, 6))}, WEEKS)
    score(store, 7 * WEEKS)
    with store.read() as db:
        first, stands = found(store), findings.scorers(db, "jobs")
    score(store, 7 * WEEKS)
    with store.read() as db:
        assert findings.scorers(db, "jobs") == stands
    pd.testing.assert_frame_equal(found(store), first)


def test_a_line_that_starts_late_is_scored_from_its_start(folder: Path) -> None:
    """The others stand further on by then, and are not scored twice."""
    late = Series("jobs", "db", CPU.indicator, "mean", "%", FINE, "cloudwatch")
    store = fill(folder, {CPU: jumping((9, 10, 6))}, WEEKS)
    score(store, 14)
    before = found(store)
    fill(folder, {late: jumping((16, 10, 6))}, WEEKS, keep=lambda _, ts: ts >= ts[place(8)])
    score(store, 7 * WEEKS)
    rows = found(store)
    mine = rows[rows["component"] == "db"]
    assert mine["since"].min() >= MONDAY + 8 * DAY
    assert MONDAY + 16 * DAY + 120 * STEP in set(mine["since"])
    again = rows[(rows["component"] == "web") & (rows["since"] < MONDAY + 14 * DAY)].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, before)


def test_a_line_that_comes_rarely_is_not_scored(folder: Path) -> None:
    rare = Series("jobs", "web", CPU.indicator, "mean", "%", 6 * 3_600, "cloudwatch")
    hourly = Series("jobs", "db", CPU.indicator, "mean", "%", 3_600, "cloudwatch")
    lines = {each: level("x", WEEKS, each.period_s) for each in (rare, hourly)}
    store = fill(folder, lines, WEEKS)
    score(store, 7 * WEEKS)
    with store.read() as db:
        assert set(findings.scorers(db, "jobs")) == {("db", None, CPU.indicator)}


def test_where_a_scorer_stands_is_the_last_point_it_saw(folder: Path) -> None:
    store = fill(folder, {CPU: jumping()}, WEEKS)
    score(store, 10)
    with store.read() as db:
        (state,) = findings.scorers(db, "jobs").values()
    assert state.upto == MONDAY + 10 * DAY - STEP
