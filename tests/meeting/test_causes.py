"""The agenda's causes: what waits for somebody's word, with whom it is suspected to come from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from metrics.meeting.sections import causes
from metrics.model import Entry, Window
from metrics.store import entries
from tests.meeting import shop

DEPLOYED = shop.event("deployment", "d-1", 50, attrs={"environment": "production", "version": "1.2.0"})
BROKE = shop.event("incident", "i-1", 49, 40)
NODE = shop.event("incident", "i-2", 20, 15, component="db")


def section(store, window=shop.WEEK):
    with store.read() as db:
        return causes.section(shop.setting(db, window))


def test_an_incident_is_told_with_its_suspect_and_one_without_says_so(tmp_path: Path):
    found = section(shop.fill(tmp_path, DEPLOYED, BROKE, NODE))
    unknown, suspected = found.topics
    assert (suspected.subject, suspected.tag, suspected.owners) == ("incident/i-1", "near in time", ("dev",))
    assert suspected.sentence == "web: incident i-1, Sat 21 Nov, 05:00, 40 min"
    assert suspected.suggested == "d-1"
    assert suspected.offers == ()
    assert "1.2.0" in suspected.detail[0]
    assert suspected.detail[0].endswith(": same component, shortly before.")
    assert (unknown.subject, unknown.tag, unknown.owners) == ("incident/i-2", "unknown", ("infra",))


def test_what_was_judged_is_gone_but_stays_in_the_review_that_judged_it(tmp_path: Path):
    store = shop.fill(tmp_path, DEPLOYED, BROKE, NODE)
    at = shop.UNTIL - timedelta(hours=1)
    here = {"deployment": "d-1", "cause": None, "review": "2026-11-23"}
    before = {"deployment": None, "cause": "infrastructure"}
    entries.add(store, Entry(at, "Mika", "cause", "shop", "incident/i-1", here))
    entries.add(store, Entry(at, "Ren", "cause", "shop", "incident/i-2", before))
    found = section(store)
    assert [(topic.subject, topic.tag) for topic in found.topics] == [("incident/i-1", "judged")]


def test_what_nobody_judged_comes_back_after_what_is_new_until_it_is_too_old(tmp_path: Path):
    store = shop.fill(tmp_path, DEPLOYED, BROKE, NODE)
    end = shop.UNTIL + timedelta(weeks=1)
    later = shop.event("incident", "i-3", -20, 5, component="db")
    waiting = section(shop.fill(tmp_path / "later", DEPLOYED, BROKE, NODE, later), Window(shop.UNTIL, end))
    assert [topic.subject for topic in waiting.topics] == ["incident/i-3", "incident/i-2", "incident/i-1"]
    said = "It was before the time of this review, and nobody has said what caused it."
    assert [topic.detail[0] == said for topic in waiting.topics] == [False, True, True]
    entries.add(
        store, Entry(shop.UNTIL, "Mika", "cause", "shop", "incident/i-2", {"deployment": None, "cause": "traffic"})
    )
    assert [topic.subject for topic in section(store, Window(shop.UNTIL, end)).topics] == ["incident/i-1"]
    end += timedelta(weeks=8)
    old = section(store, Window(end - timedelta(weeks=1), end))
    assert (old.topics, old.nothing) == ((), "No incident in this time.")


def test_a_deployment_that_mended_something_asks_what_it_mended(tmp_path: Path):
    hotfix = shop.event(
        "deployment", "d-2", 30, attrs={"environment": "production", "version": "1.2.1", "kind": "hotfix"}
    )
    (topic,) = section(shop.fill(tmp_path, DEPLOYED, hotfix)).topics
    assert (topic.subject, topic.tag, topic.suggested) == ("deployment/d-2", "suspected", "d-1")
    assert topic.sentence.endswith("what did it mend?")
    assert topic.detail[0].endswith(": hotfixed.")
    assert topic.offers == ()


def test_what_came_later_is_not_known_to_an_earlier_review(tmp_path: Path):
    store = shop.fill(tmp_path, DEPLOYED, BROKE, NODE)
    end = shop.UNTIL - timedelta(hours=30)
    assert [each.subject for each in section(store, Window(end - timedelta(weeks=1), end)).topics] == ["incident/i-1"]
    end = shop.UNTIL - timedelta(hours=60)
    quiet = section(store, Window(end - timedelta(weeks=1), end))
    assert (quiet.topics, quiet.nothing) == ((), "No incident in this time.")


def test_without_events_it_says_that_none_are_known(tmp_path: Path):
    assert "no source brings any" in section(shop.fill(tmp_path, shop.line("web", "cpu", [1.0] * 48))).nothing
