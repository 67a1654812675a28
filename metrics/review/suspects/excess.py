"""How much more or less each line did in a trouble's windows than is usual at that time of day.

What is usual follows the level of the hours before: each earlier day, moved to that level, foretells the window, and
their median is what was to be expected. Their spread says by how much one may miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.review.lines import Line
from metrics.review.suspects.cuts import Plan

__all__ = ["Excess", "Excesses", "excesses"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# A normal distribution's standard deviation for its median absolute deviation (Rousseeuw and Croux 1993).
SIGMA = 1.4826
# How far beyond the usual spread: once in 30,000 by chance, were it normal; a thousand lines are looked at.
SURE, SURE_LONG = 4.0, 2.0
# What is less than this share, or so many points of a percentage, is nothing to accuse anybody of.
NOTABLE, NOTABLE_LONG, POINTS = 0.15, 0.05, 3.0
# No line is known better than to this share of its level, or to half a point.
FLOOR, FLOOR_POINTS = 0.03, 0.5
# So many earlier days it takes to say what is usual; weeks, where it lasts.
FEWEST, FEWEST_LONG = 5, 2
# With less of the samples that there usually are a line counts as silent.
SILENT = 0.5
# The level before may be off by so much; beyond, it says nothing about the hour after.
BOUNDS = (1 / 3, 3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """One line. Arrays have one place for each of the trouble's windows; NaN where it can't be told."""

    line: Line
    now: Floats
    usual: Floats
    z: Floats
    """Beyond the usual, in spreads."""
    up: Bools
    down: Bools
    silent: Bools
    """Hardly a sample in the window, though there were before it and are at that time of other days."""
    past_up: Bools
    """(windows, earlier): where the same held on an earlier day."""
    past: Floats
    """(windows, earlier): the level then."""

    @property
    def size(self) -> Floats:
        """In the line's unit: a count is a mean of its samples."""
        return self.now - self.usual

    @property
    def ratio(self) -> float:
        """How many times the usual, in the middle of its windows; 1 where nothing is known."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = self.now / self.usual
        finite = ratios[np.isfinite(ratios)]
        return float(np.median(finite)) if len(finite) else 1.0


@dataclass(frozen=True, eq=False)
class Excesses:
    """All lines', by address."""

    of: dict[str, Excess] = field(default_factory=dict)

    def named(self, *indicators: str) -> list[Excess]:
        """Those of these indicators."""
        return [each for name in indicators for each in self._by_indicator.get(name, ())]

    @cached_property
    def _by_indicator(self) -> dict[str, list[Excess]]:
        found: dict[str, list[Excess]] = {}
        for each in self.of.values():
            found.setdefault(each.line.indicator.name, []).append(each)
        return found


def excesses(lines: Sequence[Line], frame: pd.DataFrame, plan: Plan) -> Excesses:
    """From the rows of store.slices, whose `slice` is the place of a cut in the plan."""
    if not lines:
        return Excesses()
    level, count = _levels(lines, frame, len(plan.cuts))
    shape = (len(lines), len(plan.windows), plan.earlier)
    levels = {role: np.full(shape, np.nan) for role in ("now", "lead", "then", "then_lead")}
    counts = {role: np.zeros(shape) for role in levels}
    for number, cut in enumerate(plan.cuts):
        levels[cut.role][:, cut.place, cut.earlier] = level[:, number]
        counts[cut.role][:, cut.place, cut.earlier] = count[:, number]
    now, lead, then, then_lead = levels["now"][:, :, 0], levels["lead"][:, :, 0], levels["then"], levels["then_lead"]
    n_now, n_lead, n_then = counts["now"][:, :, 0], counts["lead"][:, :, 0], counts["then"]
    usual, spread, foretold = _expected(lines, lead, then, then_lead, n_now, plan)
    there = np.isfinite(then).sum(axis=2) >= (FEWEST_LONG if plan.is_long else FEWEST)
    usual[~there] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (now - usual) / spread
        is_notable = _notable(lines, now - usual, usual, plan)
        sure = SURE_LONG if plan.is_long else SURE
        # An earlier day against the others: what it was, against what that day was to be.
        past_z = (then - foretold) / spread[:, :, None]
        past_notable = _notable(lines, then - foretold, foretold, plan)
    # Its edges may be off, so that a sample or two of the time around it are in the window.
    silent = (n_now < SILENT * _median(n_then)) & (n_lead > 0)
    past_up = (past_z >= sure) & past_notable
    return Excesses(
        {
            line.address: Excess(
                line=line, now=now[i], usual=usual[i], z=z[i], up=(z[i] >= sure) & is_notable[i],
                down=(z[i] <= -sure) & is_notable[i], silent=silent[i], past_up=past_up[i], past=then[i],
            )
            for i, line in enumerate(lines)
        }
    )  # fmt: skip


