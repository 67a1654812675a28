"""The Alerts page's words, tree, chart and table from a made ledger: each says what the ledger says, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from metrics.model import Entry, Window
from metrics.review.alerts.check import Checked, Ruled, Unseen
from metrics.review.alerts.known import Known
from metrics.review.alerts.ledger import ledger, split
from metrics.review.alerts.pile import Count, Pile, Rule
from metrics.ui import alerts_charts, alerts_words
from metrics.ui.alerts_tree import tree
from tests.review.alerts import made
from tests.review.alerts.made import END, PERIOD, SHOP, fired, firings

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def pile() -> Pile:
    nights = made.nights(28)
    rows = [
        *(fired("db", "cpu", at, 40, acted=False, impact=False) for at in nights),
        *(
            fired("web", "log", at + timedelta(hours=9), 20, acted=True, impact=n == 0)
            for n, at in enumerate(nights[::7])
        ),
        fired("web", "<b>", END - DAY),
    ]
    beside = made.beside(None, made.runs(*(("matching", at, 60) for at in nights)))
    return ledger(firings(*rows), beside, PERIOD, SHOP, Known(END - 20 * WEEK))


def rule(pile: Pile, key: str) -> Rule:
    found = pile.rule(key)
    assert found is not None
    return found


def test_the_sentence_counts_what_nobody_acted_on_and_what_is_to_be_decided(pile):
    assert alerts_words.how_it_was(pile, {"db/cpu": "remove"}, service="Shop") == (
        "Shop, 2 – 30 Nov 2026: **33 alerts** of 3 rules, **28 of 32 without any action** and 2 rules to decide on. "
        "The period before: 0."
    )
    silent = replace(pile, rules=())
    assert alerts_words.how_it_was(silent, {}, service="Shop") == (
        "Shop, 2 – 30 Nov 2026: **no alert** is known. The period before: 0."
    )
    unknown = replace(silent, known_since=None)
    assert alerts_words.how_it_was(unknown, {}, service="Shop") == (
        "Shop, 2 – 30 Nov 2026: **alerts are not known of this time**."
    )
    every = dict.fromkeys(("db/cpu", "web/log", "web/<b>"), "keep")
    assert "every rule has been decided on" in alerts_words.how_it_was(pile, every, service="Shop")


def test_why_says_what_speaks_for_the_branch(pile):
    assert alerts_words.why(rule(pile, "db/cpu")) == (
        "nobody acted on 28 of 28 firings; 28 of 28 while nightly matching ran"
    )
    assert alerts_words.why(rule(pile, "web/log")) == "somebody acted on 4 of 4 firings; it hit users in 1 of 4"
    unknown = alerts_words.why(rule(pile, "web/<b>"))
    assert unknown.startswith("whether anybody acted is not known")


def test_evidence_never_makes_0_of_what_is_not_known(pile):
    told = "\n".join(alerts_words.evidence(rule(pile, "web/<b>"), pile))
    assert "With an incident of web: not known; with one of another component: not known." in told
    assert "Users felt something (latency or errors beyond the threshold): not known." in told
    assert "over without anybody acting: not known" in told
    assert "Whether it hit users is not known." in told
    told = "\n".join(alerts_words.evidence(rule(pile, "db/cpu"), pile))
    assert "While a batch ran: 28 of 28, mostly nightly matching; batches run 4.3 % of the time." in told
    assert "At night (22–06 h): 28 of 28; in bursts (within an hour of another): 0 of 28" in told
    assert "It was on for 18.7 h in all, half of the times for less than 40 min." in told


def test_growth_asks_for_a_higher_priority(pile):
    grown = rule(pile, "web/log")
    grown = replace(grown, before=1, suggestion=replace(grown.suggestion, grew=True))
    told = alerts_words.evidence(grown, pile)
    assert "Fires clearly more often than in the period before (4 after 1): raise its priority." in told


def test_a_word_has_a_check_date_four_weeks_on_and_is_told_with_its_reasons():
    fields = alerts_words.fields("remove", "nobody acts", TODAY, note="agreed with *Ren*")
    assert fields == {
        "branch": "remove", "because": "nobody acts", "note": "agreed with *Ren*", "review": None, "check": "2026-12-27",
    }  # fmt: skip
    word = Entry(datetime(2026, 11, 29, tzinfo=UTC), "Mika", "rule", "shop", "db/a/b", fields)
    assert alerts_words.tell(word) == "remove: agreed with *Ren*; nobody acts"
    assert alerts_words.ruled_of(word) == Ruled("db", "a/b", "remove", word.at, date(2026, 12, 27))
    assert alerts_words.tell(replace(word, said=None)) == "took it back"
    assert alerts_words.ruled_of(replace(word, said={"branch": "burn"})) is None
    assert alerts_words.check_date(replace(word, said={"branch": "keep", "check": "soon"})) is None


def checked(**more: object) -> tuple[str, ...]:
    ruled = Ruled("db", "cpu", "remove", END - 5 * WEEK, (END - WEEK).date())
    found = Checked(
        outcome="safe", before=Window(END - 9 * WEEK, END - 5 * WEEK), after=Window(END - 5 * WEEK, END - WEEK),
        fired_before=28, fired_after=0, came_with=Count(1, 3), incidents=0, blind=0, unseen=(), would_show=True,
        harm_with=Count(0, 4), harm=2, harm_unseen=0,
    )  # fmt: skip
    return alerts_words.checked(replace(found, **more), ruled, is_over=True)  # type: ignore[arg-type]


def test_what_came_of_a_disposition_says_by_which_rule_an_incident_would_have_shown():
    assert checked() == (
        "Firings: 28 in the 4 weeks before, 0 in the 4 weeks after.",
        "No incident of db since.",
        "No time since at which users felt something without any alert.",
    )
    unseen = (Unseen("i1", "down", END - 3 * WEEK, None),)
    assert checked(incidents=2, unseen=unseen)[1] == (
        "2 incidents of db since, 1 without any alert that this rule would have shown: it fired with 1 of 3 of them in "
        "the half-year before."
    )
    assert (
        "would hardly have shown them: it fired with 0 of 3"
        in checked(incidents=2, unseen=unseen, came_with=Count(0, 3), would_show=False)[1]
    )
    assert checked(incidents=1)[1] == "1 incident of db since; an alert fired at each of them."
    assert "not known" in checked(incidents=None)[1]
    assert "not known in the 4 weeks before" in checked(fired_before=None)[0]
    assert "not known in the 4 weeks after" in checked(fired_after=None)[0]
    blind = "1 incident of db since, while its alerts were not collected: whether any fired is not known."
    assert checked(blind=1)[1] == blind
    assert checked(incidents=1, blind=1)[1:3] == ("1 incident of db since; an alert fired at each of them.", blind)
    assert "1 of 2 times since at which users felt something passed without any alert" in checked(harm_unseen=1)[2]


def test_the_tree_has_a_tile_a_branch_that_leads_to_its_rules(pile):
    html = tree(split(pile, {"web/log": "keep"}), {"period": "4w"}, "remove")
    assert html.count("<a ") == 6  # the four of the tree, what somebody said, and what nobody can tell
    assert "28</span>" in html
    assert "alerts · 85 % · 1 rule, 0 confirmed" in html
    assert "alerts · 12 % · 1 rule, 1 confirmed" in html
    assert "alerts · 0 % · 0 rules<" in html
    # The tile that is chosen leads back to all.
    assert "href='?period=4w' target='_self' style='border-top-color: #b455a0' aria-current='true'" in html
    assert "href='?period=4w&amp;branch=reduce'" in html


def test_the_weekly_line_is_k_of_n_and_hollow_where_a_week_is_not_whole(pile):
    figure = alerts_charts.idle(pile.weeks, pile.history, "Asia/Tokyo")
    (line,) = figure["data"]
    assert len(line["x"]) == 5  # weeks without an alert have no point, and none at 0
    whole = line["x"].index("2026-11-19T12:00:00")
    assert (line["y"][whole], line["text"][whole]) == (87.5, "week of Mon 16 Nov: 88 %, 7 of 8")
    assert line["marker"]["symbol"] == ["circle"] * 4 + ["circle-open"]
