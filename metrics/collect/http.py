"""The one client that sources speak HTTP with: patient, bounded, and never waiting for ever.

Every request goes through here, also those of boto3 and datadog-api-client, so that one place keeps the manners:
full-jitter backoff, what a server asks for in Retry-After or X-RateLimit-Reset, a pace, a budget, a time and a size.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from metrics.errors import BudgetSpentError, ReplyTooLargeError, SourceError

__all__ = ["TRIES", "Budget", "Polite", "backoff", "client", "trusting", "wait_asked_for"]

# A source that does not answer within these is failed and asked again next time.
CONNECT_S = 10.0
READ_S = 30.0
# A server that sends a little now and then never runs into READ_S; this ends it.
WHOLE_REPLY_S = 120.0
LARGEST_REPLY = 64 * 2**20
# AWS Architecture Blog, "Exponential Backoff And Jitter": full jitter. From 1 s to 60 s, six tries in all.
FIRST_S, LONGEST_S, TRIES = 1.0, 60.0, 6
# What may go away by itself; 400, 401, 403 and 404 will not.
RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
# However many tries are left, a request that has taken this long is given up: others are waiting.
GIVE_UP_S = 240.0
AT_ONCE = 4
PER_SECOND = 10.0
REQUESTS_A_RUN = 5_000
LONGEST_RUN_S = 3_600.0

Sleep = Callable[[float], None]


def backoff(attempt: int) -> float:
    """Seconds to wait after the given failed attempt (1, 2 …): anything from 0 to a limit that doubles."""
    return random.uniform(0, min(LONGEST_S, FIRST_S * 2 ** (attempt - 1)))  # noqa: S311 - jitter, no secret


def wait_asked_for(headers: httpx.Headers) -> float | None:
    """Seconds that the server asks to wait, at most LONGEST_S; None where it does not say.

    Retry-After is seconds or an HTTP date. X-RateLimit-Reset is seconds at Datadog and a Unix time at GitHub.
    """
    for name in ("retry-after", "x-ratelimit-reset"):
        if (text := headers.get(name)) and (asked := _seconds(text.strip())) is not None:
            return min(max(asked, 0.0), LONGEST_S)
    return None


def _seconds(text: str) -> float | None:
    now = time.time()
    try:
        number = float(text)
    except ValueError:
        try:
            return parsedate_to_datetime(text).timestamp() - now
        except ValueError:
            return None
    return number - now if number > now / 2 else number


@dataclass(slots=True)
class Budget:
    """How many requests one run may make, how fast and for how long."""

    requests: int = REQUESTS_A_RUN
    per_second: float = PER_SECOND
    sleep: Sleep = time.sleep
    spent: int = 0
    _began: float = field(default_factory=time.monotonic)
    _free_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> None:
        """Counts one request and waits for its turn. Raises BudgetSpentError where none is left."""
        with self._lock:
            if time.monotonic() - self._began > LONGEST_RUN_S:
                raise BudgetSpentError("a run may take an hour, and it is over; the next run goes on from here")
            if self.spent >= self.requests:
                many = "s" if self.requests > 1 else ""
                raise BudgetSpentError(
                    f"its budget of {self.requests:,} request{many} a run is spent; the next run goes on from here"
                )
            self.spent += 1
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + 1 / self.per_second
        if turn > now:
            self.sleep(turn - now)


class Polite(httpx.BaseTransport):
    """Sends a request until it is answered or the tries are spent; returns whole, bounded replies.

    A reply that is still refused at the end is returned as it is, so that the source can say what it means.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        budget: Budget,
        tries: int = TRIES,
        room: threading.Semaphore | None = None,
    ) -> None:
        self._inner, self._budget, self._tries = inner, budget, tries
        self._room = room or threading.Semaphore(AT_ONCE)

    def by_way_of(self, inner: httpx.BaseTransport) -> Polite:
        """Another way with the same manners: what it asks counts here too."""
        return Polite(inner, self._budget, self._tries, self._room)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError when the last try is not answered, SourceError when an answer has no end.

        `request.extensions["tries"]` overrides how often it is tried.
        """
        tries = int(request.extensions.get("tries", self._tries))
        began = time.monotonic()
        for attempt in range(1, tries + 1):
            self._budget.take()
            is_last = attempt == tries or time.monotonic() - began > GIVE_UP_S
            try:
                reply = self._sent(request)
            except httpx.TransportError:
                if is_last:
                    raise
                self._budget.sleep(backoff(attempt))
                continue
            if reply.status_code not in RETRIED or is_last:
                return reply
            asked = wait_asked_for(reply.headers)
            self._budget.sleep(backoff(attempt) if asked is None else asked)
        raise AssertionError("a request is tried at least once")

    def close(self) -> None:
        self._inner.close()

    def _sent(self, request: httpx.Request) -> httpx.Response:
        with self._room, closing(self._inner.handle_request(request)) as reply:
            # Decoded here and counted: a small reply may unpack to a large one.
            content, began = bytearray(), time.monotonic()
            for chunk in reply.iter_bytes():
                content += chunk
                if len(content) > LARGEST_REPLY:
                    raise ReplyTooLargeError(
                        f"{request.url.host} sent more than {LARGEST_REPLY // 2**20} MiB in one reply and was cut "
                        "off; ask it for less at once"
                    )
                if time.monotonic() - began > WHOLE_REPLY_S:
                    raise SourceError(
                        f"{request.url.host} took more than {WHOLE_REPLY_S:.0f} s for one reply and was cut off"
                    )
        kept = [(name, value) for name, value in reply.headers.items() if name not in _ABOUT_THE_WIRE]
        return httpx.Response(reply.status_code, headers=kept, content=bytes(content), extensions=reply.extensions)


class _Ways(httpx.BaseTransport):
    """Straight, or by the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, as in other programs."""

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:  # noqa: FBT001, FBT002 - httpx's own argument
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        self._straight = httpx.HTTPTransport(verify=verify, limits=limits)
        self._proxied = {
            scheme: httpx.HTTPTransport(
                verify=verify, limits=limits, proxy=httpx.Proxy(url if "://" in url else f"http://{url}")
            )
            for scheme, url in getproxies().items()
            if scheme in ("http", "https")
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxied = self._proxied.get(request.url.scheme)
        if proxied is None or proxy_bypass(request.url.netloc.decode()):
            return self._straight.handle_request(request)
        return proxied.handle_request(request)

    def close(self) -> None:
        for way in (self._straight, *self._proxied.values()):
            way.close()


_ABOUT_THE_WIRE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def client(
    transport: httpx.BaseTransport | None = None, *, budget: Budget | None = None, tries: int = TRIES
) -> httpx.Client:
    """A client for one run of one source; close it with the run. Tests replace the transport, nothing else."""
    return _Client(Polite(transport or _Ways(), budget or Budget(), tries))


def trusting(http: httpx.Client, context: ssl.SSLContext) -> httpx.Client:
    """A second client for the same run, which believes whom the context believes; close it with the run.

    Whom a connection trusts is settled when a client is made. Budget, pace and room are those of the given client.
    """
    way = _Ways(context)
    return _Client(http.polite.by_way_of(way) if isinstance(http, _Client) else Polite(way, Budget()))


class _Client(httpx.Client):
    """Knows its own manners, so that another one can share them."""

    def __init__(self, polite: Polite) -> None:
        super().__init__(timeout=httpx.Timeout(READ_S, connect=CONNECT_S), transport=polite)
        self.polite = polite
