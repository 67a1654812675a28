"""What the trend alerts saw comes back as it was kept: one truth a day, and both halves of a step or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from metrics.model import Finding, Window
from metrics.store import Store, findings

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEB, EXPORT = ("web", None, "system.cpu.utilization"), ("web", "/jobs/export", "http.server.request.duration.p95")


def finding(name: str = "a", **more: object) -> Finding:
    told: dict[str, object] = {
        "id": name, "service": "jobs", "component": "web", "indicator": WEB[2], "unit": "%", "kind": "shift",
        "since": MONDAY, "before": 40.0, "after": 54.5, "certainty": 0.9, "is_worse": True, "first_seen": MONDAY + DAY,
        "last_seen": MONDAY + DAY,
    }  # fmt: skip
    return Finding(**(told | more))  # type: ignore[arg-type]


def judged(*found: Finding) -> tuple[findings.Judged, ...]:
    return tuple(findings.Judged(each, "medium", f"web CPU of {each.id}") for each in found)


def a_pass(as_of: datetime, *found: Finding, service: str = "jobs") -> findings.Pass:
    return findings.Pass(service, as_of, as_of + timedelta(minutes=3), 7, judged(*found))


def keep(store: Store, made: findings.Pass) -> None:
    """On a clock in UTC."""
    day = made.as_of.replace(hour=0)
    findings.write(store, made, Window(day, day + DAY))


def jump(address: findings.Address, start: datetime, reached: float = 90.0) -> tuple[object, ...]:
    since, peak, until = (start.replace(tzinfo=None) + n * timedelta(minutes=5) for n in range(3))
    return (*address, since, until, peak, 40.0, reached, 0.8)


def found(rows: Sequence[tuple[object, ...]], since: dict[findings.Address, datetime]) -> findings.Spikes:
    columns = ("component", "part", "indicator", "since", "until", "peak_at", "usual", "reached", "certainty")
    return findings.Spikes(pd.DataFrame(rows, columns=list(columns), dtype=object), since)


def told(store: Store, as_of: datetime) -> list[str]:
    with store.read() as db:
        return [each.finding.id for each in findings.known(db, "jobs", as_of)]


def jumps(store: Store, since: datetime = MONDAY, until: datetime = MONDAY + 7 * DAY) -> pd.DataFrame:
    with store.read() as db:
        return findings.spikes(db, "jobs", Window(since, until))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "t.duckdb")


WHOLE = finding(
    "whole", part="/jobs/export", kind="burst", until=MONDAY + HOUR, gone_at=MONDAY + 2 * DAY,
    episodes=(Window(MONDAY, MONDAY + HOUR), Window(MONDAY + DAY, MONDAY + DAY + HOUR)),
    evidence={"ratio": 3.5, "driver": None, "holiday": "勤労感謝の日"},
)  # fmt: skip


@pytest.mark.parametrize(
    "given", [WHOLE, finding(is_worse=None), finding(before=0.1 + 0.2)], ids=["all", "few", "sum"]
)
def test_a_finding_comes_back_as_it_was_kept(store: Store, given: Finding) -> None:
    keep(store, a_pass(MONDAY + 2 * DAY, given))
    with store.read() as db:
        assert findings.known(db, "jobs", MONDAY + 2 * DAY) == judged(given)


def test_a_time_of_another_zone_is_the_same_moment(store: Store) -> None:
    tokyo = timezone(9 * HOUR)
    keep(store, a_pass(MONDAY + 2 * DAY, finding(since=MONDAY.astimezone(tokyo))))
    with store.read() as db:
        (back,) = findings.known(db, "jobs", (MONDAY + 2 * DAY).astimezone(tokyo))
    assert (back.finding.since, back.finding.since.tzinfo) == (MONDAY, UTC)


def test_a_pass_replaces_those_of_its_day_and_no_others(store: Store) -> None:
    for as_of, name in ((MONDAY, "a"), (MONDAY + DAY, "b"), (MONDAY + DAY + 2 * HOUR, "c")):
        keep(store, a_pass(as_of, finding(name)))
    keep(store, a_pass(MONDAY + DAY, finding("x", service="shop"), service="shop"))
    with store.read() as db:
        assert findings.passes(db, "jobs") == (MONDAY, MONDAY + DAY + 2 * HOUR)
        assert findings.passes(db, "shop") == (MONDAY + DAY,)
    assert (told(store, MONDAY + DAY), told(store, MONDAY + 2 * DAY)) == (["a"], ["c"])


def test_a_pass_that_saw_nothing_says_so_and_is_no_gap(store: Store) -> None:
    keep(store, a_pass(MONDAY, finding("a")))
    keep(store, a_pass(MONDAY + DAY))
    assert told(store, MONDAY + 9 * DAY) == []
    assert told(store, MONDAY + DAY - HOUR) == ["a"]


def test_before_the_first_pass_nothing_is_known(store: Store) -> None:
    keep(store, a_pass(MONDAY, finding("a")))
    assert told(store, MONDAY - HOUR) == []


def test_what_is_known_is_in_order_of_time(store: Store) -> None:
    keep(store, a_pass(MONDAY + DAY, finding("b"), finding("c", since=MONDAY - DAY), finding("a")))
    assert told(store, MONDAY + DAY) == ["c", "a", "b"]


def test_a_history_has_the_finding_as_it_stood_at_each_pass(store: Store) -> None:
    ended = finding("a", after=60.0, gone_at=MONDAY + 2 * DAY, until=MONDAY + 2 * DAY)
    stood = (finding("a"), finding("a", after=60.0), ended)
    for days, each in enumerate(stood):
        keep(store, a_pass(MONDAY + days * DAY, each, finding("b")))
    with store.read() as db:
        history = findings.history(db, "jobs", "a")
        assert findings.history(db, "shop", "a") == ()
    assert [at for at, _ in history] == [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY]
    assert tuple(each.finding for _, each in history) == stood


def test_the_view_has_the_newest_of_each_finding(store: Store) -> None:
    keep(store, a_pass(MONDAY, finding("a"), finding("b")))
    keep(store, a_pass(MONDAY + DAY, finding("a", after=60.0)))
    with store.read() as db:
        assert db.rows("SELECT id, size, severity FROM v_findings ORDER BY id") == [
            ("a", 20.0, "medium"),
            ("b", 14.5, "medium"),
        ]


def test_a_pass_that_fails_leaves_the_one_before_it(store: Store) -> None:
    keep(store, a_pass(MONDAY, finding("a")))
    with pytest.raises(duckdb.Error):
        keep(store, a_pass(MONDAY + HOUR, finding("b", certainty="much")))
    assert told(store, MONDAY + DAY) == ["a"]
    with store.read() as db:
        assert findings.passes(db, "jobs") == (MONDAY,)


def test_of_thousands_one_may_be_gone_or_have_a_part(store: Store) -> None:
    """Columns that are empty for longer than anybody looks to tell their type."""
    many = [finding(f"{n:04}") for n in range(3000)]
    many[1777] = replace(many[1777], gone_at=MONDAY, until=MONDAY, part="/jobs", is_worse=None)
    keep(store, a_pass(MONDAY, *many))
    with store.read() as db:
        assert [each.finding for each in findings.known(db, "jobs", MONDAY)] == many


def test_new_jumps_replace_those_of_their_line_from_since_on(store: Store) -> None:
    first = [jump(WEB, MONDAY), jump(WEB, MONDAY + DAY), jump(EXPORT, MONDAY + DAY)]
    findings.write_spikes(store, "jobs", found(first, {WEB: MONDAY, EXPORT: MONDAY}), [])
    findings.write_spikes(store, "shop", found(first, {WEB: MONDAY, EXPORT: MONDAY}), [])
    later = [jump(WEB, MONDAY + DAY, 95.0), jump(WEB, MONDAY + 2 * DAY)]
    findings.write_spikes(store, "jobs", found(later, {WEB: MONDAY + DAY}), [])
    kept = jumps(store)
    assert list(zip(kept["part"], kept["since"], kept["reached"], strict=True)) == [
        (None, MONDAY, 90.0),
        (None, MONDAY + DAY, 95.0),
        (None, MONDAY + 2 * DAY, 90.0),
        ("/jobs/export", MONDAY + DAY, 90.0),
    ]
    with store.read() as db:
        assert len(findings.spikes(db, "shop", Window(MONDAY, MONDAY + 7 * DAY))) == 3


def test_a_line_that_has_none_any_more_loses_what_it_had(store: Store) -> None:
    findings.write_spikes(store, "jobs", found([jump(WEB, MONDAY), jump(WEB, MONDAY + DAY)], {WEB: MONDAY}), [])
    findings.write_spikes(store, "jobs", found([], {WEB: MONDAY + HOUR}), [])
    assert list(jumps(store)["since"]) == [MONDAY]


def test_jumps_are_those_that_began_in_the_window(store: Store) -> None:
    findings.write_spikes(store, "jobs", found([jump(WEB, MONDAY), jump(WEB, MONDAY + DAY)], {WEB: MONDAY}), [])
    kept = jumps(store, MONDAY, MONDAY + DAY)
    assert list(kept["since"]) == [MONDAY]
    assert [str(kept[name].dtype) for name in ("since", "until", "peak_at")] == ["datetime64[us, UTC]"] * 3
    assert len(jumps(store, MONDAY + timedelta(minutes=1), MONDAY + DAY)) == 0


def test_where_a_scorer_stands_is_kept_once(store: Store) -> None:
    parts = [WEB, EXPORT]
    for upto, state in ((MONDAY, b"\x00one"), (MONDAY + DAY, b"two\xff")):
        states = [findings.ScorerState(address, upto, state) for address in parts]
        findings.write_spikes(store, "jobs", found([], {}), states)
    with store.read() as db:
        assert findings.scorers(db, "jobs") == {
            address: findings.ScorerState(address, MONDAY + DAY, b"two\xff") for address in parts
        }
        assert findings.scorers(db, "shop") == {}
        assert db.rows("SELECT count(*) FROM scorers") == [(2,)]


def test_jumps_without_their_scorer_are_not_kept(store: Store) -> None:
    findings.write_spikes(store, "jobs", found([jump(WEB, MONDAY)], {WEB: MONDAY}), [])
    broken = findings.ScorerState(WEB, MONDAY + DAY, [1.5])  # type: ignore[arg-type]
    with pytest.raises(duckdb.Error):
        findings.write_spikes(store, "jobs", found([jump(WEB, MONDAY + DAY)], {WEB: MONDAY}), [broken])
    assert list(jumps(store)["since"]) == [MONDAY]


def test_a_service_is_forgotten_by_itself(store: Store) -> None:
    for service in ("jobs", "shop"):
        keep(store, a_pass(MONDAY, finding("a", service=service), service=service))
        state = findings.ScorerState(WEB, MONDAY, b"one")
        findings.write_spikes(store, service, found([jump(WEB, MONDAY)], {WEB: MONDAY}), [state])
    findings.forget(store, "jobs")
    with store.read() as db:
        for table in ("findings", "passes", "spikes", "scorers"):
            assert db.rows(f"SELECT service FROM {table}") == [("shop",)], table
