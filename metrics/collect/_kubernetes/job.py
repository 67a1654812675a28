"""A Job and a CronJob as the API tells them: when they ran, how that ended, how many of them are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from metrics.collect._kubernetes.cron import Cron

__all__ = ["Run", "Schedule", "run_of", "schedule_of", "time_of", "zone_of"]

Raw = Mapping[str, Any]
# A controller that is busy is late by less.
LATE: Final = timedelta(minutes=5)
# Only then is a run missed: clocks differ, and one that began after LATE has the key that it would be missed under.
MISSED_AFTER: Final = 2 * LATE
# The annotation of Kubernetes 1.28 and later: when the CronJob wanted it to begin.
_SCHEDULED: Final = "batch.kubernetes.io/cronjob-scheduled-timestamp"


@dataclass(frozen=True, slots=True)
class Run:
    """A Job that has begun."""

    uid: str
    namespace: str
    name: str
    cron_job: str | None
    cron_job_uid: str
    started: datetime
    ended: datetime | None
    status: Literal["succeeded", "failed", "running"]
    failed_pods: int
    reason: str | None
    scheduled: datetime | None
    active_deadline_s: int | None
    kept_s: int | None
    """How long it is kept when it has ended; None for as long as nobody takes it away."""

    @property
    def key(self) -> str:
        """What it is known by. One that began late may have been called missed, and takes that back."""
        if self.scheduled is not None and self.started - self.scheduled > LATE:
            return _due_key(self.cron_job_uid, self.scheduled)
        return self.uid

    @property
    def attempt(self) -> int:
        """Which try ended it, or is under way: the first is 1."""
        return max(self.failed_pods, 1) if self.status == "failed" else self.failed_pods + 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """A CronJob."""

    uid: str
    namespace: str
    name: str
    schedule: str
    time_zone: str | None
    suspended: bool
    created: datetime
    last_scheduled: datetime | None
    last_succeeded: datetime | None
    running: int
    keeps_succeeded: int
    keeps_failed: int
    kept_s: int | None
    """How long its Jobs are kept when they have ended."""
    may_be_late_s: int | None

    @property
    def only_fails(self) -> bool:
        """Whether the newest run is over and did not succeed."""
        if self.last_scheduled is None or self.running:
            return False
        return self.last_succeeded is None or self.last_succeeded < self.last_scheduled

    def missed(self, now: datetime) -> datetime | None:
        """When it should have begun last and has not; None where it has, or where that can't be told.

        Without `timeZone` it goes by its controller's clock, which nobody tells: it is taken for UTC where its last
        run fits that. So nothing is said either of a schedule that has just been changed.
        """
        zone = zone_of(self.time_zone or "UTC")
        late = max(MISSED_AFTER, timedelta(seconds=self.may_be_late_s or 0))
        if self.suspended or zone is None or (self.last_scheduled is None and self.time_zone is None):
            return None
        try:
            cron = Cron.of(self.schedule)
        except ValueError:
            return None
        if self.last_scheduled is not None and not cron.fits(self.last_scheduled, zone):
            return None
        due = cron.last_due(zone, now - late, self.created)
        return due if due and (self.last_scheduled is None or self.last_scheduled < due) else None

    def key_of(self, due: datetime) -> str:
        """What a run that did not begin is known by."""
        return _due_key(self.uid, due)


def _due_key(cron_job_uid: str, due: datetime) -> str:
    return f"{cron_job_uid}@{due:%Y-%m-%dT%H:%MZ}"


def zone_of(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # also a name that no file can have, or a folder's
        return None


def run_of(raw: Raw) -> Run | None:
    """None for a Job that has not begun, or is suspended. Raises what Python raises where it is no Job."""
    meta, spec, status = raw["metadata"], raw["spec"], raw.get("status") or {}
    conditions = {str(each["type"]): each for each in status.get("conditions") or () if each["status"] == "True"}
    started = time_of(status.get("startTime"))
    if started is None or "Suspended" in conditions:
        return None
    owner, owner_uid = _owner(meta.get("ownerReferences") or ())
    failed, complete = conditions.get("Failed"), conditions.get("Complete")
    ended = None
    if failed:
        # A failed Job has no completionTime.
        ended = time_of(failed["lastTransitionTime"])
    elif complete:
        ended = time_of(status.get("completionTime") or complete["lastTransitionTime"])
    return Run(
        uid=str(meta["uid"]),
        namespace=str(meta["namespace"]),
        name=str(meta["name"]),
        cron_job=owner,
        cron_job_uid=owner_uid,
        started=started,
        ended=ended,
        status="failed" if failed else "succeeded" if complete else "running",
        failed_pods=int(status.get("failed") or 0),
        reason=str(failed.get("reason") or "Failed") if failed else None,
        scheduled=time_of((meta.get("annotations") or {}).get(_SCHEDULED)) or _told_by_name(owner, str(meta["name"])),
        active_deadline_s=_whole(spec.get("activeDeadlineSeconds")),
        kept_s=_whole(spec.get("ttlSecondsAfterFinished")),
    )


def schedule_of(raw: Raw) -> Schedule:
    """Raises what Python raises where it is no CronJob."""
    meta, spec, status = raw["metadata"], raw["spec"], raw.get("status") or {}
    created = time_of(meta["creationTimestamp"])
    if created is None:
        raise ValueError("a CronJob without a beginning")
    return Schedule(
        uid=str(meta["uid"]),
        namespace=str(meta["namespace"]),
        name=str(meta["name"]),
        schedule=str(spec["schedule"]),
        time_zone=spec.get("timeZone") or None,
        suspended=bool(spec.get("suspend")),
        created=created,
        last_scheduled=time_of(status.get("lastScheduleTime")),
        last_succeeded=time_of(status.get("lastSuccessfulTime")),
        running=len(status.get("active") or ()),
        # What Kubernetes keeps unless told otherwise.
        keeps_succeeded=int(spec.get("successfulJobsHistoryLimit", 3)),
        keeps_failed=int(spec.get("failedJobsHistoryLimit", 1)),
        may_be_late_s=_whole(spec.get("startingDeadlineSeconds")),
        kept_s=_whole(((spec.get("jobTemplate") or {}).get("spec") or {}).get("ttlSecondsAfterFinished")),
    )


def _owner(owners: Iterable[Raw]) -> tuple[str | None, str]:
    """The CronJob's name and uid."""
    found = ((str(each["name"]), str(each["uid"])) for each in owners if each.get("kind") == "CronJob")
    return next(found, (None, ""))


def _told_by_name(cron_job: str | None, name: str) -> datetime | None:
    """A CronJob's controller names its Jobs after the minute that they are for."""
    minutes = name.removeprefix(f"{cron_job}-")
    is_number = cron_job is not None and len(minutes) == 8 and minutes.isascii() and minutes.isdigit()
    return datetime.fromtimestamp(int(minutes) * 60, UTC) if is_number else None


def _whole(number: object) -> int | None:
    return None if number is None else int(str(number))


def time_of(text: object) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return at.astimezone(UTC)
