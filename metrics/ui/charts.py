"""Figures as plain dicts: cheap to build, easy to compare, and nothing is computed here but where ink goes.

Colours sit between black and white, so that one figure reads on the light and on the dark page; Streamlit's own
template brings fonts and grid. Axes have ranges of their own, which spares the browser from finding them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.model import Threshold, Unit, Window
from metrics.review.lines import Curve
from metrics.review.marks import Mark
from metrics.review.overview import Panel
from metrics.review.reading import side_of
from metrics.ui.words import number, scale, t

__all__ = [
    "COLORS",
    "PALETTE",
    "Figure",
    "axis_unit",
    "faint",
    "incidents",
    "local",
    "local_times",
    "shows",
    "small",
    "time_axis",
]

Figure = dict[str, Any]
# Told apart by people who don't see red and green, and at least 3:1 on white and on the dark page.
COLORS = {
    "dev": "#2f6fed",
    "infra": "#0d9488",
    "threshold": "#e5484d",
    "before": "#8b929c",
    "deployment": "#8b5cf6",
    "incident": "rgba(245,158,11,0.22)",
}
PALETTE = ("#2f6fed", "#0d9488", "#c27c0e", "#b455a0", "#64748b", "#7c6be0", "#5b8c1a", "#0e8fb0")
# A threshold is drawn to scale unless that would squeeze the line into less than this share of the height.
LEAST_SHARE = 0.35
# So is the shade of the extremes, which may be this many times as high as the line.
MOST_SHADE = 2.5
# More deployments than this are ticks on the axis instead of lines through the chart.
MANY = 20
SMALL_HEIGHT = 142


def small(panel: Panel, marks: Sequence[Mark], window: Window, zone: str, *, compare: bool) -> Figure:
    """One small chart: this period strong over the previous one dotted, the threshold, what happened."""
    line = panel.reading.line
    color = COLORS[side_of(line.indicator)]
    before = panel.before if compare else None
    by, unit = axis_unit(line.indicator.unit, [panel.now, before])
    low, high, shown = _range([panel.now, before], panel.reading.threshold, by)
    far = [] if shown else _far(panel.reading.threshold, by, unit)
    data = [
        *_band(panel.now, zone, panel.step, by, color),
        *([_line(before, zone, panel.step, by, COLORS["before"], t("previous"), unit, dash="dot")] if before else []),
        *([_line(panel.now, zone, panel.step, by, color, t("this period"), unit)] if panel.now else []),
        *_deployments(marks, zone, low, high),
    ]
    return {
        "data": data,
        "layout": {
            "height": SMALL_HEIGHT,
            # A threshold told in words stands above the plot, where it covers no line.
            "margin": {"l": 38, "r": 4, "t": 17 if far else 5, "b": 24},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "x unified",
            "colorway": list(PALETTE),
            "xaxis": time_axis(window, zone, ticks=4),
            "yaxis": {
                "range": [low, high],
                "nticks": 5,
                "fixedrange": True,
                "automargin": False,
                "zeroline": False,
            },
            "shapes": [*incidents(marks, window, zone), *(_threshold(panel.reading.threshold, by) if shown else [])],
            "annotations": far,
        },
    }


def axis_unit(unit: Unit, curves: Sequence[Curve | None]) -> tuple[float, str]:
    """What to divide by so that the axis has short numbers, and the unit to write in the title."""
    greatest = max(
        (float(np.nanmax(np.abs(c.values))) for c in curves if c is not None and len(c.values)), default=0.0
    )
    return scale(unit, greatest)


def time_axis(window: Window, zone: str, *, ticks: int) -> Figure:
    """Midnights of the zone, few enough to read; labels say the day, and the hour below two days."""
    days = window.duration / timedelta(days=1)
    axis: Figure = {
        "type": "date",
        "range": [local(window.start, zone), local(window.end, zone)],
        "fixedrange": True,
        "showgrid": False,
        "automargin": False,
        "hoverformat": "%a %-d %b, %H:%M",
        "spikethickness": 1,
        "spikecolor": COLORS["before"],
        "nticks": ticks,
        "tickformat": "%-d %b" if days > 2 else "%H:%M",
    }
    if days > 2:
        every = next((n for n in (1, 2, 7, 14, 28, 91) if days / n <= ticks + 0.5), 182)
        midnight = (window.start.astimezone(ZoneInfo(zone)) + timedelta(days=1)).strftime("%Y-%m-%dT00:00")
        axis |= {"tick0": midnight, "dtick": every * 86_400_000}
    return axis


def local(moment: datetime, zone: str) -> str:
    """A time as the axis wants it: the zone's clock, without saying so."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def local_times(ts: NDArray[np.datetime64], zone: str) -> list[str]:
    """The same for many times at once."""
    aware = pd.DatetimeIndex(ts).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return [str(text) for text in np.datetime_as_string(aware.to_numpy(dtype="datetime64[s]"))]


def _trace(ts: NDArray[np.datetime64], values: NDArray[np.float64], zone: str, step: timedelta) -> Figure:
    """Points by their start and step instead of a time each, a third of the bytes; NaN breaks the line at a gap.

    What happens more rarely than a step (a nightly batch) is dots with a line between them.
    """
    between = np.diff(ts)
    if len(ts) < 3 or np.median(between) > np.timedelta64(step):
        y = values.astype(np.float32)
        return {"type": "scatter", "x": local_times(ts, zone), "y": y, "mode": "lines+markers", "marker": {"size": 5}}
    place = ((ts - ts[0]) / np.timedelta64(step)).round().astype(int)
    filled = np.full(int(place[-1]) + 1, np.nan, dtype=np.float32)
    filled[place] = values
    start = pd.Timestamp(ts[0]).tz_localize("UTC").to_pydatetime()
    dx = step / timedelta(milliseconds=1)
    return {"type": "scatter", "x0": local(start, zone), "dx": dx, "y": filled, "mode": "lines"}


