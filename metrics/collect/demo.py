"""demo: a hiring service with eight planted stories, half a year of it, the same for the same seed.

Everything is computed from the seed and the end (`until`); nothing is read from anywhere and no clock is asked. A
sample is the same whatever window it is asked with, but for counts of the window's last hour: they arrive late,
as they do in real clouds, and a later window corrects them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources

import httpx
import numpy as np
from pydantic import AwareDatetime, BaseModel, Field

from metrics.catalog import load
from metrics.collect._demo.answers import Answer
from metrics.collect._demo.answers import answers as answers_of
from metrics.collect._demo.app_lines import lines as app_lines
from metrics.collect._demo.calendar import STEP, Grid, Instants
from metrics.collect._demo.happening import SITE, Happening
from metrics.collect._demo.happenings import happenings
from metrics.collect._demo.holes import pieces
from metrics.collect._demo.infra_lines import lines as infra_lines
from metrics.collect._demo.inventory import Inventory, inventories
from metrics.collect._demo.line import Line
from metrics.collect._demo.plan import draw
from metrics.collect._demo.signals import Floats
from metrics.collect._demo.work_lines import lines as work_lines
from metrics.collect._demo.world import World
from metrics.model import Coverage, Event, Indicator, Points, Series, Snapshot, Unit, Window

__all__ = ["BACKFILL", "RECOLLECT", "SERVICE", "Settings", "answers", "collect", "service_file", "window", "world"]

BACKFILL = timedelta(weeks=26)
RECOLLECT = timedelta(hours=25)  # a day is given once it is over
SERVICE = "jobs"
SOURCE = "demo"

# What a monitoring system would report: tenths of a millisecond, hundredths of a per cent, whole counts.
_DECIMALS: dict[Unit, int] = {"s": 4, "%": 2, "By": 0, "1": 0, "1/s": 2}


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which demo: everything else follows from these three."""

    until: AwareDatetime
    """Where the data ends; the stories are counted back from here."""
    weeks: int = Field(default=26, ge=1, le=104)
    seed: int = Field(default=7, ge=0)


def window(settings: Settings) -> Window:
    """All of the demo's time, on its five-minute grid."""
    step = STEP.total_seconds()
    end = datetime.fromtimestamp(settings.until.timestamp() // step * step, UTC)
    return Window(end - timedelta(weeks=settings.weeks), end)


def service_file() -> str:
    """The text of the demo's data/services/jobs.yaml."""
    return resources.files("metrics.collect._demo").joinpath("jobs.yaml").read_text(encoding="utf-8")


def world(settings: Settings) -> World:
    """What happens in it: what the demo's teams said follows from that."""
    return _world(settings)


def answers(settings: Settings, window: Window) -> list[dict[str, object]]:
    """What is planted within that window, to judge findings by; data/demo/ANSWERS.md explains the keys."""
    planted: Iterator[Answer] = answers_of(_world(settings))
    return [answer.as_json() for answer in planted if answer.touches(window)]


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Event | Snapshot | Coverage]:
    """Every line, event and snapshot of the window; `http` is not used."""
    world = _world(settings)
    for line in (*app_lines(world), *infra_lines(world), *work_lines(world)):
        yield from _line(world, line, window)
    for happening in happenings(world):
        yield from _event(world, happening, window)
    for inventory in inventories(world):
        yield from _snapshot(inventory, window)


@lru_cache(maxsize=2)
def _world(settings: Settings) -> World:
    whole = window(settings)
    return World(draw(settings.seed, Grid(whole.start, whole.end)))


def _line(world: World, line: Line, window: Window) -> Iterator[Points | Coverage]:
    """The samples of the pieces that were answered, and how each piece ended."""
    indicator = load().get(line.indicator)
    found = pieces(world.plan, line, window)
    good = [piece.window for piece in found if piece.state in ("complete", "partial")]
    if good:
        ts, values = line.samples()
        kept = _inside(ts, line.period_s, good)
        ts, values = ts[kept], _settled(line, ts[kept], values[kept], window)
        if len(ts):
            yield Points(_series(line, indicator), ts, np.round(values, _DECIMALS[indicator.unit]))
    for piece in found:
        yield Coverage(
            SERVICE, line.component, indicator.name, SOURCE, piece.window, piece.state, piece.detail, line.part
        )


def _series(line: Line, indicator: Indicator) -> Series:
    return Series(
        SERVICE, line.component, indicator.name, indicator.stat, indicator.unit, line.period_s, SOURCE, line.part
    )


def _instant(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _inside(ts: Instants, period_s: int, windows: list[Window]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which samples lie in one of the windows; of the last one, only periods that are over."""
    kept = np.zeros(len(ts), dtype=bool)
    for piece in windows:
        kept |= (ts >= _instant(piece.start)) & (ts < _instant(piece.end))
    return kept & (ts + np.timedelta64(period_s, "s") <= _instant(windows[-1].end))


def _settled(line: Line, ts: Instants, values: Floats, window: Window) -> Floats:
    """Counts as far as they have arrived by the window's end: a twelfth is missing at first, then less and less."""
    if not line.settles:
        return values
    age = (_instant(window.end) - ts) / np.timedelta64(1, "s")
    left = np.clip(1 - age / line.settles.total_seconds(), 0.0, 1.0)
    return np.floor(values * (1 - left / 12))


def _event(world: World, happening: Happening, window: Window) -> Iterator[Event]:
    """The event as far as it could be known by the window's end: one that is under way has no end yet."""
    plan = world.plan
    known = happening.known or happening.start
    last = min(window.end, plan.grid.end)
    if known >= last or happening.start < plan.grid.start - timedelta(days=30):
        return
    over = happening.end is not None and happening.end < last
    ended = happening.end if over else None
    newest = ended or known
    if newest < max(window.start, plan.grid.start):
        return
    status = happening.status if over or happening.end is None else "open"
    attrs = dict(happening.attrs)
    if not over:
        attrs.pop("resolved_at", None)
    yield Event(
        SERVICE, happening.kind, happening.id, happening.start, SOURCE, newest, happening.component, ended, status,
        happening.title, SITE + happening.path, attrs,
    )  # fmt: skip


def _snapshot(inventory: Inventory, window: Window) -> Iterator[Snapshot]:
    if window.start <= inventory.taken_at < window.end:
        yield Snapshot(SERVICE, inventory.component, inventory.kind, inventory.taken_at, SOURCE, inventory.values)
