"""Tables: how high they are, what a click on them does, and the frames that more than one page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from metrics.review.coverage import Cell
from metrics.review.reading import Reading, State, side_of
from metrics.ui.coverage_words import SIGNS as HOLE_SIGNS
from metrics.ui.coverage_words import how_it_stands, why
from metrics.ui.words import age, change, quantity, t, title_of

__all__ = ["ROW_HEIGHT", "columns_of_readings", "draw", "height", "holes", "readings"]

ROW_HEIGHT = 30
# Signs beside colours: not everybody sees red, and print has none.
SIGNS: Mapping[State, str] = {
    "over": "▲ over",
    "worse": "↘ worse",
    "steady": "· steady",
    "better": "↗ better",
    "silent": "○ no data",
}
SIGN_COLORS: Mapping[State, str] = {
    "over": "red",
    "worse": "orange",
    "steady": "gray",
    "better": "green",
    "silent": "gray",
}


def height(rows: int, most: int = 12) -> int:
    """Of a table with its heading: beyond so many lines it scrolls."""
    return min(rows + 1, most) * ROW_HEIGHT + 8


def draw(
    frame: pd.DataFrame,
    alt: str,
    *,
    columns: Mapping[str, Any] | None = None,
    most: int = 12,
    key: str | None = None,
    choose: Callable[[int], None] | None = None,
) -> None:
    """A click on a cell calls `choose` with the place of its row; such a table has a key."""
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=height(len(frame), most),
        column_config=columns,
        on_select=partial(_clicked, key, choose) if key and choose else "ignore",
        selection_mode="single-cell",
        alt=alt,
    )


def _clicked(key: str, choose: Callable[[int], None]) -> None:
    if cells := st.session_state[key]["selection"]["cells"]:
        choose(cells[0][0])


def readings(rows: Sequence[Reading], now: datetime) -> pd.DataFrame:
    """All indicators, in the order given: a cell without a figure is empty, never 0.

    What a phone shows without scrolling comes first: how it is, what, and how much.
    """
    return pd.DataFrame(
        {
            "state": [[t(SIGNS[r.state])] for r in rows],
            "indicator": [title_of(r.line.indicator) for r in rows],
            "now": [quantity(r.now, r.line.indicator.unit) for r in rows],
            "component": [r.line.component for r in rows],
            "part": [r.line.part or "" for r in rows],
            "side": [t("infra") if side_of(r.line.indicator) == "infra" else t("dev") for r in rows],
            "before": [quantity(r.before, r.line.indicator.unit) for r in rows],
            "change": [change(r.change, r.before, r.line.indicator.unit) for r in rows],
            "threshold": [quantity(r.threshold.value, r.line.indicator.unit) if r.threshold else "" for r in rows],
            "headroom": [np.nan if r.headroom is None else 100 * min(max(r.headroom, 0.0), 1.0) for r in rows],
            "trend": [np.asarray(r.spark, dtype=np.float32) for r in rows],
            "age": [age(r.line.last_ts, now) for r in rows],
        }
    )


def columns_of_readings(*, compare: bool) -> dict[str, Any]:
    """How the columns of `readings` look; without a comparison two of them are not shown."""
    column = st.column_config
    return {
        "state": column.MultiselectColumn(
            t("State"),
            options=[t(sign) for sign in SIGNS.values()],
            color=[SIGN_COLORS[state] for state in SIGNS],
            width=90,
        ),
        "indicator": column.TextColumn(t("Indicator"), width=175),
        "now": column.TextColumn(t("Now"), width=85, alignment="right"),
        "component": column.TextColumn(t("Component"), width=120),
        "part": column.TextColumn(t("Part"), width=130),
        "side": column.TextColumn(t("Team"), width=55),
        "before": column.TextColumn(t("Before"), width=90, alignment="right") if compare else None,
        "change": column.TextColumn(t("Change"), width=90, alignment="right") if compare else None,
        "threshold": column.TextColumn(t("Threshold"), width=90, alignment="right"),
        "headroom": column.ProgressColumn(t("Headroom"), format="%.0f %%", min_value=0, max_value=100, width=120),
        "trend": column.LineChartColumn(t("Trend"), width=170),
        "age": column.TextColumn(t("Newest"), width=100),
    }


def holes(found: Sequence[Cell], zone: str, now: datetime) -> pd.DataFrame:
    """What is not collected, or not all of it, since when and why: as the Coverage page says it."""
    return pd.DataFrame(
        {
            t("Component"): [cell.component.title for cell in found],
            t("Indicator"): [title_of(cell.indicator) for cell in found],
            t("State"): [f"{HOLE_SIGNS[cell.state]} {how_it_stands(cell, zone, now)}" for cell in found],
            t("Why"): [why(cell) for cell in found],
        }
    )
