"""What can be said of a topic, and what was said of it last time, by values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from metrics.meeting.told import decision_sentence, reason_of
from metrics.model import Entry
from metrics.review.minutes import Decision, Figure, Offer, Topic, decision_of
from metrics.ui.review_choices import columns, last_time, repeated, word_of
from tests.meeting.made import AT, disposition

NOW, TODAY = "2026-11-29", date(2026, 11, 29)
MOVED = Topic("finding/f1", "moved", "CPU +4 points", reasons=("access: /export", "batch: nightly"))
RULE = Topic("rule/db/cpu-high", "alerts", "cpu-high fired", suggested="remove", reasons=("nobody acts",))
CAUSE = Topic("incident/i-1", "causes", "pages slow", suggested="deploy-7")
VERDICT = Topic("action/abc123", "verdicts", "indexes added", suggested="improved")


def labels(topic: Topic) -> dict[str, list[str]]:
    return {column.way: [option.label for option in column.options] for column in columns(NOW, topic, TODAY)}


def test_each_topic_is_decided_by_the_word_of_its_kind():
    assert word_of(NOW, MOVED) == ("disposition", "2026-11-29/finding/f1")
    assert word_of(NOW, RULE) == ("rule", "db/cpu-high")
    assert word_of(NOW, CAUSE) == ("cause", "incident/i-1")
    assert word_of(NOW, VERDICT) == ("verdict", "abc123")
    assert word_of(NOW, replace(VERDICT, section="actions")) is None
    assert word_of(NOW, Topic("hole/db/cpu", "coverage", "")) == ("disposition", "2026-11-29/hole/db/cpu")


def test_what_moved_is_explained_by_its_suspects_first():
    found = labels(MOVED)
    assert found["explained"][:2] == ["access: /export", "batch: nightly"]
    assert found["explained"][-1] == found["ignored"][-1] == "In my own words"
    assert found["investigate"] == ["Investigate"]
    first = columns(NOW, MOVED, TODAY)[0].options[0]
    assert first.fields == {"outcome": "explained", "because": "access: /export"}
    assert first.is_suggested
    # Without a suspect nothing is suggested, for a reason that fits everything explains nothing.
    assert not any(each.is_suggested for each in columns(NOW, replace(MOVED, reasons=()), TODAY)[0].options)


def test_a_hole_is_filled_or_left_and_nothing_explains_it():
    hole = Topic("hole/db/cpu", "coverage", "never collected", reasons=("collect it",))
    collect, left = columns(NOW, hole, TODAY)
    assert (collect.way, left.way) == ("investigate", "ignored")
    assert [each.label for each in collect.options] == ["Collect it"]
    assert collect.asks_owner
    assert [(each.fields["because"], each.needs_words) for each in left.options[:-1]] == [
        ("known and accepted", False), ("another indicator shows the same", False), ("not applicable", True),
    ]  # fmt: skip
    # Who was asked for it last time may have done it.
    assert labels(replace(hole, section="verdicts"))["explained"] == ["it is collected now"]
    said = Decision(hole.subject, "investigate", "Ren", AT, owner="Infra", due=TODAY)
    assert decision_sentence(said, "UTC").startswith("To collect, by Infra, until Sun 29 Nov (Ren")
    never = Decision(hole.subject, "ignored", "Ren", AT, "not applicable; it has no disk")
    assert decision_sentence(never, "UTC").startswith("Left as it is: not applicable; it has no disk (Ren")


def test_an_alerts_branch_is_looked_at_again_in_four_weeks():
    first, rest = columns(NOW, RULE, TODAY)
    assert first.options[0].fields == {
        "branch": "remove", "because": "nobody acts", "review": NOW, "check": "2026-12-27",
    }  # fmt: skip
    assert {each.fields["branch"] for each in rest.options} == {"reduce", "automate", "watch", "keep"}
    (only,) = columns(NOW, replace(RULE, suggested=""), TODAY)
    assert len(only.options) == 5


def test_a_cause_is_its_suspect_or_no_change():
    caused, none = columns(NOW, CAUSE, TODAY)
    assert caused.options[0].fields == {"deployment": "deploy-7", "cause": None, "review": NOW}
    assert caused.options[0].is_suggested
    # What only ended shortly before is offered, but not put forward.
    assert not columns(NOW, replace(CAUSE, tag="near in time"), TODAY)[0].options[0].is_suggested
    assert [each.label for each in none.options][2] == "access or traffic"
    assert [each.fields["cause"] for each in none.options] == ["infrastructure", "quota", "traffic", "other"]
    assert len(columns(NOW, replace(CAUSE, suggested=""), TODAY)) == 1


def test_whom_the_data_names_is_offered_first_and_only_one_is_put_forward():
    access = Offer("access or traffic: /export", cause="traffic", note="access: /export", is_likely=True)
    topic = replace(CAUSE, tag="suspected", offers=(Offer("deploy-6: 1.2, a day before", "deploy-6"), access))
    caused, none = columns(NOW, topic, TODAY)
    assert [each.fields["deployment"] for each in caused.options] == ["deploy-7", "deploy-6"]
    assert none.options[0].fields == {
        "deployment": None, "cause": "traffic", "review": NOW, "note": "access: /export",
    }  # fmt: skip
    assert [each.fields["cause"] for each in none.options] == ["traffic", "infrastructure", "quota", "other"]
    assert [each.label for each in (*caused.options, *none.options) if each.is_suggested] == [access.label]


def test_a_verdict_is_overruled_only_with_a_reason():
    accept, overrule = columns(NOW, VERDICT, TODAY)
    assert accept.options[0].fields == {"verdict": "improved", "computed": "improved", "review": NOW}
    assert not accept.options[0].needs_words
    assert len(overrule.options) == 4
    assert all(each.needs_words and each.typed == "because" for each in overrule.options)


def test_a_verdict_keeps_the_numbers_that_were_seen():
    levels = Figure("pipeline/deploy.duration", "s", AT, AT + timedelta(weeks=4), 3600.0, 7000.0)
    accept, _ = columns(NOW, replace(VERDICT, started=AT, figures=(levels,)), TODAY)
    kept = accept.options[0].fields
    assert (kept["before"], kept["after"], kept["unit"]) == ("7000.0", "3600.0", "s")
    # Those of the review's own two periods are another comparison.
    other = replace(levels, since=AT - timedelta(weeks=1))
    assert "before" not in columns(NOW, replace(VERDICT, started=AT, figures=(other,)), TODAY)[0].options[0].fields


def test_last_time_is_the_newest_review_before_this_one():
    words = [
        replace(disposition("finding/f1", "explained", because=day), subject=f"{day}/finding/f1")
        for day in ("2026-11-15", "2026-11-22", "2026-11-29", "2026-12-06")
    ]
    before = last_time(words, NOW, MOVED)
    assert before is not None
    assert before.because == "2026-11-22"
    assert last_time(words, "2026-11-15", MOVED) is None
    assert last_time(words, NOW, Topic("finding/f2", "moved", "")) is None


def test_what_was_said_of_a_rule_elsewhere_is_last_time_too():
    on_alerts = Entry(AT, "Ren", "rule", "jobs", "db/cpu-high", {"branch": "reduce", "because": None, "review": None})
    before = last_time([on_alerts], NOW, RULE)
    assert before is not None
    assert (before.outcome, before.by) == ("reduce", "Ren")
    here = replace(on_alerts, said={"branch": "reduce", "review": NOW})
    assert last_time([here], NOW, RULE) is None


def test_the_same_again_gets_another_week_to_look_into_it():
    looked = Decision("finding/f1", "investigate", "Ren", AT, owner="Infra", due=date(2026, 11, 22))
    same = repeated(looked, TODAY)
    assert same is not None
    assert same.fields == {"outcome": "investigate", "because": None, "owner": "Infra", "due": "2026-12-06"}
    assert repeated(replace(looked, outcome="remove"), TODAY) is None


def test_an_action_that_is_under_way_asks_nothing():
    waiting = replace(VERDICT, suggested="", tag="still open")
    assert word_of(NOW, waiting) is None
    assert columns(NOW, waiting, TODAY) == ()
    # One that is due and that no data can judge is judged by a person, who says why.
    (only,) = columns(NOW, replace(VERDICT, suggested="", tag="to be judged"), TODAY)
    assert len(only.options) == 5
    assert all(each.needs_words and each.fields["computed"] is None for each in only.options)


def test_what_else_than_a_change_it_was_is_told_as_its_button_has_it():
    word = Entry(
        AT, "Ren", "cause", "jobs", "incident/i-1", {"deployment": None, "cause": "infrastructure", "review": NOW}
    )
    said = decision_of(word, NOW)
    assert said is not None
    assert decision_sentence(said, "UTC").startswith("No change caused it: infrastructure fault (Ren")
    # A reason in somebody's own words stays theirs.
    assert reason_of(replace(said, outcome="explained", because="traffic")) == "traffic"
