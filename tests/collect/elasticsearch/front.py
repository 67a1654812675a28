"""A server that stands before the real one: it passes questions on, but for those that it was told to spoil."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

__all__ = ["Asked", "Fault", "Front", "error", "front_of", "shards_failed"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Json

    @property
    def kind(self) -> str:
        """Which of the source's questions it is."""
        first = next(iter(self.body.get("aggs", {})), "")
        return {"addresses": "listing", "many": "listing", "time": "whole", "parts": "parts"}.get(first, self.path)


@dataclass(frozen=True)
class Fault:
    """What is sent instead of the real answer."""

    status: int = 200
    body: bytes | Callable[[Json], Json] = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    cut: bool = False
    """Whether the connection ends in the middle of the body."""


def error(status: int, kind: str, reason: str, **headers: str) -> Fault:
    """A refusal as both servers send it."""
    inner = {"type": kind, "reason": reason}
    body = {"error": {"root_cause": [inner], **inner}, "status": status}
    return Fault(status, json.dumps(body).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


def shards_failed(reply: Json) -> Json:
    """The recorded shape of an answer that lacks shards: it is a 200, and its figures are too low."""
    failure = {
        "shard": 2,
        "index": "access-2026.06.20",
        "node": "n1",
        "reason": {"type": "node_disconnected_exception", "reason": "[n1] disconnected"},
    }
    shards = {"total": 5, "successful": 4, "skipped": 0, "failed": 1, "failures": [failure]}
    return {**reply, "_shards": shards}


@dataclass
class Front:
    """Its address, what it was asked, and what it still has to spoil."""

    url: str
    behind: str
    asked: list[Asked] = field(default_factory=list)
    faults: list[tuple[Fault, str, int]] = field(default_factory=list)

    def spoil(self, fault: Fault, kind: str = "", times: int = 10_000) -> None:
        """The next so many questions of a kind: listing, whole, parts or a path; any kind when there is none."""
        self.faults.append((fault, kind, times))

    def heal(self) -> None:
        self.faults.clear()
        self.asked.clear()

    def count(self, kind: str) -> int:
        return sum(asked.kind == kind for asked in self.asked)

    def fault_for(self, asked: Asked) -> Fault | None:
        for n, (fault, kind, times) in enumerate(self.faults):
            if times and kind in ("", asked.kind):
                self.faults[n] = (fault, kind, times - 1)
                return fault
        return None


@contextmanager
def front_of(behind: str) -> Iterator[Front]:
    """A front of the server at the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            asked = Asked(
                self.command, parts.path, parse_qs(parts.query), dict(self.headers), json.loads(content or b"{}")
            )
            fault = front.fault_for(asked)
            front.asked.append(asked)
            if fault is None:
                self._send(*self._real(content))
                return
            time.sleep(fault.wait_s)
            if callable(fault.body):
                body = json.dumps(fault.body(json.loads(self._real(content)[1]))).encode()
            else:
                body = fault.body
            self._send(fault.status, body, fault.headers, cut=fault.cut)

        def _real(self, content: bytes) -> tuple[int, bytes]:
            headers = {name: self.headers[name] for name in ("Content-Type",) if name in self.headers}
            reply = real.request(self.command, front.behind + self.path, content=content, headers=headers)
            return reply.status_code, reply.content

        def _send(
            self, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, cut: bool = False
        ) -> None:
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body) + (100 if cut else 0)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the client has given up
                cut = True
            self.close_connection = self.close_connection or cut

        def log_message(self, *_: object) -> None:
            pass

    with httpx.Client(timeout=30) as real, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        front = Front(f"http://127.0.0.1:{server.server_port}", behind)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield front
        server.shutdown()
