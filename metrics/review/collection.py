"""Sources: how collecting goes, for each source and each series, from what the store says about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd

from metrics.review.rows import Row, moment, text

__all__ = ["Collection", "SeriesState", "SourceState", "collection"]

# A series is late when it has missed this many of its own steps (and of its source's rounds).
LATE_STEPS = 3

Health = Literal["fine", "late", "failed", "running", "never", "imported"]


@dataclass(frozen=True, slots=True)
class SeriesState:
    """One series: how far it reaches, how its newest question ended, and what is missing in between."""

    source: str
    component: str
    part: str | None
    indicator: str
    last_ts: datetime | None
    state: str
    detail: str
    gaps: int
    missing: timedelta
    late: bool


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source. `last_good` is the end of its newest complete window."""

    name: str
    kind: str
    health: Health
    series: int
    late: int
    gaps: int
    last_good: datetime | None
    newest: datetime | None
    refused: int
    last_run: datetime | None
    next_run: datetime | None
    detail: str


@dataclass(frozen=True, slots=True)
class Collection:
    sources: tuple[SourceState, ...]
    series: tuple[SeriesState, ...]


def collection(
    *,
    kinds: Mapping[str, str],
    every: Mapping[str, timedelta],
    series: pd.DataFrame,
    coverage: pd.DataFrame,
    runs: pd.DataFrame,
    due: Mapping[str, datetime],
    now: datetime,
) -> Collection:
    """`kinds` are the configured sources by name; sources that only the store knows were imported once."""
    states = _series_states(series, coverage, every, now)
    names = dict.fromkeys([*kinds, *series["source"], *runs.loc[runs["source"].notna(), "source"]])
    return Collection(
        sources=tuple(
            _source_state(name, kinds.get(name), [s for s in states if s.source == name], coverage, runs, due)
            for name in names
        ),
        series=tuple(sorted(states, key=lambda s: (not s.late, s.state == "complete", s.source, s.component))),
    )


def _series_states(
    series: pd.DataFrame, coverage: pd.DataFrame, every: Mapping[str, timedelta], now: datetime
) -> list[SeriesState]:
    answered = {_plain(list(key)): rows for key, rows in coverage.groupby(_KEY, dropna=False)}
    states, seen = [], set()
    for row in series.to_dict("records"):
        key = _plain([row[column] for column in _KEY])
        seen.add(key)
        rhythm = every.get(row["source"])
        late = rhythm is not None and _is_late(row, rhythm, now)
        states.append(_series_state(key, moment(row["last_ts"]), answered.get(key), late=late))
    asked_in_vain = [(key, rows) for key, rows in answered.items() if key not in seen]
    return [*states, *(_series_state(key, None, rows, late=False) for key, rows in asked_in_vain)]


_KEY = ["source", "component", "part", "indicator"]


def _plain(key: Sequence[object]) -> tuple[str | None, ...]:
    return tuple(text(each) for each in key)


def _is_late(row: Row, rhythm: timedelta, now: datetime) -> bool:
    last = moment(row["last_ts"])
    step = max(rhythm, timedelta(seconds=int(row["period_s"])))
    return last is None or now - last > LATE_STEPS * step


def _series_state(
    key: tuple[str | None, ...], last: datetime | None, answers: pd.DataFrame | None, *, late: bool
) -> SeriesState:
    source, component, part, indicator = key
    state, detail, gaps, missing = "", "", 0, timedelta(0)
    if answers is not None and len(answers):
        ordered = answers.sort_values("window_end")
        state, detail = str(ordered["state"].iloc[-1]), str(ordered["detail"].iloc[-1] or "")
        gaps, missing = _gaps(ordered)
    return SeriesState(str(source), str(component), part, str(indicator), last, state, detail, gaps, missing, late)


def _gaps(ordered: pd.DataFrame) -> tuple[int, timedelta]:
    """Stretches that did not end complete, and those that nobody asked about, between the first and the last."""
    asked = ordered[~ordered["state"].isin(["complete", "empty"])]
    between = ordered["window_start"].iloc[1:].reset_index(drop=True) - ordered["window_end"].iloc[:-1].reset_index(
        drop=True
    )
    unasked = between[between > pd.Timedelta(0)]
    missing = (asked["window_end"] - asked["window_start"]).sum() + unasked.sum()
    return len(asked) + len(unasked), pd.Timedelta(missing).to_pytimedelta()


def _source_state(
    name: str,
    kind: str | None,
    states: Sequence[SeriesState],
    coverage: pd.DataFrame,
    runs: pd.DataFrame,
    due: Mapping[str, datetime],
) -> SourceState:
    mine = runs[runs["source"] == name].sort_values("started_at")
    last = mine.iloc[-1] if len(mine) else None
    good = coverage[(coverage["source"] == name) & (coverage["state"] == "complete")]
    return SourceState(
        name=name,
        kind=kind or "",
        health=_health(kind, last, states),
        series=sum(state.last_ts is not None for state in states),
        late=sum(state.late for state in states),
        gaps=sum(state.gaps for state in states),
        last_good=moment(good["window_end"].max()) if len(good) else None,
        newest=max((state.last_ts for state in states if state.last_ts), default=None),
        refused=int(mine["rows_refused"].sum()),
        last_run=None if last is None else moment(last["started_at"]),
        next_run=due.get(name),
        detail="" if last is None or not isinstance(last["detail"], str) else last["detail"],
    )


def _health(kind: str | None, last: pd.Series | None, states: Sequence[SeriesState]) -> Health:
    if last is None:
        return "never"
    if last["state"] == "running":
        return "running"
    if last["state"] in ("failed", "unfinished"):
        return "failed"
    if kind is None:
        return "imported"
    return "late" if any(state.late for state in states) else "fine"
