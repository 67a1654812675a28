"""The nodes as they are now: how many, how many are not ready, what each holds, and what restarted on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from metrics.catalog import load
from metrics.collect._kubernetes import restarts
from metrics.collect._kubernetes.api import Api, Raw, RefusedError
from metrics.collect._kubernetes.present import SPEAKS_FOR, hour_of, is_now, stamp
from metrics.collect._kubernetes.quantity import quantity
from metrics.collect._kubernetes.restarts import RESTARTS
from metrics.collect._kubernetes.target import Target
from metrics.model import Coverage, CoverageState, Points, Series, Snapshot, Window

__all__ = ["INDICATORS", "Node", "nodes_of", "read_nodes"]

COUNT: Final = "k8s.node.count"
FAILED: Final = "k8s.node.failed"
INDICATORS: Final = (COUNT, FAILED, RESTARTS)
_HELD: Final = ("cpu", "memory", "ephemeral-storage", "pods")
_PAST: Final = "nodes can only be read as they are now, and nothing was read then"

Values = dict[str, str | float | int | bool | None]


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    is_ready: bool
    pressure: tuple[str, ...]
    """MemoryPressure, DiskPressure, PIDPressure or NetworkUnavailable, as far as it is there."""
    capacity: Mapping[str, float]
    allocatable: Mapping[str, float]
    is_open: bool
    """Whether pods may be put on it."""


def read_nodes(api: Api, target: Target, window: Window) -> Iterator[Points | Snapshot | Coverage]:
    """One reading, stamped with the window's end. Raises SourceError where no other would work either."""
    if not is_now(window):
        yield from _unread(target, window)
        return
    spoken_for = Window(max(window.start, window.end - SPEAKS_FOR), window.end)
    try:
        nodes, problem = nodes_of(api)
    except RefusedError as refusal:
        state: CoverageState = "forbidden" if refusal.is_forbidden else "failed"
        for indicator in INDICATORS:
            yield _answer(target, indicator, spoken_for, state, str(refusal), retryable=refusal.retryable)
    else:
        if problem:
            # How many there are is not known from some of them.
            yield from _answers(target, spoken_for, "failed", problem, retryable=True)
        else:
            yield from _counts(target, nodes, window)
            yield from _answers(target, spoken_for, "complete", "")
        yield from _snapshot(target, window, "nodes", dict(pair for node in nodes for pair in _told(node)))
        yield from _restarts(api, target, window, spoken_for)
    if window.start < spoken_for.start:
        yield from _unread(target, Window(window.start, spoken_for.start))


def _unread(target: Target, window: Window) -> Iterator[Coverage]:
    for indicator in INDICATORS:
        yield _answer(target, indicator, window, "empty", _PAST)


def nodes_of(api: Api) -> tuple[Sequence[Node], str]:
    """Every node, and why that may not be all. Raises RefusedError."""
    listing = api.listed("/api/v1/nodes")
    nodes, problem = list[Node](), listing.problem
    for number, raw in enumerate(listing.items, 1):
        try:
            nodes.append(_node(raw))
        except (AttributeError, KeyError, TypeError, ValueError):
            problem = problem or f"entry {number} of the list of nodes is no node"
    return nodes, problem


def _node(raw: Raw) -> Node:
    status, spec = raw["status"], raw.get("spec") or {}
    conditions = {str(each["type"]): str(each["status"]) for each in status.get("conditions") or ()}
    return Node(
        name=str(raw["metadata"]["name"]),
        # `Unknown` is what a node is called that has not been heard of.
        is_ready=conditions.get("Ready") == "True",
        pressure=tuple(sorted(name for name, is_so in conditions.items() if name != "Ready" and is_so == "True")),
        capacity=_amounts(status.get("capacity") or {}),
        allocatable=_amounts(status.get("allocatable") or {}),
        is_open=not spec.get("unschedulable"),
    )


def _amounts(raw: Mapping[str, Any]) -> Mapping[str, float]:
    return {name: quantity(raw[name]) for name in _HELD if name in raw}


def _counts(target: Target, nodes: Sequence[Node], window: Window) -> Iterator[Points]:
    at = np.array([stamp(window)], dtype="datetime64[us]")
    for indicator, count in ((COUNT, len(nodes)), (FAILED, sum(not node.is_ready for node in nodes))):
        known = load().get(indicator)
        series = Series(target.service, target.component, known.name, known.stat, known.unit, 0, "kubernetes")
        yield Points(series, at, np.array([float(count)]))


def _told(node: Node) -> Iterator[tuple[str, str | float | int | bool | None]]:
    yield f"{node.name}.ready", node.is_ready
    yield f"{node.name}.schedulable", node.is_open
    yield f"{node.name}.pressure", ", ".join(node.pressure)
    for kind, amounts in (("capacity", node.capacity), ("allocatable", node.allocatable)):
        for name, amount in amounts.items():
            yield f"{node.name}.{kind}_{name.replace('-', '_')}", amount


def _restarts(api: Api, target: Target, window: Window, spoken_for: Window) -> Iterator[Points | Snapshot | Coverage]:
    """Those of the last minutes, and how many there have been so far; why not, where pods can't be listed."""
    try:
        containers, problem = restarts.restarts_of(api)
    except RefusedError as refusal:
        state: CoverageState = "forbidden" if refusal.is_forbidden else "failed"
        yield _answer(target, RESTARTS, spoken_for, state, str(refusal), retryable=refusal.retryable)
        yield from _snapshot(target, window, "restarts", {"not_known": str(refusal)})
        return
    yield restarts.restarted(target, containers, spoken_for)
    yield _answer(
        target, RESTARTS, spoken_for, "partial" if problem else "complete", problem, retryable=bool(problem)
    )
    yield from _snapshot(target, window, "restarts", restarts.totals(containers, problem))


def _snapshot(target: Target, window: Window, kind: str, values: Values) -> Iterator[Snapshot]:
    if values:
        yield Snapshot(target.service, target.component, kind, hour_of(window.end), "kubernetes", values)


def _answers(
    target: Target, window: Window, state: CoverageState, detail: str, *, retryable: bool = False
) -> Iterator[Coverage]:
    for indicator in (COUNT, FAILED):
        yield _answer(target, indicator, window, state, detail, retryable=retryable)


def _answer(
    target: Target, indicator: str, window: Window, state: CoverageState, detail: str, *, retryable: bool = False
) -> Coverage:
    return Coverage(
        target.service, target.component, indicator, "kubernetes", window, state, detail[:300], retryable=retryable
    )
