"""One line at one pass: every detector's answer, as sightings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from holidays import country_holidays

from metrics.analysis.burst import Burst, burst_of
from metrics.analysis.detection import Detection
from metrics.analysis.drift import Drift, drift
from metrics.analysis.forecast import Crossing, forecast
from metrics.analysis.shift import shifts
from metrics.analysis.signal import Signal, moment
from metrics.analysis.silence import lapses
from metrics.analysis.threshold import exceedances
from metrics.model import Insufficient, Service, Window
from metrics.review.findings import Sighting, speaking
from metrics.review.lines import Line
from metrics.review.period import local_day
from metrics.review.reading import threshold_of

__all__ = ["JUMPS", "RECENT", "View", "limit_of", "look"]

# A step or jump is talked about in the review after it and in the one after that; then it is how things are.
RECENT = timedelta(days=14)
# What is told for as long as it is news, and not in the review after.
NEWS = timedelta(days=7)
# How far back jumps are counted to tell whether they come more often.
JUMPS = timedelta(days=35)
# What is full is full, whether anybody wrote down a limit or not.
FULL = {"system.filesystem.utilization": 100.0}
# What is too small to talk about however sure it is: as metrics/review/reading.py has it for figures.
NOTABLE_SHARE, NOTABLE_POINTS = 0.10, 1.0
# A step is known to half a day (metrics/analysis/shift.py), and what jumps for as long and steps then has stepped.
HALF_DAY = timedelta(hours=12)
# What follows demand moves with it hour by hour.
FOLLOWS = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is known of a line up to a moment."""

    line: Line
    service: Service
    as_of: datetime
    hourly: Signal
    jumps: pd.DataFrame
    """The line's spikes of the last JUMPS: since, until, usual, reached, certainty."""
    demand: Sequence[Signal]
    """The hourly signals of what drives use."""


def look(view: View) -> tuple[Sighting, ...]:
    """All that is worth saying of the line: each sighting notable, none told twice."""
    levels = list(_levels(view))
    steps = [each.detection for each in levels if each.kind == "shift"]
    seen = [*_silence(view), *_jumps(_without(steps, view)), *levels, *_lines(view)]
    told = speaking([each for each in seen if each.kind == "silence" or _is_notable(each)])
    return tuple(_on_holiday(each, view.service) for each in told)


def limit_of(view: View) -> float | None:
    """What the line can't go beyond: as the service's file has it for the component."""
    name = view.line.indicator.name
    own = next((each for each in view.service.components if each.name == view.line.component), None)
    return own.limits.get(name, FULL.get(name)) if own else FULL.get(name)


def _silence(view: View) -> Iterator[Sighting]:
    """Having stopped, or having been away lately: of several times the newest."""
    found = lapses(view.hourly, view.as_of)
    recent = [] if isinstance(found, Insufficient) else [each for each in found if _is_recent(each, view)]
    if recent:
        evidence = {"source": view.line.source, "kind": recent[-1].kind}
        yield Sighting(view.line, "silence", recent[-1], evidence=evidence)


def _jumps(view: View) -> Iterator[Sighting]:
    """Each recent jump, and whether they come more often than they did."""
    rows = view.jumps
    if not len(rows):
        return
    found = _burst(view)
    if isinstance(found, Burst):
        lately = rows[rows["since"] >= found.since]
        those = tuple(map(_window, lately["since"], lately["until"]))
        rates = {"ratio": found.ratio, "recent_per_day": found.recent_per_day, "before_per_day": found.before_per_day}
        yield Sighting(view.line, "burst", found, those, rates)
    for way in (1, -1):
        yield from _recent_jumps(view, way)


def _without(steps: Sequence[Detection], view: View) -> View:
    """The line's jumps but for those that its steps began with: the step tells them."""
    rows = view.jumps
    mine = np.ones(len(rows), bool)
    for step in steps:
        same_way = (rows["reached"] - rows["usual"]) * step.size > 0
        is_long = rows["until"] - rows["since"] >= HALF_DAY
        mine &= ~(same_way & is_long & ((rows["since"] - step.since).abs() <= HALF_DAY)).to_numpy(dtype=bool)
    return replace(view, jumps=rows[mine])


def _recent_jumps(view: View, way: int) -> Iterator[Sighting]:
    """The recent jumps up, or down, as one: a line that jumps again is the same trouble until somebody parts them."""
    rows = view.jumps
    rows = rows[(way * (rows["reached"] - rows["usual"]) > 0) & (rows["since"] >= view.as_of - RECENT)]
    if not len(rows):
        return
    worst = rows.iloc[int((rows["reached"] - rows["usual"]).abs().argmax())]
    episodes = tuple(map(_window, rows["since"], rows["until"]))
    jumps = Detection(
        since=episodes[0].start,
        until=max(each.end for each in episodes),
        before=float(worst["usual"]),
        after=float(worst["reached"]),
        certainty=float(rows["certainty"].max()),
    )
    yield Sighting(view.line, "spike", jumps, episodes, {"worst_at": worst["peak_at"].isoformat()})


def _burst(view: View) -> Burst | Insufficient | None:
    """Of jumps to the worse, or up where neither way is worse: only those can be one trouble."""
    rows = view.jumps
    size = rows["reached"] - rows["usual"]
    rows = rows[size < 0 if view.line.indicator.better == "higher" else size > 0]
    if not len(rows):
        return None
    start, end = max(view.as_of - JUMPS, view.line.first_ts), view.as_of
    return burst_of(
        np.asarray(rows["since"].dt.tz_localize(None), dtype="datetime64[us]"),
        rows["reached"].to_numpy(dtype=np.float64),
        float(rows["usual"].median()),
        *(np.datetime64(at.replace(tzinfo=None), "us") for at in (start, end)),
    )


