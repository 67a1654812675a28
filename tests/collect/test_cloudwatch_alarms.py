"""cloudwatch_alarms: each time that an alarm was on is one alert, whatever piece of the past is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from metrics.collect import Batch, cloudwatch_alarms
from metrics.collect.cloudwatch_alarms import Settings, collect
from metrics.collect.http import Budget, client
from metrics.model import Coverage, Event, Window
from tests.collect.alarm_account import AFTER, Account, source
from tests.collect.cloudwatch.aws_json_server import Cloud, running

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = Window(NOON - DAY, NOON)
MONTH = Window(NOON - 30 * DAY, NOON)
DB = {"service": "jobs", "component": "db", "alarms": ["cpu"]}


@pytest.fixture
def account() -> Account:
    account = Account()
    account.alarm("cpu")
    return account


@pytest.fixture
def cloud(account: Account) -> Iterator[Cloud]:
    with running(account.cloud()) as cloud:
        yield cloud


def asked(cloud: Cloud, *targets: dict[str, object]) -> Settings:
    return Settings(**source(cloud, targets or (DB,)))


def run(cloud: Cloud, window: Window, *targets: dict[str, object]) -> list[Batch]:
    """A run of its own."""
    with client(budget=Budget(per_second=1e6, sleep=lambda _: None)) as http:
        return list(collect(asked(cloud, *targets), window, http))


def alerts(batches: Iterable[Batch]) -> list[tuple[str, str, str | None, str | None]]:
    """Alarm, start and end (day of November and time), status."""
    return [
        (each.title, _at(each.started_at), each.ended_at and _at(each.ended_at), each.status)
        for each in batches
        if isinstance(each, Event)
    ]


def _at(moment: datetime) -> str:
    return f"{moment:%d %H:%M}"


def answers(batches: Iterable[Batch]) -> list[tuple[str, str, str]]:
    return [(each.component, each.state, each.detail) for each in batches if isinstance(each, Coverage)]


def test_an_alarm_that_was_on_is_one_alert(cloud, account):
    account.was_on("cpu", NOON - 3 * HOUR, NOON - 2 * HOUR)
    (event, answer) = run(cloud, TODAY)
    assert event == Event(
        service="jobs",
        kind="alert",
        id="cpu 2026-11-24T09:00:00.000+00:00",
        started_at=NOON - 3 * HOUR,
        source="cloudwatch_alarms",
        observed_at=NOON,
        component="db",
        ended_at=NOON - 2 * HOUR + AFTER,
        status="resolved",
        title="cpu",
        url="https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/cpu",
        attrs={
            "rule": "cpu",
            "kind": "cloudwatch",
            "metric": "CPUUtilization",
            "namespace": "AWS/RDS",
            "threshold": 80.0,
            "reason": "it is ALARM",
        },
    )
    assert answer == Coverage("jobs", "db", "alert", "cloudwatch_alarms", TODAY, "complete")


def test_one_that_is_still_on_is_open(cloud, account):
    account.alarm("cpu", NOON - HOUR)
    account.was_on("cpu", NOON - HOUR, None)
    assert alerts(run(cloud, TODAY)) == [("cpu", "24 11:00", None, "open")]


def test_no_data_any_more_ends_it_too(cloud, account):
    account.change("cpu", "INSUFFICIENT_DATA", "ALARM", NOON - 3 * HOUR)
    account.change("cpu", "ALARM", "INSUFFICIENT_DATA", NOON - HOUR, NOON - 3 * HOUR)
    account.change("cpu", "INSUFFICIENT_DATA", "OK", NOON - HOUR / 2, NOON - HOUR)
    assert alerts(run(cloud, TODAY)) == [("cpu", "24 09:00", "24 11:00", "resolved")]


def test_nine_notifications_are_three_episodes(cloud, account):
    """ "In rare cases, your history might show more than one notification for a state change" (user guide)."""
    start = NOON - 10 * HOUR
    for old, new, minute in [
        ("OK", "ALARM", 0),
        ("OK", "ALARM", 1),
        ("ALARM", "ALARM", 7),
        ("ALARM", "OK", 20),
        ("ALARM", "OK", 21),
        ("OK", "ALARM", 40),
        ("ALARM", "INSUFFICIENT_DATA", 50),
        ("INSUFFICIENT_DATA", "ALARM", 55),
        ("ALARM", "OK", 59),
    ]:
        account.change("cpu", old, new, start + timedelta(minutes=minute))
    assert alerts(run(cloud, TODAY)) == [
        ("cpu", "24 02:00", "24 02:20", "resolved"),
        ("cpu", "24 02:40", "24 02:50", "resolved"),
        ("cpu", "24 02:55", "24 02:59", "resolved"),
    ]


def test_awss_own_example_of_a_history(cloud, account):
    """From the manual of `aws cloudwatch describe-alarm-history`: an alarm that somebody tried by hand."""
    ok = {
        "stateValue": "OK",
        "stateReason": "Threshold Crossed: 2 datapoints were not greater than the threshold (70.0). The most recent "
        "datapoints: [38.839999999999996, 39.714].",
        "stateReasonData": {
            "version": "1.0",
            "queryDate": "2014-03-11T22:45:41.569+0000",
            "startDate": "2014-03-11T22:30:00.000+0000",
            "statistic": "Average",
            "period": 300,
            "recentDatapoints": [38.839999999999996, 39.714],
            "threshold": 70.0,
        },
    }
    tried = {"stateValue": "ALARM", "stateReason": "testing purposes"}
    again = {**ok, "stateReasonData": {**ok["stateReasonData"], "queryDate": "2014-04-09T18:59:06.419+0000"}}
    on, off = (datetime(2014, 4, 9, 18, 59, *rest, tzinfo=UTC) for rest in ((5, 805_000), (6, 442_000)))
    account.put("cpu", off, {"version": "1.0", "oldState": tried, "newState": again})
    account.put("cpu", on, {"version": "1.0", "oldState": ok, "newState": tried})
    event, answer = run(cloud, Window(on - DAY, on + DAY))
    assert (event.started_at, event.ended_at, event.attrs["reason"]) == (on, off, "testing purposes")
    assert answer.state == "complete"


# ---- whatever piece is asked for, it is the same alert


def test_an_episode_that_began_before_the_window_is_completed_under_its_own_id(cloud, account):
    account.alarm("cpu", NOON - 3 * DAY)
    account.was_on("cpu", NOON - 3 * DAY, None)
    (open_, _) = run(cloud, Window(NOON - 4 * DAY, NOON - 2 * DAY))
    account.alarm("cpu")
    account.change("cpu", "ALARM", "OK", NOON - HOUR, NOON - 3 * DAY)
    (done, _) = run(cloud, TODAY)
    assert (open_.id, open_.status, done.status) == (done.id, "open", "resolved")
    assert done.started_at == NOON - 3 * DAY


def test_an_older_window_tells_of_an_episode_what_a_newer_one_does(cloud, account, http):
    """Windows are asked for newest first: the older one must not open again what was over."""
    account.was_on("cpu", NOON - 3 * DAY, NOON - HOUR)
    newer = alerts(collect(asked(cloud), TODAY, http))
    older = alerts(collect(asked(cloud), Window(NOON - 4 * DAY, TODAY.start), http))
    assert newer == older == [("cpu", "21 12:00", "24 11:00", "resolved")]


def test_the_history_of_an_alarm_is_read_once_a_run(cloud, account, http):
    account.was_on("cpu", NOON - 3 * DAY, NOON - HOUR)
    for day in range(5):
        list(collect(asked(cloud), Window(NOON - (day + 1) * DAY, NOON - day * DAY), http))
    assert [call for call, _ in cloud.calls] == ["DescribeAlarms", "DescribeAlarmHistory"]
    list(collect(asked(cloud), Window(NOON, NOON + HOUR), http))
    assert len(cloud.calls) == 4


def test_one_that_is_longer_than_the_history_ends_under_the_id_that_it_began_with(cloud, account):
    """When it began is told once more where it ends, as the evaluation that the old state rests on."""
    start = NOON - 40 * DAY + timedelta(milliseconds=419)
    account.alarm("cpu", start)
    account.was_on("cpu", start, None)
    (first, _) = run(cloud, Window(start - HOUR, start + HOUR))
    account.forget(NOON - 30 * DAY)
    (still, _) = run(cloud, TODAY)
    account.alarm("cpu")
    account.change("cpu", "ALARM", "OK", NOON - HOUR, start)
    (done, _) = run(cloud, TODAY)
    assert first.id == still.id == done.id
    assert (first.status, still.status, done.status) == ("open", "open", "resolved")
    assert still.attrs["reason"] == "Threshold Crossed"


def test_one_whose_beginning_nobody_knows_is_told_as_such(cloud, account):
    """A composite alarm rests on no evaluation, and its history no longer holds the beginning."""
    account.change("cpu", "ALARM", "OK", NOON - HOUR)
    batches = run(cloud, TODAY)
    said = "`cpu` was on until 2026-11-24 11:00 UTC, but CloudWatch no longer knows since when"
    assert (alerts(batches), answers(batches)) == ([], [("db", "partial", said)])
    assert answers(run(cloud, Window(NOON - 3 * DAY, NOON - 2 * DAY))) == [
        ("db", "empty", "no alarm was on in this time")
    ]


def test_one_that_is_on_all_the_time_is_seen_on_the_first_run(cloud, account):
    account.alarm("cpu", NOON - 90 * DAY, StateReasonData=None)
    assert alerts(run(cloud, MONTH)) == [("cpu", "26 12:00", None, "open")]


def test_an_alarm_that_goes_off_while_it_is_asked_is_not_on_twice(cloud, account):
    account.alarm("cpu", NOON - HOUR)
    account.was_on("cpu", NOON - HOUR, NOON - timedelta(minutes=1))
    assert alerts(run(cloud, TODAY)) == [("cpu", "24 11:00", "24 11:59", "resolved")]


def test_an_alarm_that_is_ahead_of_its_history_has_the_id_that_the_history_will_give(cloud, account):
    account.alarm("cpu", NOON - HOUR)
    (ahead, _) = run(cloud, TODAY)
    account.was_on("cpu", NOON - HOUR, None)
    (told, _) = run(cloud, TODAY)
    assert ahead.id == told.id


def test_pages_are_read_to_the_last(cloud, account):
    for n in range(130):
        account.was_on(
            "cpu", NOON - 20 * HOUR + n * timedelta(minutes=5), NOON - 20 * HOUR + n * timedelta(minutes=5, seconds=1)
        )
    assert len(alerts(run(cloud, TODAY))) == 130
    told = [call.get("NextToken") for name, call in cloud.calls if name == "DescribeAlarmHistory"]
    assert told == [None, "100", "200"]


# ---- which alarms


def test_patterns_find_alarms_by_their_names(cloud, account):
    for name in ("aurora-main cpu", "aurora-main memory", "web [5xx]", "web 5"):
        account.alarm(name)
        account.was_on(name, NOON - 2 * HOUR, NOON - HOUR)
    batches = run(
        cloud, TODAY, {**DB, "alarms": ["aurora-*y", "*u"]}, {**DB, "component": "web", "alarms": "web [5xx]"}
    )
    assert [(each.component, each.title) for each in batches if isinstance(each, Event)] == [
        ("db", "aurora-main cpu"),
        ("db", "aurora-main memory"),
        ("web", "web [5xx]"),
    ]


def test_a_common_prefix_is_asked_for_and_not_all_alarms(cloud, account):
    account.alarm("aurora-cpu")
    run(cloud, TODAY, {**DB, "alarms": ["aurora-*", "aurora-main-*", "cpu"]})
    described = [call for name, call in cloud.calls if name == "DescribeAlarms"]
    assert [(call.get("AlarmNames"), call.get("AlarmNamePrefix")) for call in described] == [
        (["cpu"], None),
        (None, "aurora-"),
    ]
    assert {call["MaxRecords"] for call in described} == {100}


def test_many_names_are_asked_for_in_hundreds(cloud, account):
    run(cloud, TODAY, {**DB, "alarms": [f"a{n}" for n in range(101)]})
    assert [len(call["AlarmNames"]) for name, call in cloud.calls if name == "DescribeAlarms"] == [100, 1]


def test_history_outlives_the_alarm(cloud, account):
    """By its full name, and by a pattern that no living alarm has."""
    del account.alarms["cpu"]
    account.was_on("cpu", NOON - 3 * HOUR, NOON - 2 * HOUR)
    for name in ("cpu", "c*"):
        assert alerts(run(cloud, TODAY, {**DB, "alarms": [name]})) == [("cpu", "24 09:00", "24 10:00", "resolved")]


@pytest.mark.parametrize("name", ["cpu", "c*"])
def test_one_that_was_deleted_while_it_was_on_ended_then(cloud, account, name):
    """Also where it had been on for so long that nothing but its deletion falls into the window."""
    del account.alarms["cpu"]
    account.was_on("cpu", NOON - 9 * DAY, None)
    account.put("cpu", NOON - HOUR, {"type": "Delete", "version": "1.0"}, kind="ConfigurationUpdate")
    assert alerts(run(cloud, TODAY, {**DB, "alarms": [name]})) == [("cpu", "15 12:00", "24 11:00", "resolved")]


def test_one_that_was_made_anew_under_its_name_ends_with_the_first_change(cloud, account):
    account.was_on("cpu", NOON - 5 * HOUR, None)
    account.put("cpu", NOON - 4 * HOUR, {"type": "Delete"}, kind="ConfigurationUpdate")
    account.change("cpu", "INSUFFICIENT_DATA", "OK", NOON - 3 * HOUR)
    assert alerts(run(cloud, TODAY)) == [("cpu", "24 07:00", "24 09:00", "resolved")]


def test_an_alarm_counts_for_one_component_of_a_service(cloud, account):
    account.was_on("cpu", NOON - 2 * HOUR, NOON - HOUR)
    every = {**DB, "component": "all", "alarms": ["*"]}
    other = {**DB, "service": "mail", "component": "queue", "alarms": ["c*"]}
    events = [each for each in run(cloud, TODAY, every, DB, other) if isinstance(each, Event)]
    assert [(each.service, each.component) for each in events] == [("jobs", "db"), ("mail", "queue")]


def test_composite_alarms_and_those_of_several_metrics(cloud, account):
    composite = {"AlarmRule": "ALARM(cpu) OR ALARM(memory)", "MetricName": None, "Namespace": None, "Threshold": None}
    account.alarm("either", **composite)
    account.was_on("either", NOON - 2 * HOUR, NOON - HOUR)
    account.history[-1]["AlarmType"] = account.history[-2]["AlarmType"] = "CompositeAlarm"
    metrics = [
        {"Id": "a", "Expression": "b/c", "Label": "error rate"},
        {
            "Id": "b",
            "ReturnData": False,
            "MetricStat": {"Metric": {"MetricName": "5xx"}, "Period": 60, "Stat": "Sum"},
        },
    ]
    account.alarm("errors", MetricName=None, Metrics=metrics)
    account.was_on("errors", NOON - 4 * HOUR, NOON - 3 * HOUR)
    events = [each for each in run(cloud, TODAY, {**DB, "alarms": ["e*"]}) if isinstance(each, Event)]
    assert {each.title: each.attrs["metric"] for each in events} == {
        "either": "ALARM(cpu) OR ALARM(memory)",
        "errors": "error rate",
    }
    assert "threshold" not in next(each for each in events if each.title == "either").attrs


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("cn-north-1", "https://console.amazonaws.cn/cloudwatch/home?region=cn-north-1#alarmsV2:alarm/a%20b%2Fc"),
        (
            "us-gov-west-1",
            "https://console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#alarmsV2:alarm/a%20b%2Fc",
        ),
    ],
)
def test_the_link_leads_to_the_regions_console(region, url):
    assert cloudwatch_alarms._console(region, "a b/c") == url
