"""The spike figures: NAB's score, recall within a budget of false alarms, and whether a threshold travels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks import detectors
from tests.benchmarks.detect_row import Row

Floats = NDArray[np.float64]

BUDGETS = (0.1, 0.25)
CARRIED = 1.0
AGAIN = 200
THRESHOLDS = 260


@dataclass(frozen=True, eq=False)
class Table:
    """What each threshold gives on each series: shapes (series, thresholds), (series, 1) for weeks and windows."""

    caught: Floats
    false: Floats
    weeks: Floats
    windows: Floats

    def only(self, names: NDArray[np.intp]) -> Table:
        return Table(self.caught[names], self.false[names], self.weeks[names], self.windows[names])

    @property
    def rate(self) -> Floats:
        """False alarms a series-week at each threshold."""
        return np.asarray(self.false.sum(0) / self.weeks.sum())

    def best(self, budget: float) -> int:
        """The threshold that catches most within the budget, the highest of them."""
        caught = np.where(self.rate <= budget, self.caught.sum(0), -1)
        return int(len(caught) - 1 - np.argmax(caught[::-1]))

    def recall(self, budget: float) -> float:
        return float(self.caught.sum(0)[self.best(budget)] / max(self.windows.sum(), 1))


def rows(scorer: ModuleType, data: Path) -> list[Row]:
    """All series, and those of servers, as the scorer parts them."""
    series = scorer.load(str(data))
    scores, _ = scorer.run_detector(detectors.score_spikes, series)
    subsets = scorer.subsets(list(series))
    found = []
    for subset, standard in (("all", ">= 75"), ("server", ">= 81")):
        names = subsets[subset]
        value, _ = scorer.nab_score(series, scores, names)
        again = [scorer.nab_score(series, scores, names, threshold=None)[0] for names in _drawn(names)]
        spread = f"+- {np.std(again):.1f} over {len(names)} series"
        found.append(Row("spike", f"NAB standard score, {subset}", standard, value, spread))
        found += _budgets(_table(scorer, series, scores, names), subset)
    odd = scorer.look_ahead(detectors.score_spikes, series, scores)
    found.append(Row("spike", "series whose earlier scores know what comes later", "0", len(odd), ", ".join(odd)))
    return found


def _drawn(names: Sequence[str]) -> list[list[str]]:
    rng = np.random.Generator(np.random.PCG64(0))
    return [[names[n] for n in rng.integers(len(names), size=len(names))] for _ in range(AGAIN // 4)]


def _table(scorer: ModuleType, series: Any, scores: Any, names: Sequence[str]) -> Table:
    pooled = np.unique(np.concatenate([scores[name][series[name].scored] for name in names]))
    pooled = pooled[pooled > 0]
    grid = np.unique(np.quantile(pooled, 1 - np.geomspace(1e-5, 0.5, THRESHOLDS), method="nearest"))
    grid = np.append(grid, 2.0)
    each = [[scorer.review(series, scores, [name], t) for t in grid] for name in names]
    caught, false = (
        np.array([[cell[key] for cell in row] for row in each], float) for key in ("caught", "false_alarms")
    )
    weeks, windows = (np.array([[row[0][key]] for row in each], float) for key in ("weeks", "windows"))
    return Table(caught, false, weeks, windows)


def _budgets(table: Table, subset: str) -> list[Row]:
    rng = np.random.Generator(np.random.PCG64(0))
    n = len(table.weeks)
    found = []
    targets = {0.1: ">= .70", 0.25: ">= .80"} if subset == "server" else {}
    for budget in BUDGETS:
        again = [table.only(rng.integers(n, size=n)).recall(budget) for _ in range(AGAIN)]
        what = f"recall at <= {budget:g} false a series-week, {subset}"
        found.append(Row("spike", what, targets.get(budget, ""), table.recall(budget), f"+- {np.std(again):.2f}"))
    ratios = [_carried(table, rng.permutation(n)) for _ in range(AGAIN)]
    low, middle, high = np.quantile([each for each in ratios if each is not None], (0.1, 0.5, 0.9))
    off = float(np.median([abs(each - 1) for each in ratios if each is not None]))
    what, target = (
        f"false alarms of a carried threshold, off by, {subset}",
        "<= .50" if subset == "all" else "<= 1.00",
    )
    found.append(Row("spike", what, target, off, f"ratio {middle:.2f}, 80 % of splits {low:.2f} to {high:.2f}"))
    return found


def _carried(table: Table, order: NDArray[np.intp]) -> float | None:
    """False alarms on one half of the series, as a ratio to the half on which the threshold was found."""
    half = len(order) // 2
    here, there = table.only(order[:half]), table.only(order[half:])
    at = here.best(CARRIED)
    return float(there.rate[at] / here.rate[at]) if here.rate[at] > 0 else None
