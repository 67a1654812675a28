"""What is planted, as rows: which line of which component does what, since when, until when, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from metrics.collect._demo.app_lines import ENDPOINTS
from metrics.collect._demo.calendar import at, holiday_name
from metrics.collect._demo.infra_lines import CACHE_NODES
from metrics.collect._demo.plan import LIMITED, NODES
from metrics.collect._demo.troubles import Trouble
from metrics.collect._demo.work_lines import RELEASE_NIGHT
from metrics.collect._demo.world import World
from metrics.model import Window

__all__ = ["EVERYDAY", "Answer", "answers"]

EVERYDAY = 0
"""Not one of the eight stories: gaps, holidays and small incidents that every service has."""

Kind = Literal["hole", "gap", "drift", "shift", "burst", "spike", "forecast", "noise", "share", "season"]

CPU = "system.cpu.utilization"
P50 = "http.server.request.duration.p50"
P95 = "http.server.request.duration.p95"
P99 = "http.server.request.duration.p99"
REQUESTS = "http.server.request.count"
BAD = "http.server.5xx.count"
DISK = "system.filesystem.utilization"


@dataclass(frozen=True)
class Answer:
    """`until` of a forecast is when the limit is reached; `cause` reads `class: what`."""

    story: int
    component: str
    part: str | None
    indicator: str
    kind: Kind
    since: datetime
    until: datetime
    cause: str

    def touches(self, window: Window) -> bool:
        return self.since < window.end and self.until > window.start

    def as_json(self) -> dict[str, object]:
        times = {key: getattr(self, key).astimezone(UTC).isoformat(timespec="seconds") for key in ("since", "until")}
        return {**self.__dict__, **times}


def answers(world: World) -> Iterator[Answer]:
    yield from _growth(world)
    yield from _holes(world)
    yield from _alerts_and_outage(world)
    yield from _builds(world)
    yield from _disk(world)
    yield from _exports(world)
    yield from _work(world)
    yield from _everyday(world)


def _growth(world: World) -> Iterator[Answer]:
    """Story 1. The limit that is reached first is the one to decide about."""
    plan, whole = world.plan, (world.grid.start, world.grid.end)
    found = (("writer", "db.client.connection.utilization"), (None, "mail.quota.utilization"),
             (None, "faas.concurrency.utilization"))  # fmt: skip
    lines = dict(zip(LIMITED, found, strict=True))
    for component, runs_out in sorted(plan.runs_out.items(), key=lambda item: item[1]):
        part, indicator = lines[component]
        since = plan.mail_from if component == "mail" else whole[0]
        yield Answer(1, component, part, indicator, "forecast", since, runs_out, "demand: accounts and postings grow")
    for component, indicator, parts in _FOLLOW_DEMAND:
        for part in parts:
            yield Answer(1, component, part, indicator, "drift", *whole, "demand: accounts and postings grow")


_WHOLE = (None,)
_FOLLOW_DEMAND: tuple[tuple[str, str, tuple[str | None, ...]], ...] = (
    ("jobs", "demand.accounts", _WHOLE),
    ("jobs", "demand.postings", _WHOLE),
    ("jobs", "demand.records", _WHOLE),
    ("web", REQUESTS, (None, *ENDPOINTS)),
    ("api", REQUESTS, (None, "/v1/postings", "/v1/applicants")),
    ("search", REQUESTS, _WHOLE),
    ("web", CPU, _WHOLE),
    ("api", CPU, _WHOLE),
    ("search", CPU, _WHOLE),
    ("resume-parser", "faas.invocations", _WHOLE),
    ("aurora-main", CPU, ("writer", "reader")),
    ("aurora-main", "db.client.connection.count", ("writer",)),
    ("aurora-main", "db.buffer.requests", _WHOLE),
    ("aurora-main", "system.filesystem.usage", _WHOLE),
    ("aurora-main", "system.network.receive", ("writer",)),
    ("aurora-main", "system.network.transmit", ("writer",)),
    ("cache", CPU, CACHE_NODES[:1]),
    ("cache", "system.memory.utilization", CACHE_NODES[:1]),
    ("cache", "db.client.connection.count", CACHE_NODES[:1]),
    ("eks", CPU, NODES),
    ("eks", "system.network.receive", NODES),
    ("eks", "system.network.transmit", NODES),
    ("mail", "mail.sent", _WHOLE),
    ("files", "storage.used", _WHOLE),
    ("files", "storage.objects", _WHOLE),
    ("images", "storage.used", _WHOLE),
    ("nightly", "batch.duration", ("invoices", "matching", "index-rebuild", "mail-digest")),
)


def _holes(world: World) -> Iterator[Answer]:
    plan, start, end = world.plan, world.grid.start, world.grid.end
    latency = [f"http.server.request.duration.{p}" for p in ("p50", "p95", "p99")]
    for component, until in (*plan.latency_from.items(), ("api", end)):
        for indicator in latency:
            yield Answer(2, component, None, indicator, "hole", start, until, "coverage: not collected")
    for name in ENDPOINTS:
        yield Answer(2, "web", name, P95, "hole", start, plan.latency_from["web"], "coverage: not collected")
    for indicator in ("mail.sent", "mail.bounced", "mail.quota.utilization"):
        yield Answer(2, "mail", None, indicator, "hole", start, plan.mail_from, "coverage: not collected")
    for job in dict.fromkeys(run.job.name for run in world.runs):
        for indicator in ("batch.duration", "batch.failures"):
            yield Answer(2, "nightly", job, indicator, "hole", start, plan.batch_from, "coverage: not collected")
    for indicator in ("cache.hits", "cache.requests"):
        yield Answer(2, "cache", None, indicator, "hole", start, end, "coverage: forbidden")
    for indicator in (CPU, "system.memory.utilization", "cache.evictions", "db.client.connection.count"):
        yield Answer(2, "cache", CACHE_NODES[1], indicator, "hole", start, end, "coverage: not collected")


def _alerts_and_outage(world: World) -> Iterator[Answer]:
    plan, whole = world.plan, (world.grid.start, world.grid.end)
    yield Answer(3, "aurora-main", "writer", CPU, "noise", *whole, "batch_run: matching, each night, nobody acts")
    yield Answer(3, "web", None, "log.errors", "noise", *whole, "harmless: 9 of 10 alerts have no service impact")
    why = "infra: a query loses its plan as its table grows; its index came with the hotfix"
    since, outage = plan.slow_query_from, plan.outage
    yield Answer(3, "aurora-main", "writer", CPU, "drift", since, outage.start, why)
    for component, part, indicator in (
        ("aurora-main", "writer", CPU),
        ("aurora-main", "writer", "db.client.connection.utilization"),
        ("aurora-main", "writer", "db.client.connection.count"),
        ("aurora-main", "reader", CPU),
        ("aurora-main", "reader", "db.replication.lag"),
        *(("web", part, P95) for part in (None, *ENDPOINTS)),
        ("web", None, P50),
        ("web", None, P99),
        ("web", None, REQUESTS),
        ("web", None, "system.cpu.utilization"),
        ("web", None, BAD),
        ("api", None, BAD),
        ("web", None, "log.errors"),
    ):
        yield Answer(3, component, part, indicator, "spike", outage.start, outage.end, why)


def _builds(world: World) -> Iterator[Answer]:
    plan, whole = world.plan, (world.grid.start, world.grid.end)
    why = "delivery: the image grew and its build lost its cache"
    for image in ("web", "api", "search"):
        yield Answer(4, "pipeline", image, "build.duration", "drift", *whole, why)
        yield Answer(4, "images", image, "image.size", "drift", *whole, why)
    yield Answer(4, "pipeline", RELEASE_NIGHT, "deploy.duration", "drift", whole[0], plan.build_ahead_from, why)
    nights = (r.window.start for r in world.releases if r.night and r.environment == "production")
    first = next((start for start in nights if start > plan.build_ahead_from), None)
    if first is not None:
        better = "delivery: the image is built the day before"
        yield Answer(4, "pipeline", RELEASE_NIGHT, "deploy.duration", "shift", first, whole[1], better)


def _disk(world: World) -> Iterator[Answer]:
    plan, why = world.plan, "infra: finished CronJobs keep their history; keep less"
    yield Answer(5, "eks", plan.disk_node, DISK, "drift", plan.disk_from, world.grid.end, why)
    yield Answer(5, "eks", plan.disk_node, DISK, "forecast", plan.disk_from, plan.disk_full, why)


def _exports(world: World) -> Iterator[Answer]:
    plan, why = world.plan, "access: /jobs/export"
    moved: tuple[tuple[str, str | None, str], ...] = (
        ("web", "/jobs/export", REQUESTS),
        ("web", "/jobs/export", P95),
        *(("web", part, P95) for part in (None, *ENDPOINTS[:-1])),
        ("web", None, P50),
        ("web", None, P99),
        ("web", None, BAD),
        ("web", None, "log.errors"),
        ("aurora-main", "writer", CPU),
        ("aurora-main", "reader", CPU),
        ("aurora-main", "reader", "db.replication.lag"),
        ("aurora-main", "writer", "db.client.connection.utilization"),
        ("aurora-main", "writer", "db.client.connection.count"),
    )
    for line in moved:
        yield Answer(6, *line, "burst", plan.export_from, world.grid.end, why)
    for jump in plan.jumps:
        for line in moved:
            yield Answer(6, *line, "spike", jump.window.start, jump.window.end, why)


def _work(world: World) -> Iterator[Answer]:
    whole = (world.grid.start, world.grid.end)
    why = "work: most defects are found late, and most of those are UI rework"
    for phase in ("acceptance", "production"):
        yield Answer(7, "jobs", phase, "defects.found", "share", *whole, why)
    why = "work: repair gives way to prevention and early detection"
    yield Answer(8, "jobs", None, "change", "share", *whole, why)


def _everyday(world: World) -> Iterator[Answer]:
    for trouble in world.troubles:
        if trouble.severity is not None and trouble.kind not in ("outage", "export"):
            yield from _incident(trouble)
    for gap in world.plan.gaps:
        indicator = {"cache": "system.memory.utilization"}.get(gap.component, CPU)
        yield Answer(
            EVERYDAY, gap.component, gap.part, indicator, "gap", gap.window.start, gap.window.end, gap.detail
        )
    for day in world.grid.days:
        name = holiday_name(day)
        if name and day.weekday() < 5:
            since = at(day, 0.0)
            until = since + timedelta(days=1)
            yield Answer(EVERYDAY, "web", None, REQUESTS, "season", since, until, f"holiday: {name}")


_SHOWS = {
    "broken": (BAD, P95, "log.errors"),
    "node_lost": (CPU,),
    "mail_slow": ("mail.sent",),
    "retry_storm": (REQUESTS, BAD),
    "failover": (CPU, "system.memory.utilization"),
}


def _incident(trouble: Trouble) -> Iterator[Answer]:
    cause = f"{trouble.cause}: {f'deploy-{trouble.release}' if trouble.release else trouble.title}"
    for indicator in _SHOWS[trouble.kind]:
        if (trouble.component, indicator) != ("api", P95):
            part = CACHE_NODES[0] if trouble.component == "cache" else trouble.part
            yield Answer(
                EVERYDAY, trouble.component, part, indicator, "spike", trouble.window.start, trouble.window.end, cause
            )
