"""Performance Insights: the load of each statement. moto has none of it, so AWS's own model checks what is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from metrics.collect._cloudwatch import queries
from metrics.collect._cloudwatch.found import Database
from metrics.collect._cloudwatch.queries import statement
from metrics.model import Coverage, Points, Window
from tests.collect.cloudwatch.moto_account import account, moto, refuse, stubbed
from tests.collect.cloudwatch.pi_server import performance_insights

NOW = datetime(2026, 11, 24, 12, 3, tzinfo=UTC)
HOUR = Window(NOW - timedelta(minutes=63), NOW)
WEEK = timedelta(days=7)
FIRST = Database("jobs", "aurora-main", "aurora-main-1", "db-ONE", WEEK)
SECOND = Database("jobs", "aurora-main", "aurora-main-2", "db-TWO", WEEK)
SLOW = "SELECT * FROM postings WHERE account_id = ?"


def at(text: str) -> datetime:
    return datetime(2026, 11, 24, *map(int, text.split(":")), tzinfo=UTC)


def asked(
    database: Database, since: datetime | None = None, until: datetime | None = None, **rest: object
) -> dict[str, Any]:
    """What Performance Insights is asked."""
    return {
        "ServiceType": "RDS",
        "Identifier": database.resource_id,
        "MetricQueries": [{"Metric": "db.load.avg", "GroupBy": {"Group": "db.sql_tokenized", "Limit": 10}}],
        "StartTime": since or at("11:00"),
        "EndTime": until or at("12:00"),
        "PeriodInSeconds": 300,
        "PeriodAlignment": "START_TIME",
        **rest,
    }


def line(text: str | None, *points: tuple[str, float | None]) -> dict[str, Any]:
    """The load of a statement, or of all of them together."""
    dimensions = (
        {} if text is None else {"Dimensions": {"db.sql_tokenized.statement": text, "db.sql_tokenized.id": "X"}}
    )
    told = [{"Timestamp": at(ts), "Value": float("nan") if value is None else value} for ts, value in points]
    return {"Key": {"Metric": "db.load.avg", **dimensions}, "DataPoints": told}


def reply(*lines: Mapping[str, Any], **rest: object) -> dict[str, Any]:
    return {"Identifier": "db-ONE", "MetricList": list(lines), **rest}


def collected(
    answers: Iterable[tuple[dict[str, Any], dict[str, Any]]], *databases: Database, window: Window = HOUR
) -> list[Points | Coverage]:
    it = account(moto())
    with stubbed(it, "pi", *(("get_resource_metrics", *each) for each in answers)):
        return list(queries.collect(it, databases or (FIRST,), window, NOW))


def loads(batches: Iterable[Points | Coverage]) -> dict[str | None, list[tuple[str, float]]]:
    return {
        each.series.part: [(f"{ts.item():%H:%M}", float(v)) for ts, v in zip(each.ts, each.values, strict=True)]
        for each in batches
        if isinstance(each, Points)
    }


def answers(batches: Iterable[Points | Coverage]) -> list[tuple[str | None, str, str]]:
    return [(each.part, each.state, each.detail) for each in batches if isinstance(each, Coverage)]


def test_the_total_and_each_statement_are_series_of_the_component():
    batches = collected(
        [
            (asked(FIRST), reply(
                line(None, ("11:00", 3.0), ("11:05", 2.0)),
                line(SLOW, ("11:00", 2.5), ("11:05", 1.5)),
                line("COMMIT", ("11:00", 0.5)),
            )),
        ]
    )  # fmt: skip
    assert loads(batches) == {
        None: [("11:00", 3.0), ("11:05", 2.0)],
        SLOW: [("11:00", 2.5), ("11:05", 1.5)],
        "COMMIT": [("11:00", 0.5)],
    }
    (series,) = {(s.component, s.indicator, s.stat, s.unit, s.period_s, s.source) for s in
                 (each.series for each in batches if isinstance(each, Points))}  # fmt: skip
    assert series == ("aurora-main", "db.query.load", "mean", "1", 300, "cloudwatch")
    assert answers(batches) == [(None, "complete", ""), ("COMMIT", "complete", ""), (SLOW, "complete", "")]
    assert {each.window for each in batches if isinstance(each, Coverage)} == {HOUR}


def test_a_step_without_a_value_stays_a_gap():
    batches = collected([(asked(FIRST), reply(line(None, ("11:00", None), ("11:05", 2.0))))])
    assert loads(batches) == {None: [("11:05", 2.0)]}


def test_nothing_from_outside_what_was_asked_for():
    """Answers are aligned outwards: a step before the window and one that is not over yet."""
    batches = collected([(asked(FIRST), reply(line(None, ("10:55", 9.0), ("11:55", 1.0), ("12:00", 9.0))))])
    assert loads(batches) == {None: [("11:55", 1.0)]}


def test_all_pages_are_read():
    batches = collected(
        [
            (asked(FIRST), reply(line(None, ("11:00", 1.0)), NextToken="more")),
            (asked(FIRST, NextToken="more"), reply(line(None, ("11:05", 2.0)))),
        ]
    )
    assert loads(batches) == {None: [("11:00", 1.0), ("11:05", 2.0)]}


def test_it_is_spoken_over_http_as_aws_writes_it():
    """Times are seconds, a step without a value has none, and the second page asks with the first one's token."""
    total = {"Metric": "db.load.avg"}
    noon = at("11:00").timestamp()
    pages = [
        {"MetricList": [{"Key": total, "DataPoints": [{"Timestamp": noon, "Value": 1.5}]}], "NextToken": "more"},
        {
            "MetricList": [
                {"Key": total, "DataPoints": [{"Timestamp": noon + 300}, {"Timestamp": noon + 600, "Value": 2}]}
            ]
        },
    ]
    with performance_insights(pages) as (url, questions):
        batches = list(queries.collect(account(url), (FIRST,), HOUR, NOW))
    assert loads(batches) == {None: [("11:00", 1.5), ("11:10", 2.0)]}
    assert answers(batches) == [(None, "complete", "")]
    assert [(each["StartTime"], each["EndTime"], each.get("NextToken")) for each in questions] == [
        (noon, noon + 3600, None), (noon, noon + 3600, "more"),
    ]  # fmt: skip


