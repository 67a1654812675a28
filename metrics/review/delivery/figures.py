"""The figures of a window, each defined in docs/metrics.md, "Delivery", by the same name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.model import Insufficient, Window
from metrics.review.delivery.changes import HOW
from metrics.review.delivery.columns import NO_WAIT, WHY, Columns
from metrics.review.delivery.figure import (
    ENOUGH,
    FailRate,
    Figure,
    Floor,
    Frequency,
    NotCollected,
    Rate,
    Spread,
    spread,
)

__all__ = ["Figures", "Stage", "figures", "stages"]

WEEK_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one service and environment in one window."""

    window: Window
    deployment_frequency: Figure[Frequency]
    change_lead_time: Figure[Spread]
    lead_time_stages: Mapping[str, Spread | None]
    change_fail_rate: Figure[FailRate]
    failed_deployment_recovery_time: Figure[Spread]
    rework_rate: Figure[Rate]
    pipeline_failure_rate: Figure[Rate]
    build_duration: Figure[Spread]
    deploy_duration: Figure[Spread]
    fix_floor: Figure[Floor]
    image_wait: Figure[Spread]
    incident_recovery_time: Figure[Spread]


@dataclass(frozen=True, slots=True)
class Stage:
    """How long one job of the builds took, or the deployments of one component."""

    stage: str
    name: str | None
    took: Figure[Spread]


def figures(of: Columns, window: Window) -> Figures:
    """Every figure of the window. A deployment belongs to the one in which it ended."""
    done = _cut(of.done.finished, window)
    build, deploy = _builds(of, window), _durations(of.done.took[done])
    return Figures(
        window=window,
        deployment_frequency=_frequency(of, done, window),
        change_lead_time=_lead_time(of, window),
        lead_time_stages=_lead_stages(of, window),
        change_fail_rate=_fail_rate(of, done),
        failed_deployment_recovery_time=_recovery(of, window),
        rework_rate=_rework(of, done),
        pipeline_failure_rate=_pipeline(of, window),
        build_duration=build,
        deploy_duration=deploy,
        fix_floor=_floor(build, _durations(of.done.took_alone[done])),
        image_wait=_image_wait(of, done),
        incident_recovery_time=_incidents(of, window),
    )


def stages(of: Columns, window: Window) -> tuple[Stage, ...]:
    """Durations of builds by job and of deployments by component."""
    done, built = _cut(of.done.finished, window), _cut(of.builds.ended, window)
    good = of.builds.status[built] == "succeeded"
    jobs, took = of.builds.job[built][good], of.builds.took[built][good]
    components = of.done.component[done]
    return (
        *(Stage("build", name, _durations(took[jobs == name])) for name in _names(jobs)),
        *(Stage("deploy", name, _durations(of.done.took[done][components == name])) for name in _names(components)),
    )


def _names(words: NDArray[np.object_]) -> list[str | None]:
    return sorted(set(words.tolist()), key=lambda name: (name is None, name or ""))


def _cut(times: NDArray[np.float64], window: Window) -> slice:
    first, last = np.searchsorted(times, [window.start.timestamp(), window.end.timestamp()], side="left")
    return slice(int(first), int(last))


def _counts(words: Iterable[str]) -> dict[str, int]:
    """How often each word comes, in alphabetical order."""
    return dict(sorted(Counter(words).items()))


def _told(**counts: int | np.int64) -> dict[str, int]:
    """Only what there is."""
    return {name: int(count) for name, count in counts.items() if count}


def _frequency(of: Columns, done: slice, window: Window) -> Figure[Frequency]:
    ended = of.done.finished[done]
    parts = _counts(of.done.kind[done].tolist()) | _told(same_version=of.done.repeats[done].sum())
    if len(ended) < ENOUGH:
        return Figure(Insufficient(ENOUGH, len(ended)), parts=parts)
    # What happened before anybody looked is not "nothing".
    since = max(window.start.timestamp(), of.known_since)
    weeks = (window.end.timestamp() - since) / WEEK_S
    return Figure(Frequency(len(ended), len(ended) / weeks, spread(np.diff(ended)), weeks), parts=parts)


def _lead_time(of: Columns, window: Window) -> Figure[Spread]:
    cut = _cut(of.leads.finished, window)
    why, how = of.leads.why[cut], of.leads.how[cut]
    waits = _cut(of.leads.waiting, window)
    left_out = np.bincount(why, minlength=len(WHY))
    excluded = {name: int(left_out[n]) for n, name in enumerate(WHY) if n and left_out[n]}
    excluded |= _told(not_deployed=waits.stop - waits.start)
    kept = why == 0
    found = np.bincount(how[kept], minlength=len(HOW))
    parts = {name: int(found[n]) for n, name in enumerate(HOW) if found[n]}
    many = len(np.unique(of.leads.deployment[cut][kept]))
    if many < ENOUGH:
        return Figure(Insufficient(ENOUGH, many), excluded, parts)
    return Figure(spread(of.leads.total[cut][kept]) or Insufficient(ENOUGH, 0), excluded, parts)


def _lead_stages(of: Columns, window: Window) -> dict[str, Spread | None]:
    """Of the same changes; a stage that would be negative or whose ends are not known is left out of its own."""
    cut = _cut(of.leads.finished, window)
    kept = of.leads.why[cut] == 0
    many = len(np.unique(of.leads.deployment[cut][kept]))
    named = {"review": of.leads.review, "wait": of.leads.wait, "deploy": of.leads.deploy}
    taken = {name: column[cut][kept] for name, column in named.items()}
    return {name: spread(took[took >= 0]) if many >= ENOUGH else None for name, took in taken.items()}


