"""A service of which only events are known: what they are, and that nothing is measured."""

from __future__ import annotations

import streamlit as st

from metrics.review.period import Period
from metrics.ui import happened, loading
from metrics.ui.frame import Frame
from metrics.ui.sentences import only_events
from metrics.ui.words import day_range, t

__all__ = ["draw"]


def draw(here: Frame, period: Period) -> None:
    """Every kind of event, since nothing else is there to look at."""
    st.info(only_events(service=here.service.title))
    marks = loading.events(here.folder, here.service, period.window, tuple(happened.KINDS))
    if marks:
        happened.draw(marks, period, opened=True)
    else:
        st.caption(t("No event in {days}.", days=day_range(period.window, period.zone)))