def test_pages_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queries, "_PAGES", 2)
    again = reply(line(None, ("11:00", 1.0)), NextToken="more")
    batches = collected([(asked(FIRST), again), (asked(FIRST, NextToken="more"), again)])
    ((_, state, detail),) = answers(batches)
    assert (state, detail) == ("failed", "Performance Insights sent more than 2 pages for aurora-main-1")


def test_the_members_of_a_cluster_are_added_up():
    batches = collected(
        [
            (asked(FIRST), reply(line(None, ("11:00", 1.0)), line(SLOW, ("11:00", 1.0)))),
            (asked(SECOND), reply(line(None, ("11:00", 2.0)), line(SLOW, ("11:00", 0.5), ("11:05", 0.25)))),
        ],
        FIRST,
        SECOND,
    )
    assert loads(batches) == {None: [("11:00", 3.0)], SLOW: [("11:00", 1.5), ("11:05", 0.25)]}


def test_a_member_that_may_not_be_asked_leaves_a_part():
    it = account(moto())
    stub = refuse(it, "pi")
    stub.add_response("get_resource_metrics", reply(line(None, ("11:00", 1.0))))
    stub.add_client_error("get_resource_metrics", "NotAuthorizedException", "not authorized", 403)
    batches = list(queries.collect(it, (FIRST, SECOND), HOUR, NOW))
    assert loads(batches) == {None: [("11:00", 1.0)]}
    ((_, state, detail),) = answers(batches)
    assert state == "partial"
    assert detail.startswith("1 of 2 members did not answer: pi:GetResourceMetrics is not allowed")


def test_without_permission_it_is_forbidden():
    it = account(moto())
    refuse(it, "pi", "get_resource_metrics")
    ((part, state, detail),) = answers(queries.collect(it, (FIRST,), HOUR, NOW))
    assert (part, state) == (None, "forbidden")
    assert detail.startswith("pi:GetResourceMetrics is not allowed for arn:aws:iam::123456789012:user/tomoni")


def test_a_database_with_nothing_to_do_is_empty():
    batches = collected([(asked(FIRST), reply(line(None)))])
    assert (loads(batches), answers(batches)) == ({}, [(None, "empty", "no session was busy")])


def test_what_is_no_longer_kept_is_not_asked_for():
    window = Window(NOW - timedelta(days=30), NOW - timedelta(days=20))
    batches = collected([], window=window)
    said = "Performance Insights keeps 7 days here; a longer retention can be bought for the database"
    assert answers(batches) == [(None, "empty", said)]


def test_a_window_that_is_kept_in_part_is_asked_for_that_and_by_the_hour():
    window = Window(NOW - timedelta(days=8), NOW - timedelta(days=5))
    since = datetime(2026, 11, 17, 13, 0, tzinfo=UTC)
    question = asked(FIRST, since, datetime(2026, 11, 19, 12, 0, tzinfo=UTC), PeriodInSeconds=3600)
    point = {"Timestamp": since, "Value": 1.0}
    batches = collected([(question, reply({"Key": {"Metric": "db.load.avg"}, "DataPoints": [point]}))], window=window)
    assert [(each.window.start, each.window.end, each.state) for each in batches if isinstance(each, Coverage)] == [
        (window.start, NOW - WEEK, "empty"), (NOW - WEEK, window.end, "complete"),
    ]  # fmt: skip
    assert [each.series.period_s for each in batches if isinstance(each, Points)] == [3600]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("SELECT *\n  FROM t\tWHERE a = $1 AND b = $2", "SELECT * FROM t WHERE a = ? AND b = ?"),
        (
            "SELECT * FROM t1 WHERE mail = 'o''neill@example.com' AND n > -1.5",
            "SELECT * FROM t1 WHERE mail = ? AND n > ?",
        ),
        ("SELECT 1 FROM t WHERE id IN (1, 2, 3)", "SELECT ? FROM t WHERE id IN (?)"),
        ("SELECT * FROM t WHERE id IN (?, ?, ...)", "SELECT * FROM t WHERE id IN (?)"),
        ("/* trace=abc123 */ COMMIT -- by hand", "COMMIT"),
        ("SELECT * FROM t WHERE token = 'cut off befo", "SELECT * FROM t WHERE token = ?"),
        ("DO $body$ secret $body$", "DO ?"),
        ("SELECT t2.c3 FROM t2", "SELECT t2.c3 FROM t2"),
        ("", "(no text)"),
    ],
)
def test_a_statement_has_no_values_and_stands_on_one_line(written: str, shown: str):
    assert statement(written) == shown


def test_long_statements_are_cut_and_stay_different():
    columns = ", ".join(f"column_{letter}" for letter in "abcdefghijklmnop")
    one, two = statement(f"SELECT {columns} FROM postings"), statement(f"SELECT {columns} FROM accounts")
    assert len(one) == len(two) == 120
    assert one != two
    assert one == statement(f"SELECT  {columns}\nFROM postings")
    assert one.startswith("SELECT column_a, column_b")
