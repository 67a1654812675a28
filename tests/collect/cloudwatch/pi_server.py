"""Performance Insights over real HTTP, which moto does not play: it answers what a test puts down, page by page."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TARGET = "PerformanceInsightsv20180227.GetResourceMetrics"


@contextmanager
def performance_insights(pages: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(its address, what it was asked). The pages are answered in order, the last one again and again."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_known = self.headers["X-Amz-Target"] == TARGET
            page = pages[min(len(asked), len(pages) - 1)] if is_known else {"__type": "UnknownOperationException"}
            asked.append(question)
            body = json.dumps(page).encode()
            self.send_response(200 if is_known else 400)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
