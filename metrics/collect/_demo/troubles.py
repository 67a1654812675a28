"""What went wrong in the demo and could be felt: incidents with their causes, and error bursts that hurt nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.collect._demo.calendar import at
from metrics.collect._demo.plan import NODES, Plan
from metrics.collect._demo.releases import Release
from metrics.collect._demo.signals import generator, pick
from metrics.model import Window

__all__ = ["HARMLESS_PER_FELT", "OUTAGE", "Trouble", "troubles"]

OUTAGE = "database CPU at 100 %: the applicants query had lost its plan"
HARMLESS_PER_FELT = 9
"""Of ten error-log alerts, nine have no service impact (story 3)."""


@dataclass(frozen=True)
class Trouble:
    """`severity` is None where no user noticed; `cause` is deployment, infra, quota, access or harmless."""

    component: str
    kind: str
    window: Window
    strength: float
    cause: str
    title: str
    severity: str | None = None
    detected: datetime | None = None
    release: int | None = None
    part: str | None = None


def troubles(plan: Plan, releases: tuple[Release, ...]) -> tuple[Trouble, ...]:
    felt = [*_broken(plan, releases), *_others(plan), *_outage(plan), *_exports(plan)]
    count = HARMLESS_PER_FELT * sum(trouble.kind in ("broken", "outage") for trouble in felt)
    found = [*felt, *_harmless(plan, felt, count)]
    inside = [t for t in found if plan.grid.start <= t.window.start and t.window.end <= plan.grid.end]
    return tuple(sorted(inside, key=lambda trouble: trouble.window.start))


def _broken(plan: Plan, releases: tuple[Release, ...]) -> Iterator[Trouble]:
    mending = {release.mends: release for release in releases if release.mends}
    for release in releases:
        if release.broke is None or release.environment != "production":
            continue
        rng = generator(plan.seed, "broken", release.id)
        begin = release.window.end - timedelta(minutes=3)
        repair = mending.get(release.number)
        end = repair.window.end if repair else begin + timedelta(minutes=45)
        title = f"{release.component}: {release.broke}"
        found = begin + timedelta(minutes=pick(rng, 4, 12))
        severity = "sev2" if rng.random() < 0.4 else "sev3"
        strength = pick(rng, 0.6, 1.5)
        yield Trouble(
            release.component, "broken", Window(begin, end), strength, "deployment", title, severity, found,
            release.number,
        )  # fmt: skip


def _others(plan: Plan) -> Iterator[Trouble]:
    """Incidents that no change caused, three to four weeks apart, none in the last ten days."""
    rng = generator(plan.seed, "others")
    kinds = [
        ("eks", "node_lost", "infra", "a node stopped answering and its pods moved", "sev3", 0.6),
        ("mail", "mail_slow", "quota", "mail was held back by the provider's send rate", "sev3", 1.6),
        ("api", "retry_storm", "access", "a partner's client retried without pause", "sev2", 0.9),
        ("cache", "failover", "infra", "the cache failed over and started cold", "sev3", 0.5),
    ]
    order = rng.permutation(len(kinds))
    back = pick(rng, 13, 22)
    for turn in range(int(plan.grid.end.timestamp() - plan.grid.start.timestamp()) // 86400 // 24):
        component, kind, cause, title, severity, hours = kinds[int(order[turn % len(kinds)])]
        start = at(plan.last_day - timedelta(days=int(back)), pick(rng, 9.5, 20.5))
        back += pick(rng, 20, 29)
        window = Window(start, start + timedelta(hours=hours * pick(rng, 0.8, 1.4)))
        if window.start < plan.outage.end + timedelta(days=1) and window.end > plan.outage.start - timedelta(days=1):
            continue
        found = start + timedelta(minutes=pick(rng, 3, 15))
        part = NODES[int(rng.integers(len(NODES)))] if kind == "node_lost" else None
        yield Trouble(component, kind, window, pick(rng, 0.8, 1.2), cause, title, severity, found, part=part)


def _outage(plan: Plan) -> Iterator[Trouble]:
    yield Trouble(
        "aurora-main", "outage", plan.outage, 1.0, "infra", OUTAGE, "sev1", plan.outage_detected, part="writer"
    )


def _exports(plan: Plan) -> Iterator[Trouble]:
    """The strongest jump of the last week was reported by customers; the others only show in the lines."""
    recent = [jump for jump in plan.jumps if plan.grid.end - jump.window.start < timedelta(days=6.5)]
    if not recent:
        return
    worst = max(recent, key=lambda jump: jump.strength)
    title = "pages slow for everybody while applicant lists are exported"
    found = worst.window.start + (worst.window.end - worst.window.start) / 3
    yield Trouble("web", "export", worst.window, worst.strength, "access", title, "sev3", found, part="/jobs/export")


def _harmless(plan: Plan, felt: list[Trouble], count: int) -> Iterator[Trouble]:
    reasons = (
        ("web", "a crawler asked for pages that are gone"),
        ("web", "a browser extension broke a script"),
        ("api", "a partner's key had expired"),
        ("api", "a partner sent rows it had sent before"),
        ("search", "a query was too long and was cut"),
        ("web", "a webhook of another company timed out"),
    )
    rng = generator(plan.seed, "harmless")
    first, last = plan.grid.days[0], plan.last_day
    for _ in range(count):
        component, title = reasons[int(rng.integers(len(reasons)))]
        start = at(first + timedelta(days=int(rng.integers((last - first).days))), pick(rng, 0, 23.5))
        window = Window(start, start + timedelta(minutes=pick(rng, 6, 35)))
        if not any(window.start < t.window.end and t.window.start < window.end for t in felt):
            yield Trouble(component, "error_log", window, pick(rng, 0.6, 1.6), "harmless", title)
