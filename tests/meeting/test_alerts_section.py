"""Alerts on the agenda: what nobody has decided on, what grew, whose effect is to be looked at, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metrics.meeting.alert_pile import pile
from metrics.meeting.sections import alerts
from metrics.meeting.setting import Setting
from metrics.model import Component, Coverage, CoverageState, Entry, Event, Service, Threshold, Window
from metrics.review.minutes import Section
from metrics.review.period import Period
from metrics.store import Store, entries, write
from metrics.ui import alerts_words
from tests.meeting import shop

CPU = "system.cpu.utilization"
AT = datetime(2026, 11, 29, 15, tzinfo=UTC)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
DB = Component("shop", "db", "database", "Database", owner="infra")
SHOP = Service("shop", "Shop", "Asia/Tokyo", 0, components=(DB,))


def fired(rule: str, at: datetime, *, acted: bool = False, impact: bool = False, component: str = "db") -> Event:
    attrs = {"rule": rule, "acted": acted, "service_impact": impact}
    return Event("shop", "alert", f"{rule} {at}", at, "webhook", at, component, at + timedelta(minutes=9), "resolved",
                 rule, attrs=attrs)  # fmt: skip


def daily(rule: str, first: datetime, n: int, **more: bool) -> list[Event]:
    return [fired(rule, first + day * DAY, **more) for day in range(n)]


def keep(store: Store, events: Iterable[Event | Coverage]) -> None:
    run = write.begin_run(store, "collect", "webhook")
    write.batches(store, run, list(events))
    write.end_run(store, run, "done")


def word(
    rule: str, at: datetime, branch: str = "remove", check: str | None = None, review: str | None = None
) -> Entry:
    said = {"branch": branch, "because": "nobody acts", "review": review, "check": check}
    return Entry(at, "Ren", "rule", "shop", f"db/{rule}", said)


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder / "tomoni.duckdb")


def section(store: Store) -> Section:
    with store.read() as db:
        return alerts.section(Setting(db, SHOP, (), Window(AT - WEEK, AT), AT, "2026-11-30"))


def tags(found: Section) -> dict[str, str]:
    return {topic.subject.removeprefix("rule/db/"): topic.tag for topic in found.topics}


def test_what_nobody_has_decided_on_is_told_with_what_speaks_for_its_branch(store: Store):
    keep(store, [*daily("cpu", AT - 40 * DAY, 40), fired("errors", AT - DAY, acted=True)])
    found = section(store)
    assert tags(found) == {"cpu": "new", "errors": "new"}
    cpu, errors = found.topics
    assert cpu.sentence == ("cpu of db fired 7 times (7 before); over 13 weeks nobody acted on 40 of 40 firings")
    assert (cpu.suggested, cpu.owners, cpu.reasons) == ("remove", ("infra",), ("nobody acted on 40 of 40 firings",))
    assert cpu.detail[0] == "31 Aug – 29 Nov 2026, 40 firings:"
    assert (cpu.page, cpu.query) == ("alerts", {"service": "shop", "rule": "db/cpu"})
    assert errors.suggested == "reduce"
    assert not cpu.needs_decision


def asked(since: datetime, until: datetime, state: CoverageState) -> Coverage:
    return Coverage("shop", "db", "alert", "cloudwatch_alarms", Window(since, until), state)


def test_a_time_without_an_answer_is_no_time_without_alerts(store: Store):
    keep(store, [*daily("cpu", AT - 60 * DAY, 46), *daily("cpu", AT - 7 * DAY, 7)])
    answers = [
        asked(AT - 60 * DAY, AT - 14 * DAY, "complete"),
        asked(AT - 14 * DAY, AT - 7 * DAY, "failed"),
        asked(AT - 7 * DAY, AT, "complete"),
    ]
    keep(store, answers)
    assert section(store).topics[0].sentence.startswith("cpu of db fired 7 times (not known before); ")
    with store.read() as db:
        found = pile(db, SHOP, (), Period(Window(AT - WEEK, AT), "Asia/Tokyo"), AT)
        before = pile(db, SHOP, (), Period(Window(AT - 2 * WEEK, AT - WEEK), "Asia/Tokyo"), AT)
    assert (found.before, found.rules[0].before, found.rules[0].suggestion.grew) == (None, None, False)
    assert not found.lost
    assert before.lost == {"db": ((AT - 2 * WEEK, AT - WEEK),)}
    assert before.before == 7
    assert alerts_words.lost(before) == (
        "In 16 – 22 Nov 2026 no alerts were collected of db for 7 days: what fired then is not counted."
    )


def test_what_an_import_knew_before_the_first_question_stays_known(store: Store):
    keep(store, [*daily("cpu", AT - 60 * DAY, 60), asked(AT - 5 * DAY, AT, "complete")])
    assert section(store).topics[0].sentence.startswith("cpu of db fired 7 times (7 before); ")


def test_at_most_seven_those_with_most_firings_first(store: Store):
    keep(store, [event for n in range(9) for event in daily(f"rule-{n}", AT - 6 * DAY, 1 + n % 6)])
    found = section(store)
    assert list(tags(found)) == ["rule-5", "rule-4", "rule-3", "rule-2", "rule-8", "rule-1", "rule-7"]
    assert found.more == 2


def test_what_was_decided_needs_no_word_but_stays_in_the_review_it_was_said_in(store: Store):
    keep(store, [*daily("cpu", AT - 40 * DAY, 40), *daily("disk", AT - 40 * DAY, 40)])
    entries.add(
        store, word("cpu", AT - 10 * DAY, check="2026-12-17"), word("disk", AT - DAY, "keep", None, "2026-11-30")
    )
    found = section(store)
    assert tags(found) == {"disk": "decided"}
    assert found.topics[0].suggested == "keep"
    assert found.topics[0].detail[0] == "Ren said: keep: nobody acts."


def test_a_rule_that_grew_since_is_told_again(store: Store):
    noisy = [fired("cpu", AT - 5 * DAY + n * timedelta(hours=3), acted=True) for n in range(20)]
    keep(store, [*daily("cpu", AT - 40 * DAY, 33, acted=True), *noisy])
    entries.add(store, word("cpu", AT - 20 * DAY, "reduce"))
    found = section(store)
    assert tags(found) == {"cpu": "grew"}
    assert any("raise its priority" in each for each in found.topics[0].detail)


def test_an_effect_that_is_due_comes_first_even_of_a_rule_that_is_silent(store: Store):
    keep(store, [*daily("cpu", AT - 70 * DAY, 35), *daily("disk", AT - 3 * DAY, 3)])
    entries.add(store, word("cpu", AT - 35 * DAY, check="2026-11-23"))
    found = section(store)
    assert tags(found) == {"cpu": "check due", "disk": "new"}
    due = found.topics[0]
    assert due.sentence == "cpu of db, remove since Mon 26 Oct: not known; firings 28 before, 0 after"
    assert "Firings: 28 in the 4 weeks before, 0 in the 4 weeks after." in due.detail


def test_nothing_to_tell_says_why(store: Store):
    keep(store, [])
    assert section(store).nothing == "No alert is known: collect or import alerts, and they show here."
    keep(store, [fired("cpu", AT - 10 * DAY)])
    assert section(store).nothing == "No alert fired."
    keep(store, [fired("cpu", AT - DAY)])
    entries.add(store, word("cpu", AT - 20 * DAY))
    assert section(store).nothing == "Every rule that fired has been decided on."


def test_the_line_that_a_rule_watches_is_drawn_by_its_peaks_with_its_threshold(tmp_path: Path):
    """Half a day's mean of it would lie far below."""
    db = replace(shop.SHOP.components[1], thresholds=(Threshold(CPU, 80.0, "services/shop.yaml"),))
    store = shop.fill(
        tmp_path,
        shop.line("db", CPU, [20.0] * 642 + [90.0] + [20.0] * 29),
        shop.event("alert", "cpu-high 1", 30, component="db", attrs={"rule": "cpu-high"}),
    )
    with store.read() as reader:
        (topic,) = alerts.section(shop.setting(reader, service=replace(shop.SHOP, components=(db,)))).topics
    assert (topic.limit, topic.extreme) == (80.0, "highest")
    assert max(value for _, value in topic.curve) == 90.0
    assert topic.figures[0].address == f"db/{CPU}"
