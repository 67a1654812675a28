"""A Concourse for tests: its API as documented and as its source has it, traps included, on a free loopback port.

- Pages are ordered by the build that was re-run (`COALESCE(rerun_of, id)`), but divided by the build's own id.
- With `timestamps=true` there is no `Link`, a full reply is cut without a word, builds that never started are left
  out, and times are compared in fractions of a second, though told in whole ones.
- Who has no valid token reads public pipelines only, and is told 401 of others; who has one is told 403.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.collect.served import for_good, within

__all__ = ["PASSWORD", "USERNAME", "Build", "Concourse", "Pipeline", "example", "running", "shared"]

USERNAME, PASSWORD = "tomoni", "correct horse battery"
FLY = "Basic Zmx5OlpteDU="


@dataclass(frozen=True)
class Build:
    id: int
    name: str
    start: float | None
    end: float | None = None
    status: str = "succeeded"
    rerun_of: int | None = None
    rerun_number: int = 0
    resource_name: str = ""
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int]:
        return self.rerun_of or self.id, self.id


@dataclass
class Pipeline:
    team: str
    name: str
    jobs: dict[str, list[Build]]
    public: bool = False
    instance_vars: Mapping[str, Any] | None = None
    inputs: tuple[str, ...] = ()


class Concourse(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.pipelines: list[Pipeline] = []
        self.teams = ["main"]
        self.member_of = {"main"}
        self.tokens: set[str] = set()
        self.asked: list[str] = []
        self.counts: Counter[str] = Counter()
        self.faults: deque[Callable[[_Handler], bool]] = deque()
        """Each is done to one request for builds instead of an answer; one that returns False lets it be answered."""
        self.closed: dict[int, int] = {}
        """Builds of which nobody learns what went into them, with the status that is told instead."""
        self.at_once = 100
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""

    def expire(self) -> None:
        self.tokens.clear()

    def new_token(self) -> str:
        token = f"opaque-{len(self.asked)}-{self.counts['logins']}-bearer"
        self.tokens.add(token)
        return token

    def add(self, job: str, *builds: Build, **more: Any) -> Pipeline:
        """Builds of a job, in a pipeline of its own where none of that name is there."""
        name, team = more.get("name", "jobs"), more.get("team", "main")
        found = [
            p for p in self.pipelines if (p.team, p.name, p.instance_vars) == (team, name, more.get("instance_vars"))
        ]
        if not found:
            found = [Pipeline(**{"team": team, "name": name, "jobs": {}, **more})]
            self.pipelines += found
        found[0].jobs.setdefault(job, []).extend(builds)
        return found[0]


class _Handler(BaseHTTPRequestHandler):
    server: Concourse
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.counts["logins"] += 1
        if self.path != "/sky/issuer/token" or self.headers["Authorization"] != FLY:
            return self.answer({"error": "invalid_client"}, 401)
        wanted = {"grant_type": ["password"], "username": [USERNAME], "password": [PASSWORD]}
        if {key: form.get(key) for key in wanted} != wanted:
            said = f"Invalid username or password: {form.get('password', [''])[0]}"
            return self.answer({"error": "access_denied", "error_description": said}, 401)
        return self.answer({"access_token": self.server.new_token(), "token_type": "bearer", "id_token": "x"})

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.asked.append(self.path)
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.under_way, self.server.most_under_way)
            too_many = self.server.under_way > self.server.at_once
        try:
            if too_many:
                self.answer(None, 503)
            else:
                self._get()
        finally:
            with self.server.lock:
                self.server.under_way -= 1

    def _get(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/api/v1/info":
            return self.answer({"version": "7.14.1", "worker_version": "2.5", "external_url": self.server.url})
        if not url.path.startswith("/api/v1/"):
            return self.answer("<html>login</html>", 200, "text/html")
        if url.path.endswith("/builds") and self.server.faults and self.server.faults.popleft()(self):
            return None
        match [unquote(part) for part in url.path.removeprefix("/api/v1/").split("/")]:
            case ["user"]:
                return (
                    self.answer({"user_name": USERNAME, "is_admin": False})
                    if self.is_known()
                    else self.answer(None, 401)
                )
            case ["teams"]:
                return self.answer([{"id": n, "name": name} for n, name in enumerate(self.server.teams)])
            case ["builds", number, "resources"]:
                return self._resources(int(number))
            case ["teams", team, "pipelines"]:
                return self._pipelines(team)
            case ["teams", team, "pipelines", name, *rest]:
                found = self._pipeline(team, name, query)
                if found is None:
                    return self.answer(None, 404)
                if not self.may_read(found):
                    return self.answer(
                        "forbidden" if self.is_known() else "not authorized", 403 if self.is_known() else 401
                    )
                return self._below(found, rest, query)
        return self.answer(None, 404)

    def _below(self, pipeline: Pipeline, rest: list[str], query: Mapping[str, str]) -> None:
        match rest:
            case ["jobs"]:
                inputs = [{"name": name, "resource": name} for name in pipeline.inputs]
                return self.answer([{"id": n, "name": job, "inputs": inputs} for n, job in enumerate(pipeline.jobs)])
            case ["jobs", job, "builds"] if job in pipeline.jobs:
                return self._builds(pipeline, job, query)
        return self.answer(None, 404)

    def _pipelines(self, team: str) -> None:
        if team not in self.server.teams:
            return self.answer(None, 404)
        seen = [p for p in self.server.pipelines if p.team == team and self.may_read(p)]
        told = [
            {"name": p.name, "team_name": team} | ({"instance_vars": p.instance_vars} if p.instance_vars else {})
            for p in seen
        ]
        return self.answer(told)

    def _pipeline(self, team: str, name: str, query: Mapping[str, str]) -> Pipeline | None:
        wanted: dict[str, Any] = {}
        for key, value in query.items():
            if key.startswith("vars."):
                *above, last = key.split(".")[1:]
                at = wanted
                for each in above:
                    at = at.setdefault(each, {})
                at[last] = json.loads(value)
        every = (
            p for p in self.server.pipelines if (p.team, p.name, dict(p.instance_vars or {})) == (team, name, wanted)
        )
        return next(every, None)

    def _resources(self, number: int) -> None:
        if number in self.server.closed:
            return self.answer(None, self.server.closed[number])
        for pipeline in self.server.pipelines:
            for build in (build for builds in pipeline.jobs.values() for build in builds if build.id == number):
                if not self.may_read(pipeline):
                    return self.answer("forbidden", 403)
                inputs = [
                    {"name": name, "version": version, "pipeline_id": 1} for name, version in build.inputs.items()
                ]
                return self.answer({"inputs": inputs, "outputs": []})
        return self.answer(None, 404)

    def _builds(self, pipeline: Pipeline, job: str, query: Mapping[str, str]) -> None:
        builds, limit = pipeline.jobs[job], int(query.get("limit", 100)) or 100
        first, last = (int(query[key]) if key in query else None for key in ("from", "to"))
        link = None
        if query.get("timestamps"):
            begun = [b for b in builds if b.start is not None or (first is None and last is None)]
            kept = [b for b in begun if (first is None or b.start >= first) and (last is None or b.start <= last)]
            page = sorted(kept, key=lambda b: b.place, reverse=True)[:limit]
        else:
            kept = [b for b in builds if (first is None or b.id >= first) and (last is None or b.id <= last)]
            page = sorted(kept, key=lambda b: b.place, reverse=first is None)[:limit]
            older = [b for b in builds if page and b.id < page[-1].id]
            if older:
                to = max(older, key=lambda b: b.place).id
                link = f'<{self.server.url}{urlsplit(self.path).path}?to={to}&limit={limit}>; rel="next"'
        return self.answer([_told(pipeline, job, build) for build in page], link=link)

    def is_known(self) -> bool:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self.server.tokens

    def may_read(self, pipeline: Pipeline) -> bool:
        return pipeline.public or (self.is_known() and pipeline.team in self.server.member_of)

    def answer(self, body: Any, status: int = 200, kind: str = "application/json", link: str | None = None) -> None:
        content = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(content)


def _told(pipeline: Pipeline, job: str, build: Build) -> dict[str, Any]:
    """As Concourse presents a build: what is zero or empty is left out."""
    told = {
        "id": build.id, "name": build.name, "status": build.status, "team_name": pipeline.team,
        "api_url": f"/api/v1/builds/{build.id}", "job_name": "" if build.resource_name else job,
        "resource_name": build.resource_name, "pipeline_id": 1, "pipeline_name": pipeline.name,
        "pipeline_instance_vars": pipeline.instance_vars, "start_time": int(build.start or 0),
        "end_time": int(build.end or 0), "rerun_number": build.rerun_number, "created_by": "somebody",
        "rerun_of": {"id": build.rerun_of, "name": build.name.partition(".")[0]} if build.rerun_of else None,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def redirect(handler: _Handler) -> bool:
    """A fault: somebody wants us elsewhere."""
    handler.send_response(302)
    handler.send_header("Location", "https://elsewhere.example.com/login")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return True


def expired(handler: _Handler) -> bool:
    """A fault: every token ends before this request."""
    handler.server.expire()
    return False


def running() -> AbstractContextManager[Concourse]:
    return within(Concourse())


@cache
def shared() -> Concourse:
    return for_good(Concourse())


def example(start: datetime, **jobs: str) -> Mapping[str, object]:
    """What stands under the source in tomoni.yaml, with one component that has these jobs of one pipeline."""
    server = shared()
    if not server.pipelines:
        at = start.timestamp()
        server.add("image", *[Build(100 + n, str(n), at + 3600 * n, at + 3600 * n + 900) for n in range(1, 25)])
        server.add("deploy", *[Build(200 + n, str(n), at + 86400 * n, at + 86400 * n + 300) for n in range(1, 6)])
        server.add("never", Build(300, "1", None, status="pending"))
    target = {"component": "web", "pipeline": "jobs", "jobs": jobs}
    return {"base_url": server.url, "username": USERNAME, "password": PASSWORD, "targets": [target]}
