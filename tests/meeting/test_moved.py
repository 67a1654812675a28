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

CPU = "system.cpu.utilization"
JUMP = Window(shop.UNTIL - timedelta(hours=30), shop.UNTIL - timedelta(hours=29))
FOUND = Finding(
    "f-1", "shop", "db", CPU, "%", "threshold", JUMP.start, 20.0, 90.0, 0.9, True, shop.UNTIL, shop.UNTIL,
    until=JUMP.end, episodes=(JUMP,), evidence={"line": 80.0},
)  # fmt: skip


def found(folder: Path, monkeypatch, values: list[float], kind: str = "threshold") -> Store:
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: tuple(every))
    store = shop.fill(folder, shop.line("db", CPU, values))
    seen = findings.Judged(replace(FOUND, kind=kind), "low", "")
    looked = findings.Pass("shop", shop.UNTIL, shop.UNTIL, 2, (seen,))
    findings.write(store, looked, Window(shop.UNTIL - timedelta(hours=1), shop.UNTIL + timedelta(hours=1)))
    return store


def told(store: Store) -> Topic:
    with store.read() as db:
        (topic,) = moved.section(shop.setting(db)).topics
    return topic


@pytest.mark.parametrize(
    ("kind", "peak", "said"),
    [("threshold", 90.0, "highest in each 6 hours"), ("shift", 20 + 70 / 6, "mean in each 6 hours")],
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
