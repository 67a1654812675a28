"""The lower half of Home: every indicator worst first, and what is not collected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from metrics.review.coverage import Cell
from metrics.review.overview import Overview
from metrics.review.reading import Reading
from metrics.ui import address, controls, tables
from metrics.ui.tiles import EXPLORE, link_to
from metrics.ui.words import counted, t

__all__ = ["draw", "draw_holes"]

ROWS_SHOWN = 14
COVERAGE = "pages/8_coverage.py"


@st.fragment
def draw(review: Overview, now: datetime, state_of_data: tuple[str, ...], *, compare: bool) -> None:
    """All indicators; a click on a cell opens its line in Explore."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(t("All indicators, worst first"), anchor=False, width="content")
        st.space("stretch")
        shown = controls.choice(
            t("State"),
            {
                "any": t("Any state"),
                "over": t("Over"),
                "worse": t("Worse"),
                "better": t("Better"),
                "silent": t("No data"),
            },
            "state",
        )
    rows = [reading for reading in review.readings if shown in ("any", reading.state)]
    if not rows:
        st.caption(t("None in this state."))
        return
    picked = st.dataframe(
        _frame((*state_of_data, shown), now.replace(second=0, microsecond=0), rows),
        key=f"readings-{shown}",
        hide_index=True,
        row_height=tables.ROW_HEIGHT,
        height=tables.height(len(rows), ROWS_SHOWN),
        column_config=tables.columns_of_readings(compare=compare),
        on_select="rerun",
        selection_mode="single-cell",
        alt=t("All indicators with their figure, change, threshold and headroom, worst first"),
    )
    if cells := picked["selection"]["cells"]:
        st.switch_page(EXPLORE, query_params=link_to(rows[cells[0][0]]))


@st.cache_resource(max_entries=64, show_spinner=False)
def _frame(key: tuple[str, ...], minute: datetime, _rows: Sequence[Reading]) -> pd.DataFrame:
    """A thousand rows of words take a moment: written once a minute for all visitors."""
    return tables.readings(_rows, minute)


def draw_holes(holes: Sequence[Cell], zone: str, now: datetime) -> None:
    """What is needed and missing, plainly; nothing at all is said where nothing is asked for."""
    if not holes:
        return
    st.subheader(counted("{n} hole in what is collected", "{n} holes in what is collected", len(holes)), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            t("Their component needs them and the store lacks them or a part: nobody would see them go wrong."),
            width="content",
        )
        st.page_link(COVERAGE, label=t("What to do about them: Coverage"), query_params=address.with_view())
    tables.draw(tables.holes(holes, zone, now), t("Indicators that are needed and not collected"), most=ROWS_SHOWN)
