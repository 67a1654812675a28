"""GetMetricData over real HTTP, asked of a server that refuses what AWS refuses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from botocore.stub import Stubber

from metrics.collect import http as polite
from metrics.collect._cloudwatch.ask import ask
from metrics.errors import SourceError
from metrics.model import Coverage, Points, Window
from tests.collect.cloudwatch.asked import HOUR, NOON, account, answers, metric, rows
from tests.collect.cloudwatch.aws_json_server import Cloud, Fault, running

QUARTER = Window(NOON - timedelta(minutes=15), NOON)
LATER = NOON + HOUR
RDS = ("AWS/RDS", "CPUUtilization", (("DBInstanceIdentifier", "db-1"),))


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Cloud]:
    monkeypatch.setattr(polite, "FIRST_S", 0.001)
    with running(Cloud(now=LATER)) as cloud:
        yield cloud


def asked(cloud: Cloud, *metrics, window: Window = QUARTER, now: datetime = LATER, **access):
    return list(ask(account(cloud, **access), metrics, window, now))


def minutes(stat: str, at: int, period: int) -> float:
    return float(at % 3600 // 60)


def test_points_then_one_answer_for_each_metric(cloud):
    cloud.lines[RDS] = minutes
    points, answer = asked(cloud, metric(part="db-1"))
    assert (points.series.unit, points.series.stat, points.series.period_s, points.series.part) == (
        "%",
        "mean",
        300,
        "db-1",
    )
    assert rows([points]) == [("11:45", 45.0), ("11:50", 50.0), ("11:55", 55.0)]
    assert answer == Coverage("jobs", "db", "system.cpu.utilization", "cloudwatch", QUARTER, "complete", "", "db-1")


def test_a_metric_that_cloudwatch_does_not_know_is_empty_and_never_0(cloud):
    (answer,) = asked(cloud, metric())
    assert answers([answer]) == [("empty", "CloudWatch has no AWS/RDS CPUUtilization for it in this window")]


def test_gaps_stay_gaps(cloud):
    cloud.lines[RDS] = lambda stat, at, period: None if at % 3600 // 60 == 50 else 1.0
    assert rows(asked(cloud, metric())) == [("11:45", 1.0), ("11:55", 1.0)]


def test_the_open_bucket_and_those_of_the_last_ten_minutes_are_left_out(cloud):
    cloud.lines[RDS] = minutes
    window = Window(NOON - timedelta(minutes=15), NOON + timedelta(minutes=2))
    batches = asked(cloud, metric(), window=window, now=window.end)
    assert rows(batches) == [("11:45", 45.0)]
    assert batches[-1].window == window


def test_a_window_in_which_nothing_is_over_is_answered_without_a_call(cloud):
    window = Window(NOON - timedelta(minutes=5), NOON)
    assert answers(asked(cloud, metric(), window=window, now=NOON)) == [
        ("complete", "no period of it is over in this window yet")
    ]
    assert cloud.calls == []


def test_buckets_older_than_63_days_are_asked_by_the_hour_and_the_answers_join(cloud):
    cloud.lines[RDS] = lambda stat, at, period: float(period)
    line = LATER - timedelta(days=63)
    window = Window(line - 2 * HOUR, line + 2 * HOUR)
    batches = asked(cloud, metric(), window=window)
    assert [(each.series.period_s, each.ts.size) for each in batches if isinstance(each, Points)] == [
        (300, 12),
        (3600, 3),
    ]
    fine, coarse = (each.window for each in batches if isinstance(each, Coverage))
    assert (coarse.start, coarse.end, fine.end) == (window.start, fine.start, window.end)


def test_percentiles_are_asked_for_by_name_and_never_made_of_averages(cloud):
    key = ("AWS/ApplicationELB", "TargetResponseTime", (("LoadBalancer", "app/web/1"),))
    cloud.lines[key] = lambda stat, at, period: {"p50": 0.2, "p95": 0.9, "p99": 2.5}[stat]
    names = [f"http.server.request.duration.{stat}" for stat in ("p50", "p95", "p99")]
    batches = asked(cloud, *(
        metric("TargetResponseTime", namespace=key[0], dimensions=key[2], indicator=name, statistic=name[-3:])
        for name in names
    ))  # fmt: skip
    found = {
        each.series.indicator: (each.series.stat, set(each.values)) for each in batches if isinstance(each, Points)
    }
    assert found == {names[0]: ("p50", {0.2}), names[1]: ("p95", {0.9}), names[2]: ("p99", {2.5})}
    assert [call for call, _ in cloud.calls] == ["GetMetricData"]


@pytest.mark.parametrize(
    ("rest", "figure"),
    [
        ({"scale": 0.001}, 0.25),
        ({"full": 1000.0}, 75.0),
        ({"limit": 500.0}, 50.0),
        ({"scale": 100.0}, 25_000.0),
    ],
)
def test_values_become_the_indicators_unit(cloud, rest, figure):
    cloud.lines[RDS] = lambda stat, at, period: 250.0
    assert {value for _, value in rows(asked(cloud, metric(**rest)))} == {figure}


def test_values_that_are_no_number_are_refused_and_counted(cloud):
    cloud.lines[RDS] = lambda stat, at, period: {45: math.nan, 50: math.inf}.get(at % 3600 // 60, 7.0)
    batches = asked(cloud, metric())
    assert rows(batches) == [("11:55", 7.0)]
    assert answers(batches) == [("complete", "2 values were refused: no number, or off the clock.")]


ALB = (("LoadBalancer", "app/web/1"),)


def errors(**rest):
    known = {"namespace": "AWS/ApplicationELB", "dimensions": ALB, "statistic": "Sum", "zero_with": "RequestCount"}
    return metric("HTTPCode_Target_5XX_Count", indicator="http.server.5xx.count", **{**known, **rest})


def requests():
    return metric("RequestCount", namespace="AWS/ApplicationELB", dimensions=ALB, statistic="Sum",
                  indicator="http.server.request.count")  # fmt: skip


def test_no_error_is_0_where_there_were_requests_and_unknown_where_there_were_none(cloud):
    cloud.lines["AWS/ApplicationELB", "RequestCount", ALB] = lambda stat, at, period: (
        None if at % 3600 == 3000 else 9.0
    )
    cloud.lines["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", ALB] = lambda stat, at, period: (
        2.0 if at % 3600 == 3300 else None
    )
    assert rows(asked(cloud, errors())) == [("11:45", 0.0), ("11:55", 2.0)]
    both = asked(cloud, errors(), requests())
    assert [len(call["MetricDataQueries"]) for _, call in cloud.calls] == [2, 2]
    assert sum(each.ts.size for each in both if isinstance(each, Points)) == 4


def test_zeros_are_not_made_up_for_what_came_in_part(cloud):
    cloud.lines["AWS/ApplicationELB", "RequestCount", ALB] = minutes
    cloud.statuses["HTTPCode_Target_5XX_Count"] = ["PartialData"] * 3
    (answer,) = asked(cloud, errors())
    assert answer.state == "partial"


def test_it_is_partial_where_the_requests_did_not_come(cloud):
    cloud.lines["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", ALB] = minutes
    cloud.statuses["RequestCount"] = ["InternalError"] * 3
    assert answers(asked(cloud, errors())) == [
        ("partial", "RequestCount did not come whole, so it is not known where it was 0")
    ]


S3 = {"namespace": "AWS/S3", "dimensions": (("BucketName", "b"), ("StorageType", "StandardStorage")), "daily": True}


def test_a_size_that_is_published_late_is_asked_four_days_back_and_only_where_a_day_ends(cloud):
    cloud.default = lambda stat, at, period: 5.0
    bucket = metric("BucketSizeBytes", **S3, indicator="system.filesystem.usage")
    quiet = asked(cloud, bucket, window=Window(NOON - 3 * HOUR, NOON), now=NOON)
    assert answers(quiet) == [("complete", "it is published once a day, and no day ends in this window")]
    assert cloud.calls == []
    window = Window(NOON - 26 * HOUR, NOON)
    batches = asked(cloud, bucket, window=window, now=NOON)
    assert rows(batches) == [(f"11-{day} 00:00", 5.0) for day in (20, 21, 22, 23)]
    assert batches[-1].window == window


def test_a_bucket_is_asked_for_where_it_is(cloud):
    cloud.default = minutes
    asked(cloud, metric(), metric(region="us-east-1", part="db-2"))
    assert [len(call["MetricDataQueries"]) for _, call in cloud.calls] == [1, 1]


def test_a_thousand_metrics_of_a_day_are_three_calls_within_what_aws_takes(cloud):
    cloud.default = minutes
    many = [metric(part=f"db-{n}") for n in range(1000)]
    batches = asked(cloud, *many, window=Window(NOON - 24 * HOUR, NOON))
    assert sum(each.ts.size for each in batches if isinstance(each, Points)) == 288_000
    assert {state for state, _ in answers(batches)} == {"complete"}
    assert [len(call["MetricDataQueries"]) for _, call in cloud.calls] == [350, 350, 300]
    assert cloud.points == [100_800, 100_800, 86_400]


def test_never_more_than_500_in_one_call(cloud):
    cloud.default = minutes
    asked(cloud, *(metric(part=f"db-{n}") for n in range(1001)))
    assert [len(call["MetricDataQueries"]) for _, call in cloud.calls] == [500, 500, 1]


def test_a_fortnight_is_asked_in_calls_that_need_no_second_page(cloud):
    cloud.default = minutes
    asked(cloud, *(metric(part=f"db-{n}") for n in range(30)), window=Window(NOON - timedelta(days=14), NOON))
    assert [len(call["MetricDataQueries"]) for _, call in cloud.calls] == [25, 5]
    assert [call.get("NextToken") for _, call in cloud.calls] == [None, None]


def test_pages_are_followed_and_joined(cloud):
    cloud.default = minutes
    cloud.page = 5
    batches = asked(cloud, metric(part="a"), metric(part="b"), metric(part="c"))
    assert [call.get("NextToken") for _, call in cloud.calls] == [None, "5"]
    assert rows(batches) == [("11:45", 45.0), ("11:50", 50.0), ("11:55", 55.0)] * 3
    assert {state for state, _ in answers(batches)} == {"complete"}


def test_pages_without_an_end_are_cut_off(cloud):
    cloud.faults = [Fault(body=b'{"MetricDataResults": [], "NextToken": "again"}')] * 3
    with pytest.raises(SourceError, match="without an end"):
        asked(cloud, metric())


@pytest.mark.parametrize("status", ["PartialData", "InternalError"])
def test_what_came_in_part_or_with_an_error_is_asked_for_again_alone(cloud, status):
    cloud.lines["AWS/RDS", "ReadLatency", (("DBInstanceIdentifier", "db-1"),)] = minutes
    cloud.lines[RDS] = minutes
    cloud.statuses["CPUUtilization"] = [status]
    batches = asked(cloud, metric(), metric("ReadLatency", indicator="db.read.latency"), window=QUARTER)
    assert {state for state, _ in answers(batches)} == {"complete"}
    assert [len(call["MetricDataQueries"]) for _, call in cloud.calls] == [2, 1]
    assert len(rows(batches)) == 6


def test_what_stays_in_part_is_partial_and_may_be_asked_for_again(cloud):
    cloud.lines[RDS] = minutes
    cloud.statuses["CPUUtilization"] = ["PartialData"] * 3
    batches = asked(cloud, metric())
    assert rows(batches) == [("11:45", 45.0)]
    assert batches[-1].retryable
    assert answers(batches) == [
        ("partial", "CloudWatch gave only part of AWS/RDS CPUUtilization, each time (PartialData said by the test)")
    ]
    assert rows(asked(cloud, metric())) == [("11:45", 45.0), ("11:50", 50.0), ("11:55", 55.0)]


def test_an_error_that_stays_is_failed_and_the_others_come(cloud):
    cloud.lines["AWS/RDS", "ReadLatency", (("DBInstanceIdentifier", "db-1"),)] = minutes
    cloud.statuses["CPUUtilization"] = ["InternalError"] * 3
    batches = asked(cloud, metric(), metric("ReadLatency", indicator="db.read.latency"))
    found = {each.indicator: (each.state, each.retryable) for each in batches if isinstance(each, Coverage)}
    assert found == {"system.cpu.utilization": ("failed", True), "db.read.latency": ("complete", False)}


def test_a_metric_that_may_not_be_read_is_forbidden(cloud):
    cloud.statuses["CPUUtilization"] = ["Forbidden"]
    batches = asked(cloud, metric())
    assert answers(batches) == [
        ("forbidden",
         "cloudwatch:GetMetricData is not allowed for AWS/RDS CPUUtilization: add it to the policy (Forbidden said by the test)")
    ]  # fmt: skip
    assert not batches[0].retryable


def test_a_missing_permission_is_named_with_who_lacks_it(cloud):
    cloud.denied = {"cloudwatch:GetMetricData"}
    assert answers(asked(cloud, metric(part="a"), metric(part="b"))) == [
        ("forbidden",
         "cloudwatch:GetMetricData is not allowed for arn:aws:iam::123456789012:user/tomoni: add it to the policy")
    ] * 2  # fmt: skip


def test_one_impossible_line_does_not_take_the_others_with_it(cloud):
    cloud.default = minutes
    many = [metric(part=f"db-{n}") for n in range(8)] + [metric(part="dб")]
    batches = asked(cloud, *many)
    found = {each.part: each.state for each in batches if isinstance(each, Coverage)}
    assert found == {**{f"db-{n}": "complete" for n in range(8)}, "dб": "failed"}
    assert next(each.detail for each in batches if isinstance(each, Coverage) and each.part == "dб").startswith(
        "cloudwatch:GetMetricData was refused: ValidationError"
    )


def test_a_line_that_is_left_out_of_the_answer_is_failed(cloud):
    cloud.faults = [Fault(body=b'{"MetricDataResults": [{"Id": "q9"}]}')]
    assert answers(asked(cloud, metric())) == [("failed", "CloudWatch left AWS/RDS CPUUtilization out of its answer")]


def test_times_and_values_that_do_not_fit_together_are_no_data(cloud):
    cloud.faults = [Fault(body=b'{"MetricDataResults": [{"Id": "q0", "Timestamps": [0, 300], "Values": [1]}]}')]
    with pytest.raises(SourceError, match="2 times for 1 values"):
        asked(cloud, metric())


def test_buckets_off_the_clock_and_from_outside_are_no_data(cloud):
    ours, off, before = (
        int(at.timestamp()) for at in (NOON - timedelta(minutes=5), NOON - timedelta(minutes=7), NOON - HOUR)
    )
    text = f'{{"MetricDataResults": [{{"Id": "q0", "Timestamps": [{before}, {off}, {ours}], "Values": [1, 2, 3]}}]}}'
    cloud.faults = [Fault(body=text.encode())]
    batches = asked(cloud, metric())
    assert rows(batches) == [("11:55", 3.0)]
    assert answers(batches) == [("complete", "1 value was refused: no number, or off the clock.")]


def test_times_are_utc_microseconds(cloud):
    cloud.default = minutes
    points, _ = asked(cloud, metric())
    assert points.ts.dtype == np.dtype("datetime64[us]")
    assert points.ts[0].item().replace(tzinfo=UTC) == QUARTER.start


def test_what_is_not_about_a_line_is_a_fault_of_the_whole_source(cloud):
    """Halving the call would only ask a thousand times."""
    cloud.faults = [Fault(403, b"<html>no</html>", "text/html")]
    with pytest.raises(SourceError, match="with HTTP 403 by something that is not AWS"):
        asked(cloud, metric(part="a"), metric(part="b"))
    assert len(cloud.calls) == 1


def test_awss_own_model_agrees_with_what_is_asked_and_with_what_the_server_answers(cloud):
    """botocore's Stubber checks both against it: an error of AWS's own, then a percentile in two pages."""
    cloud.default, cloud.page = minutes, 2
    cloud.statuses["TargetResponseTime"] = ["InternalError"]
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": "db-1"}]
    of = {"Namespace": "AWS/RDS", "MetricName": "TargetResponseTime", "Dimensions": dimensions}
    wanted = {
        "MetricDataQueries": [{"Id": "q0", "MetricStat": {"Metric": of, "Period": 300, "Stat": "p95"}}],
        "StartTime": QUARTER.start,
        "EndTime": QUARTER.end,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": 100_800,
    }
    plain = {**wanted, "StartTime": QUARTER.start.timestamp(), "EndTime": QUARTER.end.timestamp()}
    it = account(cloud)
    with Stubber(it.client("cloudwatch")) as stub:
        for token in ({}, {}, {"NextToken": "2"}):
            answer = cloud.get_metric_data({**plain, **token})
            for line in answer["MetricDataResults"]:
                line["Timestamps"] = [datetime.fromtimestamp(at, UTC) for at in line["Timestamps"]]
            stub.add_response("get_metric_data", answer, {**wanted, **token})
        p95 = metric("TargetResponseTime", statistic="p95", indicator="http.server.request.duration.p95")
        batches = list(ask(it, [p95], QUARTER, LATER))
        stub.assert_no_pending_responses()
    assert rows(batches) == [("11:45", 45.0), ("11:50", 50.0), ("11:55", 55.0)]
    assert answers(batches) == [("complete", "")]
