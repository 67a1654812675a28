"""The demo's nightly jobs: when each ran, over how many rows, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from metrics.collect._demo.calendar import at
from metrics.collect._demo.plan import Plan
from metrics.collect._demo.signals import generator
from metrics.model import Window

__all__ = ["JOBS", "Job", "Run", "runs"]


@dataclass(frozen=True)
class Job:
    """A CronJob; minutes and rows are those of an ordinary night at the demo's end."""

    name: str
    hour: float
    minutes: float
    rows: int
    deadline: float
    database: float
    """How hard it drives the database, 1 = as hard as `matching`."""


JOBS = (
    Job("invoices", 1.0, 9.0, 43_000, 5.0, 0.22),
    Job("matching", 2.0, 66.0, 1_480_000, 4.0, 1.0),
    Job("index-rebuild", 4.5, 27.0, 905_000, 6.5, 0.3),
    Job("mail-digest", 6.5, 21.0, 62_000, 8.0, 0.12),
)


@dataclass(frozen=True)
class Run:
    job: Job
    id: str
    window: Window
    rows: int
    status: str
    deadline: datetime
    attempt: int


def runs(plan: Plan) -> tuple[Run, ...]:
    """Every run inside the demo's time, in order; a failed one is tried once more ten minutes later."""
    found = [run for day in plan.grid.days for job in JOBS for run in _night(plan, job, day)]
    found.sort(key=lambda run: run.window.start)
    return tuple(r for r in found if r.window.start >= plan.grid.start and r.window.end <= plan.grid.end)


def _night(plan: Plan, job: Job, day: date) -> Iterator[Run]:
    rng = generator(plan.seed, "batch", job.name, (day - plan.last_day).days)
    weeks_left = (plan.grid.end - at(day, job.hour)) / timedelta(weeks=1)
    grown = math.exp(-plan.growth * weeks_left)
    rows = int(job.rows * grown * rng.lognormal(0, 0.025))
    start = at(day, job.hour) + timedelta(seconds=float(rng.uniform(2, 40)))
    length = timedelta(minutes=job.minutes * rows / job.rows * float(rng.lognormal(0, 0.035)))
    deadline = at(day, job.deadline)
    name = f"{job.name}-{day:%Y%m%d}"
    if rng.random() >= 0.015:
        yield Run(job, name, Window(start, start + length), rows, "succeeded", deadline, 1)
        return
    share = float(rng.uniform(0.15, 0.8))
    broken = Window(start, start + length * share)
    again = broken.end + timedelta(minutes=10)
    yield Run(job, name, broken, int(rows * share), "failed", deadline, 1)
    yield Run(job, f"{name}-retry", Window(again, again + length), rows, "succeeded", deadline, 2)
