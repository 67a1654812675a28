"""A cluster's API: asks, follows pages to their end, and tells its own faults from refusals of one question."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from metrics.collect.redaction import redacted
from metrics.errors import SourceError

__all__ = ["Api", "Identity", "Listing", "RefusedError"]

# Kubernetes' own advice for lists (`kubectl` asks for as many at once).
PAGE: Final = 500
# A list takes minutes at most, and its pages are kept for five: one that expires again and again is out of luck.
BEGINNINGS: Final = 3
# Of what a server says, as much as fits into a line.
LONGEST_WORDS: Final = 200
# What is wrong with the server as a whole once all tries are spent; a 500 may be about one question.
_AWAY: Final = frozenset({408, 429, 502, 503, 504})

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: the token to show, made or read anew at each call, and what to say where it is refused."""

    bearer: Callable[[], str | None]
    told: str


class RefusedError(SourceError):
    """One question was refused; others may be answered."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text, retryable=status >= httpx.codes.INTERNAL_SERVER_ERROR)
        self.status = status

    @property
    def is_forbidden(self) -> bool:
        return self.status == httpx.codes.FORBIDDEN


@dataclass(slots=True)
class Listing:
    """What there is, and why it may not be all."""

    items: list[Raw] = field(default_factory=list)
    problem: str = ""


class Api:
    """Asks one cluster, as one user or as nobody."""

    def __init__(self, http: httpx.Client, base_url: str, identity: Identity) -> None:
        self._http, self._base_url, self._identity = http, base_url.rstrip("/"), identity
        self._bearer = identity.bearer()

    @property
    def host(self) -> str:
        return httpx.URL(self._base_url).host

    def get(self, path: str, **params: str | int) -> Raw:
        """The JSON object at the path. Raises RefusedError where only this is refused, SourceError for all else."""
        reply = self._sent(path, params)
        if reply.status_code == httpx.codes.UNAUTHORIZED and self._is_renewed():
            reply = self._sent(path, params)
        return self._read(reply)

    def listed(self, path: str) -> Listing:
        """Every item, page by page. A list that expires under way (410) is begun again."""
        found = Listing()
        for _ in range(BEGINNINGS):
            found = Listing()
            try:
                found.items.extend(self._pages(path))
            except _ExpiredError:
                continue
            return found
        found.problem = f"the list {path} expired {BEGINNINGS} times before its last page (410): the cluster is busy"
        return found

    def _pages(self, path: str) -> Iterator[Raw]:
        token, seen = "", set[str]()
        while True:
            page = self._page(path, token)
            items = page.get("items")
            if not isinstance(items, list) and not (items is None and str(page.get("kind", "")).endswith("List")):
                raise SourceError(f"{self.host} answered {path} with no list: is `base_url` the cluster's API?")
            yield from items or ()
            meta = page.get("metadata")
            token = str((meta.get("continue") if isinstance(meta, dict) else None) or "")
            if not token:
                return
            if token in seen:
                raise SourceError(f"{self.host} gives the same page of {path} again and again")
            seen.add(token)

    def _page(self, path: str, token: str) -> Raw:
        try:
            return self.get(path, limit=PAGE, **({"continue": token} if token else {}))
        except RefusedError as refused:
            if refused.status == httpx.codes.GONE:
                raise _ExpiredError from None
            raise

    def _sent(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        headers = {"Accept": "application/json"}
        if self._bearer:
            headers["Authorization"] = f"Bearer {self._bearer}"
        try:
            return self._http.get(f"{self._base_url}{path}", params=params, headers=headers)
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                raise
            raise SourceError(
                f"{self.host} shows a certificate that is not to be believed{_why(error)}: name the cluster's own "
                "authority under `ca_file`",
                retryable=False,
            ) from None

    def _is_renewed(self) -> bool:
        """Kubernetes changes a mounted token every hour, and EKS takes one for a quarter of an hour."""
        before, self._bearer = self._bearer, self._identity.bearer()
        return self._bearer != before

    def _read(self, reply: httpx.Response) -> Raw:
        if reply.is_success:
            return self._json(reply)
        said = self._words(reply)
        if reply.has_redirect_location:
            raise SourceError(
                f"{self.host} answered {reply.status_code}, a redirect, which is not followed: write `base_url` as "
                "`kubectl cluster-info` tells it",
                retryable=False,
            )
        if reply.status_code == httpx.codes.UNAUTHORIZED:
            raise SourceError(f"{self.host} does not accept {self._identity.told} (401){said}"[:300], retryable=False)
        if reply.status_code in _AWAY:
            raise SourceError(f"{self.host} answered {reply.status_code} to every try{said}")
        raise RefusedError(reply.status_code, _meaning(reply.status_code, reply.url.path, said))

    def _json(self, reply: httpx.Response) -> Raw:
        try:
            found = reply.json()
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise SourceError(
                f"{self.host} answered something that is not Kubernetes' JSON{self._words(reply)}; is `base_url` the "
                "cluster's API, and no login page?"
            )
        return found

    def _words(self, reply: httpx.Response) -> str:
        """What the server said, as one short line that repeats no secret."""
        text = reply.text[:4_000]
        try:
            said = json.loads(text)
            text = str(said["message"])
        except (ValueError, RecursionError, KeyError, TypeError):
            pass
        words = redacted(" ".join(text.split()), filter(None, [self._bearer]))
        words = words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"
        return f": {words}" if words else ""


class _ExpiredError(Exception):
    """The server has forgotten the list that the page belongs to."""


def _why(error: httpx.ConnectError) -> str:
    found = re.search(r"verify failed: (.+?)\.? \(_ssl", str(error))
    return f" ({found[1]})" if found else ""


def _meaning(status: int, path: str, said: str) -> str:
    if status == httpx.codes.FORBIDDEN:
        return f"{said.removeprefix(': ') or f'{path} may not be read'} (403): bind a ClusterRole that may list it"
    if status == httpx.codes.NOT_FOUND:
        return f"the server has no {path} (404){said}: is `base_url` the API of Kubernetes 1.21 or later?"
    return f"the server answered {path} with {status}{said}"
