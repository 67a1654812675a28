"""What stands behind a figure, or all deployments of a period, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from metrics.review.delivery.behind import OPENED, Behind, behind, builds_behind, incidents_behind
from metrics.review.delivery.images import Ready
from metrics.review.delivery.report import EnvironmentDelivery
from metrics.ui import address, controls, delivery_behind, tables
from metrics.ui.delivery_loading import Seen
from metrics.ui.delivery_tiles import show
from metrics.ui.delivery_words import TITLES
from metrics.ui.happened import web
from metrics.ui.words import both, counted, number, quantity, t

__all__ = ["asked", "draw", "environment", "frame"]

ROWS_SHOWN = 14
# Columns that one figure asks for, and no other.
ONLY = {"alone": "fix_floor", "ready": "image_wait"}


def asked() -> str | None:
    """The figure that is open; one that there is not is explained."""
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


@dataclass(frozen=True, slots=True)
class _Table:
    many: str
    rows: pd.DataFrame
    columns: dict[str, Any]
    alt: str


def draw(seen: Seen, of: EnvironmentDelivery, figure: str | None) -> None:
    """The tables with their heading; what a figure has opened can be closed again."""
    shown = _tables((*seen.state, of.environment, figure or ""), seen, of, figure)
    with st.container(horizontal=True, vertical_alignment="center"):
        many = both([each.many for each in shown])
        title = t("{many} behind {figure}", many=many, figure=t(TITLES[figure]).lower()) if figure else many
        st.subheader(title, anchor=False, width="content")
        if figure is not None:
            st.space("stretch")
            show(t("Close"), None, icon=":material/close:")
    for number_, table in enumerate(shown):
        if table.rows.empty:
            st.caption(t("None in this period."))
            continue
        key = f"behind-{figure}-{number_}"
        tables.draw(table.rows, table.alt, columns=table.columns, most=ROWS_SHOWN, key=key)


@st.cache_resource(max_entries=32, show_spinner=False)
def _tables(key: tuple[str, ...], _seen: Seen, _of: EnvironmentDelivery, figure: str | None) -> tuple[_Table, ...]:
    """What a figure counts; a fix needs a build and a deployment."""
    zone, deployments = _seen.service.service.time_zone, _seen.delivery.deployments
    if figure == "incident_recovery_time":
        incidents = incidents_behind(_of)
        return (
            _Table(
                counted("{n} incident", "{n} incidents", len(incidents)),
                delivery_behind.incidents(incidents, deployments, zone),
                delivery_behind.incident_columns(),
                t("Incidents with how long they lasted and what caused them"),
            ),
        )
    found = []
    if figure in ("build_duration", "fix_floor"):
        builds = builds_behind(_of, _seen.builds)
        found.append(
            _Table(
                counted("{n} build", "{n} builds", len(builds)),
                delivery_behind.builds(builds, zone),
                delivery_behind.build_columns(),
                t("Builds with how long they took"),
            )
        )
    if figure != "build_duration":
        rows = behind(_of, deployments, figure)
        found.append(
            _Table(
                counted("{n} deployment", "{n} deployments", len(rows)),
                frame(rows, zone).drop(columns=[name for name, only in ONLY.items() if only != figure]),
                _columns(),
                t("Deployments with how they went, how long they took, what they brought and whether they failed"),
            )
        )
    return tuple(found)


def frame(rows: Sequence[Behind], zone: str) -> pd.DataFrame:
    """Words and times of each row, in the order given."""
    every = [each.deployment for each in rows]
    return pd.DataFrame(
        {
            "ended": delivery_behind.on_the_clock([each.finished for each in every], zone),
            "what": [each.version or each.title or each.id for each in every],
            "component": [each.component or "" for each in every],
            "alone": ["" if each.alone_s is None else quantity(each.alone_s, "s") for each in rows],
            "ready": [_ready(each.image) for each in rows],
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


def _ready(image: Ready | None) -> str:
    if image is None:
        return ""
    if image.waited_s < 0:
        return t("built meanwhile")
    day = counted("{n} day ahead", "{n} days ahead", image.days_ahead) if image.is_built_ahead else t("same day")
    return f"{quantity(image.waited_s, 's')}, {day}"


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
        "alone": column.TextColumn(t("Took without its build"), width=150, alignment="right"),
        "ready": column.TextColumn(t("Its image was ready"), width=150),
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
