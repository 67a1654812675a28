"""A component's runs: events, durations and failures by job, and how much of the past the cluster still keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from metrics.catalog import load
from metrics.collect._kubernetes.job import Run, Schedule
from metrics.collect._kubernetes.namespace import Namespace, lacking
from metrics.collect._kubernetes.present import hour_of, is_now
from metrics.collect._kubernetes.target import Target
from metrics.model import Coverage, CoverageState, Event, Points, Series, Snapshot, Window

__all__ = ["INDICATORS", "Batches", "refused"]

DURATION: Final = "batch.duration"
FAILURES: Final = "batch.failures"
RUNS: Final = "batch_run"
INDICATORS: Final = (RUNS, DURATION, FAILURES)
LONGEST: Final = 300

Values = Mapping[str, str | float | int | bool | None]


def refused(
    target: Target, window: Window, state: CoverageState, detail: str, *, retryable: bool
) -> Iterator[Coverage]:
    """One answer for all that the component asks."""
    for indicator in INDICATORS:
        yield _coverage(target, indicator, None, window, state, detail, retryable=retryable)


@dataclass(slots=True)
class Batches:
    """One component's part of a namespace. `taken` is what others of its service have."""

    target: Target
    found: Namespace
    window: Window
    taken: set[tuple[str, str]]
    by_job: dict[str, list[Run]] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for schedule in self.found.schedules.values():
            if self.target.has_cron_job(schedule.name) and self._takes(f"{schedule.namespace}/{schedule.name}"):
                job = self.target.name_of(schedule.name, schedule.namespace)
                self.schedules[job] = schedule
                self.by_job[job] = []
        for run in self.found.runs:
            called = self.target.called(run)
            if called is not None and self._takes(run.uid):
                self.by_job.setdefault(called, []).append(run)

    def _takes(self, thing: str) -> bool:
        """Whether it is still to be had: each counts for one component of a service."""
        key = (self.target.service, thing)
        is_free = key not in self.taken
        self.taken.add(key)
        return is_free

    def batches(self) -> Iterator[Event | Points | Coverage]:
        """Each run that began or ended within the window, then what is known of each job."""
        changed = False
        for job, runs in self.by_job.items():
            for run in runs:
                if _in(self.window, run.started) or _in(self.window, run.ended):
                    changed = True
                    yield self._event(job, run)
        for job, schedule in self.schedules.items():
            due = schedule.missed(self.window.end) if is_now(self.window) else None
            if due is not None and _in(self.window, due):
                changed = True
                yield self._missed(job, schedule, due)
        for job, runs in self.by_job.items():
            yield from self._figures(
                job, [(run, run.ended) for run in runs if run.ended and _in(self.window, run.ended)]
            )
        yield from self._whole(has_runs=changed)

    def snapshot(self) -> Snapshot | None:
        """What each CronJob is to do and has done, as it stands now."""
        values = dict(pair for job, each in self.schedules.items() for pair in _told(job, each, self.window.end))
        at = hour_of(self.window.end)
        if not values:
            return None
        return Snapshot(self.target.service, self.target.component, "cron_jobs", at, "kubernetes", values)

    def _event(self, job: str, run: Run) -> Event:
        schedule = self.found.schedule(run)
        due = self.target.due(job, run, schedule)
        attrs: Values = {
            "job": job,
            "namespace": run.namespace,
            "kubernetes_name": run.name,
            "attempt": run.attempt,
            "retries": run.attempt - 1,
            "reason": run.reason,
            "deadline": None if due is None else due.isoformat(),
            "scheduled_at": None if run.scheduled is None else run.scheduled.isoformat(),
            "schedule": None if schedule is None else schedule.schedule,
        }
        return Event(
            service=self.target.service,
            kind="batch_run",
            id=run.key,
            started_at=run.started,
            source="kubernetes",
            observed_at=self.window.end,
            component=self.target.component,
            ended_at=run.ended,
            status=run.status,
            title=job,
            attrs={name: value for name, value in attrs.items() if value is not None},
        )

    def _missed(self, job: str, schedule: Schedule, due: datetime) -> Event:
        """A run that should have begun and has not."""
        attrs: Values = {"job": job, "namespace": schedule.namespace, "schedule": schedule.schedule}
        if schedule.running:
            attrs = {**attrs, "reason": "the run before it is under way"}
        return Event(
            service=self.target.service,
            kind="batch_run",
            id=schedule.key_of(due),
            started_at=due,
            source="kubernetes",
            observed_at=self.window.end,
            component=self.target.component,
            status="missed",
            title=job,
            attrs=attrs,
        )

    def _figures(self, job: str, ended: Sequence[tuple[Run, datetime]]) -> Iterator[Points | Coverage]:
        lengths, failures = dict[datetime, float](), dict[datetime, float]()
        for run, at in ended:
            failures[at] = failures.get(at, 0.0) + (run.status == "failed")
            # Two masters' clocks may differ so that one ends before it began; how long that took is not known.
            if run.status == "succeeded" and at >= run.started:
                # Two that end in one second are one sample: the longer one.
                lengths[at] = max(lengths.get(at, 0.0), (at - run.started).total_seconds())
        for indicator, values, nothing in (
            (DURATION, lengths, "no run succeeded in this time"),
            (FAILURES, failures, "no run ended in this time"),
        ):
            if values:
                yield _points(self.target, indicator, job, values)
            yield from self._answers(indicator, job, "complete" if values else "empty", "" if values else nothing)

    def _whole(self, *, has_runs: bool) -> Iterator[Coverage]:
        """What is known of all jobs together, and of those that should be there."""
        missing = lacking(self.target, self.found)
        for name, why in missing.items():
            for indicator in (DURATION, FAILURES):
                yield _coverage(self.target, indicator, name, self.window, "failed", why)
        nothing = "no run began or ended in this time" if self.by_job else "there are no Jobs and no CronJobs"
        state: CoverageState = "complete" if has_runs else "empty"
        detail = "" if has_runs else nothing
        if missing:
            state, detail = "partial" if self.by_job else "failed", "; ".join(missing.values())
        for indicator in INDICATORS:
            yield from self._answers(indicator, None, state, detail)

    def _answers(self, indicator: str, job: str | None, state: CoverageState, detail: str) -> Iterator[Coverage]:
        """The answer for the time from which on every run is still there; before it, some may be gone."""
        if self.found.problems:
            more = f" (and {len(self.found.problems) - 1} more)" if len(self.found.problems) > 1 else ""
            yield _coverage(
                self.target, indicator, job, self.window, "partial", self.found.problems[0] + more, retryable=True
            )
            return
        jobs = self.by_job if job is None else [job]
        since, why = max((self._kept_since(each) for each in jobs), default=(self.window.start, ""))
        for window, is_whole in _cut(self.window, since):
            if is_whole:
                yield _coverage(self.target, indicator, job, window, state, detail)
            else:
                yield _coverage(self.target, indicator, job, window, "partial", why)

    def _kept_since(self, job: str) -> tuple[datetime, str]:
        """From when on no run of the job can have been taken away, and what took earlier ones."""
        runs, schedule = self.by_job[job], self.schedules.get(job)
        bounds, kept = [(self.window.start, "")], {run.kept_s for run in runs}
        if schedule is not None:
            kept.add(schedule.kept_s)
            for status, keeps in (("succeeded", schedule.keeps_succeeded), ("failed", schedule.keeps_failed)):
                there = [run.started for run in runs if run.status == status]
                if len(there) >= keeps:
                    why = f"CronJob {job} keeps its last {keeps} Jobs that {status}: earlier ones may be gone unread"
                    bounds.append((min(there, default=self.window.end), why))
        for kept_s in kept - {None}:
            why = f"Jobs of {job} are taken away {kept_s} s after they end: earlier ones may be gone unread"
            bounds.append((self.window.end - timedelta(seconds=kept_s or 0), why))
        return max(bounds)


