"""When a CronJob was due, and whether it has missed that."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metrics.collect._kubernetes.cron import Cron
from metrics.collect._kubernetes.job import schedule_of
from tests.collect.kubernetes.kubernetes_asked import settings, signs
from tests.collect.kubernetes.kubernetes_server import cron_job, running

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
        # Due at 08:57, and five minutes are not over.
        ("57 8 * * *", "2026-06-09T08:57", {}, None),
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


def test_check_tells_what_was_missed() -> None:
    moment = datetime.fromtimestamp(time.time(), UTC)
    due = (moment - timedelta(minutes=6)).replace(minute=0, second=0, microsecond=0)
    with running() as cluster:
        cluster.add(cron_job("load", "0 * * * *", last=due - timedelta(hours=2), success=due))
        said = signs(settings(cluster, {"namespace": "jobs"}))[0]
    assert said == (
        "note",
        "nightly",
        f"CronJob load was due at {due:%Y-%m-%d %H:%M} UTC (0 * * * *) and has not begun",
    )
