"""A server that speaks Prometheus's HTTP API as told: for the faults that a real one does not show on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

__all__ = ["Answer", "Asked", "Replay", "Say", "cut", "failure", "matrix", "replaying", "success"]


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def times(self) -> list[int]:
        start, end, step = (int(self.form[name]) for name in ("start", "end", "step"))
        return list(range(start, end + 1, step))


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promises: int = 0
    """How much more it says that it will send than it does."""


Say = Callable[[Asked], Answer]


def matrix(asked: Asked, *series: Mapping[str, str], value: str = "1", times: Sequence[float] = ()) -> Answer:
    """The same value for every series at every time that was asked for."""
    points = [[at, value] for at in times or asked.times]
    return success({"resultType": "matrix", "result": [{"metric": each, "values": points} for each in series]})


def success(data: object, **beside: object) -> Answer:
    body = json.dumps({"status": "success", "data": data, **beside}).encode()
    return Answer(200, body, {"Content-Type": "application/json"})


def failure(status: int, kind: str, words: str) -> Answer:
    body = json.dumps({"status": "error", "errorType": kind, "error": words}).encode()
    return Answer(status, body, {"Content-Type": "application/json"})


def cut(answer: Answer) -> Answer:
    """The first half of it, as when a proxy goes away."""
    half = len(answer.body) // 2
    return Answer(answer.status, answer.body[:half], answer.headers, promises=half + 1)


@dataclass
class Replay:
    """What it is to say, what it was asked, and where it is."""

    say: Say
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def ranges(self) -> list[Asked]:
        return [each for each in self.asked if each.path.endswith("/query_range")]


@contextmanager
def replaying(say: Say) -> Iterator[Replay]:
    replay = Replay(say)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: no waiting for an acknowledgement in between

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked = Asked(self.path, dict(parse_qsl(body)), dict(self.headers))
            replay.asked.append(asked)
            answer = replay.say(asked)
            self.send_response_only(answer.status)
            for name, value in {"Date": self.date_time_string(), **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + answer.promises))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = bool(answer.promises)

        do_GET = do_POST  # noqa: N815 - http.server asks for this name

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        replay.url = f"http://127.0.0.1:{server.server_port}"
        yield replay
        server.shutdown()
