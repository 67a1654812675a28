"""What comes of a cluster's Jobs, CronJobs and nodes: events, samples, snapshots and answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from metrics.collect.kubernetes import Settings, Target
from metrics.model import Window
from tests.collect.kubernetes.kubernetes_asked import ask, days, hour, settings
from tests.collect.kubernetes.kubernetes_server import Cluster, cron_job, job, node, pod, running

WEEK = days(0, 7)
JOBS: dict[str, Any] = {"namespace": "jobs"}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as found:
        yield found


def test_a_run_is_an_event_with_its_tries_its_deadline_and_its_schedule(cluster: Cluster) -> None:
    cluster.add(
        cron_job("matching", "0 2 * * *", timeZone="Asia/Tokyo"),
        job("matching-1", hour(17.05), 66, cron_job="matching", scheduled=hour(17), pods=2),
    )
    (event,) = ask(settings(cluster, JOBS | {"deadline": "06:00"}), WEEK).events
    assert (event.service, event.component, event.kind, event.id) == (
        "default",
        "nightly",
        "batch_run",
        "uid-jobs-matching-1",
    )
    assert (event.started_at, event.ended_at, event.status) == (hour(17.05), hour(18.15), "succeeded")
    assert (event.title, event.observed_at, event.source) == ("matching", WEEK.end, "kubernetes")
    assert event.attrs == {
        "job": "matching", "namespace": "jobs", "kubernetes_name": "matching-1", "attempt": 3, "retries": 2,
        "schedule": "0 2 * * *", "scheduled_at": "2026-06-01T17:00:00+00:00", "deadline": "2026-06-02T06:00:00+09:00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "pods", "attempt"),
    [("BackoffLimitExceeded", 7, 7), ("DeadlineExceeded", 0, 1), ("PodFailurePolicy", 1, 1)],
)
def test_a_run_that_failed_ends_when_that_was_said_and_tells_why(
    cluster: Cluster, reason: str, pods: int, attempt: int
) -> None:
    """It has no completionTime."""
    cluster.add(job("load-1", hour(2), 30, cron_job="load", failed=reason, pods=pods))
    asked = ask(settings(cluster, JOBS), WEEK)
    (event,) = asked.events
    assert (event.status, event.ended_at) == ("failed", hour(2.5))
    assert (event.attrs["reason"], event.attrs["attempt"], event.attrs["retries"]) == (reason, attempt, attempt - 1)
    assert asked.samples == {("nightly", "batch.failures", "load"): [(hour(2.5), 1.0)]}


def test_what_runs_has_no_end_and_what_is_suspended_or_waits_is_no_run(cluster: Cluster) -> None:
    cluster.add(
        job("load-1", hour(2), cron_job="load", activeDeadlineSeconds=3600),
        job("load-2", hour(3), cron_job="load", suspended=True),
        job("load-3", None, cron_job="load"),
    )
    asked = ask(settings(cluster, JOBS), WEEK)
    (event,) = asked.events
    assert (event.status, event.ended_at, event.attrs["attempt"]) == ("running", None, 1)
    assert event.attrs["deadline"] == "2026-06-01T03:00:00+00:00"
    assert asked.samples == {}
    assert asked.said("batch.duration", "load") == [("nightly", "empty", "no run succeeded in this time")]


def test_a_run_comes_when_it_began_or_ended_within_the_window(cluster: Cluster) -> None:
    cluster.add(
        job("before-1", hour(-5), 60),
        job("ends-1", hour(-1), 90),
        job("within-1", hour(5), 90),
        job("begins-1", hour(23), 90),
        job("after-1", hour(24), 90),
        job("around-1", hour(-1), 60 * 48),
    )
    asked = ask(settings(cluster, JOBS), days(0, 1))
    assert asked.names == ["begins-1", "ends-1", "within-1"]
    durations = {part: values for (_, name, part), values in asked.samples.items() if name == "batch.duration"}
    assert durations == {"ends-1": [(hour(0.5), 5400.0)], "within-1": [(hour(6.5), 5400.0)]}


def test_a_run_that_is_read_again_is_the_same_with_its_end(cluster: Cluster) -> None:
    cluster.add(job("load-1", hour(2), cron_job="load"))
    (before,) = ask(settings(cluster, JOBS), WEEK).events
    cluster.items["jobs"] = [job("load-1", hour(2), 45, cron_job="load")]
    (after,) = ask(settings(cluster, JOBS), WEEK).events
    assert (before.id, before.status, after.id, after.status, after.ended_at) == (
        after.id, "running", before.id, "succeeded", hour(2.75)
    )  # fmt: skip


def test_a_run_that_is_gone_is_not_said_to_have_ended(cluster: Cluster) -> None:
    cluster.add(job("load-1", hour(2), cron_job="load"))
    assert ask(settings(cluster, JOBS), WEEK).names == ["load-1"]
    cluster.items["jobs"].clear()
    assert ask(settings(cluster, JOBS), WEEK).events == []


def test_two_runs_that_end_in_one_second_are_one_sample(cluster: Cluster) -> None:
    cluster.add(
        job("load-1", hour(1), 60, cron_job="load"),
        job("load-2", hour(1.5), 30, cron_job="load"),
        job("load-3", hour(1.5), 30, cron_job="load", failed="BackoffLimitExceeded"),
    )
    asked = ask(settings(cluster, JOBS), WEEK)
    assert asked.samples == {
        ("nightly", "batch.duration", "load"): [(hour(2), 3600.0)],
        ("nightly", "batch.failures", "load"): [(hour(2), 1.0)],
    }


def test_a_run_that_ends_before_it_began_took_no_time_that_is_known(cluster: Cluster) -> None:
    """The master changed while it ran, and the new one's clock is behind."""
    cluster.add(job("load-1", hour(2), -1, cron_job="load"))
    asked = ask(settings(cluster, JOBS), WEEK)
    assert [event.status for event in asked.events] == ["succeeded"]
    assert asked.samples == {("nightly", "batch.failures", "load"): [(hour(2) - timedelta(minutes=1), 0.0)]}


