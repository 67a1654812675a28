"""What instance types are made of: memory and CPUs, as EC2 describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from metrics.collect._cloudwatch.found import Limits
from metrics.collect._cloudwatch.reader import Reader

__all__ = ["Machine", "has_credits", "machines"]

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Machine:
    """An instance type."""

    name: str
    vcpu: int
    memory: float

    def limits(self, prefix: str) -> Limits:
        """As a snapshot keeps it."""
        return {f"{prefix}type": self.name, f"{prefix}vcpu": self.vcpu, f"{prefix}memory": self.memory}


def machines(reader: Reader, names: Iterable[str]) -> Mapping[str, Machine]:
    """Those that EC2 knows; RDS has some of its own (`db.serverless`). Raises RefusedError."""
    asked = sorted({name.removeprefix("db.") for name in names})
    if not asked:
        return {}
    # By filter, since one unknown name in InstanceTypes has the whole call refused.
    filters = [{"Name": "instance-type", "Values": asked}]
    rows = reader.rows("ec2", "describe_instance_types", "InstanceTypes", Filters=filters)
    return {
        row["InstanceType"]: Machine(
            row["InstanceType"], row["VCpuInfo"]["DefaultVCpus"], float(row["MemoryInfo"]["SizeInMiB"] * MIB)
        )
        for row in rows
    }


def has_credits(name: str) -> bool:
    """Whether an instance type earns CPU credits: t2, t3, t3a, t4g."""
    family = name.removeprefix("db.").removeprefix("cache.").partition(".")[0]
    return family[:1] == "t" and family[1:2].isdigit()
