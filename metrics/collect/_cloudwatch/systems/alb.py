"""Application Load Balancers: latency, requests and errors, their target groups and their log bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from metrics.collect._cloudwatch.found import Fault, Found, Limits, NoSuchThingError, refused
from metrics.collect._cloudwatch.line import Line, Place, indicators, metrics
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.reader import Reader, Row
from metrics.collect._cloudwatch.refusal import NotAllowedError, RefusedError
from metrics.collect._cloudwatch.systems import s3
from metrics.collect._cloudwatch.target import Target

__all__ = ["ACTIONS", "INDICATORS", "found"]

ACTIONS: Final = (
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    *s3.ACTIONS,
)

NAMESPACE: Final = "AWS/ApplicationELB"
# Errors are reported only when there are some.
_LINES: Final = (
    Line("http.server.request.duration.p95", "TargetResponseTime", "p95"),
    Line("http.server.request.duration.p50", "TargetResponseTime", "p50"),
    Line("http.server.request.duration.p99", "TargetResponseTime", "p99"),
    Line("http.server.request.count", "RequestCount", "Sum"),
    Line("http.server.5xx.count", "HTTPCode_Target_5XX_Count", "Sum", zero_with="RequestCount"),
    Line("http.server.4xx.count", "HTTPCode_Target_4XX_Count", "Sum", zero_with="RequestCount"),
)
_GATEWAY: Final = (Line("http.gateway.5xx.count", "HTTPCode_ELB_5XX_Count", "Sum", zero_with="RequestCount"),)
_HOSTS: Final = (Line("http.server.hosts.unhealthy", "UnHealthyHostCount", "Maximum"),)
# Instead of an empty list.
_NONE: Final = "TargetGroupNotFound"
_NO_LOG: Final = "it keeps no access log: without one, nobody can tell which requests were slow"
INDICATORS: Final = indicators(*_LINES, *_GATEWAY, *_HOSTS)
"""What a load balancer would have, to be answered for one that is not there."""


def found(reader: Reader, target: Target) -> Found:
    """The load balancer that the target names. Raises NoSuchThingError, RefusedError."""
    row = _named(reader, str(target.load_balancer))
    balancer = ("LoadBalancer", _suffix(row))
    faults: list[Fault] = []
    groups: dict[str, str] = {}
    try:
        groups = _groups(reader, target, row)
    except RefusedError as error:
        if target.target_group:
            raise
        if error.code != _NONE:
            faults.append(refused(error, target, None, indicators(*_HOSTS)))
    asked = [*_metrics(target, balancer, groups)]
    if not groups and not faults:
        said = "no target group is attached, so no host can be unhealthy"
        faults.append(Fault.unknown(target, None, "http.server.hosts.unhealthy", said))
    limits, logs, notes, lacking = _logs(reader, target, row)
    said = f"{_suffix(row)} with {len(groups)} target groups"
    if bucket := limits.get("log_bucket"):
        said += f", its access log in {bucket}"
    return Found(said, (*asked, *logs), limits, faults=tuple(faults), notes=notes, lacking=lacking)


def _named(reader: Reader, name: str) -> Row:
    rows = reader.rows("elbv2", "describe_load_balancers", "LoadBalancers")
    # Gateways and network load balancers carry no HTTP.
    balancers = [row for row in rows if row.get("Type", "application") == "application"]
    for row in balancers:
        if name in (row["LoadBalancerName"], _suffix(row)):
            return row
    # An id is as good as random: only names are alike.
    known = {_suffix(row) if "/" in name else str(row["LoadBalancerName"]) for row in balancers}
    raise NoSuchThingError("Application Load Balancer", name, reader.region, known)


def _suffix(row: Row) -> str:
    """`app/web/50dc6c495c0c9188`: what CloudWatch calls it."""
    return str(row["LoadBalancerArn"]).partition(":loadbalancer/")[2]


def _groups(reader: Reader, target: Target, balancer: Row) -> dict[str, str]:
    """The target groups by name, with what CloudWatch calls them; just the one where the target names one."""
    arn = balancer["LoadBalancerArn"]
    rows = reader.rows("elbv2", "describe_target_groups", "TargetGroups", LoadBalancerArn=arn)
    groups = {str(row["TargetGroupName"]): str(row["TargetGroupArn"]).rpartition(":")[2] for row in rows}
    if target.target_group is None:
        return groups
    for name, suffix in groups.items():
        if target.target_group in (name, suffix):
            return {name: suffix}
    raise NoSuchThingError(f"target group of {target.load_balancer}", target.target_group, reader.region, groups)


def _metrics(target: Target, balancer: tuple[str, str], groups: dict[str, str]) -> Iterator[Metric]:
    """The load balancer as a whole, or what goes to one target group: then its own errors belong to nobody."""
    whole = Place(target, None, NAMESPACE, (balancer,))
    for name, suffix in groups.items():
        both = (("TargetGroup", suffix), balancer)
        yield from metrics(_HOSTS, Place(target, None if len(groups) == 1 else name, NAMESPACE, both))
        if target.target_group:
            yield from metrics(_LINES, Place(target, None, NAMESPACE, both))
            return
    yield from metrics([*_LINES, *_GATEWAY], whole)


def _logs(
    reader: Reader, target: Target, balancer: Row
) -> tuple[Limits, tuple[Metric, ...], tuple[str, ...], tuple[RefusedError, ...]]:
    """The bucket with its access log, how much is in it, and why that is not known: in a note or a refusal."""
    arn = balancer["LoadBalancerArn"]
    try:
        told = reader.reply("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    except RefusedError as error:
        return {}, (), (), (error,)
    values = {str(each["Key"]): str(each.get("Value") or "") for each in told}
    bucket = values.get("access_logs.s3.bucket", "")
    if values.get("access_logs.s3.enabled") != "true" or not bucket:
        return {}, (), (_NO_LOG,), ()
    limits = {"log_bucket": bucket, "log_prefix": values.get("access_logs.s3.prefix") or None}
    try:
        _, asked = s3.of_bucket(reader, target, bucket, bucket)
    except RefusedError as error:
        # Often it belongs to an account of its own; to know its name is worth something by itself.
        if isinstance(error, NotAllowedError):
            return limits, (), (f"its log bucket {bucket} can't be looked into: {error}",), ()
        return limits, (), (f"its log bucket {bucket} was not found: {error}",), ()
    return limits, tuple(asked), (), ()
