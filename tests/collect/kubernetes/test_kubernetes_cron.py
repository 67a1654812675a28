"""When a CronJob was due, and whether it has missed that."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metrics.collect._kubernetes.cron import Cron
from metrics.collect._kubernetes.job import run_of, schedule_of
from metrics.model import Window
from tests.collect.kubernetes.kubernetes_asked import ask, days, hour, settings, signs
from tests.collect.kubernetes.kubernetes_server import cron_job, job, running

EVER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "before", "due"),
    [
        ("0 2 * * *", "2026-06-10 02:00", "2026-06-10 02:00"),
        ("0 2 * * *", "2026-06-10 01:59", "2026-06-09 02:00"),
        ("*/15 * * * *", "2026-06-10 00:14", "2026-06-10 00:00"),
        ("5/20 8-10 * * *", "2026-06-10 23:00", "2026-06-10 10:45"),
        ("0 0,12 1 */2 *", "2026-06-10 00:00", "2026-05-01 12:00"),
        ("30 6 * * mon-fri", "2026-06-14 12:00", "2026-06-12 06:30"),
        ("30 6 * * SUN", "2026-06-13 12:00", "2026-06-07 06:30"),
        ("30 6 ? JUN 0", "2026-06-14 12:00", "2026-06-14 06:30"),
        # Day and weekday: either is enough, as everywhere in cron.
        ("0 0 13 * 5", "2026-06-14 00:00", "2026-06-13 00:00"),
        ("0 0 13 * 5", "2026-06-12 23:00", "2026-06-12 00:00"),
        ("0 0 29 2 *", "2026-06-14 00:00", None),
        ("0 0 29 2 *", "2025-06-14 00:00", "2024-02-29 00:00"),
        ("@hourly", "2026-06-10 02:30", "2026-06-10 02:00"),
        ("@weekly", "2026-06-10 02:30", "2026-06-07 00:00"),
        ("@monthly", "2026-06-10 02:30", "2026-06-01 00:00"),
    ],
)
def test_when_it_was_due_last(schedule: str, before: str, due: str | None) -> None:
    found = Cron.of(schedule).last_due(ZoneInfo("UTC"), datetime.fromisoformat(f"{before}+00:00"), EVER)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == due


@pytest.mark.parametrize(
    ("zone", "schedule", "before", "due"),
    [
        ("Asia/Tokyo", "0 2 * * *", "2026-06-10T16:59", "2026-06-09T17:00"),
        ("Asia/Tokyo", "0 2 * * *", "2026-06-10T17:00", "2026-06-10T17:00"),
        # On 29 March 2026 clocks in Berlin go from two to three: half past two is left out.
        ("Europe/Berlin", "30 2 * * *", "2026-03-29T12:00", "2026-03-28T01:30"),
        # On 25 October there are two of it; the first counts.
        ("Europe/Berlin", "30 2 * * *", "2026-10-25T12:00", "2026-10-25T00:30"),
    ],
)
def test_the_clock_is_the_zone_s(zone: str, schedule: str, before: str, due: str) -> None:
    found = Cron.of(schedule).last_due(ZoneInfo(zone), datetime.fromisoformat(f"{before}+00:00"), EVER)
    assert found == datetime.fromisoformat(f"{due}+00:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 2 * *",
        "60 * * * *",
        "* * * * 7",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "@every 1h",
        "TZ=UTC 0 2 * * *",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Cron.of(text)


NINE = datetime(2026, 6, 10, 9, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("schedule", "last", "more", "missed"),
    [
        ("0 2 * * *", "2026-06-10T02:00", {}, None),
        ("0 2 * * *", "2026-06-09T02:00", {}, "2026-06-10T02:00"),
        ("0 2 * * *", "2026-06-05T02:00", {}, "2026-06-10T02:00"),
        ("0 2 * * *", "2026-06-09T02:00", {"suspend": True}, None),
        # Due at 08:51, and ten minutes are not over.
        ("51 8 * * *", "2026-06-09T08:51", {}, None),
        ("50 8 * * *", "2026-06-09T08:50", {}, "2026-06-10T08:50"),
        # It may begin an hour late.
        ("50 8 * * *", "2026-06-09T08:50", {"startingDeadlineSeconds": 3600}, None),
        ("0 2 * * *", "2026-06-09T17:00", {"timeZone": "Asia/Tokyo"}, None),
        ("0 2 * * *", "2026-06-08T17:00", {"timeZone": "Asia/Tokyo"}, "2026-06-09T17:00"),
        # Its controller's clock is not UTC, or the schedule is a new one.
        ("0 2 * * *", "2026-06-09T17:00", {}, None),
        # It has never run.
        ("0 2 * * *", None, {}, None),
        ("0 2 * * *", None, {"timeZone": "Etc/UTC"}, "2026-06-10T02:00"),
        ("0 2 5 1 *", None, {"timeZone": "Etc/UTC"}, "2026-01-05T02:00"),
        ("0 2 31 12 *", None, {"timeZone": "Etc/UTC"}, None),
        ("@every 1h", "2026-06-09T02:00", {}, None),
        ("0 2 * * *", "2026-06-09T02:00", {"timeZone": "Nowhere/Known"}, None),
    ],
)
def test_what_it_has_missed(schedule: str, last: str | None, more: dict[str, object], missed: str | None) -> None:
    known = schedule_of(cron_job("load", schedule, last=at(last) if last else None, **more))
    assert known.missed(NINE) == (at(missed) if missed else None)


def minute(ago: float) -> datetime:
    """So many minutes before now, on the full one."""
    return (datetime.fromtimestamp(time.time(), UTC) - timedelta(minutes=ago)).replace(second=0, microsecond=0)


def now() -> Window:
    end = datetime.fromtimestamp(time.time(), UTC)
    return Window(end - timedelta(days=2), end)


def test_a_run_that_was_due_and_has_not_begun_is_missed_until_it_begins() -> None:
    due = minute(30)
    daily = f"{due.minute} {due.hour} * * *"
    last = due - timedelta(days=1)
    with running() as cluster:
        of = settings(cluster, {"namespace": "jobs"})
        cluster.add(
            cron_job("load", daily, last=last, success=last), job("load-1", last, 5, cron_job="load", scheduled=last)
        )
        asked = ask(of, now())
        ran, missed = sorted(asked.events, key=lambda event: event.started_at)
        assert (ran.id, missed.id) == ("uid-jobs-load-1", f"cron-load@{due:%Y-%m-%dT%H:%MZ}")
        assert (missed.status, missed.started_at, missed.ended_at, missed.title) == ("missed", due, None, "load")
        assert missed.attrs == {"job": "load", "namespace": "jobs", "schedule": daily}
        assert asked.samples[("nightly", "batch.failures", "load")] == [(last + timedelta(minutes=5), 0.0)]

        begun = due + timedelta(minutes=25)
        cluster.items["cronjobs"] = [cron_job("load", daily, last=due, success=last)]
        cluster.add(job("load-2", begun, None, cron_job="load", scheduled=due))
        after = sorted(ask(of, now()).events, key=lambda event: event.started_at)
        assert [(event.id, event.status) for event in after] == [(ran.id, "succeeded"), (missed.id, "running")]
        assert after[1].attrs["scheduled_at"] == due.isoformat()


def test_a_run_that_waits_for_the_one_before_says_so() -> None:
    due = minute(30)
    with running() as cluster:
        waits = cron_job("load", f"{due.minute} * * * *", last=due - timedelta(hours=1), concurrencyPolicy="Forbid")
        waits["status"]["active"] = [{"kind": "Job", "name": "load-1"}]
        cluster.add(waits)
        (missed,) = ask(settings(cluster, {"namespace": "jobs"}), now()).events
    assert (missed.status, missed.attrs["reason"]) == ("missed", "the run before it is under way")


def test_what_was_missed_is_said_of_the_present_only() -> None:
    due = minute(30)
    with running() as cluster:
        cluster.add(cron_job("load", f"{due.minute} * * * *", last=due - timedelta(hours=1)))
        of = settings(cluster, {"namespace": "jobs"})
        assert ask(of, days(0, 7)).events == []
        assert ask(of, Window(minute(20), now().end)).events == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("load-29672220", datetime(2026, 6, 1, 17, 0, tzinfo=UTC)),
        ("load-by-hand", None),
        ("load-2967222", None),
        ("other-29672220", None),
    ],
)
def test_before_1_28_a_job_s_name_tells_the_minute_that_it_is_for(name: str, told: datetime | None) -> None:
    run = run_of(job(name, hour(17.05), 5, cron_job="load"))
    assert run is not None
    assert (run.scheduled, run.key) == (told, f"uid-jobs-{name}")


def test_check_tells_what_was_missed() -> None:
    due = minute(30)
    schedule = f"{due.minute} * * * *"
    with running() as cluster:
        cluster.add(cron_job("load", schedule, last=due - timedelta(hours=1), success=due))
        said = signs(settings(cluster, {"namespace": "jobs"}))[0]
    assert said == (
        "note",
        "nightly",
        f"CronJob load was due at {due:%Y-%m-%d %H:%M} UTC ({schedule}) and has not begun",
    )
