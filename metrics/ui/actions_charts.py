"""The figures of the Actions page: one line before and after, the usual week on both sides, and stacked months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from metrics.analysis.effect import Effect
from metrics.review.action_months import Month
from metrics.review.judged import Judged
from metrics.review.period import local_day
from metrics.review.reading import side_of
from metrics.ui.actions_loading import Around
from metrics.ui.charts import COLORS, MANY, PALETTE, Figure, axis_unit, local, local_times, time_axis
from metrics.ui.words import day, number, scale, t

__all__ = ["Months", "line", "months", "week"]

Months = Sequence[Month]
Times = NDArray[np.datetime64]
Floats = NDArray[np.float64]
HEIGHT, WEEK_HEIGHT, MONTH_HEIGHT = 230, 150, 170
BEFORE, AFTER = "#8b929c", "#2f6fed"
LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 11}}
BAR_MS = 22 * 86_400_000
PER_CENT = {"range": [0, 100], "ticksuffix": " %"}
COUNTS = {"tickformat": "d", "rangemode": "tozero"}
LEAST_MONTHS = 6
# Up to so many every whole number has a tick, and no half has one.
FEW = 4
# 2024-01-01 was a Monday: a week that every reader's calendar writes alike.
MONDAY, MONDAY_NOON = "2024-01-01T00:00", "2024-01-01T12:00"


def line(around: Around, judged: Judged, zone: str) -> Figure | None:
    """The line around the start, what else was deployed, and the target; None without a point."""
    drawn = around.curve
    if drawn is None or not np.isfinite(drawn.values).any():
        return None
    by, unit = axis_unit(around.line.indicator.unit, [drawn])
    values = drawn.values / by
    target = None if judged.is_hourly or judged.action.target is None else judged.action.target / by
    low, high = _ends([*values[np.isfinite(values)].tolist(), *([] if target is None else [target])])
    color = COLORS[side_of(around.line.indicator)]
    mode = "lines+markers" if len(values) < 60 else "lines"
    times, broken = _broken(drawn.ts, values, around.step)
    return {
        "data": [
            {
                "type": "scatter", "mode": mode, "x": local_times(times, zone), "y": broken.round(6),
                "line": {"color": color, "width": 1.6}, "marker": {"size": 4}, "name": t("the line"),
                "hovertemplate": f"%{{y:.4~g}} {unit}<extra></extra>",
            },
            *_others(judged, around, zone, low, high),
        ],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 52, "r": 8, "t": 20, "b": 26},
            "showlegend": False, "dragmode": False, "hovermode": "x unified", "colorway": list(PALETTE),
            "xaxis": time_axis(around.window, zone, ticks=8),
            "yaxis": _y_axis(low, high, unit),
            "shapes": [*_start(judged, around, zone), *_level(target), *_means(judged, by, zone)],
            "annotations": [*_start_name(judged, around, zone), *_level_name(target, unit)],
        },
    }  # fmt: skip


def _broken(ts: Times, values: Floats, step: timedelta) -> tuple[Times, Floats]:
    """With nothing where nothing was measured, unless the line is of points that come rarely anyway."""
    gaps = np.diff(ts)
    if len(ts) < 60 or np.median(gaps) > np.timedelta64(step):
        return ts, values
    holes = np.flatnonzero(gaps > 2.5 * np.median(gaps))
    return np.insert(ts, holes + 1, ts[holes] + np.median(gaps)), np.insert(values, holes + 1, np.nan)


def _y_axis(low: float, high: float, unit: str) -> Figure:
    return {
        "range": [low, high], "nticks": 5, "fixedrange": True, "automargin": False, "zeroline": False,
        "title": {"text": unit, "standoff": 4, "font": {"size": 11}},
    }  # fmt: skip


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    low = 0.0 if 0 <= low < 0.6 * high else low
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return (low if low == 0 else low - room), high + room


def _start(judged: Judged, around: Around, zone: str) -> list[Figure]:
    at = judged.action.started
    if at is None or not around.window.start < at < around.window.end:
        return []
    pen = {"color": COLORS["threshold"], "width": 1.4, "dash": "dash"}
    x = local(at, zone)
    return [{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": pen}]


def _start_name(judged: Judged, around: Around, zone: str) -> list[Figure]:
    at = judged.action.started
    if at is None or not around.window.start < at < around.window.end:
        return []
    is_late = (at - around.window.start) / around.window.duration > 0.75
    return [
        {
            "text": t("started {day}", day=day(local_day(at, zone))), "showarrow": False,
            "yref": "paper", "y": 1, "yanchor": "bottom", "x": local(at, zone),
            "xanchor": "right" if is_late else "left", "font": {"size": 11, "color": COLORS["threshold"]},
        }
    ]  # fmt: skip


def _level(target: float | None) -> list[Figure]:
    if target is None:
        return []
    pen = {"color": "#5b8c1a", "width": 1.2, "dash": "dot"}
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": target, "y1": target, "line": pen}]


def _level_name(target: float | None, unit: str) -> list[Figure]:
    if target is None:
        return []
    # On the left: where the target is reached, the level after the start lies on it on the right.
    return [
        {
            "text": t("target {value}", value=f"{number(target)} {unit}".rstrip()), "showarrow": False,
            "xref": "paper", "x": 0, "xanchor": "left", "y": target, "yanchor": "bottom",
            "font": {"size": 10, "color": "#5b8c1a"},
        }
    ]  # fmt: skip


def _means(judged: Judged, by: float, zone: str) -> list[Figure]:
    """The two levels that were compared, where they are in the line's own unit."""
    effect, started = judged.effect, judged.action.started
    if effect is None or started is None or effect.is_per_demand or judged.is_hourly:
        return []
    end = effect.until or judged.as_of
    ends = ((started - (end - started), started, effect.before, BEFORE), (started, end, effect.after, AFTER))
    return [
        {
            "type": "line", "x0": local(x0, zone), "x1": local(x1, zone), "y0": value / by, "y1": value / by,
            "line": {"color": color, "width": 2.4}, "opacity": 0.75,
        }
        for x0, x1, value, color in ends
    ]  # fmt: skip


