"""The demo's application side: web, partner API, search, the résumé parser and mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import numpy as np

from metrics.collect._demo.calendar import seconds
from metrics.collect._demo.line import HOUR, Line, Samples, at_unix, nothing
from metrics.collect._demo.signals import Floats, blips, generator, noise
from metrics.collect._demo.world import WEEK_S, World, saturate

__all__ = ["ENDPOINTS", "MAIL_QUOTA", "lines"]

MAIL_QUOTA = 400_000.0
"""Mails that the provider sends in 24 hours."""
CONCURRENCY_LIMIT = 1000.0

ENDPOINTS = ("/jobs", "/jobs/:id", "/entries", "/login", "/jobs/export")
_SHARES = (0.33, 0.42, 0.16, 0.09)
_P95 = {"/jobs": 0.236, "/jobs/:id": 0.148, "/entries": 0.345, "/login": 0.112, "/jobs/export": 0.52}
_WEB_RATE, _API_RATE, _SEARCH_RATE = 34_000.0, 4_300.0, 19_500.0
_LATE = timedelta(hours=1)


def lines(world: World) -> Iterator[Line]:
    yield from _web(world)
    yield from _api(world)
    yield from _search(world)
    yield from _parser(world)
    yield from _mail(world)


# how counts and latencies look ----------------------------------------------------------------------------


def _counts(world: World, rate: Floats, *names: str) -> Floats:
    """Events that arrive by chance at this rate a step, a little more uneven than chance alone."""
    rng = generator(world.plan.seed, *names)
    uneven = rate * np.exp(0.035 * noise(rng, world.size, 3.0))
    return rng.poisson(uneven).astype(np.float64)


def _latency(world: World, base: Floats, requests: Floats, *names: str, spread: float = 1.0) -> Floats:
    """A percentile: uneven by the hour, and the more so the fewer requests it is taken from."""
    rng = generator(world.plan.seed, *names)
    few = np.sqrt(2500.0 / (requests + 250.0))
    uneven = 0.028 * noise(rng, world.size, 8.0) + 0.022 * spread * np.minimum(few, 3.2) * noise(rng, world.size, 0)
    return base * np.exp(spread * uneven) * (1 + blips(rng, world.size, 900.0, 0.22 * spread))


def _chance(world: World, rate: Floats, *names: str) -> Samples:
    return world.on_grid(_counts(world, rate, *names))


def _percentile(world: World, base: Floats, requests: Floats, component: str, name: str, spread: float) -> Samples:
    return world.on_grid(_latency(world, base, requests, component, name, spread=spread))


def _busy(world: World, component: str, idle: float, full: float, load: Floats) -> Samples:
    """CPU of a tier that follows its load."""
    rng = generator(world.plan.seed, component, "cpu")
    ragged = 1.3 * noise(rng, world.size, 5.0) + 0.8 * noise(rng, world.size, 250.0)
    cpu = idle + full * load + ragged * (0.4 + 0.6 * load) + blips(rng, world.size, 900.0, 5.0)
    return world.grid.ts, saturate(cpu, 88.0, 100.0)


def _memory(world: World, component: str, base: float, leak: float, load: Floats) -> Samples:
    """Memory that creeps up until the next roll-out starts the processes anew."""
    rng = generator(world.plan.seed, component, "memory")
    crept = 14 * (1 - np.exp(-leak * world.since_release(component) / 86400 / 14))
    return world.grid.ts, saturate(base + crept + 3.5 * load + 0.5 * noise(rng, world.size, 40.0), 90.0, 100.0)


def _tier(world: World, component: str, cpu: tuple[float, float], memory: float, load: Floats) -> Iterator[Line]:
    yield Line(component, "system.cpu.utilization", partial(_busy, world, component, *cpu, load))
    yield Line(component, "system.memory.utilization", partial(_memory, world, component, memory, 2.2, load))


def _http(world: World, component: str, requests: Floats, bad: tuple[Floats, Floats, Floats]) -> Iterator[Line]:
    """Requests, the 4xx and 5xx among them, and error logs."""
    names = ("http.server.request.count", "http.server.4xx.count", "http.server.5xx.count", "log.errors")
    yield Line(component, names[0], partial(world.on_grid, requests), settles=_LATE)
    for name, rate in zip(names[1:], bad, strict=True):
        yield Line(component, name, partial(_chance, world, rate, component, name), settles=_LATE)


# web ----------------------------------------------------------------------------------------------------


def _web_requests(world: World) -> dict[str, Floats]:
    """By endpoint. Exports are rare until the jumps begin; in a jump they come by the dozen (story 6)."""
    slowed = 1 - 0.55 * world.outage
    parts = {
        name: _counts(world, _WEB_RATE * share * (world.demand * slowed + 0.004), "web", name, "requests")
        for name, share in zip(ENDPOINTS, _SHARES, strict=False)
    }
    exports = 0.15 + 5.5 * world.office + 62 * world.export
    parts["/jobs/export"] = _counts(world, exports * slowed, "web", "/jobs/export", "requests")
    return parts


def _web(world: World) -> Iterator[Line]:
    parts = _web_requests(world)
    total = np.sum(list(parts.values()), axis=0)
    broken, noisy = world.trouble("web", "broken"), world.trouble("web", "error_log")
    lost = world.trouble("eks", "node_lost")
    wrong = 0.0006 + 0.021 * broken + 0.16 * world.outage + 0.0012 * world.export + 0.002 * lost
    logs = total * (0.00022 + 0.7 * (wrong - 0.0006)) + 45 * noisy * (0.4 + world.demand)
    yield from _http(world, "web", total, (total * 0.011 + 0.5, total * wrong, logs + 0.4))
    yield from _tier(world, "web", (13.0, 44.0), 55.0, world.demand * (1 - 0.3 * world.outage))
    yield from _web_latency(world, total, broken)
    for name, requests in parts.items():
        yield Line("web", "http.server.request.count", partial(world.on_grid, requests), name, settles=_LATE)
        base = _P95[name] * (0.74 + 0.3 * world.demand) * _felt(world, name) * (1 + 0.35 * broken)
        samples = partial(_endpoint_latency, world, name, base, requests)
        yield Line(
            "web",
            "http.server.request.duration.p95",
            samples,
            name,
            since=world.plan.latency_from["web"],
            before=_NOT_LOGGED,
        )


_NOT_LOGGED = "response times were not collected: the load balancer's access log was off"


def _felt(world: World, endpoint: str) -> Floats:
    """Exports suffer from each other first, everything else from the database that they keep busy."""
    own = 1 + 1.9 * world.export if endpoint == "/jobs/export" else 1.0
    return world.waiting * own


def _endpoint_latency(world: World, name: str, base: Floats, requests: Floats) -> Samples:
    values = _latency(world, base, requests, "web", name, "p95")
    values = saturate(values, 20.0, 29.5)  # the load balancer gives up at 30 s
    some = requests > 0  # a percentile of nothing is no number
    return world.grid.ts[some], values[some]


def _web_latency(world: World, total: Floats, broken: Floats) -> Iterator[Line]:
    calm = 0.238 * (0.74 + 0.3 * world.demand) * (1 + 0.35 * broken)
    calm = calm * (1 + 0.12 * world.trouble("cache", "failover") + 0.15 * world.trouble("eks", "node_lost"))
    # Most requests hardly touch the database: the median feels a shortage less than the tail does.
    for name, factor, spread, felt in (("p50", 0.31, 0.6, 0.5), ("p95", 1.0, 1.0, 1.0), ("p99", 2.3, 1.7, 1.05)):
        base = factor * calm * world.waiting**felt
        yield Line(
            "web",
            f"http.server.request.duration.{name}",
            partial(_percentile, world, base, total, "web", name, spread),
            since=world.plan.latency_from["web"],
            before=_NOT_LOGGED,
        )


# api and search ---------------------------------------------------------------------------------------------


def _api(world: World) -> Iterator[Line]:
    """Partners synchronise all day, with a rush at each full hour; their latency was never measured (story 2)."""
    rush = 0.35 * (world.grid.hour % 1 < 0.08)
    storm = world.trouble("api", "retry_storm")
    rate = _API_RATE * ((0.34 * world.growth + 0.6 * world.office) * (1 + rush) + 1.1 * storm)
    parts = {
        name: _counts(world, rate * share, "api", name, "requests")
        for name, share in (("/v1/postings", 0.63), ("/v1/applicants", 0.37))
    }
    total = np.sum(list(parts.values()), axis=0)
    broken, noisy = world.trouble("api", "broken"), world.trouble("api", "error_log")
    wrong = 0.0011 + 0.03 * broken + 0.05 * world.outage + 0.02 * storm
    logs = total * 0.6 * wrong + 38 * noisy
    yield from _http(world, "api", total, (total * (0.016 + 0.02 * storm), total * wrong, logs + 0.3))
    yield from _tier(world, "api", (11.0, 36.0), 48.0, total / _API_RATE)
    for name, requests in parts.items():
        yield Line("api", "http.server.request.count", partial(world.on_grid, requests), name, settles=_LATE)
    for name in ("p50", "p95", "p99"):
        why = "not collected: partners are served past the load balancer whose log we read"
        yield Line("api", f"http.server.request.duration.{name}", nothing, unanswered=why)


def _search(world: World) -> Iterator[Line]:
    rate = _SEARCH_RATE * (0.72 * world.seekers + 0.3 * world.office)
    total = _counts(world, rate + 60, "search", "requests")
    broken, noisy = world.trouble("search", "broken"), world.trouble("search", "error_log")
    rebuild = world.job("index-rebuild")
    wrong = 0.0004 + 0.025 * broken
    logs = total * wrong * 0.8 + 30 * noisy
    yield from _http(world, "search", total, (total * 0.0021 + 0.1, total * wrong, logs + 0.2))
    yield from _tier(world, "search", (15.0, 40.0), 62.0, rate / _SEARCH_RATE + 0.62 * rebuild)
    base = 0.094 * (0.85 + 0.25 * rate / _SEARCH_RATE) * (1 + 0.3 * rebuild + 0.4 * broken)
    for name, factor, spread in (("p50", 0.34, 0.6), ("p95", 1.0, 1.0), ("p99", 2.2, 1.6)):
        yield Line(
            "search",
            f"http.server.request.duration.{name}",
            partial(_percentile, world, base * factor, total, "search", name, spread),
            since=world.plan.latency_from["search"],
            before="response times were not collected: no slow log was kept",
        )


# functions and mail ---------------------------------------------------------------------------------------------


def toward_limit(world: World, component: str) -> Floats:
    """Share of the limit in use at an ordinary busiest moment: 1 on the day that the plan names (story 1)."""
    left = world.grid.unix - seconds(world.plan.runs_out[component])
    return np.exp(world.plan.growth * left / WEEK_S)


def _parser(world: World) -> Iterator[Line]:
    """Résumés are parsed when seekers apply, most of all in the evening."""
    shape = world.seekers / world.growth
    invoked = _counts(world, 215 * world.seekers + 3, "resume-parser", "invocations")
    rng = generator(world.plan.seed, "resume-parser")
    used = (
        100
        * toward_limit(world, "resume-parser")
        * (0.015 + 0.918 * shape)
        * np.exp(0.02 * noise(rng, world.size, 3))
    )
    used = saturate(used, 97.0, 100.0)
    throttled = rng.poisson(np.clip(used - 97.0, 0, None) * 2.0).astype(np.float64)
    yield Line("resume-parser", "faas.invocations", partial(world.on_grid, invoked))
    yield Line(
        "resume-parser", "faas.errors", partial(world.on_grid, _counts(world, invoked * 0.003, "parser", "errors"))
    )
    yield Line("resume-parser", "faas.concurrency.utilization", partial(world.on_grid, used))
    yield Line("resume-parser", "faas.throttles", partial(world.on_grid, throttled))


def _mail_sent(world: World) -> Floats:
    """Mails a step: answers to applications all day, the digest in the early morning."""
    held = 1 - 0.85 * np.minimum(world.trouble("mail", "mail_slow"), 1.0)
    shape = (world.demand / world.growth + _digest(world)) * held
    in_a_day = 288 * 0.738  # of an ordinary working day's shape, digest included
    rate = MAIL_QUOTA / in_a_day * toward_limit(world, "mail") * shape
    return _counts(world, rate + 2, "mail", "sent")


def _digest(world: World) -> Floats:
    """The same share of the day's mails each morning, however long the job takes for them."""
    total = np.zeros(world.size)
    for run in world.runs:
        if run.job.name == "mail-digest" and run.status == "succeeded":
            total += 9.0 * world.during([run.window]) * (timedelta(minutes=run.job.minutes) / run.window.duration)
    return total


def _mail(world: World) -> Iterator[Line]:
    sent = _mail_sent(world)
    why = "mail counts were not collected: sending had no event destination"
    since = world.plan.mail_from
    bounced = _counts(world, sent * 0.0062, "mail", "bounced")
    yield Line("mail", "mail.sent", partial(world.on_grid, sent), since=since, before=why, settles=_LATE)
    yield Line("mail", "mail.bounced", partial(world.on_grid, bounced), since=since, before=why, settles=_LATE)
    yield Line("mail", "mail.quota.utilization", partial(_quota, world, sent), period_s=HOUR, since=since, before=why)


def _quota(world: World, sent: Floats) -> Samples:
    """Mails of the last 24 hours against the quota, each full hour."""
    in_a_day = np.cumsum(sent)
    in_a_day[288:] -= in_a_day[:-288].copy()
    in_a_day[:288] *= 288 / np.arange(1, 289)
    hourly = np.flatnonzero((world.grid.unix + 300) % 3600 == 0)
    return at_unix(world.grid.unix[hourly] - 3300), np.minimum(100 * in_a_day[hourly] / MAIL_QUOTA, 100.0)
