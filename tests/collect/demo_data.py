"""The demo as the tests see it: one collection a seed, by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import numpy as np
from numpy.typing import NDArray

from metrics.catalog import load
from metrics.collect import demo
from metrics.model import Coverage, Event, Points, Snapshot, Window

UNTIL = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SEEDS = (7, 11, 23)
OFFLINE = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(500)))


@dataclass(frozen=True)
class Demo:
    settings: demo.Settings
    window: Window
    points: dict[tuple[str, str, str | None], Points]
    """By component, indicator and part."""
    events: list[Event]
    snapshots: list[Snapshot]
    coverage: list[Coverage]
    answers: list[dict]

    def line(self, component: str, name: str, part: str | None = None) -> Points:
        return self.points[component, load().get(name).name, part]

    def values(self, window: Window, component: str, name: str, part: str | None = None) -> NDArray[np.float64]:
        points = self.line(component, name, part)
        return points.values[(points.ts >= instant(window.start)) & (points.ts < instant(window.end))]

    def planted(self, story: int, kind: str, component: str | None = None) -> list[dict]:
        found = [a for a in self.answers if a["story"] == story and a["kind"] == kind]
        return [a for a in found if component in (None, a["component"])]

    def of_kind(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


def instant(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def span(answer: dict) -> Window:
    return Window(datetime.fromisoformat(answer["since"]), datetime.fromisoformat(answer["until"]))


def days(points: Points) -> NDArray[np.float64]:
    """Times as days before the demo's end."""
    return (points.ts - instant(UNTIL)) / np.timedelta64(1, "s") / 86400


def collected(settings: demo.Settings, window: Window) -> Demo:
    batches = list(demo.collect(settings, window, OFFLINE))
    points = [b for b in batches if isinstance(b, Points)]
    return Demo(
        settings,
        window,
        {(p.series.component, p.series.indicator, p.series.part): p for p in points},
        [b for b in batches if isinstance(b, Event)],
        [b for b in batches if isinstance(b, Snapshot)],
        [b for b in batches if isinstance(b, Coverage)],
        demo.answers(settings, window),
    )


@cache
def whole(seed: int) -> Demo:
    settings = demo.Settings(until=UNTIL, seed=seed)
    return collected(settings, demo.window(settings))


def last(days_back: float) -> Window:
    return Window(UNTIL - timedelta(days=days_back), UNTIL)
