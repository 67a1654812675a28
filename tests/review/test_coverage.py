"""Coverage: how each needed indicator stands, when it was not there, what that hid, and how it comes."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from metrics import catalog, config
from metrics.collect import registry
from metrics.collect.target import targets_of
from metrics.model import Component, Window
from metrics.review.coverage import coverage, signal_of
from metrics.review.coverage_ways import ways
from metrics.review.lines import lines
from metrics.review.spans import joined, without
from tests.review import made
from tests.review.made import START, WEEK

NEEDS = {"web": (made.CPU, made.LATENCY, made.ERROR_RATE)}
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FOUR = Window(WEEK.end - timedelta(weeks=4), WEEK.end)
EVERYWHERE = range(28)


def seen(rows, answers=(), days=(), incidents=(), **fields):
    """`days` are (series_id, which of the 28 days have samples)."""
    frame = pd.DataFrame(
        [(number, FOUR.start + DAY * day) for number, those in days for day in those], columns=["series_id", "ts"]
    )
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
    return coverage(
        service=made.service(
            made.component("web", owner="dev", **fields), made.component("queue", kind="unheard of")
        ),
        needs=NEEDS,
        lines=lines(made.series(rows), made.INDICATORS),
        answers=made.coverage(answers),
        days=frame,
        incidents=made.events([{"kind": "incident", "component": "web", **row} for row in incidents]),
        window=FOUR,
    )


def cell(found, name="cpu"):
    return next(each for each in found.cells if each.indicator.name == name)


def test_what_is_there_is_collected_since_it_began_and_a_kind_nobody_knows_needs_nothing():
    found = seen([(1, "web", None, "cpu")], days=[(1, EVERYWHERE)])
    assert [(each.key, each.state) for each in found.cells] == [
        (("web", "cpu"), "collected"), (("web", "latency"), "never"), (("web", "error_rate"), "never"),
    ]  # fmt: skip
    assert cell(found).since == START - timedelta(days=30)
    assert cell(found).blind == ()


def test_a_ratio_is_there_when_both_its_counts_are():
    rows = [(1, "web", None, "errors"), (2, "web", None, "requests")]
    found = seen(rows, days=[(1, range(14, 28)), (2, EVERYWHERE)])
    ratio = cell(found, "error_rate")
    assert ratio.state == "collected"
    assert [(each.start, each.end) for each in ratio.blind] == [(FOUR.start, FOUR.start + 14 * DAY)]
    assert ratio.since == FOUR.start + 14 * DAY
    assert found.closed == (ratio,)


def test_what_stopped_is_stale_since_its_newest_sample():
    last = WEEK.end - 3 * DAY
    found = seen([(1, "web", None, "cpu", "files", last)], days=[(1, range(25))])
    assert (cell(found).state, cell(found).since) == ("stale", last)
    assert [each.end for each in cell(found).blind] == [FOUR.end]


def test_an_answer_that_nothing_came_is_no_hole():
    last = WEEK.end - 3 * DAY
    answers = [{"component": "web", "indicator": "cpu"}]
    found = seen([(1, "web", None, "cpu", "files", last)], answers, days=[(1, range(25))])
    assert (cell(found).state, cell(found).blind) == ("collected", ())


def test_a_refusal_is_failed_with_the_words_of_the_source():
    answers = [{"component": "web", "indicator": "requests", "state": "forbidden", "detail": "no permission"}]
    found = seen([(1, "web", None, "cpu")], answers, days=[(1, EVERYWHERE)])
    ratio = cell(found, "error_rate")
    assert (ratio.state, ratio.detail) == ("failed", "no permission")
    assert (ratio.asked, ratio.is_refused) == ("files", True)


def test_what_was_never_answered_names_no_source():
    found = cell(seen([], [{"component": "web", "indicator": "latency", "state": "empty", "detail": "no log"}]))
    assert (found.asked, found.is_refused) == ("", False)


def test_never_says_why_where_the_source_did():
    answers = [{"component": "web", "indicator": "latency", "state": "empty", "detail": "not in the log"}]
    found = seen([], answers)
    assert (cell(found, "latency").state, cell(found, "latency").detail) == ("never", "not in the log")


def test_a_part_that_is_asked_for_in_vain_is_not_hidden_by_the_others():
    answers = [{"component": "web", "part": "b", "indicator": "cpu", "state": "empty", "detail": "never added"}]
    incidents = [{"id": "i1", "title": "b fell over", "started_at": WEEK.start + DAY}]
    found = seen([(1, "web", "a", "cpu")], answers, [(1, EVERYWHERE)], incidents)
    assert (cell(found).state, cell(found).detail) == ("partial", "b: never added")
    assert [each.part for each in cell(found).blind] == ["b"]
    assert [each.id for each in cell(found).missed] == ["i1"]


def test_a_gap_of_the_last_week_is_partial_and_an_older_one_is_past():
    gap = {"component": "web", "indicator": "cpu", "state": "failed", "detail": "throttled"}
    late = [gap | {"window_start": WEEK.end - 2 * DAY, "window_end": WEEK.end - 2 * DAY + HOUR},
            {"component": "web", "indicator": "cpu", "window_start": WEEK.end - DAY}]  # fmt: skip
    found = cell(seen([(1, "web", None, "cpu")], late, [(1, EVERYWHERE)]))
    assert (found.state, found.since, found.until) == ("partial", WEEK.end - 2 * DAY, WEEK.end - 2 * DAY + HOUR)
    assert (found.asked, found.is_refused) == ("files", False)
    old = [gap | {"window_start": FOUR.start + DAY, "window_end": FOUR.start + 2 * DAY}]
    found = cell(seen([(1, "web", None, "cpu")], old, [(1, EVERYWHERE)]))
    assert (found.state, found.since) == ("collected", FOUR.start + 2 * DAY)


def test_not_applicable_says_because_and_counts_for_nobody():
    found = seen([(1, "web", None, "cpu")], days=[(1, EVERYWHERE)], not_applicable={"latency": "no requests"})
    assert (cell(found, "latency").state, cell(found, "latency").detail) == ("not_applicable", "no requests")
    assert {share.n for share in found.trend["dev"]} == {2}


def test_incidents_are_those_of_the_time_without_it():
    incidents = [
        {"id": "before", "started_at": FOUR.start + DAY, "url": "https://x.example/1"},
        {"id": "after", "started_at": FOUR.start + 20 * DAY},
        {"id": "elsewhere", "component": "queue", "started_at": FOUR.start + DAY},
    ]
    rows = [(1, "web", None, "cpu"), (2, "web", None, "latency")]
    found = seen(rows, days=[(1, EVERYWHERE), (2, range(14, 28))], incidents=incidents)
    assert [each.id for each in cell(found, "latency").missed] == ["before"]
    assert cell(found).missed == ()
    assert [each.indicator.name for each in found.holes] == ["error_rate"]


def counts(found):
    return [(share.k, share.n) for share in found.trend["dev"]]


def test_the_trend_counts_what_was_collected_at_the_end_of_each_week():
    found = seen([(1, "web", None, "cpu"), (2, "web", None, "latency")], days=[(1, EVERYWHERE), (2, range(15, 28))])
    assert counts(found) == [(1, 3), (1, 3), (2, 3), (2, 3)]
    # It stopped on Thursday of the second week.
    found = seen([(1, "web", None, "cpu", "files", FOUR.start + 10 * DAY)], days=[(1, range(10))])
    assert counts(found) == [(1, 3), (0, 3), (0, 3), (0, 3)]


def test_the_trend_counts_partial_as_not_collected_so_that_it_ends_with_the_number_of_today():
    gap = {"component": "web", "indicator": "cpu", "state": "failed", "detail": "throttled"}
    second = gap | {"window_start": FOUR.start + 8 * DAY, "window_end": FOUR.start + 9 * DAY}
    last = gap | {"window_start": WEEK.end - 2 * DAY, "window_end": WEEK.end - DAY}
    newest = {"component": "web", "indicator": "cpu", "window_start": WEEK.end - DAY}
    found = seen([(1, "web", None, "cpu")], [second, last, newest], [(1, EVERYWHERE)])
    assert cell(found).state == "partial"
    assert counts(found) == [(1, 3), (0, 3), (1, 3), (0, 3)]
    part = {"component": "web", "part": "b", "indicator": "cpu", "state": "empty", "detail": "never added"}
    lost = part | {"window_start": FOUR.start + 15 * DAY}
    found = seen([(1, "web", "a", "cpu")], [lost], [(1, EVERYWHERE)])
    assert counts(found) == [(1, 3), (1, 3), (0, 3), (0, 3)]
    assert counts(found)[-1][0] == found.count("collected")


def test_spans_are_a_set_of_times():
    assert joined([(START + DAY, START + 2 * DAY), (START, START + DAY)]) == [(START, START + 2 * DAY)]
    left = without([(START, START + 4 * DAY)], [(START + DAY, START + 2 * DAY), (START + 3 * DAY, START + 9 * DAY)])
    assert left == [(START, START + DAY), (START + 2 * DAY, START + 3 * DAY)]


def test_every_needed_indicator_has_one_of_the_four_signals():
    every = catalog.load().indicators
    told = {name: signal_of(every[name]) for name in
            ("http.server.error_rate", "mail.sent", "batch.duration", "system.cpu.utilization", "faas.throttles")}  # fmt: skip
    assert list(told.values()) == ["errors", "traffic", "time", "saturation", "errors"]


NEEDED = [(kind, indicator) for kind in catalog.load().kinds for indicator in catalog.load().needed_by(kind)]


@pytest.mark.parametrize(("kind", "indicator"), NEEDED, ids=lambda each: getattr(each, "name", each))
def test_whatever_is_offered_can_be_added_as_it_stands(kind, indicator, tmp_path):
    component = Component("jobs", "thing", kind, "Thing")
    (tmp_path / "services").mkdir()
    for way in ways("jobs", component, indicator, {}):
        (tmp_path / "services" / "jobs.yaml").write_text(f"components:\n  thing: {{kind: {kind}}}\n")
        text = f"sources:\n  {way.kind}: {{}}\n" if way.kind != "files" else ""
        (tmp_path / "tomoni.yaml").write_text(text)
        (tmp_path / way.file).write_text(way.text)
        settings = config.load(tmp_path)
        if way.kind == "files":
            (source,) = settings.sources
            registry()["files"].settings.model_validate(source.settings)
        else:
            assert list(targets_of(settings.services, way.kind, registry()[way.kind].settings))


def test_configured_sources_come_first_by_their_own_names():
    web = made.component("web")
    latency = catalog.load().get("latency_p95")
    found = ways("jobs", web, latency, {"our-datadog": "datadog"})
    assert [(way.kind, way.name) for way in found][:2] == [("datadog", "our-datadog"), ("elasticsearch", None)]
    assert "use: our-datadog" in found[0].text
    assert found[-1].kind == "files"
