"""A real server of the OpenSearch interface on this machine, and logs to put into it."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import httpx
import numpy as np
from osmem_server import OsmemServer

from metrics.collect import elasticsearch, http
from metrics.collect.elasticsearch import Settings, Target
from metrics.model import Coverage, Points, Window

__all__ = [
    *("DAY", "Hit", "Result", "ask", "at", "checked", "example_settings"),
    *("index_errors", "index_hits", "settings", "url"),
]

DAY = datetime(2026, 6, 20, tzinfo=UTC)
"""The day that tests ask about; a day before it is `at(-n)`."""

MAPPINGS = {
    "properties": {
        "@timestamp": {"type": "date"},
        "url": {"properties": {"path": {"type": "keyword"}}},
        "http": {"properties": {"response": {"properties": {"status_code": {"type": "long"}}}}},
        "event": {"properties": {"duration": {"type": "long"}}},
        "log": {"properties": {"level": {"type": "keyword"}}},
        "service": {"properties": {"name": {"type": "keyword"}}},
        "message": {"type": "text"},
    }
}


def at(days: int = 0, hours: int = 0, minutes: int = 0, seconds: float = 0) -> datetime:
    return DAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@cache
def url() -> str:
    """The server's address; it is started once and ends with the tests."""
    server = OsmemServer.start(japanese=False)

    def end() -> None:
        server.close()
        if server.process.stdout:
            server.process.stdout.close()

    atexit.register(end)
    return server.url


@dataclass(frozen=True)
class Hit:
    """One line of an access log."""

    at: datetime
    path: str | None
    ms: float | None = 100
    status: int | None = 200
    service: str = "web"

    def document(self) -> Mapping[str, object]:
        fields: dict[str, object] = {"@timestamp": self.at.isoformat(), "service": {"name": self.service}}
        if self.path is not None:
            fields["url"] = {"path": self.path}
        if self.ms is not None:
            fields["event"] = {"duration": round(self.ms * 1e6)}
        if self.status is not None:
            fields["http"] = {"response": {"status_code": self.status}}
        return fields


def index_hits(index: str, hits: Iterable[Hit]) -> None:
    _put(index, (hit.document() for hit in hits))


def index_errors(index: str, errors: Iterable[tuple[datetime, str, str | None]]) -> None:
    """(time, level, path)"""
    _put(
        index,
        (
            {"@timestamp": when.isoformat(), "log": {"level": level}, **({"url": {"path": path}} if path else {})}
            for when, level, path in errors
        ),
    )


def _put(index: str, documents: Iterable[Mapping[str, object]]) -> None:
    with httpx.Client(base_url=url(), timeout=30) as client:
        if client.head(f"/{index}").status_code == 404:
            client.put(f"/{index}", json={"mappings": MAPPINGS}).raise_for_status()
        lines = [line for each in documents for line in ('{"index":{}}', json.dumps(each))]
        headers = {"Content-Type": "application/x-ndjson"}
        reply = client.post(f"/{index}/_bulk?refresh=true", content="\n".join(lines) + "\n", headers=headers)
        assert not reply.raise_for_status().json()["errors"]


def settings(index: str, base_url: str = "", **more: object) -> Settings:
    """Settings with one component; what is no setting is the component's."""
    own = {key: more.pop(key) for key in list(more) if key in Settings.model_fields}
    target = Target.model_validate({"component": "web", "index": index, **more})
    return Settings.model_validate({"base_url": base_url or url(), "targets": (target,), **own})


@dataclass(frozen=True)
class Result:
    """All that one call of `collect` yielded."""

    points: tuple[Points, ...]
    coverage: tuple[Coverage, ...]

    @property
    def parts(self) -> list[str]:
        return list(dict.fromkeys(each.part for each in self.coverage if each.part is not None))

    def rows(self, indicator: str, part: str | None = None) -> dict[str, float]:
        """Time of day -> figure."""
        found = [each for each in self.points if (each.series.indicator, each.series.part) == (indicator, part)]
        times = [
            (str(ts)[11:16], round(float(value), 6))
            for each in found
            for ts, value in zip(each.ts, each.values, strict=True)
        ]
        assert len(times) == len(dict(times)), "a bucket twice, or two days"
        return dict(times)

    def total(self, indicator: str, part: str | None = None) -> float:
        return sum(self.rows(indicator, part).values())

    def answers(self, indicator: str, part: str | None = None) -> list[tuple[str, str, bool]]:
        return [
            (each.state, each.detail, each.retryable)
            for each in self.coverage
            if (each.indicator, each.part) == (indicator, part)
        ]

    @property
    def states(self) -> set[str]:
        return {each.state for each in self.coverage}


def ask(settings: Settings, window: Window | None = None, *, patience: float = 30.0) -> Result:
    """Collects, checks what every answer must keep, and returns it all."""
    window = window or Window(DAY, at(1))
    budget = http.Budget(per_second=1e6, requests=100_000)
    with http.client(budget=budget) as client:
        client.timeout = httpx.Timeout(patience)
        return checked(elasticsearch.collect(settings, window, client), window)


def checked(stream: Iterator[Points | Coverage], window: Window) -> Result:
    batches = list(stream)
    result = Result(
        tuple(each for each in batches if isinstance(each, Points)),
        tuple(each for each in batches if isinstance(each, Coverage)),
    )
    timelines: dict[object, list[Window]] = {}
    for each in result.coverage:
        timelines.setdefault((each.component, each.part, each.indicator), []).append(each.window)
        assert len(each.detail) <= 300
    for spans in timelines.values():
        spans.sort(key=lambda span: span.start)
        assert (spans[0].start, spans[-1].end) == (window.start, window.end)
        assert all(a.end == b.start for a, b in pairwise(spans))
    for each in result.points:
        step = np.timedelta64(each.series.period_s, "s")
        assert np.isfinite(each.values).all()
        assert each.ts.min() >= np.datetime64(window.start.replace(tzinfo=None), "us")
        assert each.ts.max() + step <= np.datetime64(window.end.replace(tzinfo=None), "us")
        assert (each.ts.astype("datetime64[s]").astype(int) % each.series.period_s == 0).all()
        assert (each.series.component, each.series.part, each.series.indicator) in timelines
    return result


@cache
def example() -> str:
    """An index pattern with the logs of a small service, around noon of DAY and of the days before it."""
    paths = ("/", "/jobs/1", "/jobs/2?from=mail", "/jobs/1/apply", "/login/")
    hits = [
        Hit(at(-day, hour, n), paths[n % 5], 20 * (n + 1), 500 if n == 7 else 404 if n == 8 else 200)
        for day in range(17)
        for hour in (10, 11)
        for n in range(12)
    ]
    index_hits("example-access-1", hits)
    index_errors("example-errors-1", [(hit.at, "error" if hit.status == 500 else "info", hit.path) for hit in hits])
    return "example-access-*"


def example_settings(index: str = "") -> dict[str, object]:
    """What stands under the source in tomoni.yaml."""
    target = {"component": "web", "index": index or example(), "error_index": index or "example-errors-*"}
    return {"base_url": url(), "targets": [target]}
