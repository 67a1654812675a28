"""A Datadog of ours: the v2 query endpoints, computed from functions of time, with its headers and its bad days.

Shapes are those of the recordings that come with Datadog's own client: `times` in milliseconds, `unit` null or two
units, `group_tags` like `host:web-1`, errors as `{"errors": ["…"]}`.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from tests.collect.served import for_good, within

API_KEY, APP_KEY = "planted-api-key-0123456789abcdef", "planted-app-key-fedcba9876543210"
MINUTE = 60

SECOND = {"family": "time", "id": 11, "name": "second", "plural": "seconds", "scale_factor": 1.0, "short_name": "s"}


def unit(family: str, name: str, scale: float = 1.0) -> dict[str, object]:
    return {"family": family, "id": 1, "name": name, "plural": name + "s", "scale_factor": scale, "short_name": name}


@dataclass(frozen=True)
class Metric:
    """What a metric is at each minute, for the n-th group."""

    unit: list[dict[str, object] | None] | None
    at: Callable[[np.ndarray, int], np.ndarray]
    every_s: int = MINUTE
    """How far apart it reports."""


def _ramp(low: float, by: float) -> Callable[[np.ndarray, int], np.ndarray]:
    """Rises from `low` by `by` each minute of the hour, and by 10 times that for each further group."""
    return lambda ts, group: low + by * (ts // MINUTE % 60) + 10 * by * group


PERCENT = [unit("percentage", "percent"), None]
METRICS: dict[str, Metric] = {
    "system.cpu.user": Metric(PERCENT, _ramp(10, 1)),
    "system.disk.in_use": Metric([unit("percentage", "fraction"), None], _ramp(0.5, 0)),
    "system.mem.pct_usable": Metric([unit("percentage", "fraction"), None], _ramp(0.25, 0)),
    "system.mem.usable": Metric([unit("bytes", "gibibyte"), None], _ramp(4, 0)),
    "system.net.bytes_rcvd": Metric([unit("bytes", "byte"), SECOND], _ramp(1000, 0)),
    "trace.web.request": Metric([unit("time", "nanosecond", 1e-9), None], _ramp(250e6, 0)),
    "trace.web.request.hits": Metric([unit("network", "request"), SECOND], _ramp(3, 0)),
    "db.deadlocks": Metric([unit("db", "lock"), unit("time", "minute", 60)], _ramp(30, 0)),
    "custom.duration": Metric(None, _ramp(120, 0)),
    "custom.jobs": Metric(None, _ramp(2, 0)),
    "custom.holes": Metric(PERCENT, lambda ts, _: np.where(ts // 300 % 3 == 0, np.nan, 7.0)),
    "custom.hourly": Metric(PERCENT, _ramp(5, 0), every_s=3600),
    "custom.odd": Metric([unit("percentage", "apdex"), None], _ramp(1, 0)),
}
GROUPS = {"host": ("web-1", "web-2"), "env": ("prod",), "device": ("sda", "sdb", "sdc")}


@dataclass
class Fault:
    """A reply instead of the right one. `times` None: for ever; `path` and `query`: only for those."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    path: str = ""
    query: str = ""
    cut: bool = False
    wait: threading.Event | None = None


@dataclass(frozen=True)
class Asked:
    path: str
    body: Any
    headers: Mapping[str, str]

    @property
    def attributes(self) -> Mapping[str, Any]:
        return self.body["data"]["attributes"]

    @property
    def queries(self) -> list[str]:
        return [each["query"] for each in self.attributes["queries"]]