def test_each_component_gets_what_it_names_and_the_rest_goes_to_who_names_nothing(cluster: Cluster) -> None:
    cluster.add(cron_job("matching"), cron_job("mail-digest"), cron_job("mail-check"), cron_job("other"))
    for number, owner in enumerate(("matching", "mail-digest", "mail-check", "other", None)):
        cluster.add(job(f"{owner or 'migrate'}-{number}", hour(number), 5, cron_job=owner))
    cluster.add(
        job("import-20260601", hour(7), 5),
        job("import-20260602", hour(31), 5),
        job("far", hour(1), 1, namespace="bank"),
    )
    asked = ask(
        settings(
            cluster,
            JOBS | {"component": "rest"},
            JOBS | {"component": "mail", "cron_jobs": "mail-*", "jobs": ["import-*"]},
            JOBS | {"component": "matching", "cron_jobs": ["matching"]},
        ),
        WEEK,
    )
    assert sorted(
        (event.component, event.attrs["job"], event.attrs["kubernetes_name"]) for event in asked.events
    ) == [
        ("mail", "import-*", "import-20260601"),
        ("mail", "import-*", "import-20260602"),
        ("mail", "mail-check", "mail-check-2"),
        ("mail", "mail-digest", "mail-digest-1"),
        ("matching", "matching", "matching-0"),
        ("rest", "migrate-4", "migrate-4"),
        ("rest", "other", "other-3"),
    ]
    assert {answer.part for answer in asked.answers if answer.component == "rest"} == {None, "migrate-4", "other"}
    assert sorted(path.partition("?")[0] for path in cluster.asked) == [
        "/apis/batch/v1/namespaces/jobs/cronjobs",
        "/apis/batch/v1/namespaces/jobs/jobs",
    ]


def test_without_a_namespace_all_of_them_are_read_and_named(cluster: Cluster) -> None:
    cluster.add(cron_job("load"), cron_job("load", namespace="bank"))
    cluster.add(
        job("load-1", hour(1), 5, cron_job="load"), job("load-1", hour(1), 5, cron_job="load", namespace="bank")
    )
    asked = ask(settings(cluster, {"cron_jobs": ["load"]}), WEEK)
    assert sorted(str(event.attrs["job"]) for event in asked.events) == ["bank/load", "jobs/load"]
    assert len({event.id for event in asked.events}) == 2
    assert cluster.asked[0].startswith("/apis/batch/v1/jobs?limit=500")


@pytest.mark.parametrize(
    ("deadline", "zone", "start", "due"),
    [
        ("06:00", None, hour(2), "2026-06-01T06:00:00+00:00"),
        ("06:00", None, hour(6), "2026-06-02T06:00:00+00:00"),
        ("06:00", None, hour(22), "2026-06-02T06:00:00+00:00"),
        ("06:00", "Asia/Tokyo", hour(17), "2026-06-02T06:00:00+09:00"),
        ({"load": "07:30", "*": "06:00"}, None, hour(2), "2026-06-01T07:30:00+00:00"),
        ({"other": "07:30", "*": "06:00"}, None, hour(2), "2026-06-01T06:00:00+00:00"),
        ({"other": "07:30"}, None, hour(2), None),
        # The night in which clocks go back: six in the morning is by the new time.
        ("06:00", "Europe/Berlin", datetime(2026, 10, 24, 23, tzinfo=UTC), "2026-10-25T06:00:00+01:00"),
    ],
)
def test_a_deadline_is_the_next_such_time_on_the_local_clock(
    cluster: Cluster, deadline: Any, zone: str | None, start: datetime, due: str | None
) -> None:
    cluster.add(job("load-1", start, 30, cron_job="load"))
    of = settings(cluster, JOBS | {"deadline": deadline, "time_zone": zone})
    (event,) = ask(of, Window(start - timedelta(days=1), start + timedelta(days=1))).events
    assert event.attrs.get("deadline") == due


