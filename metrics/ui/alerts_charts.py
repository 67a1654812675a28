"""The figures of the Alerts page: how many alerts nobody did anything about by week, and one rule over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from metrics.model import Window
from metrics.review.alerts.pile import Week
from metrics.review.marks import Mark
from metrics.ui import stack
from metrics.ui.charts import COLORS, Figure, local, time_axis
from metrics.ui.words import day, number, t

__all__ = ["LANES", "idle", "over_time"]

HEIGHT = 92
LANES = ("incident", "deployment", "batch_run", "alert")
HALF_WEEK = timedelta(days=3.5)


def idle(weeks: Sequence[Week], window: Window, zone: str) -> Figure:
    """The share of alerts without any action, a point a week; a week that the window cuts is hollow."""
    known = [week for week in weeks if week.idle.n]
    clock = ZoneInfo(zone)
    starts = [datetime.combine(week.start, datetime.min.time(), clock) for week in known]
    middles = [local(start + HALF_WEEK, zone) for start in starts]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": middles,
                "y": [round(100 * week.idle.k / week.idle.n, 1) for week in known],
                "text": [_told(week) for week in known],
                "hovertemplate": "%{text}<extra></extra>",
                "line": {"color": COLORS["dev"], "width": 1.7},
                "marker": {
                    "size": 6,
                    "color": COLORS["dev"],
                    "symbol": ["circle" if week.whole else "circle-open" for week in known],
                },
            }
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 34, "r": 8, "t": 6, "b": 24},
            "showlegend": False,
            "dragmode": False,
            "hovermode": "closest",
            "xaxis": time_axis(window, zone, ticks=5),
            "yaxis": {
                "range": [-4, 104],
                "tickvals": [0, 100],
                "fixedrange": True,
                "automargin": False,
                "zeroline": False,
            },
        },
    }


def _told(week: Week) -> str:
    told = t(
        "week of {day}: {share} %, {k} of {n}",
        day=day(week.start),
        share=number(100 * week.idle.k / week.idle.n, 2),
        k=number(week.idle.k),
        n=number(week.idle.n),
    )
    return told if week.whole else t("{told}, not a whole week", told=told)


def over_time(drawn: Sequence[stack.Drawn], marks: Sequence[Mark], window: Window, zone: str) -> Figure:
    """A rule's firings below what else went on, and the line that it watches with its threshold."""
    figure = stack.figure(drawn, marks, window, zone, stack.More(lanes=LANES, panel=150))
    figure["layout"]["dragmode"] = False
    if not drawn:
        figure["layout"]["xaxis"]["anchor"] = "y"
    return figure
