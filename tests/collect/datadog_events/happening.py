"""Short ways to ask, and to say what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import httpx

from metrics.collect.datadog_events import Settings, collect
from metrics.collect.http import Budget, client
from metrics.errors import SourceError
from metrics.model import Coverage, Event, Snapshot, Window
from tests.collect.datadog_events_server import TODAY, Account
from tests.collect.datadog_server import API_KEY, APP_KEY


def settings(server: Account, *targets: dict[str, object], **rest: object) -> Settings:
    """For the component `web` of the service `jobs`, where nothing else is said."""
    asked = targets or ({"monitors": ["service:web"]},)
    whole = [{"service": "jobs", "component": "web", **target} for target in asked]
    return Settings.model_validate(
        {"host": server.url, "api_key": API_KEY, "app_key": APP_KEY, "targets": whole, **rest}
    )


class Told:
    """What a source said for a window."""

    def __init__(self, batches: Iterable[Event | Snapshot | Coverage]) -> None:
        self.events: list[Event] = []
        self.snapshots: list[Snapshot] = []
        self.answers: list[Coverage] = []
        self.error: SourceError | httpx.RequestError | None = None
        try:
            for each in batches:
                kept: list[object] = {Event: self.events, Snapshot: self.snapshots}.get(type(each), self.answers)
                kept.append(each)
        except (SourceError, httpx.RequestError) as error:
            self.error = error

    @property
    def rows(self) -> list[tuple[str, str, str | None, str | None]]:
        """(id, start, end, status)"""
        return [(each.id, _at(each.started_at), _at(each.ended_at), each.status) for each in self.events]

    @property
    def states(self) -> list[tuple[str, str, str, str]]:
        return [(each.component, each.indicator, each.state, each.detail) for each in self.answers]


def _at(time: datetime | None) -> str | None:
    return f"{time:%d %H:%M:%S}" if time else None


def ask(configured: Settings, window: Window = TODAY, http: httpx.Client | None = None) -> Told:
    if http is not None:
        return Told(collect(configured, window, http))
    with client(budget=Budget(per_second=1e9)) as polite:
        return Told(collect(configured, window, polite))