def _levels(view: View) -> Iterator[Sighting]:
    """Steps, trends and what they run into."""
    steps = shifts(view.hourly)
    for step in () if isinstance(steps, Insufficient) else steps:
        if step.since >= view.as_of - RECENT:
            yield Sighting(view.line, "shift", step)
    found = drift(view.hourly)
    trend = found if isinstance(found, Drift) else None
    if trend:
        evidence = {"per_day": trend.per_day, "as_step": trend.as_step, "driver": _driver(view)}
        yield Sighting(view.line, "drift", trend, evidence=evidence)
    yield from _forecast(view, trend)


def _forecast(view: View, trend: Drift | None) -> Iterator[Sighting]:
    """What a trend runs into; without a trend that is sure, a limit so near that two methods see it."""
    limit = limit_of(view)
    if limit is None:
        return
    rising = view.line.indicator.better != "higher"
    found = forecast(view.hourly, limit, rising=rising)
    if not isinstance(found, Crossing) or found.early is None:
        return
    towards = trend if trend and (trend.size > 0) == rising else None
    if towards or found.urgent:
        grown = towards or _grown(view.hourly, found)
        evidence = {
            **{name: at.isoformat() if at else None for name, at in _times(found)},
            "limit": limit,
            "peak": _week_peak(view.hourly, rising=rising),
            "per_day": towards.per_day if towards else None,
            "urgency": "urgent" if found.urgent else None,
            "driver": _driver(view),
        }
        # What has grown is told by the trend; the forecast tells where that leads.
        yield Sighting(view.line, "forecast", replace(grown, certainty=found.certainty), evidence=evidence)


def _week_peak(hourly: Signal, *, rising: bool) -> float:
    """Of the week: of the last day alone, a Sunday would look as if there were room."""
    week = hourly.values[hourly.ts > hourly.ts[-1] - np.timedelta64(7, "D")]
    return float(week.max() if rising else week.min())


def _grown(hourly: Signal, found: Crossing) -> Detection:
    """From the first day that is known to the last, where no trend says since when."""
    first = hourly.values[hourly.day == hourly.day[0]]
    return Detection(
        since=moment(hourly.ts[0]), before=float(np.median(first)), after=found.before, certainty=found.certainty
    )


def _times(found: Crossing) -> tuple[tuple[str, datetime | None], ...]:
    return ("early", found.early), ("crosses_at", found.likely), ("late", found.late)


def _lines(view: View) -> Iterator[Sighting]:
    """Beyond its threshold for long enough, and lately."""
    line = threshold_of(view.line, view.service)
    if line is None:
        return
    found = exceedances(view.hourly, line.value, better=view.line.indicator.better)
    recent = [each for each in found if _is_recent(each, view)]
    if recent:
        worst = max(recent, key=lambda each: abs(each.size))
        episodes = tuple(_window(each.since, each.until or view.as_of) for each in recent)
        whole = Detection(
            since=recent[0].since, until=recent[-1].until, before=worst.before, after=worst.after,
            certainty=worst.certainty,
        )  # fmt: skip
        yield Sighting(view.line, "threshold", whole, episodes, {"line": line.value})


def _driver(view: View) -> str | None:
    """`demand` where the line is a measure of use, or goes up and down with one."""
    if view.line.indicator.perspective == "demand":
        return "demand"
    return "demand" if any(_follows(view.hourly, other) for other in view.demand) else None


def _follows(signal: Signal, other: Signal) -> bool:
    _, mine, theirs = np.intersect1d(signal.ts, other.ts, assume_unique=True, return_indices=True)
    a, b = signal.values[mine], other.values[theirs]
    # Two days: fewer hours may go up and down together by accident.
    if len(a) < 48 or not a.std() or not b.std():
        return False
    return float(np.corrcoef(a, b)[0, 1]) >= FOLLOWS


def _is_notable(seen: Sighting) -> bool:
    """A limit in sight is, however little it takes to get there."""
    if seen.kind == "forecast":
        return True
    found = seen.detection
    enough = found.per_cent is None or abs(found.per_cent) >= 100 * NOTABLE_SHARE
    if seen.line.indicator.unit == "1" and abs(found.size) < 1:
        return False  # less than one of what is counted whole
    return enough and (seen.line.indicator.unit != "%" or abs(found.size) >= NOTABLE_POINTS)


def _on_holiday(seen: Sighting, service: Service) -> Sighting:
    """What began on a holiday says so: it explains much, and hides nothing."""
    if service.holidays is None or seen.kind in ("drift", "forecast"):
        return seen
    day = local_day(seen.detection.since, service.time_zone)
    name = country_holidays(service.holidays, years=day.year, language="en_US").get(day)
    return replace(seen, evidence={**seen.evidence, "holiday": name}) if name else seen


def _is_recent(found: Detection, view: View) -> bool:
    return (found.until or view.as_of) >= view.as_of - NEWS


def _window(since: datetime, until: datetime) -> Window:
    start = pd.Timestamp(since).to_pydatetime()
    return Window(start, max(pd.Timestamp(until).to_pydatetime(), start + timedelta(minutes=1)))
