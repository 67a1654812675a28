"""RDS and Aurora: what is asked for of a cluster, its members and an instance, and which limits are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from metrics.collect import Sign
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
)  # fmt: skip

GIB = 2**30
LOGIN = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret-of-ours"}


@pytest.fixture
def rds() -> Any:
    emptied()
    return boto("rds")


def cluster(rds: Any, *classes: str, group: str | None = None, **rest: object) -> None:
    """aurora-main with a member of each class."""
    rds.create_db_cluster(DBClusterIdentifier="aurora-main", Engine="aurora-postgresql", **LOGIN, **rest)
    for n, kind in enumerate(classes, 1):
        own = {"DBParameterGroupName": group} if group else {}
        rds.create_db_instance(
            DBInstanceIdentifier=f"aurora-main-{n}", DBClusterIdentifier="aurora-main",
            Engine="aurora-postgresql", DBInstanceClass=kind, **own,
        )  # fmt: skip


def test_an_aurora_cluster_is_asked_for_as_a_whole_and_by_member(rds: Any):
    cluster(rds, "db.r6g.large", "db.r6g.large")
    found = inventory(target("aurora-main", rds_cluster="aurora-main"))
    whole = [
        (None, "system.cpu.utilization", "CPUUtilization", "Average", ""),
        (None, "system.cpu.utilization.max", "CPUUtilization", "Maximum", ""),
        (None, "system.memory.utilization", "FreeableMemory", "Average", "of 17179869184 is left"),
        (None, "system.memory.available", "FreeableMemory", "Minimum", ""),
        (None, "system.swap.usage", "SwapUsage", "Maximum", ""),
        (None, "db.client.connection.count", "DatabaseConnections", "Maximum", ""),
        (None, "db.read.latency", "ReadLatency", "Average", ""),
        (None, "db.write.latency", "WriteLatency", "Average", ""),
        (None, "db.commit.latency", "CommitLatency", "Average", "x 0.001"),
        (None, "db.deadlocks", "Deadlocks", "Average", ""),
        (None, "db.buffer.hit_ratio", "BufferCacheHitRatio", "Average", ""),
        (None, "system.filesystem.available", "FreeLocalStorage", "Minimum", ""),
        (None, "db.transaction_ids.used", "MaximumUsedTransactionIDs", "Maximum", ""),
    ]
    lag = (None, "db.replication.lag", "AuroraReplicaLag", "Maximum", "x 0.001")
    volume = (None, "system.filesystem.usage", "VolumeBytesUsed", "Maximum", "")
    rows = [row(metric) for metric in found.metrics]
    assert rows[: len(whole) + 2] == [*whole, lag, volume]
    # The writer follows nobody.
    assert rows[len(whole) + 2 :] == [
        *(("aurora-main-1", *each[1:]) for each in whole),
        *(("aurora-main-2", *each[1:]) for each in (*whole, lag)),
    ]
    assert dimensions(found) == {("AWS/RDS", (("DBClusterIdentifier", "aurora-main"),))}
    assert dimensions(found, "aurora-main-2") == {("AWS/RDS", (("DBInstanceIdentifier", "aurora-main-2"),))}
    assert {(each.service, each.component, each.region) for each in found.metrics} == {("jobs", "aurora-main", None)}


def test_the_limits_are_a_snapshot_of_the_hour(rds: Any):
    cluster(rds, "db.r6g.large")
    (it,) = inventory(target("aurora-main", rds_cluster="aurora-main", local_storage="32 GiB")).snapshots
    assert (it.service, it.component, it.kind, it.source) == ("jobs", "aurora-main", "limits", "cloudwatch")
    assert f"{it.taken_at:%H:%M}" == "12:00"
    assert it.values == {
        "members": 1,
        "aurora-main-1.type": "db.r6g.large",
        "aurora-main-1.vcpu": 2,
        "aurora-main-1.memory": 16 * GIB,
        "aurora-main-1.local_storage": 32 * GIB,
    }


def test_what_no_call_tells_can_be_written_down(rds: Any):
    cluster(rds, "db.r6g.large")
    it = target("aurora-main", rds_cluster="aurora-main", local_storage="32 GiB", max_connections=500)
    rows = [row(metric) for metric in inventory(it).metrics]
    for part in (None, "aurora-main-1"):
        assert (
            part,
            "system.filesystem.utilization",
            "FreeLocalStorage",
            "Minimum",
            f"of {32 * GIB} is left",
        ) in rows
        assert (part, "db.client.connection.utilization", "DatabaseConnections", "Maximum", "of 500") in rows


def test_a_limit_that_nobody_knows_is_said_to_be_unknown(rds: Any):
    cluster(rds, "db.serverless")
    found = inventory(target("aurora-main", rds_cluster="aurora-main"))
    shares = ("system.memory.utilization", "system.filesystem.utilization", "db.client.connection.utilization")
    assert not [metric for metric in found.metrics if metric.indicator in shares]
    said = {(fault.part, *fault.indicators): (fault.state, fault.detail[:40]) for fault in found.faults}
    for part in (None, "aurora-main-1"):
        assert said[part, "system.memory.utilization"] == ("empty", "the memory of db.serverless is not known")
        assert said[part, "system.filesystem.utilization"] == ("empty", "no call tells the size of an Aurora memb")
        assert said[part, "db.client.connection.utilization"] == ("empty", "max_connections is a formula of memory t")
    assert said[None, "db.replication.lag"] == ("empty", "aurora-main has no replica and is none, ")


def test_members_that_differ_have_no_share_in_common(rds: Any):
    cluster(rds, "db.r6g.large", "db.r6g.2xlarge")
    found = inventory(target("aurora-main", rds_cluster="aurora-main"))
    memory = {each.part: each.full for each in found.metrics if each.indicator == "system.memory.utilization"}
    assert memory == {"aurora-main-1": 16 * GIB, "aurora-main-2": 64 * GIB}
    (fault,) = [each for each in found.faults if "system.memory.utilization" in each.indicators]
    assert (fault.part, fault.state, fault.detail) == (
        None,
        "empty",
        "the members differ in memory: see each of them",
    )


def test_max_connections_is_read_from_the_parameter_group_where_it_is_a_number(rds: Any):
    rds.create_db_parameter_group(
        DBParameterGroupName="ours", DBParameterGroupFamily="aurora-postgresql16", Description="ours"
    )
    cluster(rds, "db.r6g.large", group="ours")
    it = account(moto())
    with stubbed_parameters(it, {"ParameterName": "max_connections", "ParameterValue": "400"}):
        found = inventory(target("aurora-main", rds_cluster="aurora-main"), of=it)
    assert [each.limit for each in found.metrics if each.indicator == "db.client.connection.utilization"] == [
        400,
        400,
    ]
    assert found.snapshots[0].values["aurora-main-1.max_connections"] == 400


def test_a_formula_is_no_number_of_connections(rds: Any):
    rds.create_db_parameter_group(
        DBParameterGroupName="ours", DBParameterGroupFamily="aurora-postgresql16", Description="ours"
    )
    cluster(rds, "db.r6g.large", group="ours")
    it = account(moto())
    formula = {"ParameterName": "max_connections", "ParameterValue": "LEAST({DBInstanceClassMemory/9531392},5000)"}
    with stubbed_parameters(it, formula):
        found = inventory(target("aurora-main", rds_cluster="aurora-main"), of=it)
    assert not [each for each in found.metrics if each.indicator == "db.client.connection.utilization"]


def stubbed_parameters(it: Any, *parameters: Mapping[str, str]) -> Any:
    """moto keeps no values of a group's parameters: the whole inventory as AWS would answer it."""
    real = boto("rds")
    return stubbed(
        it, "rds",
        ("describe_db_instances", {}, {"DBInstances": real.describe_db_instances()["DBInstances"]}),
        ("describe_db_clusters", {}, {"DBClusters": real.describe_db_clusters()["DBClusters"]}),
        ("describe_db_parameters", {"DBParameterGroupName": "ours", "Source": "user"}, {"Parameters": parameters}),
    )  # fmt: skip


