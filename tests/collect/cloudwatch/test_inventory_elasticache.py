"""ElastiCache: groups and clusters as AWS describes them; moto leaves out nodes and half of a group's members."""

from __future__ import annotations

from metrics.collect._cloudwatch.inventory import Inventory
from tests.collect.cloudwatch.moto_account import account, dimensions, inventory, moto, row, stubbed, target

HOST = [
    ("system.memory.available", "FreeableMemory", "Minimum", ""),
    ("system.swap.usage", "SwapUsage", "Maximum", ""),
    ("db.client.connection.count", "CurrConnections", "Maximum", ""),
    ("cache.evictions", "Evictions", "Sum", ""),
    ("system.network.receive", "NetworkBytesIn", "Sum", ""),
    ("system.network.transmit", "NetworkBytesOut", "Sum", ""),
]
REDIS = [
    ("system.memory.utilization", "DatabaseMemoryUsagePercentage", "Average", ""),
    ("cache.hit_ratio", "CacheHitRate", "Average", ""),
]
LAG = ("db.replication.lag", "ReplicationLag", "Maximum", "")


def cpu(name: str) -> list[tuple[str, str, str, str]]:
    return [("system.cpu.utilization", name, "Average", ""), ("system.cpu.utilization.max", name, "Maximum", "")]


def node(name: str, kind: str = "cache.r6g.large", **rest: object) -> dict[str, object]:
    return {"CacheClusterId": name, "CacheNodeType": kind, "Engine": "redis", "NumCacheNodes": 1, **rest}


def group(name: str, *members: str, primary: str | None = None) -> dict[str, object]:
    shard = [{"CacheClusterId": each, "CurrentRole": "primary" if each == primary else "replica"} for each in members]
    shards = {"NodeGroups": [{"NodeGroupMembers": shard}]} if primary else {}
    return {"ReplicationGroupId": name, "MemberClusters": members, "CacheNodeType": "cache.r6g.large", **shards}


def found(
    keys: dict[str, str], clusters: list[dict[str, object]], groups: list[dict[str, object]] | None = None
) -> Inventory:
    """The inventory of an account with these, each on a page of its own."""
    it = account(moto())
    asked = {"ShowCacheNodeInfo": True}
    pages = [
        ("describe_cache_clusters", {**asked, **({"Marker": str(n)} if n else {})},
         {"CacheClusters": [each], **({"Marker": str(n + 1)} if n + 1 < len(clusters) else {})})
        for n, each in enumerate(clusters)
    ]  # fmt: skip
    if groups is not None:
        pages.append(("describe_replication_groups", {}, {"ReplicationGroups": groups}))
    with stubbed(it, "elasticache", *pages):
        return inventory(target("sessions", **keys), of=it)


def test_a_replication_group_is_its_nodes_and_only_replicas_lag():
    members = [
        node("sessions-001", ReplicationGroupId="sessions"),
        node("sessions-002", ReplicationGroupId="sessions"),
    ]
    it = found(
        {"replication_group": "sessions"},
        members,
        [group("sessions", "sessions-001", "sessions-002", primary="sessions-001")],
    )
    lines = [*cpu("CPUUtilization"), *HOST, *REDIS]
    assert [row(metric) for metric in it.metrics] == [
        *(("sessions-001", *each) for each in lines),
        *(("sessions-002", *each) for each in (*lines, LAG)),
    ]
    assert dimensions(it, "sessions-002") == {("AWS/ElastiCache", (("CacheClusterId", "sessions-002"),))}
    assert it.snapshots[0].values == {
        "members": 2, "sessions-001.type": "cache.r6g.large", "sessions-002.type": "cache.r6g.large",
    }  # fmt: skip


def test_all_nodes_are_found_whichever_call_tells_of_them():
    """One is only in the group's own list, one only among the clusters; without roles each may be a replica."""
    it = found(
        {"replication_group": "sessions"},
        [node("sessions-001", ReplicationGroupId="sessions")],
        [group("sessions", "sessions-002")],
    )
    assert {metric.part for metric in it.metrics} == {"sessions-001", "sessions-002"}
    assert [metric.part for metric in it.metrics if metric.indicator == "db.replication.lag"] == [
        "sessions-001", "sessions-002",
    ]  # fmt: skip


def test_with_four_cpus_it_is_the_engine_that_counts():
    it = found({"cache_cluster": "Sessions"}, [node("sessions", "cache.m6g.xlarge")])
    assert [row(metric) for metric in it.metrics] == [
        (None, *each) for each in (*cpu("EngineCPUUtilization"), *HOST, *REDIS)
    ]
    assert it.snapshots[0].values == {"type": "cache.m6g.xlarge", "nodes": 1}


def test_a_burstable_node_has_credits():
    it = found({"cache_cluster": "sessions"}, [node("sessions", "cache.t4g.micro")])
    assert ("system.cpu.credits", "CPUCreditBalance") in {(metric.indicator, metric.name) for metric in it.metrics}


def test_memcached_is_asked_for_by_node_and_counts_its_hits():
    nodes = [{"CacheNodeId": "0001"}, {"CacheNodeId": "0002"}]
    it = found(
        {"cache_cluster": "pages"},
        [node("pages", Engine="memcached", NumCacheNodes=2, CacheNodes=nodes), node("other")],
    )
    hits = [("cache.hits", "GetHits", "Sum", ""), ("cache.requests", "CmdGet", "Sum", "")]
    assert [row(metric) for metric in it.metrics] == [
        (part, *each) for part in ("0001", "0002") for each in (*cpu("CPUUtilization"), *HOST, *hits)
    ]
    assert dimensions(it, "0002") == {("AWS/ElastiCache", (("CacheClusterId", "pages"), ("CacheNodeId", "0002")))}


def test_nodes_are_numbered_where_they_are_not_described():
    """As in moto, which leaves CacheNodes out."""
    it = found({"cache_cluster": "pages"}, [node("pages", Engine="memcached", NumCacheNodes=2)])
    assert {metric.part for metric in it.metrics} == {"0001", "0002"}


def test_a_wrong_name_is_told_the_likely_one():
    (fault,) = found({"cache_cluster": "sesions"}, [node("sessions")]).faults
    assert fault.detail == "there is no ElastiCache cluster `sesions` in eu-west-1; did you mean sessions?"
    (fault,) = found({"replication_group": "x"}, [node("sessions")], [group("sessions")]).faults
    assert fault.detail == "there is no ElastiCache replication group `x` in eu-west-1; there are sessions"
