"""Three hours of a small system as its exporters tell it: two machines, a cluster, a web service. Made once a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from metrics.model import Window
from tests.collect.prometheus_server import serving_for_good

__all__ = ["HOURS", "START", "at", "example", "nothing", "server", "system"]

START = datetime(2025, 6, 2, tzinfo=UTC)
HOURS = Window(START, START + timedelta(hours=3))
MINUTE = 60

Samples = dict[str, list[tuple[float, float]]]


def at(hour: int, minute: int = 0) -> float:
    return (START + timedelta(hours=hour, minutes=minute)).timestamp()


def system() -> Samples:
    return dict(sorted([*_machines(), *_cluster(), *_jobs(), *_web()]))


@cache
def server() -> str:
    """The address of a Prometheus that holds all of it."""
    return serving_for_good(system())


def example(_: object) -> Mapping[str, object]:
    return {
        "base_url": server(),
        "targets": [
            {
                "component": "machines",
                "queries": {
                    "cpu": {
                        "query": '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[{step}]))',
                        "part": "instance",
                        "unit": "ratio",
                    },
                    "nodes": "count(kube_node_info)",
                },
            },
            {"component": "web", "queries": [{"indicator": "requests", "query": "sum(increase(http_requests_total[5m]))"}]},
        ],
    }  # fmt: skip


def nothing(_: object) -> Mapping[str, object]:
    return {"base_url": server(), "targets": [{"component": "web", "queries": {"cpu": "nobody_has_this"}}]}


def _every_minute(value: Callable[[int], float | None]) -> list[tuple[float, float]]:
    """A sample each full minute, the first at START; none where there is no value."""
    found = ((at(0, minute), value(minute)) for minute in range(3 * 60 + 1))
    return [(when, each) for when, each in found if each is not None]


def _counter(a_minute: float) -> list[tuple[float, float]]:
    return _every_minute(lambda minute: a_minute * minute)


def _gauge(value: float) -> list[tuple[float, float]]:
    return _every_minute(lambda _: value)


def _machines() -> Iterator[tuple[str, list[tuple[float, float]]]]:
    for instance, idle_s, free, received in (("a", 30, 2e9, 6_000), ("b", 45, 6e9, 12_000)):
        for cpu in (0, 1):
            yield f'node_cpu_seconds_total{{cpu="{cpu}",instance="{instance}",mode="idle"}}', _counter(idle_s)
            yield f'node_cpu_seconds_total{{cpu="{cpu}",instance="{instance}",mode="user"}}', _counter(60 - idle_s)
        yield f'node_memory_MemAvailable_bytes{{instance="{instance}"}}', _gauge(free)
        yield f'node_memory_MemTotal_bytes{{instance="{instance}"}}', _gauge(8e9)
        yield f'node_memory_SwapTotal_bytes{{instance="{instance}"}}', _gauge(1e9)
        yield f'node_memory_SwapFree_bytes{{instance="{instance}"}}', _gauge(0.75e9)
        for card, factor in (("eth0", 1), ("lo", 100)):
            labels = f'device="{card}",instance="{instance}"'
            yield f"node_network_receive_bytes_total{{{labels}}}", _counter(received * factor)
            yield f"node_network_transmit_bytes_total{{{labels}}}", _counter(received * factor / 2)
    for instance, mount, kind, free in (
        ("a", "/", "ext4", 20e9), ("b", "/", "ext4", 60e9), ("b", "/data", "xfs", 50e9), ("a", "/run", "tmpfs", 1e9),
    ):  # fmt: skip
        labels = f'fstype="{kind}",instance="{instance}",mountpoint="{mount}"'
        yield f"node_filesystem_avail_bytes{{{labels}}}", _gauge(free)
        yield f"node_filesystem_size_bytes{{{labels}}}", _gauge(100e9)


def _cluster() -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Two nodes, one of which fails for ten minutes at 01:00; a container restarts at 01:02."""
    for node in ("a", "b"):
        yield f'kube_node_info{{node="{node}"}}', _gauge(1)
        for status in ("true", "false", "unknown"):
            labels = f'condition="Ready",node="{node}",status="{status}"'
            now = _every_minute(
                lambda m, s=status, n=node: float((s == "false") == (n == "b" and 60 <= m < 70)) * (s != "unknown")
            )  # type: ignore[misc]
            yield f"kube_node_status_condition{{{labels}}}", now
    labels = 'container="web",namespace="jobs",pod="web-1"'
    yield f"kube_pod_container_status_restarts_total{{{labels}}}", _every_minute(lambda m: float(m >= 62))
    labels = 'container="dns",namespace="kube-system",pod="dns-1"'
    yield f"kube_pod_container_status_restarts_total{{{labels}}}", _gauge(3)


def _jobs() -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """The CronJob `nightly`: a run from 01:00 to 01:20, told a minute later, and one that has failed at 02:10."""
    for number in (1, 2):
        labels = f'job_name="nightly-{number}",namespace="jobs"'
        yield f'kube_job_owner{{{labels},owner_kind="CronJob",owner_name="nightly"}}', _gauge(1)
        yield f"kube_job_status_start_time{{{labels}}}", _gauge(at(number))
    labels = 'job_name="nightly-1",namespace="jobs"'
    yield f"kube_job_status_completion_time{{{labels}}}", _every_minute(lambda m: at(1, 20) if m >= 81 else None)
    labels = 'condition="true",job_name="nightly-2",namespace="jobs"'
    yield f"kube_job_failed{{{labels}}}", _every_minute(lambda m: 1.0 if m >= 130 else None)


def _web() -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """600 requests a minute, 6 of them errors, and none at all from 02:00 to 02:30."""

    def busy(a_minute: float) -> list[tuple[float, float]]:
        return _every_minute(lambda m: a_minute * (min(m, 120) + max(m - 150, 0)))

    yield 'http_requests_total{code="200",job="web"}', busy(594)
    yield 'http_requests_total{code="503",job="web"}', busy(6)
    for below, a_minute in (("0.1", 500), ("0.5", 590), ("+Inf", 600)):
        yield f'http_request_duration_seconds_bucket{{job="web",le="{below}"}}', busy(a_minute)
