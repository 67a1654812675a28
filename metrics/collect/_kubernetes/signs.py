"""What `check` finds out about a cluster: version, permissions, names, and CronJobs that need somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from metrics.collect import Sign
from metrics.collect._kubernetes.api import Api, RefusedError
from metrics.collect._kubernetes.job import Schedule
from metrics.collect._kubernetes.namespace import lacking, namespace_of
from metrics.collect._kubernetes.nodes import nodes_of
from metrics.collect._kubernetes.present import moment
from metrics.collect._kubernetes.target import Target
from metrics.errors import SourceError

__all__ = ["signs"]

# A rhythm of ten minutes may be a little late.
SHORTEST_KEPT_S: Final = 900
_UNSEEN: Final = "runs between two readings go unseen"


def signs(api: Api, targets: Sequence[Target]) -> Iterator[Sign]:
    """One line for each thing. Raises SourceError where there is no cluster to ask."""
    version = _version(api)
    try:
        found = [sign for target in targets for sign in _about(api, target)]
    except SourceError as error:
        if error.retryable:
            raise
        yield Sign("wrong", str(error), "login")
        return
    yield from found
    if not targets:
        yield Sign("note", "no component uses it: write `use: kubernetes` with a `namespace` in a service's file")
    if not any(sign.state == "wrong" for sign in found):
        yield Sign("fine", f"{api.host} answers{version}")


def _version(api: Api) -> str:
    try:
        told = api.get("/version").get("gitVersion")
    except RefusedError:  # some clusters tell it to nobody, and it is only for a word more
        return ""
    return f" (Kubernetes {str(told).removeprefix('v')})" if told else ""


def _about(api: Api, target: Target) -> Iterator[Sign]:
    try:
        yield from _about_nodes(api, target) if target.nodes else _about_batches(api, target)
    except RefusedError as refusal:
        yield Sign("wrong", str(refusal), target.component)


def _about_nodes(api: Api, target: Target) -> Iterator[Sign]:
    nodes, problem = nodes_of(api)
    if problem:
        yield Sign("wrong", problem, target.component)
    for node in nodes:
        ill = "; ".join(filter(None, ("" if node.is_ready else "not ready", ", ".join(node.pressure))))
        if ill:
            yield Sign("note", f"node {node.name}: {ill}", target.component)
    try:
        api.get("/api/v1/pods", limit=1)
    except RefusedError as refusal:
        yield Sign("wrong", f"{refusal}, so restarts are not known", target.component)


def _about_batches(api: Api, target: Target) -> Iterator[Sign]:
    found = namespace_of(api, target.namespace)
    for said in (*found.problems, *lacking(target, found).values()):
        yield Sign("wrong", said, target.component)
    mine = [each for each in found.schedules.values() if target.has_cron_job(each.name)]
    for schedule in mine:
        for said in _notes(schedule, moment()):
            yield Sign(
                "note", f"CronJob {target.name_of(schedule.name, schedule.namespace)} {said}", target.component
            )
    if not mine and not any(target.called(run) for run in found.runs):
        where = f"namespace {target.namespace}" if target.namespace else "the cluster"
        yield Sign("note", f"{where} has no CronJob and no Job that is meant: is the name right?", target.component)


def _notes(schedule: Schedule, now: datetime) -> Iterator[str]:
    if schedule.suspended:
        yield "is suspended"
    if schedule.only_fails:
        yield "ran last without success"
    if due := schedule.missed(now):
        yield f"was due at {due:%Y-%m-%d %H:%M} UTC ({schedule.schedule}) and has not begun"
    if schedule.kept_s is not None and schedule.kept_s < SHORTEST_KEPT_S:
        yield f"has its Jobs taken away {schedule.kept_s} s after they end (ttlSecondsAfterFinished): {_UNSEEN}"
    if not schedule.keeps_succeeded or not schedule.keeps_failed:
        which = "successfulJobsHistoryLimit" if not schedule.keeps_succeeded else "failedJobsHistoryLimit"
        yield f"keeps none of its Jobs ({which}: 0): {_UNSEEN}"