class Datadog(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.limits: dict[str, str] = {"X-RateLimit-Remaining": "99"}
        self.scopes = {"timeseries_query"}
        self.most_points = 1_500
        self.change: Callable[[dict[str, Any]], object] = lambda reply: reply
        """What to make of a right reply before it is sent."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def of(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path.endswith(path)]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Datadog
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, sent: bytes) -> None:
        asked = Asked(self.path, json.loads(sent) if sent else None, dict(self.headers))
        self.server.asked.append(asked)
        for fault in self.server.faults:
            wanted = self.path.endswith(fault.path) and fault.query in sent.decode()
            if wanted and (fault.times is None or fault.times > 0):
                fault.times = None if fault.times is None else fault.times - 1
                self._misbehave(fault)
                return
        status, body = self._right(asked)
        self._send(status, gzip.compress(json.dumps(body).encode()), {"Content-Encoding": "gzip"})

    def _misbehave(self, fault: Fault) -> None:
        if fault.wait:
            fault.wait.wait(5)
        if fault.cut:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"data": {"attr')
            self.close_connection = True
            return
        self._send(fault.status, fault.body, fault.headers)

    def _right(self, asked: Asked) -> tuple[int, object]:
        if self.headers.get("DD-API-KEY") != API_KEY:
            return 403, {"errors": ["Forbidden"]}
        if self.path == "/api/v1/validate":
            return 200, {"valid": True}
        if self.headers.get("DD-APPLICATION-KEY") != APP_KEY:
            return 401, {"errors": ["Unauthorized"]}
        if "timeseries_query" not in self.server.scopes:
            return 403, {"errors": ["Forbidden"]}
        if wrong := next((each for each in asked.queries if "wrong." in each or ".rollup(" not in each), None):
            return 400, {"errors": [f"Error parsing query: unable to parse {wrong}"]}
        reply = scalar(asked) if self.path.endswith("scalar") else timeseries(asked, self.server.most_points)
        return 200, self.server.change(reply)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/vnd.api+json", **self.server.limits, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


_QUERY = re.compile(r"(\w+):([\w.]+)\{[^}]*\}(?: by \{([^}]*)\})?(.*)")


def _rolled(
    query: str, start_s: int, end_s: int, most_points: int
) -> tuple[Metric | None, list[list[str]], Any, int]:
    """(the metric, its groups, a value or NaN for each group and period, the interval)"""
    _, name, by, calls = _QUERY.fullmatch(query).groups()
    method, wanted = re.search(r"\.rollup\((?:(\w+), ?)?(\d+)\)", calls).groups()
    step = int(wanted)
    while (end_s - start_s) / step > most_points:
        step *= 2
    metric = METRICS.get(name)
    groups: list[list[str]] = [[]]
    for tag in filter(None, (by or "").split(",")):
        groups = [[*group, f"{tag.strip()}:{value}"] for group in groups for value in GROUPS[tag.strip()]]
    first = start_s // step * step
    minutes = np.arange(first, max(end_s, first + step), MINUTE).astype(np.int64)
    values = []
    for number, _ in enumerate(groups):
        there = metric.at(minutes, number) if metric else np.full(len(minutes), np.nan)
        there = np.where(minutes % (metric.every_s if metric else 1) == 0, there, np.nan)
        if ".as_count()" in calls:
            there = there * MINUTE  # a rate a second, as it is kept
        whole = there[: len(there) // (step // MINUTE) * (step // MINUTE)].reshape(-1, step // MINUTE)
        values.append(_reduced(whole, method or "p95"))
    return metric, groups, np.array(values), step


def _reduced(whole: np.ndarray, method: str) -> np.ndarray:
    there = ~np.isnan(whole)
    count = there.sum(axis=1)
    total = np.where(there, whole, 0).sum(axis=1)
    if method == "max":
        result = np.where(there, whole, -np.inf).max(axis=1)
    elif method == "min":
        result = np.where(there, whole, np.inf).min(axis=1)
    elif method == "sum":
        result = total
    else:
        result = total / np.maximum(count, 1)
    return np.where(count > 0, result, np.nan)


def _evaluated(asked: Asked, most_points: int) -> list[tuple[Metric | None, list[list[str]], Any, int]]:
    """Each formula over its queries."""
    start_s, end_s = asked.attributes["from"] // 1000, asked.attributes["to"] // 1000
    found = {
        each["name"]: _rolled(each["query"], start_s, end_s, most_points) for each in asked.attributes["queries"]
    }
    results = []
    for each in asked.attributes["formulas"]:
        names = re.findall(r"q\d+m\d+", each["formula"])
        metric, groups, _, step = found[names[0]]
        results.append((metric, groups, eval(each["formula"], {}, {name: found[name][2] for name in names}), step))
    return results


def timeseries(asked: Asked, most_points: int) -> dict[str, Any]:
    start_s = asked.attributes["from"] // 1000
    results = _evaluated(asked, most_points)
    step = max(result[3] for result in results)
    rows, series = [], []
    for index, (metric, groups, values, _) in enumerate(results):
        for group, row in zip(groups, values, strict=True):
            if metric is not None and not np.all(np.isnan(row)):
                series.append({"group_tags": group, "query_index": index, "unit": metric.unit})
                rows.append(row)
    ts = start_s // step * step + step * np.arange(len(results[0][2][0]))
    there = np.any(~np.isnan(np.array(rows)), axis=0) if rows else np.zeros(len(ts), dtype=bool)
    values = [[None if np.isnan(value) else float(value) for value in row[there]] for row in rows]
    times = [int(each) * 1000 for each in ts[there]]
    attributes = {"series": series, "times": times, "values": values}
    return {"data": {"id": "0", "type": "timeseries_response", "attributes": attributes}}


def scalar(asked: Asked) -> dict[str, Any]:
    ((metric, groups, values, _),) = _evaluated(asked, 10**9)
    how = {each["aggregator"] for each in asked.attributes["queries"]}
    reduced = {"sum": np.nansum, "max": np.nanmax}.get(how.pop(), np.nanmean)
    columns: list[dict[str, Any]] = [
        {"name": tag.partition(":")[0], "type": "group", "values": [[g[n].partition(":")[2]] for g in groups]}
        for n, tag in enumerate(groups[0])
    ]
    if metric is not None:
        figures = [float(reduced(row)) for row in values]
        columns.append({"name": "q0m0", "type": "number", "values": figures, "meta": {"unit": metric.unit}})
    return {"data": {"type": "scalar_response", "attributes": {"columns": columns}}}


def running() -> AbstractContextManager[Datadog]:
    return within(Datadog())


@cache
def shared() -> Datadog:
    return for_good(Datadog())


def example(*queries: Mapping[str, object]) -> dict[str, object]:
    """What stands under the source in tomoni.yaml, with one component that has these queries."""
    targets = [{"component": "web", "queries": list(queries), "with": {"env": "prod"}}]
    return {"host": shared().url, "api_key": API_KEY, "app_key": APP_KEY, "targets": targets}


USUAL: tuple[Mapping[str, object], ...] = (
    {"indicator": "cpu", "query": "avg:system.cpu.user{env:{env}} by {host}"},
    {"indicator": "latency_p95", "query": "p95:trace.web.request{service:{component}}"},
    {"indicator": "requests", "query": "sum:trace.web.request.hits{service:{component}}"},
    {"indicator": "mails", "query": "sum:custom.jobs{*}", "kind": "gauge", "scalar": True},
)
NOTHING: Mapping[str, object] = {"indicator": "cpu", "query": "avg:no.such.metric{*}"}
