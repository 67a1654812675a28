"""Items to choose from, the newest trouble first; without any, what to do instead."""

from __future__ import annotations

import streamlit as st

from metrics.ui import address, agenda
from metrics.ui.frame import Frame
from metrics.ui.spikes import Asked
from metrics.ui.tiles import EXPLORE
from metrics.ui.words import counted, day_range, t

__all__ = ["draw"]


def draw(here: Frame, asked: Asked) -> None:
    """Every item of the period that is chosen."""
    window, zone = asked.period.window, asked.period.zone
    days = day_range(window, zone)
    now = asked.agenda.as_of or window.end
    every = [
        item
        for item in asked.agenda.every
        if any(each.start < window.end and each.end > window.start for each in item.windows(now))
    ]
    if not every:
        st.info(_nothing(asked, days))
    else:
        n = counted("{n} item", "{n} items", len(every))
        st.caption(t("{items} in {days}, the newest trouble first", items=n, days=days))
        newest_first = sorted(every, key=lambda item: max(each.start for each in item.windows(now)), reverse=True)
        for place, item in enumerate(newest_first):
            agenda.row(item, place, here.service, "choose")
    st.page_link(
        EXPLORE,
        label=t("Or drag across a chart in Explore"),
        query_params=address.carried(),
    )


def _nothing(asked: Asked, days: str) -> str:
    if asked.agenda.as_of is None:
        return t(
            "Nothing was looked for yet: trend alerts need two weeks of data and look after each collection, or now "
            "with `python -m metrics findings`."
        )
    return t("Nothing moved in {days} that is worth a look. Choose a longer period.", days=days)
