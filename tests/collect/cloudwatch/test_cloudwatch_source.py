"""The whole source: settings, one run over several windows, faults and what heals them, and what `check` says."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from metrics import config
from metrics.collect import cloudwatch, registry, run
from metrics.collect import http as polite
from metrics.collect._cloudwatch.inventory import ACTIONS
from metrics.collect.cloudwatch import Settings, check, collect
from metrics.collect.http import Budget, client
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, Points, Snapshot, Window
from metrics.store import read
from tests.collect.cloudwatch import moto_account
from tests.collect.cloudwatch.asked import HOUR, NOON, answers, rows
from tests.collect.cloudwatch.aws_json_server import KEY, SECRET, USER, Cloud, Fault, running
from tests.collect.cloudwatch.databases import account_with, measured, source, target
from tests.collect.folders import ROOT, configure, metrics

QUARTER = Window(NOON - timedelta(minutes=25), NOON)
# Series of one instance, and what CloudWatch is asked for them: two figures come from one metric twice.
SERIES, QUERIES = 12, 10
# The instance has no replica, which is said of it.
LAG = 1


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Cloud]:
    monkeypatch.setattr(polite, "FIRST_S", 0.001)
    with running(account_with(2, NOON)) as cloud:
        yield cloud


def settings(cloud: Cloud, instances: int = 1, **rest: object) -> Settings:
    return Settings(**{**source(cloud, instances), **rest})


def calls(cloud: Cloud) -> dict[str, int]:
    return dict(Counter(call for call, _ in cloud.calls))


def test_a_components_metrics_and_limits_by_its_name_alone(cloud, http):
    batches = list(collect(settings(cloud), QUARTER, http))
    points = {each.series.indicator: each for each in batches if isinstance(each, Points)}
    assert len(points) == SERIES
    times = [NOON - timedelta(minutes=minutes) for minutes in (25, 20, 15)]
    assert rows([points["system.cpu.utilization"]]) == [
        (f"{at:%H:%M}", measured("Average", int(at.timestamp()), 300)) for at in times
    ]
    (limits,) = (each for each in batches if isinstance(each, Snapshot))
    assert (limits.kind, limits.values["memory"], limits.values["max_connections"]) == ("limits", 16 * 2**30, 400)
    assert Counter(each.state for each in batches if isinstance(each, Coverage)) == {"complete": SERIES, "empty": LAG}
    assert {each.window for each in batches if isinstance(each, Coverage)} == {QUARTER}


def test_points_come_before_the_answer_that_speaks_of_them(cloud, http):
    answered = set()
    for batch in collect(settings(cloud), QUARTER, http):
        if isinstance(batch, Coverage):
            answered.add(batch.indicator)
        elif isinstance(batch, Points):
            assert batch.series.indicator not in answered


def test_the_account_is_described_once_for_all_windows_of_a_run(cloud, http):
    it = settings(cloud)
    windows = [QUARTER, *(Window(QUARTER.start - n * HOUR, QUARTER.start - (n - 1) * HOUR) for n in (1, 2, 3))]
    batches = [list(collect(it, window, http)) for window in windows]
    assert calls(cloud) == {"DescribeDBInstances": 1, "DescribeInstanceTypes": 1, "GetMetricData": 4}
    assert [sum(isinstance(each, Snapshot) for each in some) for some in batches] == [1, 0, 0, 0]
    assert [sum(isinstance(each, Coverage) for each in some) for some in batches] == [SERIES + LAG] * 4


def test_older_windows_of_a_run_are_whole_to_their_end(cloud, http):
    it = settings(cloud)
    list(collect(it, QUARTER, http))
    older = list(collect(it, Window(QUARTER.start - HOUR, QUARTER.start), http))
    assert {each.ts.size for each in older if isinstance(each, Points)} == {12}


def test_the_next_run_describes_it_again(cloud, http):
    list(collect(settings(cloud), QUARTER, http))
    with client() as another:
        list(collect(settings(cloud), QUARTER, another))
    later = Window(QUARTER.end, QUARTER.end + HOUR)
    list(collect(settings(cloud), later, http))
    assert calls(cloud)["DescribeDBInstances"] == 3


def test_a_run_that_is_over_is_forgotten(cloud, http):
    with client() as first:
        list(collect(settings(cloud), QUARTER, first))
    list(collect(settings(cloud), QUARTER, http))
    assert [each for each, _ in cloudwatch._opened] == [http]


def test_nobody_uses_it(cloud, http):
    assert list(collect(settings(cloud, 0), QUARTER, http)) == []
    assert cloud.calls == []
    assert [(sign.state, sign.said) for sign in check(settings(cloud, 0), http)][1:] == [
        ("note", "no component uses it: write `use: cloudwatch` in a service's file")
    ]


def test_an_empty_account_answers_for_what_is_not_in_it(cloud, http):
    cloud.answers["DescribeDBInstances"] = lambda _: "<DBInstances/>"
    batches = list(collect(settings(cloud), QUARTER, http))
    assert not any(isinstance(each, Points) for each in batches)
    assert {(state, detail) for state, detail in answers(batches)} == {
        (
            "failed",
            "there is no RDS instance `db-0` in eu-west-1; there is none at all: check the region and the account",
        )
    }


@pytest.mark.parametrize(
    "fault",
    [
        [Fault(500)] * 6,
        [Fault(cut=True)] * 6,
        [Fault(429, headers={"Retry-After": "0"})] * 6,
        [Fault(400, b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", "text/xml")] * 6,
        [Fault(403, b"<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>", "text/xml")] * 2,
        [Fault(403, b"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>", "text/xml")]
        * 2,
        [Fault(body=b"<html>not AWS", kind="text/html")],
    ],
    ids=["5xx", "cut", "429", "throttled", "expired", "signature", "no answer"],
)
def test_a_later_run_brings_what_a_fault_kept_back(cloud, http, fault):
    cloud.faults = list(fault)
    with pytest.raises(SourceError):
        list(collect(settings(cloud), QUARTER, http))
    assert cloud.faults == []
    whole = list(collect(settings(cloud), QUARTER, http))
    assert Counter(each.state for each in whole if isinstance(each, Coverage)) == {"complete": SERIES, "empty": LAG}


def test_what_came_before_a_fault_is_kept(cloud, http):
    """The window crosses the line of 63 days, so that two calls are needed; the second one is not answered."""
    it, line, batches = settings(cloud), NOON - timedelta(days=63), []
    list(collect(it, QUARTER, http))
    cloud.faults = [None, *[Fault(500)] * 6]
    with pytest.raises(SourceError):  # noqa: PT012 - what a stream gave before it broke is what is tested
        for batch in collect(it, Window(line, line + 6 * HOUR), http):
            batches.append(batch)  # noqa: PERF402 - `extend` would lose them where it breaks
    assert Counter(each.state for each in batches if isinstance(each, Coverage))["complete"] == SERIES


def test_a_spent_budget_passes_to_the_runner_as_it_is(cloud):
    with client(budget=Budget(2, per_second=1e6)) as http, pytest.raises(BudgetSpentError):
        list(collect(settings(cloud), QUARTER, http))


def test_a_secret_is_in_nothing_that_comes_out(cloud, http, caplog):
    caplog.set_level(logging.INFO)
    cloud.denied = {"cloudwatch:GetMetricData", "rds:DescribeDBParameters"}
    out = [repr(each) for each in collect(settings(cloud), QUARTER, http)] + [repr(settings(cloud))]
    out += [repr(sign) for sign in check(settings(cloud), http)]
    cloud.keys = {}
    with pytest.raises(SourceError) as caught:
        list(check(settings(cloud), http))
    assert SECRET not in "".join([*out, repr(caught.value), caplog.text])


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"secret_access_key": None}, "belong together"),
        ({"access_key_id": None, "secret_access_key": None, "session_token": "t"}, "session_token belongs to"),
        ({"external_id": "ours"}, "set role_arn too"),
        ({"region": ""}, "at least 1 character"),
        ({"targets": [{"component": "db"}]}, "it does not say what it is in AWS"),
    ],
)
def test_settings_that_can_not_work_are_refused(cloud, keys, said):
    with pytest.raises(ValidationError, match=said):
        settings(cloud, **keys)


# ---- check


def test_check_says_who_it_is_what_it_found_and_what_it_costs(cloud, http):
    cloud.now = None
    signs = list(check(settings(cloud, 2, every=HOUR), http))
    assert (signs[0].state, signs[0].said) == ("fine", f"it is {USER} and asks in eu-west-1")
    assert [sign.about for sign in signs if sign.said == "rds_instance: postgres on db.r6g.large"] == ["db-0", "db-1"]
    cost = signs[-1]
    assert (cost.state, cost.about) == ("note", "cost")
    assert cost.said.startswith(
        "20 metrics every 1 h are 14,400 a month, about USD 0.14 at USD 0.01 per 1,000 metrics requested "
        "(a list price: verify it). GetMetricData is called about once a run"
    )
    assert "wrong" not in {sign.state for sign in signs}
    assert calls(cloud)["GetMetricData"] == 1


def test_check_names_each_permission_that_is_missing(cloud, http):
    cloud.denied = {"cloudwatch:GetMetricData", "ec2:DescribeInstanceTypes"}
    wrong = {sign.about: sign.said for sign in check(settings(cloud), http) if sign.state == "wrong"}
    assert wrong == {
        "db-0": f"ec2:DescribeInstanceTypes is not allowed for {USER}: add it to the policy",
        "cloudwatch:GetMetricData": f"cloudwatch:GetMetricData is not allowed for {USER}: add it to the policy",
    }


def test_check_names_a_wrong_name(cloud, http):
    it = settings(cloud, targets=[{**target(0), "rds_instance": "db-O"}])
    assert ("db-0", "there is no RDS instance `db-O` in eu-west-1; did you mean db-1 or db-0?") in [
        (sign.about, sign.said) for sign in check(it, http) if sign.state == "wrong"
    ]


def test_check_says_that_aws_can_not_be_reached(http):
    with pytest.raises(SourceError, match="AWS can't be reached"):
        list(
            check(
                Settings(
                    region="eu-west-1", endpoint_url="http://127.0.0.1:1", access_key_id="a", secret_access_key="b"
                ),
                http,
            )
        )


# ---- the page


def test_the_policy_on_the_page_is_what_is_called():
    page = (ROOT / "docs/collectors/cloudwatch.md").read_text(encoding="utf-8")
    policy = json.loads(re.search(r"```json\n(.*?)```", page, re.S)[1])
    (statement,) = policy["Statement"]
    assert statement["Action"] == sorted(
        {"cloudwatch:GetMetricData", *(action for actions in ACTIONS.values() for action in actions)}, key=str.lower
    )


# ---- through the runner


def configured(folder: Path, cloud: Cloud) -> Path:
    return configure(folder, {"aws": {"kind": "cloudwatch", **source(cloud, 1)}})


def run_at(folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> run.Outcome:
    """One run, for which a first run asks back two days only."""
    short = replace(registry()["cloudwatch"], backfill=timedelta(days=2))
    monkeypatch.setattr(run, "kind_of", lambda _: short)
    it = config.load(folder)
    return run.run_source(it, run.chosen(it, ["aws"])[0], run.Request(now))


def stored(folder: Path) -> tuple[int, pd.DataFrame]:
    with run.store_of(config.load(folder)).read() as db:
        ((count,),) = db.rows("SELECT count(*) FROM samples")
        return count, read.coverage(db)


def test_collect_fills_the_store_and_a_second_run_adds_nothing(cloud, tmp_path, monkeypatch):
    cloud.now, now = None, datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - 2 * HOUR
    folder = configured(tmp_path, cloud)
    first = run_at(folder, now, monkeypatch)
    # Two days, in two windows, less the last ten minutes.
    assert (first.state, first.rows) == ("done", SERIES * (2 * 288 - 2))
    assert first.answers == {"complete": 2 * SERIES, "empty": 2 * LAG}
    again = run_at(folder, now, monkeypatch)
    assert (again.state, again.rows) == ("done", 0)
    assert stored(folder)[0] == SERIES * (2 * 288 - 2)
    later = run_at(folder, now + HOUR, monkeypatch)
    assert later.rows == SERIES * 12


def test_a_permission_that_was_given_later_heals_all_of_the_past(cloud, tmp_path, monkeypatch):
    cloud.now, now = None, datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    folder = configured(tmp_path, cloud)
    cloud.denied = {"cloudwatch:GetMetricData"}
    refused = run_at(folder, now, monkeypatch)
    assert (refused.state, refused.answers["forbidden"]) == ("partial", 2 * SERIES)
    cloud.denied = set()
    for hours in (1, 4):
        run_at(folder, now + hours * HOUR, monkeypatch)
    count, coverage = stored(folder)
    # What is older than a first run would ask for is not asked for any more.
    forbidden = coverage[coverage["state"] == "forbidden"]
    assert (forbidden["window_end"] <= now + 4 * HOUR - timedelta(days=2)).all()
    assert count == SERIES * (2 * 288 - 2)


def test_the_command_line_checks_and_collects(cloud, tmp_path):
    cloud.now = None
    folder = configured(tmp_path, cloud)
    checked = metrics(folder, "check")
    assert checked.returncode == 0, checked.stdout
    assert "source aws: cost" in checked.stdout
    since = (datetime.now(UTC) - HOUR).isoformat()
    done = metrics(folder, "collect", "--since", since)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stored(folder)[0] >= SERIES * 9
    assert SECRET not in checked.stdout + done.stdout + done.stderr + checked.stderr


# ---- moto, for the wiring


def test_moto_answers_the_same_questions():
    moto_account.emptied()
    ec2, watch = moto_account.boto("ec2"), moto_account.boto("cloudwatch")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    name = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 2 * HOUR
    data = [
        {
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": "InstanceId", "Value": name}],
            "Timestamp": start + timedelta(minutes=minute),
            "Value": float(minute),
            "Unit": "Percent",
        }
        for minute in (0, 4, 5, 12)
    ]
    watch.put_metric_data(Namespace="AWS/EC2", MetricData=data)
    it = Settings(
        region=moto_account.REGION,
        endpoint_url=moto_account.moto(),
        access_key_id=KEY,
        secret_access_key=SECRET,
        targets=[{"service": "jobs", "component": "web", "ec2_instances": name}],
    )
    with client(budget=Budget(per_second=1e6)) as http:
        batches = list(collect(it, Window(start, start + HOUR), http))
    found = {each.series.indicator: each.values.tolist() for each in batches if isinstance(each, Points)}
    assert found == {"system.cpu.utilization": [2.0, 5.0, 12.0], "system.cpu.utilization.max": [4.0, 5.0, 12.0]}
    states = {each.indicator: each.state for each in batches if isinstance(each, Coverage)}
    assert states["system.network.receive"] == "empty"


def test_the_constants_are_the_ones_that_the_page_tells():
    days = [each / timedelta(days=1) for each in (cloudwatch.BACKFILL, cloudwatch.SLICE)]
    hours = [each / HOUR for each in (cloudwatch.RECOLLECT, cloudwatch.RECOLLECT_DAILY)]
    assert (days, hours) == ([455, 14], [3, 26])
