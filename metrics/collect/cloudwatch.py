"""cloudwatch: what AWS measures of EC2, EKS, RDS, ElastiCache, SES, Lambda, S3 and load balancers.

A service's file names a thing in AWS (`{use: cloudwatch, rds_cluster: aurora-main}`); its members, metrics and limits
are looked up. Everything is asked through boto3, which speaks over the run's own polite client.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from metrics.collect import Sign
from metrics.collect._cloudwatch.ask import ask, queries_of
from metrics.collect._cloudwatch.getmetricdata import ACTION, MOST_POINTS, MOST_QUERIES, fetched, query_of
from metrics.collect._cloudwatch.inventory import Inventory, wanted
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.session import Access, Account, RefusedError
from metrics.collect._cloudwatch.span import FINE_S, spans
from metrics.collect._cloudwatch.target import Target
from metrics.collect.window import sliced
from metrics.model import Coverage, Points, Snapshot, Window

__all__ = ["BACKFILL", "RECOLLECT", "RECOLLECT_DAILY", "SLICE", "Settings", "Target", "check", "collect"]

# Retention of hourly values, by botocore's model of GetMetricData.
BACKFILL = timedelta(days=455)
# Most metrics are whole after ten minutes; some come later, and what comes late corrects.
RECOLLECT = timedelta(hours=3)
RECOLLECT_DAILY = timedelta(hours=26)
SLICE = timedelta(days=14)

# USD for a metric that GetMetricData is asked for: 0.01 for 1,000, as AWS's price list had it. Not checked since.
USD_A_METRIC: Final = 0.01 / 1000
MONTH: Final = timedelta(days=30)


class Settings(Access, frozen=True, extra="forbid"):
    """How to get into the account, and the components that are to be measured."""

    every: timedelta = timedelta(hours=1)
    """The rhythm, from which `check` reckons the cost; the runner fills it in."""
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opened:
    account: Account
    inventory: Inventory


# A run asks for window after window with one client; the account is opened and described once for all of them.
_opened: dict[tuple[httpx.Client, Settings], _Opened] = {}


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Snapshot | Coverage]:
    """The limits of what the targets are, then each of their metrics for all of the window."""
    if not settings.targets:
        return
    run = _run(settings, window.end, http)
    if window.end == run.inventory.at:
        yield from run.inventory.snapshots
    yield from run.inventory.faults_as_coverage(window)
    yield from ask(run.account, run.inventory.metrics, window, run.inventory.at)
    yield from run.inventory.beside(run.account, window)


def _run(settings: Settings, at: datetime, http: httpx.Client) -> _Opened:
    for over in [each for each in list(_opened) if each[0].is_closed]:
        _opened.pop(over, None)
    known = _opened.get((http, settings))
    if known is None or known.inventory.at < at:
        account = Account(settings, http)
        known = _opened[http, settings] = _Opened(account, wanted(account, settings.targets, at))
    return known


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Who it is, what each target is, what it may not do, and what it costs. Raises SourceError when not let in."""
    account = Account(settings, http)
    yield account.identity()
    if not settings.targets:
        yield Sign("note", "no component uses it: write `use: cloudwatch` in a service's file")
        return
    now = datetime.fromtimestamp(int(time.time()), UTC)
    inventory = wanted(account, settings.targets, now)
    yield from inventory.signs()
    yield from inventory.tried(account)
    yield from _may_read(account, inventory.metrics, now)
    yield from _cost(settings, inventory.metrics, now)


def _may_read(account: Account, metrics: Sequence[Metric], now: datetime) -> Iterator[Sign]:
    """One metric of each region, for the last hour."""
    for region in sorted({metric.region or account.region for metric in metrics}):
        one = next(query_of(metric) for metric in metrics if (metric.region or account.region) == region)
        (span,) = spans(Window(now - timedelta(hours=1), now), now)
        try:
            status = fetched(account, region, [one], span)[one].status
        except RefusedError as error:
            yield Sign("wrong", str(error), ACTION)
            continue
        if status == "Complete":
            yield Sign("fine", f"metrics of {region} may be read", ACTION)
        else:
            yield Sign("wrong", f"CloudWatch answers {status} for {one.namespace} {one.name} in {region}", ACTION)


def _cost(settings: Settings, metrics: Sequence[Metric], now: datetime) -> Iterator[Sign]:
    asked = len({(metric.region, query) for metric in metrics for query in queries_of(metric)})
    runs = MONTH / settings.every
    first = len(list(sliced(Window(now - BACKFILL, now), SLICE)))
    most = min(MOST_QUERIES, MOST_POINTS // int(RECOLLECT_DAILY.total_seconds() / FINE_S))
    yield Sign(
        "note",
        f"{asked:,} metrics every {_rhythm(settings.every)} are {asked * runs:,.0f} a month, about USD "
        f"{asked * runs * USD_A_METRIC:,.2f} at USD 0.01 per 1,000 metrics requested (a list price: verify it). "
        f"GetMetricData is called about {_times(math.ceil(asked / most))} a run; the first run asks for the past in "
        f"{first} pieces, about USD {asked * first * USD_A_METRIC:,.2f}",
        "cost",
    )


def _rhythm(every: timedelta) -> str:
    minutes = every.total_seconds() / 60
    return f"{minutes / 60:g} h" if minutes % 60 == 0 else f"{minutes:g} min"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
