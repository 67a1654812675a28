"""The agenda's holes: new, hiding something, or never spoken of; and what people said does not apply is none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from metrics.meeting.sections import coverage
from metrics.model import Entry, Window
from metrics.store import entries
from tests.meeting import shop

CPU = "system.cpu.utilization"
HOST = ("hole/db/system.memory.utilization", "hole/db/system.filesystem.utilization")


def section(store, window=shop.WEEK):
    with store.read() as db:
        return coverage.section(shop.setting(db, window))


def told(found, component="db"):
    return {topic.subject: topic for topic in found.topics if topic.subject.startswith(f"hole/{component}/")}


def filled(folder: Path):
    """CPU of the host stopped two days ago; an incident of it came a day later."""
    stopped = shop.line("db", CPU, [50.0] * 300, end=shop.UNTIL - timedelta(days=2))
    return shop.fill(folder, stopped, shop.event("incident", "i-1", 20, component="db"))


def test_what_stopped_is_told_with_what_it_hid(tmp_path: Path):
    topic = told(section(filled(tmp_path)))[f"hole/db/{CPU}"]
    assert (topic.tag, topic.owners, topic.page) == ("stale", ("infra",), "coverage")
    assert topic.sentence.startswith("Database host · CPU: stale since Sat 21 Nov, 05:00")
    assert "It would have shown: incident i-1, Sun 22 Nov, 10:00." in topic.detail
    assert topic.query["indicator"] == CPU


def test_an_earlier_review_does_not_know_that_it_will_stop(tmp_path: Path):
    end = shop.UNTIL - timedelta(days=4)
    assert f"hole/db/{CPU}" not in told(section(filled(tmp_path), Window(end - timedelta(weeks=1), end)))


def test_of_what_never_came_it_is_told_until_somebody_speaks_or_it_hides_something(tmp_path: Path):
    store = shop.fill(tmp_path, shop.line("db", CPU, [50.0] * 300))
    (topic,) = told(section(store)).values()
    assert (topic.subject, topic.tag) == (HOST[0], "never collected")
    assert "1 more indicator" in topic.sentence
    for hole in HOST:
        said = {"outcome": "ignored", "because": "next year"}
        entries.add(store, Entry(shop.UNTIL, "Mika", "disposition", "shop", f"2026-11-16/{hole}", said))
    found = section(store)
    assert told(found) == {}
    assert found.more >= 2


def test_what_does_not_apply_is_no_hole(tmp_path: Path):
    store = shop.fill(tmp_path, shop.line("db", CPU, [50.0] * 300))
    for hole in HOST:
        subject = hole.removeprefix("hole/")
        entries.add(store, Entry(shop.UNTIL, "Mika", "hole", "shop", subject, {"because": "it has no disk"}))
    assert told(section(store)) == {}
