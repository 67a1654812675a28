"""Each firing beside what else went on: at night, in a burst, with a batch, an incident, harm; acted upon or not.

What can't be told is absent, never false. docs/alerts.md defines each column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.review.alerts.felt import Felt
from metrics.review.alerts.touching import NONE, Spans, micros, near, spans_of, touching

__all__ = ["BURST", "NIGHT", "SOON", "Beside", "judged"]

NIGHT: Final = (22, 6)
"""By the service's clock: from the first hour up to the second one, by when a firing began."""
BURST: Final = timedelta(hours=1)
"""From one firing of a rule to another of it: closer ones are one trouble that is told again and again."""
SOON: Final = timedelta(minutes=15)
"""An alert may be over before somebody writes the incident down, or the line has crossed its threshold."""
DAY: Final = timedelta(days=1)
OPEN: Final = DAY
"""What was never told to be over would come with every incident from then on: for longer it counts for nothing."""
NEAR: Final = timedelta(minutes=30)
"""An incident of another component counts as impact only if it began this close to the firing."""
FORETOLD: Final = timedelta(days=3)
"""A trend that began at least so long before would have left time to act, had anybody looked for it."""
STILL: Final = timedelta(weeks=1)
"""What had not been seen for longer before the firing had gone by itself."""
HINDSIGHT: Final = timedelta(weeks=2)
"""A trend that was first told later than this after the firing is another one."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What went on beside the alerts. None where nobody collects it: then it is not known, and never 0."""

    incidents: pd.DataFrame | None
    runs: pd.DataFrame | None
    mends: pd.DataFrame
    """Roll-backs and hot-fixes: component and started_at."""
    felt: Sequence[Felt]
    foretold: pd.DataFrame
    watches: pd.DataFrame
    """Which line each rule watches: component, rule, part, indicator."""
    zone: str
    now: datetime


def judged(firings: pd.DataFrame, beside: Beside) -> pd.DataFrame:
    """The firings, each with how long, when, what went on beside it and what came of it.

    `job`, `incident`, `elsewhere` and `foretold` name what it was, empty without; `batch`, `has_incident`,
    `has_elsewhere` and `was_foretold` say whether, absent where that is not known.
    """
    frame = firings.copy()
    started = micros(frame["started_at"])
    at_most = (frame["started_at"] + OPEN).where(frame["started_at"] + OPEN < beside.now, pd.Timestamp(beside.now))
    until = micros(frame["ended_at"].fillna(at_most))
    mine = started, np.maximum(until, started)
    soon = started, np.maximum(mine[1], started + _us(SOON))
    frame["seconds"] = (frame["ended_at"] - frame["started_at"]).dt.total_seconds()
    frame["night"] = _night(frame["started_at"], beside.zone)
    frame["burst"] = _burst(frame, started)
    frame["job"] = _job(mine, beside.runs)
    frame["batch"] = frame["job"].ne("").astype("boolean").where(_runs_known(frame["started_at"], beside.runs))
    _with_incidents(frame, soon, beside)
    frame["harm"] = _harm(soon, beside.felt)
    _with_consequences(frame, soon, beside)
    frame["foretold"] = _foretold(frame, beside)
    hit = frame["impact"].fillna(value=False).astype(bool)
    frame["was_foretold"] = frame["foretold"].ne("").astype("boolean").where(hit)
    return frame


def _us(span: timedelta) -> int:
    return round(span / timedelta(microseconds=1))


def _night(started: pd.Series, zone: str) -> NDArray[np.bool_]:
    hours = started.dt.tz_convert(zone).dt.hour.to_numpy()
    return np.asarray((hours >= NIGHT[0]) | (hours < NIGHT[1]))


