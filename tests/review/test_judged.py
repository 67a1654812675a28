"""What came of actions, by values: states, what asks for somebody first, and words that are kept and read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from metrics.model import Entry
from metrics.review.action_months import by_kind, by_verdict, merged
from metrics.review.actions import Action
from metrics.review.judged import Accepted, Judged, accepted, accepted_of, by_urgency, fields, state, wanted

NOW = datetime(2026, 11, 29, 5, tzinfo=UTC)
TODAY = date(2026, 11, 29)


def action(name: str = "a1", check: date = TODAY, kind: str = "repair", **more: object) -> Action:
    return Action(name, "jobs", f"do {name}", kind, "", "", "dev", check, **more)  # type: ignore[arg-type]


def verdict(name: str, at: datetime = NOW, by: str = "Mika", computed: str = "") -> Accepted:
    return Accepted(name, by, at, computed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "said", "expected"),
    [
        ({}, None, "due"),
        ({"check": date(2026, 11, 30)}, None, "not started"),
        ({"check": date(2026, 11, 30), "started": NOW}, None, "under way"),
        ({"check": date(2026, 11, 30), "started": NOW, "done": NOW}, None, "done"),
        ({"started": NOW, "done": NOW}, None, "due"),
        ({}, "improved", "judged"),
        ({}, "too early", "due"),
        ({"dropped": "not worth it"}, "improved", "dropped"),
    ],
)
def test_where_an_action_stands(changed, said, expected):
    assert state(replace(action(), **changed), verdict(said) if said else None, TODAY) == expected


def test_the_oldest_due_one_is_first_and_what_is_over_last():
    every = [
        action("later", TODAY + timedelta(days=9)),
        action("judged", TODAY - timedelta(days=40)),
        action("due", TODAY),
        action("overdue", TODAY - timedelta(days=5)),
        action("soon", TODAY + timedelta(days=2)),
        action("dropped", TODAY - timedelta(days=2), dropped="no"),
    ]
    ordered = by_urgency(every, {"judged": verdict("worse")}, TODAY)
    assert [each.id for each in ordered] == ["overdue", "due", "soon", "later", "dropped", "judged"]


def test_a_verdict_is_read_as_it_was_kept():
    judged = Judged(action=action(), as_of=NOW, lack="start")
    said = fields("improved", judged, "the disk stays empty", "2026-11-29")
    word = Entry(NOW, "Mika", "verdict", "jobs", "a1", said)
    found = accepted([word])["a1"]
    assert (found.verdict, found.computed, found.because) == ("improved", "too early", "the disk stays empty")
    assert found.review == "2026-11-29"
    assert found.is_overruled
    assert found.is_final
    assert found.before is None
    assert said["unit"] is None
    assert accepted_of(replace(word, said=None)) is None
    assert accepted_of(replace(word, said={"verdict": "splendid"})) is None


@pytest.mark.parametrize(
    ("better", "target", "before", "expected"),
    [
        ("lower", 90.0, 50.0, "lower"),
        ("neutral", 40.0, 50.0, "lower"),
        ("neutral", 60.0, 50.0, "higher"),
        ("neutral", None, 50.0, "neutral"),
        ("neutral", 60.0, None, "neutral"),
    ],
)
def test_the_target_says_which_way_is_better_where_the_line_does_not(better, target, before, expected):
    assert wanted(action(target=target), better, before) == expected


def test_months_count_by_the_services_clock_and_leave_none_out():
    # 15:30 on 31 August in London is September already in Tokyo.
    begun = {"a": datetime(2026, 8, 31, 15, 30, tzinfo=UTC), "b": datetime(2026, 11, 2, tzinfo=UTC)}
    months = by_kind([action("a"), action("b", kind="prevention"), action("unknown")], begun, "Asia/Tokyo")
    assert [month.start for month in months] == [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    assert [month.n for month in months] == [1, 0, 1]
    assert months[0].share("repair") == 1.0
    assert months[1].share("repair") is None


def test_merged_changes_leave_features_out():
    at = datetime(2026, 12, 5, tzinfo=UTC)
    months = merged([(at, "early_detection"), (at, "feature"), (at, "repair"), (NOW, "repair")], "UTC")
    assert [(month.start.month, dict(month.counts)) for month in months] == [
        (11, {"prevention": 0, "detection": 0, "repair": 1}),
        (12, {"prevention": 0, "detection": 1, "repair": 1}),
    ]
    assert merged([], "UTC") == ()


def test_verdicts_count_when_they_were_said():
    (month,) = by_verdict({"a": verdict("improved"), "b": verdict("too early")}, "UTC")
    assert (month.counts["improved"], month.counts["too early"], month.counts["worse"]) == (1, 1, 0)
