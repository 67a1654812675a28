"""The API of a cluster for tests, on a free loopback port: lists in pages as documented, and what goes wrong with them.

- Without a known token it tells 401; who may not list something is told 403 with Kubernetes' own sentence.
- `limit` and `continue` are kept: a token names its list and place. One that is told to expire is answered with 410.
- A page is of the moment at which its list began, whatever happens meanwhile.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.collect.served import for_good, within

__all__ = ["TOKEN", "USER", "Cluster", "cron_job", "example", "job", "node", "pod", "running"]

TOKEN = "planted-token-of-tomoni"
USER = "system:serviceaccount:monitoring:tomoni"
_POD = {"spec": {"containers": [{"name": "main", "image": "jobs"}], "restartPolicy": "Never"}}
_PLURALS = {"jobs": "JobList", "cronjobs": "CronJobList", "nodes": "NodeList", "pods": "PodList"}


class Cluster(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http"
        self.items: dict[str, list[dict[str, Any]]] = {name: [] for name in _PLURALS}
        self.tokens = {TOKEN}
        self.forbidden: set[str] = set()
        self.asked: list[str] = []
        self.shown: list[str] = []
        """The bearer tokens that were shown."""
        self.largest_page = 1_000
        self.expire = 0
        """How many of the next continued pages have expired."""
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.faults: deque[Callable[[_Handler], bool]] = deque()
        """Each is done to one request for a list instead of an answer; one that returns False lets it be answered."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def add(self, *things: dict[str, Any]) -> None:
        for thing in things:
            self.items[f"{thing['kind'].lower()}s"].append(thing)

    def secured(self, certificate: str) -> None:
        """Speak TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Cluster
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.server.asked.append(self.path)
        self.server.shown.append(shown)
        if url.path == "/version":
            return self.answer({"major": "1", "minor": "33", "gitVersion": "v1.33.4-eks-1a2b3c4"})
        if self.server.faults and self.server.faults.popleft()(self):
            return None
        if shown not in self.server.tokens:
            return self.refuse(401, "Unauthorized", "Unauthorized")
        match url.path.split("/")[1:]:
            case ["apis", "batch", "v1", "namespaces", namespace, "jobs" | "cronjobs" as plural]:
                return self._list(plural, "batch", namespace, query)
            case ["apis", "batch", "v1", "jobs" | "cronjobs" as plural]:
                return self._list(plural, "batch", None, query)
            case ["api", "v1", "nodes" | "pods" as plural]:
                return self._list(plural, "", None, query)
        return self.refuse(404, "NotFound", "the server could not find the requested resource")

    def _list(self, plural: str, group: str, namespace: str | None, query: Mapping[str, str]) -> None:
        if plural in self.server.forbidden:
            where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            name = f"{plural}.{group}".rstrip(".")
            return self.refuse(
                403, "Forbidden",
                f'{name} is forbidden: User "{USER}" cannot list resource "{plural}" in API group "{group}" {where}',
            )  # fmt: skip
        number, begin = 0, 0
        if "continue" in query:
            number, begin = json.loads(base64.urlsafe_b64decode(query["continue"]))
            if self.server.expire:
                self.server.expire -= 1
                return self.refuse(
                    410, "Expired", "The provided continue parameter is too old to display a consistent list result."
                )
        else:
            number = len(self.server.lists)
            of = self.server.items[plural]
            self.server.lists[str(number)] = [
                each for each in of if namespace in (None, each["metadata"].get("namespace"))
            ]
        every = self.server.lists[str(number)]
        end = begin + min(int(query.get("limit", 0)) or len(every), self.server.largest_page)
        meta: dict[str, Any] = {"resourceVersion": "77"}
        if end < len(every):
            meta["continue"] = base64.urlsafe_b64encode(json.dumps([number, end]).encode()).decode()
            meta["remainingItemCount"] = len(every) - end
        # Items of a list have no kind of their own.
        items = [{name: value for name, value in each.items() if name != "kind"} for each in every[begin:end]]
        return self.answer({"kind": _PLURALS[plural], "apiVersion": "v1", "metadata": meta, "items": items})

    def refuse(self, code: int, reason: str, message: str) -> None:
        self.answer({"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code}, code)

    def answer(self, body: Any, status: int = 200) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


# What a cluster holds --------------------------------------------------------------------------------------


def job(
    name: str, started: datetime | None, minutes: float | None = None, *, namespace: str = "jobs",
    cron_job: str | None = None, failed: str | None = None, pods: int = 0, suspended: bool = False,
    scheduled: datetime | None = None, **spec: Any,
) -> dict[str, Any]:  # fmt: skip
    """A Job that took so many minutes; `failed` is its reason, `pods` how many of its pods failed."""
    ended = None if started is None or minutes is None else _iso(started + timedelta(minutes=minutes))
    status: dict[str, Any] = {"startTime": _iso(started)} if started else {}
    conditions = []
    if suspended:
        conditions.append({"type": "Suspended", "status": "True", "lastTransitionTime": _iso(started)})
    elif ended and failed:
        conditions += [
            {"type": "FailureTarget", "status": "True", "reason": failed, "lastTransitionTime": ended},
            {"type": "Failed", "status": "True", "reason": failed, "lastTransitionTime": ended, "message": "…"},
        ]
    elif ended:
        conditions.append({"type": "Complete", "status": "True", "lastTransitionTime": ended})
        status |= {"completionTime": ended, "succeeded": 1}
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"}
    if cron_job:
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": cron_job, "uid": f"cron-{cron_job}"}
        meta["ownerReferences"] = [owner | {"controller": True, "blockOwnerDeletion": True}]
    if scheduled:
        meta["annotations"] = {"batch.kubernetes.io/cronjob-scheduled-timestamp": scheduled.isoformat()}
    if pods:
        status["failed"] = pods
    told = {"template": _POD, "backoffLimit": 6, **spec}
    return {"kind": "Job", "metadata": meta, "spec": told, "status": status | {"conditions": conditions}}


def cron_job(
    name: str, schedule: str = "0 2 * * *", *, namespace: str = "jobs", last: datetime | None = None,
    success: datetime | None = None, ttl: int | None = None, **spec: Any,
) -> dict[str, Any]:  # fmt: skip
    meta = {"name": name, "namespace": namespace, "uid": f"cron-{name}", "creationTimestamp": "2026-01-01T00:00:00Z"}
    template = {"spec": {"template": _POD} | ({} if ttl is None else {"ttlSecondsAfterFinished": ttl})}
    status = {"lastScheduleTime": _iso(last), "lastSuccessfulTime": _iso(success)}
    told = {key: value for key, value in status.items() if value}
    return {
        "kind": "CronJob", "metadata": meta, "status": told,
        "spec": {"schedule": schedule, "suspend": False, "jobTemplate": template, **spec},
    }  # fmt: skip


def node(name: str, *, ready: str = "True", pressure: str = "", **spec: Any) -> dict[str, Any]:
    kinds = ("MemoryPressure", "DiskPressure", "PIDPressure")
    conditions = [{"type": kind, "status": str(kind == pressure)} for kind in kinds]
    amounts = {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "80Gi", "pods": "58", "hugepages-2Mi": "0"}
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": spec,
        "status": {
            "conditions": [*conditions, {"type": "Ready", "status": ready}],
            "capacity": amounts,
            "allocatable": amounts | {"cpu": "3920m", "memory": "15147Mi"},
        },
    }


def pod(name: str, restarts: int, namespace: str = "jobs", last: datetime | None = None) -> dict[str, Any]:
    """`last` is when what ran before in its container ended."""
    before = {"terminated": {"exitCode": 137, "finishedAt": _iso(last)}} if last else {}
    statuses = [
        {"name": "main", "restartCount": restarts, "image": "jobs", "imageID": "jobs", "ready": True,
         "lastState": before}
    ]  # fmt: skip
    return {
        "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "status": {"containerStatuses": statuses}
    }  # fmt: skip


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# What goes wrong -------------------------------------------------------------------------------------------


def echo(code: int) -> Callable[[_Handler], bool]:
    """A fault: what was asked comes back, as some proxies have it."""

    def fault(handler: _Handler) -> bool:
        handler.answer(f"you sent {handler.headers['Authorization']}", code)
        return True

    return fault


# Running one -----------------------------------------------------------------------------------------------


def running(certificate: str | None = None) -> AbstractContextManager[Cluster]:
    server = Cluster()
    if certificate:
        server.secured(certificate)
    return within(server)


@cache
def shared() -> Cluster:
    return for_good(Cluster())


def example(start: datetime, namespace: str = "jobs") -> Mapping[str, object]:
    """What stands under the source in tomoni.yaml: a week of nightly runs, and the cluster's nodes."""
    server = shared()
    if not server.items["jobs"]:
        for day in range(1, 7):
            night = start + timedelta(days=day, hours=2)
            server.add(job(f"matching-{day}", night, 60 + day, cron_job="matching", pods=day % 2))
            server.add(
                job(f"digest-{day}", night, 20, cron_job="digest", failed="DeadlineExceeded" if day == 3 else None)
            )
        server.add(cron_job("matching", successfulJobsHistoryLimit=10), cron_job("digest"))
        server.add(node("a"), node("b", ready="Unknown"))
    targets = [
        {"component": "nightly", "namespace": namespace, "deadline": "06:00"},
        {"component": "cluster", "nodes": True},
    ]
    return {"base_url": server.url, "token": TOKEN, "targets": targets}
