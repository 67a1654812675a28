"""From histograms to samples: what is a 0, what is a gap, and what is no figure at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from metrics.collect._elasticsearch.question import PERCENTILES, Bucket, Histogram, Whole
from metrics.collect._elasticsearch.target import Target

__all__ = ["ERRORS", "OF_ACCESSES", "Line", "access_lines", "error_lines"]

REQUESTS: Final = "http.server.request.count"
STATUSES: Final = {"4xx": "http.server.4xx.count", "5xx": "http.server.5xx.count"}
DURATIONS: Final = {percent: f"http.server.request.duration.p{percent}" for percent in PERCENTILES}
OF_ACCESSES: Final = (REQUESTS, *STATUSES.values(), *DURATIONS.values())
ERRORS: Final = "log.errors"


@dataclass(frozen=True, slots=True)
class Line:
    """The samples of one series."""

    indicator: str
    part: str | None
    values: Mapping[int, float]
    """Start of the bucket, in milliseconds since 1970 -> the figure, in the indicator's unit."""
    nothing: str = ""
    """Why there is no sample."""
    refused: int = 0
    """How many figures were none: not finite, or negative."""


def access_lines(target: Target, whole: Whole, part: str | None, own: Histogram) -> Iterator[Line]:
    """A component that has requests in a bucket has 0 of any endpoint that has none; one that has none has a gap:
    its shipper may be down. A percentile of no request is no figure."""
    if nothing := whole.nothing or _no_paths(whole, part, target):
        yield from (Line(indicator, part, {}, nothing) for indicator in OF_ACCESSES)
        return
    # A request that arrived between two questions is in the part's answer alone.
    starts = sorted(whole.time.keys() | own.keys())
    none = Bucket(key=0, doc_count=0)
    yield Line(REQUESTS, part, {at: float(own.get(at, none).doc_count) for at in starts})
    with_status = [at for at in starts if whole.time.get(at, none).has_status or own.get(at, none).has_status]
    for status, indicator in STATUSES.items():
        counts = {at: float(own.get(at, none).answered(status)) for at in with_status}
        yield Line(indicator, part, counts, _no_field(target.fields.status))
    for percent, indicator in DURATIONS.items():
        yield _percentiles(target, indicator, percent, part, own)


def _percentiles(target: Target, indicator: str, percent: int, part: str | None, own: Histogram) -> Line:
    timed = {at: bucket.percentile(percent) for at, bucket in own.items() if bucket.has_duration}
    values = {
        at: value * target.to_seconds
        for at, value in sorted(timed.items())
        if value is not None and math.isfinite(value) and value >= 0
    }
    refused = len(timed) - len(values)
    nothing = f"all {refused} figures are no numbers of seconds" if refused else _no_field(target.fields.duration)
    return Line(indicator, part, values, nothing if own else "no request in this time", refused)


def error_lines(target: Target, whole: Whole, part: str | None, own: Histogram) -> Iterator[Line]:
    """Where logs of any level arrive, no error is 0."""
    if nothing := whole.nothing or _no_paths(whole, part, target):
        yield Line(ERRORS, part, {}, nothing)
        return
    counts = dict.fromkeys(whole.time, 0.0) | {at: float(bucket.doc_count) for at, bucket in own.items()}
    if part is None:
        counts = {at: float(bucket.errors.doc_count) for at, bucket in whole.time.items()}
    yield Line(ERRORS, part, dict(sorted(counts.items())))


def _no_paths(whole: Whole, part: str | None, target: Target) -> str:
    return "" if part is None or whole.has_paths else _no_field(target.fields.path)


def _no_field(name: str) -> str:
    return f"no document has a field `{name}`: write what it is called under `fields`"
