"""docs/alerts.md says what the code does: every branch and outcome, each number, and the examples."""

from __future__ import annotations

from datetime import timedelta
from math import sqrt
from typing import get_args

import pytest

from metrics.review.alerts import branch, check, felt, judged, pile
from metrics.review.alerts.known import Known
from metrics.ui.alerts_words import BRANCH_NAMES, OUTCOMES
from tests.documents import document
from tests.review.alerts import made
from tests.review.alerts.made import END, fired, firings

SAID = document("docs/alerts.md").text


def test_every_branch_and_outcome_is_explained():
    assert [name for name in BRANCH_NAMES.values() if f"*{name}*" not in SAID] == []
    outcomes = [OUTCOMES[each] for each in get_args(check.Outcome)]
    assert [name for name in outcomes if f"*{name}*" not in SAID] == []


@pytest.mark.parametrize(
    ("phrase", "value"),
    [
        ("at least the 13 weeks", timedelta(weeks=13) == pile.HISTORY),
        ("from 22 to 6 h", judged.NIGHT == (22, 6)),
        ("within an hour of another firing", timedelta(hours=1) == judged.BURST),
        ("less than 15 minutes before the incident", timedelta(minutes=15) == judged.SOON),
        ("began within 30 minutes", timedelta(minutes=30) == judged.NEAR),
        ("more than a tenth of the time", felt.MOST == 0.1),
        ("at most 1 of 10 was acted on", branch.HARDLY == 0.1),
        ("impact in at least half", branch.MOST == 0.5),
        ("none has in 10 firings", branch.TRACELESS == 10),
        ("at least 3 fired", branch.FEW == 3),
        ("twice as often as batches run anyway", branch.BY_CHANCE == 2),
        ("began at least 3 days before", timedelta(days=3) == judged.FORETOLD),
        ("gone more than a week before", timedelta(weeks=1) == judged.STILL),
        ("four weeks after it was said", timedelta(weeks=4) == pile.CHECK_AFTER),
        ("of the 26 weeks before", timedelta(weeks=26) == check.LOOK_BACK),
    ],
)
def test_each_number_is_the_codes(phrase: str, value: bool):
    assert phrase in " ".join(SAID.split())
    assert value


def test_the_example_of_a_night_beside_a_batch():
    """02:15 by Tokyo's clock, 40 minutes, while `matching` runs from 02:00 to 03:00."""
    (at,) = made.nights(1)
    found = judged.judged(
        firings(fired("db", "aurora-cpu-high", at, 40)),
        made.beside(batch=made.runs(("matching", at - timedelta(minutes=15), 60))),
    )
    assert (found["night"][0], found["job"][0]) == (True, "nightly matching")


def test_the_example_of_growth():
    assert "9 > 2·√15 = 7.7" in SAID
    assert round(2 * sqrt(12 + 3), 1) == 7.7
    assert branch.grew(12, 3)


def test_the_example_of_a_check():
    """28 before, 0 after, with 1 of 3 incidents before, and one since that nothing told of."""
    at = END - timedelta(weeks=5)
    day = timedelta(days=1)
    before = [fired("aurora-main", "cpu", at - n * day) for n in range(1, 29)]
    incidents = made.events(
        ("aurora-main", at - 5 * day, 30), ("aurora-main", at - 60 * day, 30), ("aurora-main", at - 80 * day, 30),
        ("aurora-main", at + 10 * day, 30),
    )  # fmt: skip
    ruled = check.Ruled("aurora-main", "cpu", "remove", at, (at + timedelta(weeks=4)).date())
    found = check.check(ruled, firings(*before), incidents, (), Known(END - 300 * day), END, "Asia/Tokyo")
    assert found is not None
    assert (found.fired_before, found.fired_after, found.came_with) == (28, 0, pile.Count(1, 3))
    assert found.outcome == "missed"
