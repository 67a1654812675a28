"""The inventory as a whole: what one target's fault does to others, and which permissions are needed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from metrics import catalog
from metrics.collect import Sign
from metrics.collect._cloudwatch import reader
from metrics.collect._cloudwatch.inventory import ACTIONS
from metrics.errors import SourceError
from metrics.model import Window
from tests.collect.cloudwatch.moto_account import (
    KEYS,
    NOON,
    account,
    boto,
    emptied,
    inventory,
    moto,
    refuse,
    stubbed,
    target,
)

WINDOW = Window(NOON - timedelta(hours=3), NOON)
# One that is not there, of every kind.
NONE = {
    "rds_cluster": "x", "rds_instance": "x", "ec2_instances": "i-0", "ec2_tag": "Name=x", "auto_scaling_group": "x",
    "eks_cluster": "x", "cache_cluster": "x", "replication_group": "x", "function": "x", "lambda_functions": ["x", "y"],
    "bucket": "x", "buckets": ["x", "y"], "load_balancer": "x",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _account() -> None:
    emptied()


@pytest.mark.parametrize("kind", NONE)
def test_a_thing_that_is_not_there_answers_for_the_whole_window(kind: str):
    found = inventory(target("it", **{kind: NONE[kind]}))
    (fault,) = found.faults
    answers = list(found.faults_as_coverage(WINDOW))
    assert found.metrics == ()
    assert [each.indicator for each in answers] == list(fault.indicators)
    for each in answers:
        assert (each.state, each.retryable, each.part, each.window) == ("failed", False, None, WINDOW)
        assert each.indicator in catalog.load()
        assert len(each.detail) <= 300
    assert list(found.signs()) == [Sign("wrong", fault.detail, "it")]


def test_no_targets_are_no_questions():
    found = inventory()
    assert (found.metrics, found.faults, found.snapshots, list(found.signs())) == ((), (), (), [])
    assert list(found.beside(account(moto()), WINDOW)) == []


@pytest.mark.parametrize(
    ("service", "operation", "keys"),
    [
        ("rds", "describe_db_instances", {"rds_cluster": "x"}),
        ("ec2", "describe_instances", {"ec2_tag": "Name=x"}),
        ("autoscaling", "describe_auto_scaling_groups", {"auto_scaling_group": "x"}),
        ("eks", "list_clusters", {"eks_cluster": "x"}),
        ("elasticache", "describe_cache_clusters", {"replication_group": "x"}),
        ("lambda", "list_functions", {"function": "x"}),
        ("s3", "list_buckets", {"buckets": ["x"]}),
        ("elbv2", "describe_load_balancers", {"load_balancer": "x"}),
    ],
)
def test_a_call_that_is_not_allowed_is_named_and_stops_nobody(service: str, operation: str, keys: dict[str, object]):
    boto("s3").create_bucket(Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    it = account(moto())
    refuse(it, service, operation)
    other = target("other", bucket="there") if service != "s3" else target("other", ses="news")
    found = inventory(target("it", **keys), other, of=it)
    answers = list(found.faults_as_coverage(WINDOW))
    assert {each.component for each in found.metrics} == {"other"}
    assert {(each.component, each.state, each.retryable) for each in answers} == {("it", "forbidden", False)}
    action = answers[0].detail.partition(" ")[0]
    assert action in {each for system in ACTIONS.values() for each in system}
    assert (
        answers[0].detail
        == f"{action} is not allowed for arn:aws:iam::123456789012:user/tomoni: add it to the policy"
    )


def test_every_call_that_is_made_is_in_the_policy(monkeypatch: pytest.MonkeyPatch):
    """Each system's describe-calls, as they are named to whoever has to allow them."""
    asked: set[str] = set()
    real = reader.Reader._action

    def noted(self: reader.Reader, service: str, operation: str) -> str:
        asked.add(real(self, service, operation))
        return real(self, service, operation)

    monkeypatch.setattr(reader.Reader, "_action", noted)
    boto("s3").create_bucket(Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    inventory(
        *(target(kind, **{kind: name}) for kind, name in NONE.items()),
        target("s3", bucket="there"),
        target("m", ses=True),
    )
    allowed = {each for system in ACTIONS.values() for each in system}
    assert {"s3:ListAllMyBuckets", "elasticloadbalancing:DescribeLoadBalancers", "ses:GetSendQuota"} <= asked
    assert asked <= allowed
    assert all(re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z0-9]+", each) for each in allowed)


def test_check_names_what_is_not_allowed_beside_metrics():
    """Mail's statistics and the load of queries are asked for apart from everything else."""
    it = account(moto())
    stub = refuse(it, "ses")
    stub.add_response("get_send_quota", {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 0.0})
    stub.add_client_error("get_send_statistics", "AccessDenied", "no", 403)
    found = inventory(target("mail", ses=True), of=it)
    said = "ses:GetSendStatistics is not allowed for these credentials: add it to the policy"
    assert list(found.tried(it)) == [Sign("wrong", said, "mail")]


def test_more_instances_than_a_filter_takes_are_asked_for_in_turns():
    it = account(moto())
    ids = [f"i-{n:017x}" for n in range(201)]
    row = {"InstanceType": "m6g.large", "State": {"Name": "running"}}
    asked = [ids[:200], ids[200:]]
    answers = [
        ("describe_instances", {"Filters": [{"Name": "instance-id", "Values": each}]},
         {"Reservations": [{"Instances": [{"InstanceId": name, **row} for name in each]}]})
        for each in asked
    ]  # fmt: skip
    types = ("describe_instance_types", {"Filters": [{"Name": "instance-type", "Values": ["m6g.large"]}]}, {})
    with stubbed(it, "ec2", *answers, types), stubbed(it, "cloudwatch", *_no_agent(ids)):
        found = inventory(target("web", ec2_instances=ids), of=it)
    assert {metric.part for metric in found.metrics} == set(ids)


def _no_agent(ids: list[str]) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    return [
        (
            "list_metrics",
            {"Namespace": "CWAgent", "Dimensions": [{"Name": "InstanceId", "Value": name}]},
            {"Metrics": []},
        )
        for name in ids
    ]


def test_two_entries_that_bring_the_same_are_told_apart():
    for name in ("one", "two"):
        boto("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    found = inventory(target("files", bucket="one"), target("files", bucket="two"))
    assert {metric.dimensions[0][1] for metric in found.metrics} == {"one"}
    (wrong,) = [sign.said for sign in found.signs() if sign.state == "wrong"]
    assert wrong == (
        "another entry of files brings storage.used, storage.objects already, so bucket two is not asked for it: "
        "make it a component of its own"
    )


def test_a_fault_takes_nothing_from_what_another_entry_brings():
    """One timeline for each figure: the bucket that is there answers, the one that is not does not say it failed."""
    boto("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    found = inventory(target("files", bucket="none"), target("files", bucket="one"))
    assert [metric.indicator for metric in found.metrics] == ["storage.used", "storage.objects"]
    assert found.faults == ()
    assert [sign.state for sign in found.signs()] == ["wrong", "fine"]


def test_an_account_that_lets_nobody_in_is_a_fault_of_the_whole_source():
    it = account(moto())
    stub = refuse(it, "rds")
    stub.add_client_error("describe_db_instances", "InvalidClientTokenId", "The security token is invalid.", 403)
    with pytest.raises(SourceError, match="AWS does not know these credentials"):
        inventory(target("it", rds_cluster="x"), of=it)


def test_no_secret_is_told():
    it = account(moto())
    stub = refuse(it, "rds")
    stub.add_client_error("describe_db_instances", "AccessDenied", f"not for {KEYS['aws_access_key_id']}", 403)
    found = inventory(target("it", rds_cluster="x"), of=it)
    told = repr((found, list(found.signs()), list(found.faults_as_coverage(WINDOW))))
    assert KEYS["aws_secret_access_key"] not in told
