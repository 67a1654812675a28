"""Where in the tree a rule belongs, as far as the data tells: a suggestion, for a person to confirm or to change.

Nobody acts on it: remove, or replace by what users feel. Looked at, and nothing was wrong for anybody: reduce.
Users were hit: automate the recovery, or watch the trend where one was there before. docs/alerts.md has the rules.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from metrics.review.alerts.pile import Branch, Tally

__all__ = ["HARDLY", "MOST", "branch_of", "grew"]

MOST: Final = 0.5
HARDLY: Final = 0.1
"""One firing of ten: the talk's team found nine of ten error-log alerts without need, and called it a habit."""
TRACELESS: Final = 10
"""Where no source says who acted, so many firings without any trace of an action are none that anybody needs."""
FEW: Final = 3
"""Twice beside a batch may be chance."""
BY_CHANCE: Final = 2.0
"""Times as often beside a batch as batches run anyway: less may be chance."""
SPREADS: Final = 2.0


def branch_of(of: Tally, batch_share: float | None) -> Branch | None:
    """From the firings of the history; None where neither action nor impact can be told."""
    impact, acted = of.impact.share, of.acted.share
    if impact is not None and impact >= MOST:
        foretold = of.foretold.share
        return "watch" if foretold is not None and foretold >= MOST else "automate"
    if impact is None and not of.acted_said:
        return None
    if of.acted_said >= MOST * of.n:
        return "remove" if acted is not None and acted <= HARDLY else "reduce"
    return "remove" if _is_idle_by_traces(of, batch_share) else "reduce"


def _is_idle_by_traces(of: Tally, batch_share: float | None) -> bool:
    """Nothing came of it: never in many times, or hardly ever while it only tells that a batch runs."""
    acted, batch = of.acted.share, of.batch.share
    if acted is None or acted > HARDLY:
        return False
    tells_a_batch = batch is not None and batch >= max(MOST, BY_CHANCE * (batch_share or 0.0))
    return (tells_a_batch and of.n >= FEW) or (of.acted.k == 0 and of.n >= TRACELESS)


def grew(n: int, before: int | None) -> bool:
    """Whether a count rose by more than chance: two spreads of the difference of two Poisson counts."""
    return before is not None and n - before > SPREADS * sqrt(n + before)
