"""What is asked about a stretch of a day: a histogram of the whole, and one of each endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from metrics.collect._elasticsearch.endpoint import OTHER, Endpoint
from metrics.collect._elasticsearch.refusal import NotAnsweredError, no_index
from metrics.collect._elasticsearch.search import Search, parsed
from metrics.collect._elasticsearch.target import Query, Target, within
from metrics.model import Window

__all__ = ["PERCENTILES", "Bucket", "Histogram", "Logs", "Part", "Stretch", "Whole", "access_log", "error_log"]

PERCENTILES: Final = (50, 95, 99)
# Far below search.max_buckets, 65,536 by default: others ask the server too.
BUCKETS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole buckets on the UTC clock, within one day."""

    start: datetime
    end: datetime
    step: timedelta

    @classmethod
    def of(cls, window: Window, step: timedelta, delay: timedelta) -> Stretch | None:
        """The buckets in the window that are over and settled; None where there is none.

        A window that ends at midnight was cut there: what follows it is asked for too, so its end is no present
        that a shipper could be behind of.
        """
        midnight = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
        end = window.end if window.end == midnight + timedelta(days=1) else window.end - delay
        first = midnight - (midnight - window.start) // step * step
        last = midnight + (end - midnight) // step * step
        return cls(first, last, step) if first < last else None

    @property
    def buckets(self) -> int:
        return (self.end - self.start) // self.step

    def has(self, key_ms: int) -> bool:
        """Whether a bucket of it starts there, in milliseconds since 1970."""
        since = timedelta(milliseconds=key_ms - round(self.start.timestamp() * 1_000))
        return timedelta(0) <= since < self.end - self.start and not since % self.step


class _Count(BaseModel):
    doc_count: int = 0


class _Values(BaseModel):
    value: float | None = None


class _Classes(BaseModel):
    buckets: dict[str, _Count] = {}


class _Percentile(BaseModel):
    key: float
    value: float | None = None


class _Percentiles(BaseModel):
    values: list[_Percentile] = []


class Bucket(BaseModel):
    """One step of a histogram; what was not asked for is as if there were none."""

    key: int
    doc_count: int
    classes: _Classes = _Classes()
    classed: _Values = _Values()
    timed: _Values = _Values()
    latency: _Percentiles = _Percentiles()
    errors: _Count = _Count()

    def answered(self, status: str) -> int:
        """Requests whose status begins like that."""
        found = self.classes.buckets.get(status)
        return found.doc_count if found else 0

    @property
    def has_status(self) -> bool:
        return bool(self.classed.value)

    @property
    def has_duration(self) -> bool:
        return bool(self.timed.value)

    def percentile(self, percent: int) -> float | None:
        """In the unit of the log."""
        return next((each.value for each in self.latency.values if each.key == percent), None)


Histogram = Mapping[int, Bucket]
"""Start of the bucket, in milliseconds since 1970 -> the bucket. Buckets without documents are not in it."""


class _Time(BaseModel):
    buckets: list[Bucket] = []


class _PartOfTime(_Count):
    time: _Time


class _Parts(BaseModel):
    buckets: dict[str, _PartOfTime] = {}


class _Addressed(_Count):
    count: _Values


@dataclass(frozen=True, slots=True)
class Part:
    """What is inside the component: an endpoint, or all the others."""

    name: str
    where: Query


@dataclass(frozen=True, slots=True)
class Whole:
    """The component itself."""

    time: Histogram
    nothing: str
    """Why there is no document; empty where there is one."""
    has_paths: bool
    """Whether its documents can be told apart by endpoint."""


