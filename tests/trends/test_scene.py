"""What happened, read once for many scenes: the same as if each had asked the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from metrics.model import Window
from metrics.trends.scene import happened
from tests.meeting import shop

HOUR = timedelta(hours=1)
ALL = Window(shop.UNTIL - 100 * HOUR, shop.UNTIL)
EVENTS = (
    shop.event("deployment", "d-1", 60),
    shop.event("incident", "long", 55, 20 * 60),
    replace(shop.event("alert", "open", 50), ended_at=None),
    shop.event("batch_run", "b-1", 40, 60),
    shop.event("change", "c-1", 30, 0),
    shop.event("build", "not looked at", 30),
)


@pytest.mark.parametrize(("since", "until"), [(100, 0), (60, 40), (59, 50), (40, 39), (36, 35), (35, 30), (30, 29)])
def test_a_part_of_it_is_what_the_store_has_of_that_time(tmp_path: Path, since: int, until: int):
    window = Window(shop.UNTIL - since * HOUR, shop.UNTIL - until * HOUR)
    with shop.fill(tmp_path, *EVENTS).read() as db:
        every, asked = happened(db, "shop", ALL), happened(db, "shop", window)
    assert len(every.events) == 5
    assert every.within(window) == asked.events


def test_what_was_not_read_is_not_told_as_nothing(tmp_path: Path):
    with shop.fill(tmp_path, *EVENTS).read() as db:
        every = happened(db, "shop", ALL)
    assert every.within(Window(ALL.start - HOUR, ALL.end)) is None
    assert every.within(Window(ALL.start, ALL.end + HOUR)) is None
