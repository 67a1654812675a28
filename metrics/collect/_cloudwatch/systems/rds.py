"""RDS and Aurora: a cluster with its members, or one instance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from metrics.collect._cloudwatch.found import Database, Fault, Found, Limits, NoSuchThingError, refused
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader, Row
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.systems.machine import Machine, has_credits, machines
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = (
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBParameters",
    "rds:DescribeDBClusterParameters",
    "ec2:DescribeInstanceTypes",
    "pi:GetResourceMetrics",
)

MEMORY: Final = "system.memory.utilization"
STORAGE: Final = "system.filesystem.utilization"
CONNECTIONS: Final = "db.client.connection.utilization"
LAG: Final = "db.replication.lag"
LOAD: Final = "db.query.load"

# Latencies of reads and writes are in seconds, those of commits and of replicas in milliseconds.
_EACH: Final = (
    Line("system.cpu.utilization", "CPUUtilization", "Average"),
    Line("system.cpu.utilization.max", "CPUUtilization", "Maximum"),
    Line(MEMORY, "FreeableMemory", "Average", left_of="memory"),
    Line("system.memory.available", "FreeableMemory", "Minimum"),
    Line("system.swap.usage", "SwapUsage", "Maximum"),
    Line("db.client.connection.count", "DatabaseConnections", "Maximum"),
    Line(CONNECTIONS, "DatabaseConnections", "Maximum", used_of="connections"),
    Line("db.read.latency", "ReadLatency", "Average"),
    Line("db.write.latency", "WriteLatency", "Average"),
)
_AURORA: Final = (
    Line("db.commit.latency", "CommitLatency", "Average", scale=0.001),
    Line("db.deadlocks", "Deadlocks", "Average"),
    Line("db.buffer.hit_ratio", "BufferCacheHitRatio", "Average"),
    Line("system.filesystem.available", "FreeLocalStorage", "Minimum"),
    Line(STORAGE, "FreeLocalStorage", "Minimum", left_of="storage"),
)
_NOT_AURORA: Final = (
    Line("system.filesystem.available", "FreeStorageSpace", "Minimum"),
    Line(STORAGE, "FreeStorageSpace", "Minimum", left_of="storage"),
)
_POSTGRES: Final = (Line("db.transaction_ids.used", "MaximumUsedTransactionIDs", "Maximum"),)
_AURORA_LAG: Final = (Line(LAG, "AuroraReplicaLag", "Maximum", scale=0.001),)
_LAG: Final = (Line(LAG, "ReplicaLag", "Maximum"),)
_VOLUME: Final = (Line("system.filesystem.usage", "VolumeBytesUsed", "Maximum"),)
_CREDITS: Final = (Line("system.cpu.credits", "CPUCreditBalance", "Minimum"),)

INDICATORS: Final = (*indicators(*_EACH, *_AURORA, *_POSTGRES, *_AURORA_LAG, *_VOLUME), LOAD)
"""What a database would have, to be answered for one that is not there."""

GIB: Final = 2**30
# What Performance Insights keeps unless more is paid for.
_DAYS_KEPT: Final = 7


@dataclass(frozen=True, slots=True)
class _Instance:
    """A database instance with what is known of its limits."""

    name: str
    row: Row
    part: str | None
    known: Mapping[str, float]
    machine: Machine | None = None
    faults: tuple[Fault, ...] = field(default=())

    @property
    def engine(self) -> str:
        return str(self.row["Engine"])

    @property
    def kind(self) -> str:
        return str(self.row["DBInstanceClass"])


def found(reader: Reader, target: Target) -> Found:
    """The cluster or instance that the target names. Raises NoSuchThingError, RefusedError."""
    (name,) = target.names
    instances = reader.rows("rds", "describe_db_instances", "DBInstances")
    if target.kind == "rds_instance":
        row = _named("RDS instance", name, "DBInstanceIdentifier", instances, reader.region)
        it = _instance(reader, target, row, None, None)
        follows = (
            [it.name] if row.get("ReadReplicaSourceDBInstanceIdentifier") or row.get("DBClusterIdentifier") else []
        )
        asked = tuple(_metrics(target, it, follows))
        return _put_together(target, [it], asked, f"{it.engine} on {it.kind}", _no_lag(target, follows))
    clusters = reader.rows("rds", "describe_db_clusters", "DBClusters")
    cluster = _named("RDS cluster", name, "DBClusterIdentifier", clusters, reader.region)
    own = [row for row in instances if row.get("DBClusterIdentifier") == cluster["DBClusterIdentifier"]]
    members = [_instance(reader, target, row, row["DBInstanceIdentifier"], cluster) for row in own]
    readers = _readers(cluster)
    whole = _of_cluster(target, cluster, members)
    every = (*whole, *(each for it in members for each in _metrics(target, it, readers)))
    said = f"{cluster['Engine']} with {len(members)} members: {', '.join(it.name for it in members)}"
    faults = (*_unknown_of_cluster(target, members), *_no_lag(target, readers))
    return _put_together(target, members, every, said, faults)


def _no_lag(target: Target, readers: Iterable[str]) -> tuple[Fault, ...]:
    said = f"{', '.join(target.names)} has no replica and is none, so nothing can lag"
    return () if list(readers) else (Fault.unknown(target, None, LAG, said),)


def _named(what: str, name: str, key: str, rows: list[Row], region: str) -> Row:
    for row in rows:
        # RDS keeps names in lower case, whatever was written when they were given.
        if row[key] == name.lower():
            return row
    raise NoSuchThingError(what, name, region, [row[key] for row in rows])


def _instance(reader: Reader, target: Target, row: Row, part: str | None, cluster: Row | None) -> _Instance:
    """An instance, and why a share of what it has can't be told where it can't."""
    known: dict[str, float] = {}
    faults: list[Fault] = []
    machine = None
    try:
        machine = machines(reader, [row["DBInstanceClass"]]).get(row["DBInstanceClass"].removeprefix("db."))
    except RefusedError as error:
        faults.append(refused(error, target, part, (MEMORY,)))
    else:
        if machine is None:
            said = f"the memory of {row['DBInstanceClass']} is not known: EC2 has no such instance type"
            faults.append(Fault.unknown(target, part, MEMORY, said))
        else:
            known["memory"] = machine.memory
    try:
        known["connections"] = _max_connections(reader, target, row, cluster)
    except RefusedError as error:
        faults.append(refused(error, target, part, (CONNECTIONS,)))
    except _FormulaError as error:
        faults.append(Fault.unknown(target, part, CONNECTIONS, str(error)))
    storage = _storage(target, row)
    if storage is None:
        faults.append(Fault.unknown(target, part, STORAGE, _NO_SIZE + target.kind))
    else:
        known["storage"] = storage
    return _Instance(row["DBInstanceIdentifier"], row, part, known, machine, tuple(faults))


_NO_SIZE: Final = (
    "no call tells the size of an Aurora member's local storage (the Aurora user guide lists it by instance class): "
    "write it as local_storage beside "
)


class _FormulaError(Exception):
    """max_connections is not a number."""


def _max_connections(reader: Reader, target: Target, row: Row, cluster: Row | None) -> float:
    """As written beside the name, else as the instance's or the cluster's parameter group sets it."""
    if target.max_connections is not None:
        return float(target.max_connections)
    groups = [(str(group["DBParameterGroupName"]), "DBParameterGroupName", "describe_db_parameters")
              for group in row.get("DBParameterGroups") or ()]  # fmt: skip
    if cluster is not None and cluster.get("DBClusterParameterGroup"):
        called = str(cluster["DBClusterParameterGroup"])
        groups.append((called, "DBClusterParameterGroupName", "describe_db_cluster_parameters"))
    for name, key, operation in groups:
        # Nobody can change a default group, and its max_connections is a formula.
        if name.startswith("default."):
            continue
        for each in reader.rows("rds", operation, "Parameters", **{key: name, "Source": "user"}):
            value = str(each.get("ParameterValue", ""))
            if each.get("ParameterName") == "max_connections" and value.isdigit() and int(value) > 0:
                return float(value)
    raise _FormulaError(
        "max_connections is a formula of memory that AWS reckons with by itself: set a number in the parameter "
        f"group, or write max_connections beside {target.kind}"
    )


def _storage(target: Target, row: Row) -> float | None:
    if str(row["Engine"]).startswith("aurora"):
        return target.local_storage
    return float(row["AllocatedStorage"] * GIB)


def _metrics(target: Target, it: _Instance, readers: Iterable[str]) -> Iterator[Metric]:
    place = Place(target, it.part, "AWS/RDS", (("DBInstanceIdentifier", it.name),))
    lines = [*_EACH, *_of_engine(it.engine), *(_CREDITS if has_credits(it.kind) else ())]
    if it.name in readers:
        lines += _AURORA_LAG if it.engine.startswith("aurora") else _LAG
    yield from metrics(lines, place, it.known)


def _readers(cluster: Row) -> list[str]:
    """The members that follow the writer."""
    members = cluster.get("DBClusterMembers") or ()
    return [str(each["DBInstanceIdentifier"]) for each in members if not each.get("IsClusterWriter")]


def _of_engine(engine: str) -> tuple[Line, ...]:
    return (*(_AURORA if engine.startswith("aurora") else _NOT_AURORA), *(_POSTGRES if "postgres" in engine else ()))


def _of_cluster(target: Target, cluster: Row, members: list[_Instance]) -> Iterator[Metric]:
    """What CloudWatch says of the cluster as a whole: of all its members, and of the volume that they share."""
    place = Place(target, None, "AWS/RDS", (("DBClusterIdentifier", cluster["DBClusterIdentifier"]),))
    lines = [*_EACH, *_of_engine(cluster["Engine"])]
    if cluster["Engine"].startswith("aurora"):
        lines += [*(_AURORA_LAG if _readers(cluster) else ()), *_VOLUME]
    yield from metrics(lines, place, _in_common(members))


def _in_common(members: list[_Instance]) -> dict[str, float]:
    """The limits that all members share: of others, a share of the cluster's figure would mean nothing."""
    if not members:
        return {}
    first = members[0].known
    return {name: size for name, size in first.items() if all(it.known.get(name) == size for it in members)}


