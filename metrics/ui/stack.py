"""A stack of panels on one time axis: lanes of events, and a panel for each unit instead of two axes in one.

Explore draws lines as they were chosen; Spikes draws the application above, the infrastructure below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.model import Unit, Window
from metrics.review.lines import Curve, Line, family
from metrics.review.marks import Mark
from metrics.ui import charts, lanes
from metrics.ui.charts import COLORS, MANY, PALETTE, Figure, local
from metrics.ui.words import step_name, t, title_of

__all__ = ["PLAIN", "Drawn", "More", "Shade", "figure", "label_of", "panel_names", "shade", "where"]

PANEL, LANE, EDGES, GAP, SHADE_NAME = 190, 20, 30, 30, 12
# A line that breaks more often than once in so many points is dots with lines between them.
BROKEN = 5
# Lines named above a panel; the others are told by hovering.
NAMED = 6


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One line with its points, now and, moved onto the same axis, before."""

    line: Line
    now: Curve | None
    before: Curve | None
    step: timedelta | None
    """None for raw samples."""
    threshold: float | None = None
    side: str = ""
    """Told beside its panel; lines of two sides share none."""

    @property
    def group(self) -> tuple[Unit, str]:
        """What shares a panel: percentages, and else only what is of one kind and so of one size."""
        indicator = self.line.indicator
        return indicator.unit, self.side + ("" if indicator.unit == "%" else family(self.line))


@dataclass(frozen=True, slots=True)
class Shade:
    """A span behind all panels, named above them."""

    span: Window
    color: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class More:
    """What a figure shows beyond lines and marks."""

    lanes: tuple[str, ...] = ()
    """Kinds of events that have a lane even if there were none: that is news too."""
    shades: tuple[Shade, ...] = ()
    errors: Curve | None = None
    """Errors in the logs by step: a lane that is the darker the more there are."""
    step: timedelta = timedelta(0)
    """That of `errors`."""
    panel: int = PANEL


PLAIN = More()


def panel_names(drawn: Sequence[Drawn]) -> list[tuple[Unit, str]]:
    return list(dict.fromkeys(each.group for each in drawn))


def figure(drawn: Sequence[Drawn], marks: Sequence[Mark], window: Window, zone: str, more: More = PLAIN) -> Figure:
    """The whole figure; the colours follow the order of the lines."""
    groups = panel_names(drawn)
    kinds = [kind for kind in lanes.LANES if kind in more.lanes or any(mark.kind == kind for mark in marks)]
    heights = [LANE * len(kinds) + 8] * bool(kinds) + [more.panel] * len(groups)
    above = SHADE_NAME * bool(more.shades)
    domains = _domains(heights, has_lanes=bool(kinds))
    layout: Figure = {
        "height": sum(heights) + GAP * len(groups) + EDGES + above,
        "margin": {"l": 78, "r": 12, "t": 4 + above, "b": 26},
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "dragmode": "select",
        "selectdirection": "h",
        "showlegend": False,
        "colorway": list(PALETTE),
        "xaxis": _time_axis(window, zone)
        | {"anchor": f"y{len(heights)}" if len(heights) > 1 else "y"}
        # Beside a heatmap plotly would draw them outside, where there is no room.
        | ({"ticks": ""} if more.errors is not None else {}),
        "shapes": [*(shade(each, zone) for each in more.shades), *_bands(marks, window, zone)],
        "annotations": [_shade_name(each, zone) for each in more.shades],
    }
    data: list[Figure] = []
    for place, domain in enumerate(domains):
        axis = "y" if place == 0 else f"y{place + 1}"
        if kinds and place == 0:
            layout["yaxis"] = lanes.axis(kinds, domain)
            data += lanes.traces(kinds, marks, window, zone)
            data += lanes.errors(more.errors, more.step, kinds.index("log"), zone) if "log" in kinds else []
            continue
        group = groups[place - bool(kinds)]
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
        layout["annotations"].append(_title(mine, [_color(drawn.index(each)) for each in mine], unit, domain))
        layout["annotations"] += _side(mine[0].side, domain)
        layout["shapes"] += _threshold(mine, by, axis)
        for each in mine:
            data += _traces(each, drawn.index(each), by, unit, axis, window, zone)
    return {"data": data, "layout": layout}


def _time_axis(window: Window, zone: str) -> Figure:
    """Below two days plotly finds the hours that fit: a phone has room for four."""
    axis = charts.time_axis(window, zone, ticks=12)
    if "dtick" not in axis:
        axis.pop("nticks")
    return axis | {"tickangle": 0}


def _domains(heights: Sequence[int], *, has_lanes: bool) -> list[list[float]]:
    """From the top down, as shares of the plot area; above each panel but the lanes is room for its title."""
    gaps = [0 if has_lanes and place == 0 else GAP for place in range(len(heights))]
    area = sum(heights) + sum(gaps)
    domains, top = [], area
    for gap, height in zip(gaps, heights, strict=True):
        top -= gap
        domains.append([round((top - height) / area, 4), round(top / area, 4)])
        top -= height
    return domains


