"""What the demo's teams said: each story ends in a decision that can be followed, deterministic, and gone with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from metrics import config
from metrics.analysis.effect import Effect, effect
from metrics.cli_demo_reviews import forget, hold
from metrics.collect import demo
from metrics.collect._demo.decisions import AUTHORS, review_ends, works
from metrics.meeting.prepare import prepare
from metrics.meeting.shelf import Shelf
from metrics.model import Entry, Window
from metrics.review.actions import Action, actions
from metrics.review.minutes import Review, open_topics
from metrics.store import Store, entries
from metrics.trends.reading import signals, watched
from tests.pages import deployments

UNTIL = deployments.NOW
SETTINGS = demo.Settings(until=UNTIL, weeks=26)
KINDS = ("review", "disposition", "rule", "action", "verdict", "cause")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployments.demo(tmp_path_factory, SETTINGS.weeks)


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return Store(folder / "tomoni.duckdb")


@pytest.fixture(scope="module")
def acted(store: Store) -> Mapping[str, Action]:
    """By what is done."""
    with store.read() as db:
        return {each.what: each for each in actions(entries.latest(db, "action", "jobs"))}


@pytest.fixture(scope="module")
def judged(store: Store) -> Mapping[str, Entry]:
    with store.read() as db:
        return {word.subject: word for word in entries.latest(db, "verdict", "jobs")}


@pytest.fixture(scope="module")
def prepared(folder: Path, store: Store) -> Review:
    """The review that is left to be held."""
    found = config.load(folder)
    (service,) = found.services
    return prepare(store, found, service, Window(UNTIL - timedelta(weeks=2), UNTIL), UNTIL)


def test_four_reviews_are_closed_a_fortnight_apart_and_the_last_is_left_to_be_held(folder):
    shelf = Shelf(folder, "jobs")
    assert shelf.closed() == ("2026-09-28", "2026-10-12", "2026-10-26", "2026-11-09")
    assert shelf.opened() == ()
    found = [shelf.read(name) for name in shelf.closed()]
    assert [(each.until - each.since, open_topics(each)) for each in found] == [(timedelta(weeks=2), ())] * 4
    assert found[-1].until == UNTIL - timedelta(weeks=2)
    assert all(each.section("moved").topics for each in found[1:])
    assert all((folder / "reviews" / f"{each.id}.md").exists() for each in found)


def test_story_2_goes_from_the_hole_to_the_day_it_was_closed(folder, acted, judged):
    action = acted["Keep a slow log of search and collect it"]
    hole = "hole/search/http.server.request.duration.p95"
    review = Shelf(folder, "jobs").read(action.review)
    assert (action.why, action.kind) == (hole, "detection")
    assert review.decision(hole).outcome == "investigate"
    assert action.started == demo.world(SETTINGS).plan.latency_from["search"]
    assert judged[action.id].said["verdict"] == "improved"
    assert "collected since" in judged[action.id].said["because"]
    assert judged[action.id].said["review"] in Shelf(folder, "jobs").closed()


def test_story_3_decides_about_both_rules_and_judges_the_index(store, acted, judged):
    with store.read() as db:
        ruled = {word.subject: word.said for word in entries.latest(db, "rule", "jobs")}
    assert {subject: said["branch"] for subject, said in ruled.items()} == {
        "aurora-main/aurora-cpu-high": "remove", "web/error-log": "reduce",
    }  # fmt: skip
    assert all(said["check"] <= f"{UNTIL:%Y-%m-%d}" for said in ruled.values())
    index = next(each for each in acted.values() if each.what.startswith("Add the index"))
    assert index.why.startswith("incident/")
    assert index.address == "aurora-main/writer/system.cpu.utilization"
    said = judged[index.id]
    assert (said.said["verdict"], said.said["computed"]) == ("improved", verdict(store, index, said.at))


def test_story_4_is_begun_and_too_early_to_be_judged(store, acted, judged):
    action = acted["Build the image the day before the release night"]
    assert action.why.startswith(("finding/", "limit/pipeline/release night"))
    assert (action.started, action.is_open) == (demo.world(SETTINGS).plan.build_ahead_from, True)
    assert action.check > UNTIL.date()
    assert action.id not in judged
    assert verdict(store, action, UNTIL) == "too early"


def test_story_4_is_told_beside_the_night_that_was_worse(prepared):
    topic = next(each for each in prepared.section("moved").topics if "release night" in each.sentence)
    assert topic.detail[0].startswith("Action: Build the image the day before the release night (since")


def test_story_5_first_does_what_has_no_effect_and_then_keeps_less(folder, store, acted, judged):
    first, second = (
        acted["Clean old images off the node"],
        acted["Keep the history of three finished jobs instead of all"],
    )
    said = judged[first.id]
    assert (said.said["verdict"], said.said["computed"]) == (verdict(store, first, said.at), "no visible effect")
    assert first.review == Shelf(folder, "jobs").closed()[-1]
    assert (second.is_open, second.started, second.kind) == (True, None, "prevention")


def test_story_6_puts_its_incident_down_to_the_exports(prepared):
    topic = next(each for each in prepared.section("causes").topics if "lists are exported" in each.sentence)
    assert topic.tag == "suspected"
    (likely,) = [each for each in topic.offers if each.is_likely]
    assert (likely.cause, likely.label) == ("traffic", "access or traffic: /jobs/export")
    assert topic.figures[0].address == "web/http.server.request.duration.p95"


def test_story_8_repair_gives_way():
    ordered = works(demo.world(demo.Settings(until=UNTIL)))
    half = len(ordered) // 2
    repair = [sum(each.kind == "repair" for each in part) / len(part) for part in (ordered[:half], ordered[half:])]
    assert repair[0] > 0.5 > repair[1]
    assert {each.kind for each in ordered} == {"prevention", "detection", "repair"}


def test_nobody_speaks_of_what_is_not_known_yet(store):
    with store.read() as db:
        said = [word for kind in KINDS for word in entries.latest(db, kind, "jobs")]
    assert {word.author for word in said} == set(AUTHORS)
    assert max(word.at for word in said) < UNTIL


def test_it_goes_without_touching_what_people_said_and_comes_again_the_same(folder, store):
    with store.read() as db:
        before = [word for kind in KINDS for word in entries.latest(db, kind, "jobs")]
    mine = Entry(UNTIL, "Mika", "note", "jobs", "spikes/1", {"text": "mine"})
    entries.add(store, mine)
    forget(store, folder, "jobs")
    with store.read() as db:
        assert [word for kind in KINDS for word in entries.latest(db, kind, "jobs")] == []
        assert len(entries.latest(db, "note", "jobs")) == 1
    assert list((folder / "reviews").iterdir()) == []
    settings = config.load(folder)
    told: list[tuple[int, int]] = []
    service = settings.service("jobs")
    assert hold(store, settings, service, demo.world(SETTINGS), lambda *how_far: told.append(how_far)) == 4
    assert told == [(n, 4) for n in range(5)]
    with store.read() as db:
        assert [word for kind in KINDS for word in entries.latest(db, kind, "jobs")] == before


@pytest.mark.parametrize(("weeks", "reviews"), [(1, 0), (2, 1), (4, 1), (6, 2), (10, 4)])
@pytest.mark.parametrize("seed", [7, 11])
def test_a_short_demo_says_less_and_only_of_its_own_time(weeks, reviews, seed):
    world = demo.world(demo.Settings(until=UNTIL, weeks=weeks, seed=seed))
    assert len(review_ends(world.plan)) == reviews
    said = works(world)
    assert said
    assert all(world.plan.grid.start < each.decided < UNTIL for each in said)


def verdict(store: Store, action: Action, at: datetime) -> str:
    """As the product computes it from the data."""
    with store.read() as db:
        settings = config.load(store.path.parent).service("jobs")
        line = next(each for each in watched(db, "jobs", {}) if each.address == action.address)
        seen = Window(action.started - timedelta(weeks=9), at)
        signal = signals(db, [line], seen, timedelta(hours=1), settings)[action.address]
    found = effect(signal, action.started, at, better="lower")
    return found.verdict if isinstance(found, Effect) else "too early"
