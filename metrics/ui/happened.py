"""The events that are marked on a chart, one row each, with the way to where they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from metrics.model import EventKind
from metrics.review.marks import Mark
from metrics.review.period import Period
from metrics.ui import tables
from metrics.ui.words import both, counted, quantity, t

__all__ = ["KINDS", "draw", "frame", "linked", "web"]

# One and many of each, as they are counted.
KINDS: Mapping[EventKind, tuple[str, str]] = {
    "deployment": ("{n} deployment", "{n} deployments"),
    "incident": ("{n} incident", "{n} incidents"),
    "alert": ("{n} alert", "{n} alerts"),
    "batch_run": ("{n} batch run", "{n} batch runs"),
    "build": ("{n} build", "{n} builds"),
    "change": ("{n} change", "{n} changes"),
    "defect": ("{n} defect", "{n} defects"),
}


def draw(marks: Sequence[Mark], period: Period, *, opened: bool = False) -> None:
    """The table is made when somebody opens it."""
    if not marks:
        return
    n = Counter(mark.kind for mark in marks)
    what = both([counted(*KINDS[kind], n[kind]) for kind in KINDS if n[kind]])
    table = st.expander(t("Events in this period: {what}", what=what), opened, on_change="rerun", key="happened")
    if not table.open:
        return
    column = st.column_config
    with table:
        tables.draw(
            frame(marks, period),
            t("What happened in this period, newest first"),
            columns={
                "began": column.DatetimeColumn(t("Began"), format="ddd D MMM, HH:mm", width=130),
                "kind": column.TextColumn(t("Kind"), width=90),
                "title": column.TextColumn(t("What"), width=330),
                "component": column.TextColumn(t("Component"), width=110),
                "status": column.TextColumn(t("Status"), width=90),
                "took": column.TextColumn(t("Took"), width=80, alignment="right"),
                "url": column.LinkColumn(t("Source"), display_text=t("open"), width=60),
            },
        )


def frame(marks: Sequence[Mark], period: Period) -> pd.DataFrame:
    """Newest first, by the zone's clock; how long is unknown where it goes on."""
    rows = sorted(marks, key=lambda mark: mark.start, reverse=True)
    began = pd.DatetimeIndex([mark.start for mark in rows])
    return pd.DataFrame(
        {
            "began": began.tz_convert(period.zone).tz_localize(None),
            "kind": [t(mark.kind.replace("_", " ")) for mark in rows],
            "title": [mark.title for mark in rows],
            "component": [mark.component or "" for mark in rows],
            "status": [mark.status or "" for mark in rows],
            "took": [_took(mark) for mark in rows],
            "url": [web(mark.url) for mark in rows],
        }
    )


def web(url: str | None) -> str | None:
    """A source's address, if a browser may follow it."""
    return url if url and url.startswith(("https://", "http://")) else None


def linked(told: str, url: str | None, sign: str = "") -> str:
    """Markdown that leads there, with a sign that it does, if a browser may follow it."""
    address = web(url)
    if address is None:
        return told
    return f"[{told}{sign}]({address.replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"


def _took(mark: Mark) -> str:
    if mark.end is None or mark.end <= mark.start:
        return ""
    return quantity((mark.end - mark.start).total_seconds(), "s")
