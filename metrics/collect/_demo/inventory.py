"""The demo's snapshots: quotas and limits once a week, finished Jobs on each node once a day, images as pushed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from metrics.collect._demo.app_lines import CONCURRENCY_LIMIT, MAIL_QUOTA
from metrics.collect._demo.calendar import at
from metrics.collect._demo.plan import NODES, Plan
from metrics.collect._demo.releases import commit
from metrics.collect._demo.world import CONNECTION_LIMIT, World

__all__ = ["Inventory", "inventories"]


@dataclass(frozen=True)
class Inventory:
    component: str
    kind: str
    taken_at: datetime
    values: Mapping[str, str | float | int | bool | None]


def inventories(world: World) -> Iterator[Inventory]:
    for day in world.grid.days:
        morning = at(day, 9.0)
        yield Inventory("eks", "finished_jobs", morning, _finished(world.plan, morning))
        if day.weekday() == 0:
            yield Inventory("aurora-main", "limits", morning, {"max_connections": CONNECTION_LIMIT, "vcpu": 8})
            yield Inventory("mail", "quota", morning, {"max_24_hour_send": MAIL_QUOTA, "max_send_rate": 90})
            yield Inventory("resume-parser", "limits", morning, {"concurrent_executions": CONCURRENCY_LIMIT})
    yield from _images(world)


def _images(world: World) -> Iterator[Inventory]:
    """As `ecr` keeps them: the digest and the commit that it was built from."""
    for r in world.releases:
        if r.build is not None:
            built_from = commit(world.plan.seed, r.version)
            digest = f"sha256:{blake2b(f'{r.component}/{built_from}'.encode(), digest_size=32).hexdigest()}"
            yield Inventory("images", f"image {digest[:19]}", r.build.end, {
                "repository": f"jobs/{r.component}", "digest": digest, "tags": f"{r.version} {built_from}",
                "pushed_at": r.build.end.isoformat(),
            })  # fmt: skip


def _finished(plan: Plan, moment: datetime) -> dict[str, str | float | int | bool | None]:
    """A handful on each node, and one node where they are never cleared (story 5)."""
    counts: dict[str, str | float | int | bool | None] = {node: 3 + 2 * n for n, node in enumerate(NODES)}
    kept = (moment - plan.disk_from).total_seconds() / 600  # one ends there every ten minutes
    if kept > 0:
        counts[plan.disk_node] = int(kept)
    return counts
