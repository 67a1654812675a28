"""What the Alerts page knows of the store, loaded once for each state of the data: a word costs nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from metrics.config import Config
from metrics.meeting.alert_pile import checked as checked_by
from metrics.meeting.alert_pile import pile
from metrics.model import Entry, Service, Window
from metrics.review.alerts.check import Checked, Ruled
from metrics.review.alerts.pile import Pile
from metrics.review.lines import Line
from metrics.review.period import Period
from metrics.store import alerts, entries, read
from metrics.ui.frame import Frame
from metrics.ui.loading import known, said, store_of

__all__ = ["checked", "history", "line_of", "period_end", "piled"]


@said
def period_end(here: Frame) -> datetime:
    """Where the data ends: alerts may be known farther than samples, or without any."""
    reach = (
        _reach(here.folder, _stamp(here.folder, store_of(here.folder).version()), here.service.name, here.now)
        if store_of(here.folder).exists()
        else None
    )
    ends = (here.newest, reach.end if reach else None)
    return max((at for at in ends if at is not None), default=None) or here.require_data()


@said
def piled(here: Frame, period: Period) -> Pile:
    """The ledger of a period."""
    store = store_of(here.folder)
    stamp, window = _stamp(here.folder, store.version()), period.window
    lines = known(here.folder, here.config, here.service.name).lines
    return _piled(here.folder, stamp, repr(here.service), window.start, window.end, period.zone, here.service, lines)


@said
def checked(here: Frame, ruled: Ruled, until: datetime) -> Checked | None:
    """What came of a disposition up to then."""
    stamp = _stamp(here.folder, store_of(here.folder).version())
    lines = known(here.folder, here.config, here.service.name).lines
    return _checked(here.folder, stamp, repr(here.service), ruled, until, here.service, lines)


@said
def history(here: Frame, subject: str) -> tuple[Entry, ...]:
    """Everything that was said of a rule."""
    return _history(here.folder, store_of(here.folder).version(), here.service.name, subject)


def line_of(folder: Path, settings: Config, service: str, address: str | None) -> Line | None:
    """The line of this address, if there is one."""
    lines = known(folder, settings, service).lines
    return next((line for line in lines if line.address == address), None)


@st.cache_resource(max_entries=16, show_spinner=False)
def _stamp(folder: Path, version: str) -> str:
    with store_of(folder).read() as db:
        return read.stamp(db)


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


@st.cache_resource(max_entries=64, show_spinner=False)
def _history(folder: Path, version: str, service: str, subject: str) -> tuple[Entry, ...]:
    with store_of(folder).read() as db:
        return entries.history(db, "rule", service, subject)
