"""The line that a topic is about, as a figure: the review's own time shaded, what began, what it is held to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from metrics import catalog
from metrics.meeting.chart import FEW, GAP, Extent, extent_of
from metrics.meeting.told import steps_told
from metrics.model import Window
from metrics.review.lines import parse_address
from metrics.review.minutes import Review, Topic
from metrics.review.reading import side_of
from metrics.ui.charts import COLORS, PALETTE, Figure, local, time_axis
from metrics.ui.words import day, scale, t

__all__ = ["FEWEST", "figure"]

FEWEST = 3
"""With fewer points there is no line."""
TREND = PALETTE[2]
SHADE = "rgba(120,140,170,0.13)"
# From so much of the width on a mark's label stands on its left.
LATE = 0.75


def figure(review: Review, topic: Topic, height: int, font: int = 11) -> Figure | None:
    """None where there is no line to draw."""
    if len(topic.curve) < FEWEST or not topic.figures:
        return None
    window = Window(topic.curve[0][0], max(topic.curve[-1][0], min(topic.figures[0].until, _end(topic))))
    whole = extent_of(topic)
    by, unit = scale(topic.figures[0].unit, max(abs(whole.low), abs(whole.high)))
    return {
        "data": [*_usual(review, topic, by), _line(review, topic, by, unit, font), *_trend(review, topic, by, unit)],
        "layout": {
            "height": height,
            "margin": {"l": 13 + 3 * font, "r": 6, "t": 2 * font, "b": 4 + 2 * font},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "x unified",
            "colorway": list(PALETTE),
            "xaxis": time_axis(window, review.zone, ticks=6) | {"tickfont": {"size": font}},
            "yaxis": _values(whole, by, unit, font),
            "shapes": [_own_time(review, window), *_mark(review, topic, window), *_limit(topic, whole, by)],
            "annotations": _label(review, topic, window, font),
        },
    }


def _end(topic: Topic) -> datetime:
    """A close look at some days ends with them, any other with the review's time."""
    return topic.curve[-1][0] if topic.usual else topic.figures[0].until


def _values(whole: Extent, by: float, unit: str, font: int) -> Figure:
    low, high = whole.low / by, whole.high / by
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return {
        "range": [low if low == 0 else low - room, high + room],
        "nticks": 5,
        "fixedrange": True,
        "automargin": False,
        "zeroline": False,
        "tickfont": {"size": font},
        "title": {"text": unit, "standoff": 4, "font": {"size": font}},
    }


def _line(review: Review, topic: Topic, by: float, unit: str, font: int) -> Figure:
    indicator = catalog.load().indicators.get(parse_address(topic.figures[0].address)[2])
    times, values = _broken(topic.curve)
    return {
        # What happens more rarely than a step (a nightly batch) is dots with a line between them.
        "mode": "lines+markers" if len(values) < FEW else "lines",
        "marker": {"size": 5},
        "line": {"color": COLORS[side_of(indicator)] if indicator else PALETTE[0], "width": font / 6},
        "hovertemplate": f"%{{y:.4~g}} {unit}, {steps_told(topic)}<extra></extra>",
    } | _points(review, times, values, by)


def _usual(review: Review, topic: Topic, by: float) -> list[Figure]:
    look = {"mode": "lines", "line": {"color": COLORS["before"], "width": 1.3, "dash": "dot"}, "hoverinfo": "skip"}
    return [look | _points(review, *_broken(topic.usual), by)] if topic.usual else []


def _trend(review: Review, topic: Topic, by: float, unit: str) -> list[Figure]:
    look = {
        "mode": "lines",
        "line": {"color": TREND, "width": 1.6},
        "hovertemplate": f"%{{y:.4~g}} {unit}, {t('as told')}<extra></extra>",
    }
    times, values = [at for at, _ in topic.trend], [value for _, value in topic.trend]
    return [look | _points(review, times, values, by)] if topic.trend else []


def _points(review: Review, times: Sequence[datetime], values: Sequence[float | None], by: float) -> Figure:
    return {
        "type": "scatter",
        "x": [local(at, review.zone) for at in times],
        "y": [None if value is None else value / by for value in values],
    }


def _broken(curve: tuple[tuple[datetime, float], ...]) -> tuple[list[datetime], list[float | None]]:
    """With nothing between two points that are too far from each other."""
    steps = sorted(later[0] - earlier[0] for earlier, later in pairwise(curve))
    longest = GAP * steps[len(steps) // 2]
    times: list[datetime] = []
    values: list[float | None] = []
    for at, value in curve:
        if times and at - times[-1] > longest and len(curve) >= FEW:
            times.append(times[-1] + steps[0])
            values.append(None)
        times.append(at)
        values.append(value)
    return times, values


def _own_time(review: Review, window: Window) -> Figure:
    """The time that the review looks at."""
    return {
        "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "line": {"width": 0}, "fillcolor": SHADE,
        "x0": local(max(review.since, window.start), review.zone),
        "x1": local(min(review.until, window.end), review.zone),
    }  # fmt: skip


def _mark(review: Review, topic: Topic, window: Window) -> list[Figure]:
    if topic.started is None or not window.start < topic.started < window.end:
        return []
    at = local(topic.started, review.zone)
    line = {"color": COLORS["threshold"], "width": 1.3, "dash": "dash"}
    return [{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at, "line": line}]


def _limit(topic: Topic, whole: Extent, by: float) -> list[Figure]:
    if topic.limit is None or not whole.has_limit:
        return []
    line = {"color": COLORS["threshold"], "width": 1.3, "dash": "dash"}
    at = topic.limit / by
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}]


def _label(review: Review, topic: Topic, window: Window, font: int) -> list[Figure]:
    if topic.started is None or not window.start < topic.started < window.end:
        return []
    is_late = (topic.started - window.start) / window.duration > LATE
    local_day = datetime.fromisoformat(local(topic.started, review.zone)).date()
    return [
        {
            "text": t("since {day}", day=day(local_day)), "showarrow": False, "yref": "paper", "y": 1,
            "x": local(topic.started, review.zone), "xanchor": "right" if is_late else "left", "yanchor": "bottom",
            "font": {"size": font, "color": COLORS["threshold"]},
        }
    ]  # fmt: skip
