"""ElastiCache: a cache cluster, or a replication group with its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metrics.collect._cloudwatch.found import Found, NoSuchThingError
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader, Row
from metrics.collect._cloudwatch.systems.machine import has_credits
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = ("elasticache:DescribeReplicationGroups", "elasticache:DescribeCacheClusters")

_HOST: Final = (
    Line("system.memory.available", "FreeableMemory", "Minimum"),
    Line("system.swap.usage", "SwapUsage", "Maximum"),
    Line("db.client.connection.count", "CurrConnections", "Maximum"),
    Line("cache.evictions", "Evictions", "Sum"),
    Line("system.network.receive", "NetworkBytesIn", "Sum"),
    Line("system.network.transmit", "NetworkBytesOut", "Sum"),
)
_REDIS: Final = (
    Line("system.memory.utilization", "DatabaseMemoryUsagePercentage", "Average"),
    Line("cache.hit_ratio", "CacheHitRate", "Average"),
)
_MEMCACHED: Final = (
    Line("cache.hits", "GetHits", "Sum"),
    Line("cache.requests", "CmdGet", "Sum"),
)
_LAG: Final = (Line("db.replication.lag", "ReplicationLag", "Maximum"),)
_CREDITS: Final = (Line("system.cpu.credits", "CPUCreditBalance", "Minimum"),)
# Redis serves from one thread: with four CPUs or more, a host at 25 % may have an engine at 100 % (ElastiCache user
# guide, "Which metrics should I monitor?").
_ENGINE, _HOST_CPU = "EngineCPUUtilization", "CPUUtilization"
# The sizes with two CPUs or less, in every family that ElastiCache offers.
_SMALL: Final = frozenset({"micro", "small", "medium", "large"})


def _cpu(name: str) -> tuple[Line, ...]:
    return (
        Line("system.cpu.utilization", name, "Average"),
        Line("system.cpu.utilization.max", name, "Maximum"),
    )


INDICATORS: Final = indicators(*_cpu(_ENGINE), *_HOST, *_REDIS)
"""What a cache would have, to be answered for one that is not there."""


def found(reader: Reader, target: Target) -> Found:
    """The cache that the target names, and its nodes. Raises NoSuchThingError, RefusedError."""
    clusters = reader.rows("elasticache", "describe_cache_clusters", "CacheClusters", ShowCacheNodeInfo=True)
    (name,) = target.names
    if target.kind == "cache_cluster":
        return _cluster(reader, target, name.lower(), clusters)
    groups = reader.rows("elasticache", "describe_replication_groups", "ReplicationGroups")
    for group in groups:
        if group["ReplicationGroupId"] == name.lower():
            break
    else:
        known = [each["ReplicationGroupId"] for each in groups]
        raise NoSuchThingError("ElastiCache replication group", name, reader.region, known)
    return _group(target, group, clusters)


def _group(target: Target, group: Row, clusters: list[Row]) -> Found:
    own = {
        row["CacheClusterId"]: row for row in clusters if row.get("ReplicationGroupId") == group["ReplicationGroupId"]
    }
    members = sorted({*own, *group.get("MemberClusters", ())})
    primaries = {
        str(node["CacheClusterId"])
        for shard in group.get("NodeGroups") or ()
        for node in shard.get("NodeGroupMembers") or ()
        if node.get("CurrentRole") == "primary"
    }
    asked: list[Metric] = []
    limits: dict[str, str | float | int | bool | None] = {"members": len(members)}
    for member in members:
        # A group tells its node type; one of its clusters may be too new to be listed.
        row = own.get(member, {"Engine": "redis", "CacheNodeType": group.get("CacheNodeType", "")})
        place = Place(target, member, "AWS/ElastiCache", (("CacheClusterId", member),))
        # In cluster mode nobody says which is the primary, so all are asked for their lag.
        is_replica = member not in primaries and len(members) > 1
        asked += metrics(_lines(row, is_replica=is_replica), place)
        limits[f"{member}.type"] = row["CacheNodeType"]
    return Found(f"{len(members)} nodes: {', '.join(members)}", tuple(asked), limits)


def _cluster(reader: Reader, target: Target, name: str, clusters: list[Row]) -> Found:
    for row in clusters:
        if row["CacheClusterId"] == name:
            break
    else:
        known = [each["CacheClusterId"] for each in clusters]
        raise NoSuchThingError("ElastiCache cluster", name, reader.region, known)
    limits = {"type": row["CacheNodeType"], "nodes": row.get("NumCacheNodes", 1)}
    asked = tuple(_of_nodes(target, row))
    return Found(f"{row['Engine']} on {limits['nodes']} {limits['type']}", asked, limits)


def _of_nodes(target: Target, row: Row) -> Iterator[Metric]:
    """Memcached spreads over nodes with numbers; anything else is one node, known by its cluster."""
    cluster = ("CacheClusterId", str(row["CacheClusterId"]))
    count = int(row.get("NumCacheNodes", 1))
    if count <= 1:
        yield from metrics(_lines(row, is_replica=False), Place(target, None, "AWS/ElastiCache", (cluster,)))
        return
    told = [str(node["CacheNodeId"]) for node in row.get("CacheNodes") or ()]
    for node in told or [f"{n:04d}" for n in range(1, count + 1)]:
        place = Place(target, node, "AWS/ElastiCache", (cluster, ("CacheNodeId", node)))
        yield from metrics(_lines(row, is_replica=False), place)


def _lines(row: Row, *, is_replica: bool) -> Iterator[Line]:
    kind, engine = str(row["CacheNodeType"]), str(row["Engine"])
    size = kind.rpartition(".")[2]
    has_engine = engine != "memcached" and size not in _SMALL
    yield from _cpu(_ENGINE if has_engine else _HOST_CPU)
    yield from _HOST
    yield from _MEMCACHED if engine == "memcached" else _REDIS
    if is_replica:
        yield from _LAG
    if has_credits(kind):
        yield from _CREDITS
