"""What one `collect` or `check` of the source `concourse` brings, in a form that a test can state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from metrics.collect.concourse import Settings, Target, check, collect
from metrics.collect.http import Budget, client
from metrics.model import Coverage, Event, Window
from tests.collect.concourse_server import PASSWORD, USERNAME, Concourse

__all__ = ["START", "Asked", "ask", "at", "days", "hour", "patient", "settings", "signs"]

START = datetime(2025, 6, 2, tzinfo=UTC)


def at(hours: float) -> float:
    """Unix seconds of so many hours after START."""
    return START.timestamp() + hours * 3600


def hour(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def days(begin: float, end: float) -> Window:
    return Window(START + timedelta(days=begin), START + timedelta(days=end))


@dataclass
class Asked:
    batches: list[Event | Coverage] = field(default_factory=list)
    error: Exception | None = None

    @property
    def events(self) -> Sequence[Event]:
        return [each for each in self.batches if isinstance(each, Event)]

    @property
    def ids(self) -> list[str]:
        return sorted((event.id for event in self.events), key=int)

    @property
    def said(self) -> list[tuple[str, str, str, str]]:
        """(component, indicator, state, detail) of each answer."""
        every = (each for each in self.batches if isinstance(each, Coverage))
        return [(each.component, each.indicator, each.state, each.detail) for each in every]

    @property
    def answer(self) -> Coverage:
        """The only one."""
        (found,) = (each for each in self.batches if isinstance(each, Coverage))
        return found


def settings(server: Concourse, *targets: Mapping[str, object], **more: object) -> Settings:
    """Logged in as the server's user, unless told otherwise; one component `web` unless a target names another."""
    login = {"username": USERNAME, "password": PASSWORD} if not {"token", "username"} & more.keys() else {}
    filled = tuple(Target.model_validate({"component": "web", "pipeline": "jobs", **each}) for each in targets)
    return Settings.model_validate({"base_url": server.url, **login, **more, "targets": filled})


def ask(of: Settings, window: Window, http: httpx.Client | None = None) -> Asked:
    """Everything that is yielded, and what is raised after it."""
    asked = Asked()
    with http or patient() as http:
        try:
            for batch in collect(of, window, http):
                asked.batches.append(batch)
        except Exception as error:  # noqa: BLE001 - the test says which it expects
            asked.error = error
    return asked


def signs(of: Settings) -> list[tuple[str, str, str]]:
    """(state, about, said) of each."""
    with patient() as http:
        return [(sign.state, sign.about, sign.said) for sign in check(of, http)]


def patient(**budget: int) -> httpx.Client:
    """The client that sources get, which here waits for nobody."""
    return client(budget=Budget(**budget, per_second=10_000, sleep=lambda _: None))
