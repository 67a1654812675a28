"""Which lines are drawn of a trouble: its own, and on each side what moved with it, as many as one screen bears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from metrics.review.lines import Curve, family
from metrics.review.moved import Moved
from metrics.review.reading import SIDES, Side, side_of

__all__ = ["drawn_of", "else_moved", "summed"]

# Panels of one side, and lines in one panel: more than a reader compares at a glance.
PANELS, LINES = 2, 4
# What behaves much as before says nothing beside a trouble.
NOTABLE = 0.5


def drawn_of(trouble: Sequence[str], moved: Sequence[Moved]) -> tuple[Moved, ...]:
    """The application's lines, then the infrastructure's; on each side the trouble's own first."""
    place = {address: n for n, address in enumerate(trouble)}
    own = sorted((each for each in moved if each.line.address in place), key=lambda each: place[each.line.address])
    others = [each for each in moved if each.line.address not in place and each.score >= NOTABLE]
    return tuple(line for side in SIDES for line in _fitting(side, own, others))


def else_moved(drawn: Sequence[Moved], moved: Sequence[Moved], most: int) -> tuple[Moved, ...]:
    """What moved most of all that is not drawn already; of one kind of line in a component the first."""
    seen = {(each.line.component, family(each.line)) for each in drawn}
    found = []
    for each in moved:
        key = (each.line.component, family(each.line))
        if each.score >= NOTABLE and key not in seen:
            seen.add(key)
            found.append(each)
    return tuple(found[:most])


def _fitting(side: Side, own: Sequence[Moved], others: Sequence[Moved]) -> Iterator[Moved]:
    """By panel, so that lines of one panel keep together."""
    panels: dict[str, list[Moved]] = {}
    for each in (*own, *others):
        if side_of(each.line.indicator) != side:
            continue
        unit = each.line.indicator.unit
        panel = unit if unit == "%" else family(each.line)
        if len(panels.get(panel, ())) < LINES and (panel in panels or len(panels) < PANELS):
            panels.setdefault(panel, []).append(each)
    for lines in panels.values():
        yield from lines


def summed(curves: Sequence[Curve]) -> Curve | None:
    """Counts of several lines as one, step by step."""
    if not curves:
        return None
    ts = np.unique(np.concatenate([curve.ts for curve in curves]))
    values = np.zeros(len(ts))
    for curve in curves:
        np.add.at(values, np.searchsorted(ts, curve.ts), np.nan_to_num(curve.values))
    return Curve(ts, values, None, None)
