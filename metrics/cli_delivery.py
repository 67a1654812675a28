"""delivery: DORA's five figures of each service and environment, with what they rest on."""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from metrics import config as configuration
from metrics.cli_flags import a_time
from metrics.errors import InputError
from metrics.model import Service, Window

if TYPE_CHECKING:
    from metrics.review.delivery.report import Facts
    from metrics.store import Store

__all__ = ["add_verbs"]

USUAL = timedelta(days=90)
BY = ("week", "month")


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Delivery, with its flags."""
    verb = verbs.add_parser(
        "delivery",
        help="how often, how fast and how well changes reach users",
        description="Prints deployment frequency, change lead time, change fail rate, recovery time and rework rate "
        "as dora.dev defines them, with the pipeline beneath them, for each service and environment: the period "
        "beside the one of the same length before. docs/metrics.md defines each figure.",
    )
    verb.add_argument("--service", metavar="S", help="only this one (all)")
    verb.add_argument("--since", type=a_time, metavar="T", help="from here on (90 days before the end)")
    verb.add_argument("--until", type=a_time, metavar="T", help="up to here (now)")
    verb.add_argument("--by", choices=BY, help="the trend's steps (week up to half a year, else month)")
    verb.add_argument("--format", choices=("table", "json"), default="table", help="table; json holds everything")
    verb.set_defaults(run=_delivery)


def _delivery(arguments: argparse.Namespace) -> int:
    # 50,000 deployments all live to the end: looking for garbage among them takes a third as long again.
    gc.disable()
    try:
        return _report(arguments)
    finally:
        gc.enable()


def _report(arguments: argparse.Namespace) -> int:
    # What is needed to compute is loaded only once the flags are known to make sense.
    now = datetime.now(UTC)
    window = _window(arguments.since, arguments.until, now)
    config = configuration.load(arguments.data)
    from metrics.cli_delivery_json import plain
    from metrics.cli_delivery_table import said
    from metrics.review.delivery.report import delivery
    from metrics.review.delivery.trend import fitting
    from metrics.store import Store

    store, asked = Store(config.folder / "tomoni.duckdb"), arguments.service
    facts = _facts(store, window, asked)
    services = [each for each in _services(config.services, facts) if asked in (None, each.name)]
    if not services:
        names = ", ".join(each.name for each in _services(config.services, _facts(store, window, None)))
        raise InputError(f"--service {asked}: there is no such service; use one of {names}")
    report = delivery(facts, services, window, now, arguments.by or fitting(window))
    if arguments.format == "json":
        print(json.dumps(plain(report), ensure_ascii=False))
    else:
        print(said(report))
    return 0


def _window(since: datetime | None, until: datetime | None, now: datetime) -> Window:
    end = min(until or now, now)
    start = since or end - USUAL
    if start >= end:
        last = "now" if end == now else f"--until {end:%Y-%m-%dT%H:%MZ}"
        raise InputError(f"--since {start:%Y-%m-%dT%H:%MZ} is not before {last}")
    return Window(start, end)


def _facts(store: Store, window: Window, service: str | None) -> Facts:
    from metrics.review.delivery.report import Facts, needed
    from metrics.review.delivery.verdicts import verdicts
    from metrics.store import deliveries, entries

    span = needed(window)
    with store.read() as db:
        return Facts(
            deployments=deliveries.deployments(db, span, service),
            changes=deliveries.changes(db, Window(span.start, window.end), service),
            incidents=deliveries.incidents(db, span, service),
            builds=deliveries.builds(db, Window(span.start, window.end), service),
            images=deliveries.images(db, window, service),
            watched=deliveries.watched(db),
            verdicts=verdicts(entries.latest(db, "cause", service)),
        )


def _services(configured: Sequence[Service], facts: Facts) -> list[Service]:
    """Those that are configured, and those that were deployed without being."""
    known = {service.name for service in configured}
    deployed = set(facts.deployments["service"].unique().tolist())
    found = [*configured, *(Service(name, name, "UTC", 0) for name in sorted(deployed - known))]
    # A folder without services' files is the service `default`, unless its data is of others.
    return [each for each in found if each.name != "default" or each.name in deployed or len(found) == 1]
