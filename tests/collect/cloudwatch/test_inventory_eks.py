"""EKS: the cluster as a whole, and those of its nodes that Container Insights has heard of lately."""

from __future__ import annotations

from typing import Any

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
    target,
)

NODE = [
    ("system.cpu.utilization", "node_cpu_utilization", "Average", ""),
    ("system.cpu.utilization.max", "node_cpu_utilization", "Maximum", ""),
    ("system.memory.utilization", "node_memory_utilization", "Average", ""),
    ("system.filesystem.utilization", "node_filesystem_utilization", "Maximum", ""),
]
CLUSTER = [
    ("k8s.node.count", "cluster_node_count", "Maximum", ""),
    ("k8s.node.failed", "cluster_failed_node_count", "Maximum", ""),
    ("k8s.container.restarts", "pod_number_of_container_restarts", "Sum", ""),
]
SUBNETS = {"subnetIds": ["subnet-1"]}


@pytest.fixture
def eks() -> Any:
    emptied()
    made = boto("eks")
    made.create_cluster(name="prod", roleArn="arn:aws:iam::123456789012:role/eks", resourcesVpcConfig=SUBNETS)
    made.create_nodegroup(
        clusterName="prod", nodegroupName="web", nodeRole="arn:aws:iam::123456789012:role/eks", subnets=["subnet-1"],
        scalingConfig={"minSize": 1, "maxSize": 6, "desiredSize": 2},
    )  # fmt: skip
    return made


def heard_of(node: str, instance: str, cluster: str = "prod", **more: str) -> None:
    told = {"ClusterName": cluster, "NodeName": node, "InstanceId": instance, **more}
    boto("cloudwatch").put_metric_data(
        Namespace="ContainerInsights",
        MetricData=[
            {
                "MetricName": "node_cpu_utilization",
                "Dimensions": [{"Name": key, "Value": value} for key, value in told.items()],
                "Value": 42.0,
            }
        ],
    )


def test_a_cluster_is_itself_and_its_nodes(eks: Any):
    heard_of("ip-10-0-0-1", "i-1")
    heard_of("ip-10-0-0-2", "i-2")
    heard_of("ip-10-9-9-9", "i-9", cluster="other")
    heard_of("ip-10-0-0-2", "i-2", NodePool="mixed")
    found = inventory(target("eks", eks_cluster="prod"))
    assert [row(metric) for metric in found.metrics] == [
        *((None, *each) for each in (*NODE, *CLUSTER)),
        *(("ip-10-0-0-1", *each) for each in NODE),
        *(("ip-10-0-0-2", *each) for each in NODE),
    ]
    assert dimensions(found) == {("ContainerInsights", (("ClusterName", "prod"),))}
    assert dimensions(found, "ip-10-0-0-2") == {
        ("ContainerInsights", (("ClusterName", "prod"), ("NodeName", "ip-10-0-0-2"), ("InstanceId", "i-2")))
    }
    assert found.snapshots[0].values == {"nodes": 2, "web.min_size": 1, "web.max_size": 6}
    assert [(sign.state, sign.said) for sign in found.signs()] == [
        ("fine", "eks_cluster: 2 nodes, 1 node groups"),
    ]


def test_a_cluster_without_container_insights_is_told_how_to_get_them(eks: Any):
    found = inventory(target("eks", eks_cluster="prod"))
    assert {metric.part for metric in found.metrics} == {None}
    (note,) = [sign.said for sign in found.signs() if sign.state == "note"]
    assert "install the add-on amazon-cloudwatch-observability" in note


def test_node_groups_and_nodes_that_may_not_be_seen_take_nothing_else_away(eks: Any):
    it = account(moto())
    refuse(it, "cloudwatch", "list_metrics")
    found = inventory(target("eks", eks_cluster="prod"), of=it)
    assert [row(metric)[1:] for metric in found.metrics] == [*NODE, *CLUSTER]
    (wrong,) = [sign.said for sign in found.signs() if sign.state == "wrong"]
    assert wrong.startswith("cloudwatch:ListMetrics is not allowed for arn:aws:iam::123456789012:user/tomoni")


def test_a_wrong_name_is_told_the_likely_one(eks: Any):
    (fault,) = inventory(target("eks", eks_cluster="pord")).faults
    assert fault.detail == "there is no EKS cluster `pord` in eu-west-1; did you mean prod?"
