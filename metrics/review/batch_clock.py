"""When the jobs ran: each run at its time of day, day under day, and the hours in which the service is busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.model import Service, Window
from metrics.review.batches import Job
from metrics.review.lines import Line
from metrics.review.period import Period, back
from metrics.review.rows import Row

__all__ = ["Bar", "Busy", "Clock", "busy", "clock", "demand"]

REQUESTS = "http.server.request.count"
BUSY_SHARE = 0.5
DAY_S = 86_400
# More lanes than a screen has room for, more days than a quarter, more bars than a browser draws at once.
MOST_JOBS, MOST_WEEKS, MOST_BARS = 12, 13, 3_000
# Days that share a row once there are more of them than rows.
MOST_ROWS = 31
JOINED = tuple(timedelta(minutes=m) for m in (0, 2, 5, 15, 60))


@dataclass(frozen=True, slots=True)
class Bar:
    """One run on one day, or several that follow each other so closely that they are drawn as one."""

    lane: int
    row: int
    day: date
    start_s: float
    """Seconds since midnight."""
    end_s: float
    outcome: str
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Busy:
    """The fewest hours of the day that bring half of all requests."""

    hours: tuple[int, ...]
    share: float
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """The jobs as lanes, the days as rows in each, the oldest first."""

    lanes: tuple[Job, ...]
    left_out: int
    """Jobs beyond what a screen has room for."""
    window: Window
    """What is drawn: the period, or its last quarter."""
    rows: int
    days_a_row: int
    bars: tuple[Bar, ...]
    joined: timedelta
    """Runs closer together than this are one bar."""


def clock(runs: pd.DataFrame, jobs: Sequence[Job], period: Period) -> Clock:
    """Runs cut at the service's midnights; one that is under way reaches up to the end of the period."""
    lanes = tuple(jobs[:MOST_JOBS])
    window = _drawn(period)
    zone = ZoneInfo(period.zone)
    first = window.start.astimezone(zone).date()
    days = ((window.end - timedelta(microseconds=1)).astimezone(zone).date() - first).days + 1
    days_a_row = -(-days // MOST_ROWS)
    pieces = _pieces(runs, lanes, window, period.zone)
    for joined in JOINED:
        kept = _joined(pieces, joined)
        if len(kept) <= MOST_BARS:
            break
    bars = tuple(_bar(row, first, days_a_row) for row in kept.to_dict("records"))
    return Clock(lanes, len(jobs) - len(lanes), window, -(-days // days_a_row), days_a_row, bars, joined)


def _bar(row: Row, first: date, days_a_row: int) -> Bar:
    day: date = row["day"].date()
    place = (day - first).days // days_a_row
    return Bar(row["lane"], place, day, float(row["start_s"]), float(row["end_s"]), row["outcome"], row["runs"])


def demand(lines: Sequence[Line], service: Service) -> tuple[Line, ...]:
    """Whose requests tell how busy the service is: its web and API components, as wholes."""
    kinds = {component.name: component.kind for component in service.components}
    whole = [line for line in lines if line.indicator.name == REQUESTS and line.part is None]
    return tuple(line for line in whole if kinds.get(line.component, "web") in ("web", "api"))


def busy(hourly: pd.DataFrame, lines: Sequence[Line], zone: str) -> Busy | None:
    """From hourly totals (series_id, ts, sum); None where some hour of the day has none."""
    if hourly.empty:
        return None
    by_hour = hourly["sum"].groupby(hourly["ts"].dt.tz_convert(zone).dt.hour).sum()
    total = float(by_hour.sum())
    if len(by_hour) < 24 or total <= 0:
        return None
    order = by_hour.sort_values(ascending=False, kind="stable")
    needed = int(np.searchsorted(order.to_numpy().cumsum(), BUSY_SHARE * total)) + 1
    chosen = order.iloc[:needed]
    seen = set(hourly["series_id"])
    told = sorted({line.component for line in lines if seen & set(line.reads)})
    return Busy(tuple(sorted(int(hour) for hour in chosen.index)), float(chosen.sum()) / total, tuple(told))


def _drawn(period: Period) -> Window:
    quarter = back(period.window.end, timedelta(weeks=MOST_WEEKS), period.zone)
    return Window(max(period.window.start, quarter), period.window.end)


def _pieces(runs: pd.DataFrame, lanes: Sequence[Job], window: Window, zone: str) -> pd.DataFrame:
    """lane, day, start_s, end_s, outcome, runs: one row for each run and day that it touches."""
    ends = _ends(runs, window)
    frame = runs.assign(ends=ends)[(runs["started_at"] < window.end) & (ends > window.start)]
    places = [(job.component, job.name, lane) for lane, job in enumerate(lanes)]
    frame = frame[frame["outcome"] != "missed"].merge(pd.DataFrame(places, columns=["component", "job", "lane"]))
    edges = pd.Series([window.start, window.end]).astype(frame["ends"].dtype)
    first, final = _local(edges, zone)
    start = np.maximum(_local(frame["started_at"], zone), first)
    # A clock that is put back may make an end come before its start.
    end = np.maximum(np.minimum(_local(frame["ends"], zone), final), start)
    day, last = start // DAY_S, np.maximum(end - 1, start) // DAY_S
    times = (last - day + 1).astype(np.intp)
    which = np.repeat(np.arange(len(frame)), times)
    days = day[which] + np.concatenate([np.arange(n) for n in times]) if len(times) else day
    return pd.DataFrame(
        {
            "lane": frame["lane"].to_numpy()[which],
            "day": pd.to_datetime(days, unit="D"),
            "start_s": np.maximum(start[which] - days * DAY_S, 0),
            "end_s": np.minimum(end[which] - days * DAY_S, DAY_S),
            "outcome": frame["outcome"].to_numpy()[which],
            "runs": 1,
        }
    ).sort_values(["lane", "outcome", "day", "start_s"], kind="stable", ignore_index=True)


def _ends(runs: pd.DataFrame, window: Window) -> pd.Series:
    """A run under way goes on to the end of what is drawn; where no end is known of one that is over, it is a dot."""
    open_until: datetime = window.end
    ends = runs["ended_at"].where(runs["outcome"] != "running", pd.Timestamp(open_until))
    return ends.fillna(runs["started_at"] + pd.Timedelta(seconds=1))


def _local(times: pd.Series, zone: str) -> NDArray[np.int64]:
    """Seconds of the zone's clock."""
    plain = times.dt.tz_convert(zone).dt.tz_localize(None).to_numpy(dtype="datetime64[s]")
    seconds: NDArray[np.int64] = plain.astype(np.int64)
    return seconds


def _joined(pieces: pd.DataFrame, gap: timedelta) -> pd.DataFrame:
    """Bars of one lane, outcome and day that are closer than the gap become one."""
    if not gap or pieces.empty:
        return pieces
    groups = pieces.groupby(["lane", "outcome", "day"], sort=False)
    reach = groups["end_s"].cummax().shift(1)
    is_first = ~groups.cumcount().astype(bool)
    begins = is_first | (pieces["start_s"] > reach + gap.total_seconds())
    return pieces.groupby(begins.cumsum(), sort=False).agg(
        lane=("lane", "first"),
        day=("day", "first"),
        start_s=("start_s", "first"),
        end_s=("end_s", "max"),
        outcome=("outcome", "first"),
        runs=("runs", "sum"),
    )
