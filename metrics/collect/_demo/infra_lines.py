"""The demo's infrastructure side: database, cache, Kubernetes nodes, files and images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from metrics.collect._demo.app_lines import toward_limit
from metrics.collect._demo.calendar import seconds
from metrics.collect._demo.line import DAY, HOUR, Line, Samples, at_unix, nothing
from metrics.collect._demo.plan import NODES
from metrics.collect._demo.signals import Floats, blips, generator, noise
from metrics.collect._demo.world import CONNECTION_LIMIT, WEEK_S, World, saturate

__all__ = ["CACHE_NODES", "lines"]

CACHE_NODES = ("001", "002")
GB = 1024.0**3


def lines(world: World) -> Iterator[Line]:
    yield from _database(world)
    yield from _cache(world)
    for number, node in enumerate(NODES):
        yield from _node(world, number, node)
    yield from _stores(world)


def _hourly(world: World, values: Floats) -> Samples:
    """Every full hour's first sample."""
    hours = np.flatnonzero(world.grid.unix % 3600 == 0)
    return at_unix(world.grid.unix[hours]), values[hours]


def _ragged(world: World, *names: str, memory: float, size: float) -> Floats:
    return size * noise(generator(world.plan.seed, *names), world.size, memory)


# aurora-main ---------------------------------------------------------------------------------------------


def _database(world: World) -> Iterator[Line]:
    one = "aurora-main"
    yield Line(one, "system.cpu.utilization", partial(world.on_grid, world.writer_cpu), "writer")
    yield Line(one, "system.cpu.utilization", partial(_reader_cpu, world), "reader")
    for part, base in (("writer", 61.0), ("reader", 57.0)):
        yield Line(one, "system.memory.utilization", partial(_database_memory, world, part, base), part)
    yield Line(one, "db.client.connection.count", partial(_connections, world), "writer")
    yield Line(
        one,
        "db.client.connection.utilization",
        lambda: world.on_grid(100 * _connections(world)[1] / CONNECTION_LIMIT),
        "writer",
    )
    yield Line(one, "db.replication.lag", partial(_lag, world), "reader")
    yield Line(one, "system.filesystem.usage", partial(_volume, world), period_s=HOUR)
    looked_up = 290_000 * (0.05 + world.demand + 0.9 * world.batch)
    missed = looked_up * (0.0042 + 0.02 * world.batch + 0.03 * world.slow_query)
    yield Line(one, "db.buffer.requests", lambda: world.on_grid(np.round(looked_up)))
    yield Line(one, "db.buffer.hits", lambda: world.on_grid(np.round(looked_up - missed)))
    for direction, size in (("receive", 21e6), ("transmit", 96e6)):
        flowing = _bytes(world, one, direction, size, world.demand)
        yield Line(one, f"system.network.{direction}", partial(world.on_grid, flowing), "writer")


def _reader_cpu(world: World) -> Samples:
    ragged = _ragged(world, "reader cpu", memory=6.0, size=1.5)
    cpu = 6 + 33 * world.seekers + 6 * world.office + 5 * world.batch + 9 * world.export + 20 * world.outage + ragged
    return world.grid.ts, saturate(cpu, 88.0, 100.0)


def _database_memory(world: World, part: str, base: float) -> Samples:
    slow = _ragged(world, part, "memory", memory=700.0, size=1.2)
    values = base + 9 * world.demand + 4 * world.batch + slow + _ragged(world, part, "m", memory=8.0, size=0.4)
    return world.grid.ts, saturate(values, 88.0, 98.0)


def _connections(world: World) -> Samples:
    """Pools of the web tier: they follow demand and pile up where queries wait."""
    shape = world.demand / world.growth
    use = toward_limit(world, "aurora-main") * (0.09 + 0.86 * shape)
    use = use * (1 + _ragged(world, "connections", memory=4.0, size=0.016))
    use = use + 0.04 * world.export + 0.02 * world.batch + world.outage
    return world.grid.ts, np.round(CONNECTION_LIMIT * saturate(100 * use, 95.0, 100.0) / 100)


def _lag(world: World) -> Samples:
    rng = generator(world.plan.seed, "lag")
    lag = 0.017 * np.exp(0.22 * noise(rng, world.size, 5.0)) * (1 + 1.1 * world.batch + 0.4 * world.demand)
    return world.grid.ts, lag * (1 + 0.8 * world.export + 4 * world.outage) + blips(rng, world.size, 1500.0, 0.05)


def _volume(world: World) -> Samples:
    """The cluster volume only ever grows, with everything that anybody posts."""
    uneven = _ragged(world, "volume", memory=400.0, size=0.0012)
    return _hourly(world, np.round(612 * GB * (0.52 + 0.48 * world.growth) * (1 + uneven)))


def _bytes(world: World, component: str, direction: str, size: float, load: Floats) -> Floats:
    """Bytes in a step; `size` is what flows in a second at the busiest."""
    uneven = np.exp(_ragged(world, component, direction, memory=4.0, size=0.06))
    return np.round(size * 300 * (0.06 + load) * uneven)


# cache ---------------------------------------------------------------------------------------------


def _cache(world: World) -> Iterator[Line]:
    """One node of two, and no hits: collected in part (story 2)."""
    first, second = CACHE_NODES
    cold = world.trouble("cache", "failover")
    refused = "forbidden: cloudwatch:GetMetricData is not allowed for the role that reads hits: add it to its policy"
    missing = "not collected: the second node was added to the group and never to the source"
    lines = (
        ("system.cpu.utilization", _cache_cpu),
        ("system.memory.utilization", _cache_memory),
        ("cache.evictions", _evictions),
        ("db.client.connection.count", _cache_clients),
    )
    for name, samples in lines:
        yield Line("cache", name, partial(samples, world, cold), first)
    for name, _ in lines:
        yield Line("cache", name, nothing, second, unanswered=missing)
    for name in ("cache.hits", "cache.requests"):
        yield Line("cache", name, nothing, unanswered=refused)


