"""What one `collect` or `check` of the source `kubernetes` brings, in a form that a test can state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from metrics.collect import Batch
from metrics.collect.http import Budget, client
from metrics.collect.kubernetes import Settings, Target, check, collect
from metrics.model import Coverage, Event, Points, Snapshot, Window
from tests.collect.kubernetes.kubernetes_server import TOKEN, Cluster

__all__ = ["START", "Asked", "ask", "days", "hour", "patient", "settings", "signs"]

START = datetime(2026, 6, 1, tzinfo=UTC)


def hour(hours: float) -> datetime:
    """So many hours after START."""
    return START + timedelta(hours=hours)


def days(begin: float, end: float) -> Window:
    return Window(START + timedelta(days=begin), START + timedelta(days=end))


@dataclass
class Asked:
    batches: list[Batch] = field(default_factory=list)
    error: Exception | None = None

    @property
    def events(self) -> Sequence[Event]:
        return [each for each in self.batches if isinstance(each, Event)]

    @property
    def names(self) -> list[str]:
        """The Jobs that came as events."""
        return sorted(str(event.attrs["kubernetes_name"]) for event in self.events)

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        return {each.kind: each for each in self.batches if isinstance(each, Snapshot)}

    @property
    def samples(self) -> Mapping[tuple[str, str, str | None], list[tuple[datetime, float]]]:
        """(component, indicator, part) to (time, value)."""
        return {
            (each.series.component, each.series.indicator, each.series.part): [
                (at.replace(tzinfo=UTC), value)
                for at, value in zip(each.ts.astype(object), each.values.tolist(), strict=True)
            ]
            for each in self.batches
            if isinstance(each, Points)
        }

    @property
    def answers(self) -> list[Coverage]:
        return [each for each in self.batches if isinstance(each, Coverage)]

    def said(self, indicator: str = "batch_run", part: str | None = None) -> list[tuple[str, str, str]]:
        """(component, state, detail) of each answer to one question."""
        return [
            (each.component, each.state, each.detail)
            for each in self.answers
            if (each.indicator, each.part) == (indicator, part)
        ]


def settings(server: Cluster, *targets: Mapping[str, object], **more: object) -> Settings:
    """With the server's token, unless told otherwise; one component `nightly` unless a target names another."""
    login = {} if {"token", "token_file", "eks_cluster"} & more.keys() else {"token": TOKEN}
    filled = tuple(Target.model_validate({"component": "nightly", **each}) for each in targets)
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