def _title(mine: Sequence[Drawn], colors: Sequence[str], unit: str, domain: Sequence[float]) -> Figure:
    """What the panel shows, then its lines in their colours: a legend where the eyes are."""
    names = list(dict.fromkeys(title_of(each.line.indicator) for each in mine))
    step = mine[0].step
    if step is not None and mine[0].line.indicator.rollup == "sum":
        unit = " ".join(part for part in (unit, t("per {step}", step=step_name(step))) if part)
    text = "<b>" + " · ".join(names[:3]) + ("…" if len(names) > 3 else "") + (f" ({unit})" if unit else "") + "</b>"
    for each, color in list(zip(mine, colors, strict=True))[:NAMED]:
        name = where(each.line) if len(names) == 1 else label_of(each.line)
        text += f'   <span style="color:{color}">━ {name}</span>'
    if len(mine) > NAMED:
        text += "   …"
    return {
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": domain[1],
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }


def _side(side: str, domain: Sequence[float]) -> list[Figure]:
    """In the margin beside the panel's title, where nothing else is."""
    if not side:
        return []
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": domain[1], "xanchor": "right", "yanchor": "bottom"}
    return [{"text": side, "showarrow": False, "xshift": -6, "yshift": 5, "font": {"size": 10}, **place}]


def shade(of: Shade, zone: str) -> Figure:
    """A rectangle through the whole height, behind the lines."""
    return {
        "type": "rect",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": local(of.span.start, zone),
        "x1": local(of.span.end, zone),
        "fillcolor": of.color,
        "line": {"width": 0},
        "layer": "below",
    }


def _shade_name(shade: Shade, zone: str) -> Figure:
    """At the left edge of its span, above everything."""
    return {
        "text": shade.name,
        "x": local(shade.span.start, zone),
        "yref": "paper",
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 10},
    }


def where(line: Line) -> str:
    place = line.component if line.part is None else f"{line.component} {line.part}"
    return f"{place} ({line.source})" if line.has_rivals else place


def label_of(line: Line) -> str:
    return f"{where(line)} · {title_of(line.indicator)}"


def _color(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def _threshold(mine: Sequence[Drawn], by: float, axis: str) -> list[Figure]:
    """The line that all of a panel's lines are held to; none where they are held to different ones."""
    levels = {each.threshold for each in mine}
    level = levels.pop() if len(levels) == 1 else None
    if level is None:
        return []
    line = {"color": COLORS["threshold"], "width": 1.2, "dash": "dash"}
    at = level / by
    return [{"type": "line", "xref": "paper", "yref": axis, "x0": 0, "x1": 1, "y0": at, "y1": at, "line": line}]


def _traces(each: Drawn, place: int, by: float, unit: str, axis: str, window: Window, zone: str) -> list[Figure]:
    color = _color(place)
    dash = ("solid", "dash", "dashdot")[place // len(PALETTE) % 3]
    name = label_of(each.line)
    traces = []
    if each.before is not None:
        traces.append(
            _points(each.before, each.step, by, zone)
            | {
                "name": t("{name}, before", name=name),
                "yaxis": axis,
                "line": {"color": color, "width": 1.1, "dash": "dot"},
                "opacity": 0.6,
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
    breaks = _breaks(curve, step)
    rare = len(curve.ts) < 3 or (step is not None and np.median(np.diff(curve.ts)) > np.timedelta64(step))
    # Between two breaks a single point would not be seen.
    rare = rare or len(breaks) > len(curve.ts) / BROKEN
    ts = np.insert(curve.ts, breaks, curve.ts[breaks - 1] + np.timedelta64(1, "s"))
    return {
        "type": "scatter",
        "x": charts.local_times(ts, zone),
        "y": np.insert(curve.values / by, breaks, np.nan).astype(np.float32),
        "mode": "lines+markers" if rare else "lines",
        "marker": {"size": 5},
    }


def _band(curve: Curve, step: timedelta, by: float, zone: str, axis: str, color: str) -> list[Figure]:
    """Both edges, pinched shut over gaps, since plotly shades the wrong side of a broken line."""
    if curve.low is None or curve.high is None or np.array_equal(curve.low, curve.high):
        return []
    breaks = np.repeat(_breaks(curve, step), 2)
    second = np.timedelta64(1, "s") * np.tile([1, -1], len(breaks) // 2)
    around = breaks + np.tile([-1, 0], len(breaks) // 2)
    x = charts.local_times(np.insert(curve.ts, breaks, curve.ts[around] + second), zone)
    middle = (curve.low + curve.high) / 2
    low, high = (
        {
            "type": "scatter",
            "x": x,
            "y": (np.insert(edge, breaks, middle[around]) / by).astype(np.float32),
            "yaxis": axis,
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
        }
        for edge in (curve.low, curve.high)
    )
    return [low, high | {"fill": "tonexty", "fillcolor": charts.faint(color)}]


def _breaks(curve: Curve, step: timedelta | None) -> NDArray[np.intp]:
    """The places before which something is missing, by how far apart the points usually are."""
    if len(curve.ts) < 3:
        return np.array([], dtype=np.intp)
    between = np.diff(curve.ts).astype("timedelta64[us]").astype(np.int64)
    usual = max(float(np.median(between)), step / timedelta(microseconds=1) if step else 0.0)
    return np.flatnonzero(between > (1.5 if step else 3.0) * usual) + 1


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
    return [*charts.incidents(marks, window, zone), *(lines if len(lines) <= MANY else [])]
