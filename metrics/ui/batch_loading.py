"""What the Batches page knows of the store, loaded once for each version of it and shared by all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import streamlit as st

from metrics.config import Config
from metrics.model import Insufficient, Service, Window
from metrics.review.batch_beside import Beside, beside, compared, watched
from metrics.review.batch_clock import Busy, Clock, busy, clock, demand
from metrics.review.batches import By, Job, Step, history, jobs, steps
from metrics.review.lines import Line
from metrics.review.period import Period
from metrics.store import read
from metrics.ui.loading import data_of, known, said, store_of

__all__ = ["Batches", "batches", "nightly", "reach", "rows", "was_higher"]

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """What the page shows of all jobs, and the runs that it is made of."""

    jobs: tuple[Job, ...]
    clock: Clock
    busy: Busy | None
    period: Period
    runs: pd.DataFrame


@said
def reach(folder: Path, service: str, now: datetime) -> datetime | None:
    """How far runs are known: a service may have some and no samples yet."""
    store = store_of(folder)
    if not store.exists():
        return None
    with store.read() as db:
        return read.batch_reach(db, service, now)


@said
def batches(folder: Path, settings: Config, service: Service, period: Period) -> Batches:
    """All jobs of a service in a period."""
    window = period.window
    lines = demand(known(folder, settings, service.name).lines, service)
    version = data_of(folder)
    return _batches(folder, version, repr(service), window.start, window.end, period.zone, service, lines)


@st.cache_resource(max_entries=32, show_spinner=False)
def _batches(
    folder: Path,
    version: str,
    described: str,
    since: datetime,
    until: datetime,
    zone: str,
    _service: Service,
    _demand: tuple[Line, ...],
) -> Batches:
    period = Period(Window(since, until), zone)
    ids = [number for line in _demand for number in line.reads]
    with store_of(folder).read() as db:
        runs = read.batch_runs(db, history(period), _service.name)
        hourly = read.buckets(db, ids, period.window, HOUR, zone)
    found = jobs(runs, period, _service.week_start)
    return Batches(found, clock(runs, found, period), busy(hourly, _demand, zone), period, runs)


@said
def nightly(folder: Path, seen: Batches, job: Job, service: Service, by: By) -> tuple[Step, ...]:
    """One job by week or day."""
    return steps(seen.runs, job, seen.period, service, by)


@said
def was_higher(
    folder: Path, settings: Config, seen: Batches, job: Job, service: Service
) -> tuple[Beside, ...] | Insufficient:
    """What was higher or lower while a job ran."""
    lines = watched(known(folder, settings, service.name).lines)
    window = seen.period.window
    version = data_of(folder)
    return _was_higher(folder, version, repr(service), window.start, window.end, job.key, seen, job, lines)


@st.cache_resource(max_entries=64, show_spinner=False)
def _was_higher(
    folder: Path,
    version: str,
    described: str,
    since: datetime,
    until: datetime,
    key: str,
    _seen: Batches,
    _job: Job,
    _lines: tuple[Line, ...],
) -> tuple[Beside, ...] | Insufficient:
    runs, zone = _seen.runs, _seen.period.zone
    mine = runs[(runs["component"] == _job.component) & (runs["job"] == _job.name)]
    with store_of(folder).read() as db:
        samples = read.samples(db, [line.ids[0] for line in _lines], compared(_seen.period))
    return beside(_lines, samples, mine, zone)


@said
def rows(folder: Path, job: Job, service: str, window: Window) -> pd.DataFrame:
    """Each run of a job, to look at and to download."""
    with store_of(folder).read() as db:
        return read.batch_rows(db, window, service, job.component, job.name)