def _others(judged: Judged, around: Around, zone: str, low: float, high: float) -> list[Figure]:
    """Other changes of the component as thin lines; many are ticks at the bottom."""
    starts = [local(at, zone) for at in judged.others if around.window.start <= at < around.window.end]
    if not starts:
        return []
    top = low + (0.07 if len(starts) > MANY else 1) * (high - low)
    return [
        {
            "type": "scatter", "mode": "lines", "x": [x for at in starts for x in (at, at, None)],
            "y": [low, top, None] * len(starts), "line": {"color": COLORS["deployment"], "width": 0.9},
            "opacity": 0.6, "hoverinfo": "skip",
        }
    ]  # fmt: skip


def week(effect: Effect, judged: Judged) -> Figure | None:
    """The usual week before in grey and after in colour, hour by hour; by weekday where it is measured so rarely."""
    sides = ((effect.profile_before, BEFORE, t("before")), (effect.profile_after, AFTER, t("after")))
    known = [value for profile, _, _ in sides for value in profile if value is not None]
    if not known:
        return None
    by, unit = (1.0, "") if effect.is_per_demand else scale(judged.unit or "1", max(map(abs, known)))
    low, high = _ends([value / by for value in known])
    hours = 168 // len(effect.profile_before)
    return {
        "data": [
            {
                "type": "scatter", "mode": "lines" if hours < 24 else "lines+markers", "name": name,
                "x0": MONDAY if hours < 24 else MONDAY_NOON, "dx": hours * 3_600_000,
                "y": [None if value is None else round(value / by, 6) for value in profile],
                "line": {"color": color, "width": 1.5}, "hovertemplate": f"%{{y:.4~g}} {unit}",
            }
            for profile, color, name in sides
        ],
        "layout": {
            "height": WEEK_HEIGHT,
            "margin": {"l": 52, "r": 8, "t": 20, "b": 22},
            "showlegend": True, "legend": LEGEND, "dragmode": False, "hovermode": "x unified",
            "xaxis": {
                "type": "date", "fixedrange": True, "showgrid": True, "tickformat": "%a", "dtick": 86_400_000,
                "tick0": MONDAY, "hoverformat": "%a %H:%M", "ticklabelmode": "period",
                "range": [MONDAY, "2024-01-08T00:00"],
            },
            "yaxis": _y_axis(low, high, unit),
        },
    }  # fmt: skip


def months(found: Months, names: Sequence[tuple[str, str, str]], *, as_share: bool) -> Figure:
    """Stacked bars, a month each; a share in per cent of the month's own."""
    return {
        "data": [
            {
                "type": "bar", "name": title,
                "x": [month.start.isoformat() for month in found],
                "y": [_height(month, name, as_share=as_share) for month in found],
                "text": [f"{number(month.counts[name])} / {number(month.n)}" for month in found],
                "textposition": "none",
                "width": BAR_MS,
                "marker": {"color": color}, "hovertemplate": "%{text}",
            }
            for name, title, color in names
            if any(month.counts[name] for month in found)
        ],
        "layout": {
            "height": MONTH_HEIGHT,
            "margin": {"l": 42, "r": 6, "t": 20, "b": 22},
            "barmode": "stack", "bargap": 0.25, "showlegend": True, "legend": LEGEND, "dragmode": False,
            "hovermode": "x unified",
            "xaxis": {
                "type": "date", "fixedrange": True, "showgrid": False, "tickformat": "%b", "hoverformat": "%b %Y",
                "dtick": "M1" if len(found) <= 12 else "M3",
                # A bar as wide as a month stands about its first day.
                "range": [_beside(found[0], min(-20, 31 * (len(found) - LEAST_MONTHS))), _beside(found[-1], 20)],
            },
            "yaxis": {
                "fixedrange": True, "automargin": False, "nticks": 4, "zeroline": False,
                **(PER_CENT if as_share else COUNTS),
                **({} if as_share or max(month.n for month in found) > FEW else {"dtick": 1}),
            },
        },
    }  # fmt: skip


def _height(month: Month, name: str, *, as_share: bool) -> float | None:
    if not as_share:
        return month.counts[name]
    part = month.share(name)
    return None if part is None else round(100 * part, 1)


def _beside(month: Month, days: int) -> str:
    return (month.start + timedelta(days=days)).isoformat()
