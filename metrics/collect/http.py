"""The one client that sources speak HTTP with: it never waits for ever and never follows anywhere unasked."""

from __future__ import annotations

import httpx

__all__ = ["client"]

# A source that does not answer within these is failed and asked again next time.
CONNECT_S = 10.0
READ_S = 30.0


def client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client for one run of one source; close it with the run. Tests replace the transport, nothing else."""
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=4)
    return httpx.Client(timeout=httpx.Timeout(READ_S, connect=CONNECT_S), limits=limits, transport=transport)
