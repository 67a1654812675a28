"""What lies beneath the delivery figures: stages of lead time, durations by job, defects by phase."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from metrics.model import Insufficient
from metrics.review.delivery.figure import NotCollected, Spread
from metrics.review.delivery.figures import Figures, Stage
from metrics.review.delivery.report import EnvironmentDelivery
from metrics.ui import delivery_charts
from metrics.ui.delivery_causes import waiting
from metrics.ui.delivery_loading import Seen
from metrics.ui.delivery_tiles import show
from metrics.ui.delivery_words import STAGES, TITLES, basis, explained
from metrics.ui.frame import Frame
from metrics.ui.tables import ROW_HEIGHT
from metrics.ui.words import counted, day_range, moment, number, quantity, t

__all__ = ["draw", "nothing", "sentence"]


def nothing(here: Frame) -> None:
    """No deployment is known: how to get some."""
    st.info(
        t(
            "No deployments of {service} are known yet. Collect them from GitHub or Concourse: docs/collectors.md "
            "says how. Or import a list with `python -m metrics import FILE --as deployments`: docs/data.md names "
            "its columns.",
            service=here.service.title,
        )
    )


def sentence(seen: Seen, of: EnvironmentDelivery) -> str:
    """What is shown, and what somebody has to do about it."""
    service, window = seen.service, of.now.window
    zone = service.period.zone
    reached = sum(each.reached_users for each in of.deployments)
    said = t(
        "**{service}**, {environment}, {days}: {many}.",
        service=service.service.title,
        environment=of.environment,
        days=day_range(window, zone),
        many=counted("{n} deployment reached users", "{n} deployments reached users", reached),
    )
    n = waiting(of)
    if n:
        said += " " + counted("{n} cause waits for a review below.", "{n} causes wait for a review below.", n)
    if of.known_since is not None and of.known_since > service.period.previous.start:
        said += " " + t("Nothing is known from before {at}.", at=moment(of.known_since, zone, window.end))
    return said


def draw(seen: Seen, of: EnvironmentDelivery) -> None:
    """Side by side where there is room."""
    with st.grid(2, min_column_width=330, gap="small", key="delivery-parts"):
        with st.container(key="side-stages"):
            _stages(of)
            _images(seen.service.service.title, of)
        if of.counts and seen.defects.total:
            with st.container(key="side-defects"):
                st.subheader(t("Defects by the phase in which they were found"), anchor=False)
                st.plotly_chart(
                    delivery_charts.defects(seen.defects),
                    key="defects",
                    config={"displayModeBar": False},
                    alt=t("Defects found in each month by phase"),
                )
                st.caption(_defects(seen))
    _durations(of.stages)


def _stages(of: EnvironmentDelivery) -> None:
    st.subheader(t("Where lead time goes"), anchor=False)
    chart = delivery_charts.stages(of.trend)
    if chart is not None:
        st.plotly_chart(
            chart, key="stages", config={"displayModeBar": False}, alt=t("Median time of each stage of lead time")
        )
    told = [text for name in STAGES if (text := _stage(of.now, of.before, name))]
    st.markdown("  \n".join(told) if told else t("Fewer than 5 deployments brought changes."))


def _stage(now: Figures, before: Figures, name: str) -> str:
    took, earlier = now.lead_time_stages[name], before.lead_time_stages[name]
    if took is None:
        return ""
    said = t(
        "**{stage}**: {median}, 9 of 10 within {p90}",
        stage=t(STAGES[name]),
        median=quantity(took.median, "s"),
        p90=quantity(took.p90, "s"),
    )
    if earlier is not None:
        said += t(" · before: {median}", median=quantity(earlier.median, "s"))
    return said


def _images(service: str, of: EnvironmentDelivery) -> None:
    """How long images lay ready; where nobody collects their pushes, that."""
    now, before = of.now.image_wait, of.before.image_wait
    if isinstance(now.value, NotCollected):
        st.caption(
            t(
                "How long an image waits for its deployment is not known: no pushes of {service}'s images are "
                "collected (`ecr`).",
                service=service,
            )
        )
        return
    show(f"**{t(TITLES['image_wait'])}**", "image_wait", help_text=explained("image_wait", now))
    if not isinstance(now.value, Spread):
        st.markdown(f"{basis('image_wait', now.value)}.")
        return
    said = t(
        "{median}, 9 of 10 within {p90}", median=quantity(now.value.median, "s"), p90=quantity(now.value.p90, "s")
    )
    if isinstance(before.value, Spread):
        said += t(" · before: {median}", median=quantity(before.value.median, "s"))
    ahead = t(
        "{k} of {n} images were built on a day before their deployment.",
        k=number(now.parts.get("built_ahead", 0)),
        n=number(now.value.n),
    )
    late = now.excluded.get("built_meanwhile", 0)
    if late:
        ahead += " " + counted(
            "{n} deployment had to build its own first.", "{n} deployments had to build their own first.", late
        )
    st.markdown(f"{said}  \n{ahead}")


def _defects(seen: Seen) -> str:
    late = sum(seen.defects.counts.get("production", ()))
    return t(
        "{n} of {total} were found in production. The first and last month may be there in part.",
        n=number(late),
        total=number(seen.defects.total),
    )


def _durations(stages: tuple[Stage, ...]) -> None:
    """Builds by job and deployments by component, made only when somebody opens it."""
    if not stages:
        return
    table = st.expander(t("Builds by job, deployments by component"), on_change="rerun", key="durations")
    if table.open:
        with table:
            st.dataframe(_frame(stages), hide_index=True, row_height=ROW_HEIGHT, alt=t("Durations by job"))


def _frame(stages: tuple[Stage, ...]) -> pd.DataFrame:
    taken = [each.took.value for each in stages]
    return pd.DataFrame(
        {
            t("Stage"): [t(each.stage) for each in stages],
            t("Job or component"): [each.name or t("other") for each in stages],
            t("Median"): [quantity(each.median, "s") if isinstance(each, Spread) else t("too few") for each in taken],
            t("9 of 10 within"): [quantity(each.p90, "s") if isinstance(each, Spread) else "" for each in taken],
            t("n"): [
                each.n if isinstance(each, Spread) else each.have if isinstance(each, Insufficient) else 0
                for each in taken
            ],
        }
    )
