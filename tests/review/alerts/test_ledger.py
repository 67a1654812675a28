"""The ledger of a made service: every branch of the tree, k of n, the period before, weeks, and the split."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from metrics.review.alerts.branch import branch_of, grew
from metrics.review.alerts.felt import Felt
from metrics.review.alerts.known import Known
from metrics.review.alerts.ledger import ledger, split
from metrics.review.alerts.pile import NO_FIRING, Branch, Count, Pile, Tally
from tests.review.alerts import made
from tests.review.alerts.made import END, PERIOD, SHOP, fired, firings

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
OUTAGE = END - 10 * DAY
LATENCY = Felt("web/http.server.request.duration.p95", (), ((END - 30 * DAY, END),))


@pytest.fixture(scope="module")
def pile() -> Pile:
    nights = made.nights(28)
    rows = [
        *(fired("db", "cpu-high", at, 40, acted=False, impact=False) for at in nights),
        *(fired("web", "error-log", at + timedelta(hours=9), 20, acted=True, impact=n == 0)
          for n, at in enumerate(nights[::3])),
        fired("db", "cpu-pinned", OUTAGE, 60, acted=True, impact=True, severity="critical"),
        fired("web", "latency", END - 3 * DAY, 20, acted=False, impact=True),
        fired("web", "old", END - 6 * WEEK),
    ]  # fmt: skip
    beside = made.beside(
        made.events(("db", OUTAGE, 90)),
        made.runs(*(("matching", at, 60) for at in nights)),
        [LATENCY],
        made.told(("db", "cpu", OUTAGE - 20 * DAY, OUTAGE - 5 * DAY)),
        made.watches(("db", "cpu-pinned", "cpu"), ("db", "cpu-high", "cpu")),
    )
    return ledger(firings(*rows), beside, PERIOD, SHOP, Known(END - 20 * WEEK))


def branch(pile: Pile, key: str) -> Branch | None:
    rule = pile.rule(key)
    assert rule is not None
    return rule.suggestion.branch


def test_every_branch_of_the_tree_is_told_from_the_data(pile):
    found = {rule.key: rule.suggestion.branch for rule in pile.fired}
    assert found == {
        "db/cpu-high": "remove",
        "web/error-log": "reduce",
        "db/cpu-pinned": "watch",
        "web/latency": "automate",
    }
    assert pile.rules[0].suggestion.instead == LATENCY.address


def test_the_figures_of_a_rule_are_k_of_n(pile):
    rule = pile.rule("db/cpu-high")
    assert rule is not None
    assert (rule.now.n, rule.before) == (28, 0)
    assert (rule.now.lasting, rule.now.median) == (28 * 2400.0, 2400.0)
    assert (rule.now.night, rule.now.batch, rule.now.job) == (Count(28, 28), Count(28, 28), "nightly matching")
    assert (rule.now.alone, rule.now.incident, rule.now.burst) == (Count(28, 28), Count(0, 28), Count(0, 28))
    assert sum(rule.weeks) == 28


def test_what_told_of_an_outage_is_named_with_when_it_was_told(pile):
    rule = pile.rule("db/cpu-pinned")
    assert rule is not None
    assert (rule.suggestion.foretold, rule.suggestion.told_at) == ("db cpu rises", OUTAGE - 5 * DAY)
    assert (rule.severity, rule.long.foretold) == ("critical", Count(1, 1))


def test_a_rule_that_was_silent_in_the_period_is_known_by_its_history(pile):
    rule = pile.rule("web/old")
    assert rule is not None
    assert (rule.now, rule.before, rule.long.n) == (NO_FIRING, 1, 1)
    assert rule not in pile.fired


def test_the_period_before_is_not_known_where_alerts_are_not(pile):
    young = ledger(firings(fired("db", "cpu", END - DAY)), made.beside(), PERIOD, SHOP, Known(END - 2 * DAY))
    assert young.rules[0].before is None
    assert young.rules[0].suggestion.branch is None


def test_the_split_counts_firings_and_rules_by_what_people_say_first(pile):
    found = {each.branch: each for each in split(pile, {"web/latency": "remove"})}
    assert (found["remove"].firings, found["remove"].rules, found["remove"].confirmed) == (29, 2, 1)
    assert "automate" not in found
    assert sum(each.firings for each in found.values()) == sum(rule.now.n for rule in pile.fired)


def test_the_weekly_share_of_idle_firings(pile):
    weeks = {week.start.isoformat(): week for week in pile.weeks}
    whole = weeks["2026-11-16"]
    assert (whole.n, whole.idle, whole.whole) == (10, Count(7, 10), True)
    assert not pile.weeks[0].whole
    assert sum(week.n for week in pile.weeks) == sum(rule.long.n for rule in pile.rules)


def test_without_any_firing_there_is_an_empty_ledger():
    found = ledger(firings(), made.beside(), PERIOD, SHOP, Known(None))
    assert not found.is_known
    assert ledger(firings(), made.beside(), PERIOD, SHOP, Known(END - DAY)).is_known
    assert not ledger(firings(), made.beside(), PERIOD, SHOP, Known(END)).is_known
    assert (found.rules, found.fired, split(found, {})) == ((), (), ())
    assert {week.n for week in found.weeks} == {0}


def tally(n: int, **more: object) -> Tally:
    return replace(NO_FIRING, n=n, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (tally(10, acted=Count(1, 10), acted_said=10, impact=Count(0, 10)), "remove"),
        (tally(10, acted=Count(2, 10), acted_said=10, impact=Count(4, 10)), "reduce"),
        (tally(10, impact=Count(5, 10), foretold=Count(2, 5)), "automate"),
        (tally(10, impact=Count(5, 10), foretold=Count(3, 5)), "watch"),
        # Nobody says who acted: traces have to do.
        (tally(10, acted=Count(0, 10), impact=Count(0, 10)), "remove"),
        (tally(9, acted=Count(0, 9), impact=Count(0, 9)), "reduce"),
        (tally(9, acted=Count(0, 9), impact=Count(0, 9), batch=Count(8, 9)), "remove"),
        (tally(40, acted=Count(3, 40), impact=Count(3, 40)), "reduce"),
        (tally(40, acted=Count(3, 40), impact=Count(3, 40), batch=Count(39, 40)), "remove"),
        (tally(10), None),
    ],
)
def test_the_tree(of, expected):
    assert branch_of(of, 0.1) == expected


def test_batches_that_run_all_day_explain_nothing():
    of = tally(9, acted=Count(0, 9), impact=Count(0, 9), batch=Count(8, 9))
    assert branch_of(of, 0.6) == "reduce"


@pytest.mark.parametrize(("n", "before", "rose"), [(12, 3, True), (6, 3, False), (3, None, False), (5, 0, True)])
def test_growth_is_more_than_chance(n, before, rose):
    assert grew(n, before) is rose
