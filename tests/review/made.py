"""Small frames as store.read gives them, and the nouns around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from metrics.model import Component, Indicator, Service, Threshold, Window

START = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))


def indicator(name: str, **changes: object) -> Indicator:
    fields = {
        "title": name.title(),
        "title_ja": name,
        "unit": "%",
        "better": "lower",
        "perspective": "infra",
        "rollup": "mean",
        "stat": "mean",
    } | changes
    return Indicator(name=name, **fields)


CPU = indicator("cpu", aliases=("cpu_used",), threshold=80.0, threshold_source="the catalogue")
LATENCY = indicator("latency", unit="s", perspective="app", rollup="p95", stat="p95")
REQUESTS = indicator("requests", unit="1", perspective="demand", rollup="sum", stat="sum", better="neutral")
ERRORS = indicator("errors", unit="1", perspective="app", rollup="sum", stat="sum")
ERROR_RATE = indicator("error_rate", perspective="app", rollup="ratio", numerator="errors", denominator="requests")
HITS = indicator("hits", better="higher", threshold=90.0)
INDICATORS = {each.name: each for each in (LATENCY, ERROR_RATE, REQUESTS, ERRORS, CPU, HITS)}


def service(*components: Component, **fields: object) -> Service:
    return Service("jobs", "Jobs", "UTC", 0, components=components, **fields)


def component(name: str, kind: str = "web", **fields: object) -> Component:
    return Component("jobs", name, kind, name.title(), **fields)


def limit(name: str, value: float) -> Threshold:
    return Threshold(name, value, "services/jobs.yaml")


def series(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """Rows of (id, component, part, indicator) and, where it matters, source and last_ts."""
    made = []
    for number, name, part, what, *rest in rows:
        source = rest[0] if rest else "files"
        last = rest[1] if len(rest) > 1 else WEEK.end - timedelta(minutes=5)
        made.append(
            (number, "jobs", name, part, what, "mean", "%", 300, source, START - timedelta(days=30), last, 1.0)
        )
    frame = pd.DataFrame(
        made,
        columns=[
            "series_id",
            "service",
            "component",
            "part",
            "indicator",
            "stat",
            "unit",
            "period_s",
            "source",
            "first_ts",
            "last_ts",
            "last_value",
        ],
    )
    frame["part"] = frame["part"].astype(object).where(frame["part"].notna(), None)
    for column in ("first_ts", "last_ts"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def period(rows: Mapping[int, Mapping[str, float]]) -> pd.DataFrame:
    """One row for each series: whatever is not given is 1."""
    columns = ["n", "mean", "min", "max", "sum", "last", "p95"]
    frame = pd.DataFrame(
        [{"series_id": number, **dict.fromkeys(columns, 1.0), **values} for number, values in rows.items()],
        columns=["series_id", *columns],
    )
    return frame.assign(last_ts=pd.Timestamp(WEEK.end))


def buckets(rows: Mapping[int, Sequence[float | None]], step: timedelta = timedelta(hours=1)) -> pd.DataFrame:
    """Values at every step from START; None leaves a gap."""
    made = [
        (number, START + step * place, 1, value, value - 1, value + 1, value)
        for number, values in rows.items()
        for place, value in enumerate(values)
        if value is not None
    ]
    frame = pd.DataFrame(made, columns=["series_id", "ts", "n", "mean", "min", "max", "sum"])
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
    return frame


def events(rows: Sequence[Mapping[str, object]] = ()) -> pd.DataFrame:
    columns = [
        "service",
        "component",
        "kind",
        "id",
        "started_at",
        "ended_at",
        "status",
        "title",
        "url",
        "attrs",
        "source",
        "observed_at",
    ]
    blank = dict.fromkeys(columns) | {"service": "jobs", "kind": "deployment", "title": "", "attrs": {}, "id": "1"}
    frame = pd.DataFrame([blank | dict(row) for row in rows], columns=columns)
    for column in ("started_at", "ended_at", "observed_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def coverage(rows: Sequence[Mapping[str, object]] = ()) -> pd.DataFrame:
    columns = [
        "service",
        "component",
        "part",
        "indicator",
        "source",
        "window_start",
        "window_end",
        "state",
        "detail",
        "retryable",
        "observed_at",
    ]
    blank = dict.fromkeys(columns) | {
        "service": "jobs",
        "source": "files",
        "state": "complete",
        "detail": "",
        "retryable": False,
        "window_start": WEEK.start,
        "window_end": WEEK.end,
    }
    frame = pd.DataFrame([blank | dict(row) for row in rows], columns=columns)
    for column in ("window_start", "window_end", "observed_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    frame["part"] = frame["part"].astype(object).where(frame["part"].notna(), None)
    return frame


def runs(rows: Sequence[Mapping[str, object]] = ()) -> pd.DataFrame:
    columns = [
        "run_id",
        "verb",
        "source",
        "subject",
        "started_at",
        "finished_at",
        "state",
        "rows_written",
        "rows_refused",
        "detail",
    ]
    blank = {
        "run_id": 1,
        "verb": "collect",
        "source": "files",
        "subject": "",
        "started_at": WEEK.end,
        "finished_at": WEEK.end,
        "state": "done",
        "rows_written": 0,
        "rows_refused": 0,
        "detail": "",
    }
    frame = pd.DataFrame([blank | dict(row) for row in rows], columns=columns)
    for column in ("started_at", "finished_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame
