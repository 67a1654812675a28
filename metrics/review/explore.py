"""Explore: which lines a question means, and in which steps they are read.

A name that nobody knows is answered with the nearest ones that exist, never with an empty page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Literal

import pandas as pd

from metrics.model import Indicator, Series, Window
from metrics.review.lines import Line
from metrics.review.period import STEPS, fitting_step

__all__ = [
    "MOST_LINES",
    "MOST_POINTS",
    "Choice",
    "Question",
    "Unknown",
    "choose",
    "identities",
    "steps_for",
    "suitable_step",
]

# What a chart of this width can show, and what a browser draws at once.
MOST_POINTS = 1_500
MOST_LINES = 24

Aspect = Literal["component", "indicator", "part", "source"]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for, as a link writes it; an empty aspect leaves it open."""

    components: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Whose lines, where several sources feed the same; else the one that the catalogue believes."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name in a link that nothing in the store has, and what may have been meant."""

    aspect: Aspect
    name: str
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The lines that a question means, and what can be asked next to them."""

    lines: tuple[Line, ...]
    left_out: int
    """Lines beyond what one chart can bear."""
    components: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    parts: tuple[str, ...]
    sources: tuple[str, ...]
    """Those that feed some of the lines side by side."""
    unknown: tuple[Unknown, ...] = ()


def choose(
    question: Question, known: Sequence[Line], indicators: Mapping[str, Indicator], told: Sequence[Line] = ()
) -> Choice:
    """Component by indicator by part, of what exists. Without parts asked for, the whole stands for its parts.

    `told` has the line of each source, where a question names sources.
    """
    names = {alias: each.name for each in indicators.values() for alias in (each.name, *each.aliases)}
    asked = {names.get(name, name) for name in question.indicators}
    there = _of(question, known)
    fitting = _fitting(there, asked)
    rivals = sorted({line.source for line in _fitting(_of(question, told), asked) if line.has_rivals})
    if question.sources:
        fitting = [line for line in _fitting(_of(question, told), asked) if line.source in question.sources]
    lines = _with_parts(fitting, question.parts) if question.components or asked else []
    components = sorted({line.component for line in known})
    return Choice(
        lines=tuple(lines[:MOST_LINES]),
        left_out=max(len(lines) - MOST_LINES, 0),
        components=tuple(components),
        indicators=tuple({line.indicator.name: line.indicator for line in there}.values()),
        parts=tuple(sorted({line.part for line in fitting if line.part is not None})),
        sources=tuple(rivals),
        unknown=(
            *_unknown("component", question.components, components),
            *_unknown("indicator", question.indicators, sorted({line.indicator.name for line in known} | set(names))),
            *_unknown("part", question.parts, sorted({line.part for line in known if line.part is not None})),
            *_unknown("source", question.sources, sorted({line.source for line in told})),
        ),
    )


def _of(question: Question, lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.component in question.components or not question.components]


def _fitting(lines: Sequence[Line], asked: set[str]) -> list[Line]:
    return [line for line in lines if line.indicator.name in asked or not asked]


def suitable_step(window: Window, lines: Sequence[Line]) -> timedelta | None:
    """None for raw samples where they fit on the chart, else the finest step that does."""
    finest = min((line.period_s for line in lines), default=0)
    needs_steps = any(line.is_ratio or line.indicator.rollup == "sum" for line in lines)
    if finest and window.duration / timedelta(seconds=finest) <= MOST_POINTS and not needs_steps:
        return None
    step = fitting_step(window, MOST_POINTS)
    return max(step, timedelta(seconds=finest)) if finest else step


def steps_for(window: Window, lines: Sequence[Line]) -> tuple[timedelta, ...]:
    """The steps worth offering: no finer than the samples, and with more than one point in the window."""
    finest = timedelta(seconds=min((line.period_s for line in lines), default=60) or 60)
    return tuple(step for step in STEPS if finest <= step <= window.duration / 2 and window.duration / step <= 20_000)


def identities(lines: Sequence[Line], series: pd.DataFrame) -> tuple[Series, ...]:
    """The series behind some lines, as the public views name them."""
    wanted = {number for line in lines for number in line.reads}
    rows = series[series["series_id"].isin(wanted)].to_dict("records")
    return tuple(
        Series(
            service=row["service"],
            component=row["component"],
            indicator=row["indicator"],
            stat=row["stat"],
            unit=row["unit"],
            period_s=int(row["period_s"]),
            source=row["source"],
            part=row["part"],
        )
        for row in rows
    )


def _with_parts(fitting: Sequence[Line], parts: Sequence[str]) -> list[Line]:
    if parts:
        return [line for line in fitting if line.part in parts]
    whole = {(line.component, line.indicator.name) for line in fitting if line.part is None}
    return [line for line in fitting if line.part is None or (line.component, line.indicator.name) not in whole]


def _unknown(aspect: Aspect, asked: Sequence[str], valid: Sequence[str]) -> list[Unknown]:
    return [
        Unknown(aspect, name, tuple(get_close_matches(name, valid, n=3, cutoff=0.4)) or tuple(valid[:3]))
        for name in asked
        if name not in valid
    ]
