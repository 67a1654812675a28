"""What the pages know of the store, loaded once for each version of it and shared by all visitors.

Models are frozen, so one copy serves everybody (`cache_resource`); `cache_data` would unpickle it on each rerun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import pandas as pd
import streamlit as st

from metrics import catalog, config
from metrics.collect import loop
from metrics.config import Config
from metrics.errors import StoreBusyError, TomoniError
from metrics.model import Service, Window
from metrics.review import collection, overview, reading
from metrics.review.headline import headline
from metrics.review.lines import Buckets, Line, by_series, curve, lines, moved
from metrics.review.marks import Mark, marks
from metrics.review.period import Period
from metrics.store import Store, deliveries, read
from metrics.trends.agenda import Agenda
from metrics.trends.agenda import agenda as agenda_of
from metrics.ui import stack
from metrics.ui.words import t

__all__ = [
    "Facts",
    "Known",
    "Ledger",
    "agenda",
    "collect_in_background",
    "configuration",
    "data_of",
    "drawn",
    "events",
    "facts",
    "home",
    "known",
    "look",
    "said",
    "sources",
    "state_of",
    "store_of",
]

P = ParamSpec("P")
R = TypeVar("R")
HOME_POINTS = 340
# Among so many runs the last one of each source is looked for.
RUNS = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def said(ask: Callable[P, R]) -> Callable[P, R]:
    """What a person can mend is shown as its one sentence, in place of the page."""

    @wraps(ask)
    def asking(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(*args, **kwargs)
        except TomoniError as error:
            st.error(str(error), icon=":material/error:")
            if isinstance(error, StoreBusyError):
                st.button(t("Try again"))
            st.stop()

    return asking


@dataclass(frozen=True, slots=True)
class Facts:
    """What every page says about the data: whose it is, how far it reaches, what fails."""

    services: tuple[str, ...]
    newest: dict[str, datetime]
    """The newest sample of each service."""
    reached: dict[str, datetime]
    """How far each service is known, by samples or by events."""
    demo: tuple[str, ...]
    """The services that are invented."""
    failing: tuple[tuple[str, str], ...]
    """Sources whose newest run failed, each with the reason."""


@said
def configuration(folder: Path) -> Config:
    """The configuration as it is on disk now: an edit shows with the next click."""
    files = [config.SECRETS, folder / "tomoni.yaml", *sorted((folder / "services").glob("*.yaml"))]
    return _configuration(folder, tuple((str(file), file.stat().st_mtime_ns) for file in files if file.exists()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _configuration(folder: Path, stamps: tuple[tuple[str, int], ...]) -> Config:
    return config.load(folder)


def store_of(folder: Path) -> Store:
    return Store(folder / "tomoni.duckdb")


def data_of(folder: Path) -> str:
    """What figures depend on: changes with the data and not with each word that somebody says."""
    store = store_of(folder)
    return _data_of(folder, store.version()) if store.exists() else ""


@st.cache_resource(max_entries=8, show_spinner=False)
def _data_of(folder: Path, version: str) -> str:
    with store_of(folder).read() as db:
        return read.stamp(db)


def state_of(folder: Path, service: Service, period: Period, *more: str) -> tuple[str, ...]:
    """What a view depends on: the key for whatever is made of it."""
    window = period.window
    return (str(folder), data_of(folder), repr(service), window.start.isoformat(), window.end.isoformat(), *more)


@said
def facts(folder: Path, now: datetime) -> Facts:
    store = store_of(folder)
    return _facts(folder, data_of(folder), now) if store.exists() else Facts((), {}, {}, (), ())


@st.cache_resource(max_entries=4, show_spinner=False)
def _facts(folder: Path, version: str, _now: datetime) -> Facts:
    with store_of(folder).read() as db:
        series, runs = read.series(db), read.runs(db, limit=RUNS)
        newest = _newest(series, _now, db)
        happened, events = deliveries.services(db), deliveries.reached(db, _now)
    latest = runs.drop_duplicates("source", keep="first")
    failed = latest[latest["state"] == "failed"]
    return Facts(
        services=tuple(dict.fromkeys((*series["service"].unique(), *happened))),
        newest=newest,
        reached={
            service: max(known[service] for known in (newest, events) if service in known)
            for service in {**newest, **events}
        },
        demo=tuple(series.loc[series["source"] == "demo", "service"].unique()),
        failing=tuple((str(row["source"]), str(row["detail"] or "")) for row in failed.to_dict("records")),
    )


def _newest(series: pd.DataFrame, now: datetime, db: read.Reader) -> dict[str, datetime]:
    """How far each service reaches by now: a row dated 2036 by mistake must not move every page there."""
    ahead = series[series["last_ts"] > now]
    past = series[series["last_ts"] <= now]
    reached = dict.fromkeys(ahead["service"], now)
    if len(ahead):
        earlier = read.last(db, Window(EPOCH, now), ahead["series_id"].tolist())
        past = pd.concat([past, ahead.drop(columns="last_ts").merge(earlier, on="series_id")])
    return reached | {str(name): at.to_pydatetime() for name, at in past.groupby("service")["last_ts"].max().items()}


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Every line of a service, and the series they are made of."""

    lines: tuple[Line, ...]
    """Of rival sources, the one that the catalogue believes."""
    of_each_source: tuple[Line, ...]
    series: pd.DataFrame