def _unknown_of_cluster(target: Target, members: list[_Instance]) -> Iterator[Fault]:
    """For the cluster as a whole: its first member's reason, or that the members differ."""
    common = _in_common(members)
    for name, indicator in (("memory", MEMORY), ("connections", CONNECTIONS), ("storage", STORAGE)):
        if name in common:
            continue
        reasons = [fault for it in members for fault in it.faults if indicator in fault.indicators]
        if reasons:
            first = reasons[0]
            yield Fault(
                target.service, target.component, None, (indicator,), first.state, first.detail, first.retryable
            )  # fmt: skip
        else:
            said = f"the members differ in {name}: see each of them" if members else "the cluster has no members"
            yield Fault.unknown(target, None, indicator, said)


def _put_together(
    target: Target, members: list[_Instance], asked: tuple[Metric, ...], said: str, faults: tuple[Fault, ...] = ()
) -> Found:
    limits: dict[str, str | float | int | bool | None] = {}
    if target.kind == "rds_cluster":
        limits["members"] = len(members)
    for it in members:
        limits |= _limits(it)
    databases, unasked = _queries(target, members)
    problems = (*(fault for it in members for fault in it.faults), *faults, *unasked)
    return Found(said, asked, limits, faults=problems, databases=databases)


def _limits(it: _Instance) -> Limits:
    prefix = f"{it.part}." if it.part else ""
    values: dict[str, str | float | int | bool | None] = {f"{prefix}type": it.kind}
    if it.machine is not None:
        values |= {f"{prefix}vcpu": it.machine.vcpu, f"{prefix}memory": it.machine.memory}
    if "connections" in it.known:
        values[f"{prefix}max_connections"] = it.known["connections"]
    if it.engine.startswith("aurora"):
        # None says that it was looked for: no call tells it.
        values[f"{prefix}local_storage"] = it.known.get("storage")
    else:
        values[f"{prefix}allocated_storage"] = it.known["storage"]
        if most := it.row.get("MaxAllocatedStorage"):
            values[f"{prefix}max_allocated_storage"] = float(most * GIB)
    return values


def _queries(target: Target, members: list[_Instance]) -> tuple[tuple[Database, ...], tuple[Fault, ...]]:
    """The databases whose queries are kept; a fault where they are asked for and none is."""
    if target.slow_queries is False:
        return (), ()
    watched = tuple(
        Database(
            target.service, target.component, it.name, it.row["DbiResourceId"],
            timedelta(days=it.row.get("PerformanceInsightsRetentionPeriod") or _DAYS_KEPT),
        )
        for it in members
        if it.row.get("PerformanceInsightsEnabled")
    )  # fmt: skip
    if target.slow_queries and not watched:
        said = f"Performance Insights is off for {', '.join(target.names)}: turn it on, or write slow_queries: false"
        return (), (Fault.unknown(target, None, LOAD, said),)
    return watched, ()
