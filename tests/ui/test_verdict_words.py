"""Verdicts in words: what a reason says of its values."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from metrics.analysis.effect import Effect, Reason
from metrics.review.actions import Action
from metrics.review.judged import Judged
from metrics.ui.verdict_words import evidence

AT = datetime(2026, 11, 2, 20, tzinfo=UTC)
ACTION = Action("a1", "shop", "Add an index", "repair", "", "", "infra", date(2026, 11, 30))


def told(reason: Reason) -> str:
    effect = Effect(
        since=AT, until=AT, before=2.0, after=1.0, certainty=0.9, effect=-1.0, low=-2.0, high=0.0, weeks=2,
        verdict="improved", reasons=(reason,), changed_at=None, is_per_demand=False, profile_before=(),
        profile_after=(),
    )  # fmt: skip
    return evidence(Judged(action=ACTION, as_of=AT, effect=effect), "Asia/Tokyo")[-1]


@pytest.mark.parametrize(
    ("code", "values", "sentence"),
    [
        ("step_then", {"at": AT, "likely": 0.8}, "stepped about the start, from Tue 3 Nov on (80 % likely)."),
        ("no_step", {"likely": 0.999}, "differ anyway (more than 99 % likely no step)."),
        ("fixed_part", {"demand_share": -0.2, "share": 0.5}, "50 % of it does not follow the demand, which moved by −20 %"),
        ("too_early", {"days": 1, "needed": 14}, "1 day of 14 has passed since the start: too early to tell."),
        ("others_then", {"count": 2, "at": AT}, "2 other changes of this component in the same days, the nearest on Tue 3"),
    ],
)  # fmt: skip
def test_a_reason_says_its_values_by_the_services_clock(code, values, sentence):
    assert sentence in told(Reason(code, values))
