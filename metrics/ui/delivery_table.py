"""The deployments behind a figure, or all of a period, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from metrics.review.delivery.behind import OPENED, Behind, behind
from metrics.review.delivery.report import EnvironmentDelivery
from metrics.ui import address, controls
from metrics.ui.delivery_loading import Seen
from metrics.ui.delivery_tiles import show
from metrics.ui.delivery_words import TITLES
from metrics.ui.happened import web
from metrics.ui.tables import ROW_HEIGHT
from metrics.ui.words import counted, number, quantity, t

__all__ = ["asked", "draw", "environment", "frame"]

ROWS_SHOWN = 14


def asked() -> str | None:
    """The figure whose deployments are open; one that there is not is explained."""
    figure = address.asked("figure")
    if figure is not None and figure not in OPENED:
        controls.explain("figure", {name: t(TITLES[name]) for name in OPENED})
        return None
    return figure


def environment(seen: Seen) -> EnvironmentDelivery:
    """The one that the link names, else production; a picker as soon as anything was deployed to another."""
    every = {each.environment: each for each in seen.service.environments if each.counts or each.deployments}
    names = {name: name for name in every}
    if len(every) < 2:
        controls.explain("environment", names)
        return next(iter(every.values()))
    return every[controls.one(t("Environment"), names, "environment", width=150)]


def draw(seen: Seen, of: EnvironmentDelivery, figure: str | None) -> None:
    """The table with its heading; one that a figure has opened can be closed again."""
    rows = behind(of, seen.delivery.deployments, figure)
    with st.container(horizontal=True, vertical_alignment="center"):
        many = counted("{n} deployment", "{n} deployments", len(rows))
        title = t("{many} behind {figure}", many=many, figure=t(TITLES[figure]).lower()) if figure else many
        st.subheader(title, anchor=False, width="content")
        if figure is not None:
            st.space("stretch")
            show(t("Close"), None, icon=":material/close:")
    if not rows:
        st.caption(t("None in this period."))
        return
    st.dataframe(
        _frame((*seen.state, of.environment, figure or ""), rows, seen.service.service.time_zone),
        key=f"deployments-{figure}",
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=min(len(rows) + 1, ROWS_SHOWN) * ROW_HEIGHT + 8,
        column_config=_columns(),
        alt=t("Deployments with how they went, how long they took, what they brought and whether they failed"),
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _frame(key: tuple[str, ...], _rows: Sequence[Behind], zone: str) -> pd.DataFrame:
    return frame(_rows, zone)


def frame(rows: Sequence[Behind], zone: str) -> pd.DataFrame:
    """Words and times of each row, in the order given."""
    every = [each.deployment for each in rows]
    ended = pd.DatetimeIndex([datetime.fromtimestamp(each.finished, UTC) for each in every])
    return pd.DataFrame(
        {
            "ended": ended.tz_convert(zone).tz_localize(None),
            "what": [each.version or each.title or each.id for each in every],
            "component": [each.component or "" for each in every],
            "kind": [t(each.kind) if each.kind != "unknown" else "" for each in every],
            "status": [t(each.status) for each in every],
            "failed": [_failed(each) for each in rows],
            "changes": [number(each.changes) if each.changes else "" for each in rows],
            "lead": ["" if each.lead_s is None else quantity(each.lead_s, "s") for each in rows],
            "took": [quantity(each.finished - each.started, "s") if each.is_timed else "" for each in every],
            "recovery": [_recovery(each) for each in rows],
            "incident": [_incidents(each) for each in rows],
            "url": [web(each.url) for each in every],
        }
    )


def _failed(of: Behind) -> str:
    if of.failure is None:
        return ""
    return t("✖ failed") if of.failure.is_confirmed else t("? to review")


def _recovery(of: Behind) -> str:
    if of.failure is None:
        return ""
    return t("not over") if of.failure.recovery_s is None else quantity(of.failure.recovery_s, "s")


def _incidents(of: Behind) -> str:
    links = of.failure.links if of.failure else ()
    return ", ".join(link.incident.title or link.incident.id for link in links if link.incident)


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "ended": column.DatetimeColumn(t("Ended"), format="ddd D MMM, HH:mm", width=125),
        "what": column.TextColumn(t("Version"), width=150),
        "component": column.TextColumn(t("Component"), width=90),
        "kind": column.TextColumn(t("Kind"), width=75),
        "status": column.TextColumn(t("Ended as"), width=85),
        "failed": column.TextColumn(t("Failed users"), width=95),
        "changes": column.TextColumn(t("Changes"), width=70, alignment="right"),
        "lead": column.TextColumn(t("Lead time"), width=80, alignment="right"),
        "took": column.TextColumn(t("Took"), width=75, alignment="right"),
        "recovery": column.TextColumn(t("Recovery"), width=80, alignment="right"),
        "incident": column.TextColumn(t("Incident"), width=190),
        "url": column.LinkColumn(t("Source"), display_text=t("open"), width=60),
    }
