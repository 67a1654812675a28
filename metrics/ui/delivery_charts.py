"""Figures of the Delivery page as plain dicts: each week or month by its first day, a gap where too little is known.

A week or month that the period cuts is drawn hollow: it may still change, or may never have been whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from metrics.review.delivery.defects import Defects
from metrics.review.delivery.deployments import REMEDIES
from metrics.review.delivery.figure import FailRate, Floor, Rate, Spread
from metrics.review.delivery.trend import Bucket
from metrics.ui.charts import COLORS, PALETTE, Figure, faint
from metrics.ui.delivery_words import STAGES
from metrics.ui.words import number, quantity, scale, t

__all__ = ["defects", "stages", "trend"]

HEIGHT = 110
STAGE_COLORS = {"review": PALETTE[0], "wait": PALETTE[2], "deploy": PALETTE[1]}
# Kinds of deployments that nobody planned stand out; all others are one.
UNPLANNED = "#c27c0e"
# From early to late in the work; what users found stands out.
PHASES = ("#5eb5a8", "#3f9fb0", "#3d88c4", "#5b73d6", "#7c6be0", "#a05fc9", "#b455a0")
IN_PRODUCTION = "#d98206"

Cell = float | None


def trend(name: str, buckets: Sequence[Bucket]) -> Figure | None:
    """A figure over the period; None where no week or month has enough for one."""
    if name == "deployment_frequency":
        return _frequency(buckets)
    values = [getattr(bucket.figures, name).value for bucket in buckets]
    if any(isinstance(each, Rate | FailRate) for each in values):
        return _rates(values, buckets)
    return _times(values, buckets)


def _frequency(buckets: Sequence[Bucket]) -> Figure | None:
    """How many deployments, those that mended something apart: a roll-back is no progress."""
    parts = [bucket.figures.deployment_frequency.parts for bucket in buckets]
    mending = [sum(n for kind, n in each.items() if kind in REMEDIES) for each in parts]
    others = [sum(n for kind, n in each.items() if kind not in (*REMEDIES, "same_version")) for each in parts]
    if not any(mending) and not any(others):
        return None
    x = [bucket.start.isoformat() for bucket in buckets]
    shades = [0.9 if bucket.is_whole else 0.45 for bucket in buckets]
    named = ((t("planned"), others, COLORS["dev"]), (t("hotfix, roll-back, revert"), mending, UNPLANNED))
    data = [
        {"type": "bar", "x": x, "y": y, "name": name, "marker": {"color": color, "opacity": shades},
         "hovertemplate": "%{y}"}
        for name, y, color in named
        if any(y)
    ]  # fmt: skip
    most = max(a + b for a, b in zip(mending, others, strict=True))
    return {"data": data, "layout": _layout(buckets, 1.1 * most) | {"barmode": "stack", "bargap": 0.25}}


def _rates(values: Sequence[object], buckets: Sequence[Bucket]) -> Figure:
    """Confirmed as a line; a whisker up to what it would be if every suspicion were true."""
    low, high, told = list[Cell](), list[Cell](), list[str]()
    for each in values:
        match each:
            case FailRate(confirmed, possible):
                low.append(100 * confirmed.share)
                high.append(100 * possible.share)
                more = t(", {n} to review", n=number(each.unreviewed)) if each.unreviewed else ""
                told.append(t("{k} of {n}", k=number(confirmed.k), n=number(confirmed.n)) + more)
            case Rate(k, n):
                low.append(100 * each.share)
                high.append(100 * each.share)
                told.append(t("{k} of {n}", k=number(k), n=number(n)))
            case _:
                low.append(None)
                high.append(None)
                told.append("")
    line = _line(buckets, low, told, COLORS["dev"], unit=" %")
    above = [h - low_ if h is not None and low_ is not None else 0 for h, low_ in zip(high, low, strict=True)]
    if any(above):
        line["error_y"] = {"type": "data", "symmetric": False, "array": above, "arrayminus": [0] * len(above),
                           "color": COLORS["before"], "thickness": 2, "width": 3}  # fmt: skip
    return {"data": [line], "layout": _layout(buckets, max(1.1 * max(y for y in high if y is not None), 1))}


def _times(values: Sequence[object], buckets: Sequence[Bucket]) -> Figure | None:
    """Medians, and faintly how long the slowest tenth took at least."""
    seconds = [_seconds(each) for each in values]
    known = [each for each in seconds if each is not None]
    if not known:
        return None
    slow = [each.p90 if isinstance(each, Spread) else None for each in values]
    by, unit = scale("s", max(known))
    most = max(*known, *(min(each, 2.5 * max(known)) for each in slow if each is not None), 0)
    told = [t("n = {n}", n=number(each.n)) if isinstance(each, Spread) else "" for each in values]
    data = []
    if any(slow):
        p90 = [t("p90 {value}", value=quantity(each, "s")) for each in slow]
        data.append(_line(buckets, _divided(slow, by), p90, COLORS["before"], dash="dot", unit=f" {unit}"))
    data.append(_line(buckets, _divided(seconds, by), told, COLORS["dev"], unit=f" {unit}"))
    layout = _layout(buckets, 1.1 * most / by)
    layout["yaxis"]["ticksuffix"] = f" {unit}"
    return {"data": data, "layout": layout}


def stages(buckets: Sequence[Bucket]) -> Figure | None:
    """Where lead time goes: the median of each stage. They are no parts of a sum: medians don't add up."""
    columns = {
        name: [None if (of := bucket.figures.lead_time_stages[name]) is None else of.median for bucket in buckets]
        for name in STAGE_COLORS
    }
    known = [each for column in columns.values() for each in column if each is not None]
    if not known:
        return None
    by, unit = scale("s", max(known))
    data = [
        _line(buckets, _divided(column, by), [""] * len(column), STAGE_COLORS[name], unit=f" {unit}")
        | {"name": t(STAGES[name])}
        for name, column in columns.items()
    ]
    layout = _layout(buckets, 1.1 * max(known) / by) | {"height": 200, "showlegend": True}
    layout["legend"] = {"orientation": "h", "font": {"size": 11}, "x": 0, "y": 1.02, "yanchor": "bottom"}
    layout["margin"]["t"] = 24
    layout["yaxis"]["ticksuffix"] = f" {unit}"
    return {"data": data, "layout": layout}


