"""Lanes of events above a stack of panels: what happened, one lane a kind, on the panels' time axis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from metrics.model import Window
from metrics.review.lines import Curve
from metrics.review.marks import Mark
from metrics.ui import charts
from metrics.ui.charts import Figure, local
from metrics.ui.words import step_name, t

__all__ = ["LANES", "axis", "errors", "traces"]

# Kinds of events from the most to the least telling: the order of the lanes.
LANES = ("incident", "deployment", "change", "build", "batch_run", "alert", "defect", "log")
LANE_COLORS = {
    "incident": "#d98206",
    "deployment": "#8b5cf6",
    "change": "#64748b",
    "build": "#0e8fb0",
    "batch_run": "#5b8c1a",
    "alert": "#e5484d",
    "defect": "#b455a0",
    "log": "#e5484d",
}


def axis(lanes: Sequence[str], domain: list[float]) -> Figure:
    """One row a kind, the first on top."""
    names = {
        "incident": t("incidents"),
        "deployment": t("deployments"),
        "change": t("changes"),
        "build": t("builds"),
        "batch_run": t("batches"),
        "alert": t("alerts"),
        "defect": t("defects"),
        "log": t("log errors"),
    }
    return {
        "domain": domain,
        "range": [len(lanes) - 0.5, -0.5],
        "tickvals": list(range(len(lanes))),
        "ticktext": [names[kind] for kind in lanes],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "automargin": False,
        "tickfont": {"size": 10},
    }


def traces(lanes: Sequence[str], marks: Sequence[Mark], window: Window, zone: str) -> list[Figure]:
    """One trace a kind: bars from start to end, a dot where it has no length to show."""
    traces = []
    for place, kind in enumerate(lanes):
        mine = [mark for mark in marks if mark.kind == kind]
        x = [time for mark in mine for time in (local(mark.start, zone), local(mark.end or window.end, zone), None)]
        text = [told for mark in mine for told in (_told(mark), _told(mark), None)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": x,
                "y": [place, place, None] * len(mine),
                "yaxis": "y",
                "text": text,
                "name": kind,
                "hovertemplate": "%{text}<extra></extra>",
                "line": {"color": LANE_COLORS[kind], "width": 7},
                "marker": {
                    "size": 7,
                    "symbol": "line-ns-open",
                    "color": LANE_COLORS[kind],
                    "line": {"width": 2, "color": LANE_COLORS[kind]},
                },
            }
        )
    return traces


def errors(found: Curve | None, step: timedelta, place: int, zone: str) -> list[Figure]:
    """A strip of cells, one a step."""
    if found is None or not len(found.ts):
        return []
    half = np.timedelta64(step) / 2
    return [
        {
            "type": "heatmap",
            "x": charts.local_times(found.ts + half, zone),
            "y0": place,
            "dy": 0.5,
            "z": [found.values.astype(np.float32)],
            "zmin": 0,
            "yaxis": "y",
            "showscale": False,
            "colorscale": [[0, "rgba(229,72,77,0)"], [1, "rgba(229,72,77,1)"]],
            "hovertemplate": "%{z:.4~g} " + t("per {step}", step=step_name(step)) + "<extra></extra>",
        }
    ]


def _told(mark: Mark) -> str:
    parts = [mark.title, mark.component or "", mark.status or ""]
    return " · ".join(part for part in parts if part)
