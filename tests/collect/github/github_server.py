"""A GitHub Enterprise of ours: one repository below /api/v3, with pages, conditional requests, and its bad days.

Payloads have the shapes of @octokit/webhooks-examples and of GitHub's REST documentation, cut to a line of what nobody
reads. Lists are in the order that GitHub gives them: deployments by id, pull requests and issues by their last change.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

TOKEN = "github_pat_planted0123456789"
NAME = "acme/jobs"
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    path: str
    """Behind /api/v3, without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True)
class Answer:
    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Instead of JSON."""
    promises: int = 0
    """How much more it says that it will send than it does."""


Fault = Callable[[Asked], Answer | None]


def refused(status: int, message: str, **headers: str) -> Answer:
    return Answer(
        status, {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)},
        {name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip


def sha(text: object) -> str:
    return hashlib.sha1(str(text).encode()).hexdigest()


def iso(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def day(number: float, hours: float = 0, minutes: float = 0) -> datetime:
    """June, counted from 1."""
    return JUNE + timedelta(days=number - 1, hours=hours, minutes=minutes)


@dataclass
class Hub:
    """What is in the repository, what it was asked, and what is to go wrong."""

    url: str = ""
    name: str = NAME
    default_branch: str = "main"
    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    commits: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    environments: list[str] = field(default_factory=lambda: ["production"])
    branches: list[str] = field(default_factory=lambda: ["main"])
    limited: bool = True
    per_page: int = 100
    """The most that a page holds, whatever is asked for."""
    fault: Fault = lambda _: None
    asked: list[Asked] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    def deploy(self, at: datetime, *states: tuple[str, float], **more: Any) -> int:
        """A deployment with statuses, each so many minutes after it; a status moves the deployment's updated_at."""
        number = 145_988_000 + len(self.deployments)
        commit = more.pop("sha", sha(number))
        self.deployments.append(
            {
                "url": f"{self.url}/repos/{self.name}/deployments/{number}", "id": number, "node_id": "MDEwOkRlcGxv",
                "sha": commit, "ref": "main", "task": "deploy", "payload": {}, "original_environment": "production",
                "environment": "production", "description": None, "creator": {"login": "octocat", "id": 1},
                "created_at": iso(at), "updated_at": iso(at), "transient_environment": False,
                "production_environment": True, "performed_via_github_app": None, **more,
            }
        )  # fmt: skip
        self.statuses[number] = []
        for state, minutes in states:
            self.status(number, state, at + timedelta(minutes=minutes))
        return number

    def status(self, number: int, state: str, at: datetime, *, touch: bool = True, log: str = "") -> None:
        """Newest first, as GitHub lists them."""
        listed = self.statuses[number]
        listed.insert(0, {
            "url": f"{self.url}/repos/{self.name}/deployments/{number}/statuses", "id": number * 100 + len(listed),
            "state": state, "creator": {"login": "octocat"}, "description": "", "environment": "production",
            "target_url": log, "log_url": log, "environment_url": "", "created_at": iso(at), "updated_at": iso(at),
        })  # fmt: skip
        if touch:
            next(each for each in self.deployments if each["id"] == number)["updated_at"] = iso(at)

    def merge(self, number: int, at: datetime | None, **more: Any) -> str:
        """A pull request that was merged then, or only closed; its work began a day before unless `commits` tell."""
        merged = more.pop("merge_commit_sha", sha(f"merge {number}"))
        closed = at or day(1)
        head, base = more.pop("branch", f"feature-{number}"), more.pop("base", self.default_branch)
        authored = more.pop("commits", [closed - timedelta(days=1)])
        self.commits[number] = [commit(f"{number}-{place}", each) for place, each in enumerate(authored)]
        self.reviews[number] = more.pop("reviews", [])
        self.files[number] = [{"sha": sha(name), "filename": name, "status": "modified"}
                              for name in more.pop("files", ["README.md"])]  # fmt: skip
        self.pulls.append(
            {
                "url": f"{self.url}/repos/{self.name}/pulls/{number}", "id": 1_000 + number, "number": number,
                "html_url": f"https://github.example.com/{self.name}/pull/{number}", "state": "closed",
                "title": f"Change {number}", "user": {"login": "octocat"}, "body": None, "labels": [],
                "created_at": iso(closed - timedelta(hours=12)), "updated_at": iso(closed), "closed_at": iso(closed),
                "merged_at": iso(at), "merge_commit_sha": merged, "draft": False,
                "head": {"label": f"acme:{head}", "ref": head, "sha": sha(f"head {number}")},
                "base": {"label": f"acme:{base}", "ref": base, "sha": sha("base"), "repo": self.repository()},
                **more,
            }
        )  # fmt: skip
        return merged

    def issue(self, number: int, at: datetime, closed: datetime | None = None, **more: Any) -> None:
        labels = [{"id": 1, "name": name, "color": "d73a4a"} for name in more.pop("labels", ["incident"])]
        self.issues.append(
            {
                "url": f"{self.url}/repos/{self.name}/issues/{number}", "id": 2_000 + number, "number": number,
                "html_url": f"https://github.example.com/{self.name}/issues/{number}", "title": f"Outage {number}",
                "state": "closed" if closed else "open", "user": {"login": "octocat"}, "labels": labels,
                "state_reason": "completed" if closed else None, "body": None, "created_at": iso(at),
                "updated_at": iso(closed or at), "closed_at": iso(closed), **more,
            }
        )  # fmt: skip

    def release(self, tag: str, at: datetime | None, **more: Any) -> None:
        number = 3_000 + len(self.releases)
        self.tags.setdefault(tag, sha(tag))
        self.releases.append(
            {
                "url": f"{self.url}/repos/{self.name}/releases/{number}", "id": number, "tag_name": tag, "name": tag,
                "html_url": f"https://github.example.com/{self.name}/releases/tag/{tag}", "draft": at is None,
                "target_commitish": "main", "prerelease": False, "created_at": iso((at or day(1)) - timedelta(hours=1)),
                "published_at": iso(at), "body": "", "assets": [], **more,
            }
        )  # fmt: skip

    def repository(self) -> dict[str, Any]:
        return {"id": 1, "name": self.name.partition("/")[2], "full_name": self.name, "private": True,
                "default_branch": self.default_branch}  # fmt: skip

    def paths(self, start: int = 0) -> list[str]:
        """What was asked since, without what is the same in all."""
        return [str(each).removeprefix(f"/repos/{self.name}") for each in self.asked[start:]]


