"""The figures of the Batches page as plain dicts: the clock of all jobs, and one job over weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd

from metrics.analysis.slope import Slope
from metrics.model import Window
from metrics.review.batch_clock import Bar, Busy, Clock
from metrics.review.batches import Slack, Step
from metrics.ui.charts import COLORS, Figure, local, time_axis
from metrics.ui.words import counted, day, number, quantity, scale, t

__all__ = ["OUTCOMES", "clock", "duration_of", "outcome_name", "pace", "rows", "slack"]

# What is under way is hollow.
OUTCOMES: Mapping[str, str] = {
    "succeeded": "#2f6fed",
    "ended": "#2f6fed",
    "failed": "#e5484d",
    "aborted": "#8b929c",
    "running": "#0d9488",
}
BUSY = "rgba(194,124,14,0.16)"
LANE = "rgba(128,140,160,0.09)"
HOUR_S = 3_600
# A bar is at least this long, so that a run of a few seconds is seen at all: the width of two pixels.
LEAST_S = 180
LANE_PX, NAME_PX, MOST_ROW_PX, LEAST_ROW_PX = 78, 19, 10, 2.5
HEIGHT = 176


def clock(seen: Clock, busy: Busy | None, chosen: str) -> Figure:
    """Lanes one below the other, in each the days from above; everything is placed in pixels."""
    row_px = min(MOST_ROW_PX, max(LEAST_ROW_PX, LANE_PX / seen.rows))
    lane_px = NAME_PX + row_px * seen.rows
    height = lane_px * len(seen.lanes) + 4
    names = [(job.key, lane_px * place) for place, job in enumerate(seen.lanes)]
    return {
        "data": [_bars(outcome, mine, lane_px, row_px) for outcome, mine in _by_outcome(seen.bars)],
        "layout": {
            "height": int(height) + 30,
            "margin": {"l": 20, "r": 20, "t": 2, "b": 26},
            "showlegend": False,
            "dragmode": False,
            "barmode": "overlay",
            "bargap": 0,
            "hovermode": "closest",
            "xaxis": {
                "range": [0, 24],
                "tickvals": list(range(0, 25, 3)),
                "ticktext": [f"{hour:02}:00" for hour in range(0, 25, 3)],
                "fixedrange": True,
                "showgrid": True,
                "zeroline": False,
                "automargin": False,
                "ticklabeloverflow": "allow",
            },
            "yaxis": {"range": [height, 0], "visible": False, "fixedrange": True},
            "shapes": [
                *(_lane(top + NAME_PX, top + lane_px) for _, top in names),
                *_busy(busy, height),
            ],
            "annotations": [_name(f"<b>{name}</b>" if name == chosen else name, top) for name, top in names],
        },
    }


def _by_outcome(bars: Sequence[Bar]) -> list[tuple[str, list[Bar]]]:
    """What broke lies on top."""
    found = [(outcome, [bar for bar in bars if bar.outcome == outcome]) for outcome in OUTCOMES]
    order = {"failed": 1, "aborted": 1}
    return sorted(((outcome, mine) for outcome, mine in found if mine), key=lambda each: order.get(each[0], 0))


def _bars(outcome: str, bars: Sequence[Bar], lane_px: float, row_px: float) -> Figure:
    color = OUTCOMES[outcome]
    look = {"color": "rgba(0,0,0,0)", "line": {"color": color, "width": 1}} if outcome == "running" else None
    return {
        "type": "bar",
        "orientation": "h",
        "name": outcome,
        "base": [round(bar.start_s / HOUR_S, 4) for bar in bars],
        "x": [round(max(bar.end_s - bar.start_s, LEAST_S) / HOUR_S, 4) for bar in bars],
        "y": [round(lane_px * bar.lane + NAME_PX + row_px * (bar.row + 0.5), 2) for bar in bars],
        "width": row_px * 0.85,
        "marker": look or {"color": color, "line": {"width": 0}},
        "text": [_told(bar) for bar in bars],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }


def _told(bar: Bar) -> str:
    times = f"{_clock(bar.start_s)}–{_clock(bar.end_s)}"
    what = outcome_name(bar.outcome) if bar.runs == 1 else counted("{n} run", "{n} runs", bar.runs)
    return f"{day(bar.day)}, {times} · {what}"


def outcome_name(outcome: str) -> str:
    """What became of a run."""
    return {
        "succeeded": t("succeeded"),
        "ended": t("ended"),
        "failed": t("failed"),
        "aborted": t("aborted"),
        "running": t("under way"),
        "missed": t("missed"),
    }[outcome]


def _clock(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _lane(top: float, bottom: float) -> Figure:
    return _rect(0, 24, top, bottom, LANE)


def _busy(busy: Busy | None, height: float) -> list[Figure]:
    return [_rect(hour, hour + 1, 0, height, BUSY) for hour in (busy.hours if busy else ())]


def _rect(left: float, right: float, top: float, bottom: float, color: str) -> Figure:
    corners = {"x0": left, "x1": right, "y0": top, "y1": bottom}
    return {"type": "rect", **corners, "fillcolor": color, "line": {"width": 0}, "layer": "below"}


def _name(text: str, top: float) -> Figure:
    place = {"x": 0, "y": top + NAME_PX / 2, "xanchor": "left", "yanchor": "middle", "xshift": 2}
    return {"text": text, "showarrow": False, "font": {"size": 12}, **place}


# one job over weeks -------------------------------------------------------------------------------------------


def duration_of(steps: Sequence[Step], window: Window, zone: str) -> tuple[Figure | None, str]:
    """The median of each step, and its 90th percentile dotted above; and the unit of the axis. None of nothing."""
    known = [(step.start, step.duration) for step in steps if step.duration]
    if not known:
        return None, "s"
    by, unit = scale("s", max(spread.p90 for _, spread in known))
    x = [local(max(at, window.start), zone) for at, _ in known]
    told = [counted("{n} run", "{n} runs", spread.n) for _, spread in known]
    p90 = _dots(x, [spread.p90 / by for _, spread in known], COLORS["before"], "p90", unit, told)
    median = _dots(x, [spread.median / by for _, spread in known], COLORS["dev"], t("median"), unit, told)
    p90["line"] |= {"dash": "dot", "width": 1.2}
    p90["marker"] = {"size": 4, "color": COLORS["before"]}
    return _figure([p90, median], window, zone, most=max(s.p90 / by for _, s in known)), unit


def rows(steps: Sequence[Step], window: Window, zone: str) -> Figure | None:
    """The rows of each whole step."""
    known = [(step.start, step.rows) for step in steps if step.rows is not None]
    if not known:
        return None
    bars: Figure = {
        "type": "bar",
        "x": [local(at, zone) for at, _ in known],
        "y": [value for _, value in known],
        "marker": {"color": COLORS["infra"], "line": {"width": 0}},
        "hovertemplate": "%{y:,.0f}<extra></extra>",
    }
    if len(known) > 1:
        between = min((b - a).total_seconds() for (a, _), (b, _) in pairwise(known))
        bars |= {"width": 800 * between, "offset": 100 * between}
    return _figure([bars], window, zone, most=max(value for _, value in known))


def pace(steps: Sequence[Step], window: Window, zone: str) -> tuple[Figure | None, str]:
    """The time that 1,000 rows took in each step, and the unit of the axis."""
    known = [(step.start, step.per_thousand) for step in steps if step.per_thousand is not None]
    if not known:
        return None, "s"
    by, unit = scale("s", max(value for _, value in known))
    x = [local(max(at, window.start), zone) for at, _ in known]
    line = _dots(x, [value / by for _, value in known], COLORS["dev"], "", unit, [""] * len(known))
    return _figure([line], window, zone, most=max(value / by for _, value in known)), unit


def slack(runs: pd.DataFrame, seen: Slack, window: Window, zone: str) -> tuple[Figure, str]:
    """A dot for each run, the robust line through them, and the deadline itself at 0; and the unit of the axis."""
    left = (runs["deadline"] - runs["ended_at"]).dt.total_seconds().to_numpy(dtype=np.float64)
    by, unit = scale("s", float(np.abs(left).max()))
    dots: Figure = {
        "type": "scatter",
        "mode": "markers",
        "x": [local(at.to_pydatetime(), zone) for at in runs["started_at"]],
        "y": (left / by).astype(np.float32),
        "marker": {"size": 4, "color": COLORS["dev"], "opacity": 0.7},
        "text": [quantity(float(value), "s") for value in left],
        "hovertemplate": "%{text}<extra></extra>",
    }
    data = [dots]
    if isinstance(seen.line, Slope):
        first: datetime = runs["started_at"].iloc[0].to_pydatetime()
        weeks = (first - window.end).total_seconds() / (7 * 86_400)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [local(first, zone), local(window.end, zone)],
                "y": [seen.line.at(weeks) / by, seen.line.start / by],
                "line": {"color": COLORS["before"], "width": 1.4},
                "hoverinfo": "skip",
            }
        )
    least, most = min(0.0, float(left.min()) / by), max(0.0, float(left.max()) / by)
    figure = _figure(data, window, zone, most=most, least=least)
    line = {"color": COLORS["threshold"], "width": 1.2, "dash": "dash"}
    figure["layout"]["shapes"] = [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": line}]
    return figure, unit


def _dots(x: list[str], y: list[float], color: str, name: str, unit: str, told: list[str]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": np.array(y, dtype=np.float32),
        "name": name,
        "line": {"color": color, "width": 1.7},
        "marker": {"size": 5, "color": color},
        "text": [" · ".join(part for part in (f"{name} {number(value)} {unit}".strip(), more) if part)
                 for value, more in zip(y, told, strict=True)],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def _figure(data: list[Figure], window: Window, zone: str, *, most: float, least: float = 0.0) -> Figure:
    room = 0.08 * (most - least) or 1.0
    return {
        "data": data,
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 46, "r": 6, "t": 6, "b": 24},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "closest",
            "xaxis": time_axis(window, zone, ticks=4),
            "yaxis": {
                "range": [least - room if least < 0 else -0.02 * (most or 1.0), most + room],
                "nticks": 5,
                "fixedrange": True,
                "automargin": False,
                "zeroline": False,
                "tickformat": "~s" if most >= 10_000 else "",
            },
        },
    }
