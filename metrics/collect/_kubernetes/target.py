"""What may stand beside `use: kubernetes`: the batches of a namespace, or the nodes of the cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from metrics.collect import target
from metrics.collect._kubernetes.job import Run, Schedule, zone_of

__all__ = ["Target"]

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WILD: Final = re.compile(r"[*?\[]")


def _by_job(written: object) -> object:
    """One deadline is everybody's."""
    return written if isinstance(written, Mapping) else {"*": written}


def _clock(written: object) -> time:
    # YAML takes 10:00 without quotes for the number 600.
    found = _CLOCK.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f'{written!r} is no time of day; write one in quotes, as in "06:00"')
    return time(int(found[1]), int(found[2]))


_Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], target.Several]
_Clock = Annotated[time, BeforeValidator(_clock)]


class Target(target.Target, frozen=True, extra="forbid"):
    """A component, and what of the cluster it is."""

    namespace: str | None = Field(default=None, min_length=1)
    """All of them, where it is left out."""
    cron_jobs: _Names | None = None
    """CronJobs by name, `*` for anything."""
    jobs: _Names | None = None
    """Jobs that no CronJob made, in the same way. Without either key, all there are."""
    deadline: Annotated[Mapping[str, _Clock], BeforeValidator(_by_job)] = {}
    """By the job's name, when it has to be done on the day."""
    time_zone: str | None = None
    """Whose clock a deadline goes by: without it the CronJob's own, else UTC."""
    nodes: bool = False
    """The nodes and what restarted on them, instead of batches."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, written: str | None) -> str | None:
        if written is not None and zone_of(written) is None:
            raise ValueError(f"{written!r} is no time zone; write one such as Asia/Tokyo")
        return written

    @model_validator(mode="after")
    def _one_thing(self) -> Target:
        if self.nodes and (self.cron_jobs or self.jobs or self.deadline or self.namespace or self.time_zone):
            raise ValueError("`nodes` stands alone, for a component of its own: nodes belong to no namespace or job")
        return self

    @property
    def takes_all(self) -> bool:
        """Whether it takes whatever the namespace has."""
        return self.cron_jobs is None and self.jobs is None

    def called(self, run: Run) -> str | None:
        """What pages call the run's job; None where the run is none of the component's."""
        if run.cron_job is not None:
            return self.name_of(run.cron_job, run.namespace) if self.has_cron_job(run.cron_job) else None
        if self.takes_all:
            return self.name_of(run.name, run.namespace)
        pattern = next((each for each in self.jobs or () if fnmatchcase(run.name, each)), None)
        # Such Jobs have a name of their own each time, so the pattern is what they have in common.
        return None if pattern is None else self.name_of(pattern, run.namespace)

    def has_cron_job(self, name: str) -> bool:
        return self.takes_all or any(fnmatchcase(name, each) for each in self.cron_jobs or ())

    @property
    def named(self) -> tuple[str, ...]:
        """The CronJobs that have to be there."""
        return tuple(each for each in self.cron_jobs or () if not _WILD.search(each))

    def name_of(self, job: str, namespace: str) -> str:
        return f"{namespace}/{job}" if self.namespace is None else job

    def due(self, job: str, run: Run, schedule: Schedule | None) -> datetime | None:
        """When the run has to be done: the first such time of day after it was to begin, else its own limit."""
        clock = self.deadline.get(job) or next(
            (at for name, at in self.deadline.items() if fnmatchcase(job, name)), None
        )
        if clock is None:
            limit = run.active_deadline_s
            return None if limit is None else run.started + timedelta(seconds=limit)
        zone = zone_of(self.time_zone or (schedule.time_zone if schedule else None) or "UTC") or ZoneInfo("UTC")
        begins = (run.scheduled or run.started).astimezone(zone)
        due = datetime.combine(begins.date(), clock, zone)
        return due if due > begins else datetime.combine(begins.date() + timedelta(days=1), clock, zone)
