"""The share of needed indicators that were collected at the end of each week, a line for each team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from metrics.review.coverage import Share
from metrics.ui.charts import PALETTE, Figure
from metrics.ui.words import number, t

__all__ = ["trend"]

HEIGHT = 190
DAY = timedelta(days=1)


def trend(of: Mapping[str, Sequence[Share]], titles: Mapping[str, str]) -> Figure:
    """From 0 to 100 %: a hole is as large as it looks."""
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": titles.get(team, team),
            "x": [share.week.isoformat() for share in shares],
            "y": [100 * share.k / share.n for share in shares],
            "customdata": [t("{k} of {n}", k=number(share.k), n=number(share.n)) for share in shares],
            "hovertemplate": "%{y:.0f} % (%{customdata})",
            "line": {"color": PALETTE[place % len(PALETTE)], "width": 2},
            "marker": {"size": 4},
        }
        for place, (team, shares) in enumerate(of.items())
    ]
    weeks = [share.week for shares in of.values() for share in shares]
    layout: Figure = {
        "height": HEIGHT,
        "margin": {"l": 44, "r": 6, "t": 24, "b": 24},
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "dragmode": False,
        "hovermode": "x unified",
        "xaxis": {
            "type": "date",
            "range": [(min(weeks) - 3 * DAY).isoformat(), (max(weeks) + 3 * DAY).isoformat()],
            "fixedrange": True,
            "showgrid": False,
            "automargin": False,
            "nticks": 8,
            "tickformat": "%-d %b",
            "hoverformat": t("week of %-d %b"),
        },
        "yaxis": {"range": [0, 104], "nticks": 5, "ticksuffix": " %", "fixedrange": True, "automargin": False,
                  "zeroline": False},
    }  # fmt: skip
    return {"data": data, "layout": layout}
