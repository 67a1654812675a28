"""Who an incident may come from: what its figures say, the deployments before it, and what is kept of the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.meeting.sections import causes
from metrics.meeting.told import decision_sentence, figures_told
from metrics.model import Entry, Event, Points, Series
from metrics.review.minutes import Topic, decision_of
from metrics.store import Store, entries
from metrics.ui.review_choices import columns, word_of
from tests.meeting import shop

REVIEW, TODAY = "2026-11-23", date(2026, 11, 23)
AGO = 49
"""Hours before the end: a Saturday, 05:00."""
HOURS = 5 * 168
CALLS, P95 = "http.server.request.count", "http.server.request.duration.p95"
BROKE = shop.event("incident", "i-1", AGO, 40)


def hourly(component: str, indicator: str, then: float, usual: float, part: str | None = None) -> Points:
    """Five weeks as usual, but for the hour in which it broke."""
    stat, unit = ("sum", "1") if indicator.endswith(".count") else ("p95", "s") if indicator == P95 else ("mean", "%")
    ts = np.datetime64(shop.UNTIL.replace(tzinfo=None), "us") - np.arange(HOURS, 0, -1) * np.timedelta64(1, "h")
    values = usual * (1 + 0.02 * (np.arange(HOURS) % 3 - 1))
    values[HOURS - AGO] = then
    return Points(Series("shop", component, indicator, stat, unit, 3600, "files", part), ts, values)


def deployed(name: str, ago: float, component: str = "web", **attrs: str) -> Event:
    told = {"environment": "production", "version": f"v-{name}"} | attrs
    return shop.event("deployment", name, ago, 20, component, told)


def topics(store: Store) -> tuple[Topic, ...]:
    with store.read() as db:
        return causes.section(shop.setting(db)).topics


def exported(folder: Path, *more: Event) -> Store:
    """The export was called twenty times as often, and all pages were slow."""
    rows = (
        hourly("web", P95, 3.0, 0.2),
        hourly("web", CALLS, 2000, 100, "/export"),
        hourly("web", CALLS, 5000, 5000, "/jobs"),
    )
    return shop.fill(folder, *rows, BROKE, *more)


def test_an_access_at_its_time_is_put_forward_before_a_deployment_that_was_only_near(tmp_path: Path):
    (topic,) = topics(exported(tmp_path, deployed("d-1", AGO + 1)))
    assert (topic.suggested, topic.tag) == ("d-1", "suspected")
    assert topic.detail[0] == "web latency p95 was 3 s, usually 204 ms at that time."
    assert topic.detail[2].startswith("Suspected: access /export – 19.6 times as many calls as usual")
    (offer,) = topic.offers
    assert (offer.label, offer.cause, offer.note, offer.is_likely) == (
        "access or traffic: /export", "traffic", "access: /export", True,
    )  # fmt: skip
    caused, none = columns(REVIEW, topic, TODAY)
    assert [each.label for each in none.options if each.is_suggested] == ["access or traffic: /export"]
    assert not any(each.is_suggested for each in caused.options)


def test_the_line_that_went_with_it_is_drawn_in_the_days_around_it(tmp_path: Path):
    (topic,) = topics(exported(tmp_path))
    assert (topic.figures[0].address, topic.extreme) == (f"web/{P95}", "highest")
    assert max(topic.curve, key=lambda each: each[1]) == (BROKE.started_at, 3.0)
    assert topic.curve[0][0] == BROKE.started_at - timedelta(days=2)
    assert max(value for _, value in topic.usual) < 0.25
    assert (topic.page, topic.query) == (
        "spikes",
        {"service": "shop", "line": f"web/{P95}", "since": "2026-11-21T05:00", "until": "2026-11-21T05:40"},
    )
    # Its week's figure says nothing of an hour.
    assert figures_told(topic) == ()


def test_where_users_felt_nothing_the_machine_is_shown(tmp_path: Path):
    down = replace(BROKE, component="db")
    rows = (hourly("db", "system.cpu.utilization", 60, 50), hourly("db", "system.memory.utilization", 20, 80))
    (topic,) = topics(shop.fill(tmp_path, *rows, down))
    assert topic.detail[0] == "db memory was 20 %, usually 81.6 % at that time."
    assert topic.extreme == "lowest"


def test_a_count_is_told_by_its_step(tmp_path: Path):
    (topic,) = topics(shop.fill(tmp_path, hourly("web", "http.server.5xx.count", 700, 10), BROKE))
    assert topic.detail[0] == "web server errors (5xx) were 700 in 60 minutes, usually 10.2 at that time."


def test_a_mending_deployment_says_more_than_figures(tmp_path: Path):
    (topic,) = topics(exported(tmp_path, deployed("d-1", AGO + 1), deployed("d-2", AGO - 0.2, kind="hotfix")))
    assert (topic.suggested, topic.tag) == ("d-1", "suspected")
    caused, none = columns(REVIEW, topic, TODAY)
    assert [each.label for each in caused.options if each.is_suggested] == ["deployment d-1"]
    # The access is still there to be chosen.
    assert (none.options[0].label, none.options[0].is_suggested) == ("access or traffic: /export", False)


def test_other_deployments_are_the_components_own_of_three_days_and_any_of_one(tmp_path: Path):
    (topic,) = topics(
        shop.fill(
            tmp_path, BROKE, deployed("linked", AGO + 1),
            deployed("own", AGO + 60), deployed("too-old", AGO + 80), replace(deployed("failed", AGO + 2), status="failed"),
            deployed("db-1", AGO + 20, "db"), deployed("db-old", AGO + 30, "db"), deployed("later", AGO - 1),
            deployed("staging", AGO + 3, environment="staging"), deployed("db-2", AGO + 10, "db"),
            deployed("db-3", AGO + 15, "db"),
        )
    )  # fmt: skip
    assert topic.suggested == "linked"
    assert [each.deployment for each in topic.offers] == ["own", "db-2", "db-3"]
    assert topic.offers[0].label == "own: v-own, 2 days before"


def test_one_that_had_not_ended_says_so(tmp_path: Path):
    (topic,) = topics(shop.fill(tmp_path, BROKE, deployed("d-1", AGO + 0.2, "db")))
    assert topic.offers[0].label == "d-1: v-d-1, under way then"


def test_a_suspected_deployment_of_elsewhere_leads(tmp_path: Path):
    db = [deployed(f"db-{n}", AGO + 0.5 + 48 * n, "db") for n in range(5)]
    rows = (hourly("web", P95, 3.0, 0.2), deployed("own", AGO + 60))
    (topic,) = topics(shop.fill(tmp_path, *rows, BROKE, *db))
    assert topic.offers[0].deployment == "db-0"


def test_what_the_incident_itself_says_is_not_told_twice(tmp_path: Path):
    down = shop.event("incident", "i-2", AGO, 40, "db", {"cause": "infra", "part": "node-3"})
    (topic,) = topics(shop.fill(tmp_path, down))
    assert topic.detail[1] == "Suspected: infrastructure db node-3 – the incident itself says so."
    assert topic.offers[0].label == "infrastructure fault: db node-3"


def test_one_that_goes_on_is_looked_at_up_to_the_review(tmp_path: Path):
    rows = (hourly("web", P95, 3.0, 0.2), hourly("web", CALLS, 2000, 100, "/export"))
    (topic,) = topics(shop.fill(tmp_path, *rows, replace(BROKE, ended_at=None)))
    assert "not over" in topic.sentence
    # Of two days one hour is too little to accuse anybody.
    assert topic.offers == ()


@pytest.mark.parametrize("label", ["access or traffic: /export", "d-2: v-d-2, 2 days before"])
def test_the_answer_is_kept_as_delivery_keeps_it(tmp_path: Path, label: str):
    store = exported(tmp_path, deployed("d-1", AGO + 1), deployed("d-2", AGO + 50))
    (topic,) = topics(store)
    option = next(each for column in columns(REVIEW, topic, TODAY) for each in column.options if each.label == label)
    key = word_of(REVIEW, topic)
    assert key == ("cause", "incident/i-1")
    word = Entry(shop.UNTIL - timedelta(minutes=1), "Ren", key[0], "shop", key[1], option.fields)
    entries.add(store, word)
    said = decision_of(word, REVIEW)
    assert said is not None
    told = decision_sentence(said, "UTC")
    (judged,) = topics(store)
    assert judged.tag == "judged"
    if "traffic" in label:
        assert told.startswith("No change caused it: access or traffic – access: /export (Ren")
        assert judged.suggested == ""
    else:
        assert told.startswith("Caused by deployment d-2 (Ren")
        assert judged.suggested == "d-2"