def _cache_cpu(world: World, cold: Floats) -> Samples:
    cpu = 7 + 15 * world.demand + 12 * cold + _ragged(world, "cache cpu", memory=5.0, size=0.8)
    return world.grid.ts, saturate(cpu, 88.0, 100.0)


def _cache_memory(world: World, cold: Floats) -> Samples:
    slow = _ragged(world, "cache memory", memory=900.0, size=0.9)
    return world.grid.ts, saturate(52 + 19 * world.growth + slow - 30 * cold, 85.0, 96.0)


def _evictions(world: World, cold: Floats) -> Samples:
    rng = generator(world.plan.seed, "evictions")
    return world.grid.ts, rng.poisson(0.3 + 1.6 * world.demand + 3 * cold).astype(np.float64)


def _cache_clients(world: World, cold: Floats) -> Samples:
    uneven = _ragged(world, "cache clients", memory=5.0, size=4.0)
    return world.grid.ts, np.clip(np.round(120 + 240 * world.demand * (1 - 0.8 * cold) + uneven), 0.0, None)


# eks -----------------------------------------------------------------------------------------------


def _node(world: World, number: int, node: str) -> Iterator[Line]:
    load = _node_load(world, number)
    for name, values in (
        ("system.cpu.utilization", partial(_node_cpu, world, node, load)),
        ("system.memory.utilization", partial(_node_memory, world, node, number, load)),
        ("system.filesystem.utilization", partial(_node_disk, world, node, number)),
        ("system.network.receive", partial(_bytes, world, node, "receive", 9e6, load)),
        ("system.network.transmit", partial(_bytes, world, node, "transmit", 22e6, load)),
    ):
        yield Line("eks", name, partial(_while_alive, world, node, values), node)


def _while_alive(world: World, node: str, values: Callable[[], Floats]) -> Samples:
    """A node that doesn't answer reports nothing."""
    lost = [t.window for t in world.troubles if t.kind == "node_lost" and t.part == node]
    alive = world.during(lost) == 0
    return world.grid.ts[alive], values()[alive]


def _node_load(world: World, number: int) -> Floats:
    """Pods are spread almost evenly; the last two nodes also carry the nightly jobs, and all of them a lost one's."""
    share = (1.04, 0.97, 1.0, 0.93, 1.06)[number]
    nightly = 0.7 * world.job("matching") + 0.5 * world.job("invoices") if number >= 3 else 0.0
    return share * world.demand + nightly + 0.22 * world.demand * world.trouble("eks", "node_lost")


def _node_cpu(world: World, node: str, load: Floats) -> Floats:
    rng = generator(world.plan.seed, node, "cpu")
    ragged = 1.7 * noise(rng, world.size, 4.0) + 1.3 * noise(rng, world.size, 400.0)
    return saturate(12 + 41 * load + ragged * (0.4 + 0.7 * load) + blips(rng, world.size, 800.0, 6.0), 88.0, 100.0)


def _node_memory(world: World, node: str, number: int, load: Floats) -> Floats:
    base = (57.0, 60.5, 54.0, 62.0, 58.5)[number]
    crept = 7 * (1 - np.exp(-world.since_release("web") / 260_000))
    slow = _ragged(world, node, "memory", memory=500.0, size=1.0)
    quick = _ragged(world, node, "memory quick", memory=6.0, size=0.4)
    return saturate(base + 5 * load + crept + slow + quick, 90.0, 100.0)


def _node_disk(world: World, node: str, number: int) -> Floats:
    """Images pile up until the garbage collector clears them; on one node finished Jobs stay as well (story 5)."""
    plan, rng = world.plan, generator(world.plan.seed, node, "disk")
    base = plan.disk_level if node == plan.disk_node else (41.0, 46.5, 43.0, 48.0, 44.5)[number]
    every = 86400 * (3.1 + 0.7 * number)
    pile = 0.7 if node == plan.disk_node else 1.9
    image_pile = pile * (((world.grid.unix + 40_000 * number) % every) / every - 0.5)
    values = base + image_pile + 0.2 * noise(rng, world.size, 60.0) + 0.2 * noise(rng, world.size, 800.0)
    if node == plan.disk_node:
        since, full = seconds(plan.disk_from), seconds(plan.disk_full)
        filled = np.maximum(world.grid.unix - since, 0.0) / (full - since)
        values = values + (100 - plan.disk_level) * filled
    return np.clip(values, 0.0, 100.0)


# files and images -----------------------------------------------------------------------------------------


def _stores(world: World) -> Iterator[Line]:
    """Once a day, for the day before: that is how storage services report."""
    for component, name, size in (
        ("files", "storage.used", 4.1e12),
        ("files", "storage.objects", 21_400_000.0),
        ("images", "storage.used", 1.9e11),
    ):
        yield Line(component, name, partial(_daily, world, component, name, size), period_s=DAY)


def _daily(world: World, component: str, name: str, size: float) -> Samples:
    rng = generator(world.plan.seed, component, name)
    unix = world.grid.midnights
    growth = np.exp(world.plan.growth * (unix - seconds(world.grid.end)) / WEEK_S)
    values = size * (0.45 + 0.55 * growth) * (1 + 0.0011 * rng.standard_normal(len(unix)))
    return at_unix(unix), np.round(values)
