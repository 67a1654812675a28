"""EC2: instances by id, by tag or of an Auto Scaling group, with what the CloudWatch agent says from inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from metrics.collect._cloudwatch.found import Fault, Found, NoSuchThingError, refused
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader, Row
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.systems.machine import Machine, has_credits, machines
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = (
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes",
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:ListMetrics",
)

# EC2 API reference, Filter: a filter takes up to 200 values.
MOST_VALUES: Final = 200
MEMORY: Final = "system.memory.utilization"
STORAGE: Final = "system.filesystem.utilization"

_LINES: Final = (
    Line("system.cpu.utilization", "CPUUtilization", "Average"),
    Line("system.cpu.utilization.max", "CPUUtilization", "Maximum"),
    Line("system.checks.failed", "StatusCheckFailed", "Maximum"),
    Line("system.network.receive", "NetworkIn", "Sum"),
    Line("system.network.transmit", "NetworkOut", "Sum"),
)
_CREDITS: Final = (Line("system.cpu.credits", "CPUCreditBalance", "Minimum"),)
# What the agent calls them on Linux and on Windows, where a disk says how much of 100 % is free.
_AGENT_MEMORY: Final = {
    "mem_used_percent": Line(MEMORY, "mem_used_percent", "Average"),
    "Memory % Committed Bytes In Use": Line(MEMORY, "Memory % Committed Bytes In Use", "Average"),
}
_AGENT_DISK: Final = {
    "disk_used_percent": Line(STORAGE, "disk_used_percent", "Maximum"),
    "LogicalDisk % Free Space": Line(STORAGE, "LogicalDisk % Free Space", "Minimum", left_of="all"),
}
# Not on a disk, or always full.
_NO_DISK: Final = frozenset({"tmpfs", "devtmpfs", "squashfs", "overlay", "iso9660", "efivarfs", "vfat"})

INDICATORS: Final = (*indicators(*_LINES), MEMORY, STORAGE)
"""What an instance would have, to be answered for one that is not there."""

_NO_AGENT: Final = {
    name: f"the CloudWatch agent has sent no {metric} in two weeks: install it on the host, or have it measure this"
    for name, metric in ((MEMORY, "mem_used_percent"), (STORAGE, "disk_used_percent"))
}


def found(reader: Reader, target: Target) -> Found:
    """The instances that the target names. Raises NoSuchThingError, RefusedError."""
    if target.kind == "auto_scaling_group":
        return _group(reader, target)
    rows, faults = _by_tag(reader, target) if target.ec2_tag else _by_id(reader, target)
    alone = target.ec2_instances is not None and len(target.ec2_instances) == 1
    parts = {row["InstanceId"]: None if alone else str(row["InstanceId"]) for row in rows}
    return _instances(reader, target, rows, parts, faults)


def _by_id(reader: Reader, target: Target) -> tuple[list[Row], tuple[Fault, ...]]:
    """Those that are there; a fault for each that is not, unless none is."""
    # By filter, since one unknown id in InstanceIds has the whole call refused.
    rows = _rows(reader, "instance-id", target.names)
    there = {row["InstanceId"] for row in rows}
    gone = {
        name: NoSuchThingError("EC2 instance", name, reader.region, None)
        for name in target.names
        if name not in there
    }
    if not there:
        raise gone[target.names[0]]
    return rows, tuple(
        Fault(target.service, target.component, name, INDICATORS, "failed", str(error))
        for name, error in gone.items()
    )


def _by_tag(reader: Reader, target: Target) -> tuple[list[Row], tuple[Fault, ...]]:
    key, _, value = str(target.ec2_tag).partition("=")
    rows = [row for row in _rows(reader, f"tag:{key}", (value,)) if row["State"]["Name"] == "running"]
    if not rows:
        raise NoSuchThingError(
            "running EC2 instance with the tag", str(target.ec2_tag), reader.region, _tags(reader, key)
        )
    return rows, ()


def _tags(reader: Reader, key: str) -> set[str]:
    """The values that the tag has, written as a target would."""
    rows = _rows(reader, "tag-key", (key,))
    return {f"{key}={tag['Value']}" for row in rows for tag in row.get("Tags") or () if tag["Key"] == key}


def _rows(reader: Reader, name: str, values: Iterable[str]) -> list[Row]:
    asked = list(values)
    found: list[Row] = []
    for n in range(0, len(asked), MOST_VALUES):
        filters = [{"Name": name, "Values": asked[n : n + MOST_VALUES]}]
        reservations = reader.rows("ec2", "describe_instances", "Reservations", Filters=filters)
        found += [row for each in reservations for row in each["Instances"]]
    return found


def _group(reader: Reader, target: Target) -> Found:
    (name,) = target.names
    groups = reader.rows("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    for group in groups:
        if group["AutoScalingGroupName"] == name:
            break
    else:
        known = [each["AutoScalingGroupName"] for each in groups]
        raise NoSuchThingError("Auto Scaling group", name, reader.region, known)
    ids = [str(each["InstanceId"]) for each in group.get("Instances") or ()]
    rows = _rows(reader, "instance-id", ids) if ids else []
    it = _instances(reader, target, rows, {each: each for each in ids}, ())
    whole = Place(target, None, "AWS/EC2", (("AutoScalingGroupName", name),))
    size = {key: group[field] for key, field in (("min_size", "MinSize"), ("max_size", "MaxSize"))}
    return Found(
        f"{len(ids)} instances of at most {group['MaxSize']}",
        (*metrics(_LINES, whole), *it.metrics),
        {"instances": len(ids), **size, **it.limits},
        faults=it.faults,
        lacking=it.lacking,
    )


def _instances(
    reader: Reader, target: Target, rows: list[Row], parts: dict[str, str | None], faults: tuple[Fault, ...]
) -> Found:
    asked: list[Metric] = []
    problems = list(faults)
    for row in rows:
        part = parts[row["InstanceId"]]
        asked += _outside(target, row, part)
        try:
            inside = list(_inside(reader, target, row["InstanceId"], part))
        except RefusedError as error:
            problems.append(refused(error, target, part, (MEMORY, STORAGE)))
            continue
        asked += inside
        told = {metric.indicator for metric in inside}
        problems += [
            Fault.unknown(target, part, name, _NO_AGENT[name]) for name in (MEMORY, STORAGE) if name not in told
        ]
    types, lacking = _types(reader, rows)
    limits: dict[str, str | float | int | bool | None] = {}
    for row in rows:
        prefix = f"{parts[row['InstanceId']]}." if parts[row["InstanceId"]] else ""
        machine = types.get(row["InstanceType"])
        limits |= machine.limits(prefix) if machine else {f"{prefix}type": row["InstanceType"]}
    said = ", ".join(f"{row['InstanceId']} ({row['InstanceType']})" for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return Found(f"{said}{more}", tuple(asked), limits, faults=tuple(problems), lacking=lacking)


def _types(reader: Reader, rows: list[Row]) -> tuple[dict[str, Machine], tuple[RefusedError, ...]]:
    """What the instances are made of, and why it is not known: they are limits to look at, not to reckon with."""
    try:
        return dict(machines(reader, [row["InstanceType"] for row in rows])), ()
    except RefusedError as error:
        return {}, (error,)


def _outside(target: Target, row: Row, part: str | None) -> Iterator[Metric]:
    place = Place(target, part, "AWS/EC2", (("InstanceId", row["InstanceId"]),))
    yield from metrics([*_LINES, *(_CREDITS if has_credits(row["InstanceType"]) else ())], place)


def _inside(reader: Reader, target: Target, instance: str, part: str | None) -> Iterator[Metric]:
    """What the agent sends of an instance. Its dimensions depend on its configuration, so they are looked up."""
    rows = reader.rows(
        "cloudwatch", "list_metrics", "Metrics",
        Namespace="CWAgent", Dimensions=[{"Name": "InstanceId", "Value": instance}],
    )  # fmt: skip
    chosen: dict[tuple[str, str | None], tuple[Line, tuple[tuple[str, str], ...]]] = {}
    for row in rows:
        dimensions = tuple((each["Name"], each["Value"]) for each in row["Dimensions"])
        told = dict(dimensions)
        if line := _AGENT_MEMORY.get(row["MetricName"]):
            where: str | None = None
        elif (line := _AGENT_DISK.get(row["MetricName"])) and told.get("fstype") not in _NO_DISK:
            where = told.get("path") or told.get("instance")
            if where in (None, "_Total"):
                continue
        else:
            continue
        # The same figure may be sent under several sets of dimensions; the longest one mixes the least.
        kept = chosen.get((line.indicator, where))
        if kept is None or (len(dimensions), dimensions) > (len(kept[1]), kept[1]):
            chosen[line.indicator, where] = (line, dimensions)
    for (_, where), (line, dimensions) in sorted(chosen.items(), key=lambda each: (each[0][0], each[0][1] or "")):
        place = Place(target, " ".join(filter(None, [part, where])) or None, "CWAgent", dimensions)
        yield from metrics([line], place, {"all": 100.0})
