"""Sources: how collecting goes, for each source and each series, from what the store says about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, get_args

import pandas as pd

from metrics.model import EventKind
from metrics.review.rows import Row, moment, text

__all__ = ["Collection", "SeriesState", "SourceState", "collection"]

# A series is late when it has missed this many of its own steps (and of its source's rounds).
LATE_STEPS = 3
EVENTS = frozenset(get_args(EventKind))

Health = Literal["fine", "late", "failed", "running", "never", "imported"]


@dataclass(frozen=True, slots=True)
class SeriesState:
    """One series: how far it reaches, how its newest question ended, and what is missing in between."""

    source: str
    service: str
    component: str
    part: str | None
    indicator: str
    first_ts: datetime | None
    last_ts: datetime | None
    state: str
    detail: str
    gaps: int
    missing: timedelta
    late: bool

    @property
    def is_refused(self) -> bool:
        """The source said no, or nothing usable, to the newest question."""
        return self.state in ("failed", "forbidden")

    @property
    def is_never(self) -> bool:
        """Asked for, and not one sample ever. Events are no samples: an answer is all that is told of them."""
        return self.last_ts is None and self.indicator not in EVENTS

    @property
    def urgency(self) -> int:
        """0 for what needs a hand at once, rising to 4 for what is whole."""
        wrong = (self.is_refused, self.late, self.is_never, bool(self.gaps))
        return wrong.index(True) if any(wrong) else len(wrong)


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source. `last_good` is the end of its newest complete window; `series` counts those asked for in vain.

    `oldest` and `newest` are the times of its samples: how far back it was collected, and how fresh it is.
    """

    name: str
    kind: str
    health: Health
    series: int
    never: int
    late: int
    gaps: int
    last_good: datetime | None
    oldest: datetime | None
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
        series=tuple(sorted(states, key=lambda s: (s.urgency, s.source, s.service, s.component))),
    )


Key = tuple[str | None, ...]
_KEY = ("source", "service", "component", "part", "indicator")


def _series_states(
    series: pd.DataFrame, coverage: pd.DataFrame, every: Mapping[str, timedelta], now: datetime
) -> list[SeriesState]:
    answers: dict[Key, list[Row]] = {}
    for row in coverage.to_dict("records"):
        answers.setdefault(_key(row), []).append(row)
    stored = _stored(series)
    known = {(*key[:3], key[4]) for key in stored}
    asked_in_vain = {key: None for key in answers if key not in stored and not _of_parts(key, answers[key], known)}
    return [
        _series_state(key, row, answers.get(key, []), every.get(str(key[0])), now)
        for key, row in (stored | asked_in_vain).items()
    ]


def _of_parts(key: Key, answers: Sequence[Row], known: set[Key]) -> bool:
    """What is said of a question whose samples are all of parts; a refusal of all of it is news all the same."""
    source, service, component, part, indicator = key
    newest = max(answers, key=lambda answer: answer["window_start"])
    if part is not None or newest["state"] in ("failed", "forbidden"):
        return False
    return (source, service, component, indicator) in known


def _stored(series: pd.DataFrame) -> dict[Key, Row]:
    """Of a series that a source gives in several periods, older data in longer ones, the newest."""
    found: dict[Key, Row] = {}
    for row in series.sort_values("last_ts", na_position="first").to_dict("records"):
        key = _key(row)
        starts = [each["first_ts"] for each in (row, found.get(key, row)) if pd.notna(each["first_ts"])]
        found[key] = {**row, "first_ts": min(starts, default=None)}
    return found


def _key(row: Row) -> Key:
    return tuple(text(row[column]) for column in _KEY)


def _series_state(
    key: Key, row: Row | None, answers: Sequence[Row], rhythm: timedelta | None, now: datetime
) -> SeriesState:
    source, service, component, part, indicator = key
    ordered = sorted(answers, key=lambda answer: answer["window_start"])
    gaps = _gaps(ordered)
    return SeriesState(
        source=str(source),
        service=str(service),
        component=str(component),
        part=part,
        indicator=str(indicator),
        first_ts=None if row is None else moment(row["first_ts"]),
        last_ts=None if row is None else moment(row["last_ts"]),
        state=ordered[-1]["state"] if ordered else "",
        detail=ordered[-1]["detail"] or "" if ordered else "",
        gaps=len(gaps),
        missing=sum(gaps, timedelta(0)),
        late=row is not None and rhythm is not None and _is_late(row, rhythm, now),
    )


def _is_late(row: Row, rhythm: timedelta, now: datetime) -> bool:
    last = moment(row["last_ts"])
    step = max(rhythm, timedelta(seconds=int(row["period_s"])))
    return last is None or now - last > LATE_STEPS * step


def _gaps(ordered: Sequence[Row]) -> list[timedelta]:
    """Stretches that did not end complete, and those that nobody asked about, between the first and the last."""
    bad = [a["window_end"] - a["window_start"] for a in ordered if a["state"] not in ("complete", "empty")]
    unasked = [b["window_start"] - a["window_end"] for a, b in pairwise(ordered)]
    return [gap.to_pytimedelta() for gap in (*bad, *unasked) if gap > pd.Timedelta(0)]


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
        series=len(states),
        never=sum(state.is_never for state in states),
        late=sum(state.late for state in states),
        gaps=sum(state.gaps for state in states),
        last_good=moment(good["window_end"].max()) if len(good) else None,
        oldest=min((state.first_ts for state in states if state.first_ts), default=None),
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
