"""A small scene with known answers: an hour of trouble at a database and a web tier, four weeks behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from metrics.model import Component, Event, Indicator, Service, Window
from metrics.review.lines import Curve, Line, address_of
from metrics.review.suspects.cuts import cuts
from metrics.review.suspects.excess import Excesses, excesses
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.trouble import Trouble, TroubleKind

ONSET = datetime(2026, 11, 18, 10, tzinfo=UTC)  # a Wednesday
HOUR = Window(ONSET, ONSET + timedelta(hours=1))
NAMES = {"cpu": "system.cpu.utilization", "memory": "system.memory.utilization", "calls": "http.server.request.count",
         "sent": "mail.sent", "used": "mail.quota.utilization"}  # fmt: skip
CPU = address_of("db", "writer", NAMES["cpu"])

Told = tuple[str, str | None, str]
"""Component, part, and one of NAMES."""


def line(component: str, part: str | None, name: str, number: int) -> Line:
    full = NAMES[name]
    count = name in ("calls", "sent")
    indicator = Indicator(
        full, name, name, "1" if count else "%", "neutral" if count else "lower", "demand" if count else "infra",
        "sum" if count else "mean", "sum" if count else "mean",
    )  # fmt: skip
    first = ONSET - timedelta(weeks=20)
    return Line("jobs", component, part, indicator, (number,), "files", 300, first, HOUR.end)


def excesses_of(levels: Mapping[Told, tuple[float, float]], trouble: Trouble) -> Excesses:
    """Each line's level in the windows and at all other times, with a little unevenness from day to day."""
    plan = cuts(trouble, "UTC")
    chosen = [line(*told, number) for number, told in enumerate(levels)]
    rows = []
    for number, (during, else_) in enumerate(levels.values()):
        for place, cut in enumerate(plan.cuts):
            level = during if cut.role == "now" else else_ * (1 + 0.01 * (cut.earlier % 3 - 1))
            if np.isfinite(level):
                rows.append((number, place, 12, level, level, level, 12 * level))
    frame = pd.DataFrame(rows, columns=["series_id", "slice", "n", "mean", "min", "max", "sum"])
    return excesses(chosen, frame, plan)


def scene(
    levels: Mapping[Told, tuple[float, float]],
    events: Sequence[Event] = (),
    *,
    windows: Sequence[Window] = (HOUR,),
    lines: Sequence[str] = (CPU,),
    kind: TroubleKind = "spike",
    high: Sequence[Window] = (),
) -> Scene:
    """`high` are other times at which the troubled line stood as high as in the windows."""
    trouble = Trouble(kind, tuple(windows), tuple(lines))
    parts = (Component("jobs", "db", "database", "DB"), Component("jobs", "web", "web", "Web"))
    return Scene(
        service=Service("jobs", "Jobs", "UTC", 0, components=parts, demand=("web/http.server.request.count",)),
        trouble=trouble,
        plan=cuts(trouble, "UTC"),
        excesses=excesses_of(levels, trouble),
        curves={address: _curve((*windows, *high)) for address in lines},
        events=tuple(events),
        limits={},
    )


def _curve(high: Sequence[Window]) -> Curve:
    ts = np.arange(np.datetime64("2026-10-01", "us"), np.datetime64("2026-11-20", "us"), np.timedelta64(5, "m"))
    values = np.full(len(ts), 40.0)
    for window in high:
        edges = [np.datetime64(at.replace(tzinfo=None), "us") for at in (window.start, window.end)]
        values[(ts >= edges[0]) & (ts < edges[1])] = 85.0
    return Curve(ts, values, None, None)


def event(kind: str, component: str | None, start: datetime, minutes: float = 20, **fields: object) -> Event:
    fields = {"id": f"{kind}-{start:%d%H%M}", "title": f"{component} {kind}", "status": "success"} | fields
    return Event("jobs", kind, started_at=start, ended_at=start + timedelta(minutes=minutes), source="files",
                 observed_at=start, component=component, **fields)  # fmt: skip


def deployments(component: str, last: datetime, earlier: int = 4, **fields: object) -> list[Event]:
    """One that ends at `last`, and as many before it, two days apart, that did nothing to anybody."""
    ends = [last - timedelta(days=2 * n) for n in range(earlier, 0, -1)]
    return [
        *(event("deployment", component, end - timedelta(minutes=20)) for end in ends),
        event("deployment", component, last - timedelta(minutes=20), id="suspected", **fields),
    ]
