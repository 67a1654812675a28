"""The demo's deployments: two release nights a week, others by day, some of which fail and are mended.

A night release changes the schema and begins at 03:00. Until the image is built the day before (story 4), the
build is part of that night.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Literal

import numpy as np

from metrics.collect._demo.calendar import at, is_day_off, local_day
from metrics.collect._demo.plan import Plan
from metrics.collect._demo.signals import generator, pick
from metrics.model import Window

__all__ = ["Kind", "Release", "build_minutes", "commit", "releases"]

Kind = Literal["planned", "hotfix", "rollback", "revert"]


@dataclass(frozen=True)
class Release:
    """One deployment of one component; `build` is its image, which a roll-back doesn't need."""

    number: int
    component: str
    environment: str
    kind: Kind
    night: bool
    build: Window | None
    window: Window
    status: str
    version: str
    broke: str | None = None
    """How it hurt users, if it did."""
    mends: int | None = None
    """The number of the deployment that this one mends."""
    restores: str | None = None
    """The version that a roll-back goes back to."""

    @property
    def id(self) -> str:
        return f"deploy-{self.number}"


def commit(seed: int, *names: object) -> str:
    """A commit's hash, made from what it stands for."""
    text = "/".join(str(name) for name in (seed, "commit", *names))
    return blake2b(text.encode(), digest_size=20).hexdigest()


def build_minutes(plan: Plan, moment: datetime) -> float:
    """How long the web image takes to build: it creeps up, slowly at first (story 4)."""
    first, last = plan.build_minutes
    age = (plan.grid.end - moment) / (plan.grid.end - plan.grid.start)
    return float(first + (last - first) * (1 - min(max(age, 0.0), 1.0)) ** 1.25)


def releases(plan: Plan) -> tuple[Release, ...]:
    """Every production and staging deployment of the demo, in order of their start."""
    found: list[Release] = []
    for day in plan.grid.days:
        rng = generator(plan.seed, "release", day.toordinal() - plan.last_day.toordinal())
        for release in _of_day(plan, rng, day):
            found += [release, *_mending(plan, rng, release)]
    found += [_fix_of_outage(plan)]
    inside = [r for r in found if plan.grid.start <= r.window.start and r.window.end <= plan.grid.end]
    inside.sort(key=lambda release: release.window.start)
    numbered = _numbered(inside)
    return tuple(sorted([*numbered, *_staged(plan, numbered)], key=lambda release: release.window.start))


def _of_day(plan: Plan, rng: np.random.Generator, day: date) -> Iterator[Release]:
    if is_day_off(day):
        return
    if day.weekday() in (1, 3):
        yield _night(plan, rng, day)
    chance = (0.5, 0.65, 0.7, 0.6, 0.3)[day.weekday()]
    if rng.random() < chance:
        yield _daytime(plan, rng, day, pick(rng, 10.7, 13.0))
    if rng.random() < chance / 4:
        yield _daytime(plan, rng, day, pick(rng, 15.0, 16.6))


def _night(plan: Plan, rng: np.random.Generator, day: date) -> Release:
    start = at(day, 3.0)
    migrate, roll_out = pick(rng, 32, 40), pick(rng, 19, 26)
    minutes = build_minutes(plan, start) * pick(rng, 0.96, 1.05)
    if start < plan.build_ahead_from:
        build = Window(start, start + timedelta(minutes=minutes))
        end = build.end + timedelta(minutes=migrate + roll_out)
    else:
        ahead = at(day - timedelta(days=1), pick(rng, 16.5, 18.5))
        build = Window(ahead, ahead + timedelta(minutes=minutes))
        end = start + timedelta(minutes=migrate + roll_out)
    broke = "schema change locked a table" if rng.random() < 0.05 else None
    return _release("web", Window(start, end), build, night=True, broke=broke)


