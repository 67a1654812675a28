"""The polite client against servers that are not: real sockets, the waits recorded instead of slept."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from metrics.collect import http
from metrics.collect.http import TRIES, Budget, backoff, client, trusting
from metrics.errors import BudgetSpentError, SourceError

Answer = Callable[[BaseHTTPRequestHandler], None]


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(body)

    return answer


def cut(to: BaseHTTPRequestHandler) -> None:
    """Promises more than it sends."""
    to.send_response(200)
    to.send_header("content-length", "100")
    to.end_headers()
    to.wfile.write(b'{"half":')


@contextmanager
def serving(*answers: Answer) -> Iterator[str]:
    """Gives the answers one after the other, the last one for ever."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (left.pop(0) if len(left) > 1 else left[0])(self)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Waits(list[float]):
    """Remembers the waits that its budget would have slept, but for the pace."""

    def budget(self, requests: int = 100) -> Budget:
        return Budget(requests, per_second=1e9, sleep=self.append)


@pytest.mark.parametrize(
    "fault",
    [reply(429), reply(500), reply(502), reply(503), reply(504), cut],
    ids=["429", "500", "502", "503", "504", "cut"],
)
def test_what_may_go_away_is_tried_again(fault: Answer) -> None:
    waits = Waits()
    with serving(fault, fault, reply()) as url, client(budget=waits.budget()) as it:
        assert it.get(url).json() == {}
    assert len(waits) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_go_away_is_not_tried_again(status: int) -> None:
    budget = Waits().budget()
    with serving(reply(status)) as url, client(budget=budget) as it:
        assert it.get(url).status_code == status
    assert budget.spent == 1


def test_the_last_refusal_is_given_to_the_source() -> None:
    budget = Waits().budget()
    with serving(reply(503, b"full")) as url, client(budget=budget) as it:
        assert it.get(url).text == "full"
    assert budget.spent == TRIES


def test_nobody_there_is_said_after_all_tries() -> None:
    budget = Waits().budget()
    with client(budget=budget) as it, pytest.raises(httpx.ConnectError):
        it.get("http://127.0.0.1:9/")
    assert budget.spent == TRIES


@pytest.mark.usefixtures("_real_waits")
def test_a_server_that_says_how_long_to_wait_is_heard() -> None:
    waits = Waits()
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    reset = str((datetime.now(UTC) + timedelta(seconds=30)).timestamp())
    faults = (
        reply(429, retry_after="7"), reply(429, x_ratelimit_reset="3"), reply(503, retry_after=soon),
        reply(429, x_ratelimit_reset=reset), reply(429, retry_after="86400"),
    )  # fmt: skip
    with serving(*faults, reply()) as url, client(budget=waits.budget()) as it:
        it.get(url)
    assert waits == [7, 3, pytest.approx(20, abs=1.5), pytest.approx(30, abs=1), 60]


@pytest.fixture
def _real_waits(monkeypatch: pytest.MonkeyPatch, _brief_waits: None) -> None:
    monkeypatch.undo()


@pytest.mark.usefixtures("_real_waits")
def test_backoff_has_full_jitter_from_one_second_to_sixty() -> None:
    for attempt, most in enumerate((1, 2, 4, 8, 16, 32, 60, 60), 1):
        drawn = [backoff(attempt) for _ in range(400)]
        assert 0 <= min(drawn) < most / 10
        assert most * 0.9 < max(drawn) <= most


def test_a_reply_that_is_too_large_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_REPLY", 2**20)
    packed = gzip.compress(b" " * 2**22)
    for answer in (reply(body=b" " * 2**21), reply(body=packed, content_encoding="gzip")):
        with serving(answer) as url, client() as it, pytest.raises(SourceError, match="sent more than 1 MiB"):
            it.get(url)


def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WHOLE_REPLY_S", 0.2)
    is_over = threading.Event()

    def drip(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("content-length", "1000")
        to.end_headers()
        while not is_over.wait(0.05):
            to.wfile.write(b" ")

    with serving(drip) as url, client() as it, pytest.raises(SourceError, match="took more than"):
        it.get(url)
    is_over.set()


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_S", 0.1)
    is_over = threading.Event()
    budget = Waits().budget()
    with serving(lambda _: is_over.wait(5) and None) as url, client(budget=budget) as it:
        with pytest.raises(httpx.ReadTimeout):
            it.get(url)
        is_over.set()
    assert budget.spent == TRIES


def test_a_packed_reply_is_unpacked_once() -> None:
    with serving(reply(body=gzip.compress(b'{"a": 1}'), content_encoding="gzip")) as url, client() as it:
        assert it.get(url).json() == {"a": 1}


def test_a_client_that_believes_others_shares_budget_tries_and_room() -> None:
    waits, context = Waits(), ssl.create_default_context()
    budget = waits.budget(3)
    with serving(reply(503), reply()) as url, client(budget=budget, tries=2) as it, trusting(it, context) as other:
        assert other.get(url).status_code == 200
        assert len(waits) == 1
        assert it.get(url).status_code == 200
        with pytest.raises(BudgetSpentError, match="its budget of 3 requests a run is spent"):
            other.get(url)
        assert other.timeout == it.timeout
    assert budget.spent == 3


def test_one_beside_a_plain_client_has_manners_of_its_own() -> None:
    with serving(reply()) as url, httpx.Client() as plain, trusting(plain, ssl.create_default_context()) as other:
        assert other.get(url).status_code == 200


def test_a_budget_is_kept_by_all_requests_of_a_run() -> None:
    with serving(reply()) as url, client(budget=Waits().budget(2)) as it:
        it.get(url)
        it.get(url)
        with pytest.raises(BudgetSpentError, match="budget of 2 requests a run is spent"):
            it.get(url)


def test_a_run_ends_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LONGEST_RUN_S", -1)
    with pytest.raises(BudgetSpentError, match="an hour"):
        Budget().take()


def test_requests_keep_a_pace() -> None:
    waits: list[float] = []
    budget = Budget(100, per_second=10, sleep=waits.append)
    for _ in range(4):
        budget.take()
    assert waits == [pytest.approx(0.1, abs=0.05), pytest.approx(0.2, abs=0.05), pytest.approx(0.3, abs=0.05)]


def test_no_redirect_is_followed() -> None:
    with serving(reply(302, location="http://127.0.0.1:9/")) as url, client() as it:
        assert it.get(url).status_code == 302


def test_a_proxy_of_the_environment_is_used_but_where_it_is_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def proxy(to: BaseHTTPRequestHandler) -> None:
        seen.append(to.path)
        reply(body=b"by proxy")(to)

    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(proxy) as by, serving(reply(body=b"straight")) as url:
        monkeypatch.setenv("http_proxy", by)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with client() as it:
            assert it.get("http://metrics.example.com/a").text == "by proxy"
            assert it.get(url).text == "straight"
    assert seen == ["http://metrics.example.com/a"]
