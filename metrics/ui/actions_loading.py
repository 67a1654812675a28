"""What the Actions page knows of the store. What depends on data is kept by its state: a word costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import streamlit as st

from metrics.meeting.verdicts import AROUND, span
from metrics.meeting.verdicts import judged as judged_by
from metrics.model import Service, Window
from metrics.review.action_months import Month, merged
from metrics.review.actions import Action, actions
from metrics.review.judged import Accepted, Judged, accepted
from metrics.review.lines import Curve, Line, by_series, curve, figure, whole_steps
from metrics.review.period import fitting_step
from metrics.store import entries, read
from metrics.ui.frame import Frame
from metrics.ui.loading import data_of, known, said, store_of
from metrics.ui.speaking import Words, words

__all__ = [
    "Around",
    "Spoken",
    "around",
    "judged",
    "line_of",
    "lines_of",
    "newest",
    "present",
    "spoken",
    "work",
]

WEEK: Final = timedelta(weeks=1)
DAY: Final = timedelta(days=1)
POINTS: Final = 220
CHANGES: Final = timedelta(days=366)
"""How far back merged changes are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """All actions as they stand, newest first, with what was said of them."""

    every: tuple[Action, ...]
    verdicts: Mapping[str, Accepted]
    begun: Mapping[str, datetime]
    """The time of each action's first word."""
    words: Words

    def of(self, name: str) -> Action | None:
        return next((each for each in self.every if each.id == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """A line around an action's start."""

    line: Line
    curve: Curve | None
    window: Window
    step: timedelta


def newest(here: Frame) -> datetime:
    """Up to when actions are judged: where the data ends, else now."""
    return here.newest or here.now


@said
def spoken(here: Frame) -> Spoken:
    """Everything that was said of actions."""
    found = words(here, "action", "verdict")
    begun = _begun(here.folder, store_of(here.folder).version(), here.service.name)
    every = actions(found.every)
    # An action that was taken back takes what was said of it along.
    there = {each.id for each in every}
    verdicts = {name: each for name, each in accepted(found.every).items() if name in there}
    return Spoken(every, verdicts, begun, found)


@st.cache_resource(max_entries=8, show_spinner=False)
def _begun(folder: Path, version: str, service: str) -> Mapping[str, datetime]:
    with store_of(folder).read() as db:
        return entries.begun(db, "action", service)


def lines_of(here: Frame) -> tuple[Line, ...]:
    """Every line that an action may be judged by."""
    return known(here.folder, here.config, here.service.name).lines


def line_of(here: Frame, address: str | None) -> Line | None:
    """The line of this address, if there is one."""
    return next((line for line in lines_of(here) if line.address == address), None)


@said
def judged(here: Frame, action: Action, every: Sequence[Action]) -> Judged:
    """The verdict as the data has it now."""
    # Only what was begun on the same component in the same weeks matters: a word on another action costs nothing.
    beside = tuple(each for each in every if _is_beside(each, action))
    # One short text: Streamlit takes longer over a hundred tuples than over a verdict.
    depends = repr((_fixed(action), [_fixed(each) for each in beside]))
    key = (here.folder, data_of(here.folder), repr(here.service), depends)
    found = _judged(*key, newest(here), here.service, lines_of(here), action, beside)
    # Its words may have changed since.
    return replace(found, action=action)


def _is_beside(other: Action, action: Action) -> bool:
    if other.component != action.component or other.started is None or action.started is None:
        return False
    return abs(other.started - action.started) <= AROUND + DAY


def _fixed(action: Action) -> tuple[object, ...]:
    """What a verdict depends on."""
    return action.id, action.address, action.started, action.target, bool(action.dropped)


@st.cache_resource(max_entries=512, show_spinner=False)
def _judged(
    folder: Path,
    stamp: str,
    described: str,
    depends: str,
    as_of: datetime,
    _service: Service,
    _lines: tuple[Line, ...],
    _action: Action,
    _beside: tuple[Action, ...],
) -> Judged:
    with store_of(folder).read() as db:
        return judged_by(db, _service, _lines, _action, as_of, _beside)


@said
def around(here: Frame, action: Action) -> Around | None:
    """The action's line up to eight weeks before and after its start; without a start, the newest eight."""
    line, until = line_of(here, action.address), newest(here)
    if line is None:
        return None
    started = action.started
    window = span(started, until) if started is not None and started < until else Window(until - 8 * WEEK, until)
    found = _around(
        here.folder, data_of(here.folder), line.ids, line.reads, window.start, window.end, here.zone, line
    )
    return Around(line, *found)


@st.cache_resource(max_entries=64, show_spinner=False)
def _around(
    folder: Path,
    stamp: str,
    ids: tuple[int, ...],
    reads: tuple[int, ...],
    since: datetime,
    until: datetime,
    zone: str,
    _line: Line,
) -> tuple[Curve | None, Window, timedelta]:
    window = Window(since, until)
    step = max(fitting_step(window, POINTS), timedelta(seconds=_line.period_s))
    with store_of(folder).read() as db:
        buckets = by_series(read.buckets(db, sorted(_line.reads), window, step, zone))
    return whole_steps(_line, curve(_line, buckets), window, step), window, step


@said
def present(here: Frame, line: Line) -> float | None:
    """What the line is now: its figure for the newest week."""
    until = newest(here)
    return _present(here.folder, data_of(here.folder), line.ids, line.reads, until, line)


@st.cache_resource(max_entries=64, show_spinner=False)
def _present(
    folder: Path, stamp: str, ids: tuple[int, ...], reads: tuple[int, ...], until: datetime, _line: Line
) -> float | None:
    with store_of(folder).read() as db:
        rows = read.period(db, Window(until - WEEK, until), sorted(_line.reads)).to_dict("records")
    return figure(_line, {int(row["series_id"]): row for row in rows})


@said
def work(here: Frame) -> tuple[Month, ...]:
    """Merged changes of a year by what their source calls their work; empty where none says so."""
    until = here.facts.reached.get(here.service.name) or newest(here)
    return _work(here.folder, data_of(here.folder), here.service.name, until, here.zone)


@st.cache_resource(max_entries=8, show_spinner=False)
def _work(folder: Path, stamp: str, service: str, until: datetime, zone: str) -> tuple[Month, ...]:
    with store_of(folder).read() as db:
        found = read.events(db, Window(until - CHANGES, until), ("change",), service)
    rows = zip(found["started_at"], found["ended_at"], found["attrs"], strict=True)
    told = (
        (ended if ended == ended and ended is not None else began, attrs.get("work")) for began, ended, attrs in rows
    )
    return merged(((at.to_pydatetime(), str(name)) for at, name in told if name), zone)