def _fail_rate(of: Columns, done: slice) -> Figure[FailRate]:
    remedy, pending = of.done.is_remedy[done], of.done.pending[done]
    judged = ~remedy & ~pending
    n, possible = int(judged.sum()), int((judged & of.done.failed[done]).sum())
    excluded = _told(remedies=remedy.sum(), pending=(pending & ~remedy).sum())
    if not of.shows_failures:
        return Figure(NotCollected("incidents"), excluded)
    parts = {} if of.is_watched else _told(without_incidents=n)
    if n < ENOUGH:
        return Figure(Insufficient(ENOUGH, n), excluded, parts)
    confirmed = int((judged & of.done.confirmed[done]).sum())
    return Figure(FailRate(Rate(confirmed, n), Rate(possible, n)), excluded, parts)


def _recovery(of: Columns, window: Window) -> Figure[Spread]:
    cut = _cut(of.broken.finished, window)
    took, timed, clock = of.broken.recovery[cut], of.broken.is_timed[cut], of.broken.clock[cut]
    open_ = np.isnan(took) & timed
    kept = timed & (took >= 0)
    excluded = _told(unresolved=open_.sum(), unreviewed=(~timed).sum(), negative=(timed & (took < 0)).sum())
    parts = _counts(clock[kept].tolist())
    n = int(kept.sum())
    if not of.shows_failures:
        return Figure(NotCollected("incidents"), excluded, parts)
    if n < ENOUGH:
        return Figure(Insufficient(ENOUGH, n), excluded, parts)
    return Figure(spread(took[kept]) or Insufficient(ENOUGH, 0), excluded, parts)


def _rework(of: Columns, done: slice) -> Figure[Rate]:
    kinds = of.done.kind[done]
    n, k = len(kinds), int(of.done.is_remedy[done].sum())
    parts = _counts(kinds[of.done.is_remedy[done]].tolist()) | _told(kind_unknown=(kinds == "unknown").sum())
    if n < ENOUGH:
        return Figure(Insufficient(ENOUGH, n), parts=parts)
    if not of.shows_kinds:
        return Figure(NotCollected("kinds"), parts=parts)
    return Figure(Rate(k, n), parts=parts)


def _pipeline(of: Columns, window: Window) -> Figure[Rate]:
    """Runs of builds and of deployments that ended, well or not."""
    runs = of.run_status[_cut(of.run_ended, window)].tolist()
    builds = of.builds.status[_cut(of.builds.ended, window)].tolist()
    counted = {"builds": _counts(builds), "deployments": _counts(runs)}
    failed = {name: each.get("failed", 0) for name, each in counted.items()}
    ended = {name: failed[name] + each.get("succeeded", 0) for name, each in counted.items()}
    parts = _told(**ended, **{f"{name}_failed": k for name, k in failed.items()})
    excluded = _told(
        **{word: sum(each.get(word, 0) for each in counted.values()) for word in ("aborted", "running", "unknown")}
    )
    n = sum(ended.values())
    if n < ENOUGH:
        return Figure(Insufficient(ENOUGH, n), excluded, parts)
    return Figure(Rate(sum(failed.values()), n), excluded, parts)


def _builds(of: Columns, window: Window) -> Figure[Spread]:
    cut = _cut(of.builds.ended, window)
    return _durations(of.builds.took[cut][of.builds.status[cut] == "succeeded"])


def _durations(took: NDArray[np.float64]) -> Figure[Spread]:
    known = took[~np.isnan(took)]
    excluded = _told(end_unknown=len(took) - len(known))
    if len(known) < ENOUGH:
        return Figure(Insufficient(ENOUGH, len(known)), excluded)
    return Figure(spread(known) or Insufficient(ENOUGH, 0), excluded)


def _floor(build: Figure[Spread], alone: Figure[Spread]) -> Figure[Floor]:
    if isinstance(build.value, Spread) and isinstance(alone.value, Spread):
        return Figure(Floor(build.value, alone.value))
    short = build.value if not isinstance(build.value, Spread) else alone.value
    return Figure(short if not isinstance(short, Spread) else Insufficient(ENOUGH, 0))


def _image_wait(of: Columns, done: slice) -> Figure[Spread]:
    """How long an image was ready before it was deployed, and whether it had been built on a day before."""
    if not of.has_images:
        return Figure(NotCollected("images"))
    why = of.done.why_no_wait[done]
    left_out = np.bincount(why, minlength=len(NO_WAIT))
    excluded = {name: int(left_out[n]) for n, name in enumerate(NO_WAIT) if n and left_out[n]}
    kept = why == 0
    n, ahead = int(kept.sum()), int((kept & of.done.is_ahead[done]).sum())
    parts = _told(built_ahead=ahead, built_that_day=n - ahead)
    if n < ENOUGH:
        return Figure(Insufficient(ENOUGH, n), excluded, parts)
    return Figure(spread(of.done.waited[done][kept]) or Insufficient(ENOUGH, 0), excluded, parts)


def _incidents(of: Columns, window: Window) -> Figure[Spread]:
    took = of.incident_took[_cut(of.incident_started, window)]
    known = took[~np.isnan(took)]
    excluded = _told(unresolved=len(took) - len(known))
    if not of.is_watched and not len(took):
        return Figure(NotCollected("incidents"), excluded)
    if len(known) < ENOUGH:
        return Figure(Insufficient(ENOUGH, len(known)), excluded)
    return Figure(spread(known) or Insufficient(ENOUGH, 0), excluded)
