"""What moved: the agenda that leads the review, at most seven lines before the fold, each opening its drill-down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Literal

import streamlit as st

from metrics import catalog
from metrics.model import Service
from metrics.review.items import Item, News
from metrics.trends.agenda import Agenda
from metrics.ui import address
from metrics.ui.finding_words import KINDS, NEWS, item_sentence
from metrics.ui.review_line import Way as ToReview
from metrics.ui.words import age, both, counted, t

__all__ = ["SPIKES", "draw", "row"]

SPIKES = "pages/3_spikes.py"
Way = Literal["link", "choose", "open"]
"""To the drill-down from another page, to it from its own list, and where it is open already."""
# Red for what needs a look, grey for what is known, green for what is done with.
COLORS: Mapping[News, str] = {
    "new": "red", "worse": "red", "continuing": "gray", "better": "green", "over": "green",
}  # fmt: skip


@st.fragment
def draw(found: Agenda, service: Service, now: datetime, way: ToReview | None = None) -> None:
    """The agenda; without any, one sentence that says why."""
    with st.container(key="agenda"):
        if found.as_of is None:
            st.caption(
                t(
                    "What moved: not looked for yet. Trend alerts need two weeks of data; they look after each "
                    "collection, or now with `python -m metrics findings`."
                )
            )
            _to_review(way)
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(t("What moved"), anchor=False, width="content")
            st.caption(_told(found, now), width="content")
            st.space("stretch")
            _to_review(way)
        for place, item in enumerate(found.items):
            row(item, place, service)
        if found.rest:
            _fold(found, service)


def _to_review(way: ToReview | None) -> None:
    if way is not None:
        st.page_link(way.page, label=way.label, query_params=way.query, icon=":material/groups:")


def _told(found: Agenda, now: datetime) -> str:
    looked = t("as of {age}", age=age(found.as_of, now))
    if not found.items:
        return t("a quiet week: nothing moved that is worth a look · {looked}", looked=looked)
    n = counted("{n} thing is worth a look", "{n} things are worth a look", len(found.items))
    return f"{n} · {looked}"


def row(item: Item, place: int, service: Service, how: Way = "link") -> None:
    """One item: how new it is, what it is, whose it is."""
    indicators = catalog.load().indicators
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"item-{place}"):
        st.markdown(f":{COLORS[item.news]}-badge[{t(NEWS[item.news])}]", width="content", help=_why(item))
        told = item_sentence(item, indicators, service.time_zone)
        if how == "open":
            st.markdown(f"**{told}**", width="stretch")
        elif how == "choose":
            # A link to the page that one is on looks like the page itself.
            choose = partial(address.move, {"item": item.id})
            st.button(told, key=f"choose-{item.id}", type="tertiary", on_click=choose, wrap=True, width="stretch")
        else:
            st.page_link(SPIKES, label=told, query_params=address.with_view(item=item.id), width="stretch")
        st.caption(_owners(item, service), width="content")


def _fold(found: Agenda, service: Service) -> None:
    label = counted("{n} more below the fold", "{n} more below the fold", len(found.rest))
    fold = st.expander(label, on_change="rerun", key="agenda-rest")
    if fold.open:
        with fold:
            for place, item in enumerate(found.rest, len(found.items)):
                row(item, place, service)


def _owners(item: Item, service: Service) -> str:
    titles = {team.name: team.title for team in service.teams}
    return both([titles.get(name, name) for name in item.owners]) if item.owners else t("no owner")


def _why(item: Item) -> str:
    """What ranked it, in the words of the table that a service may change."""
    kinds = both(list(dict.fromkeys(t(KINDS[finding.kind]) for finding in item.findings)))
    parts = " · ".join(f"{t(name)} {value:.0%}" for name, value in item.parts.items())
    return t("{kinds}; ranked by {parts}", kinds=kinds, parts=parts)