def test_an_instance_of_plain_rds_has_its_own_storage(rds: Any):
    rds.create_db_instance(
        DBInstanceIdentifier="legacy",
        Engine="postgres",
        DBInstanceClass="db.t3.medium",
        AllocatedStorage=100,
        **LOGIN,
    )
    found = inventory(target("legacy", rds_instance="Legacy"))
    assert [row(metric)[1:] for metric in found.metrics] == [
        ("system.cpu.utilization", "CPUUtilization", "Average", ""),
        ("system.cpu.utilization.max", "CPUUtilization", "Maximum", ""),
        ("system.memory.utilization", "FreeableMemory", "Average", f"of {4 * GIB} is left"),
        ("system.memory.available", "FreeableMemory", "Minimum", ""),
        ("system.swap.usage", "SwapUsage", "Maximum", ""),
        ("db.client.connection.count", "DatabaseConnections", "Maximum", ""),
        ("db.read.latency", "ReadLatency", "Average", ""),
        ("db.write.latency", "WriteLatency", "Average", ""),
        ("system.filesystem.available", "FreeStorageSpace", "Minimum", ""),
        ("system.filesystem.utilization", "FreeStorageSpace", "Minimum", f"of {100 * GIB} is left"),
        ("db.transaction_ids.used", "MaximumUsedTransactionIDs", "Maximum", ""),
        ("system.cpu.credits", "CPUCreditBalance", "Minimum", ""),
    ]
    assert found.snapshots[0].values == {
        "type": "db.t3.medium", "vcpu": 2, "memory": 4 * GIB, "allocated_storage": 100 * GIB,
    }  # fmt: skip


