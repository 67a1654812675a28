"""host: CPU, memory, filesystems and network of the machine that collects, as psutil reads them.

A reading is about now, so it has no fixed step. CPU and network speak for the time since this process read them
last, or for one second at its first reading; a past that nobody measured is answered as `empty`.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx
import numpy as np
import psutil
from pydantic import BaseModel, Field

from metrics.catalog import load
from metrics.collect import Sign
from metrics.model import Coverage, CoverageState, Points, Series, Window

__all__ = ["BACKFILL", "Settings", "check", "collect"]

CPU: Final = "system.cpu.utilization"
MEMORY: Final = "system.memory.utilization"
STORAGE: Final = "system.filesystem.utilization"
STORAGE_USED: Final = "system.filesystem.usage"
RECEIVED: Final = "system.network.receive"
SENT: Final = "system.network.transmit"

# One reading speaks for at most this long; a longer silence is a gap.
SPEAKS_FOR = timedelta(minutes=15)
# As far back as a reading speaks for: asking for less left a hole between any two runs, however regular.
BACKFILL = SPEAKS_FOR
# A window that ended longer ago than this can't be read any more.
STILL_NOW_S = 60.0
# The shortest time over which CPU counters (100 ticks a second) make an honest percentage.
SHORTEST_S = 1.0

# Filesystems that are always full, and interfaces that repeat what another one carries or leave no machine.
_IMAGES: Final = frozenset({"squashfs", "iso9660", "erofs", "udf"})
_VIRTUAL: Final = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "ifb", "tun", "tap", "dummy")

_Key = tuple[str, str | None]


class Settings(BaseModel, frozen=True, extra="forbid"):
    """Which component of which service this machine is."""

    service: str = "default"
    component: str = Field(default_factory=lambda: platform.node() or "host", min_length=1)
    filesystems: tuple[str, ...] | None = None
    """Mount points to measure; all local, writable ones when absent."""


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Coverage]:
    """One reading of each series, stamped with the window's end."""
    mounts = _mounts(settings)
    if abs(time.time() - window.end.timestamp()) > STILL_NOW_S:
        detail = "a host can only be measured now, and nothing was measured then"
        yield from (_answer(settings, key, window, "empty", detail) for key in _keys(mounts))
        return
    readings, faults = _readings(mounts)
    ts = np.array([_stamp(window)], dtype="datetime64[us]")
    spoken_for = Window(max(window.start, window.end - SPEAKS_FOR), window.end)
    for key in _keys(mounts):
        if key in readings:
            yield Points(_series(settings, key), ts, np.array([readings[key]]))
            yield _answer(settings, key, spoken_for, "complete")
        else:
            yield _answer(settings, key, spoken_for, "failed", faults[key])
        if window.start < spoken_for.start:
            silence = Window(window.start, spoken_for.start)
            yield _answer(settings, key, silence, "empty", "nothing was measured: no collector ran")


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """What would be measured."""
    yield Sign("fine", f"{psutil.cpu_count()} CPUs, filesystems {', '.join(_mounts(settings))}")


def _mounts(settings: Settings) -> tuple[str, ...]:
    """Mount points by name, each device once; the root is always there, even in a container."""
    if settings.filesystems is not None:
        return settings.filesystems
    found: dict[str, str] = {}
    for partition in sorted(psutil.disk_partitions(all=False), key=lambda each: len(each.mountpoint)):
        writable = "ro" not in partition.opts.split(",") and partition.fstype not in _IMAGES
        if writable and partition.device not in found:
            found[partition.device] = partition.mountpoint
    return tuple(sorted({"/", *found.values()}))


def _keys(mounts: tuple[str, ...]) -> list[_Key]:
    whole: list[_Key] = [(name, None) for name in (CPU, MEMORY, RECEIVED, SENT)]
    return whole + [(name, mount) for mount in mounts for name in (STORAGE, STORAGE_USED)]


def _readings(mounts: tuple[str, ...]) -> tuple[Mapping[_Key, float], Mapping[_Key, str]]:
    """What could be read, and why the rest could not."""
    readings: dict[_Key, float] = {}
    faults: dict[_Key, str] = {}
    before, now = _meter.read()
    # The counters tick a hundred times a second: more than two decimals would be noise that does not pack.
    readings[CPU, None] = round(100 * (now.busy_s - before.busy_s) / max(now.total_s - before.total_s, 0.01), 2)
    readings[MEMORY, None] = psutil.virtual_memory().percent
    readings[RECEIVED, None] = float(max(now.received - before.received, 0))
    readings[SENT, None] = float(max(now.sent - before.sent, 0))
    for mount in mounts:
        try:
            usage = psutil.disk_usage(mount)
        except OSError as error:
            text = f"{mount}: {error.strerror}; name the mount points to measure under `filesystems`"
            faults |= {(STORAGE, mount): text, (STORAGE_USED, mount): text}
        else:
            readings |= {(STORAGE, mount): usage.percent, (STORAGE_USED, mount): float(usage.used)}
    return readings, faults


def _series(settings: Settings, key: _Key) -> Series:
    name, part = key
    indicator = load().get(name)
    return Series(settings.service, settings.component, name, indicator.stat, indicator.unit, 0, "host", part)


def _answer(settings: Settings, key: _Key, window: Window, state: CoverageState, detail: str = "") -> Coverage:
    name, part = key
    return Coverage(
        settings.service, settings.component, name, "host", window, state, detail, part, retryable=False
    )  # fmt: skip


def _stamp(window: Window) -> np.datetime64:
    """The window's end on the full second, and never outside the window."""
    end = np.datetime64(window.end.replace(tzinfo=None), "us") - np.timedelta64(1, "us")
    start = np.datetime64(window.start.replace(tzinfo=None), "us")
    return max(end.astype("datetime64[s]").astype("datetime64[us]"), start)


@dataclass(frozen=True, slots=True)
class _Counters:
    """What the system has counted since it started, at one moment."""

    at: float
    busy_s: float
    total_s: float
    received: int
    sent: int


class _Meter:
    """Remembers its last reading, so that in a collector that keeps running no second goes unmeasured."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: _Counters | None = None

    def read(self) -> tuple[_Counters, _Counters]:
        """The counters before and now, at least SHORTEST_S apart."""
        with self._lock:
            before, now = self._last, _count()
            if before is None or now.at - before.at < SHORTEST_S:
                before = now
                time.sleep(SHORTEST_S)
                now = _count()
            self._last = now
            return before, now


_meter: Final = _Meter()


def _count() -> _Counters:
    cpu = psutil.cpu_times()._asdict()
    # Linux counts a guest's time in its host's `user` and `nice` as well.
    total = sum(cpu.values()) - cpu.get("guest", 0.0) - cpu.get("guest_nice", 0.0)
    idle = cpu["idle"] + cpu.get("iowait", 0.0)
    cards = [
        card for name, card in psutil.net_io_counters(pernic=True).items() if not name.startswith(_VIRTUAL)
    ]  # fmt: skip
    return _Counters(
        at=time.monotonic(),
        busy_s=total - idle,
        total_s=total,
        received=sum(card.bytes_recv for card in cards),
        sent=sum(card.bytes_sent for card in cards),
    )
