"""S3 and load balancers: buckets in their own regions, target groups, and the bucket with the access log."""

from __future__ import annotations

import pytest

from tests.collect.cloudwatch.moto_account import (
    account,
    boto,
    dimensions,
    emptied,
    inventory,
    moto,
    refuse,
    row,
    stubbed,
    target,
)

SIZE = ("storage.used", "BucketSizeBytes", "Average", "daily")
COUNT = ("storage.objects", "NumberOfObjects", "Average", "daily")
LINES = [
    ("http.server.request.duration.p95", "TargetResponseTime", "p95", ""),
    ("http.server.request.duration.p50", "TargetResponseTime", "p50", ""),
    ("http.server.request.duration.p99", "TargetResponseTime", "p99", ""),
    ("http.server.request.count", "RequestCount", "Sum", ""),
    ("http.server.5xx.count", "HTTPCode_Target_5XX_Count", "Sum", "0 with RequestCount"),
    ("http.server.4xx.count", "HTTPCode_Target_4XX_Count", "Sum", "0 with RequestCount"),
]
GATEWAY = ("http.gateway.5xx.count", "HTTPCode_ELB_5XX_Count", "Sum", "0 with RequestCount")
HOSTS = ("http.server.hosts.unhealthy", "UnHealthyHostCount", "Maximum", "")


@pytest.fixture(autouse=True)
def _account() -> None:
    emptied()


def bucket(name: str, region: str = "eu-west-1") -> None:
    boto("s3", region).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})


def measured(name: str, *classes: str, region: str = "eu-west-1") -> None:
    """S3 has published the bucket's size in these classes."""
    for each in classes:
        dimensions = [{"Name": "BucketName", "Value": name}, {"Name": "StorageType", "Value": each}]
        boto("cloudwatch", region).put_metric_data(
            Namespace="AWS/S3",
            MetricData=[{"MetricName": "BucketSizeBytes", "Dimensions": dimensions, "Value": 1.0}],
        )


def test_a_bucket_of_one_class_is_one_size_and_one_count():
    bucket("resumes")
    found = inventory(target("resumes", bucket="resumes"))
    assert [row(metric) for metric in found.metrics] == [(None, *SIZE), (None, *COUNT)]
    assert dimensions(found) == {
        ("AWS/S3", (("BucketName", "resumes"), ("StorageType", "StandardStorage"))),
        ("AWS/S3", (("BucketName", "resumes"), ("StorageType", "AllStorageTypes"))),
    }
    assert {metric.region for metric in found.metrics} == {None}


def test_a_bucket_is_asked_for_in_its_own_region_and_by_class():
    bucket("archive", "ap-northeast-1")
    measured("archive", "StandardStorage", "GlacierStorage", region="ap-northeast-1")
    found = inventory(target("archive", bucket="archive"))
    assert [row(metric) for metric in found.metrics] == [
        ("GlacierStorage", *SIZE), ("StandardStorage", *SIZE), (None, *COUNT),
    ]  # fmt: skip
    assert {metric.region for metric in found.metrics} == {"ap-northeast-1"}


def test_several_buckets_are_parts_and_one_that_is_not_there_is_missed():
    bucket("resumes")
    bucket("archive")
    measured("archive", "StandardStorage", "GlacierStorage")
    found = inventory(target("files", buckets=["resumes", "archive", "resums"]))
    assert [row(metric) for metric in found.metrics] == [
        ("resumes", *SIZE), ("resumes", *COUNT),
        ("archive GlacierStorage", *SIZE), ("archive StandardStorage", *SIZE), ("archive", *COUNT),
    ]  # fmt: skip
    (fault,) = found.faults
    assert (fault.part, fault.indicators) == ("resums", ("storage.used", "storage.objects"))
    assert fault.detail == "there is no bucket `resums` in this account; did you mean resumes?"


@pytest.mark.parametrize(("told", "region"), [({}, "us-east-1"), ({"LocationConstraint": "EU"}, None)])
def test_the_oldest_regions_have_names_of_their_own(told: dict[str, str], region: str | None):
    it = account(moto())
    with stubbed(
        it, "s3",
        ("list_buckets", {}, {"Buckets": [{"Name": "old"}]}),
        ("get_bucket_location", {"Bucket": "old"}, told),
    ):  # fmt: skip
        found = inventory(target("old", bucket="old"), of=it)
    assert {metric.region for metric in found.metrics} == {region}


