"""What goes wrong with a cluster: what is said, what is kept, and that a later question heals the hole."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from metrics.collect import http
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Window
from tests.collect.kubernetes.kubernetes_asked import ask, days, hour, patient, settings, signs
from tests.collect.kubernetes.kubernetes_server import TOKEN, USER, Cluster, cron_job, echo, job, node, pod, running
from tests.collect.served import body, cut, silent, status

DAY = days(0, 1)
JOBS: dict[str, Any] = {"namespace": "jobs"}
WHOLE = [("nightly", "complete", "")]
LOGIN_PAGE = "<html>Please log in</html>"
BIND = "(403): bind a ClusterRole that may list it"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as found:
        found.add(
            cron_job("load"), job("load-1", hour(1), 30, cron_job="load"), job("load-2", hour(3), cron_job="load")
        )
        yield found


def now() -> Window:
    end = datetime.fromtimestamp(time.time(), UTC)
    return Window(end - timedelta(minutes=10), end)


# Pages -----------------------------------------------------------------------------------------------------


def test_a_list_is_followed_to_its_last_page(cluster: Cluster) -> None:
    cluster.items["jobs"] = [job(f"load-{n}", hour(n / 100), 1, cron_job="load") for n in range(1234)]
    asked = ask(settings(cluster, JOBS), DAY)
    assert len(asked.events) == 1234
    pages = [path for path in cluster.asked if "/jobs?" in path]
    assert [("continue=" in path, "limit=500" in path) for path in pages] == [
        (False, True),
        (True, True),
        (True, True),
    ]


def test_a_list_that_expires_is_begun_again(cluster: Cluster) -> None:
    cluster.largest_page, cluster.expire = 1, 2
    asked = ask(settings(cluster, JOBS), DAY)
    assert (asked.names, asked.said(), asked.error) == (["load-1", "load-2"], WHOLE, None)
    assert len([path for path in cluster.asked if "/jobs?" in path]) == 6


def test_a_list_that_always_expires_brings_what_came_and_is_asked_again(cluster: Cluster) -> None:
    cluster.largest_page, cluster.expire = 1, 3
    asked = ask(settings(cluster, JOBS), DAY)
    says = (
        "the list /apis/batch/v1/namespaces/jobs/jobs expired 3 times before its last page (410): the cluster is busy"
    )
    assert (asked.names, asked.said()) == (["load-1"], [("nightly", "partial", says)])
    assert all(answer.retryable for answer in asked.answers)
    assert ask(settings(cluster, JOBS), DAY).said() == WHOLE


def test_pages_that_never_end_are_left(cluster: Cluster) -> None:
    page = {"kind": "JobList", "metadata": {"continue": "again"}, "items": []}
    cluster.faults += [body(page)] * 9
    asked = ask(settings(cluster, JOBS), DAY)
    assert str(asked.error) == "127.0.0.1 gives the same page of /apis/batch/v1/namespaces/jobs/jobs again and again"
    assert len(cluster.asked) == 2


def test_a_list_may_have_no_items(cluster: Cluster) -> None:
    cluster.faults += [body({"kind": "JobList", "metadata": {}, "items": None})]
    assert ask(settings(cluster, JOBS), DAY).said() == [("nightly", "empty", "no run began or ended in this time")]


# The whole cluster -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [status(429, Retry_After="0"), status(500), status(503), status(504), cut])
def test_what_passes_is_waited_for(cluster: Cluster, fault: Callable[..., bool]) -> None:
    cluster.faults += [fault] * 3
    asked = ask(settings(cluster, JOBS), DAY)
    assert (asked.names, asked.said(), asked.error) == (["load-1", "load-2"], WHOLE, None)


@pytest.mark.parametrize(
    ("fault", "says", "retryable"),
    [
        (status(429, Retry_After="0"), "127.0.0.1 answered 429 to every try: busy", True),
        (status(503), "127.0.0.1 answered 503 to every try: busy", True),
        (cut, "the cluster can't be reached: RemoteProtocolError", True),
        (silent, "the cluster can't be reached: ReadTimeout", True),
        (body(LOGIN_PAGE), f"127.0.0.1 answered something that is not Kubernetes' JSON: {LOGIN_PAGE}", True),
        (body("[" * 100_000), "127.0.0.1 answered something that is not Kubernetes' JSON", True),
        (body([]), "127.0.0.1 answered something that is not Kubernetes' JSON", True),
        (body({"items": 7}), "127.0.0.1 answered /apis/batch/v1/namespaces/bank/jobs with no list", True),
        (status(302, Location="https://elsewhere.example.com"), "127.0.0.1 answered 302, a redirect", False),
        (
            status(401, "{}"),
            "127.0.0.1 does not accept `token`: it has expired, or belongs to another cluster (401)",
            False,
        ),
    ],
    ids=["429", "503", "cut", "slow", "html", "deep", "list", "no items", "redirect", "401"],
)
def test_a_fault_of_the_whole_cluster_is_answered_for_all_that_is_left_and_heals(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., bool], says: str, retryable: bool
) -> None:
    monkeypatch.setattr(http, "READ_S", 0.1)
    of = settings(cluster, JOBS, {"component": "bank", "namespace": "bank"}, {"component": "eks", "nodes": True})
    cluster.faults += [lambda _: False, lambda _: False, *[fault] * 6]
    asked = ask(of, DAY)
    assert asked.names == ["load-1", "load-2"]
    assert asked.said()[0] == ("nightly", "complete", "")
    left = [answer for answer in asked.answers if answer.component != "nightly"]
    assert [(each.component, each.indicator) for each in left] == [
        ("bank", "batch_run"), ("bank", "batch.duration"), ("bank", "batch.failures"),
        ("eks", "k8s.node.count"), ("eks", "k8s.node.failed"), ("eks", "k8s.container.restarts"),
    ]  # fmt: skip
    assert all(each.detail.startswith(says) and len(each.detail) <= 300 for each in left), left[0].detail
    assert {(each.state, each.retryable, each.window) for each in left} == {("failed", retryable, DAY)}
    assert isinstance(asked.error, SourceError if "reached" not in says else httpx.TransportError)

    cluster.faults.clear()
    again = ask(of, DAY)
    assert again.error is None
    assert {(each.component, each.state) for each in again.answers if each.part is None} == {
        ("nightly", "complete"), ("bank", "empty"), ("eks", "empty")
    }  # fmt: skip


def test_a_budget_that_is_spent_is_no_fault(cluster: Cluster) -> None:
    asked = ask(settings(cluster, JOBS, {"component": "bank", "namespace": "bank"}), DAY, patient(requests=3))
    assert isinstance(asked.error, BudgetSpentError)
    assert {answer.component for answer in asked.answers} == {"nightly"}


def test_nobody_listens() -> None:
    with running() as gone:
        of = settings(gone, JOBS)
    asked = ask(of, DAY)
    assert [answer.detail for answer in asked.answers] == ["the cluster can't be reached: ConnectError"] * 3
    with pytest.raises(httpx.ConnectError):
        signs(of)


# One question ----------------------------------------------------------------------------------------------


def test_who_may_not_list_is_told_what_and_as_whom(cluster: Cluster) -> None:
    of = settings(cluster, JOBS)
    cluster.forbidden = {"jobs"}
    asked = ask(of, DAY)
    says = f'jobs.batch is forbidden: User "{USER}" cannot list resource "jobs" in API group "batch" in the namespace "jobs" {BIND}'
    assert [(each.indicator, each.state, each.retryable) for each in asked.answers] == [
        ("batch_run", "forbidden", False), ("batch.duration", "forbidden", False), ("batch.failures", "forbidden", False)
    ]  # fmt: skip
    assert (asked.said(), asked.error) == ([("nightly", "forbidden", says)], None)
    assert signs(of) == [("wrong", "nightly", says)]
    cluster.forbidden.clear()
    assert ask(of, DAY).said() == WHOLE


def test_without_cron_jobs_runs_come_all_the_same(cluster: Cluster) -> None:
    cluster.forbidden = {"cronjobs"}
    asked = ask(settings(cluster, JOBS | {"cron_jobs": ["load", "lode"]}), DAY)
    assert asked.names == ["load-1", "load-2"]
    ((component, state, detail),) = asked.said()
    assert (component, state) == ("nightly", "partial")
    assert detail.startswith(
        'cronjobs.batch is forbidden: User "system:serviceaccount:monitoring:tomoni" cannot list'
    )
    assert [sign[0] for sign in signs(settings(cluster, JOBS))] == ["wrong"]


def test_a_server_that_fails_one_question_answers_the_others(cluster: Cluster) -> None:
    cluster.faults += [status(500, '{"message": "etcdserver: leader changed"}')] * 6
    asked = ask(settings(cluster, JOBS, {"component": "bank", "namespace": "bank"}), DAY)
    says = "the server answered /apis/batch/v1/namespaces/jobs/jobs with 500: etcdserver: leader changed"
    assert asked.said()[0] == ("nightly", "failed", says)
    assert (asked.answers[0].retryable, asked.error) == (True, None)
    assert asked.said()[1][:2] == ("bank", "empty")
    assert ask(settings(cluster, JOBS), DAY).said() == WHOLE


def test_an_address_that_is_no_cluster_is_told(cluster: Cluster) -> None:
    of = settings(cluster, JOBS, base_url=f"{cluster.url}/dashboard")
    says = (
        "the server has no /dashboard/apis/batch/v1/namespaces/jobs/jobs (404): the server could not find the requested "
        "resource: is `base_url` the API of Kubernetes 1.21 or later?"
    )
    assert ask(of, DAY).said() == [("nightly", "failed", says)]


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": {}},
        "x",
        {"metadata": {"uid": "1", "name": "a", "namespace": "jobs"}, "spec": {}, "status": {"startTime": "soon"}},
        {"metadata": {"uid": "1", "name": "a", "namespace": "jobs"}, "spec": {}, "status": {"startTime": "2026-06-01T00:00:00"}},
        {"metadata": {"uid": "1", "name": "a", "namespace": "jobs"}, "spec": {}, "status": {"startTime": hour(1).isoformat(), "failed": "?"}},
        {"metadata": {"uid": "1", "name": "a", "namespace": "jobs"}, "spec": {}, "status": {"conditions": [7]}},
    ],
)  # fmt: skip
def test_a_job_that_can_t_be_understood_spoils_no_other(cluster: Cluster, broken: Any) -> None:
    good = job("load-1", hour(1), 30, cron_job="load")
    cluster.faults.append(body({"kind": "JobList", "metadata": {}, "items": [broken, good]}))
    asked = ask(settings(cluster, JOBS), DAY)
    assert asked.names == ["load-1"]
    assert asked.said() == [("nightly", "partial", "entry 1 of the list of Jobs is no Job")]
    assert all(answer.retryable for answer in asked.answers)


def test_a_cron_job_that_is_not_there_is_told_with_the_nearest(cluster: Cluster) -> None:
    says = "namespace jobs has no CronJob 'lode'; did you mean load?"
    of = settings(cluster, JOBS | {"cron_jobs": ["lode"]})
    asked = ask(of, DAY)
    assert asked.said() == [("nightly", "failed", says)]
    assert asked.said("batch.duration", "lode") == [("nightly", "failed", says)]
    assert ("wrong", "nightly", says) in signs(of)
    both = ask(settings(cluster, JOBS | {"cron_jobs": ["lode", "load"]}), DAY)
    assert (both.names, both.said()) == (["load-1", "load-2"], [("nightly", "partial", says)])


def test_a_cron_job_that_is_gone_is_known_by_its_runs(cluster: Cluster) -> None:
    cluster.items["cronjobs"].clear()
    assert ask(settings(cluster, JOBS | {"cron_jobs": ["load"]}), DAY).said() == WHOLE


def test_nodes_that_may_not_be_listed_are_forbidden_and_pods_are_only_missed(cluster: Cluster) -> None:
    of = settings(cluster, {"component": "eks", "nodes": True})
    cluster.add(node("a"), pod("web", 2))
    cluster.forbidden = {"nodes"}
    says = (
        f'nodes is forbidden: User "{USER}" cannot list resource "nodes" in API group "" at the cluster scope {BIND}'
    )
    assert ask(of, now()).said("k8s.node.count") == [("eks", "forbidden", says)]
    assert signs(of) == [("wrong", "eks", says)]
    cluster.forbidden = {"pods"}
    asked = ask(of, now())
    assert asked.said("k8s.node.count") == [("eks", "complete", "")]
    assert list(asked.snapshots["restarts"].values) == ["not_known"]
    ((_, forbidden, _),) = [each for each in asked.said("k8s.container.restarts") if each[1] != "empty"]
    assert forbidden == "forbidden"
    ((state, about, said),) = signs(of)
    assert (state, about) == ("wrong", "eks")
    assert said.endswith(f"at the cluster scope {BIND}, so restarts are not known")


def test_some_of_the_nodes_are_not_counted_for_all(cluster: Cluster) -> None:
    cluster.add(node("a"), {"kind": "Node", "metadata": {"name": "b"}, "status": {"capacity": {"cpu": "many"}}})
    asked = ask(settings(cluster, {"component": "eks", "nodes": True}), now())
    assert [indicator for _, indicator, _ in asked.samples] == ["k8s.container.restarts"]
    assert asked.said("k8s.node.count") == [("eks", "failed", "entry 2 of the list of nodes is no node")]


def test_restarts_of_a_list_that_is_not_whole_are_partial(cluster: Cluster) -> None:
    cluster.add(
        node("a"), pod("web", 2), {"kind": "Pod", "metadata": {"name": "x"}, "status": {"containerStatuses": [1]}}
    )
    asked = ask(settings(cluster, {"component": "eks", "nodes": True}), now())
    assert asked.said("k8s.container.restarts") == [("eks", "partial", "entry 2 of the list of pods is no pod")]
    assert asked.snapshots["restarts"].values["jobs/web/main"] == 2


# Who asks --------------------------------------------------------------------------------------------------


def test_a_token_in_a_file_is_read_again_when_it_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n", encoding="utf-8")
    of = settings(cluster, JOBS, token_file=file)
    cluster.tokens = {"old"}
    assert ask(of, DAY).said() == WHOLE

    def changes(_: object) -> bool:
        file.write_text("new\n", encoding="utf-8")
        cluster.tokens = {"new"}
        return False

    cluster.faults.append(changes)
    cluster.shown.clear()
    assert ask(of, DAY).said() == WHOLE
    assert cluster.shown == ["old", "new", "new"]


@pytest.mark.parametrize(
    ("held", "says"), [(None, "can't be read: No such file"), ("", "holds no token"), ("a b\nc", "holds no token")]
)
def test_a_file_without_a_token_is_told(cluster: Cluster, tmp_path: Path, held: str | None, says: str) -> None:
    file = tmp_path / "token"
    if held is not None:
        file.write_text(held, encoding="utf-8")
    asked = ask(settings(cluster, JOBS, token_file=file), DAY)
    assert isinstance(asked.error, SourceError)
    assert (asked.error.retryable, len(asked.answers)) == (False, 3)
    assert f"`token_file` {file} {says}" in asked.answers[0].detail


def test_a_token_that_is_refused_is_told_by_check(cluster: Cluster) -> None:
    says = "127.0.0.1 does not accept `token`: it has expired, or belongs to another cluster (401): Unauthorized"
    assert signs(settings(cluster, JOBS, token="another")) == [("wrong", "login", says)]


def test_no_secret_is_told_anywhere(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    """The server repeats what it was sent, as some proxies do."""
    caplog.set_level(logging.DEBUG)
    told: list[object] = []
    for code in (200, 400, 401, 403, 404, 418, 500, 503):
        cluster.faults += [echo(code)] * 7
        asked = ask(settings(cluster, JOBS), DAY)
        told += [*asked.batches, asked.error]
        cluster.faults.clear()
    everything = f"{told}{caplog.text}"
    assert TOKEN not in everything
    assert "«secret»" in everything


# What check says -------------------------------------------------------------------------------------------


def test_check_names_the_version_and_what_needs_somebody(cluster: Cluster) -> None:
    assert signs(settings(cluster, JOBS)) == [("fine", "", "127.0.0.1 answers (Kubernetes 1.33.4-eks-1a2b3c4)")]
    cluster.add(
        cron_job("off", suspend=True),
        cron_job("ill", last=hour(4), success=hour(2)),
        cron_job("brief", ttl=60),
        cron_job("unseen", successfulJobsHistoryLimit=0),
        node("a", ready="False", pressure="MemoryPressure"),
        node("b"),
    )
    unseen = "runs between two readings go unseen"
    assert signs(settings(cluster, JOBS, {"component": "eks", "nodes": True}))[:-1] == [
        ("note", "nightly", "CronJob off is suspended"),
        ("note", "nightly", "CronJob ill ran last without success"),
        (
            "note",
            "nightly",
            f"CronJob brief has its Jobs taken away 60 s after they end (ttlSecondsAfterFinished): {unseen}",
        ),
        ("note", "nightly", f"CronJob unseen keeps none of its Jobs (successfulJobsHistoryLimit: 0): {unseen}"),
        ("note", "eks", "node a: not ready; MemoryPressure"),
    ]
    assert signs(settings(cluster, {"namespace": "jbos"}))[0] == (
        "note", "nightly", "namespace jbos has no CronJob and no Job that is meant: is the name right?"
    )  # fmt: skip
    assert signs(settings(cluster))[0][:1] == ("note",)
