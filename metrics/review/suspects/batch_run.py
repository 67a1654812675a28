"""Batch runs: a job that was running, weighed by what its other runs did to the same line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from metrics.model import Event
from metrics.review.lines import Curve
from metrics.review.suspects.cuts import HISTORY
from metrics.review.suspects.scene import Scene, mean_between
from metrics.review.suspects.suspect import Reason, Suspect

__all__ = ["batch_runs"]

# A run that takes or reads so many times the usual is not a run like the others.
UNUSUAL = 1.3
FEWEST = 5
"""Earlier runs that it takes to say what is usual for a job."""
MOST = 0.9
# A run like all the others does not explain what the others did not bring about.
LIKE_OTHERS = 0.15
UNKNOWN = 0.5
# Of the other runs so many must have the line as high for it to be the job's doing each time.
MOSTLY = 0.5
# A line that is no further than this from how it was before the window did nothing in it.
NOTABLE = 0.15
HOUR = timedelta(hours=1)


def batch_runs(scene: Scene) -> Iterator[Suspect]:
    """One suspect for each job that ran in any of the windows."""
    if scene.plan.is_long:
        return
    jobs: dict[tuple[str | None, str], list[Event]] = {}
    for event in scene.of_kind("batch_run"):
        jobs.setdefault((event.component, str(event.attrs.get("job") or event.title)), []).append(event)
    for (component, job), runs in jobs.items():
        met = [run for run in runs if scene.met(run)]
        if met:
            yield _suspect(scene, component, job, met, runs)


def _suspect(scene: Scene, component: str | None, job: str, met: Sequence[Event], runs: Sequence[Event]) -> Suspect:
    windows = {window.start for run in met for window in scene.met(run)}
    overlap = len(windows) / len(scene.windows)
    whole = scene.trouble.whole
    others = [r for r in runs if whole.start - HISTORY <= r.started_at < whole.end and r not in met and r.ended_at]
    share, alike, counted = _alike(scene, others, met)
    reasons = [Reason("running", {"met": float(len(windows)), "of": float(len(scene.windows))})]
    against: list[Reason] = []
    unusual = list(_unusual(met, others))
    if scene.is_usual and counted >= FEWEST and share >= MOSTLY:
        score = MOST * overlap * share
        reasons.append(Reason("each_run", {"alike": float(alike), "of": float(counted)}))
    elif unusual:
        score = MOST * overlap * 0.8
        reasons += unusual
    elif counted < FEWEST:
        score = UNKNOWN * overlap * (LIKE_OTHERS if scene.is_usual else 1.0)
        against.append(Reason("too_few_runs", {"have": float(counted), "needed": float(FEWEST)}))
    else:
        score = MOST * overlap * max(share, LIKE_OTHERS)
        against.append(Reason("runs_without", {"without": float(counted - alike), "of": float(counted)}))
    if overlap < 1:
        missed = {"without": float(len(scene.windows) - len(windows)), "of": float(len(scene.windows))}
        against.append(Reason("other_windows", missed))
    last = met[-1]
    return Suspect(
        "batch_run", job, component, job, None, score, tuple(reasons), tuple(against),
        last.started_at, last.ended_at, last.url,
    )  # fmt: skip


def _alike(scene: Scene, others: Sequence[Event], met: Sequence[Event]) -> tuple[float, int, int]:
    """Of the other runs, those in which the line went as far as in the trouble: share, how many, of how many."""
    curve = scene.curve_for(met[0].component)
    if curve is None:
        return 0.0, 0, 0
    levels = [mean_between(curve, w.start, w.end) for w in scene.windows]
    bases = [
        mean_between(curve, w.start - max(w.duration, HOUR), w.start - timedelta(minutes=15)) for w in scene.windows
    ]
    rises = [
        level - base for level, base in zip(levels, bases, strict=True) if level is not None and base is not None
    ]
    rise = median(rises) if rises else 0.0
    if abs(rise) < NOTABLE * abs(median(level for level in levels if level is not None) if rises else 1.0):
        return 0.0, 0, len(others)
    seen = [each for each in (_rise(curve, run.started_at, run.ended_at) for run in others) if each is not None]
    alike = sum(each / rise >= 0.5 for each in seen)
    return (alike / len(seen) if seen else 0.0), alike, len(seen)


def _rise(curve: Curve, start: datetime, end: datetime | None) -> float | None:
    level = mean_between(curve, start, end or start + HOUR)
    base = mean_between(curve, start - HOUR, start - timedelta(minutes=15))
    return None if level is None or base is None else level - base


def _unusual(met: Sequence[Event], others: Sequence[Event]) -> Iterator[Reason]:
    """What sets these runs apart from the job's others."""
    if any(run.status == "failed" for run in met):
        yield Reason("run_failed")
    if len(others) < FEWEST:
        return
    lengths = [_length(run) for run in others if run.status != "failed"]
    longest = max((_length(run) for run in met), default=0.0)
    if lengths and longest >= UNUSUAL * median(lengths) > 0:
        yield Reason("ran_longer", {"now_s": longest, "usual_s": median(lengths)})
    rows = [count for count in (_rows(run.attrs) for run in others) if count]
    most = max((_rows(run.attrs) or 0.0 for run in met), default=0.0)
    if rows and most >= UNUSUAL * median(rows):
        yield Reason("more_rows", {"now": most, "usual": median(rows)})


def _length(run: Event) -> float:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0


def _rows(attrs: Mapping[str, str | float | int | bool | None]) -> float | None:
    rows = attrs.get("rows")
    return float(rows) if isinstance(rows, int | float) else None
