"""Findings where their lines are drawn: a strip along the top of a chart, and a word on a tile."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.model import Finding, Window
from metrics.review.lines import Line, family
from metrics.trends.agenda import Agenda
from metrics.ui.charts import COLORS, Figure, local
from metrics.ui.words import t

__all__ = ["of_line", "strip", "word"]

WORSE, BETTER, NEITHER = COLORS["threshold"], "#2f9e44", COLORS["before"]
# A strip that is seen and hides nothing.
TOP, BOTTOM = 1.0, 0.965
# A jump of minutes in a period of weeks is less than a pixel: at least this share of the width.
SLIVER = 160
STANDING = 0.35
# More than this would be a line from side to side.
MANY = 40


def of_line(found: Agenda, line: Line) -> tuple[Finding, ...]:
    """What was found on a line, or on another percentile of it, and is not over."""
    return tuple(
        finding
        for item in found.every
        for finding in item.findings
        if finding.gone_at is None
        and (finding.component, finding.part) == (line.component, line.part)
        and _family(finding) == family(line)
    )


def _family(finding: Finding) -> str:
    head, _, tail = finding.indicator.rpartition(".")
    return head if tail in ("p50", "p95", "p99") else finding.indicator


def strip(findings: Sequence[Finding], window: Window, zone: str) -> list[Figure]:
    """When there was trouble, as shapes: each jump, or all the time since it began."""
    return [
        _shape(Window(max(span.start, window.start), min(span.end, window.end)), window, zone, finding)
        for finding in findings
        for span in finding.episodes or _whole(finding, window)
        if span.start < window.end and span.end > window.start
    ][:MANY]


def _whole(finding: Finding, window: Window) -> tuple[Window, ...]:
    end = finding.until or window.end
    return (Window(finding.since, end),) if finding.since < end else ()


def word(findings: Sequence[Finding]) -> str:
    return t("changed") if findings else t("steady")


def _shape(span: Window, window: Window, zone: str, finding: Finding) -> Figure:
    return {
        "type": "rect",
        "yref": "paper",
        "y0": BOTTOM,
        "y1": TOP,
        "x0": local(span.start, zone),
        "x1": local(max(span.end, span.start + window.duration / SLIVER), zone),
        "fillcolor": _color(finding),
        # What stands for weeks is known; a jump is looked for.
        "opacity": 1.0 if finding.episodes else STANDING,
        "line": {"width": 0},
    }


def _color(finding: Finding) -> str:
    return NEITHER if finding.is_worse is None else WORSE if finding.is_worse else BETTER