def _levels(lines: Sequence[Line], frame: pd.DataFrame, width: int) -> tuple[Floats, Floats]:
    """(lines, cuts): what each line was in each cut, and of how many samples."""
    ids, place = np.unique(frame["series_id"].to_numpy(dtype=np.int64), return_inverse=True)
    row_of = {int(number): row for row, number in enumerate(ids)}
    column = frame["slice"].to_numpy(dtype=np.int64)
    tables = {}
    for name in ("n", "mean", "min", "max", "sum"):
        table = np.full((len(ids) + 1, width), 0.0 if name in ("n", "sum") else np.nan)
        table[place, column] = frame[name].to_numpy(dtype=np.float64)
        tables[name] = table
    level, count = np.empty((len(lines), width)), np.empty((len(lines), width))
    for i, line in enumerate(lines):
        rows = [row_of.get(number, len(ids)) for number in line.ids]
        if line.is_ratio:
            below = tables["sum"][rows[1]]
            with np.errstate(divide="ignore", invalid="ignore"):
                level[i] = np.where(below > 0, 100 * tables["sum"][rows[0]] / below, np.nan)
            count[i] = tables["n"][rows[1]]
        else:
            level[i], count[i] = tables["mean"][rows[0]], tables["n"][rows[0]]
    return level, count


def _expected(
    lines: Sequence[Line], lead: Floats, then: Floats, then_lead: Floats, n_now: Floats, plan: Plan
) -> tuple[Floats, Floats, Floats]:
    """(lines, windows): the usual and its spread; (lines, windows, earlier): what each earlier day was to be."""
    points = np.asarray([line.indicator.unit == "%" for line in lines])[:, None, None]
    counts = np.asarray([line.indicator.rollup == "sum" for line in lines])
    with np.errstate(invalid="ignore", divide="ignore"):
        some = np.where(counts, 1.0, 0.0)[:, None, None]  # a count of nothing may be one
        factor = np.clip((lead[:, :, None] + some) / (then_lead + some), *BOUNDS)
        moved = np.where(points, then + (lead[:, :, None] - then_lead), then * factor)
        moved = np.where(np.isfinite(moved), moved, then) if not plan.is_long else then
        usual = _median(moved)
        spread = SIGMA * _median(np.abs(moved - usual[:, :, None]))
        # The same day back from the usual: what it would have been, had it been as the others.
        back = np.clip((then_lead + some) / (lead[:, :, None] + some), *BOUNDS)
        foretold = np.where(points, usual[:, :, None] + (then_lead - lead[:, :, None]), usual[:, :, None] * back)
        foretold = np.where(np.isfinite(foretold), foretold, usual[:, :, None])
    floor = np.where(points[:, :, 0], FLOOR_POINTS, FLOOR * np.abs(usual))
    chance = np.sqrt((np.maximum(usual, 0) + 0.2) / np.maximum(n_now, 1))  # a count's own, were it Poisson's
    floor = np.where(counts[:, None], np.maximum(floor, chance), np.maximum(floor, 1e-9))
    return usual, np.fmax(spread, floor), foretold


def _notable(lines: Sequence[Line], size: Floats, usual: Floats, plan: Plan) -> Bools:
    extra = (1,) * (size.ndim - 1)
    points = np.asarray([line.indicator.unit == "%" for line in lines]).reshape(-1, *extra)
    share = NOTABLE_LONG if plan.is_long else NOTABLE
    found: Bools = (np.abs(size) >= share * np.abs(usual)) & (~points | (np.abs(size) >= POINTS))
    return found


def _median(values: Floats) -> Floats:
    """Along the last axis, of what is there; NaN where nothing is."""
    ordered = np.sort(values, axis=-1)  # NaN comes last
    n = np.isfinite(values).sum(axis=-1)
    low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, values.shape[-1] - 1)
    picked = [np.take_along_axis(ordered, at[..., None], axis=-1)[..., 0] for at in (low, high)]
    middle: Floats = (picked[0] + picked[1]) / 2
    return middle
