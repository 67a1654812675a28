"""cloudwatch_alarms: what is missing, what goes wrong and what heals it, and what `check` says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from metrics import config
from metrics.collect import cloudwatch_alarms
from metrics.collect.cloudwatch_alarms import Settings, Target, check, collect
from metrics.collect.http import Budget, client
from metrics.collect.run import Outcome, Request, chosen, run_source, store_of
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Window
from tests.collect.alarm_account import Account, source
from tests.collect.cloudwatch.aws_json_server import SECRET, USER, Cloud, Fault, running
from tests.collect.folders import configure
from tests.collect.test_cloudwatch_alarms import DAY, DB, HOUR, NOON, TODAY, alerts, answers, asked, run

THROTTLED = Fault(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}')
EXPIRED = Fault(403, b'{"__type": "ExpiredTokenException", "message": "expired"}')


@pytest.fixture
def account() -> Account:
    account = Account()
    account.alarm("cpu")
    account.was_on("cpu", NOON - 3 * HOUR, NOON - 2 * HOUR)
    return account


@pytest.fixture
def cloud(account: Account) -> Iterator[Cloud]:
    with running(account.cloud()) as cloud:
        yield cloud


# ---- what is missing


def test_a_name_that_is_not_there_is_told(cloud):
    gone = {**DB, "component": "web", "alarms": ["wep"]}
    said = "in eu-west-1: check the name, the region and the account"
    assert answers(run(cloud, TODAY, DB, gone)) == [
        ("db", "complete", ""),
        ("web", "failed", f"there is no alarm `wep` {said}"),
    ]
    some = {**DB, "alarms": ["cpu", "mem*", "disk"]}
    assert answers(run(cloud, TODAY, some)) == [("db", "partial", f"no alarm is called `mem*` {said} (and 1 more)")]
    assert len(alerts(run(cloud, TODAY, some))) == 1


def test_an_empty_account_has_no_alarms_and_that_is_no_quiet_day():
    with running(Account().cloud()) as cloud:
        said = "no alarm is called `*` in eu-west-1: check the name, the region and the account"
        assert answers(run(cloud, TODAY, {**DB, "alarms": ["*"]})) == [("db", "failed", said)]


def test_alarms_that_were_quiet_are_empty(cloud):
    assert answers(run(cloud, Window(NOON - 3 * DAY, NOON - 2 * DAY))) == [
        ("db", "empty", "no alarm was on in this time")
    ]


def test_nobody_uses_it(cloud, http):
    nobody = Settings(**source(cloud, ()))
    assert list(collect(nobody, TODAY, http)) == []
    assert cloud.calls == []
    assert [sign.said for sign in check(nobody, http)][1:] == [
        "no component uses it: write `use: cloudwatch_alarms` in a service's file"
    ]


@pytest.mark.parametrize("action", ["cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory"])
@pytest.mark.parametrize("name", ["cpu", "c*"])
def test_what_is_not_allowed_is_named(cloud, action, name):
    cloud.denied = {action}
    said = f"{action} is not allowed for {USER}: add it to the policy"
    batches = run(cloud, TODAY, {**DB, "alarms": [name]}, {**DB, "component": "web", "alarms": [name]})
    assert answers(batches)[0] == ("db", "forbidden", said)
    assert {each.window for each in batches} == {TODAY}


@pytest.mark.parametrize(
    "data",
    [
        "{",
        "[]",
        "{}",
        '{"oldState": {"stateValue": "OK"}, "newState": 7}',
        '{"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "RED"}}',
    ],
)
def test_a_change_that_can_not_be_understood_makes_it_partial(cloud, account, data):
    account.put("cpu", NOON - 4 * HOUR, data)
    batches = run(cloud, TODAY)
    assert len(alerts(batches)) == 1
    assert answers(batches) == [("db", "partial", "changes of `cpu` that could not be understood: 1")]


@pytest.mark.parametrize("said", ["yesterday", 7, "2026-11-24T08:00:00", "2014-01-01T00:00:00.000+0000", None])
def test_an_evaluation_that_is_none_leaves_the_time_of_the_change(account, said):
    """Whoever sets an alarm by hand may say anything of why."""
    del account.history[:]
    told = {"stateValue": "ALARM", "stateReasonData": {"queryDate": said}}
    account.put("cpu", NOON - HOUR, {"oldState": {"stateValue": "OK"}, "newState": told})
    with running(account.cloud()) as cloud:
        assert alerts(run(cloud, TODAY)) == [("cpu", "24 11:00", None, "open")]


# ---- faults


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([Fault(500, b"{}")] * 6, "again and again"),
        ([Fault(429, b"{}", headers={"Retry-After": "0"})] * 6, "429"),
        ([THROTTLED] * 6, "cloudwatch:DescribeAlarms is throttled"),
        ([None, *[THROTTLED] * 6], "cloudwatch:DescribeAlarmHistory is throttled"),
        ([Fault(cut=True)] * 6, "can't be reached: RemoteProtocolError"),
        ([EXPIRED] * 2, "have expired"),
        ([None, Fault(body=b'{"AlarmHistoryItems": [')], "which is not what AWS answers"),
        ([None, Fault(body=b'{"AlarmHistoryItems": 7}')], "something impossible"),
        ([Fault(body=b'{"errors": ["who are you?"]}')], "DescribeAlarms was answered with no list"),
        ([None, Fault(body=b"{}")], "DescribeAlarmHistory was answered with no list"),
        ([Fault(body=b"<html>log in", kind="text/html")], "which is not what AWS answers"),
    ],
    ids=["5xx", "429", "throttled", "history", "cut", "expired", "half", "shape", "other", "nothing", "page"],
)
def test_a_later_run_brings_what_a_fault_kept_back(cloud, http, faults, said):
    cloud.faults = list(faults)
    with pytest.raises(SourceError, match=said):
        list(collect(asked(cloud), TODAY, http))
    assert cloud.faults == []
    assert len(alerts(collect(asked(cloud), TODAY, http))) == 1


def test_throttling_is_waited_out(cloud, http):
    cloud.faults = [THROTTLED, None, THROTTLED]
    assert len(alerts(collect(asked(cloud), TODAY, http))) == 1
    assert len(cloud.calls) == 4


def test_a_clock_that_is_off_is_said_to_be(cloud, http):
    cloud.ahead = timedelta(minutes=20)
    with pytest.raises(SourceError, match="clock differs too much from AWS's"):
        list(collect(asked(cloud), TODAY, http))


def test_a_spent_budget_passes_to_the_runner_as_it_is(cloud):
    with client(budget=Budget(1, per_second=1e6)) as http, pytest.raises(BudgetSpentError):
        list(collect(asked(cloud), TODAY, http))


def test_a_secret_is_in_nothing_that_comes_out(cloud, http, caplog):
    caplog.set_level(logging.INFO)
    out = [repr(each) for each in (*collect(asked(cloud), TODAY, http), *check(asked(cloud), http), asked(cloud))]
    cloud.keys = {}
    with pytest.raises(SourceError) as caught:
        list(check(asked(cloud), http))
    assert SECRET not in "".join([*out, repr(caught.value), caplog.text])


# ---- through the runner, into the store


def stored(folder: Path) -> list[tuple[object, ...]]:
    with store_of(config.load(folder)).read() as db:
        return db.rows("SELECT id, started_at, ended_at, status FROM events ORDER BY started_at, id")


def collected(folder: Path, now: datetime) -> Outcome:
    settings = config.load(folder)
    (it,) = chosen(settings, ["alarms"])
    return run_source(settings, it, Request(now))


def test_run_after_run_each_alert_is_there_once_and_as_it_is_now(cloud, account, tmp_path):
    account.alarm("cpu", NOON - HOUR)
    account.was_on("cpu", NOON - HOUR, None)
    account.was_on("cpu", NOON - 12 * DAY, NOON - 4 * DAY)
    folder = configure(tmp_path, {"alarms": {"kind": "cloudwatch_alarms", **source(cloud, [DB])}})
    first = collected(folder, NOON)
    assert (first.state, first.rows) == ("done", 3)
    assert [(row[-1], row[2] is None) for row in stored(folder)] == [
        ("resolved", False),
        ("resolved", False),
        ("open", True),
    ]
    assert collected(folder, NOON + timedelta(minutes=5)).rows == 0
    account.alarm("cpu")
    account.change("cpu", "ALARM", "OK", NOON + timedelta(minutes=7), NOON - HOUR)
    cloud.faults = [THROTTLED] * 6
    assert collected(folder, NOON + timedelta(minutes=10)).state == "failed"
    assert stored(folder)[-1][-1] == "open"
    assert collected(folder, NOON + timedelta(minutes=15)).rows == 1
    assert [row[-1] for row in stored(folder)] == ["resolved"] * 3
    with store_of(config.load(folder)).read() as db:
        spans = db.rows(
            "SELECT min(window_start), max(window_end), bool_and(state IN ('complete', 'empty')) FROM coverage"
        )
    assert spans == [
        ((NOON - 30 * DAY).replace(tzinfo=None), (NOON + timedelta(minutes=15)).replace(tzinfo=None), True)
    ]


# ---- settings and check


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "alarms"),
        ({"alarms": []}, "at least 1 item"),
        ({"alarms": [""]}, "at least 1"),
        ({"alarm": "a"}, "alarm"),
    ],
)
def test_a_target_that_can_not_be_meant_is_refused(keys, said):
    with pytest.raises(ValidationError, match=said):
        Target(component="web", **keys)


def signs(cloud: Cloud, http: httpx.Client, *targets: dict[str, object]) -> list[tuple[str, str, str]]:
    return [(sign.state, sign.said, sign.about) for sign in check(asked(cloud, *targets), http)][1:]


def test_check_says_which_alarms_each_component_has(cloud, account, http):
    for n in range(5):
        account.alarm(f"web-{n}")
    assert signs(cloud, http, DB, {**DB, "component": "web", "alarms": "*"}) == [
        ("fine", "cpu", "jobs db"),
        ("fine", "web-0, web-1, web-2 and 2 more", "jobs web"),
        ("note", "`cpu` counts for another component of the service, which names it too", "jobs web"),
    ]


def test_check_names_all_that_somebody_has_to_mend(cloud, http):
    cloud.denied = {"cloudwatch:DescribeAlarmHistory"}
    said = "in eu-west-1: check the name, the region and the account"
    assert signs(cloud, http, {**DB, "alarms": ["cpuu", "web-*"]}) == [
        (
            "wrong",
            f"cloudwatch:DescribeAlarmHistory is not allowed for {USER}: add it to the policy",
            "cloudwatch:DescribeAlarmHistory",
        ),
        ("wrong", f"there is no alarm `cpuu` {said}; did you mean `cpu`?", "jobs db"),
        ("wrong", f"no alarm is called `web-*` {said}; alarms there: 1", "jobs db"),
    ]
    cloud.denied = {"cloudwatch:DescribeAlarms"}
    assert signs(cloud, http) == [
        (
            "wrong",
            f"cloudwatch:DescribeAlarms is not allowed for {USER}: add it to the policy",
            "cloudwatch:DescribeAlarms",
        )
    ]


def test_boto3_is_imported_only_when_an_account_is_opened():
    assert not {"boto3", "botocore"} & set(vars(cloudwatch_alarms))
