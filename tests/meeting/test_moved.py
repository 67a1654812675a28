"""What moved is drawn as it is told: of a jump the peaks, of a level the means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from metrics.meeting.sections import moved
from metrics.meeting.told import steps_told
from metrics.model import Finding, Window
from metrics.store import findings
from tests.meeting import shop

CPU = "system.cpu.utilization"
JUMP = Window(shop.UNTIL - timedelta(hours=30), shop.UNTIL - timedelta(hours=29))
FOUND = Finding(
    "f-1", "shop", "db", CPU, "%", "threshold", JUMP.start, 20.0, 90.0, 0.9, True, shop.UNTIL, shop.UNTIL,
    until=JUMP.end, episodes=(JUMP,), evidence={"line": 80.0},
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "peak", "said"),
    [("threshold", 90.0, "highest in each 6 hours"), ("shift", 20 + 70 / 6, "mean in each 6 hours")],
)
def test_the_drawing_peaks_where_the_sentence_says(tmp_path: Path, monkeypatch, kind, peak, said):
    monkeypatch.setattr("metrics.trends.agenda._worth_a_look", lambda every: tuple(every))
    store = shop.fill(tmp_path, shop.line("db", CPU, [20.0] * 642 + [90.0] + [20.0] * 29))
    told = findings.Judged(replace(FOUND, kind=kind), "low", "")
    seen = findings.Pass("shop", shop.UNTIL, shop.UNTIL, 2, (told,))
    findings.write(store, seen, Window(shop.UNTIL - timedelta(hours=1), shop.UNTIL + timedelta(hours=1)))
    with store.read() as db:
        (topic,) = moved.section(shop.setting(db)).topics
    assert max(value for _, value in topic.curve) == pytest.approx(peak)
    assert steps_told(topic) == said