def test_a_run_that_begins_after_its_deadline_has_missed_it(cluster: Cluster) -> None:
    """It was to begin at two, and found no node until seven."""
    cluster.add(job("load-1", hour(7), 30, cron_job="load", scheduled=hour(2)))
    (event,) = ask(settings(cluster, JOBS | {"deadline": "06:00"}), WEEK).events
    assert event.attrs["deadline"] == "2026-06-01T06:00:00+00:00"


def test_of_the_time_before_what_is_kept_it_is_said_that_runs_may_be_gone(cluster: Cluster) -> None:
    cluster.add(
        cron_job("hourly", "0 * * * *"), *[job(f"hourly-{n}", hour(n), 5, cron_job="hourly") for n in (4, 5, 6)]
    )
    cluster.add(cron_job("nightly"), job("nightly-1", hour(2), 60, cron_job="nightly"))
    asked = ask(settings(cluster, JOBS), days(0, 1))
    why = "CronJob hourly keeps its last 3 Jobs that succeeded: earlier ones may be gone unread"
    for indicator, part in (("batch.failures", "hourly"), ("batch_run", None)):
        before, since = [each for each in asked.answers if (each.indicator, each.part) == (indicator, part)]
        assert (before.window, before.state, before.detail) == (Window(hour(0), hour(4)), "partial", why)
        assert (since.window, since.state, since.detail) == (Window(hour(4), hour(24)), "complete", "")
    assert asked.said("batch.duration", "nightly") == [("nightly", "complete", "")]


@pytest.mark.parametrize(
    ("ttl", "limits", "cut", "why"),
    [
        (7200, {}, hour(22), "Jobs of load are taken away 7200 s after they end: earlier ones may be gone unread"),
        (
            None,
            {"failedJobsHistoryLimit": 0},
            hour(24),
            "CronJob load keeps its last 0 Jobs that failed: earlier ones may be gone unread",
        ),
    ],
)
def test_jobs_that_are_soon_taken_away_leave_a_past_that_is_not_whole(
    cluster: Cluster, ttl: int | None, limits: dict[str, int], cut: datetime, why: str
) -> None:
    cluster.add(cron_job("load", ttl=ttl, **limits))
    asked = ask(settings(cluster, JOBS), days(0, 1))
    first, *rest = [each for each in asked.answers if (each.indicator, each.part) == ("batch_run", None)]
    assert (first.window, first.state, first.detail) == (Window(hour(0), cut), "partial", why)
    assert [each.state for each in rest] == ["empty"] * (cut < hour(24))


def test_an_empty_namespace_is_empty(cluster: Cluster) -> None:
    asked = ask(settings(cluster, JOBS), WEEK)
    assert (asked.events, asked.samples, asked.error) == ([], {}, None)
    assert [(each.indicator, each.state, each.detail) for each in asked.answers] == [
        (name, "empty", "there are no Jobs and no CronJobs")
        for name in ("batch_run", "batch.duration", "batch.failures")
    ]


def now() -> Window:
    end = datetime.fromtimestamp(time.time(), UTC)
    return Window(end - timedelta(hours=1), end)


def test_what_cron_jobs_are_to_do_and_have_done_is_kept_once_an_hour(cluster: Cluster) -> None:
    window = now()
    cluster.add(
        cron_job("load", "*/5 * * * *", last=window.end, success=window.start, timeZone="Asia/Tokyo", suspend=True)
    )
    kept = ask(settings(cluster, JOBS), window).snapshots["cron_jobs"]
    assert kept.taken_at == window.end.replace(minute=0, second=0, microsecond=0)
    assert kept.values == {
        "load.schedule": "*/5 * * * *", "load.time_zone": "Asia/Tokyo", "load.suspended": True,
        "load.last_scheduled": window.end.replace(microsecond=0).isoformat(),
        "load.last_succeeded": window.start.replace(microsecond=0).isoformat(), "load.only_fails": True,
        "load.missed": None,
    }  # fmt: skip
    assert ask(settings(cluster, JOBS), WEEK).snapshots == {}


