"""Verdicts from the store, by planted steps; and the two sections of the agenda that people's words make."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.config import Config
from metrics.meeting.acted import with_actions
from metrics.meeting.verdicts import judged
from metrics.model import Entry, Event, Points, Series, Service
from metrics.review.actions import Action, entry
from metrics.review.judged import Judged
from metrics.review.minutes import Review
from metrics.store import Store, entries
from metrics.trends.reading import watched
from metrics.ui.review_choices import word_of
from metrics.ui.verdict_words import evidence
from tests.meeting.shop import SHOP, UNTIL, WEEK, event, fill

START = UNTIL - timedelta(weeks=5)
CPU = "system.cpu.utilization"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def cpu(step: float = 0.0, weeks: int = 13, end: datetime = UNTIL, seed: int = 1) -> Points:
    """Work hours and noise that remembers a little; from START on `step` points more."""
    n = weeks * 168
    ts = np.datetime64(end.replace(tzinfo=None), "us") - np.arange(n, 0, -1) * np.timedelta64(1, "h")
    hour = (ts.astype("datetime64[h]").astype(int)) % 24
    noise = np.random.default_rng(seed).normal(0, 2, n)
    values = 40 + 10 * ((hour >= 8) & (hour < 19)) + noise + step * (ts >= np.datetime64(START.replace(tzinfo=None)))
    return Points(Series("shop", "db", CPU, "mean", "%", 3600, "files"), ts, values)


def action(started: datetime | None = START, indicator: str = CPU, component: str = "db", **more: object) -> Action:
    given = {"check": date(2026, 11, 16), "why": "finding/f1", "why_sentence": "db CPU rose to 60 %", **more}
    return Action(
        id="a1", service="shop", what="Add an index", kind="repair", owner="infra", component=component,
        indicator=indicator, started=started, **given,  # type: ignore[arg-type]
    )  # fmt: skip


def told(store: Store, which: Action, *others: Action, service: Service = SHOP) -> Judged:
    with store.read() as db:
        return judged(db, service, watched(db, "shop", {}), which, UNTIL, others)


@pytest.mark.parametrize(("step", "verdict"), [(-12.0, "improved"), (12.0, "worse"), (0.0, "no visible effect")])
def test_a_planted_step_is_judged(tmp_path, step, verdict):
    found = told(fill(tmp_path, cpu(step)), action())
    assert found.verdict == verdict
    assert found.effect is not None
    assert found.effect.after - found.effect.before == pytest.approx(step, abs=1)
    assert found.effect.weeks == 5


def test_the_evidence_has_the_numbers_and_the_target(tmp_path):
    store = fill(tmp_path, cpu(-12))
    first, second, *_ = evidence(told(store, action(target=35.0)), "UTC")
    assert "% before" in first
    assert "5 weeks on each side" in first
    assert second.startswith("The target of 35 % is reached: 32.")
    assert of_target(told(store, action(target=20.0))).startswith("The target of 20 % is not reached: ")


def of_target(found: Judged) -> str:
    return next(each for each in evidence(found, "UTC") if each.startswith("The target"))


def test_a_target_is_reached_on_the_indicators_better_way(tmp_path):
    # It was below its target before, rose, and is below it still: less of it is better.
    found = told(fill(tmp_path, cpu(12)), action(target=90.0))
    assert found.better == "lower"
    assert of_target(found).startswith("The target of 90 % is kept, as it was before the start: ")
    assert of_target(replace(found, better="higher")).startswith("The target of 90 % is not reached: ")
    assert of_target(replace(found, lately=None)) == "The target of 90 % is kept, as it was before the start."


def test_a_target_is_missed_by_a_line_that_rose_beyond_it_whatever_the_mean_since_the_start(tmp_path):
    line = cpu()
    since = np.clip((line.ts - np.datetime64(START.replace(tzinfo=None))) / np.timedelta64(1, "W"), 0, None)
    found = told(fill(tmp_path, Points(line.series, line.ts, line.values + 8 * since)), action(target=70.0))
    assert found.effect is not None
    assert found.effect.after < 70.0
    assert re.fullmatch(
        r"The target of 70 % is missed, though it was kept before the start: 8\d(\.\d)? % in the newest week, "
        r"7\d(\.\d)? % in the one before\.",
        of_target(found),
    )


def test_two_weeks_are_the_least(tmp_path):
    store = fill(tmp_path, cpu())
    found = told(store, action(UNTIL - 9 * DAY))
    assert found.verdict == "too early"
    assert any(each.startswith("9 days of 14 have passed") for each in evidence(found, "UTC"))


def test_what_was_begun_after_the_newest_data_is_not_told_as_not_started(tmp_path):
    found = told(fill(tmp_path, cpu()), action(UNTIL + 3 * HOUR))
    assert (found.verdict, found.lack) == ("too early", "newer")
    assert evidence(found, "UTC") == ("It was started after the newest data: there is nothing to compare yet.",)


def test_what_can_be_said_on_few_days_is_of_the_same_weekdays_and_hours_before(tmp_path):
    # Ten points more by day: the hours of one night beside a whole week would be a fall.
    store = fill(tmp_path, cpu(weeks=3))
    rough = told(store, action(UNTIL - 6 * HOUR)).rough
    assert rough is not None
    assert rough.before == pytest.approx(rough.after, abs=2)
    assert (rough.days_before, rough.days_after) == (1, 1)
    # Three days after beside the same three before, by the clock of where the service is.
    store = fill(tmp_path / "young", cpu(weeks=1))
    young = told(store, action(UNTIL - 3 * DAY)).rough
    assert young is None


def test_a_line_that_was_never_there_or_ended_before(tmp_path):
    store = fill(tmp_path, cpu(end=START - 10 * DAY))
    assert (told(store, action()).verdict, told(store, action()).lack) == ("too early", "days")
    gone = told(store, action(indicator="system.memory.utilization"))
    assert (gone.verdict, gone.lack) == (None, "line")
    none = told(store, replace(action(), indicator=""))
    assert (none.verdict, none.lack) == (None, "indicator")
    assert (told(store, action(None)).verdict, told(store, action(None)).lack) == ("too early", "start")


def test_as_many_weeks_on_each_side_where_a_line_ended_since(tmp_path):
    found = told(fill(tmp_path, cpu(-12, end=UNTIL - 12 * DAY)), action())
    assert found.effect is not None
    # It was measured for 23 days after the start: 28 days before would be another stretch than what is after.
    assert (found.verdict, found.effect.weeks) == ("improved", 3)
    early = told(fill(tmp_path / "early", cpu(-12, end=UNTIL - 26 * DAY)), action())
    assert (early.lack, early.days) == ("days", 9)


def test_what_happens_twice_a_week_is_told_without_a_verdict(tmp_path):
    every = cpu(-12)
    rare = np.isin(np.arange(len(every.ts)) % 168, (3, 75))
    store = fill(tmp_path, Points(every.series, every.ts[rare], every.values[rare]))
    found = told(store, action())
    assert found.lack == "days"
    assert found.rough is not None
    assert (found.rough.days_before, found.rough.days_after) == (10, 10)
    assert found.rough.after - found.rough.before == pytest.approx(-12, abs=3)


def test_another_deployment_of_the_component_on_the_day_confounds(tmp_path):
    hours = (UNTIL - START) / timedelta(hours=1)
    mine = event("deployment", "d1", hours - 7, component="db")
    assert told(fill(tmp_path / "1", cpu(-12), mine), action()).verdict == "confounded"
    theirs = event("deployment", "d2", hours - 7, component="web")
    assert told(fill(tmp_path / "2", cpu(-12), theirs), action()).verdict == "improved"
    own = event("deployment", "d3", hours + 0.5, component="db")
    assert told(fill(tmp_path / "3", cpu(-12), own), action()).verdict == "improved"


def test_only_what_reached_production_confounds_and_what_names_no_component_may_be_of_any(tmp_path):
    hours = (UNTIL - START) / timedelta(hours=1)
    staged = event("deployment", "d1", hours - 7, component="db", attrs={"environment": "staging"})
    assert told(fill(tmp_path / "1", cpu(-12), staged), action()).others == ()
    failed = replace(event("deployment", "d2", hours - 7, component="db"), status="failure")
    assert told(fill(tmp_path / "2", cpu(-12), failed), action()).others == ()
    whole = replace(event("deployment", "d3", hours - 7), component=None)
    assert told(fill(tmp_path / "3", cpu(-12), whole), action()).verdict == "confounded"


def test_another_action_of_the_component_on_the_day_confounds(tmp_path):
    store = fill(tmp_path, cpu(-12))
    other = replace(action(START + timedelta(hours=5)), id="a2")
    assert told(store, action(), other).verdict == "confounded"
    assert told(store, action(), replace(other, dropped="never done")).verdict == "improved"
    assert told(store, action(), replace(other, component="web")).verdict == "improved"


def test_a_demand_that_rose_is_not_why_the_line_fell(tmp_path):
    line = cpu(-12)
    hours = np.arange(len(line.ts))
    busy = 1 + 2 * ((hours - hours[-1] + 5) % 24 >= 8) * ((hours - hours[-1] + 5) % 24 < 19)
    by_day = np.exp(np.random.default_rng(2).normal(0, 0.1, len(hours) // 24 + 1))[hours // 24]
    follows = 1000 * busy * by_day * (1 + 0.05 * hours / 168)
    demand = Points(Series("shop", "web", "http.server.request.count", "sum", "1", 3600, "files"), line.ts, follows)
    service = replace(SHOP, demand=("web/http.server.request.count",))
    found = told(fill(tmp_path, line, demand), action(), service=service)
    assert found.verdict == "improved"
    codes = {reason.code for reason in found.effect.reasons} if found.effect else set()
    assert "demand_against" in codes


def test_a_neutral_line_needs_a_target(tmp_path):
    line = cpu()
    count = Points(
        Series("shop", "web", "http.server.request.count", "sum", "1", 3600, "files"), line.ts, line.values
    )
    store = fill(tmp_path, count)
    bare = action(component="web", indicator="http.server.request.count")
    assert (told(store, bare).verdict, told(store, bare).lack) == (None, "direction")
    aimed = told(store, replace(bare, target=20.0))
    assert aimed.verdict == "no visible effect"
    assert "an hour before" in evidence(aimed, "UTC")[0]


# the agenda ---------------------------------------------------------------------------------------------------


def review(**more: object) -> Review:
    return Review("2026-11-23", "shop", "Shop", "UTC", WEEK.start, WEEK.end, UNTIL, **more)  # type: ignore[arg-type]


def prepared(store: Store, folder: Path, held: Review | None = None) -> Review:
    return with_actions(
        store, Config(folder, (SHOP,), (), collect_in_app=False, every=DAY), SHOP, held or review(), UNTIL
    )


def spoken(tmp_path: Path, *words: Entry, rows: tuple[Points | Event, ...] = ()) -> Store:
    store = fill(tmp_path, *(rows or (cpu(-12),)))
    entries.add(store, *words)
    return store


def test_what_is_due_comes_with_its_verdict_and_what_is_open_after_it(tmp_path):
    at = UNTIL - 30 * DAY
    later = replace(action(UNTIL - 3 * DAY), id="a2", what="Cache it", check=date(2026, 12, 20))
    new = replace(action(None), id="a3", what="Watch it", check=date(2026, 12, 21), review="2026-11-23")
    new = replace(new, part="/export", target=50.0)
    gone = replace(action(), id="a4", dropped="not worth it")
    store = spoken(tmp_path, *(entry(each, at, "Mika") for each in (action(), later, new, gone)))
    found = prepared(store, tmp_path)
    due, still_open = found.section("verdicts").topics
    assert (due.subject, due.tag, due.suggested) == ("action/a1", "improved", "improved")
    assert due.sentence.startswith("Add an index: ")
    assert "Why: db CPU rose to 60 %" in due.detail
    assert len(due.curve) > 50
    assert due.started == START
    assert due.figures[0].value == pytest.approx(due.figures[0].before - 12, abs=1)
    assert (still_open.subject, still_open.tag, still_open.suggested) == ("action/a2", "still open", "")
    (written,) = found.section("actions").topics
    assert written.subject == "action/a3"
    assert written.detail[-1] == "Judged by db /export CPU, target 50 %."


def test_a_verdict_is_shown_in_the_review_that_said_it_and_then_no_more(tmp_path):
    at = UNTIL - 30 * DAY
    here = Entry(at, "Ren", "verdict", "shop", "a1", {"verdict": "improved", "review": "2026-11-23"})
    store = spoken(tmp_path, entry(action(), at, "Mika"), here)
    assert [topic.subject for topic in prepared(store, tmp_path).section("verdicts").topics] == ["action/a1"]
    entries.add(store, replace(here, said={"verdict": "improved", "review": "2026-11-16"}))
    assert prepared(store, tmp_path).section("verdicts").topics == ()
    # Too early is asked again.
    entries.add(store, replace(here, said={"verdict": "too early", "review": "2026-11-16"}))
    assert len(prepared(store, tmp_path).section("verdicts").topics) == 1


def test_what_was_judged_between_two_reviews_is_told_and_asks_nothing(tmp_path):
    at = UNTIL - 3 * DAY
    said = {"verdict": "no visible effect", "computed": "improved", "because": "it was the holiday"}
    word = Entry(at, "Ren", "verdict", "shop", "a1", said)
    store = spoken(tmp_path, entry(action(), at, "Mika"), word)
    (topic,) = prepared(store, tmp_path).section("verdicts").topics
    assert topic.sentence == ("Add an index: no visible effect, judged by Ren on Fri 20 Nov: it was the holiday")
    assert topic.tag == "judged"
    assert "% before" in topic.detail[0]
    assert word_of("2026-11-23", topic) is None
    entries.add(store, replace(entry(replace(action(), indicator=""), at, "Mika"), at=at + HOUR))
    (bare,) = prepared(store, tmp_path).section("verdicts").topics
    assert bare.detail == ("Why: db CPU rose to 60 %",)
    # The review before this one has told it already.
    told = spoken(tmp_path / "told", entry(action(), at, "Mika"), replace(word, at=WEEK.start - DAY))
    assert prepared(told, tmp_path).section("verdicts").topics == ()


def test_what_is_under_way_tells_how_it_stands_so_far(tmp_path):
    begun = replace(action(UNTIL - 9 * DAY), check=date(2026, 12, 20))
    rare = replace(begun, id="a2", indicator="system.memory.utilization")
    every = cpu()
    which = np.isin(np.arange(len(every.ts)) % 168, (3, 75))
    memory = Points(
        replace(every.series, indicator="system.memory.utilization"), every.ts[which], every.values[which]
    )
    words = (entry(each, UNTIL - 9 * DAY, "Mika") for each in (begun, rare, replace(rare, id="a3", indicator="")))
    one, two, none = prepared(spoken(tmp_path, *words, rows=(every, memory)), tmp_path).section("verdicts").topics
    assert "verdict due Sun 20 Dec): so far " in one.sentence
    assert "9 days since the start" in one.sentence
    assert re.search(r": so far [\d.]+ % on 2 days, [\d.]+ % on 2 before$", two.sentence)
    assert none.sentence.endswith("verdict due Sun 20 Dec)")


def test_nothing_that_was_said_later_and_nothing_in_a_closed_review(tmp_path):
    store = spoken(tmp_path, entry(action(), UNTIL + DAY, "Mika"))
    assert prepared(store, tmp_path).section("verdicts").nothing == "No action has been written down yet."
    closed = review(closed_at=datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert prepared(store, tmp_path, closed) is closed
