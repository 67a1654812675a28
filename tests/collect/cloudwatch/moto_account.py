"""An AWS account that moto plays, over real HTTP, and its answers where they are replaced by a test."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from metrics.collect._cloudwatch.inventory import Inventory, wanted
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.session import Access, Account
from metrics.collect._cloudwatch.target import Target
from metrics.collect.http import Budget, client

REGION = "eu-west-1"
NOON = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "shh-this-is-the-planted-secret-key"}


@functools.cache
def moto() -> str:
    """Its address; it ends with the process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def emptied() -> str:
    """Its address, with nothing in the account."""
    httpx.post(f"{moto()}/moto-api/reset").raise_for_status()
    return moto()


@functools.cache
def boto(service: str, region: str = REGION) -> Any:
    """A client for a test to fill the account with."""
    return boto3.client(service, region_name=region, endpoint_url=moto(), **KEYS)


def account(url: str) -> Account:
    """The account as the source opens it."""
    access = Access(
        region=REGION,
        endpoint_url=url,
        access_key_id=KEYS["aws_access_key_id"],
        secret_access_key=KEYS["aws_secret_access_key"],
    )
    return Account(access, client(budget=Budget(per_second=1e6, sleep=lambda _: None)))


def target(component: str = "it", **keys: object) -> Target:
    return Target(service="jobs", component=component, **keys)


def inventory(*targets: Target, of: Account | None = None) -> Inventory:
    """What the targets turn out to be in moto's account."""
    return wanted(of or account(moto()), targets, NOON)


def row(metric: Metric) -> tuple[str | None, str, str, str, str]:
    """What a test says of a metric: part, indicator, name, statistic, and what becomes of its value."""
    how = []
    if metric.scale != 1:
        how.append(f"x {metric.scale:g}")
    if metric.full is not None:
        how.append(f"of {metric.full:.0f} is left")
    if metric.limit is not None:
        how.append(f"of {metric.limit:g}")
    if metric.zero_with:
        how.append(f"0 with {metric.zero_with}")
    if metric.daily:
        how.append("daily")
    return metric.part, metric.indicator, metric.name, metric.statistic, ", ".join(how)


def dimensions(found: Inventory, part: str | None = None) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Namespace and dimensions under which a part is asked for."""
    return {(each.namespace, each.dimensions) for each in found.metrics if each.part == part}


@contextmanager
def stubbed(of: Account, service: str, *answers: tuple[str, Mapping[str, Any], Mapping[str, Any]]) -> Iterator[None]:
    """Answers calls with what AWS would say, checked against its model: (operation, what is asked, answer)."""
    stubber = Stubber(of.client(service))
    for operation, expected, answer in answers:
        stubber.add_response(operation, dict(answer), dict(expected))
    with stubber:
        yield
    stubber.assert_no_pending_responses()


def refuse(of: Account, service: str, *operations: str) -> Stubber:
    """Has a service's calls refused for want of a permission, as AWS words it."""
    stubber = Stubber(of.client(service))
    for operation in operations:
        said = f"User: arn:aws:iam::123456789012:user/tomoni is not authorized to perform: {operation}"
        stubber.add_client_error(operation, "AccessDenied", said, 403)
    stubber.activate()
    return stubber
