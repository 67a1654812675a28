"""The figures of the Delivery page: a tile each, with what it rests on and its trend."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from metrics.model import Insufficient
from metrics.review.delivery.figure import NotCollected
from metrics.review.delivery.report import EnvironmentDelivery
from metrics.review.delivery.trend import By
from metrics.ui import address, delivery_charts
from metrics.ui.delivery_words import ELSEWHERE, TITLES, basis, explained, reference, spread, value
from metrics.ui.words import t

__all__ = ["PIPELINE", "USERS", "draw", "show"]

USERS = (
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "rework_rate",
)
PIPELINE = ("pipeline_failure_rate", "build_duration", "deploy_duration", "fix_floor", "incident_recovery_time")


def draw(of: EnvironmentDelivery, names: Sequence[str], by: By) -> None:
    """A row of tiles; an environment that no user sees has fewer."""
    shown = [name for name in names if of.counts or name in ELSEWHERE]
    with st.grid(max(len(shown), 3), min_column_width=200, gap="xsmall", key=f"figures-{names[0]}"):
        for name in shown:
            _tile(of, name, by)


def show(label: str, figure: str | None, *, help_text: str | None = None, icon: str | None = None) -> None:
    """A button that opens what stands behind a figure, or closes them: the address says which.

    No `st.page_link`: a click on one that leads from here to here changed nothing.
    """
    st.button(
        label,
        key=f"open-{figure}",
        type="tertiary",
        icon=icon,
        help=help_text,
        on_click=address.move,
        args=({"figure": figure},),
    )


def _tile(of: EnvironmentDelivery, name: str, by: By) -> None:
    now, before = getattr(of.now, name), getattr(of.before, name)
    with st.container(border=True, key=f"figure-{name}", height="stretch"):
        title, said = f"**{t(TITLES[name])}**", explained(name, now)
        show(title, name, help_text=said)
        st.metric(basis(name, now.value), value(now.value))
        st.caption("  \n".join(part for part in (spread(now.value), _before(before.value), reference(name)) if part))
        chart = delivery_charts.trend(name, of.trend)
        if chart is not None:
            st.plotly_chart(
                chart,
                key=f"trend-{name}",
                config={"displayModeBar": False},
                alt=t("{figure} by {step}", figure=t(TITLES[name]), step=t(by)),
            )
        elif isinstance(now.value, NotCollected) or (isinstance(now.value, Insufficient) and not now.value.have):
            return
        else:
            st.caption(t("Too few in every {step} for a trend.", step=t(by)))


def _before(of: object) -> str:
    """The period before, in one word where it has no figure."""
    return t("before: {value}", value=value(of))
