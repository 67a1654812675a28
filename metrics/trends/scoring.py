"""Spikes as samples come: each line's scorer goes on where it stood, and what it finds is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.analysis.signal import Signal, moment
from metrics.analysis.spike import ALARM, Scorer, Spike, is_current, spikes
from metrics.model import Service, Window
from metrics.review.lines import Line
from metrics.store import Store, read
from metrics.store import findings as kept
from metrics.trends.reading import signals

__all__ = ["score_new"]

# A review needs no finer; what comes more rarely is scored as it comes.
STEP = timedelta(minutes=5)
# What comes less often than hourly has no spikes: four points a day are a trend or a step.
RAREST_S = 3_600
# How far back the first scoring goes: eight weeks teach the scorer what is rare (metrics/analysis/spike.py), and five
# more are looked at.
FIRST = timedelta(weeks=13)
# A jump that goes on while samples come is measured whole: it is looked at with so much before it.
BEFORE = timedelta(days=1)
# And beside the week before, which says what was usual (metrics/analysis/_spike/episodes.py).
USUAL = timedelta(days=7)
# So many points are read at once: 25 lines of 13 weeks, or all of 1,000 lines of a day.
POINTS_AT_ONCE = 700_000

COLUMNS = ("component", "part", "indicator", "since", "until", "peak_at", "usual", "reached", "certainty")


@dataclass(frozen=True, slots=True, eq=False)
class _Fresh:
    """A line with new points: a score for each point of `signal`, and where the scorer stands after them."""

    line: Line
    signal: Signal
    scores: NDArray[np.float64]
    stands: kept.ScorerState
    since: datetime
    going_on: tuple[datetime, float] | None


@dataclass(frozen=True, slots=True)
class _Scored:
    line: Line
    state: kept.ScorerState
    since: datetime
    found: tuple[Spike, ...]


def score_new(
    store: Store,
    service: Service,
    lines: Sequence[Line],
    until: datetime,
    tell: Callable[[str, int, int], None] | None = None,
) -> None:
    """Score every line's new samples up to a moment. Lines are read and kept some at a time."""
    with store.read() as db:
        states = {name: each for name, each in kept.scorers(db, service.name).items() if is_current(each.state)}
        unended = kept.unended(db, service.name)
    dense = [line for line in lines if 0 < line.period_s <= RAREST_S]
    # Those that stand at the same time together: one late line would make the window long for all of its group.
    dense.sort(key=lambda line: _since(states.get(_address(line)), until))
    done = 0
    while done < len(dense):
        points = (until - _since(states.get(_address(dense[done])), until)) / STEP
        some = dense[done : done + max(int(POINTS_AT_ONCE / max(points, 1)), 1)]
        with store.read() as db:
            scored = list(_score(db, service, some, states, unended, until))
        kept.write_spikes(store, service.name, _as_rows(scored), [each.state for each in scored])
        done += len(some)
        if tell:
            tell("spikes", done, len(dense))


def _since(state: kept.ScorerState | None, until: datetime) -> datetime:
    return (state.upto if state else until - FIRST) - BEFORE


def _score(
    db: read.Reader,
    service: Service,
    some: Sequence[Line],
    states: dict[kept.Address, kept.ScorerState],
    unended: dict[kept.Address, tuple[datetime, float]],
    until: datetime,
) -> Iterator[_Scored]:
    known = [states.get(_address(line)) for line in some]
    since = min(_since(each, until) for each in known)
    if since >= until:
        return
    drawn = signals(db, some, Window(since, until), STEP, service)
    fresh = [
        each
        for line, state in zip(some, known, strict=True)
        if (signal := drawn.get(line.address)) is not None and len(signal) > 1
        for each in _fresh(line, signal, state, unended.get(_address(line)) if state else None)
    ]
    # Most days most lines are quiet: the week that says what is usual is read for the others alone.
    stood = [each for each in fresh if _address(each.line) in states]
    loud = [each.line for each in stood if (each.scores >= ALARM).any()]
    usual = signals(db, loud, Window(since - USUAL, until), STEP, service)
    yield from (_measured(each, usual.get(each.line.address, each.signal)) for each in fresh)


def _fresh(
    line: Line, signal: Signal, state: kept.ScorerState | None, going_on: tuple[datetime, float] | None
) -> Iterator[_Fresh]:
    """The new points of one line. Those before them were scored already, and count as quiet.

    Not so a jump that was going on: it is measured whole.
    """
    step_s = max(signal.step_s, STEP.total_seconds())
    scorer = Scorer.from_state(state.state) if state else Scorer(step_s, signal.zone)
    is_new = signal.ts > np.datetime64(_naive(state.upto)) if state else np.ones(len(signal), bool)
    if not is_new.any():
        return
    scores: NDArray[np.float64] = np.zeros(len(signal))
    scores[is_new] = scorer.feed(signal.cut(is_new))
    if going_on:
        scores[signal.ts == np.datetime64(_naive(going_on[0]))] = ALARM
    stands = kept.ScorerState(_address(line), moment(signal.ts[-1]), scorer.state())
    since = going_on[0] if going_on else moment(signal.ts[is_new][0])
    yield _Fresh(line, signal, scores, stands, since, going_on)


def _measured(fresh: _Fresh, signal: Signal) -> _Scored:
    """The jumps beside what is usual: `signal` has the same points and those of the week before them."""
    scores: NDArray[np.float64] = np.zeros(len(signal))
    scores[np.searchsorted(signal.ts, fresh.signal.ts)] = fresh.scores
    found = spikes(signal, scores, better=fresh.line.indicator.better)
    if fresh.going_on:
        found = tuple(_as_certain(each, *fresh.going_on) for each in found)
    return _Scored(fresh.line, fresh.stands, fresh.since, found)


def _as_certain(spike: Spike, since: datetime, certainty: float) -> Spike:
    """The jump that was going on is as certain as it was when it began."""
    return replace(spike, certainty=max(spike.certainty, certainty)) if spike.since == since else spike


def _as_rows(scored: Iterable[_Scored]) -> kept.Spikes:
    rows = [
        (*_address(each.line), _naive(spike.since), spike.until and _naive(spike.until), _naive(spike.peak),
         spike.before, spike.after, spike.certainty)
        for each in scored
        for spike in each.found
    ]  # fmt: skip
    return kept.Spikes(
        pd.DataFrame(rows, columns=list(COLUMNS), dtype=object),
        {_address(each.line): each.since for each in scored},
    )


def _address(line: Line) -> kept.Address:
    return line.component, line.part, line.indicator.name


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)
