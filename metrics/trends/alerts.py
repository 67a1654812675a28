"""The trend alerts of a deployment: one pass over every service, one at a time on this machine."""

from __future__ import annotations

from datetime import datetime

from metrics.config import Config
from metrics.model import Service
from metrics.store import Store, deliveries, read
from metrics.store.alone import only_one
from metrics.trends.run import Tell, run

__all__ = ["look", "services_of"]


def look(config: Config, now: datetime, tell: Tell | None = None) -> int:
    """Look at whatever is new in the store; returns how many passes were made. Nothing to look at is no fault."""
    store = Store(config.folder / "tomoni.duckdb")
    if not store.exists():
        return 0
    # Two collectors that look at once would each keep a pass of the same day.
    with only_one(config.folder / ".locks" / "findings.lock") as mine:
        return sum(run(store, config, service, now, tell) for service in services_of(store, config)) if mine else 0


def services_of(store: Store, config: Config) -> list[Service]:
    """Those that are configured, and those that the store knows without."""
    with store.read() as db:
        seen = {*read.series(db)["service"], *deliveries.services(db)}
    known = {service.name for service in config.services}
    found = [*config.services, *(Service(name, name, "UTC", 0) for name in sorted(seen - known))]
    return [each for each in found if each.name in seen]