def _daytime(plan: Plan, rng: np.random.Generator, day: date, hour: float) -> Release:
    component = ("web", "web", "web", "api", "search")[int(rng.integers(5))]
    factor = {"web": 1.0, "api": 0.36, "search": 0.28}[component]
    minutes = build_minutes(plan, at(day, hour)) * factor * pick(rng, 0.95, 1.06)
    build = Window(at(day, hour), at(day, hour) + timedelta(minutes=minutes))
    start = build.end + timedelta(minutes=pick(rng, 2, 25))
    window = Window(start, start + timedelta(minutes=pick(rng, 9, 16)))
    near_end = plan.grid.end - start < timedelta(days=8)  # the last week belongs to the exports
    broke = "errors after the roll-out" if rng.random() < 0.13 and not near_end else None
    release = _release(component, window, build, night=False, broke=broke)
    if broke is None and rng.random() < 0.04:
        return replace(release, status="failed")
    return release


def _release(component: str, window: Window, build: Window | None, *, night: bool, broke: str | None) -> Release:
    version = f"{local_day(window.start):%Y.%m.%d}-{component}"
    return Release(0, component, "production", "planned", night, build, window, "success", version, broke)


def _mending(plan: Plan, rng: np.random.Generator, bad: Release) -> Iterator[Release]:
    """What follows a deployment that hurt: a roll-back within the hour, else a hotfix or a revert that day."""
    if bad.broke is None:
        return
    turn = rng.random()
    if turn < 0.5:
        start = bad.window.end + timedelta(minutes=pick(rng, 16, 42))
        window = Window(start, start + timedelta(minutes=pick(rng, 5, 9)))
        yield replace(bad, kind="rollback", night=False, build=None, window=window, broke=None, mends=0)
        return
    kind: Kind = "hotfix" if turn < 0.8 else "revert"
    first = bad.window.end + timedelta(minutes=pick(rng, 25, 50))
    minutes = build_minutes(plan, first) * (1.0 if bad.component == "web" else 0.35)
    build = Window(first, first + timedelta(minutes=minutes))
    start = build.end + timedelta(minutes=pick(rng, 1, 5))
    window = Window(start, start + timedelta(minutes=pick(rng, 8, 12)))
    yield replace(
        bad, kind=kind, night=False, build=build, window=window, broke=None, mends=0, version=f"{bad.version}.1"
    )


def _fix_of_outage(plan: Plan) -> Release:
    """The index that the slow query needed, put in by hand while the database stood still."""
    start = plan.outage.end - timedelta(minutes=14)
    window = Window(start, start + timedelta(minutes=9))
    release = _release("web", window, None, night=False, broke=None)
    return replace(release, kind="hotfix", version=f"{release.version}.index")


def _numbered(found: list[Release]) -> list[Release]:
    """Numbers in order; a mending deployment points at the latest broken one of its component."""
    numbered: list[Release] = []
    for number, release in enumerate(found, start=1401):
        same = [r for r in numbered if r.component == release.component]
        broken = next((r for r in reversed(same) if r.broke), None)
        fields: dict[str, object] = {"number": number}
        if release.mends is not None and broken is not None:
            fields["mends"] = broken.number
        if release.kind == "rollback":
            good = next((r for r in reversed(same) if not r.broke and r.status == "success"), None)
            fields["version"] = fields["restores"] = good.version if good else "unknown"
        numbered.append(replace(release, **fields))  # type: ignore[arg-type]
    return numbered


def _staged(plan: Plan, production: list[Release]) -> Iterator[Release]:
    """Planned deployments go to staging first, some hours before."""
    for release in production:
        if release.kind != "planned" or release.build is None:
            continue
        rng = generator(plan.seed, "staging", release.number)
        start = release.window.start - timedelta(hours=pick(rng, 4, 26))
        window = Window(start, start + timedelta(minutes=pick(rng, 6, 10)))
        if start >= plan.grid.start:
            status = "failed" if rng.random() < 0.05 else "success"
            yield replace(
                release, number=release.number + 3000, environment="staging", window=window, build=None,
                status=status, broke=None,
            )  # fmt: skip