@dataclass(frozen=True, slots=True)
class Logs:
    """One kind of log of a component, and what is asked of each bucket."""

    target: Target
    index: str
    where: list[Query]
    """What picks the documents that show that logs arrive."""
    counted: list[Query]
    """What picks the ones that are counted, among them."""
    figures: Query
    of_whole: Query
    cost: int
    """Buckets that the server makes for each step of a part."""

    def parts(self, kept: Sequence[Endpoint], *, others: bool) -> list[Part]:
        """Each endpoint, and the rest of the requests: also those that have no address at all."""
        found = [Part(each.name, self.target.addresses(each)) for each in kept]
        if others:
            not_kept = [{"regexp": {self.target.fields.path: {"value": each.regexp}}} for each in kept]
            found.append(Part(OTHER, {"bool": {"must_not": not_kept}}))
        return found

    def whole(self, stretch: Stretch, search: Search) -> Whole:
        """The component's own histogram. Raises NotAnsweredError."""
        addressed = {"count": {"value_count": {"field": self.target.fields.path}}}
        aggregations = {
            "time": self._histogram(stretch, self.of_whole),
            "addressed": {"filter": {"bool": {"filter": self.counted}}, "aggs": addressed},
        }
        answer = search.ask(self.index, self._within(stretch), aggregations)
        nothing = "" if answer.documents else f"no document of `{self.index}` matches in this time"
        if not answer.shards.total:
            return Whole({}, no_index(self.index), has_paths=False)
        paths = parsed(_Addressed, answer.aggregations, "addressed")
        # Where nothing was counted there is nothing to tell apart, and no part misses a path.
        has_paths = bool(paths.count.value) or not paths.doc_count
        return Whole(_in(stretch, parsed(_Time, answer.aggregations, "time")), nothing, has_paths)

    def by_part(
        self, parts: Sequence[Part], stretch: Stretch, search: Search
    ) -> Iterator[tuple[Sequence[Part], Mapping[str, Histogram] | NotAnsweredError]]:
        """Some parts at a time: their histograms, or why there are none. The server makes the percentiles of each."""
        at_once = max(1, BUCKETS // (1 + stretch.buckets * self.cost))
        for first in range(0, len(parts), at_once):
            asked = parts[first : first + at_once]
            try:
                yield asked, self._histograms(asked, stretch, search)
            except NotAnsweredError as refused:
                yield asked, refused

    def _histograms(self, parts: Sequence[Part], stretch: Stretch, search: Search) -> Mapping[str, Histogram]:
        filters = {str(n): part.where for n, part in enumerate(parts)}
        aggregations = {
            "parts": {"filters": {"filters": filters}, "aggs": {"time": self._histogram(stretch, self.figures)}}
        }
        answer = search.ask(self.index, [*self._within(stretch), *self.counted], aggregations)
        found = parsed(_Parts, answer.aggregations, "parts").buckets
        return {
            part.name: _in(stretch, found[str(n)].time) if str(n) in found else {} for n, part in enumerate(parts)
        }

    def _within(self, stretch: Stretch) -> list[Query]:
        return [within(self.target.fields.timestamp, stretch.start, stretch.end), *self.where]

    def _histogram(self, stretch: Stretch, figures: Query) -> Query:
        steps: Query = {
            "field": self.target.fields.timestamp,
            "fixed_interval": f"{round(stretch.step.total_seconds())}s",
            "min_doc_count": 1,
        }
        return {"date_histogram": steps, "aggs": figures}


def access_log(target: Target) -> Logs:
    """Requests: how many, how they ended, how long they took."""
    fields = target.fields
    classes = {f"{n}xx": {"range": {fields.status: {"gte": n * 100, "lt": n * 100 + 100}}} for n in (4, 5)}
    figures: Query = {
        "classes": {"filters": {"filters": classes}},
        "classed": {"value_count": {"field": fields.status}},
        "timed": {"value_count": {"field": fields.duration}},
        "latency": {"percentiles": {"field": fields.duration, "percents": list(PERCENTILES), "keyed": False}},
    }
    return Logs(target, target.index, target.accesses, [], figures, figures, 1 + len(classes))


def error_log(target: Target, index: str) -> Logs:
    """Error logs. That logs arrive at all is seen from those of any level."""
    of_whole: Query = {"errors": {"filter": {"bool": {"filter": target.errors}}}}
    return Logs(target, index, [], target.errors, {}, of_whole, 1)


def _in(stretch: Stretch, time: _Time) -> Histogram:
    if not all(stretch.has(bucket.key) for bucket in time.buckets):
        raise NotAnsweredError("failed", "the answer has buckets that nobody asked for", retryable=True)
    return {bucket.key: bucket for bucket in time.buckets if bucket.doc_count}
