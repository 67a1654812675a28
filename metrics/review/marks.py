"""What happened on the time axis: events as marks, each with when it began and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import pandas as pd

from metrics.model import EventKind, Service, Window
from metrics.review.delivery.deployments import counted_environment
from metrics.review.rows import Row, moment, text

__all__ = ["Mark", "marks"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One event, cut to the window. `end` is None where it has not ended."""

    kind: EventKind
    start: datetime
    end: datetime | None
    title: str
    status: str | None
    component: str | None
    url: str | None


def marks(events: pd.DataFrame, window: Window, service: Service | None = None) -> tuple[Mark, ...]:
    """Events in order of time; of deployments only those to the environment that counts."""
    counted = counted_environment(service)
    return tuple(
        _mark(row, window)
        for row in events.to_dict("records")
        if row["kind"] != "deployment" or _is_to(counted, row["attrs"].get("environment"))
    )


def _is_to(counted: str, environment: object) -> bool:
    """As the delivery figures count: without an environment it went to the one that counts, however it is spelled."""
    return environment is None or str(environment).casefold() == counted.casefold()


def _mark(row: Row, window: Window) -> Mark:
    start, end = moment(row["started_at"]), moment(row["ended_at"])
    return Mark(
        kind=cast("EventKind", row["kind"]),
        start=max(start or window.start, window.start),
        end=min(end, window.end) if end else None,
        title=str(row["title"] or row["id"]),
        status=text(row["status"]),
        component=text(row["component"]),
        url=text(row["url"]),
    )
