"""Restarts of containers: those of the last minutes as samples, and how often each has restarted so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from metrics.catalog import load
from metrics.collect._kubernetes.api import Api, Raw
from metrics.collect._kubernetes.job import time_of
from metrics.collect._kubernetes.present import stamp
from metrics.collect._kubernetes.target import Target
from metrics.model import Points, Series, Window

__all__ = ["RESTARTS", "Container", "restarted", "restarts_of", "totals"]

RESTARTS: Final = "k8s.container.restarts"
# A cluster has some thousand containers; those that restart most are what one looks for.
MOST_RESTARTED: Final = 50


@dataclass(frozen=True, slots=True)
class Container:
    """One container that has restarted."""

    name: str
    """Its namespace, pod and own name."""
    restarts: int
    """So far: of its whole life, which ends with its pod."""
    last: datetime | None
    """When what ran before ended, which is what started it again."""


def restarts_of(api: Api) -> tuple[list[Container], str]:
    """Every container that has restarted, and why that may not be all. Raises RefusedError."""
    pods = api.listed("/api/v1/pods")
    found, problem = list[Container](), pods.problem
    for number, pod in enumerate(pods.items, 1):
        try:
            found += _containers(pod)
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = problem or f"entry {number} of the list of pods is no pod"
    return found, problem


def _containers(pod: Raw) -> Iterator[Container]:
    meta, status = pod["metadata"], pod.get("status") or {}
    for each in status.get("containerStatuses") or ():
        if count := int(each.get("restartCount") or 0):
            ended = ((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
            name = f"{meta['namespace']}/{meta['name']}/{each['name']}"
            yield Container(name, count, time_of(ended))


def restarted(target: Target, containers: list[Container], window: Window) -> Points:
    """The last restart of each container, if it was in the window, at its own time; a 0 at the end of a quiet one.

    A reading tells each container's last restart only, so one that restarts more often between two readings counts
    once.
    """
    counts = {stamp(window).astype("datetime64[us]"): 0.0}
    for each in containers:
        if each.last is not None and window.start <= each.last < window.end:
            at = np.datetime64(each.last.replace(tzinfo=None), "us")
            counts[at] = counts.get(at, 0.0) + 1
    known = load().get(RESTARTS)
    series = Series(target.service, target.component, known.name, known.stat, known.unit, 0, "kubernetes")
    times = sorted(counts)
    return Points(series, np.array(times, dtype="datetime64[us]"), np.array([counts[at] for at in times]))


def totals(containers: list[Container], problem: str) -> dict[str, str | float | int | bool | None]:
    """How often containers have restarted so far, those first that did so most."""
    most = sorted(containers, key=lambda each: (-each.restarts, each.name))[:MOST_RESTARTED]
    return {
        "containers": len(containers),
        "restarts": sum(each.restarts for each in containers),
        **{each.name: each.restarts for each in most},
        **({"not_known": problem} if problem else {}),
    }
