"""Demand: not one endpoint but all of the use was more than is usual, or has grown since before it began."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from metrics.review.suspects.access import called
from metrics.review.suspects.excess import Excess
from metrics.review.suspects.scene import Scene
from metrics.review.suspects.suspect import Reason, Suspect, Value

__all__ = ["breadth", "demand"]

# So much of all calls must be of endpoints that were called more: with less it is somebody's access.
BROAD = 0.6
# A tenth more use is a middling reason for a tenth more load.
STRONG = 0.3
MOST = 0.9
# Growth below this over the time in question is a week's like another.
GROWN = 0.03


def demand(scene: Scene) -> Iterator[Suspect]:
    """One suspect: the use as a whole, or the reason why not."""
    yield from _long(scene) if scene.plan.is_long else _short(scene)


def breadth(scene: Scene) -> tuple[float, float]:
    """What share of all calls is of endpoints that were called more, and all calls against the usual."""
    every = [each.excess for each in called(scene) if each.excess.line.indicator.rollup == "sum"]
    usual = np.asarray([float(np.nansum(each.usual)) for each in every])
    now = np.asarray([float(np.nansum(np.where(np.isfinite(each.usual), each.now, np.nan))) for each in every])
    more = np.asarray([each.up.mean() >= 0.5 for each in every])
    if not len(every) or usual.sum() <= 0:
        return 0.0, 1.0
    return float(usual[more].sum() / usual.sum()), float(now.sum() / usual.sum())


def _short(scene: Scene) -> Iterator[Suspect]:
    share, ratio = breadth(scene)
    if not any(np.isfinite(each.excess.usual).any() for each in called(scene)):
        return
    if share < BROAD or ratio <= 1:
        against = Reason("requests_as_usual", {"times": ratio, "share": share})
        yield Suspect("demand", scene.service.title, None, None, 0.0, 0.0, against=(against,), is_ruled_out=True)
        return
    lead = scene.lead
    gain = lead.ratio - 1 if lead is not None else 0.0
    explained = min((ratio - 1) / gain, 1.0) if gain > 0 else None
    score = MOST * share * (1 - np.exp(-(ratio - 1) / STRONG)) * (explained if explained is not None else 0.5)
    reason = Reason("requests_beyond_usual", {"times": ratio, "share": share})
    yield Suspect("demand", scene.service.title, None, None, explained, float(score), (reason,))


def _long(scene: Scene) -> Iterator[Suspect]:
    """What use has grown by against what the line has grown by."""
    drives = [each for each in (scene.excesses.of.get(name) for name in scene.service.demand) if each is not None]
    gains = [(each, each.ratio - 1) for each in drives if np.isfinite(each.usual).any()]
    lead = scene.lead
    if not gains or lead is None or not np.isfinite(lead.usual).any():
        return
    driver, gain = _nearest(gains, lead)
    grown = lead.ratio - 1
    values: dict[str, Value] = {"driver": driver.line.address, "times": 1 + gain, "line_times": 1 + grown}
    if gain < GROWN or grown <= 0:
        against = (Reason("demand_steady", values),)
        yield Suspect("demand", scene.service.title, None, None, 0.0, 0.0, against=against, is_ruled_out=True)
        return
    share = min(gain / grown, 1.0)
    # A step is nobody's growth: demand does not come overnight.
    score = MOST * share * (0.3 if scene.trouble.kind == "shift" else 1.0)
    yield Suspect("demand", scene.service.title, None, None, share, score, (Reason("demand_grown", values),))


def _nearest(gains: list[tuple[Excess, float]], lead: Excess) -> tuple[Excess, float]:
    """The driver that the line could follow best."""
    grown = lead.ratio - 1
    return min(gains, key=lambda each: abs(each[1] - grown))
