"""The trend alerts of a deployment: one pass over every service, one at a time on this machine."""

from __future__ import annotations

from datetime import datetime

from metrics.config import Config
from metrics.model import Service
from metrics.store import Store, deliveries, read
from metrics.store.alone import only_one
from metrics.trends.agenda import Agenda, agenda
from metrics.trends.notify import notify
from metrics.trends.reading import watched
from metrics.trends.run import Tell, run

__all__ = ["agenda_now", "look", "send", "services_of"]


def look(config: Config, now: datetime, tell: Tell | None = None, *, may_send: bool) -> int:
    """Look at whatever is new in the store; returns how many passes were made. Nothing to look at is no fault.

    With `may_send`, teams are told what is due to be told: after a collection, and not because somebody looks.
    """
    store = Store(config.folder / "tomoni.duckdb")
    if not store.exists():
        return 0
    # Two collectors that look at once would each keep a pass of the same day, and tell of it.
    with only_one(config.folder / ".locks" / "findings.lock") as mine:
        if not mine:
            return 0
        services = services_of(store, config)
        made = sum(run(store, config, service, now, tell) for service in services)
        for service in services if may_send else ():
            send(store, config, service, now)
        return made


def send(store: Store, config: Config, service: Service, now: datetime) -> int:
    """Tell teams what is due to be told; returns how many messages went out. Raises SourceError where one can't."""
    if not config.notify.addresses:
        return 0
    return len(list(notify(store, config, service, agenda_now(store, config, service, now), now)))


def agenda_now(
    store: Store, config: Config, service: Service, until: datetime, last_review: datetime | None = None
) -> Agenda:
    """What a review that looks at the time up to `until` has to talk about."""
    with store.read() as db:
        lines = watched(db, service.name, {source.name: source.kind for source in config.sources})
        return agenda(db, service, lines, until, last_review)


def services_of(store: Store, config: Config) -> list[Service]:
    """Those that are configured, and those that the store knows without."""
    with store.read() as db:
        seen = {*read.series(db)["service"], *deliveries.services(db)}
    known = {service.name for service in config.services}
    found = [*config.services, *(Service(name, name, "UTC", 0) for name in sorted(seen - known))]
    return [each for each in found if each.name in seen]
