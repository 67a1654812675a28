"""EKS: a cluster and its nodes, as Container Insights sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metrics.collect._cloudwatch.found import Found, NoSuchThingError
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader, Row
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = (
    "eks:ListClusters",
    "eks:ListNodegroups",
    "eks:DescribeNodegroup",
    "cloudwatch:ListMetrics",
)

NAMESPACE: Final = "ContainerInsights"
_NODE: Final = (
    Line("system.cpu.utilization", "node_cpu_utilization", "Average"),
    Line("system.cpu.utilization.max", "node_cpu_utilization", "Maximum"),
    Line("system.memory.utilization", "node_memory_utilization", "Average"),
    Line("system.filesystem.utilization", "node_filesystem_utilization", "Maximum"),
)
_CLUSTER: Final = (
    *_NODE,
    Line("k8s.node.count", "cluster_node_count", "Maximum"),
    Line("k8s.node.failed", "cluster_failed_node_count", "Maximum"),
    Line("k8s.container.restarts", "pod_number_of_container_restarts", "Sum"),
)
INDICATORS: Final = indicators(*_CLUSTER)
"""What a cluster would have, to be answered for one that is not there."""

_NO_INSIGHTS: Final = (
    "Container Insights has sent nothing in the last three hours: install the add-on amazon-cloudwatch-observability"
)
_NODE_DIMENSIONS: Final = {"ClusterName", "NodeName", "InstanceId"}


def found(reader: Reader, target: Target) -> Found:
    """The cluster that the target names, and its nodes. Raises NoSuchThingError, RefusedError."""
    (name,) = target.names
    clusters = [str(each) for each in reader.rows("eks", "list_clusters", "clusters")]
    if name not in clusters:
        raise NoSuchThingError("EKS cluster", name, reader.region, clusters)
    whole = Place(target, None, NAMESPACE, (("ClusterName", name),))
    notes: tuple[str, ...] = ()
    lacking: tuple[RefusedError, ...] = ()
    nodes: list[tuple[tuple[str, str], ...]] = []
    try:
        nodes = list(_nodes(reader, name))
    except RefusedError as error:
        lacking = (error,)
    else:
        notes = () if nodes else (_NO_INSIGHTS,)
    groups, refusals = _groups(reader, name)
    asked = [*metrics(_CLUSTER, whole), *(each for node in nodes for each in _of_node(target, node))]
    limits = {"nodes": len(nodes), **_sizes(groups)}
    said = f"{len(nodes)} nodes, {len(groups)} node groups"
    return Found(said, tuple(asked), limits, notes=(*notes, *_ill(groups)), lacking=(*lacking, *refusals))


def _nodes(reader: Reader, cluster: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """The dimensions of each node that is alive. Of those that spot markets have taken away there may be hundreds."""
    rows = reader.rows(
        "cloudwatch", "list_metrics", "Metrics",
        Namespace=NAMESPACE, MetricName="node_cpu_utilization", RecentlyActive="PT3H",
        Dimensions=[{"Name": "ClusterName", "Value": cluster}, {"Name": "NodeName"}, {"Name": "InstanceId"}],
    )  # fmt: skip
    for row in sorted(rows, key=lambda each: str(each["Dimensions"])):
        dimensions = tuple((each["Name"], each["Value"]) for each in row["Dimensions"])
        if dict(dimensions).keys() == _NODE_DIMENSIONS:
            yield dimensions


def _of_node(target: Target, dimensions: tuple[tuple[str, str], ...]) -> Iterator[Metric]:
    yield from metrics(_NODE, Place(target, dict(dimensions)["NodeName"], NAMESPACE, dimensions))


def _groups(reader: Reader, cluster: str) -> tuple[list[Row], tuple[RefusedError, ...]]:
    """Its node groups, and why they are not known."""
    try:
        names = reader.rows("eks", "list_nodegroups", "nodegroups", clusterName=cluster)
        return [
            reader.reply("eks", "describe_nodegroup", clusterName=cluster, nodegroupName=name)["nodegroup"]
            for name in names
        ], ()
    except RefusedError as error:
        return [], (error,)


def _sizes(groups: list[Row]) -> dict[str, int]:
    return {
        f"{group['nodegroupName']}.{key}": int(group["scalingConfig"][field])
        for group in groups
        for key, field in (("min_size", "minSize"), ("max_size", "maxSize"))
        if field in group.get("scalingConfig", {})
    }


def _ill(groups: list[Row]) -> tuple[str, ...]:
    """What EKS itself says is wrong with a node group."""
    return tuple(
        f"node group {group['nodegroupName']}: {issue.get('code')}: {issue.get('message')}"
        for group in groups
        for issue in group.get("health", {}).get("issues", [])
    )