@said
def known(folder: Path, settings: Config, service: str) -> Known:
    """What the store has of a service."""
    kinds = tuple((source.name, source.kind) for source in settings.sources)
    return _known(folder, data_of(folder), service, kinds)


@st.cache_resource(max_entries=8, show_spinner=False)
def _known(folder: Path, version: str, service: str, kinds: tuple[tuple[str, str], ...]) -> Known:
    with store_of(folder).read() as db:
        series = read.series(db, service)
    indicators = catalog.load().indicators
    told = lines(series, indicators, dict(kinds), each_source=True)
    return Known(lines(series, indicators, dict(kinds)), told, series)


@said
def home(folder: Path, settings: Config, service: Service, period: Period) -> overview.Overview:
    """The review of a period, asked of the store in one consistent state."""
    window = period.window
    return _home(
        folder,
        data_of(folder),
        service.name,
        window.start,
        window.end,
        period.zone,
        repr(service),
        service,
        known(folder, settings, service.name).lines,
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _home(
    folder: Path,
    version: str,
    name: str,
    since: datetime,
    until: datetime,
    zone: str,
    described: str,
    _service: Service,
    _every: tuple[Line, ...],
) -> overview.Overview:
    period = Period(Window(since, until), zone)
    used = sorted({number for line in _every for number in line.reads})
    step = period.step(HOME_POINTS)
    with store_of(folder).read() as db:
        now, before = (read.period(db, window, used) for window in (period.window, period.previous))
        sparks = read.buckets(db, used, period.window, overview.spark_step(period), zone)
        readings = reading.read(_every, _service, now, before, sparks)
        leading = headline(readings, _service, catalog.load().indicators)
        ids = [number for line in leading for number in line.reads]
        curves = [read.buckets(db, ids, window, step, zone) for window in (period.window, period.previous)]
        events = read.events(db, period.window, ("deployment", "incident"), name)
    return overview.overview(
        period=period,
        service=_service,
        leading=leading,
        readings=readings,
        curves=(curves[0], curves[1]),
        step=step,
        events=events,
    )


@said
def drawn(folder: Path, chosen: Sequence[Line], period: Period, step: timedelta | None) -> tuple[stack.Drawn, ...]:
    """Some lines in the period and in the one before it, in these steps or raw."""
    window = period.window
    key = tuple((line.reads, line.ids) for line in chosen)
    return _drawn(folder, data_of(folder), key, window.start, window.end, period.zone, step, tuple(chosen))


@st.cache_resource(max_entries=32, show_spinner=False)
def _drawn(
    folder: Path,
    version: str,
    ids: tuple[tuple[tuple[int, ...], ...], ...],
    since: datetime,
    until: datetime,
    zone: str,
    step: timedelta | None,
    _chosen: tuple[Line, ...],
) -> tuple[stack.Drawn, ...]:
    period = Period(Window(since, until), zone)
    flat = sorted({number for line in _chosen for number in line.reads})
    with store_of(folder).read() as db:
        now, before = (_points(db, flat, window, step, zone) for window in (period.window, period.previous))
    shift = period.window.start - period.previous.start
    return tuple(stack.Drawn(line, curve(line, now), moved(curve(line, before), shift), step) for line in _chosen)


def _points(
    db: read.Reader, ids: Sequence[int], window: Window, step: timedelta | None, zone: str
) -> dict[int, Buckets]:
    if step is not None:
        return by_series(read.buckets(db, ids, window, step, zone))
    raw = read.samples(db, ids, window)
    return by_series(raw.assign(n=1, mean=raw["value"], min=raw["value"], max=raw["value"], sum=raw["value"]))


@said
def events(folder: Path, service: Service, window: Window, kinds: Sequence[str]) -> tuple[Mark, ...]:
    return _events(folder, data_of(folder), service.name, window.start, window.end, tuple(kinds), service)


@st.cache_resource(max_entries=32, show_spinner=False)
def _events(
    folder: Path, version: str, name: str, since: datetime, until: datetime, kinds: tuple[str, ...], _service: Service
) -> tuple[Mark, ...]:
    if not kinds:
        return ()
    window = Window(since, until)
    with store_of(folder).read() as db:
        return marks(read.events(db, window, kinds, name), window, _service)


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """What the Sources page shows."""

    collection: collection.Collection
    runs: pd.DataFrame
    refusals: pd.DataFrame


@said
def sources(folder: Path, settings: Config, now: datetime) -> Ledger:
    """How collecting goes, as of this minute."""
    store = store_of(folder)
    if not store.exists():
        return Ledger(collection.Collection((), ()), pd.DataFrame(), pd.DataFrame())
    minute = now.replace(second=0, microsecond=0)
    return _sources(folder, data_of(folder), minute, repr(settings), settings)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sources(folder: Path, version: str, now: datetime, described: str, _settings: Config) -> Ledger:
    series, coverage, runs, refusals = _ledger(folder, version)
    seen = collection.collection(
        kinds={source.name: source.kind for source in _settings.sources},
        every={source.name: source.every or _settings.every for source in _settings.sources},
        series=series,
        coverage=coverage,
        runs=runs,
        due=loop.next_runs(_settings, runs, now),
        now=now,
    )
    return Ledger(seen, runs, refusals)


@st.cache_resource(max_entries=2, show_spinner=False)
def _ledger(folder: Path, version: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    with store_of(folder).read() as db:
        return read.series(db), read.coverage(db), read.runs(db, limit=RUNS), read.refusals(db)


def look(settings: Config, now: datetime) -> None:
    """What follows a collection: the trend alerts. Loaded when first needed, for no page waits for detectors."""
    from metrics.trends.alerts import look

    look(settings, now, may_send=True)


@said
def agenda(folder: Path, settings: Config, service: Service, period: Period) -> Agenda:
    """What moved since the period began, as it was seen by its end."""
    state, window = state_of(folder, service, period), period.window
    return _agenda(state, folder, service, known(folder, settings, service.name).lines, window.start, window.end)


@st.cache_resource(max_entries=32, show_spinner=False)
def _agenda(
    state: tuple[str, ...],
    _folder: Path,
    _service: Service,
    _lines: tuple[Line, ...],
    _since: datetime,
    _until: datetime,
) -> Agenda:
    with store_of(_folder).read() as db:
        return agenda_of(db, _service, _lines, _until, _since)


@st.cache_resource(show_spinner=False)
def collect_in_background(folder: Path) -> loop.Handle | None:
    """The collector of this process, started with the first page where tomoni.yaml asks for it."""
    return loop.start_in_background(folder, look)
