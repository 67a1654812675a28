"""How a hole is filled: what to add to a service's file, for each source that could bring the indicator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.model import Component, Indicator

__all__ = ["Way", "ways"]


@dataclass(frozen=True, slots=True)
class Way:
    """`text` is YAML for `file`; `name` is what the source is called in tomoni.yaml, if it is there already."""

    kind: str
    name: str | None
    file: str
    text: str

    @property
    def is_configured(self) -> bool:
        return self.name is not None


HTTP = ("http.server.request.duration.p95", "http.server.request.count", "http.server.5xx.count")
MACHINE = ("system.cpu.utilization", "system.memory.utilization")
DISK = "system.filesystem.utilization"
# What each entry of docs/collectors/cloudwatch.md brings, of what a kind needs.
AWS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "database": (
        "rds_cluster: {name}",
        (*MACHINE, DISK, "db.client.connection.utilization", "db.client.connection.count", "db.replication.lag"),
    ),
    "cache": (
        "replication_group: {name}",
        (
            *MACHINE,
            "db.client.connection.count",
            "cache.hits",
            "cache.requests",
            "cache.hit_ratio",
            "cache.evictions",
        ),
    ),
    "mail": ("ses: true", ("mail.quota.utilization", "mail.sent", "mail.bounced", "mail.bounce_rate")),
    "function": (
        "function: {name}",
        ("faas.concurrency.utilization", "faas.throttles", "faas.invocations", "faas.errors"),
    ),
    "object_storage": ("bucket: {name}", ("storage.used", "storage.objects")),
    "kubernetes": ("eks_cluster: {name}", (*MACHINE, DISK)),
    "web": ("load_balancer: {name}", HTTP),
    "api": ("load_balancer: {name}", HTTP),
    "host": ("ec2_tag: Name={name}", (*MACHINE, DISK)),
    "node": ("ec2_tag: Name={name}", (*MACHINE, DISK)),
}
# As the recipes of docs/collectors/prometheus.md have them, for exporters in their usual set-up.
PROMETHEUS: Mapping[str, tuple[str, ...]] = {
    "http.server.request.count": ('query: sum(increase(http_requests_total{job="{component}"}[{step}]))',),
    "http.server.5xx.count": ('query: sum(increase(http_requests_total{code=~"5..", job="{component}"}[{step}]))',),
    "http.server.request.duration.p95": (
        "query: >-",
        "  histogram_quantile(0.95, sum by (le)",
        '  (rate(http_request_duration_seconds_bucket{job="{component}"}[{step}]))) >= 0',
    ),
    "system.cpu.utilization": (
        'query: 1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[{step}]))',
        "part: instance",
        "unit: ratio",
    ),
    "system.memory.utilization": (
        "query: 1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
        "part: instance",
        "unit: ratio",
    ),
    "system.filesystem.utilization": (
        "query: 1 - node_filesystem_avail_bytes / node_filesystem_size_bytes",
        "part: [instance, mountpoint]",
        "unit: ratio",
    ),
}
# From the table of docs/collectors/datadog.md.
DATADOG: Mapping[str, str] = {
    "system.cpu.utilization": "100 - avg:system.cpu.idle{host:{component}}",
    "system.memory.utilization": "100 * (1 - avg:system.mem.pct_usable{host:{component}})",
    "http.server.request.duration.p95": "p95:trace.http.request{service:{component}}",
    "http.server.request.count": "sum:trace.http.request.hits{service:{component}}",
    "http.server.5xx.count": (
        "sum:trace.http.request.hits.by_http_status{service:{component},http.status_class:5xx}"
    ),
    "db.client.connection.count": "max:aws.rds.database_connections{dbinstanceidentifier:{component}}",
}
LOGS = (*HTTP, "http.server.error_rate", "log.errors")
CLUSTER_JOBS = ("batch.duration", "batch.failures")
IMAGES = ("image.size", "storage.used")


def ways(service: str, component: Component, indicator: Indicator, sources: Mapping[str, str]) -> tuple[Way, ...]:
    """Those of configured sources first; a file is always one. `sources` are the kinds by name in tomoni.yaml."""
    parts = [each for each in (indicator.numerator, indicator.denominator) if each]
    asked = parts or [indicator.name]
    named = {kind: name for name, kind in reversed(list(sources.items()))}
    order = {kind: place for place, kind in enumerate(indicator.sources)}
    found = [
        Way(kind, named.get(kind), f"services/{service}.yaml", _entry(component, named.get(kind, kind), lines))
        for kind, lines in _entries(component, indicator.name, asked)
        if lines
    ]
    found.sort(key=lambda way: (not way.is_configured, order.get(way.kind, len(order))))
    return (*found, Way("files", None, "tomoni.yaml", _file(service, component, indicator, parts)))


def _entries(component: Component, name: str, asked: Sequence[str]) -> list[tuple[str, list[str]]]:
    """For each kind of source, the keys beside `use`; none where it doesn't know the indicator."""
    entry, brings = AWS.get(component.kind, ("", ()))
    has_logs = component.kind in ("web", "api") and name in LOGS
    logs = ["index: access-*", f"filter: {{service.name: {component.name}}}"]
    return [
        ("cloudwatch", [entry.format(name=component.name)] if name in brings or set(asked) <= set(brings) else []),
        ("elasticsearch", [*logs, f"error_index: logs-{component.name}-*"] if has_logs else []),
        ("prometheus", _prometheus(asked) if all(each in PROMETHEUS for each in asked) else []),
        ("datadog", _datadog(asked) if all(each in DATADOG for each in asked) else []),
        ("kubernetes", ["namespace: default"] if name in CLUSTER_JOBS else []),
        ("ecr", [f"repository: {component.name}"] if component.kind == "registry" and name in IMAGES else []),
    ]


def _prometheus(asked: Sequence[str]) -> list[str]:
    queries = [[f"  {name}:", *(f"    {line}" for line in PROMETHEUS[name])] for name in asked]
    return ["queries:", *(line for query in queries for line in query)]


def _datadog(asked: Sequence[str]) -> list[str]:
    return ["queries:", *(f'  - {{indicator: {name}, query: "{DATADOG[name]}"}}' for name in asked)]


def _entry(component: Component, source: str, lines: Sequence[str]) -> str:
    """As an entry of the component's `sources`, which may have others."""
    head = ["components:", f"  {component.name}:", f"    kind: {component.kind}", "    sources:"]
    return "\n".join([*head, f"      - use: {source}", *(f"        {line}" for line in lines)]) + "\n"


def _file(service: str, component: Component, indicator: Indicator, parts: Sequence[str]) -> str:
    """Whatever something else exports; a ratio is made of its two counts."""
    name = f"{component.name}-{indicator.name}"
    what = (
        [f"    # its column `indicator` says {' or '.join(parts)}"] if parts else [f"    indicator: {indicator.name}"]
    )
    keys = [f"path: exports/{name}-*.csv", "as: samples", f"service: {service}", f"component: {component.name}"]
    return "\n".join(["sources:", f"  {name}:", "    kind: files", *(f"    {key}" for key in keys), *what]) + "\n"
