"""The demo's delivery and demand side: builds, deployments, nightly jobs, defects, and use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import numpy as np

from metrics.collect._demo.batches import JOBS, Run
from metrics.collect._demo.calendar import is_day_off, seconds
from metrics.collect._demo.line import DAY, RUN, Line, Samples, at_unix
from metrics.collect._demo.releases import Release, build_minutes
from metrics.collect._demo.signals import generator
from metrics.collect._demo.work import PHASES, defects, found_by_day
from metrics.collect._demo.world import WEEK_S, World

__all__ = ["RELEASE_NIGHT", "lines"]

RELEASE_NIGHT, BY_DAY = "release night", "by day"


def lines(world: World) -> Iterator[Line]:
    yield from _pipeline(world)
    yield from _nightly(world)
    yield from _service(world)


def _runs(pairs: Sequence[tuple[datetime, float]]) -> Samples:
    """Samples that come when something ends, at no fixed step."""
    ordered = sorted(pairs)
    return at_unix(np.asarray([seconds(moment) for moment, _ in ordered])), np.asarray([v for _, v in ordered])


def _pipeline(world: World) -> Iterator[Line]:
    done = [r for r in world.releases if r.environment == "production" and r.status == "success"]
    for component in ("web", "api", "search"):
        built = [r for r in done if r.component == component and r.build is not None]
        yield Line("pipeline", "build.duration", partial(_built, built), component, RUN)
        yield Line("images", "image.size", partial(_sizes, world, built), component, RUN)
    yield Line("pipeline", "deploy.duration", partial(_deployed, [r for r in done if r.night]), RELEASE_NIGHT, RUN)
    yield Line("pipeline", "deploy.duration", partial(_deployed, [r for r in done if not r.night]), BY_DAY, RUN)


def _built(done: list[Release]) -> Samples:
    return _runs([(r.build.end, r.build.duration.total_seconds()) for r in done if r.build is not None])


_SIZES = {"web": 1.55e9, "api": 0.72e9, "search": 0.58e9}


def _sizes(world: World, done: list[Release]) -> Samples:
    """Bytes of each pushed image: the web image's growth is part of why its build takes longer."""
    pairs = []
    for release in done:
        if release.build is not None:
            rng = generator(world.plan.seed, "image", release.id)
            longer = build_minutes(world.plan, release.build.end) / world.plan.build_minutes[1]
            size = _SIZES[release.component] * (0.55 + 0.45 * longer) * float(rng.lognormal(0, 0.006))
            pairs.append((release.build.end, round(size)))
    return _runs(pairs)


def _deployed(done: list[Release]) -> Samples:
    return _runs([(r.window.end, r.window.duration.total_seconds()) for r in done])


def _nightly(world: World) -> Iterator[Line]:
    since, why = world.plan.batch_from, "batch runs were not collected: finished jobs were not read"
    for job in JOBS:
        done = [run for run in world.runs if run.job == job]
        yield Line("nightly", "batch.duration", partial(_lengths, done), job.name, RUN, since, why)
        yield Line("nightly", "batch.failures", partial(_failures, done), job.name, RUN, since, why)


def _lengths(done: list[Run]) -> Samples:
    succeeded = [run for run in done if run.status == "succeeded"]
    return _runs([(run.window.end, run.window.duration.total_seconds()) for run in succeeded])


def _failures(done: list[Run]) -> Samples:
    """1 for a run that failed, 0 for one that didn't."""
    return _runs([(run.window.end, float(run.status == "failed")) for run in done])


def _service(world: World) -> Iterator[Line]:
    for name, level, slope in (
        ("demand.accounts", 186_000.0, 1.0),
        ("demand.postings", 412_000.0, 1.15),
        ("demand.records", 27_600_000.0, 0.9),
    ):
        yield Line("jobs", name, partial(_demand, world, name, level, slope), period_s=DAY)
    found = defects(world.plan)
    for phase in PHASES:
        yield Line(
            "jobs", "defects.found", partial(_found, world, found_by_day(world.plan, phase, found)), phase, DAY
        )


def _demand(world: World, name: str, level: float, slope: float) -> Samples:
    """Counted once a day; new ones come on working days."""
    rng = generator(world.plan.seed, name)
    weight = np.asarray([0.3 if is_day_off(day) else 1.0 for day in world.grid.days])
    steps = weight * np.exp(0.15 * rng.standard_normal(len(weight)))
    unix = world.grid.midnights
    whole = world.plan.growth * slope * (seconds(world.grid.end) - unix[0]) / WEEK_S
    grown = np.cumsum(steps) / steps.sum() * whole
    return at_unix(unix), np.round(level * np.exp(grown - whole))


def _found(world: World, counts: list[int]) -> Samples:
    return at_unix(world.grid.midnights), np.asarray(counts, dtype=np.float64)
