"""What one namespace has of Jobs and CronJobs, or all of them together, and what should be there and is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from metrics.collect._kubernetes.api import Api, Listing, RefusedError
from metrics.collect._kubernetes.job import Run, Schedule, run_of, schedule_of
from metrics.collect._kubernetes.target import Target
from metrics.faults import nearest

__all__ = ["Namespace", "lacking", "namespace_of"]

# Python's ways to be surprised at JSON that is no Job.
_UNCLEAR: Final = (AttributeError, KeyError, TypeError, ValueError, OverflowError)


@dataclass(slots=True)
class Namespace:
    """What one namespace has, or all of them together."""

    runs: list[Run] = field(default_factory=list)
    schedules: dict[tuple[str, str], Schedule] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    knows_schedules: bool = True

    def schedule(self, run: Run) -> Schedule | None:
        return None if run.cron_job is None else self.schedules.get((run.namespace, run.cron_job))


def namespace_of(api: Api, name: str | None) -> Namespace:
    """Raises RefusedError where Jobs can't be listed; CronJobs only add to what they tell."""
    where = f"/apis/batch/v1/namespaces/{name}" if name else "/apis/batch/v1"
    found = Namespace()
    jobs = api.listed(f"{where}/jobs")
    try:
        cron_jobs = api.listed(f"{where}/cronjobs")
    except RefusedError as refusal:
        cron_jobs, found.knows_schedules = Listing(problem=str(refusal)), False
    found.problems += filter(None, (jobs.problem, cron_jobs.problem))
    for number, raw in enumerate(jobs.items, 1):
        try:
            run = run_of(raw)
        except _UNCLEAR:
            found.problems.append(f"entry {number} of the list of Jobs is no Job")
            continue
        if run is not None:
            found.runs.append(run)
    for number, raw in enumerate(cron_jobs.items, 1):
        try:
            schedule = schedule_of(raw)
        except _UNCLEAR:
            found.problems.append(f"entry {number} of the list of CronJobs is no CronJob")
            continue
        found.schedules[schedule.namespace, schedule.name] = schedule
    return found


def lacking(target: Target, found: Namespace) -> Mapping[str, str]:
    """Why CronJobs that the target names are not there."""
    if not found.knows_schedules:
        return {}
    there = sorted({schedule.name for schedule in found.schedules.values()})
    known = {*there, *(run.cron_job for run in found.runs)}
    where = f"namespace {target.namespace}" if target.namespace else "the cluster"
    return {
        name: f"{where} has no CronJob {name!r}; {nearest(name, there)}" for name in target.named if name not in known
    }
