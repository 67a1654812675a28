"""One question to Elasticsearch or OpenSearch, and whether its answer may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from metrics.collect._elasticsearch.refusal import NotAnsweredError, refusal
from metrics.collect._elasticsearch.target import Query
from metrics.errors import SourceError

__all__ = ["Answer", "Search", "parsed", "read"]

# Less than the client waits for, so that a slow search ends on the server too.
TIME_LIMIT: Final = "25s"

Reply = TypeVar("Reply", bound=BaseModel)


class _Failure(BaseModel):
    index: str | None = None
    reason: Mapping[str, Any] = {}


class _Shards(BaseModel):
    total: int
    failed: int
    failures: tuple[_Failure, ...] = ()


class _Clusters(BaseModel):
    skipped: int = 0
    partial: int = 0
    failed: int = 0


class _Total(BaseModel):
    value: int


class _Hits(BaseModel):
    total: _Total


class Answer(BaseModel):
    """What `_search` answers. `terminated_early` is not read: OpenSearch sets it on whole answers too, and no
    question here asks the server to stop early."""

    timed_out: bool
    shards: _Shards = Field(alias="_shards")
    clusters: _Clusters = Field(_Clusters(), alias="_clusters")
    hits: _Hits
    aggregations: Query = {}

    @property
    def documents(self) -> int:
        return self.hits.total.value

    @property
    def lacks(self) -> str:
        """Why it speaks for a part of the data only; empty when it speaks for all of it."""
        if self.shards.failed:
            failure = self.shards.failures[0] if self.shards.failures else _Failure()
            said = failure.reason.get("reason") or failure.reason.get("type") or "no reason given"
            where = f"{failure.index}: " if failure.index else ""
            return f"{self.shards.failed} of {self.shards.total} shards did not answer: {where}{said}"
        if self.timed_out:
            return f"it ran into the time limit of {TIME_LIMIT}"
        if away := self.clusters.skipped + self.clusters.partial + self.clusters.failed:
            return f"{away} of the clusters that the index names did not answer in full"
        return ""


@dataclass(frozen=True, slots=True)
class Search:
    """Where to ask, as whom."""

    base_url: str
    headers: Mapping[str, str]
    http: httpx.Client

    def ask(self, index: str, where: list[Query], aggregations: Query, but: list[Query] | None = None) -> Answer:
        """Figures about the documents that match. Raises NotAnsweredError unless the answer is whole."""
        body = {
            "size": 0,
            "track_total_hits": True,
            "timeout": TIME_LIMIT,
            "query": {"bool": {"filter": where, **({"must_not": but} if but else {})}},
            "aggs": aggregations,
        }
        reply = self._sent("POST", index, "_search", {"allow_partial_search_results": "false"}, body)
        answer = read(Answer, reply)
        if answer.lacks:
            raise NotAnsweredError("partial", answer.lacks, retryable=True)
        if answer.shards.total and not set(aggregations) <= set(answer.aggregations):
            raise NotAnsweredError("failed", "the answer has no figures in it", retryable=True)
        return answer

    def fields(self, index: str, names: list[str]) -> httpx.Response:
        """What the index knows of the named fields. Raises NotAnsweredError."""
        return self._sent("GET", index, "_field_caps", {"fields": ",".join(names)}, None)

    def _sent(
        self, method: str, index: str, what: str, params: Mapping[str, str], body: Query | None
    ) -> httpx.Response:
        url = f"{self.base_url}/{quote(index, safe='*,:-._<>{}+')}/{what}"
        reply = self.http.request(method, url, params=params, json=body, headers=self.headers, follow_redirects=False)
        if reply.status_code == httpx.codes.UNAUTHORIZED:
            # Retryable: once the key is renewed, what it could not read is still there.
            raise SourceError(
                f"{self.base_url} refused the login (401): is the `api_key`, or `username` and `password`, right and "
                "not expired?"
            )
        if reply.status_code != httpx.codes.OK:
            raise refusal(reply, index)
        return reply


def read(kind: type[Reply], reply: httpx.Response) -> Reply:
    """The reply's JSON as it ought to look. Raises NotAnsweredError."""
    try:
        return kind.model_validate_json(reply.content)
    except ValidationError as error:
        raise _unlike(error) from None


def parsed(kind: type[Reply], aggregations: Query, name: str) -> Reply:
    """One aggregation of an answer; without buckets where there is no index to have any. Raises NotAnsweredError."""
    try:
        return kind.model_validate(aggregations.get(name, {}))
    except ValidationError as error:
        raise _unlike(error) from None


def _unlike(error: ValidationError) -> NotAnsweredError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "reply"
    detail = f"`base_url` sent no answer of a search ({where}: {first['msg']}): is it the server's own address?"
    return NotAnsweredError("failed", detail, retryable=True)
