"""What the Delivery page knows of the store, loaded once for each version of it and shared by all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from metrics.model import Service, Window
from metrics.review.delivery.defects import Defects, found
from metrics.review.delivery.report import Delivery, Facts, ServiceDelivery, delivery, needed
from metrics.review.delivery.trend import By
from metrics.review.delivery.verdicts import verdicts
from metrics.review.period import months_back
from metrics.store import deliveries, entries
from metrics.ui.loading import said, store_of

__all__ = ["Seen", "seen"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the page shows of one service."""

    delivery: Delivery
    service: ServiceDelivery
    defects: Defects
    builds: pd.DataFrame
    """Its builds, as store.deliveries gives them."""
    state: tuple[str, ...]
    """What all of it depends on: the key for whatever is made of it."""


@said
def seen(folder: Path, service: Service, months: int, by: By, now: datetime) -> Seen | None:
    """The delivery of one service in the last months that are known; None where no deployment is."""
    store = store_of(folder)
    if not store.exists():
        return None
    hour = now.replace(minute=0, second=0, microsecond=0)
    return _seen(folder, store.version(), repr(service), months, by, hour, service, now)


@st.cache_resource(max_entries=16, show_spinner=False)
def _seen(
    folder: Path,
    version: str,
    described: str,
    months: int,
    by: By,
    hour: datetime,
    _service: Service,
    _now: datetime,
) -> Seen | None:
    name = _service.name
    with store_of(folder).read() as db:
        known = deliveries.reach(db, name, _now)
        if known is None:
            return None
        # Weeks before the first deployment would make deployments look rarer than they are.
        first = months_back(known.start, 0, _service.time_zone)
        window = Window(max(first, months_back(known.end, months, _service.time_zone)), known.end)
        span = needed(window)
        facts = Facts(
            deployments=deliveries.deployments(db, span, name),
            changes=deliveries.changes(db, Window(span.start, window.end), name),
            incidents=deliveries.incidents(db, span, name),
            builds=deliveries.builds(db, Window(span.start, window.end), name),
            images=deliveries.images(db, window, name),
            watched=deliveries.watched(db),
            verdicts=verdicts(entries.latest(db, "cause", name)),
        )
        defects = deliveries.defects(db, window, name)
    report = delivery(facts, [_service], window, _now, by)
    state = (str(folder), version, described, str(months), by, hour.isoformat())
    return Seen(report, report.services[0], found(defects, window, _service), facts.builds, state)
