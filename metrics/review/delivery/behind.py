"""The deployments behind a figure: first those that it counts against n, then the rest of n, newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from metrics.review.delivery.deployments import REMEDIES, Deployment
from metrics.review.delivery.failures import Failure
from metrics.review.delivery.report import EnvironmentDelivery

__all__ = ["OPENED", "Behind", "behind"]


@dataclass(frozen=True, slots=True)
class Behind:
    """One deployment with what the figures know of it."""

    deployment: Deployment
    failure: Failure | None
    changes: int
    """How many of its changes have a lead time."""
    lead_s: float | None
    """Their median."""


def _reached(each: Behind) -> bool:
    return each.deployment.reached_users


def _judged(each: Behind) -> bool:
    return each.deployment.reached_users and each.deployment.kind not in REMEDIES


def _is_remedy(each: Behind) -> bool:
    return each.deployment.kind in REMEDIES


# For each figure: which deployments it looks at, and which of them come first.
_RULES: Final[Mapping[str, tuple[Callable[[Behind], bool], Callable[[Behind], bool]]]] = {
    "deployment_frequency": (_reached, lambda each: False),
    "change_lead_time": (lambda each: each.changes > 0, lambda each: False),
    "change_fail_rate": (_judged, lambda each: each.failure is not None),
    "failed_deployment_recovery_time": (lambda each: each.failure is not None, lambda each: False),
    "rework_rate": (_reached, _is_remedy),
    "pipeline_failure_rate": (
        lambda each: each.deployment.status in ("succeeded", "failed"),
        lambda each: each.deployment.status == "failed",
    ),
    "deploy_duration": (lambda each: _reached(each) and each.deployment.is_timed, lambda each: False),
}
OPENED: Final = tuple(_RULES)
"""The figures that open the deployments behind them."""


def behind(
    of: EnvironmentDelivery, deployments: Sequence[Deployment], figure: str | None = None
) -> tuple[Behind, ...]:
    """The deployments behind one figure of the period, or all of it. `deployments` are the report's."""
    failed = {each.deployment: each for each in of.failures}
    leads = _lead_times(of, deployments)
    found = [Behind(each, failed.get(each), *leads.get(each, (0, None))) for each in reversed(of.deployments)]
    if figure is None:
        return tuple(found)
    is_in, is_first = _RULES[figure]
    return tuple(sorted(filter(is_in, found), key=lambda each: not is_first(each)))


def _lead_times(
    of: EnvironmentDelivery, deployments: Sequence[Deployment]
) -> Mapping[Deployment, tuple[int, float | None]]:
    """How many changes each deployment of the period brought, and the median of their lead times."""
    leads = of.columns.leads
    start, end = (moment.timestamp() for moment in (of.now.window.start, of.now.window.end))
    kept = (leads.why == 0) & (leads.finished >= start) & (leads.finished < end)
    places, totals = leads.deployment[kept], leads.total[kept]
    order = np.argsort(places, kind="stable")
    used, first = np.unique(places[order], return_index=True)
    cut = np.split(totals[order], first[1:]) if len(used) else []
    return {
        deployments[place]: (len(took), float(np.median(took)))
        for place, took in zip(used.tolist(), cut, strict=True)
    }
