"""What the Alerts page knows of the store, loaded once for each state of the data: a word costs nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from metrics.meeting.alert_pile import checked as checked_by
from metrics.meeting.alert_pile import pile
from metrics.model import Service, Window
from metrics.review.alerts.check import Checked, Ruled
from metrics.review.alerts.pile import Pile
from metrics.review.lines import Line
from metrics.review.marks import Mark
from metrics.review.period import Period
from metrics.store import alerts
from metrics.ui import stack
from metrics.ui.actions_loading import lines_of
from metrics.ui.frame import Frame
from metrics.ui.loading import data_of, drawn, events, said, store_of

__all__ = ["beside", "checked", "period_end", "piled"]

POINTS = 340
# What is drawn above a rule's firings.
KINDS = ("incident", "deployment", "batch_run")


@said
def period_end(here: Frame) -> datetime:
    """Where the data ends: alerts may be known farther than samples, or without any."""
    reach = (
        _reach(here.folder, data_of(here.folder), here.service.name, here.now)
        if store_of(here.folder).exists()
        else None
    )
    ends = (here.newest, reach.end if reach else None)
    return max((at for at in ends if at is not None), default=None) or here.require_data()


@said
def piled(here: Frame, period: Period) -> Pile:
    """The ledger of a period."""
    window = period.window
    return _piled(*_state(here), window.start, window.end, period.zone, here.service, lines_of(here))


@said
def checked(here: Frame, ruled: Ruled, until: datetime) -> Checked | None:
    """What came of a disposition up to then."""
    return _checked(*_state(here), ruled, until, here.service, lines_of(here))


@said
def beside(here: Frame, line: Line | None, period: Period) -> tuple[tuple[stack.Drawn, ...], tuple[Mark, ...]]:
    """The line that a rule watches, in the period, and what else went on."""
    address = line.address if line else ""
    window = period.window
    return _beside(*_state(here), address, window.start, window.end, period.zone, here.service, line)


def _state(here: Frame) -> tuple[Path, str, str]:
    """What everything but people's words depends on."""
    return here.folder, data_of(here.folder), repr(here.service)


@st.cache_resource(max_entries=64, show_spinner=False)
def _beside(
    folder: Path,
    stamp: str,
    described: str,
    address: str,
    since: datetime,
    until: datetime,
    zone: str,
    _service: Service,
    _line: Line | None,
) -> tuple[tuple[stack.Drawn, ...], tuple[Mark, ...]]:
    period = Period(Window(since, until), zone)
    marks = events(folder, _service, period.window, KINDS)
    return drawn(folder, (_line,), period, period.step(POINTS)) if _line else (), marks


@st.cache_resource(max_entries=16, show_spinner=False)
def _reach(folder: Path, stamp: str, service: str, _now: datetime) -> Window | None:
    with store_of(folder).read() as db:
        return alerts.firings_reach(db, service, _now)


@st.cache_resource(max_entries=16, show_spinner=False)
def _piled(
    folder: Path,
    stamp: str,
    described: str,
    since: datetime,
    until: datetime,
    zone: str,
    _service: Service,
    _lines: tuple[Line, ...],
) -> Pile:
    with store_of(folder).read() as db:
        return pile(db, _service, _lines, Period(Window(since, until), zone), until)


@st.cache_resource(max_entries=64, show_spinner=False)
def _checked(
    folder: Path,
    stamp: str,
    described: str,
    ruled: Ruled,
    until: datetime,
    _service: Service,
    _lines: tuple[Line, ...],
) -> Checked | None:
    with store_of(folder).read() as db:
        return checked_by(db, _service, _lines, ruled, until)
