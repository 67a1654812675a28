"""A component's access and error logs: where they are, and what their fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field

from metrics.collect._elasticsearch.endpoint import LONGEST_NAME, Endpoint, explicit
from metrics.collect.target import Target as AnyTarget
from metrics.quantity import UNITS

__all__ = ["Fields", "Filter", "Query", "Target", "all_of", "within"]

Query = dict[str, Any]
"""A clause of the servers' own query language."""

Scalar = str | int | float | bool
Filter = Mapping[str, Scalar | tuple[Scalar, ...]]
"""Field -> the value, or the values any of which, a document has."""

# Loggers disagree on the case, and a keyword does not forget it.
ERRORS: Final[Filter] = {"log.level": ("error", "ERROR", "critical", "CRITICAL", "fatal", "FATAL")}


def _index(written: str) -> str:
    if not written.strip() or set(written) & set(' "/\\?#|'):
        raise ValueError(f"{written!r} is no index; write a name or a pattern, as in access-*")
    return written


def _patterns(written: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in written:
        if not pattern.startswith("/") or len(pattern) > LONGEST_NAME or "*" in pattern.rpartition("/")[0]:
            raise ValueError(f"{pattern!r} is no endpoint; write a path, as in /jobs/:id or /static/*")
    return written


Index = Annotated[str, AfterValidator(_index)]


class Fields(BaseModel, frozen=True, extra="forbid"):
    """What the fields of an access log are called; the Elastic Common Schema's names when absent."""

    timestamp: str = "@timestamp"
    path: str = "url.path"
    status: str = "http.response.status_code"
    duration: str = "event.duration"


class Target(AnyTarget, frozen=True, extra="forbid"):
    """What stands beside `use: elasticsearch`."""

    index: Index
    filter: Filter = {}
    fields: Fields = Fields()
    duration_unit: Literal["ns", "us", "ms", "s"] = "ns"
    error_index: Index | None = None
    error_filter: Filter = Field(default=ERRORS, min_length=1)
    endpoints: Annotated[tuple[str, ...], AfterValidator(_patterns)] = ()

    @property
    def named(self) -> tuple[Endpoint, ...]:
        return explicit(dict.fromkeys(self.endpoints))

    @property
    def to_seconds(self) -> float:
        return UNITS["s"][self.duration_unit]

    @property
    def accesses(self) -> list[Query]:
        """What picks the component's requests."""
        return all_of(self.filter)

    @property
    def errors(self) -> list[Query]:
        """What picks its error logs."""
        return all_of(self.error_filter)

    def addresses(self, endpoint: Endpoint) -> Query:
        """What picks an endpoint's requests."""
        clause: Query = {"regexp": {self.fields.path: {"value": endpoint.regexp}}}
        if not endpoint.but:
            return clause
        return {
            "bool": {"filter": [clause], "must_not": [{"regexp": {self.fields.path: each}} for each in endpoint.but]}
        }


def all_of(wanted: Filter) -> list[Query]:
    """A clause for each field: a document matches them all."""
    return [
        {"terms": {field: list(value)}} if isinstance(value, tuple) else {"term": {field: value}}
        for field, value in wanted.items()
    ]


def within(field: str, start: datetime, end: datetime) -> Query:
    """Documents from start up to, and without, end; said in a way that any date field understands."""
    return {
        "range": {
            field: {"gte": start.isoformat(), "lt": end.isoformat(), "format": "strict_date_optional_time"}
        }
    }  # fmt: skip
