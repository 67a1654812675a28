"""The builds and the incidents behind a figure, in words and times, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from metrics.review.delivery.behind import Build, Lasted
from metrics.review.delivery.deployments import Deployment
from metrics.ui.happened import web
from metrics.ui.words import quantity, t

__all__ = ["build_columns", "builds", "incident_columns", "incidents", "on_the_clock"]

STATES = {
    "confirmed": "{version}",
    "unreviewed": "{version}, to review",
    "rejected": "no change",
    "unknown": "",
}


def builds(rows: Sequence[Build], zone: str) -> pd.DataFrame:
    """Those that succeeded, in the order given."""
    return pd.DataFrame(
        {
            "ended": on_the_clock([each.ended for each in rows], zone),
            "took": [quantity(each.ended - each.started, "s") for each in rows],
            "job": [each.job or "" for each in rows],
            "pipeline": [each.pipeline or "" for each in rows],
            "deployment": [each.deployment or "" for each in rows],
            "commit": [(each.commit or "")[:12] for each in rows],
            "id": [each.id for each in rows],
            "url": [web(each.url) for each in rows],
        }
    )


def incidents(rows: Sequence[Lasted], deployments: Sequence[Deployment], zone: str) -> pd.DataFrame:
    """Open ones say so; `deployments` are the report's."""
    every = [each.incident for each in rows]
    return pd.DataFrame(
        {
            "began": on_the_clock([each.started for each in every], zone),
            "lasted": [
                t("not over") if each.ended is None else quantity(each.ended - each.started, "s") for each in every
            ],
            "title": [each.title or each.id for each in every],
            "component": [each.component or "" for each in every],
            "severity": [each.severity or "" for each in every],
            "cause": [_cause(each, deployments) for each in rows],
            "url": [web(each.url) for each in every],
        }
    )


def on_the_clock(moments: Sequence[float], zone: str) -> pd.DatetimeIndex:
    """Seconds since 1970 as the service's own time."""
    times = pd.DatetimeIndex([datetime.fromtimestamp(each, UTC) for each in moments], tz=UTC)
    return times.tz_convert(zone).tz_localize(None)


def _cause(of: Lasted, deployments: Sequence[Deployment]) -> str:
    link = of.link
    if link is None:
        return ""
    if link.deployment is None:
        return t(STATES[link.state]) if link.state == "rejected" else link.named or ""
    blamed = deployments[link.deployment]
    return t(STATES[link.state], version=blamed.version or blamed.title or blamed.id)


def build_columns() -> dict[str, Any]:
    """How a browser shows them."""
    column = st.column_config
    return {
        "ended": column.DatetimeColumn(t("Ended"), format="ddd D MMM, HH:mm", width=125),
        "took": column.TextColumn(t("Took"), width=75, alignment="right"),
        "job": column.TextColumn(t("Job"), width=150),
        "pipeline": column.TextColumn(t("Pipeline"), width=110),
        "deployment": column.TextColumn(t("For"), width=120),
        "commit": column.TextColumn(t("Commit"), width=110),
        "id": column.TextColumn(t("Build"), width=120),
        "url": column.LinkColumn(t("Source"), display_text=t("open"), width=60),
    }


def incident_columns() -> dict[str, Any]:
    """How a browser shows them."""
    column = st.column_config
    return {
        "began": column.DatetimeColumn(t("Began"), format="ddd D MMM, HH:mm", width=125),
        "lasted": column.TextColumn(t("Lasted"), width=85, alignment="right"),
        "title": column.TextColumn(t("Incident"), width=320),
        "component": column.TextColumn(t("Component"), width=100),
        "severity": column.TextColumn(t("Severity"), width=80),
        "cause": column.TextColumn(t("Caused by"), width=180),
        "url": column.LinkColumn(t("Source"), display_text=t("open"), width=60),
    }
