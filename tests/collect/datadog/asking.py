"""Short ways to ask, and to say what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from metrics.collect.datadog import Settings, collect
from metrics.collect.http import client
from metrics.errors import SourceError
from metrics.model import Coverage, Points, Window
from tests.collect.datadog_server import API_KEY, APP_KEY, Datadog

DAY = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

CPU = {"indicator": "cpu", "query": "avg:system.cpu.user{host:{component}}"}
BY_HOST = {"indicator": "cpu", "query": "avg:system.cpu.user{*} by {host}"}
HITS = {"indicator": "requests", "query": "sum:trace.web.request.hits{*}"}
P95 = {"indicator": "latency_p95", "query": "p95:trace.web.request{*}"}
WRONG = {"indicator": "memory", "query": "avg:wrong.metric{*}"}


def settings(server: Datadog, *queries: Mapping[str, object], **rest: object) -> Settings:
    """For the component `web` of the service `jobs`."""
    target = {"service": "jobs", "component": "web", "queries": queries}
    return Settings.model_validate(
        {"host": server.url, "api_key": API_KEY, "app_key": APP_KEY, "targets": [target], **rest}
    )


def hours(length: float, start: float = 0) -> Window:
    """A window of that many hours, that many hours into the day."""
    return Window(DAY + start * HOUR, DAY + (start + length) * HOUR)


class Told:
    """What a source said for a window."""

    def __init__(self, batches: Iterable[Points | Coverage]) -> None:
        self.points: dict[tuple[str, str | None, int], list[tuple[str, float]]] = {}
        self.answers: list[Coverage] = []
        self.error: SourceError | httpx.RequestError | None = None
        try:
            for each in batches:
                self._add(each)
        except (SourceError, httpx.RequestError) as error:
            self.error = error

    def _add(self, each: Points | Coverage) -> None:
        if isinstance(each, Coverage):
            self.answers.append(each)
            return
        series = each.series
        assert (series.service, series.component, series.source) == ("jobs", "web", "datadog")
        rows = [(str(at)[5:16], float(value)) for at, value in zip(each.ts, each.values, strict=True)]
        self.points.setdefault((series.indicator, series.part, series.period_s), []).extend(rows)

    @property
    def states(self) -> list[tuple[str, str | None, str, str]]:
        return [(each.indicator, each.part, each.state, each.detail) for each in self.answers]

    @property
    def ends(self) -> dict[str, str]:
        return {each.indicator: each.state for each in self.answers if each.part is None}


def ask(configured: Settings, window: Window, http: httpx.Client | None = None) -> Told:
    if http is not None:
        return Told(collect(configured, window, http))
    with client() as polite:
        return Told(collect(configured, window, polite))