def test_nodes_are_counted_and_described_as_they_are_now(cluster: Cluster) -> None:
    window = now()
    cluster.add(
        node("a.internal"), node("b", ready="Unknown", pressure="DiskPressure"), node("c", unschedulable=True)
    )
    cluster.add(pod("web-1", 0), pod("web-2", 7), pod("api-1", 12))
    asked = ask(settings(cluster, {"nodes": True, "component": "eks"}), window)
    at = (window.end - timedelta(microseconds=1)).replace(microsecond=0)
    assert asked.samples == {
        ("eks", "k8s.node.count", None): [(at, 3.0)],
        ("eks", "k8s.node.failed", None): [(at, 1.0)],
        ("eks", "k8s.container.restarts", None): [(at, 0.0)],
    }
    quarter = window.end - timedelta(minutes=15)
    assert sorted((each.indicator, each.window.start, each.window.end, each.state) for each in asked.answers) == [
        ("k8s.container.restarts", window.start, quarter, "empty"),
        ("k8s.container.restarts", quarter, window.end, "complete"),
        ("k8s.node.count", window.start, quarter, "empty"),
        ("k8s.node.count", quarter, window.end, "complete"),
        ("k8s.node.failed", window.start, quarter, "empty"),
        ("k8s.node.failed", quarter, window.end, "complete"),
    ]
    values = asked.snapshots["nodes"].values
    assert {key: value for key, value in values.items() if key.startswith("a.internal.")} == {
        "a.internal.ready": True, "a.internal.schedulable": True, "a.internal.pressure": "",
        "a.internal.capacity_cpu": 4.0, "a.internal.capacity_memory": 16 * 2**30,
        "a.internal.capacity_ephemeral_storage": 80 * 2**30, "a.internal.capacity_pods": 58.0,
        "a.internal.allocatable_cpu": 3.92, "a.internal.allocatable_memory": 15147 * 2**20,
        "a.internal.allocatable_ephemeral_storage": 80 * 2**30, "a.internal.allocatable_pods": 58.0,
    }  # fmt: skip
    assert (values["b.ready"], values["b.pressure"], values["c.schedulable"]) == (False, "DiskPressure", False)
    assert asked.snapshots["restarts"].values == {
        "containers": 2, "restarts": 19, "jobs/api-1/main": 12, "jobs/web-2/main": 7
    }  # fmt: skip


def test_a_restart_counts_at_its_own_time_and_once_however_often_it_is_read(cluster: Cluster) -> None:
    window = now()
    ended = [window.end.replace(microsecond=0) - timedelta(minutes=minutes) for minutes in (3, 3, 8, 20)]
    cluster.add(node("a"), pod("calm", 0), *(pod(f"web-{n}", 4 + n, last=at) for n, at in enumerate(ended)))
    asked = ask(settings(cluster, {"nodes": True, "component": "eks"}), window)
    at = (window.end - timedelta(microseconds=1)).replace(microsecond=0)
    assert asked.samples["eks", "k8s.container.restarts", None] == [(ended[2], 1.0), (ended[0], 2.0), (at, 0.0)]
    assert asked.snapshots["restarts"].values["restarts"] == 4 + 5 + 6 + 7
    again = ask(settings(cluster, {"nodes": True, "component": "eks"}), window)
    assert again.samples == asked.samples


def test_a_past_of_nodes_that_nobody_read_is_empty(cluster: Cluster) -> None:
    cluster.add(node("a"))
    asked = ask(settings(cluster, {"nodes": True}), WEEK)
    assert [(each.state, each.window) for each in asked.answers] == [("empty", WEEK)] * 3
    assert (asked.samples, asked.snapshots, cluster.asked) == ({}, {}, [])


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"deadline": 600}, '600 is no time of day; write one in quotes, as in "06:00"'),
        ({"deadline": {"load": "24:00"}}, "'24:00' is no time of day"),
        ({"time_zone": "Asia/Tokio"}, "'Asia/Tokio' is no time zone"),
        ({"nodes": True, "namespace": "jobs"}, "`nodes` stands alone"),
    ],
)
def test_a_wrong_key_of_a_component_is_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError) as refused:
        Target.model_validate({"component": "nightly", **keys})
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "set `base_url`, or `eks_cluster`"),
        ({"base_url": "kubernetes"}, "is no address"),
        ({"base_url": "https://a:b@host"}, "has a login in it"),
        ({"base_url": "https://host", "token": "a\n"}, "holds characters that no header may have"),
        ({"base_url": "https://host", "token": "a", "token_file": "/b"}, "one of token, token_file and eks_cluster"),
        ({"base_url": "https://host", "region": "eu-west-1"}, "`region` is for EKS"),
    ],
)
def test_a_wrong_way_in_is_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError) as refused:
        Settings.model_validate(keys)
    assert says in str(refused.value)