def _line(
    curve: Curve,
    zone: str,
    step: timedelta,
    by: float,
    color: str,
    name: str,
    unit: str,
    *,
    dash: str = "solid",
) -> Figure:
    return _trace(curve.ts, curve.values / by, zone, step) | {
        "name": name,
        "line": {"color": color, "width": 1.7 if dash == "solid" else 1.1, "dash": dash},
        "hovertemplate": f"%{{y:.4~g}} {unit}",
    }


def _band(curve: Curve | None, zone: str, step: timedelta, by: float, color: str) -> list[Figure]:
    """From the least to the greatest sample of each step, so that a spike is not averaged away."""
    if curve is None or curve.low is None or curve.high is None or np.array_equal(curve.low, curve.high):
        return []
    low, high = (
        _trace(curve.ts, edge / by, zone, step) | {"line": {"width": 0}, "mode": "lines", "hoverinfo": "skip"}
        for edge in (curve.low, curve.high)
    )
    low["y"], high["y"] = closed(low["y"], high["y"])
    return [low, high | {"fill": "tonexty", "fillcolor": faint(color)}]


def closed(low: NDArray[np.float32], high: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both edges with their gaps pinched shut: between lines that break, plotly shades the wrong side."""
    there = np.isfinite(low)
    if there.all():
        return low, high
    places = np.arange(len(low))
    middle = np.interp(places, places[there], (low[there] + high[there]) / 2).astype(np.float32)
    return np.where(there, low, middle), np.where(there, high, middle)


def _range(curves: Sequence[Curve | None], threshold: Threshold | None, by: float) -> tuple[float, float, bool]:
    """The axis' ends, and whether the threshold lies within."""
    drawn = [c for c in curves if c is not None and len(c.values)]
    values = np.concatenate([c.values for c in drawn]) / by if drawn else np.array([0.0, 1.0])
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    for c in drawn:
        if c.low is not None and c.high is not None:
            least = min(least, max(float(np.nanmin(c.low)) / by, least - (MOST_SHADE - 1) * abs(least)))
            most = max(most, min(float(np.nanmax(c.high)) / by, MOST_SHADE * abs(most)))
    if least >= 0 and least < 0.6 * most:
        least = 0.0
    shown = threshold is not None
    if threshold is not None:
        line = threshold.value / by
        low, high = min(least, line), max(most, line)
        shown = most - least >= LEAST_SHARE * (high - low)
        least, most = (low, high) if shown else (least, most)
    room = 0.06 * (most - least) or abs(most) * 0.1 or 1.0
    return (least if least == 0 else least - room), most + room, shown


def shows(curve: Curve, level: float) -> bool:
    """Whether a line at that level leaves the curve enough of the height to be read."""
    least, most = float(np.nanmin(curve.values)), float(np.nanmax(curve.values))
    return most - min(least, 0.0) >= LEAST_SHARE * (max(most, level) - min(least, level, 0.0))


def _threshold(threshold: Threshold | None, by: float) -> list[Figure]:
    if threshold is None:
        return []
    at = threshold.value / by
    line = {"color": COLORS["threshold"], "width": 1.2, "dash": "dash"}
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}]


def _far(threshold: Threshold | None, by: float, unit: str) -> list[Figure]:
    """A threshold out of sight is told in words, in the unit of the axis."""
    if threshold is None:
        return []
    text = t("threshold {value}", value=f"{number(threshold.value / by)} {unit}".rstrip())
    place = {"xref": "paper", "yref": "paper", "x": 1, "y": 1, "xanchor": "right", "yanchor": "bottom"}
    return [{"text": text, "showarrow": False, "font": {"size": 10, "color": COLORS["threshold"]}, **place}]


def incidents(marks: Sequence[Mark], window: Window, zone: str) -> list[Figure]:
    """Bands through the whole height, behind the lines."""
    return [
        {
            "type": "rect",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "x0": local(mark.start, zone),
            # At least a sliver: a short incident in a long period would vanish.
            "x1": local(max(mark.end or window.end, mark.start + window.duration / 160), zone),
            "fillcolor": COLORS["incident"],
            "line": {"width": 0},
            "layer": "below",
        }
        for mark in marks
        if mark.kind == "incident"
    ]


def _deployments(marks: Sequence[Mark], zone: str, low: float, high: float) -> list[Figure]:
    """Thin lines, all in one trace: forty shapes would cost more than the chart. Many become ticks at the bottom."""
    starts = [local(mark.start, zone) for mark in marks if mark.kind == "deployment"]
    if not starts:
        return []
    if len(starts) > MANY:
        high = low + 0.07 * (high - low)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [x for start in starts for x in (start, start, None)],
            "y": [low, high, None] * len(starts),
            "line": {"color": COLORS["deployment"], "width": 0.8},
            "opacity": 0.55,
            "hoverinfo": "skip",
        }
    ]


def faint(color: str) -> str:
    """The same colour as a shade behind its line."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
