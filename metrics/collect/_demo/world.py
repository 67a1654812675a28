"""What really went on in the demo: demand, exports, batches, broken deployments and the outage, step by step.

Every line is computed from these few causes, so that lines which share a cause move together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrics.collect._demo.batches import Run, runs
from metrics.collect._demo.calendar import Grid, seconds
from metrics.collect._demo.line import Samples
from metrics.collect._demo.plan import Plan
from metrics.collect._demo.releases import Release, releases
from metrics.collect._demo.signals import Floats, blips, generator, noise, ramp
from metrics.collect._demo.troubles import Trouble, troubles
from metrics.model import Window

__all__ = ["CONNECTION_LIMIT", "World"]

CONNECTION_LIMIT = 2000.0
WEEK_S = 7 * 86400.0


@dataclass(frozen=True)
class World:
    plan: Plan

    @property
    def grid(self) -> Grid:
        return self.plan.grid

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        return releases(self.plan)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return runs(self.plan)

    @cached_property
    def troubles(self) -> tuple[Trouble, ...]:
        return troubles(self.plan, self.releases)

    # demand -----------------------------------------------------------------------------------------

    @cached_property
    def growth(self) -> Floats:
        """Demand against that at the demo's end."""
        return np.exp(self.plan.growth * (self.grid.unix - seconds(self.grid.end)) / WEEK_S)

    @cached_property
    def _wander(self) -> Floats:
        """What everybody's demand has in common besides the calendar: weather, campaigns, the hour's chance."""
        rng = generator(self.plan.seed, "demand")
        slow, quick = noise(rng, self.size, 500.0), noise(rng, self.size, 6.0)
        return np.exp(0.014 * slow + 0.012 * quick)

    @cached_property
    def office(self) -> Floats:
        """Recruiters at work, 1 = the busiest time of an ordinary day at the demo's end."""
        return self.grid.office * self.growth * self._wander

    @cached_property
    def seekers(self) -> Floats:
        return self.grid.seekers * self.growth * self._wander

    @cached_property
    def demand(self) -> Floats:
        """Both together, as the web tier and the database see them."""
        return 0.74 * self.office + 0.5 * self.seekers

    # causes ---------------------------------------------------------------------------------------

    @cached_property
    def export(self) -> Floats:
        """Bursts of exports: up within minutes, ragged on top, down as fast (story 6)."""
        total = np.zeros(self.size)
        for number, jump in enumerate(self.plan.jumps):
            rng = generator(self.plan.seed, "jump", number)
            ragged = np.exp(0.16 * noise(rng, self.size, 2.0))
            total += jump.strength * self.during([jump.window]) * ragged
        return total

    @cached_property
    def outage(self) -> Floats:
        return self.during([self.plan.outage])

    @cached_property
    def slow_query(self) -> Floats:
        """A plan that gets worse as its table grows, for three weeks, until the index comes (story 3)."""
        since, until = seconds(self.plan.slow_query_from), seconds(self.plan.outage.start)
        before_fix = self.grid.unix < seconds(self.plan.outage.end)
        return ramp(self.grid.unix, since, until) * before_fix

    @cached_property
    def batch(self) -> Floats:
        """How hard the nightly jobs drive the database."""
        total = np.zeros(self.size)
        for database in sorted({run.job.database for run in self.runs}):
            total += database * self.during(r.window for r in self.runs if r.job.database == database)
        return np.minimum(total, 1.0)

    def job(self, name: str) -> Floats:
        return self.during(run.window for run in self.runs if run.job.name == name)

    def trouble(self, component: str, *kinds: str) -> Floats:
        """Strength of the planned troubles of these kinds at that component."""
        total = np.zeros(self.size)
        for trouble in self.troubles:
            if trouble.component == component and trouble.kind in kinds:
                total += trouble.strength * self.during([trouble.window])
        return total

    def since_release(self, component: str) -> Floats:
        """Seconds since the component was last rolled out: memory starts anew with each."""
        ends = [
            seconds(r.window.end)
            for r in self.releases
            if r.component == component and r.environment == "production" and r.status == "success"
        ]
        starts: Floats = np.asarray([float(self.grid.unix[0]) - 40_000.0, *ends])
        latest: Floats = starts[np.searchsorted(starts, self.grid.unix, side="right") - 1]
        return self.grid.unix - latest

    def during(self, windows: Iterable[Window]) -> Floats:
        """The share of each step that lies in one of these windows."""
        total = np.zeros(self.size)
        step = 300.0
        for window in windows:
            first = max(int((seconds(window.start) - self.grid.unix[0]) // step), 0)
            last = min(int((seconds(window.end) - self.grid.unix[0]) // step) + 1, self.size)
            if first >= last:
                continue
            begins = self.grid.unix[first:last]
            inside = np.minimum(begins + step, seconds(window.end)) - np.maximum(begins, seconds(window.start))
            total[first:last] += np.clip(inside, 0.0, step) / step
        return np.minimum(total, 1.0)

    # the database, on which all else waits --------------------------------------------------------------

    @cached_property
    def writer_cpu(self) -> Floats:
        rng = generator(self.plan.seed, "writer cpu")
        ragged = 1.6 * noise(rng, self.size, 5.0) + 1.1 * noise(rng, self.size, 300.0)
        cpu = 7.5 + 42 * self.demand + 67 * self.batch + 32 * self.export
        cpu += 40 * self.slow_query * (0.25 + 0.75 * np.minimum(self.demand, 1.1))
        cpu += ragged * (0.5 + 0.6 * self.demand) + blips(rng, self.size, 700.0, 6.0)
        pinned = 99.6 + 0.35 * np.tanh(noise(rng, self.size, 2.0))
        return self.outage * pinned + (1 - self.outage) * saturate(cpu, 90.0, 100.0)

    @cached_property
    def waiting(self) -> Floats:
        """By how much requests slow down, for want of database CPU and behind the exports' scans; 1 = not at all."""
        short = np.clip((self.writer_cpu - 64) / 36, 0.0, 1.0)
        felt = 0.12 + 0.88 * np.minimum(1.0, 1.25 * self.demand)
        return 1 + 2.3 * felt * short**1.4 + 0.4 * self.export + 6.5 * self.outage

    def on_grid(self, values: Floats) -> Samples:
        """One value a step."""
        return self.grid.ts, values

    @property
    def size(self) -> int:
        """In steps."""
        return len(self.grid.unix)


def saturate(values: Floats, knee: float, top: float) -> Floats:
    """Straight up to the knee, then ever closer to the top: nothing is ever 104 % busy."""
    room = top - knee
    over = np.maximum(values - knee, 0.0)
    return np.clip(np.where(values > knee, knee + room * (1 - np.exp(-over / room)), values), 0.0, top)
