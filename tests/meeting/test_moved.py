"""What moved is drawn as it is told: of a jump the peaks, of a level the means."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from metrics.meeting.sections import moved
from metrics.meeting.told import steps_told
from metrics.model import Entry, Finding, Window
from metrics.review.actions import Action, entry
from metrics.review.minutes import Topic
from metrics.store import Store, entries, findings
from tests.meeting import shop

CPU, REQUESTS = "system.cpu.utilization", "http.server.request.count"
JUMP = Window(shop.UNTIL - timedelta(hours=30), shop.UNTIL - timedelta(hours=29))
FOUND = Finding(
    "f-1", "shop", "db", CPU, "%", "threshold", JUMP.start, 20.0, 90.0, 0.9, True, shop.UNTIL, shop.UNTIL,
    until=JUMP.end, episodes=(JUMP,), evidence={"line": 80.0},
)  # fmt: skip


def found(folder: Path, monkeypatch, values: list[float], kind: str = "threshold") -> Store:
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: tuple(every))
    store = shop.fill(folder, shop.line("db", CPU, values))
    keep(store, replace(FOUND, kind=kind))
    return store


def keep(store: Store, finding: Finding) -> None:
    looked = findings.Pass("shop", shop.UNTIL, shop.UNTIL, 2, (findings.Judged(finding, "low", ""),))
    findings.write(store, looked, Window(shop.UNTIL - timedelta(hours=1), shop.UNTIL + timedelta(hours=1)))


def told(store: Store) -> Topic:
    with store.read() as db:
        (topic,) = moved.section(shop.setting(db)).topics
    return topic


def test_what_was_beyond_its_threshold_is_drawn_with_it(tmp_path: Path, monkeypatch):
    topic = told(found(tmp_path, monkeypatch, [20.0] * 642 + [90.0] + [20.0] * 29))
    assert (topic.limit, topic.extreme) == (80.0, "highest")


def test_a_total_is_drawn_as_the_hour_that_its_trend_is_told_in(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: tuple(every))
    store = shop.fill(tmp_path, shop.line("web", REQUESTS, [100.0] * 504 + [70.0] * 168, unit="1"))
    since = shop.UNTIL - timedelta(days=7)
    drift = replace(
        FOUND, component="web", indicator=REQUESTS, unit="1", kind="drift", since=since, until=None, episodes=(),
        before=100.0, after=70.0, evidence={"per_day": -4.0},
    )  # fmt: skip
    keep(store, drift)
    topic = told(store)
    assert {value for _, value in topic.curve} == {100.0, 70.0}
    assert steps_told(topic) == "median hour in each 24 hours"
    assert topic.trend == ((since, 100.0), (shop.UNTIL, 70.0))
    assert topic.detail[0].startswith("Its levels are those of a median hour")


def test_a_step_is_drawn_with_the_levels_that_it_is_told_with(tmp_path: Path, monkeypatch):
    topic = told(found(tmp_path, monkeypatch, [20.0] * 642 + [90.0] * 30, "shift"))
    assert [value for _, value in topic.trend] == [20.0, 20.0, 90.0, 90.0]
    assert topic.trend[1][0] == topic.trend[2][0] == JUMP.start


def test_a_jump_for_its_time_of_day_is_drawn_close_beside_the_week_before(tmp_path: Path, monkeypatch):
    """Every noon is as high as the jump at night: among peaks of half days nobody would find it."""
    hours = [90.0 if (shop.UNTIL - timedelta(hours=672 - n)).hour == 12 else 20.0 for n in range(672)]
    hours[642] = 90.0
    topic = told(found(tmp_path, monkeypatch, hours, "spike"))
    assert (topic.started, topic.curve[0][0]) == (JUMP.start, JUMP.start - timedelta(days=2))
    assert steps_told(topic) == "highest in each 60 minutes", "an hourly line knows no five minutes"
    at = dict(topic.curve)
    assert (at[JUMP.start], dict(topic.usual)[JUMP.start]) == (90.0, 20.0)
    seen = told(found(tmp_path / "seen", monkeypatch, [20.0] * 642 + [90.0] + [20.0] * 29, "spike"))
    assert (seen.usual, len(seen.curve)) == ((), 112)


@pytest.mark.parametrize(
    ("kind", "peak", "said"),
    [("threshold", 90.0, "highest hour in each 6 hours"), ("shift", 20 + 70 / 6, "mean in each 6 hours")],
)
def test_the_drawing_peaks_where_the_sentence_says(tmp_path: Path, monkeypatch, kind, peak, said):
    topic = told(found(tmp_path, monkeypatch, [20.0] * 642 + [90.0] + [20.0] * 29, kind))
    assert max(value for _, value in topic.curve) == pytest.approx(peak)
    assert steps_told(topic) == said


INDEX = Action(
    "a-1", "shop", "Add an index", "repair", "", "", "infra", date(2026, 12, 14), "db", CPU,
    started=shop.UNTIL - timedelta(days=8),
)  # fmt: skip


def test_what_is_done_about_its_line_is_told_with_how_it_stands(tmp_path: Path, monkeypatch):
    store = found(tmp_path, monkeypatch, [20.0] * 480 + [10.0] * 192)
    at = shop.UNTIL - timedelta(days=8)
    for_it = replace(INDEX, id="a-2", what="Shard it", component="", indicator="", started=None, why="finding/f-1")
    elsewhere = replace(INDEX, id="a-3", what="Cache pages", component="web")
    given_up = replace(INDEX, id="a-4", what="Restart it", dropped="it helped nobody")
    entries.add(store, *(entry(each, at, "Mika") for each in (INDEX, for_it, elsewhere, given_up)))
    detail = told(store).detail
    assert detail == (
        "Action: Add an index (since Sun 15 Nov; verdict due Mon 14 Dec): so far mean 20 % before, 10 % after (−10 pt); "
        "8 days since the start, beside the same weekdays before.",
        "Action: Shard it (not started; verdict due Mon 14 Dec).",
    )


def test_what_was_judged_is_told_until_the_review_after(tmp_path: Path, monkeypatch):
    store = found(tmp_path, monkeypatch, [20.0] * 672)
    entries.add(store, entry(INDEX, shop.UNTIL - timedelta(days=20), "Mika"))
    said = Entry(shop.UNTIL - timedelta(days=2), "Ren", "verdict", "shop", "a-1", {"verdict": "improved"})
    entries.add(store, said)
    assert told(store).detail == ("Action: Add an index: improved, judged by Ren on Sat 21 Nov.",)
    before = found(tmp_path / "before", monkeypatch, [20.0] * 672)
    entries.add(before, entry(INDEX, shop.UNTIL - timedelta(days=20), "Mika"))
    entries.add(before, replace(said, at=shop.WEEK.start - timedelta(days=1)))
    assert told(before).detail == ()
