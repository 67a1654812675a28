"""GitHub's REST API, as one token sees it: headers, pages, limits and conditional requests."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from metrics.collect._github.memo import KEPT
from metrics.collect._github.refusal import Area, asked_to_wait, refusal, rests, said
from metrics.collect.redaction import redacted
from metrics.errors import SourceError

__all__ = ["Api", "Page", "Repository"]

# A limit that is over within a minute is waited for; a longer one is the next run's.
LONGEST_WAIT_S, WAITS = 60.0, 2
LONGEST_WORDS = 120
PER_PAGE: Final = "100"
sleep = time.sleep


@dataclass(frozen=True, slots=True)
class Page:
    content: Any
    """Whatever JSON came."""
    next: str | None
    headers: Mapping[str, str]


class Api:
    """Asks one GitHub with one token."""

    def __init__(self, http: httpx.Client, base_url: str, token: str) -> None:
        self._http, self._base, self._token = http, httpx.URL(base_url), token
        self.identity = base_url, hashlib.sha256(token.encode()).hexdigest()
        self._headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "User-Agent": "tomoni",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    @property
    def host(self) -> str:
        return self._base.host

    @property
    def web(self) -> str:
        """Where people look at what the API speaks of."""
        host = self._base.host.removeprefix("api.")
        port = f":{self._base.port}" if self._base.port else ""
        return f"{self._base.scheme}://{host}{port}"

    def url(self, path: str, params: Mapping[str, str]) -> str:
        return str(httpx.URL(f"{str(self._base).rstrip('/')}/{path.lstrip('/')}", params=dict(params)))

    def get(self, url: str, repository: str, area: Area) -> Page:
        """One page. Raises RefusedError, ShutError, or SourceError where asking again may help."""
        key = (url, self.identity[1])
        kept = KEPT.get(key)
        reply = self._answered(url, {"If-None-Match": kept.etag} if kept else {})
        if reply.status_code == httpx.codes.NOT_MODIFIED and kept:
            return Page(json.loads(kept.body), kept.next, reply.headers)
        if reply.status_code != httpx.codes.OK:
            raise refusal(reply, repository, area, self._words(said(reply)))
        page = Page(self._json(reply), self._next(reply), reply.headers)
        if etag := reply.headers.get("etag"):
            KEPT.put(key, etag, reply.content, page.next)
        return page

    def _answered(self, url: str, condition: Mapping[str, str]) -> httpx.Response:
        """The client waits when it is told 429; a 403 that means the same is waited for here."""
        for waited in range(WAITS + 1):
            reply = self._http.get(url, headers={**self._headers, **condition})
            seconds = asked_to_wait(reply)
            if seconds is None:
                return reply
            is_over = reply.status_code == httpx.codes.TOO_MANY_REQUESTS or waited == WAITS
            if is_over or seconds > LONGEST_WAIT_S:
                raise rests(reply, seconds)
            sleep(max(seconds, 1.0))
        raise AssertionError("the last wait raises")

    def _json(self, reply: httpx.Response) -> object:
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError):
            shown = self._words(reply.text[:1_000])
            raise SourceError(
                f"{self.host} answered something that is not GitHub's JSON: {shown!r}; is `base_url` the API itself, "
                "and no login page?"
            ) from None

    def _next(self, reply: httpx.Response) -> str | None:
        """The next page's address. The token is for this server: a link that leads elsewhere is refused."""
        link = reply.links.get("next", {}).get("url")
        if link is None:
            return None
        try:
            url = self._base.join(link)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
            raise SourceError(
                f"{self.host} names {url.host or 'nothing'} for its next page, which is not asked, since the "
                "token is for nobody else; let `base_url` be the address that it has for itself",
                retryable=False,
            )
        return str(url)

    def _words(self, text: str) -> str:
        words = redacted(" ".join(text.split()), (self._token,))
        return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository on it."""

    api: Api
    name: str

    @property
    def key(self) -> tuple[str, ...]:
        return *self.api.identity, self.name.lower()

    @property
    def web(self) -> str:
        return f"{self.api.web}/{self.name}"

    def url(self, tail: str = "", **params: str) -> str:
        return self.api.url(f"repos/{self.name}/{tail}".rstrip("/"), params)

    def get(self, area: Area, tail: str = "", **params: str) -> Page:
        return self.api.get(self.url(tail, **params), self.name, area)

    def page(self, area: Area, url: str) -> Page:
        return self.api.get(url, self.name, area)

    def all(self, area: Area, tail: str) -> Iterator[Mapping[str, Any]]:
        """Every entry of a short list, page by page."""
        url: str | None = self.url(tail, per_page=PER_PAGE)
        seen = set[str]()
        while url is not None and url not in seen:
            seen.add(url)
            page = self.page(area, url)
            yield from page.content
            url = page.next
