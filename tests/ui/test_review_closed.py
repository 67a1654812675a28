"""Two reviews beside each other, by values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from metrics.review.minutes import Decision, Figure, Section
from metrics.ui.review_closed import beside_figures, beside_topics
from tests.meeting.made import AT, decided_review, review

F2 = "finding/f2"


def test_both_figures_and_both_decisions_are_told():
    now = replace(
        review(), id="2026-11-02",
        headline=(Figure("db/a/system.cpu.utilization", "%", AT, AT + timedelta(weeks=1), 57.0),),
        sections=(Section("moved", review().section("moved").topics[1:]),),
        decisions=(Decision(F2, "ignored", "Ren", AT, "known"),),
    )  # fmt: skip
    figures = beside_figures(now, decided_review())
    assert figures.values.tolist() == [
        ["db a CPU (p95)", "54 %", "57 %", "+3 pt"],
        ["web gone.indicator", "no data", "no data", "–"],
    ]
    topics = beside_topics(now, decided_review())
    assert list(topics.columns) == ["What", "State", "Mon 26 Oct 2026", "Mon 2 Nov 2026"]
    assert topics.iloc[:, 1].tolist() == ["stayed", "gone", "gone"]
    assert beside_topics(decided_review(), now).iloc[:, 1].tolist() == ["stayed", "gone", "gone"]
    assert topics.iloc[:, 2:].values.tolist() == [
        ["To investigate, by Infra, until Mon 2 Nov (Mika, Mon 26 Oct, 06:00)",
         "Ignored: known (Ren, Mon 26 Oct, 05:00)"],
        ["Explained: access: /export – as in <spring> (Ren, Mon 26 Oct, 06:00)", "not on the agenda"],
        ["Remove the alert, or watch another indicator: nobody | acts (Ren, Mon 26 Oct, 06:00)", "not on the agenda"],
    ]  # fmt: skip


def test_what_nobody_spoke_of_comes_last():
    silent = replace(decided_review(), decisions=(Decision(F2, "ignored", "Ren", AT, "known"),))
    topics = beside_topics(replace(silent, id="2026-11-02"), silent)
    assert topics.iloc[:, 3].str.partition(" (")[0].tolist() == ["Ignored: known", "nothing said", "nothing said"]
