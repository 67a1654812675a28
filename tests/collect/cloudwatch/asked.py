"""What the tests of the transport ask for, and whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from metrics.collect import Batch
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.session import Access, Account
from metrics.collect.http import Budget, client
from metrics.model import Coverage, Points
from tests.collect.cloudwatch.aws_json_server import KEY, SECRET, Cloud

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def account(cloud: Cloud, **access: object) -> Account:
    """The account that the server plays, asked by a client that does not wait."""
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    settings = Access(**{"region": "eu-west-1", "endpoint_url": cloud.url, **keys, **access})
    http = client(budget=Budget(per_second=1e6, sleep=lambda _: None))
    cloud.after.callback(http.close)
    return Account(settings, http)


def metric(name: str = "CPUUtilization", part: str | None = None, **rest: object) -> Metric:
    """A line of a database, unless the rest says otherwise."""
    known = {
        "service": "jobs",
        "component": "db",
        "indicator": "system.cpu.utilization",
        "namespace": "AWS/RDS",
        "statistic": "Average",
        "dimensions": (("DBInstanceIdentifier", part or "db-1"),),
    }
    return Metric(part=part, name=name, **{**known, **rest})


def rows(batches: Iterable[Batch]) -> list[tuple[str, float]]:
    """Time of day (with the day where it is another one) and value of each point."""
    points = [batch for batch in batches if isinstance(batch, Points)]
    pairs = [(at.item(), float(value)) for each in points for at, value in zip(each.ts, each.values, strict=True)]
    return [(f"{at:%H:%M}" if at.date() == NOON.date() else f"{at:%m-%d %H:%M}", value) for at, value in pairs]


def answers(batches: Iterable[Batch]) -> list[tuple[str, str]]:
    return [(batch.state, batch.detail) for batch in batches if isinstance(batch, Coverage)]