def _burst(frame: pd.DataFrame, started: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Within an hour of another firing of the same rule."""
    codes = frame.groupby(["component", "rule"], sort=False).ngroup().to_numpy()
    order = np.lexsort((started, codes))
    close = (np.diff(started[order]) <= _us(BURST)) & (np.diff(codes[order]) == 0)
    found = np.zeros(len(frame), bool)
    found[order] = np.r_[close, False] | np.r_[False, close] if len(frame) else found
    return found


def _job(mine: Spans, runs: pd.DataFrame | None) -> NDArray[np.object_]:
    """The batch that ran at that time, as component and job; of several the one that went on longest."""
    if runs is None:
        return np.full(len(mine[0]), "", dtype=object)
    ended = runs[runs["ended_at"].notna()]
    names = (ended["component"] + " " + ended["job"]).str.strip().to_numpy(dtype=object)
    at = touching(mine, (micros(ended["started_at"]), micros(ended["ended_at"])))
    return np.where(at == NONE, "", names[at] if len(names) else "")


def _runs_known(started: pd.Series, runs: pd.DataFrame | None) -> pd.Series:
    """Before the first run that is known, and a day after the last one, nobody may have asked for any."""
    if runs is None or runs.empty:
        return pd.Series(data=False, index=started.index)
    last = runs["ended_at"].fillna(runs["started_at"]).max()
    return started.between(runs["started_at"].min(), last + DAY)


def _with_incidents(frame: pd.DataFrame, mine: Spans, beside: Beside) -> None:
    """`incident` is the title of one of the component at that time, `elsewhere` that of another one's."""
    named = {column: np.full(len(frame), "", dtype=object) for column in ("incident", "elsewhere")}
    is_close = np.zeros(len(frame), bool)
    known = beside.incidents
    if known is not None:
        spans = micros(known["started_at"]), micros(known["ended_at"].fillna(pd.Timestamp(beside.now)))
        titles = known["title"].where(known["title"].astype(bool), known["id"]).to_numpy(dtype=object)
        whose = known["component"].fillna("")
        for component, places in _places(frame):
            span = mine[0][places], mine[1][places]
            own = whose.isin([component, ""]).to_numpy()
            for column, among in (("incident", own), ("elsewhere", ~own)):
                at = touching(span, (spans[0][among], spans[1][among]))
                named[column][places] = np.where(at == NONE, "", titles[among][at] if among.any() else "")
            is_close[places] = near(span[0], spans[0][~own], _us(NEAR))
    frame["is_close"] = is_close
    for column, told in named.items():
        frame[column] = told
        frame[f"has_{column}"] = _told(told != "", np.full(len(frame), known is not None))


def _places(frame: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """The rows of each component."""
    codes, names = pd.factorize(frame["component"])
    for code, name in enumerate(names):
        yield str(name), np.flatnonzero(codes == code)


def _harm(mine: Spans, felt: Sequence[Felt]) -> pd.Series:
    """Whether a line that users feel was beyond its threshold; absent where none was measured then."""
    telling = [each for each in felt if each.tells]
    beyond, known = np.zeros(len(mine[0]), bool), np.zeros(len(mine[0]), bool)
    for each in telling:
        beyond |= touching(mine, spans_of(each.beyond)) != NONE
        known |= touching(mine, spans_of(each.known)) != NONE
    return _told(beyond, known)


def _told(is_so: NDArray[np.bool_], known: NDArray[np.bool_]) -> pd.Series:
    """Yes or no where it is known, else absent."""
    return pd.Series(is_so).astype("boolean").where(known)


def _with_consequences(frame: pd.DataFrame, mine: Spans, beside: Beside) -> None:
    """What the source says counts; else traces do: an incident was opened, or something was rolled back."""
    sees = np.full(len(frame), beside.incidents is not None)
    has_incident = frame["incident"].to_numpy() != ""
    acted = has_incident | _mended(frame, mine, beside.mends)
    frame["acted_said"] = frame["acted"].notna()
    frame["acted"] = frame["acted"].fillna(_told(acted, sees | acted))
    hit = has_incident | frame.pop("is_close").to_numpy() | frame["harm"].fillna(value=False).to_numpy(bool)
    frame["impact"] = frame["impact"].fillna(_told(hit, hit | sees | frame["harm"].notna().to_numpy()))
    frame["alone"] = (~frame["acted"]).where(frame["ended_at"].notna())


def _mended(frame: pd.DataFrame, mine: Spans, mends: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether something of the component was rolled back or hot-fixed while it fired."""
    found = np.zeros(len(frame), bool)
    for component, places in _places(frame):
        when = micros(mends.loc[mends["component"] == component, "started_at"])
        found[places] = touching((mine[0][places], mine[1][places]), (when, when)) != NONE
    return found


def _foretold(frame: pd.DataFrame, beside: Beside) -> NDArray[np.object_]:
    """The id of the finding that told of it, of the line that the rule watches; empty without."""
    found = np.full(len(frame), "", dtype=object)
    watched = beside.watches.merge(beside.foretold, on=["component", "indicator"], suffixes=("", "_told"))
    hit = frame["impact"].fillna(value=False).to_numpy(bool)
    for row in watched.to_dict("records"):
        mine = hit & (frame["component"] == row["component"]).to_numpy() & (frame["rule"] == row["rule"]).to_numpy()
        started = frame["started_at"]
        was_told = row["told_at"] <= started
        was_there = (row["since"] <= started - FORETOLD) & (row["told_at"] <= started + HINDSIGHT)
        is_over = pd.notna(row["gone_at"]) & (started - STILL > row["gone_at"])
        places = mine & ((was_told | was_there) & ~is_over).to_numpy() & (found == "")
        found[places] = row["id"]
    return found