def test_a_bucket_that_may_not_be_listed_is_forbidden_not_missing():
    it = account(moto())
    refuse(it, "s3", "list_buckets")
    (fault,) = inventory(target("files", bucket="resumes"), of=it).faults
    assert (fault.state, fault.indicators) == ("forbidden", ("storage.used", "storage.objects"))


def balancer(
    name: str = "web", groups: tuple[str, ...] = ("api",), kind: str = "application"
) -> tuple[str, list[str]]:
    """What CloudWatch calls it and its target groups."""
    ec2, elb = boto("ec2"), boto("elbv2")
    vpc = ec2.create_vpc(CidrBlock="172.28.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="172.28.7.0/26")["Subnet"]["SubnetId"]
    (made,) = elb.create_load_balancer(Name=name, Subnets=[subnet], Type=kind)["LoadBalancers"]
    suffixes = []
    for group in groups:
        (own,) = elb.create_target_group(Name=group, Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"]
        elb.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80 + len(suffixes),
            DefaultActions=[{"Type": "forward", "TargetGroupArn": own["TargetGroupArn"]}],
        )  # fmt: skip
        suffixes.append(own["TargetGroupArn"].split(":")[-1])
    return made["LoadBalancerArn"].split(":loadbalancer/")[1], suffixes


def test_a_load_balancer_is_asked_for_by_what_cloudwatch_calls_it():
    full, (group,) = balancer()
    for name in ("web", full):
        found = inventory(target("web", load_balancer=name))
        assert sorted(row(metric)[1:] for metric in found.metrics) == sorted([*LINES, GATEWAY, HOSTS])
        assert {metric.part for metric in found.metrics} == {None}
        assert dimensions(found) == {
            ("AWS/ApplicationELB", (("LoadBalancer", full),)),
            ("AWS/ApplicationELB", (("TargetGroup", group), ("LoadBalancer", full))),
        }


def test_its_target_groups_are_parts_when_there_are_several():
    balancer(groups=("api", "static"))
    found = inventory(target("web", load_balancer="web"))
    assert [metric.part for metric in found.metrics if metric.indicator == HOSTS[0]] == ["api", "static"]


def test_one_target_group_can_be_a_component():
    full, (_, static) = balancer(groups=("api", "static"))
    found = inventory(target("static", load_balancer="web", target_group="static"))
    assert sorted(row(metric) for metric in found.metrics) == sorted((None, *each) for each in [*LINES, HOSTS])
    assert dimensions(found) == {("AWS/ApplicationELB", (("TargetGroup", static), ("LoadBalancer", full)))}
    (fault,) = inventory(target("static", load_balancer="web", target_group="sttic")).faults
    assert fault.detail == "there is no target group of web `sttic` in eu-west-1; did you mean static?"


def test_its_log_bucket_is_found_and_measured():
    bucket("logs", "us-west-2")
    full, _ = balancer()
    (made,) = boto("elbv2").describe_load_balancers()["LoadBalancers"]
    boto("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=made["LoadBalancerArn"],
        Attributes=[
            {"Key": "access_logs.s3.enabled", "Value": "true"},
            {"Key": "access_logs.s3.bucket", "Value": "logs"},
            {"Key": "access_logs.s3.prefix", "Value": "web"},
        ],
    )
    found = inventory(target("web", load_balancer="web"))
    assert [(row(metric), metric.region) for metric in found.metrics if metric.namespace == "AWS/S3"] == [
        (("logs", *SIZE), "us-west-2"), (("logs", *COUNT), "us-west-2"),
    ]  # fmt: skip
    assert found.snapshots[0].values == {"log_bucket": "logs", "log_prefix": "web"}
    assert [(sign.state, sign.said) for sign in found.signs()] == [
        ("fine", f"load_balancer: {full} with 1 target groups, its access log in logs"),
    ]


def test_a_load_balancer_without_a_log_says_so():
    balancer(groups=())
    found = inventory(target("web", load_balancer="web"))
    assert [sign.said for sign in found.signs() if sign.state == "note"] == [
        "no target group is attached, so no host can be unhealthy",
        "it keeps no access log: without one, nobody can tell which requests were slow",
    ]


def test_a_network_load_balancer_carries_no_http():
    balancer("edge", (), "network")
    (fault,) = inventory(target("edge", load_balancer="edge")).faults
    assert fault.detail.startswith("there is no Application Load Balancer `edge` in eu-west-1; there is none at all")
