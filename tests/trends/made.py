"""A store with a few lines over some weeks, each the same on every run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from metrics.config import Config
from metrics.model import Component, Points, Series, Service, Team
from metrics.notify_settings import Notify
from metrics.store import Store, write

__all__ = ["MONDAY", "SERVICE", "Lines", "config", "fill", "level", "lines_of", "times"]

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
SERVICE = Service(
    "jobs", "Jobs", "UTC", 0, teams=(Team("dev", "Dev", "dev"), Team("infra", "Infra", "infra")),
    components=(Component("jobs", "web", "web", "Web", "dev"), Component("jobs", "db", "database", "Database", "infra")),
)  # fmt: skip
DAY_S = 86_400
Floats = NDArray[np.float64]
Lines = Mapping[Series, Floats]


def config(folder: Path) -> Config:
    return Config(folder, (SERVICE,), (), False, timedelta(minutes=5), Notify(()))


def times(weeks: float, period_s: int) -> NDArray[np.datetime64]:
    """From MONDAY on, one each period."""
    return np.datetime64(MONDAY.replace(tzinfo=None), "us") + _seconds(weeks, period_s) * np.timedelta64(1, "s")


def _seconds(weeks: float, period_s: int) -> NDArray[np.int64]:
    return np.arange(round(weeks * 7 * DAY_S / period_s)) * period_s


def level(name: str, weeks: float, period_s: int, usual: float = 50.0, noise: float = 0.02) -> Floats:
    """Busier by day than by night, the same each day but for a noise that is the name's own."""
    second = _seconds(weeks, period_s)
    chance = np.random.default_rng(crc32(name.encode()))
    return usual * (1 + 0.2 * np.sin(2 * np.pi * second / DAY_S) + noise * chance.standard_normal(len(second)))


def lines_of(
    weeks: float, period_s: int, source: str = "cloudwatch", parts: Iterable[str] = ("a", "b")
) -> dict[Series, Floats]:
    """CPU and memory of parts of the database."""
    names = ("system.cpu.utilization", "system.memory.utilization")
    return {
        Series("jobs", "db", name, "mean", "%", period_s, source, part): level(f"{name} {part}", weeks, period_s)
        for name in names
        for part in parts
    }


def fill(
    folder: Path,
    lines: Lines,
    weeks: float,
    *,
    keep: Callable[[Series, NDArray[np.datetime64]], NDArray[np.bool_]] | None = None,
) -> Store:
    """The lines in a store; `keep` says which of a line's points came."""
    store = Store(folder / "tomoni.duckdb")
    run = write.begin_run(store, "collect", "test")
    batches = []
    for series, values in lines.items():
        ts = times(weeks, series.period_s)
        there = np.ones(len(ts), bool) if keep is None else keep(series, ts)
        batches.append(Points(series, ts[there], values[there]))
    write.batches(store, run, batches)
    write.end_run(store, run, "done")
    return store
