"""For each source: settings that work in a test, and settings with which it finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from metrics.model import Window
from tests.collect import (
    alarm_account,
    concourse_server,
    datadog_events_server,
    datadog_server,
    ecr_account,
    prometheus_samples,
)
from tests.collect.cloudwatch import databases
from tests.collect.elasticsearch import osmem
from tests.collect.github import github_asked
from tests.collect.kubernetes import kubernetes_server

JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC))
ROWS = "timestamp,value\n2026-06-01 09:00:00,250\n2026-06-01 09:05:00,310\n2026-06-01 09:10:00,265\n"


@dataclass(frozen=True)
class Example:
    settings: Callable[[Path], Mapping[str, object]]
    """What stands under the source in tomoni.yaml; may write what it reads into the given folder."""
    window: Callable[[], Window]
    series: int
    """How many series it brings, at least."""
    events: int = 0
    """How many events it brings, at least."""
    repeats: bool = True
    """Whether the same question gives the same values; always the same keys."""
    asks_for_all: bool = True
    """Whether it is asked for a window, and not for whatever there is."""
    empty: Callable[[Path], Mapping[str, object]] | None = None


def _now() -> Window:
    end = datetime.now(UTC)
    return Window(end - timedelta(minutes=1), end)


def _csv(text: str) -> Callable[[Path], Mapping[str, object]]:
    def settings(folder: Path) -> Mapping[str, object]:
        (folder / "latency.csv").write_text(text, encoding="utf-8")
        return {"path": "*.csv", "component": "web", "indicator": "latency_p95", "unit": "ms"}

    return settings


def _dropped(folder: Path) -> Mapping[str, object]:
    text = '{"kind": "deployment", "id": 17, "component": "web", "started_at": "2026-06-02T09:00:00Z"}'
    (folder / "webhook").mkdir(exist_ok=True)
    (folder / "webhook" / "deploy-17.json").write_text(text, encoding="utf-8")
    return {}


NOON = Window(datetime(2026, 6, 20, 9, tzinfo=UTC), datetime(2026, 6, 20, 13, tzinfo=UTC))

EXAMPLES: Mapping[str, Example] = {
    "cloudwatch": Example(
        lambda _: databases.example(JUNE.end),
        lambda: JUNE,
        series=12,
        empty=lambda _: databases.example(JUNE.end, measured=False),
    ),
    "cloudwatch_alarms": Example(
        lambda _: alarm_account.example(JUNE.end),
        lambda: JUNE,
        series=0,
        events=3,
        empty=lambda _: alarm_account.example(JUNE.end, busy=False),
    ),
    "concourse": Example(
        lambda _: concourse_server.example(JUNE.start, image="build", deploy="deployment"),
        lambda: JUNE,
        series=0,
        events=29,
        empty=lambda _: concourse_server.example(JUNE.start, never="batch_run"),
    ),
    "datadog": Example(
        lambda _: datadog_server.example(*datadog_server.USUAL),
        lambda: JUNE,
        series=5,
        empty=lambda _: datadog_server.example(datadog_server.NOTHING),
    ),
    "datadog_events": Example(
        lambda _: datadog_events_server.example(),
        lambda: datadog_events_server.TODAY,
        series=0,
        events=8,
        empty=lambda _: datadog_events_server.example("nobody"),
    ),
    "demo": Example(lambda _: {"until": JUNE.end, "weeks": 1}, lambda: JUNE, series=50),
    "ecr": Example(
        lambda _: ecr_account.example(JUNE.end),
        lambda: JUNE,
        series=2,
        empty=lambda _: ecr_account.example(JUNE.end, busy=False),
    ),
    "elasticsearch": Example(
        lambda _: osmem.example_settings(), lambda: NOON, series=35, empty=lambda _: osmem.example_settings("no-*")
    ),
    "files": Example(_csv(ROWS), lambda: JUNE, series=1, asks_for_all=False, empty=_csv("timestamp,value\n")),
    "github": Example(
        lambda _: github_asked.example(),
        lambda: JUNE,
        series=0,
        events=4,
        empty=lambda _: github_asked.example(busy=False),
    ),
    "host": Example(lambda _: {"component": "here"}, _now, series=6, repeats=False),
    "kubernetes": Example(
        lambda _: kubernetes_server.example(JUNE.start),
        lambda: JUNE,
        series=4,
        events=12,
        empty=lambda _: kubernetes_server.example(JUNE.start, "no-such-namespace"),
    ),
    "prometheus": Example(
        prometheus_samples.example, lambda: prometheus_samples.HOURS, series=4, empty=prometheus_samples.nothing
    ),
    "webhook": Example(_dropped, lambda: JUNE, series=0, events=1, asks_for_all=False, empty=lambda _: {}),
}
