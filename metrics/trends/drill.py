"""A drill-down: what there is to know about one trouble, read from the store in one consistent state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from metrics.model import Service, Window
from metrics.review.lines import Curve, Line, by_series, curve, whole_steps
from metrics.review.marks import Mark, marks
from metrics.review.moved import Moved, baseline_of, moved, moved_step
from metrics.review.suspects.access import Called, called
from metrics.review.suspects.rank import suspicion
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.suspect import Suspicion
from metrics.review.suspects.trouble import Trouble
from metrics.store import read
from metrics.trends.scene import EVENTS, KINDS, Happened, scene

__all__ = ["Drill", "Endpoint", "Lane", "drill", "suspects"]

# As long as an hour at least: shorter windows have too few samples to compare.
SHORTEST = timedelta(hours=1)
# The calls of an endpoint count as more when there are as many beyond the usual: metrics/review/suspects/excess.py.
LOG_ERRORS = "log.errors"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint before and during. Counts are per hour, so that lengths don't matter."""

    component: str
    part: str
    before: float
    """What is usual at this time of day and week."""
    during: float
    share: float
    """Of all that is too much, from 0 to 1; 0 where it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """A line drawn as a lane, such as a component's log errors."""

    line: Line
    curve: Curve


@dataclass(frozen=True, slots=True, eq=False)
class Drill:
    """`window` is the one that is drilled into; `baseline` is four times as long and ends where it begins."""

    trouble: Trouble
    window: Window
    baseline: Window
    step: timedelta
    """Of every curve here."""
    suspicion: Suspicion
    moved: tuple[Moved, ...]
    """What moved most first; lines of the trouble itself are among them."""
    endpoints: tuple[Endpoint, ...]
    """Whose share is greatest first, then the most called."""
    errors: tuple[Lane, ...]
    """Log errors over baseline and window."""
    marks: tuple[Mark, ...]
    """What happened over baseline and window: deployments, runs, alerts, incidents."""


def drill(
    db: read.Reader, service: Service, lines: Sequence[Line], trouble: Trouble, window: Window | None = None
) -> Drill:
    """All about a trouble. `window` is the one of its windows to look into: the newest, unless it is said.

    `lines` are the service's, a duration's percentiles thinned out as in trends.reading.watched.
    """
    chosen = _long_enough(window or trouble.windows[-1])
    baseline, step = baseline_of(chosen), moved_step(chosen)
    view = Window(baseline.start, chosen.end)
    known = scene(db, service, lines, trouble)
    curves = _curves(db, service, lines, view, step)
    return Drill(
        trouble=trouble,
        window=chosen,
        baseline=baseline,
        step=step,
        suspicion=suspects(db, service, lines, known, window or trouble.windows[-1]),
        moved=moved(lines, curves, chosen, always=set(trouble.lines)),
        endpoints=_endpoints(known),
        errors=tuple(
            Lane(e, curves[e.address]) for e in lines if e.indicator.name == LOG_ERRORS and e.address in curves
        ),
        marks=marks(read.events(db, view, KINDS, service.name), view, service),
    )


def suspects(db: read.Reader, service: Service, lines: Sequence[Line], known: Scene, window: Window) -> Suspicion:
    """Who is behind all of a trouble's jumps; where nobody is, who is behind this one of them.

    A line that jumped for several reasons has no one suspect, and its worst jump may well have one.
    """
    whole = suspicion(known)
    if whole.suspects or len(known.trouble.windows) == 1:
        return whole
    around = Happened(Window(known.trouble.whole.start - EVENTS, known.trouble.whole.end), known.events)
    return suspicion(scene(db, service, lines, replace(known.trouble, windows=(window,)), around))


def _long_enough(window: Window) -> Window:
    missing = SHORTEST - window.duration
    return window if missing <= timedelta(0) else Window(window.start - missing / 2, window.end + missing / 2)


def _curves(
    db: read.Reader, service: Service, lines: Sequence[Line], view: Window, step: timedelta
) -> dict[str, Curve]:
    ids = sorted({number for line in lines for number in line.ids})
    buckets = by_series(read.buckets(db, ids, view, step, service.time_zone))
    drawn = {line.address: whole_steps(line, curve(line, buckets), view, step) for line in lines}
    return {address: each for address, each in drawn.items() if each is not None and len(each.ts)}


def _endpoints(known: Scene) -> tuple[Endpoint, ...]:
    every = [each for each in called(known) if each.part is not None and np.isfinite(each.excess.size).any()]
    total = sum(each.extra for each in every if each.extra > 0)
    found = [_endpoint(each, total) for each in every]
    return tuple(sorted(found, key=lambda each: (-each.share, -each.during)))


def _endpoint(each: Called, total: float) -> Endpoint:
    line, there = each.excess.line, np.isfinite(each.excess.size)
    per_hour = 3600 / line.period_s if line.period_s and line.indicator.rollup == "sum" else 1.0
    return Endpoint(
        component=each.component,
        part=str(each.part),
        before=float(each.excess.usual[there].mean()) * per_hour,
        during=float(each.excess.now[there].mean()) * per_hour,
        share=max(each.extra, 0.0) / total if total > 0 else 0.0,
    )
