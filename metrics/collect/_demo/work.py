"""The demo's work on the product: merged changes by what they were for, and defects by where they were found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from metrics.collect._demo.calendar import at, is_day_off, local_day
from metrics.collect._demo.plan import Plan
from metrics.collect._demo.releases import Release, commit
from metrics.collect._demo.signals import generator, pick

__all__ = ["PHASES", "WORK", "Change", "Defect", "changes", "defects", "found_by_day", "phase_shares", "work_shares"]

PHASES = ("requirements", "design", "review", "unit test", "integration test", "acceptance", "production")
_FOUND = (0.03, 0.05, 0.09, 0.08, 0.13, 0.37, 0.25)
_UI_REWORK = (0.2, 0.3, 0.3, 0.15, 0.4, 0.74, 0.68)
"""How likely a defect found in that phase means that a screen has to be made again (story 7)."""

WORK = ("feature", "prevention", "early_detection", "repair")
_TITLES = {
    "feature": (
        "Let recruiters pin a posting", "Add a salary range filter", "Show similar postings", "Widen the list",
    ),
    "prevention": (
        "Put a limit on result pages", "Add the missing index", "Keep fewer finished jobs", "Pool uploads",
    ),
    "early_detection": (
        "Measure queue length", "Log slow queries", "Check replies of partners", "Time each build step",
    ),
    "repair": (
        "Mend the entry form on phones", "Correct totals on the dashboard", "Redo the posting screen",
        "Restore sorting by date", "Correct mail templates",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One pull request, by the deployment that brought it to users."""

    number: int
    commit: str
    component: str
    authored: datetime
    reviewed: datetime
    merged: datetime
    deployed_by: str
    work: str
    title: str
    commits: int
    hours: float
    reverts: str | None = None


@dataclass(frozen=True)
class Defect:
    number: int
    found: datetime
    fixed: datetime | None
    phase: str
    kind: str
    component: str


def work_shares(plan: Plan, moment: datetime) -> tuple[float, ...]:
    """Shares of WORK: repair falls from about half while prevention grows, slowly, over the demo's time (story 8)."""
    age = min(max((plan.grid.end - moment) / (plan.grid.end - plan.grid.start), 0.0), 1.0)
    tilt = generator(plan.seed, "work").uniform(-0.02, 0.02)
    repair, prevention, early = 0.29 + 0.27 * age + tilt, 0.21 - 0.14 * age, 0.15 - 0.1 * age
    return (1 - repair - prevention - early, prevention, early, repair)


def phase_shares(plan: Plan) -> tuple[float, ...]:
    """Where defects are found: most of them late."""
    shares = np.asarray(_FOUND) * generator(plan.seed, "phases").uniform(0.85, 1.15, len(_FOUND))
    return tuple((shares / shares.sum()).tolist())


def changes(plan: Plan, releases: tuple[Release, ...]) -> tuple[Change, ...]:
    """Every pull request that reached production, in order of its deployment."""
    found: list[Change] = []
    for release in releases:
        if release.environment == "production" and release.kind != "rollback" and release.status == "success":
            found += _of_release(plan, release, first=2101 + len(found))
    return tuple(found)


def _of_release(plan: Plan, release: Release, first: int) -> Iterator[Change]:
    rng = generator(plan.seed, "changes", release.id)
    many = 1 if release.kind != "planned" else 1 + int(rng.poisson(2.6 if release.night else 1.7))
    for n in range(many):
        before = release.build.start if release.build else release.window.start
        if release.kind == "planned":
            merged = before - timedelta(hours=float(rng.exponential(9.0)) + 0.2)
            reviewed = merged - timedelta(hours=float(rng.exponential(3.0)) + 0.1)
            authored = reviewed - timedelta(hours=float(rng.lognormal(2.9, 0.9)))
            shares = work_shares(plan, merged)
            work = WORK[int(rng.choice(len(WORK), p=shares))]
        else:
            merged = before - timedelta(minutes=pick(rng, 1, 4))
            reviewed = merged - timedelta(minutes=pick(rng, 2, 9))
            authored, work = reviewed - timedelta(minutes=pick(rng, 4, 14)), "repair"
        titles = _TITLES[work]
        title = titles[int(rng.integers(len(titles)))]
        reverts = f"deploy-{release.mends}" if release.kind == "revert" and release.mends else None
        if release.kind == "revert":
            title = f'Revert "{release.component}: the change before"'
        yield Change(
            first + n, commit(plan.seed, release.id, n), release.component, authored, reviewed, merged, release.id,
            work, title, 1 + int(rng.poisson(2.2)), float(np.round(rng.lognormal(1.7, 0.7), 1)), reverts,
        )  # fmt: skip


def defects(plan: Plan) -> tuple[Defect, ...]:
    """Every defect that was written down, by the day and phase in which it was found."""
    shares = phase_shares(plan)
    found: list[Defect] = []
    for day in plan.grid.days:
        rng = generator(plan.seed, "defects", (day - plan.last_day).days)
        for _ in range(int(rng.poisson(0.35 if is_day_off(day) else 2.3))):
            n = int(rng.choice(len(PHASES), p=shares))
            moment = at(day, pick(rng, 9.5, 19.0))
            others = ("logic", "data", "performance")
            kind = "ui_rework" if rng.random() < _UI_REWORK[n] else others[int(rng.integers(3))]
            fixed = moment + timedelta(hours=float(rng.lognormal(3.4, 0.8)))
            component = ("web", "web", "web", "api", "search")[int(rng.integers(5))]
            if plan.grid.start <= moment < plan.grid.end:
                found.append(Defect(501 + len(found), moment, fixed, PHASES[n], kind, component))
    return tuple(sorted(found, key=lambda defect: defect.found))


def found_by_day(plan: Plan, phase: str, found: tuple[Defect, ...]) -> list[int]:
    """How many were found in that phase on each local day: a day without any is a true 0."""
    first, counts = plan.grid.days[0], [0] * len(plan.grid.days)
    for defect in found:
        if defect.phase == phase:
            counts[(local_day(defect.found) - first).days] += 1
    return counts
