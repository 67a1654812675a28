"""Explore's figure: one time axis, a lane for events, and a panel for each unit instead of two axes in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from metrics.model import Unit, Window
from metrics.review.lines import Curve, Line
from metrics.review.marks import Mark
from metrics.ui import charts
from metrics.ui.charts import COLORS, PALETTE, Figure, local
from metrics.ui.words import t, title_of

__all__ = ["Drawn", "figure", "panel_names"]

PANEL, LANE, EDGES, GAP = 190, 22, 46, 34
# Kinds of events from the most to the least telling: the order of the lanes.
LANES = ("incident", "deployment", "change", "build", "batch_run", "alert", "defect")
LANE_COLORS = {
    "incident": "#d98206",
    "deployment": "#8b5cf6",
    "change": "#64748b",
    "build": "#0e8fb0",
    "batch_run": "#5b8c1a",
    "alert": "#e5484d",
    "defect": "#b455a0",
}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One line with its points, now and, moved onto the same axis, before."""

    line: Line
    now: Curve | None
    before: Curve | None
    step: timedelta | None
    """None for raw samples."""

    @property
    def group(self) -> tuple[Unit, str]:
        """What shares a panel: one unit; counts only with their own kind."""
        indicator = self.line.indicator
        return indicator.unit, indicator.name if indicator.unit in ("1", "1/s") else ""


def panel_names(drawn: Sequence[Drawn]) -> list[tuple[Unit, str]]:
    return list(dict.fromkeys(each.group for each in drawn))


def figure(drawn: Sequence[Drawn], marks: Sequence[Mark], window: Window, zone: str) -> Figure:
    groups = panel_names(drawn)
    lanes = [kind for kind in LANES if any(mark.kind == kind for mark in marks)]
    heights = [LANE * len(lanes) + 8] * bool(lanes) + [PANEL] * len(groups)
    total = sum(heights) + GAP * len(heights) + EDGES
    domains = _domains(heights, total)
    layout: Figure = {
        "height": total,
        "margin": {"l": 56, "r": 12, "t": 8, "b": 26},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "dragmode": "select",
        "selectdirection": "h",
        "showlegend": False,
        "colorway": list(PALETTE),
        "xaxis": charts.time_axis(window, zone, ticks=12)
        | {"anchor": f"y{len(heights)}" if len(heights) > 1 else "y"},
        "shapes": _bands(marks, window, zone),
        "annotations": [],
    }
    data: list[Figure] = []
    for place, domain in enumerate(domains):
        axis = "y" if place == 0 else f"y{place + 1}"
        if lanes and place == 0:
            layout["yaxis"] = _lane_axis(lanes, domain)
            data += _lane_traces(lanes, marks, window, zone)
            continue
        group = groups[place - bool(lanes)]
        mine = [each for each in drawn if each.group == group]
        by, unit = charts.axis_unit(group[0], [curve for each in mine for curve in (each.now, each.before)])
        layout["yaxis" + axis[1:]] = {
            "domain": domain,
            "automargin": False,
            "zeroline": False,
            "nticks": 5,
            "fixedrange": True,
            "rangemode": "tozero" if group[0] != "By" else "normal",
        }
        layout["annotations"].append(_title(mine, unit, domain))
        for each in mine:
            data += _traces(each, drawn.index(each), by, unit, axis, window, zone)
    return {"data": data, "layout": layout}


def _domains(heights: Sequence[int], total: int) -> list[list[float]]:
    """From the top down, as shares of the plot area."""
    area = total - EDGES
    domains, top = [], float(area)
    for height in heights:
        top -= GAP if top < area or len(heights) > 0 else 0
        domains.append([round((top - height) / area, 4), round(top / area, 4)])
        top -= height
    return [[max(low, 0.0), high] for low, high in domains]


def _title(mine: Sequence[Drawn], unit: str, domain: Sequence[float]) -> Figure:
    """The names of a panel's lines in their colours: a legend that is where the eyes are."""
    names = list(dict.fromkeys(title_of(each.line.indicator) for each in mine))
    text = " · ".join(names[:4]) + (" …" if len(names) > 4 else "") + (f" ({unit})" if unit else "")
    return {
        "text": f"<b>{text}</b>",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": domain[1],
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13},
    }


