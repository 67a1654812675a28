"""Alerts with a known truth: a rule that tells of a batch, one that is looked at in vain, an outage, and what went on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from metrics.model import Service, Window
from metrics.review.alerts.felt import Felt
from metrics.review.alerts.judged import Beside
from metrics.review.period import Period

END = datetime(2026, 11, 30, tzinfo=UTC)
WEEKS = 4
PERIOD = Period(Window(END - timedelta(weeks=WEEKS), END), "Asia/Tokyo")
SHOP = Service("shop", "Shop", "Asia/Tokyo", 0)
MINUTES = timedelta(minutes=1)
FIRING = ["component", "rule", "id", "started_at", "ended_at", "title", "url", "severity", "metric", "acted", "impact",
          "muted"]  # fmt: skip
Row = Mapping[str, object]


def fired(component: str, rule: str, start: datetime, minutes: float | None = 30, **more: object) -> Row:
    """One firing; `minutes` None while it goes on."""
    end = None if minutes is None else start + minutes * MINUTES
    return {"component": component, "rule": rule, "id": f"{rule} {start}", "started_at": start, "ended_at": end,
            "title": rule, **more}  # fmt: skip


def firings(*rows: Row) -> pd.DataFrame:
    """As metrics/store/alerts.py reads them."""
    frame = pd.DataFrame(list(rows), columns=FIRING).sort_values("started_at", ignore_index=True)
    for column in ("acted", "impact", "muted"):
        frame[column] = frame[column].astype("boolean")
    return timed(frame, "started_at", "ended_at")


def events(*rows: tuple[str, datetime, float], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Incidents: component, start and minutes."""
    frame = pd.DataFrame(
        [
            {"component": component, "id": f"i{n}", "started_at": start, "ended_at": start + minutes * MINUTES,
             "title": f"incident {n} of {component}", "url": None}
            for n, (component, start, minutes) in enumerate(rows)
        ],
        columns=["component", "id", "started_at", "ended_at", "title", "url", *columns],
    )  # fmt: skip
    return timed(frame, "started_at", "ended_at")


def runs(*rows: tuple[str, datetime, float]) -> pd.DataFrame:
    """Batch runs: job, start and minutes."""
    frame = pd.DataFrame(
        [
            {"component": "nightly", "job": job, "started_at": start, "ended_at": start + minutes * MINUTES}
            for job, start, minutes in rows
        ],
        columns=["component", "job", "started_at", "ended_at"],
    )
    return timed(frame, "started_at", "ended_at")


def told(*rows: tuple[str, str, datetime, datetime]) -> pd.DataFrame:
    """Findings: component, indicator, since and when told."""
    frame = pd.DataFrame(
        [
            {"id": f"f{n}", "component": component, "part": None, "indicator": indicator, "kind": "drift",
             "since": since, "told_at": at, "gone_at": None, "sentence": f"{component} {indicator} rises"}
            for n, (component, indicator, since, at) in enumerate(rows)
        ],
        columns=["id", "component", "part", "indicator", "kind", "since", "told_at", "gone_at", "sentence"],
    )  # fmt: skip
    return timed(frame, "since", "told_at", "gone_at")


def watches(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """component, rule and the indicator that it watches."""
    return pd.DataFrame(
        [(*row[:2], None, row[2], f"{row[0]}/{row[2]}") for row in rows],
        columns=["component", "rule", "part", "indicator", "address"],
    )


def beside(
    incidents: pd.DataFrame | None = None,
    batch: pd.DataFrame | None = None,
    felt: Sequence[Felt] = (),
    foretold: pd.DataFrame | None = None,
    watching: pd.DataFrame | None = None,
    mends: Sequence[tuple[str, datetime]] = (),
) -> Beside:
    mended = timed(pd.DataFrame(list(mends), columns=["component", "started_at"]), "started_at")
    return Beside(
        incidents=incidents,
        runs=batch,
        mends=mended,
        felt=felt,
        foretold=told() if foretold is None else foretold,
        watches=watches() if watching is None else watching,
        zone="Asia/Tokyo",
        now=END,
    )


def timed(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    for column in columns:
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    return frame


def nights(n: int, hour: float = 17.25) -> list[datetime]:
    """A quarter past two in the morning by Tokyo's clock, each of the last n days."""
    return [END - timedelta(days=back) + timedelta(hours=hour) for back in range(n, 0, -1)]