def _points(target: Target, indicator: str, job: str, values: Mapping[datetime, float]) -> Points:
    known = load().get(indicator)
    series = Series(target.service, target.component, known.name, known.stat, known.unit, 0, "kubernetes", job)
    times = sorted(values)
    ts = np.array([at.replace(tzinfo=None) for at in times], dtype="datetime64[us]")
    return Points(series, ts, np.array([values[at] for at in times], dtype=np.float64))


def _told(job: str, schedule: Schedule, now: datetime) -> Iterable[tuple[str, str | float | int | bool | None]]:
    yield f"{job}.schedule", schedule.schedule
    yield f"{job}.time_zone", schedule.time_zone
    yield f"{job}.suspended", schedule.suspended
    yield f"{job}.last_scheduled", _iso(schedule.last_scheduled)
    yield f"{job}.last_succeeded", _iso(schedule.last_succeeded)
    yield f"{job}.only_fails", schedule.only_fails
    yield f"{job}.missed", _iso(schedule.missed(now))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _in(window: Window, at: datetime | None) -> bool:
    return at is not None and window.start <= at < window.end


def _cut(window: Window, since: datetime) -> Iterator[tuple[Window, bool]]:
    """The window in two: before and from then on."""
    since = max(since, window.start)
    if since > window.start:
        yield Window(window.start, min(since, window.end)), False
    if since < window.end:
        yield Window(since, window.end), True


def _coverage(
    target: Target, indicator: str, job: str | None, window: Window, state: CoverageState, detail: str,
    *, retryable: bool = False,
) -> Coverage:  # fmt: skip
    detail = detail if len(detail) <= LONGEST else f"{detail[: LONGEST - 1]}…"
    return Coverage(
        target.service, target.component, indicator, "kubernetes", window, state, detail, job, retryable=retryable
    )  # fmt: skip
