"""EC2: which instances are meant, and what the CloudWatch agent on them has to say under which dimensions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collect.cloudwatch.moto_account import boto, dimensions, emptied, inventory, row, target

# One of those that moto knows by itself.
IMAGE = "ami-12c6146b"
OUTSIDE = [
    ("system.cpu.utilization", "CPUUtilization", "Average", ""),
    ("system.cpu.utilization.max", "CPUUtilization", "Maximum", ""),
    ("system.checks.failed", "StatusCheckFailed", "Maximum", ""),
    ("system.network.receive", "NetworkIn", "Sum", ""),
    ("system.network.transmit", "NetworkOut", "Sum", ""),
]
CREDITS = ("system.cpu.credits", "CPUCreditBalance", "Minimum", "")


@pytest.fixture
def ec2() -> Any:
    emptied()
    return boto("ec2")


def start(ec2: Any, count: int = 1, kind: str = "m6g.large", name: str = "web-1") -> list[str]:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
    made = ec2.run_instances(ImageId=IMAGE, InstanceType=kind, MinCount=count, MaxCount=count, TagSpecifications=tags)
    return [each["InstanceId"] for each in made["Instances"]]


def send(name: str, **dimensions: str) -> None:
    """A point as the agent on a host sends it."""
    told = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    boto("cloudwatch").put_metric_data(
        Namespace="CWAgent", MetricData=[{"MetricName": name, "Dimensions": told, "Value": 42.0}]
    )


def test_one_instance_is_the_component_itself(ec2: Any):
    (it,) = start(ec2)
    send("mem_used_percent", InstanceId=it, ImageId="ami-1", InstanceType="m6g.large")
    send("disk_used_percent", InstanceId=it, path="/", device="nvme0n1p1", fstype="xfs")
    send("disk_used_percent", InstanceId=it, path="/data", device="nvme1n1", fstype="ext4")
    found = inventory(target("web", ec2_instances=[it]))
    assert [row(metric) for metric in found.metrics] == [
        *((None, *each) for each in OUTSIDE),
        ("/", "system.filesystem.utilization", "disk_used_percent", "Maximum", ""),
        ("/data", "system.filesystem.utilization", "disk_used_percent", "Maximum", ""),
        (None, "system.memory.utilization", "mem_used_percent", "Average", ""),
    ]
    assert dimensions(found, "/data") == {
        ("CWAgent", (("InstanceId", it), ("path", "/data"), ("device", "nvme1n1"), ("fstype", "ext4")))
    }
    assert found.faults == ()
    assert found.snapshots[0].values == {"type": "m6g.large", "vcpu": 2, "memory": 8 * 2**30}


def test_several_are_its_parts_and_their_disks_parts_of_them(ec2: Any):
    one, two = start(ec2, 2, kind="t4g.small")
    send("disk_used_percent", InstanceId=one, path="/", device="nvme0n1p1", fstype="xfs")
    found = inventory(target("web", ec2_instances=[one, two]))
    assert [row(metric) for metric in found.metrics] == [
        *((one, *each) for each in (*OUTSIDE, CREDITS)),
        (f"{one} /", "system.filesystem.utilization", "disk_used_percent", "Maximum", ""),
        *((two, *each) for each in (*OUTSIDE, CREDITS)),
    ]


def test_what_is_no_disk_and_what_mixes_several_is_left_out(ec2: Any):
    (it,) = start(ec2)
    send("disk_used_percent", InstanceId=it, path="/run", device="tmpfs", fstype="tmpfs")
    send("disk_used_percent", InstanceId=it, path="/snap/core", device="loop0", fstype="squashfs")
    send("disk_used_percent", InstanceId=it)
    send("mem_used_percent", InstanceId=it)
    send("mem_used_percent", InstanceId=it, AutoScalingGroupName="web")
    send("swap_used_percent", InstanceId=it)
    found = inventory(target("web", ec2_instances=it))
    inside = [metric for metric in found.metrics if metric.namespace == "CWAgent"]
    assert [row(metric) for metric in inside] == [
        (None, "system.memory.utilization", "mem_used_percent", "Average", "")
    ]
    assert inside[0].dimensions == (("InstanceId", it), ("AutoScalingGroupName", "web"))
    (fault,) = found.faults
    assert (fault.indicators, fault.state) == (("system.filesystem.utilization",), "empty")


def test_windows_says_how_much_of_a_disk_is_free(ec2: Any):
    (it,) = start(ec2)
    send("LogicalDisk % Free Space", InstanceId=it, instance="C:", objectname="LogicalDisk")
    send("LogicalDisk % Free Space", InstanceId=it, instance="_Total", objectname="LogicalDisk")
    send("Memory % Committed Bytes In Use", InstanceId=it, objectname="Memory")
    found = inventory(target("web", ec2_instances=it))
    assert [row(metric) for metric in found.metrics if metric.namespace == "CWAgent"] == [
        ("C:", "system.filesystem.utilization", "LogicalDisk % Free Space", "Minimum", "of 100 is left"),
        (None, "system.memory.utilization", "Memory % Committed Bytes In Use", "Average", ""),
    ]


def test_without_an_agent_memory_and_disks_are_named_as_missing(ec2: Any):
    (it,) = start(ec2)
    found = inventory(target("web", ec2_instances=it))
    assert [(fault.part, *fault.indicators, fault.state) for fault in found.faults] == [
        (None, "system.memory.utilization", "empty"),
        (None, "system.filesystem.utilization", "empty"),
    ]
    assert "install it on the host" in found.faults[0].detail


def test_a_tag_finds_all_that_run_now(ec2: Any):
    one = start(ec2, name="web-1")
    two = start(ec2, name="web-2")
    start(ec2, name="batch-1")
    gone = start(ec2, name="web-3")
    ec2.terminate_instances(InstanceIds=gone)
    found = inventory(target("web", ec2_tag="Name=web-*"))
    assert {metric.part for metric in found.metrics} == {*one, *two}


def test_twelve_instances_of_one_reservation_are_twelve(ec2: Any):
    ids = start(ec2, 12)
    found = inventory(target("web", ec2_tag="Name=web-1"))
    assert {metric.part for metric in found.metrics} == set(ids)


def test_a_tag_that_fits_nothing_is_told_what_there_is(ec2: Any):
    start(ec2, name="web-1")
    (fault,) = inventory(target("web", ec2_tag="Name=wbe-1")).faults
    assert fault.detail == (
        "there is no running EC2 instance with the tag `Name=wbe-1` in eu-west-1; did you mean Name=web-1?"
    )


def test_an_instance_that_is_not_there_is_missed_beside_one_that_is(ec2: Any):
    (it,) = start(ec2)
    found = inventory(target("web", ec2_instances=[it, "i-0123456789abcdef0"]))
    (missing,) = [fault for fault in found.faults if fault.state == "failed"]
    assert missing.part == "i-0123456789abcdef0"
    assert missing.detail == (
        "there is no EC2 instance `i-0123456789abcdef0` in eu-west-1; check it, the region and the account"
    )
    assert {metric.part for metric in found.metrics} == {it}


def test_an_auto_scaling_group_is_itself_and_its_instances(ec2: Any):
    scaling = boto("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="m6g.large")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web", LaunchConfigurationName="web", MinSize=1, MaxSize=4, DesiredCapacity=2,
        AvailabilityZones=["eu-west-1a"],
    )  # fmt: skip
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    ids = [each["InstanceId"] for each in group["Instances"]]
    found = inventory(target("web", auto_scaling_group="web"))
    assert [row(metric) for metric in found.metrics] == [
        *((part, *each) for part in (None, *ids) for each in OUTSIDE),
    ]
    assert dimensions(found) == {("AWS/EC2", (("AutoScalingGroupName", "web"),))}
    values = found.snapshots[0].values
    assert (values["instances"], values["min_size"], values["max_size"]) == (2, 1, 4)
    (fault,) = inventory(target("web", auto_scaling_group="wbe")).faults
    assert fault.detail == "there is no Auto Scaling group `wbe` in eu-west-1; did you mean web?"