def label_of(line: Line) -> str:
    where = line.component if line.part is None else f"{line.component} {line.part}"
    return f"{where} · {title_of(line.indicator)}"


def _traces(each: Drawn, place: int, by: float, unit: str, axis: str, window: Window, zone: str) -> list[Figure]:
    color = PALETTE[place % len(PALETTE)]
    dash = ("solid", "dash", "dashdot")[place // len(PALETTE) % 3]
    name = label_of(each.line)
    traces = []
    if each.before is not None:
        traces.append(
            _points(each.before, each.step, by, zone)
            | {
                "name": t("{name}, before", name=name),
                "yaxis": axis,
                "line": {"color": COLORS["before"], "width": 1.1, "dash": "dot"},
                "hovertemplate": f"%{{y:.4~g}} {unit}",
            }
        )
    if each.now is not None:
        if each.now.low is not None and each.now.high is not None and each.step is not None:
            traces += _band(each.now, each.step, by, zone, axis, color)
        traces.append(
            _points(each.now, each.step, by, zone)
            | {
                "name": name,
                "yaxis": axis,
                "line": {"color": color, "width": 1.6, "dash": dash},
                "hovertemplate": f"%{{y:.4~g}} {unit}",
            }
        )
    return traces


def _points(curve: Curve, step: timedelta | None, by: float, zone: str) -> Figure:
    """Steps that are missing break the line; so does a silence of raw samples three times as long as usual."""
    ts, values = curve.ts, curve.values / by
    usual = np.timedelta64(step) if step else np.median(np.diff(ts)) * 3 if len(ts) > 2 else None
    if usual is not None and len(ts) > 1:
        after = np.flatnonzero(np.diff(ts) > usual) + 1
        ts, values = np.insert(ts, after, ts[after - 1] + np.timedelta64(1, "s")), np.insert(values, after, np.nan)
    return {
        "type": "scatter",
        "x": charts.local_times(ts, zone),
        "y": values.astype(np.float32),
        "mode": "lines" if len(ts) > 2 else "lines+markers",
    }


def _band(curve: Curve, step: timedelta, by: float, zone: str, axis: str, color: str) -> list[Figure]:
    edges = [
        _points(Curve(curve.ts, edge, None, None), step, by, zone)
        | {"yaxis": axis, "line": {"width": 0}, "mode": "lines", "hoverinfo": "skip"}
        for edge in (curve.low, curve.high)
        if edge is not None
    ]
    edges[1] |= {"fill": "tonexty", "fillcolor": charts.faint(color)}
    return edges


def _lane_axis(lanes: Sequence[str], domain: list[float]) -> Figure:
    names = {
        "incident": t("incidents"),
        "deployment": t("deployments"),
        "change": t("changes"),
        "build": t("builds"),
        "batch_run": t("batches"),
        "alert": t("alerts"),
        "defect": t("defects"),
    }
    return {
        "domain": domain,
        "range": [len(lanes) - 0.5, -0.5],
        "tickvals": list(range(len(lanes))),
        "ticktext": [names[kind] for kind in lanes],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "automargin": False,
        "tickfont": {"size": 10},
    }


def _lane_traces(lanes: Sequence[str], marks: Sequence[Mark], window: Window, zone: str) -> list[Figure]:
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


def _told(mark: Mark) -> str:
    parts = [mark.title, mark.component or "", mark.status or ""]
    return " · ".join(part for part in parts if part)


def _bands(marks: Sequence[Mark], window: Window, zone: str) -> list[Figure]:
    """Incidents shade all panels; deployments are thin lines through them."""
    lines = [
        {
            "type": "line",
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "x0": local(mark.start, zone),
            "x1": local(mark.start, zone),
            "line": {"color": COLORS["deployment"], "width": 0.8},
            "opacity": 0.5,
            "layer": "below",
        }
        for mark in marks
        if mark.kind == "deployment"
    ]
    return [*charts.incidents(marks, window, zone), *lines[:80]]