def defects(of: Defects) -> Figure:
    """How many each month, in the order of the work from below."""
    x = [day.isoformat() for day in of.months]
    early = [phase for phase in of.counts if phase.casefold() != "production"]
    colors = {phase: PHASES[min(place, len(PHASES) - 1)] for place, phase in enumerate(early)}
    data = [
        {"type": "bar", "x": x, "y": list(counts), "name": phase, "hovertemplate": "%{y}",
         "marker": {"color": colors.get(phase, IN_PRODUCTION)}}
        for phase, counts in of.counts.items()
    ]  # fmt: skip
    most = max(map(sum, zip(*of.counts.values(), strict=True)), default=1)
    layout = _frame(of.months, 1.08 * most) | {"height": 200, "barmode": "stack", "bargap": 0.3, "showlegend": True}
    layout["legend"] = {"traceorder": "reversed", "font": {"size": 11}, "x": 1.01, "y": 1}
    layout["margin"] = {"l": 34, "r": 4, "t": 6, "b": 26}
    return {"data": data, "layout": layout}


def _line(
    buckets: Sequence[Bucket],
    y: Sequence[Cell],
    told: Sequence[str],
    color: str,
    *,
    dash: str = "solid",
    unit: str = "",
) -> Figure:
    whole = [bucket.is_whole for bucket in buckets]
    marker = {
        "size": 5 if dash == "solid" else 3,
        "color": [color if each else faint(color) for each in whole],
        "line": {"color": color, "width": 1},
    }
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [bucket.start.isoformat() for bucket in buckets],
        "y": list(y),
        "text": list(told),
        "connectgaps": False,
        "cliponaxis": False,
        "line": {"color": color, "width": 1.7 if dash == "solid" else 1, "dash": dash},
        "marker": marker,
        "hovertemplate": f"%{{y:.3~g}}{unit}  %{{text}}<extra></extra>",
    }


def _layout(buckets: Sequence[Bucket], most: float) -> Figure:
    return _frame([bucket.start for bucket in buckets], most)


def _frame(starts: Sequence[date], most: float) -> Figure:
    step = starts[1] - starts[0] if len(starts) > 1 else timedelta(days=7)
    return {
        "height": HEIGHT,
        "margin": {"l": 46, "r": 6, "t": 5, "b": 24},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "x unified",
        "xaxis": {
            "type": "date",
            "range": [(starts[0] - step / 2).isoformat(), (starts[-1] + step / 2).isoformat()],
            "fixedrange": True,
            "showgrid": False,
            "automargin": False,
            "nticks": 4,
            "tickformat": "%b" if step > timedelta(days=20) else "%-d %b",
            "hoverformat": "%b %Y" if step > timedelta(days=20) else t("week of %-d %b"),
        },
        "yaxis": {"range": [0, most], "nticks": 4, "fixedrange": True, "automargin": False, "zeroline": False},
    }


def _seconds(of: object) -> Cell:
    match of:
        case Spread(_, median, _):
            return median
        case Floor():
            return of.seconds
    return None


def _divided(values: Sequence[Cell], by: float) -> list[Cell]:
    return [None if each is None else each / by for each in values]
