"""The rows behind a chart, to read and to take along; made only when somebody opens them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from metrics.ui import stack
from metrics.ui.words import t

__all__ = ["rows"]


def rows(drawn: Sequence[stack.Drawn], zone: str) -> None:
    """Closed at first."""
    shown = st.expander(t("The rows behind it"), on_change="rerun", key="rows")
    if not shown.open:
        return
    frame = _frame(drawn, zone)
    with shown:
        st.dataframe(frame, hide_index=True, height=320, row_height=28, alt=t("The rows behind the chart"))
        st.download_button(
            t("Download as CSV"), lambda: frame.to_csv(index=False), "tomoni.csv", "text/csv", on_click="ignore"
        )


def _frame(drawn: Sequence[stack.Drawn], zone: str) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "time": pd.DatetimeIndex(each.now.ts).tz_localize("UTC").tz_convert(zone),
                "component": each.line.component,
                "part": each.line.part or "",
                "indicator": each.line.indicator.name,
                "source": each.line.source,
                "value": each.now.values,
                "least": each.now.low if each.now.low is not None else float("nan"),
                "greatest": each.now.high if each.now.high is not None else float("nan"),
                "unit": each.line.indicator.unit,
            }
        )
        for each in drawn
        if each.now is not None
    ]
    return pd.concat(frames, ignore_index=True)
