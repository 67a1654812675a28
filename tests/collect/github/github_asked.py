"""Asking our GitHub as the runner would, and what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

import httpx

from metrics.collect import github
from metrics.collect import http as polite
from metrics.model import Coverage, Event, EventKind, Window
from tests.collect.github.github_server import NAME, TOKEN, Hub, day, review, serve

WEEK = Window(day(1), day(8))


@dataclass
class Came:
    events: list[Event] = field(default_factory=list)
    answers: list[Coverage] = field(default_factory=list)
    error: Exception | None = None

    def of(self, kind: EventKind) -> list[Event]:
        return [each for each in self.events if each.kind == kind]

    def one(self, kind: EventKind) -> Event:
        (event,) = self.of(kind)
        return event

    @property
    def states(self) -> dict[str, str]:
        return {each.indicator: each.state for each in self.answers}

    @property
    def details(self) -> dict[str, str]:
        return {each.indicator: each.detail for each in self.answers}


def settings(hub: Hub, *targets: Mapping[str, object], token: str = TOKEN, **target: object) -> github.Settings:
    known = {"service": "jobs", "component": "web", "repository": NAME}
    several = targets or (target,)
    written = [{**known, **each} for each in several]
    return github.Settings.model_validate({"base_url": hub.url, "token": token, "targets": written})


def client() -> httpx.Client:
    """With a pace that no test waits for, and without certificates to load."""
    return polite.client(httpx.HTTPTransport(verify=False), budget=polite.Budget(per_second=10_000))


def collected(
    hub: Hub,
    window: Window = WEEK,
    *targets: Mapping[str, object],
    http: httpx.Client | None = None,
    **target: object,
) -> Came:
    """One call of `collect`; what it raises is kept, as the runner keeps it."""
    came, asking = Came(), http or client()
    try:
        for batch in github.collect(settings(hub, *targets, **target), window, asking):
            (came.events if isinstance(batch, Event) else came.answers).append(batch)
    except Exception as error:  # noqa: BLE001
        came.error = error
    finally:
        if http is None:
            asking.close()
    return came


def example(*, busy: bool = True) -> Mapping[str, object]:
    """What stands in tomoni.yaml; the server stays as long as the tests run."""
    target = {"service": "jobs", "component": "web", "repository": NAME}
    return {"base_url": _examples(busy).url, "token": TOKEN, "targets": [target]}


@cache
def _examples(busy: bool) -> Hub:
    hub = Hub()
    serve(hub)
    if busy:
        hub.deploy(day(2, 9), ("in_progress", 1), ("success", 8), ("inactive", 3_000))
        hub.deploy(day(4, 9), ("in_progress", 1), ("failure", 5))
        hub.merge(7, day(2, 8), reviews=[review("APPROVED", day(2, 7))])
        hub.issue(9, day(4, 10), day(4, 11), labels=["incident", "sev-2"])
    else:
        hub.deploy(day(1) - timedelta(days=90), ("success", 8))
    return hub
