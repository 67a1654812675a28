"""Two reviews side by side, as text and as data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from metrics.meeting.beside import beside, beside_json
from metrics.review.minutes import Section, Topic
from tests.meeting.made import AT, decided_review, review
from tests.meeting.test_documents import plain

WEEK = timedelta(weeks=1)
LATER = replace(
    review(),
    id="2026-11-02",
    since=AT,
    until=AT + WEEK,
    headline=(replace(review().headline[0], since=AT, until=AT + WEEK, value=None, before=54.0),),
    sections=(Section("moved", (*review().topics[:1], Topic("finding/f9", "moved", "web <b>errors</b> +2 points"))),),
)


def test_it_reads_as_text():
    assert (
        plain(beside(decided_review(), LATER))
        == """\
# Jobs: 2026-11-02 beside 2026-10-26

| Figure | 2026-10-26 | 2026-11-02 | Change |
|---|--:|--:|--:|
| db a CPU (p95) | 54 % | no data | – |
| web gone.indicator | no data | no data | – |

## Stayed

1. db CPU +4 points since Mon 19 Oct

   - 2026-10-26: Explained: access: /export – as in <spring> (Ren, Mon 26 Oct, 06:00)
   - 2026-11-02: nothing was decided

## New

1. web <b>errors</b> +2 points

   - 2026-11-02: nothing was decided

## Gone

1. db memory rises by 2 points a week

   - 2026-10-26: To investigate, by Infra, until Mon 2 Nov (Mika, Mon 26 Oct, 06:00)

2. cpu-high fired 7 times

   - 2026-10-26: Remove the alert, or watch another indicator: nobody | acts (Ren, Mon 26 Oct, 06:00)
"""
    )
    assert "<b>" not in beside(decided_review(), LATER)


def test_beside_itself_nothing_is_new_or_gone():
    told = beside(LATER, LATER)
    assert told.count("None.") == 2


def test_it_reads_as_data():
    told = json.loads(beside_json(decided_review(), LATER))
    assert (told["earlier"], told["later"]) == ("2026-10-26", "2026-11-02")
    assert told["headline"][0] == {
        "address": "db/a/system.cpu.utilization", "unit": "%", "earlier": 54.0, "later": None,
    }  # fmt: skip
    assert [each["topic"]["subject"] for each in told["gone"]] == ["finding/f2", "rule/db/cpu-high"]
    assert told["gone"][0]["earlier"]["due"] == "2026-11-02"
