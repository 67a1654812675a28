"""kubernetes: runs of Jobs and CronJobs, and the state of nodes, of Kubernetes and EKS.

Which namespaces and CronJobs are a component stands in a service's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import httpx

from metrics.collect import Sign
from metrics.collect._kubernetes import batch, nodes
from metrics.collect._kubernetes.access import Access, opened
from metrics.collect._kubernetes.api import Api, RefusedError
from metrics.collect._kubernetes.batch import Batches
from metrics.collect._kubernetes.namespace import Namespace, namespace_of
from metrics.collect._kubernetes.present import is_now
from metrics.collect._kubernetes.signs import signs
from metrics.collect._kubernetes.target import Target
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, CoverageState, Event, Points, Snapshot, Window

__all__ = ["BACKFILL", "RECOLLECT", "Settings", "Target", "check", "collect"]

# A cluster lists what it still keeps, whatever the window: asking for more costs no request.
BACKFILL = timedelta(days=14)
# A run changes until it ends, and two clocks differ.
RECOLLECT = timedelta(days=2)

_Batches = Event | Points | Snapshot | Coverage


class Settings(Access, frozen=True, extra="forbid"):
    """Where the cluster's API is, who asks, and the components that are to be read."""

    targets: tuple[Target, ...] = ()


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[_Batches]:
    """Every run that began or ended within the window, then the nodes as they are now."""
    # Who names what is theirs goes before who takes the rest, so that each run counts once.
    waiting = sorted(settings.targets, key=lambda target: (target.nodes, target.takes_all))
    if not waiting:
        return
    try:
        with opened(settings, http) as api:
            listed, taken = dict[str | None, Namespace | RefusedError](), set[tuple[str, str]]()
            while waiting:
                yield from _of(api, waiting[0], window, listed, taken)
                del waiting[0]
    except BudgetSpentError:
        raise
    except (SourceError, httpx.RequestError) as error:
        # On a first run nobody else knows what would have been asked.
        reason, retryable = f"the cluster can't be reached: {type(error).__name__}", True
        if isinstance(error, SourceError):
            reason, retryable = str(error), error.retryable
        yield from _unanswered(waiting, window, reason, retryable=retryable)
        raise


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Whether the cluster is there, lets us list what is asked for, and has each CronJob that is named."""
    with opened(settings, http) as api:
        yield from signs(api, settings.targets)


def _of(
    api: Api, target: Target, window: Window, listed: dict[str | None, Namespace | RefusedError],
    taken: set[tuple[str, str]],
) -> Iterator[_Batches]:  # fmt: skip
    if target.nodes:
        yield from nodes.read_nodes(api, target, window)
        return
    if target.namespace not in listed:
        listed[target.namespace] = _namespace(api, target.namespace)
    found = listed[target.namespace]
    if isinstance(found, RefusedError):
        state: CoverageState = "forbidden" if found.is_forbidden else "failed"
        yield from batch.refused(target, window, state, str(found), retryable=found.retryable)
        return
    batches = Batches(target, found, window, taken)
    yield from batches.batches()
    snapshot = batches.snapshot()
    if snapshot is not None and is_now(window):
        yield snapshot


def _namespace(api: Api, name: str | None) -> Namespace | RefusedError:
    try:
        return namespace_of(api, name)
    except RefusedError as refusal:
        return refusal


def _unanswered(targets: Sequence[Target], window: Window, reason: str, *, retryable: bool) -> Iterator[Coverage]:
    for target in targets:
        for indicator in nodes.INDICATORS if target.nodes else batch.INDICATORS:
            yield Coverage(
                target.service, target.component, indicator, "kubernetes", window, "failed", reason[:300],
                retryable=retryable,
            )  # fmt: skip
