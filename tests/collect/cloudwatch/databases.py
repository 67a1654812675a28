"""RDS instances for the server to describe, and what CloudWatch measures of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from tests.collect.cloudwatch.aws_json_server import KEY, SECRET, Cloud, serve

MEMORY_MIB, GIB = 16_384, 100


def account_with(instances: int, now: datetime | None = None) -> Cloud:
    """db-0, db-1 …: Postgres on a db.r6g.large, of which every metric is measured always."""
    answers = {"DescribeDBInstances": lambda _: _described(instances), "DescribeInstanceTypes": lambda _: _TYPES}
    return Cloud(answers=answers, default=measured, now=now)


def source(cloud: Cloud, instances: int) -> dict[str, object]:
    """What stands under the source in tomoni.yaml."""
    keys = {"region": "eu-west-1", "access_key_id": KEY, "secret_access_key": SECRET}
    return {"endpoint_url": cloud.url, **keys, "targets": [target(n) for n in range(instances)]}


@cache
def example(now: datetime, *, measured: bool = True) -> Mapping[str, object]:
    """One instance of an account that answers until the process ends."""
    cloud = account_with(1, now)
    if not measured:
        cloud.default = None
    serve(cloud)
    return source(cloud, 1)


def target(n: int) -> Mapping[str, object]:
    """As it is written in the configuration."""
    return {"service": "jobs", "component": f"db-{n}", "rds_instance": f"db-{n}", "max_connections": 400}


def measured(stat: str, at: int, period: int) -> float:
    """A day's wave, different for each statistic."""
    return 40 + 20 * math.sin(at / 13_751) + len(stat)


def _described(count: int) -> str:
    rows = "".join(
        f"<DBInstance><DBInstanceIdentifier>db-{n}</DBInstanceIdentifier><DBInstanceClass>db.r6g.large</DBInstanceClass>"
        f"<Engine>postgres</Engine><AllocatedStorage>{GIB}</AllocatedStorage></DBInstance>"
        for n in range(count)
    )
    return f"<DBInstances>{rows}</DBInstances>"


_TYPES = (
    "<instanceTypeSet><item><instanceType>r6g.large</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo>"
    f"<memoryInfo><sizeInMiB>{MEMORY_MIB}</sizeInMiB></memoryInfo></item></instanceTypeSet>"
)
