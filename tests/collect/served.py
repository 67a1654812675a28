"""What the servers of the tests share: how they are started and stopped, and what goes wrong with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any, TypeVar

__all__ = ["body", "cut", "for_good", "silent", "status", "within"]

Server = TypeVar("Server", bound=ThreadingHTTPServer)
Fault = Callable[[Any], bool]
"""Told of the handler of a request; True where it has answered."""


@contextmanager
def within(server: Server) -> Iterator[Server]:
    """One that lives as long as a test does."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def for_good(server: Server) -> Server:
    """One that lives as long as the tests do."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def status(code: int, text: str = "busy", **headers: str) -> Fault:
    """A fault: this status, with these words and headers."""

    def fault(handler: Any) -> bool:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())
        return True

    return fault


def body(text: Any) -> Fault:
    """A fault: status 200, and this instead of what was asked for."""

    def fault(handler: Any) -> bool:
        handler.answer(text)
        return True

    return fault


def cut(handler: Any) -> bool:
    """A fault: the connection ends in the middle of the reply."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"kind": "JobList", "items": [{"meta')
    handler.close_connection = True
    return True


def silent(handler: Any) -> bool:
    """A fault: no answer for longer than anybody waits."""
    time.sleep(0.3)
    handler.close_connection = True
    return True