def commit(name: str, authored: datetime | None, parents: int = 1) -> dict[str, Any]:
    author = {"name": "Mona", "email": "mona@github.com", "date": iso(authored)} if authored else None
    return {
        "sha": sha(name), "commit": {"author": author, "committer": author, "message": name},
        "parents": [{"sha": sha(f"{name}-{each}")} for each in range(parents)],
    }  # fmt: skip


def review(state: str, at: datetime) -> dict[str, Any]:
    return {"id": 80, "user": {"login": "hubot"}, "body": "", "state": state, "submitted_at": iso(at)}


def answer(hub: Hub, asked: Asked) -> Answer:
    """As GitHub answers when all is well."""
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        return refused(401, "Bad credentials")
    if asked.path == "/rate_limit":
        core = {"limit": 5_000, "remaining": 4_998, "reset": 1_790_000_000, "used": 2}
        rate = Answer(content={"resources": {"core": core}, "rate": core})
        return rate if hub.limited else refused(404, "Rate limiting is not enabled.")
    prefix = f"/repos/{hub.name}"
    if not (asked.path + "/").lower().startswith(f"{prefix}/"):
        return refused(404, "Not Found")
    match asked.path[len(prefix) :].strip("/").split("/"):
        case [""]:
            return Answer(content=hub.repository())
        case ["environments"]:
            return Answer(
                content={"total_count": 1, "environments": [{"id": 1, "name": n} for n in hub.environments]}
            )
        case ["branches", name] if unquote(name) in hub.branches:
            return Answer(content={"name": name})
        case ["commits", tag] if unquote(tag) in hub.tags:
            return Answer(content=commit(tag, day(1)) | {"sha": hub.tags[unquote(tag)]})
        case ["commits", _]:
            return refused(422, "No commit found for SHA")
    found = listed(hub, asked)
    return refused(404, "Not Found") if found is None else page(hub, asked, found)


def listed(hub: Hub, asked: Asked) -> list[dict[str, Any]] | None:
    query = asked.query
    match asked.path[len(f"/repos/{hub.name}") :].strip("/").split("/"):
        case ["deployments"]:
            wanted = [e for e in hub.deployments if query.get("environment") in (None, e["environment"])]
            return sorted(wanted, key=lambda each: -each["id"])
        case ["deployments", number, "statuses"]:
            return hub.statuses[int(number)]
        case ["pulls"]:
            wanted = [e for e in hub.pulls if query.get("base") in (None, e["base"]["ref"])]
            return sorted(wanted, key=lambda each: each["updated_at"], reverse=True)
        case ["pulls", number, part]:
            return {"commits": hub.commits, "reviews": hub.reviews, "files": hub.files}[part][int(number)]
        case ["issues"]:
            labels = set(filter(None, query.get("labels", "").split(",")))
            wanted = [e for e in hub.issues if labels <= {label["name"] for label in e["labels"]}]
            return sorted(wanted, key=lambda each: each["updated_at"], reverse=True)
        case ["releases"]:
            return sorted(hub.releases, key=lambda each: each["created_at"], reverse=True)
    return None


def page(hub: Hub, asked: Asked, found: list[dict[str, Any]]) -> Answer:
    size, number = min(int(asked.query.get("per_page", 30)), hub.per_page), int(asked.query.get("page", 1))
    content = found[(number - 1) * size : number * size]
    etag = f'W/"{sha(json.dumps(content))}"'
    headers = {"ETag": etag, "X-RateLimit-Remaining": "4998"}
    if number * size < len(found):
        link = f"{hub.url}{asked.path}?{urlencode({**asked.query, 'page': number + 1})}"
        headers["Link"] = f'<{link}>; rel="next", <{hub.url}{asked.path}?page=9>; rel="last"'
    if asked.headers.get("if-none-match") == etag:
        return Answer(304, headers={"ETag": etag})
    return Answer(200, content, headers)


def serve(hub: Hub) -> ThreadingHTTPServer:
    """Starts it on a free port; whoever asked for it closes it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet a reply: a second one would wait for the first one's acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            assert parts.path.startswith("/api/v3/"), self.path
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(parts.path.removeprefix("/api/v3"), dict(parse_qsl(parts.query)), headers)
            hub.asked.append(asked)
            self.say(hub.fault(asked) or answer(hub, asked))

        def say(self, said: Answer) -> None:
            hub.answered.append(said.status)
            body = said.raw if said.raw is not None else json.dumps(said.content).encode()
            body = b"" if said.status == 304 else body
            self.send_response_only(said.status)
            for name, value in {"Date": self.date_time_string(), **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + said.promises))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = bool(said.promises)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}/api/v3"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@contextmanager
def serving(hub: Hub | None = None) -> Iterator[Hub]:
    hub = hub or Hub()
    with serve(hub) as server:
        yield hub
        server.shutdown()
