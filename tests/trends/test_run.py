"""Passes over a small store: when they are made, what they keep, and that one fault of a source is one item."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.model import Finding, Series
from metrics.review.items import Item
from metrics.store import Store, findings
from metrics.trends.agenda import Agenda
from metrics.trends.alerts import agenda_now, look
from metrics.trends.run import run
from tests.trends.made import MONDAY, SERVICE, Lines, config, fill, level, lines_of

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
HOURLY, FINE = 3_600, 300
DOZEN = tuple("abcdef")
FAULT = 30
"""Of five weeks, the day on which something goes wrong."""
LATENCY = Series("jobs", "web", "http.server.request.duration.p95", "p95", "s", HOURLY, "datadog")


def at(day: float, period_s: int = FINE) -> int:
    return round(day * 86_400 / period_s)


def stepped(weeks: float, by: float = 3.0, day: int = 31) -> Lines:
    """Quiet lines beside one that steps up."""
    values = level("latency", weeks, HOURLY, 0.2)
    values[at(day, HOURLY) :] *= by
    return {**lines_of(weeks, HOURLY), LATENCY: values}


def passes(store: Store) -> list[datetime]:
    with store.read() as db:
        return list(findings.passes(db, "jobs"))


def known(store: Store, as_of: datetime) -> list[Finding]:
    with store.read() as db:
        return [each.finding for each in findings.known(db, "jobs", as_of)]


def rows(store: Store) -> list[tuple[object, ...]]:
    """All that is kept, whatever the order it lies in."""
    with store.read() as db:
        tables = ("passes", "findings", "spikes", "scorers")
        return [(table, *row) for table in tables for row in sorted(db.rows(f"SELECT * FROM {table}"), key=repr)]


def after(folder: Path, lines: Lines, weeks: float, **more: object) -> Agenda:
    """What a review sees at the end of so many weeks."""
    end = MONDAY + weeks * WEEK
    store = fill(folder, lines, weeks, **more)  # type: ignore[arg-type]
    run(store, config(folder), SERVICE, end)
    return agenda_now(store, config(folder), SERVICE, end)


def of_kind(found: Agenda, *kinds: str) -> list[Item]:
    return [item for item in found.every if item.lead.kind in kinds and item.news != "over"]


def test_without_two_weeks_nothing_is_looked_at(folder: Path) -> None:
    store = fill(folder, lines_of(1.9, HOURLY), 1.9)
    assert run(store, config(folder), SERVICE, MONDAY + 1.9 * WEEK) == 0
    assert passes(store) == []
    assert agenda_now(store, config(folder), SERVICE, MONDAY + 2 * WEEK).as_of is None


def test_a_store_that_is_not_there_yet_is_no_fault(folder: Path) -> None:
    assert look(config(folder), MONDAY, may_send=False) == 0


def test_the_first_look_goes_back_week_by_week_to_where_two_weeks_are(folder: Path) -> None:
    store, told = fill(folder, lines_of(5, HOURLY), 5), []
    newest = MONDAY + 5 * WEEK - HOUR
    made = run(store, config(folder), SERVICE, MONDAY + 5 * WEEK, lambda *said: told.append(said))
    assert passes(store) == [newest - 2 * WEEK, newest - WEEK, newest]
    assert (made, told[-1]) == (3, ("findings", 3, 3))


def test_within_the_hour_nothing_is_looked_at_again(folder: Path) -> None:
    store = fill(folder, stepped(5), 5)
    run(store, config(folder), SERVICE, MONDAY + 5 * WEEK)
    first = rows(store)
    assert run(store, config(folder), SERVICE, MONDAY + 5 * WEEK + 20 * HOUR) == 0
    assert rows(store) == first


def test_two_stores_of_the_same_data_hold_the_same(folder: Path) -> None:
    kept = []
    for name in ("one", "other"):
        store = fill(folder / name, stepped(5), 5)
        run(store, config(folder / name), SERVICE, MONDAY + 5 * WEEK)
        kept.append(rows(store))
    assert kept[0] == kept[1]
    assert any(row[0] == "findings" for row in kept[0])


def test_later_than_now_is_not_looked_at(folder: Path) -> None:
    """A sample that is dated ahead by mistake."""
    store = fill(folder, lines_of(5, HOURLY), 5)
    run(store, config(folder), SERVICE, MONDAY + 3 * WEEK + timedelta(minutes=50))
    assert passes(store)[-1] == MONDAY + 3 * WEEK


def test_a_trouble_keeps_its_id_from_week_to_week(folder: Path) -> None:
    for weeks in (5, 6):
        store = fill(folder, stepped(weeks), weeks)
        run(store, config(folder), SERVICE, MONDAY + weeks * WEEK)
    earlier, later = (
        next(each for each in known(store, MONDAY + weeks * WEEK) if each.kind == "shift") for weeks in (5, 6)
    )
    assert (earlier.component, earlier.indicator) == ("web", LATENCY.indicator)
    assert (later.id, later.first_seen) == (earlier.id, earlier.first_seen)
    assert later.last_seen == earlier.last_seen + WEEK


def test_what_is_gone_is_told_at_each_look_of_that_day_and_not_the_day_after(folder: Path) -> None:
    """A pass replaces those of its day, also the one that first told it."""
    end = MONDAY + 5 * WEEK + HOUR
    store = fill(folder, stepped(5, by=1.0), 5)
    gone = Finding(
        id="gone", service="jobs", component="web", indicator=LATENCY.indicator, unit="s", kind="drift",
        since=MONDAY, before=0.1, after=0.2, certainty=0.9, is_worse=True, first_seen=MONDAY + 4 * WEEK,
        last_seen=MONDAY + 4 * WEEK,
    )  # fmt: skip
    for weeks in (3, 4):
        run(store, config(folder), SERVICE, MONDAY + weeks * WEEK)
    standing = findings.Pass("jobs", end - DAY, end - DAY, 1, (findings.Judged(gone, "medium", "it drifts"),))
    findings.write(store, standing, _day(end - DAY))
    for hours, told in ((0, True), (3, True), (24, False)):
        store = fill(folder, {LATENCY: level("latency", 5 + (hours + 2) / 168, HOURLY, 0.2)}, 5 + (hours + 2) / 168)
        assert run(store, config(folder), SERVICE, end + hours * HOUR) == 1
        assert ("gone" in {each.id for each in known(store, end + hours * HOUR)}) is told, hours
    (last,) = (each for each in known(store, end + 3 * HOUR) if each.id == "gone")
    assert last.gone_at == end + 3 * HOUR


def test_a_line_that_came_later_is_not_looked_for_before(folder: Path) -> None:
    store = fill(folder, lines_of(5, HOURLY), 5)
    young = Series("jobs", "web", "system.cpu.utilization", "mean", "%", HOURLY, "datadog")
    fill(folder, {young: level("young", 5, HOURLY)}, 5, keep=lambda _, ts: ts >= ts[-24])
    assert run(store, config(folder), SERVICE, MONDAY + 5 * WEEK) == 3
    assert known(store, MONDAY + 5 * WEEK) == []


@pytest.mark.parametrize("period_s", [FINE, HOURLY])
def test_a_source_that_lost_a_day_is_one_silence(folder: Path, period_s: int) -> None:
    lost = (np.datetime64((MONDAY + n * DAY).replace(tzinfo=None)) for n in (FAULT, FAULT + 1))
    start, end = lost
    found = after(folder, lines_of(5, period_s, parts=DOZEN), 5, keep=lambda _, ts: (ts < start) | (ts >= end))
    (item,) = found.items
    assert ({each.kind for each in item.findings}, len(item.findings)) == ({"silence"}, 12)
    assert of_kind(found, "silence") == [item]


def test_two_sources_that_lost_a_day_are_two(folder: Path) -> None:
    start, end = (np.datetime64((MONDAY + n * DAY).replace(tzinfo=None)) for n in (FAULT, FAULT + 1))
    lines = lines_of(5, HOURLY) | lines_of(5, HOURLY, source="datadog", parts="xy")
    found = after(folder, lines, 5, keep=lambda _, ts: (ts < start) | (ts >= end))
    assert [{each.evidence["source"] for each in item.findings} for item in found.items] in (
        [{"cloudwatch"}, {"datadog"}],
        [{"datadog"}, {"cloudwatch"}],
    )


@pytest.mark.parametrize("period_s", [FINE, HOURLY])
def test_a_source_that_counted_a_day_twice_is_one_item_at_most(folder: Path, period_s: int) -> None:
    counts = {}
    for n in range(12):
        series = Series("jobs", "web", "http.server.request.count", "sum", "1", period_s, "datadog", f"/{n}")
        values = np.round(level(series.part or "", 5, period_s, 400.0))
        values[at(FAULT, period_s) : at(FAULT + 1, period_s)] *= 2
        counts[series] = values
    found = after(folder, counts, 5)
    assert len(found.items) <= 1
    assert sum(len(item.findings) for item in found.items) in (0, 12)


@pytest.mark.parametrize("hours", [1, 12, 24, 30, 48, 120])
def test_a_source_that_changed_its_unit_is_one_item_however_soon_one_looks(folder: Path, hours: int) -> None:
    """First as a jump, then as a step: the jump that a step began with is not told again."""
    weeks = (FAULT * 24 + hours) / 168
    lines = lines_of(weeks, FINE, parts=DOZEN)
    for values in lines.values():
        values[at(FAULT) :] *= 1000
    found = after(folder, lines, weeks)
    (item,) = (item for item in found.every if item.news != "over")
    assert len({(each.part, each.indicator) for each in item.findings}) == 12
    if hours >= 48:
        assert [each.kind for each in item.findings] == ["shift"] * 12


def _day(moment: datetime) -> findings.Window:
    start = moment.replace(hour=0)
    return findings.Window(start, start + DAY)