def test_a_name_that_is_not_there_answers_for_every_indicator_and_stops_nobody(rds: Any):
    cluster(rds, "db.r6g.large")
    found = inventory(target("typo", rds_cluster="aurora-mian"), target("aurora-main", rds_cluster="aurora-main"))
    (fault,) = [each for each in found.faults if each.component == "typo"]
    assert (fault.state, fault.retryable, fault.part) == ("failed", False, None)
    assert fault.detail == "there is no RDS cluster `aurora-mian` in eu-west-1; did you mean aurora-main?"
    assert {"system.cpu.utilization", "db.client.connection.count", "db.query.load"} <= set(fault.indicators)
    assert Sign("wrong", fault.detail, "typo") in list(found.signs())
    assert {metric.component for metric in found.metrics} == {"aurora-main"}


def test_memory_is_forbidden_where_instance_types_may_not_be_described(rds: Any):
    cluster(rds, "db.r6g.large")
    it = account(moto())
    refuse(it, "ec2", "describe_instance_types")
    found = inventory(target("aurora-main", rds_cluster="aurora-main"), of=it)
    (member, whole) = [each for each in found.faults if "system.memory.utilization" in each.indicators]
    assert (member.part, whole.part, member.state, whole.state) == ("aurora-main-1", None, "forbidden", "forbidden")
    assert "is not allowed for arn:aws:iam::123456789012:user/tomoni: add it to the policy" in whole.detail
    assert [each.state for each in found.signs()] == ["fine", "wrong", "note", "note", "note"]
    assert "system.cpu.utilization" in {metric.indicator for metric in found.metrics}


def instance(name: str, **rest: object) -> dict[str, object]:
    """As AWS describes it, where moto leaves out what Performance Insights keeps."""
    known = {
        "DBInstanceIdentifier": name, "DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql",
        "DBClusterIdentifier": "aurora-main", "DbiResourceId": f"db-{name.upper()}",
    }  # fmt: skip
    return {**known, **rest}


CLUSTER = {
    "DBClusterIdentifier": "aurora-main",
    "Engine": "aurora-postgresql",
    "DBClusterMembers": [
        {"DBInstanceIdentifier": "a-1", "IsClusterWriter": True},
        {"DBInstanceIdentifier": "a-2", "IsClusterWriter": False},
    ],
}


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        ({}, [("a-1", "db-A-1", 7), ("a-2", "db-A-2", 62)]),
        ({"slow_queries": False}, []),
        ({"slow_queries": True}, [("a-1", "db-A-1", 7), ("a-2", "db-A-2", 62)]),
    ],
)
def test_performance_insights_is_asked_wherever_it_is_on(rds: Any, keys: dict[str, object], kept: list[object]):
    it = account(moto())
    members = [
        instance("a-1", PerformanceInsightsEnabled=True),
        instance("a-2", PerformanceInsightsEnabled=True, PerformanceInsightsRetentionPeriod=62),
        instance("a-3", DBClusterIdentifier="another"),
    ]
    with stubbed(
        it, "rds",
        ("describe_db_instances", {}, {"DBInstances": members}),
        ("describe_db_clusters", {}, {"DBClusters": [CLUSTER]}),
    ):  # fmt: skip
        found = inventory(target("aurora-main", rds_cluster="aurora-main", **keys), of=it)
    assert [(each.member, each.resource_id, each.kept.days) for each in found.databases] == kept


def test_queries_that_are_asked_for_and_not_kept_are_a_hole_with_a_reason(rds: Any):
    cluster(rds, "db.r6g.large")
    found = inventory(target("aurora-main", rds_cluster="aurora-main", slow_queries=True))
    (fault,) = [each for each in found.faults if each.indicators == ("db.query.load",)]
    assert fault.detail == "Performance Insights is off for aurora-main: turn it on, or write slow_queries: false"


def test_all_pages_are_read(rds: Any):
    """The cluster's second member is on the second page."""
    it = account(moto())
    with stubbed(
        it, "rds",
        ("describe_db_instances", {}, {"DBInstances": [instance("a-1")], "Marker": "more"}),
        ("describe_db_instances", {"Marker": "more"}, {"DBInstances": [instance("a-2")]}),
        ("describe_db_clusters", {}, {"DBClusters": [{**CLUSTER, "DBClusterIdentifier": "x"}], "Marker": "more"}),
        ("describe_db_clusters", {"Marker": "more"}, {"DBClusters": [CLUSTER]}),
    ):  # fmt: skip
        found = inventory(target("aurora-main", rds_cluster="aurora-main"), of=it)
    assert {metric.part for metric in found.metrics} == {None, "a-1", "a-2"}


def test_an_account_is_described_once_for_all_its_components(rds: Any):
    it = account(moto())
    with stubbed(
        it, "rds",
        ("describe_db_instances", {}, {"DBInstances": [instance("a-1"), instance("a-2")]}),
        ("describe_db_clusters", {}, {"DBClusters": [CLUSTER, {**CLUSTER, "DBClusterIdentifier": "other"}]}),
    ):  # fmt: skip
        found = inventory(target("one", rds_cluster="aurora-main"), target("two", rds_cluster="other"), of=it)
    assert {metric.component for metric in found.metrics} == {"one", "two"}
