"""Which parts of a window a line answers, and why it doesn't answer the others: a hole is never a 0 (story 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from metrics.collect._demo.line import Line
from metrics.collect._demo.plan import Plan
from metrics.model import CoverageState, Window

__all__ = ["Piece", "pieces"]


@dataclass(frozen=True)
class Piece:
    window: Window
    state: CoverageState
    detail: str = ""


def pieces(plan: Plan, line: Line, window: Window) -> list[Piece]:
    """The window cut where the answer changes; together the pieces are the whole window."""
    cuts = {window.start, window.end}
    cuts.update(moment for moment in _changes(plan, line, window) if window.start < moment < window.end)
    edges = sorted(cuts)
    found: list[Piece] = []
    for start, end in pairwise(edges):
        state, detail = _state(plan, line, start, window)
        if found and (found[-1].state, found[-1].detail) == (state, detail):
            start = found.pop().window.start
        found.append(Piece(Window(start, end), state, detail))
    return found


def _changes(plan: Plan, line: Line, window: Window) -> list[datetime]:
    moments = [plan.grid.start, plan.grid.end, min(window.end, plan.grid.end) - line.settles]
    if line.since is not None:
        moments.append(line.since)
    for gap in plan.gaps:
        moments += [gap.window.start, gap.window.end]
    return moments


def _state(plan: Plan, line: Line, moment: datetime, window: Window) -> tuple[CoverageState, str]:
    """How the question ended for the piece that begins at this moment."""
    if not plan.grid.start <= moment < plan.grid.end:
        return "empty", f"the demo's data ends at {plan.grid.end:%Y-%m-%d %H:%M} UTC"
    if line.unanswered:
        return ("forbidden" if line.unanswered.startswith("forbidden") else "empty"), line.unanswered
    if line.since is not None and moment < line.since:
        return "empty", line.before
    for gap in plan.gaps:
        theirs = gap.component == line.component and gap.part in (None, line.part)
        if theirs and gap.window.start <= moment < gap.window.end:
            return "failed", gap.detail
    if line.settles and moment >= min(window.end, plan.grid.end) - line.settles:
        return "partial", "counts of the last hour are still arriving"
    return "complete", ""
