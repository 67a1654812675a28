"""A server of Prometheus's HTTP API, whoever made it: what to send, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from metrics.collect._prometheus.reply import Refusal, Reply, lines
from metrics.collect.redaction import redacted
from metrics.errors import ReplyTooLargeError, SourceError

__all__ = ["Server"]

# The server gives up a little before the client does, so that it says why.
GIVE_UP = "25s"
# A query that took too long even in six tries would keep all others waiting.
TRIES_IF_SLOW = 2
# As JSON is read it takes ten times its size in memory; a reply that was asked for in pieces has half of this.
MOST_TO_READ = 24 * 2**20
# Of what a server says, as much as fits into a line.
LONGEST_WORDS = 160
# Prometheus, Thanos, Mimir and VictoriaMetrics each have their own words for a range that is too long.
_TOO_MUCH: Final = re.compile(
    r"maximum resolution|too many (samples|points|chunks|series)|cannot select more than|cannot exceed -search"
    r"|limit(s)? (was |were )?exceeded|exceed(s|ed)? (the )?(\w+ ){0,3}(limit|maximum)|err-mimir-max-",
    re.IGNORECASE,
)
_TOO_LONG: Final = re.compile(r"tim(ed|e) ?out|deadline exceeded|-search\.maxQueryDuration", re.IGNORECASE)
_MAY_PASS: Final = frozenset({"timeout", "canceled", "unavailable", "internal"})


class Server:
    """Asks one server, as one user. A fault of the server is a SourceError, one of the question a Refusal."""

    def __init__(
        self, http: httpx.Client, base_url: str, headers: Mapping[str, str], secrets: tuple[str, ...]
    ) -> None:
        self._http, self._base_url, self._headers, self._secrets = http, base_url, headers, secrets
        self._slow: set[str] = set()

    def range(self, promql: str, first: int, last: int, step: int) -> Reply | Refusal:
        """The query evaluated each `step` seconds from `first` to `last`, both included."""
        form = {"query": promql, "start": str(first), "end": str(last), "step": str(step), "timeout": GIVE_UP}
        try:
            reply = self._asked("query_range", form, TRIES_IF_SLOW if promql in self._slow else None)
        except ReplyTooLargeError as error:
            return Refusal("failed", f"{error}: aggregate the query", retryable=False, too_much=True)
        if isinstance(reply, Refusal) and reply.too_slow:
            self._slow.add(promql)
        return reply

    def at_present(self, promql: str) -> Reply | Refusal:
        """The query evaluated at the server's own present."""
        return self._asked("query", {"query": promql, "timeout": GIVE_UP})

    def about(self, what: str) -> Mapping[str, Any]:
        """What the server says of itself; nothing where it has no such page."""
        reply = self._http.get(f"{self._base_url}/api/v1/status/{what}", headers=self._headers)
        body = _json(reply) if reply.is_success else None
        data = body.get("data") if body else None
        return data if isinstance(data, dict) else {}

    def _asked(self, path: str, form: Mapping[str, str], tries: int | None = None) -> Reply | Refusal:
        url, extensions = f"{self._base_url}/api/v1/{path}", {} if tries is None else {"tries": tries}
        reply = self._http.post(url, data=form, headers=self._headers, extensions=extensions)
        if len(reply.content) > MOST_TO_READ:
            words = f"one reply has {len(reply.content) / 2**20:,.0f} MiB even for a short range: aggregate the query"
            return Refusal("failed", words, retryable=False, too_much=True)
        body = _json(reply)
        if reply.is_success and body is not None and body.get("status") == "success":
            return self._read(reply, body)
        is_ours = body is not None and body.get("status") == "error"
        self._refuse_at_large(reply, is_ours=is_ours)
        return self._refusal(reply, body or {})

    def _read(self, reply: httpx.Response, body: Mapping[str, Any]) -> Reply | Refusal:
        try:
            found = list(lines(body["data"]))
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            raise SourceError(self._not_ours(reply)) from None
        if any(not len(line.at) for line in found):
            return Refusal(
                "failed",
                "the query returns native histograms: take a number of them, as histogram_quantile() does",
                retryable=False,
            )
        warnings = [self._words(str(each)) for each in body.get("warnings") or ()]
        # VictoriaMetrics has no words for it.
        if body.get("isPartial"):
            warnings.append("a part of its storage did not answer")
        # A remark on the query itself stays as long as the query does.
        may_come = any(not each.startswith("PromQL") for each in warnings)
        missing = f"the server warns: {warnings[0]}" if warnings else ""
        return Reply(found, missing, may_come, _clock(reply))

    def _refuse_at_large(self, reply: httpx.Response, *, is_ours: bool) -> None:
        """Raises SourceError for what is wrong with more than this one question."""
        host, status = reply.url.host, reply.status_code
        if status == httpx.codes.UNAUTHORIZED:
            raise SourceError(
                f"{host} refused the login (401): set `token`, or `username` and `password`, and for Mimir "
                f"`tenant`{self._quoted(reply)}",
                retryable=False,
            )
        if reply.has_redirect_location:
            raise SourceError(
                f"{host} answered {status}, a redirect, which is not followed: `base_url` is the address itself, "
                "past any login page",
                retryable=False,
            )
        if status in (404, 405) and not is_ours:
            raise SourceError(
                f"{host} has no Prometheus API below {reply.url.path.partition('/api/v1')[0] or '/'} ({status}): "
                "`base_url` is what stands before /api/v1, such as https://mimir.example.com/prometheus",
                retryable=False,
            )
        if status == httpx.codes.TOO_MANY_REQUESTS or (status >= 500 and not is_ours):
            raise SourceError(f"{host} answered {status} to every try{self._quoted(reply)}")
        if reply.is_success and not is_ours:
            raise SourceError(self._not_ours(reply))

    def _refusal(self, reply: httpx.Response, body: Mapping[str, Any]) -> Refusal:
        status, kind = reply.status_code, str(body.get("errorType") or reply.status_code)
        said = str(body.get("error") or reply.text or reply.reason_phrase)
        words = self._words(said)
        if status == httpx.codes.FORBIDDEN:
            return Refusal(
                "forbidden", f"not allowed to ask this (403): let the user or token read it: {words}", retryable=False
            )
        if _TOO_MUCH.search(said) or status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            detail = f"the query reads too much even for a short range: aggregate it by a recording rule: {words}"
            return Refusal("failed", detail, retryable=False, too_much=True)
        # A complaint about the query's text may quote any word of it.
        if kind == "timeout" or (kind != "bad_data" and _TOO_LONG.search(said)):
            detail = f"the query takes too long even for a short range: use a recording rule: {words}"
            return Refusal("failed", detail, retryable=True, too_much=True, too_slow=True)
        if kind in _MAY_PASS or status >= 500:
            return Refusal("failed", f"the server failed ({kind}): {words}", retryable=True)
        return Refusal("failed", f"the query was refused ({kind}): {words}", retryable=False)

    def _not_ours(self, reply: httpx.Response) -> str:
        return (
            f"{reply.url.host} answered something that is not Prometheus's JSON{self._quoted(reply)}; is `base_url` "
            "the server itself, and no login page?"
        )

    def _quoted(self, reply: httpx.Response) -> str:
        words = self._words(reply.text[:1_000])
        return f": {words!r}" if words else ""

    def _words(self, said: str) -> str:
        """What the server said, as one short line that repeats no secret."""
        words = redacted(" ".join(said.split()), self._secrets)
        return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"


def _json(reply: httpx.Response) -> Mapping[str, Any] | None:
    """None for anything that is no JSON object."""
    try:
        body = reply.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _clock(reply: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except ValueError:
        return None
