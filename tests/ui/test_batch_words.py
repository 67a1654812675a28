"""What the Batches page says: counts, forecasts and comparisons, and nothing that it can't know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.analysis.slope import Slope
from metrics.model import Insufficient
from metrics.review.batch_beside import Beside
from metrics.review.batch_clock import Busy, clock
from metrics.review.batches import Slack, jobs
from metrics.ui import batch_words
from tests.review.made import START
from tests.review.made_runs import PERIOD, quarter, runs, weekly
from tests.review.test_batch_beside import LINES


def of(*rows: dict[str, object]):
    return jobs(runs(rows), PERIOD, 0)


def test_one_sentence_counts_what_went_wrong():
    said = batch_words.how_they_ran(
        of({"at": 1}, {"at": 2, "outcome": "failed"}, {"at": 3, "attempt": 2, "slack": -1}), PERIOD, service="Jobs"
    )
    assert said == (
        "Jobs, 16 – 22 Nov 2026: 1 job ran 3 times; **1 failed**, **1 took another attempt** and **1 ended after its deadline**."
    )


def test_a_good_week_says_so_and_one_without_runs_does_not():
    assert batch_words.how_they_ran(of({"at": 1}), PERIOD, service="Jobs") == (
        "Jobs, 16 – 22 Nov 2026: 1 job ran once, and all went well."
    )
    assert batch_words.how_they_ran(of({"at": -50}), PERIOD, service="Jobs").endswith("no run is known.")


def test_the_job_whose_slack_runs_out_first_is_named():
    rows = [row | {"slack": 1 - place / 60} for place, row in enumerate(weekly([0.5] * 12))]
    assert batch_words.how_they_ran(of(*rows), PERIOD, service="Jobs").endswith(
        "At this pace the slack of **night** runs out in about 49 weeks."
    )


@pytest.mark.parametrize(
    ("line", "said", "briefly"),
    [
        (Insufficient(10, 7), "7 runs with a deadline: a trend needs 10.", "too few runs"),
        (
            Slope(66, -60, -80, -50, 1200),
            "66 runs: it shrinks by 60 s a week; at this pace it runs out in about 20 weeks (15 to 24 weeks).",
            "in about 20 weeks",
        ),
        (
            Slope(66, -1, -2, -0.5, 3600),
            "66 runs: it shrinks by 1 s a week; at this pace it lasts for more than 52 weeks.",
            "in over a year",
        ),
        (
            Slope(66, -1, -2, 0.5, 3600),
            "66 runs: it does not shrink for sure, so there is no forecast.",
            "not shrinking",
        ),
        (
            Slope(66, -600, -610, -580, 500),
            "66 runs: it shrinks by 10 min a week; at this pace it runs out in less than a week (0.82 to 0.86 weeks).",
            "in less than a week",
        ),
        (Slope(66, -60, -80, -50, -3), "66 runs: on their trend there is no slack left.", "no slack left"),
    ],
)
def test_a_forecast_says_what_it_rests_on_or_why_there_is_none(line, said, briefly):
    slack = Slack(66, 1, 2, line)
    assert (batch_words.runs_out(slack), batch_words.runs_out_briefly(slack)) == (said, briefly)


def test_no_deadline_is_said():
    assert batch_words.runs_out_briefly(None) == "no deadline"


@pytest.mark.parametrize(
    ("lengths", "rows", "ending"),
    [
        ([1 + n / 50 for n in range(12)], None, "because there are more rows, not because each takes longer."),
        ([1 + n / 50 for n in range(12)], 1000, "because each row takes longer, not because there are more."),
        ([1.0] * 12, 1000, "rows no clear change, time per row no clear change."),
        ([1.0] * 5, 1000, "5 runs with both duration and rows: a trend needs 10."),
    ],
)
def test_growth_is_told_apart(lengths, rows, ending):
    (job,) = of(*[row | {"rows": rows or 1000 * row["h"]} for row in weekly(lengths)])
    assert batch_words.grows(job).endswith(ending)


@pytest.mark.parametrize(
    ("during", "said"),
    [
        (60, "3× as high while it ran"), (23, "15 % higher while it ran"), (20.5, "about the same"),
        (10, "50 % lower while it ran"),
    ],
)  # fmt: skip
def test_a_comparison_claims_no_cause(during, said):
    assert batch_words.while_it_ran(Beside(LINES[0], during, 20.0, 12, 12)) == said
    (job,) = of({"at": 1})
    assert "not that one causes the other" in batch_words.beside_means(job, "16 – 22 Nov 2026")


def test_the_clock_says_what_is_shaded_and_from_when_on_runs_are_known():
    frame = runs([{"at": 1}])
    found = clock(frame, jobs(frame, quarter(), 0), quarter())
    busy = Busy((9, 10), 0.5, ("api", "web"))
    said = batch_words.clock_means(found, busy, quarter(), START + timedelta(hours=1))
    assert "each row is 3 days" in said
    assert "the 2 hours that bring half of all requests (api and web" in said
    assert "no run is known before Mon 16 Nov" in said
    assert "no busy hours are shaded" in batch_words.clock_means(found, None, quarter(), START)
