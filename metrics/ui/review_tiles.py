"""What both teams follow, a tile each: the figure as it was seen, its change by which way is worse, and its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from metrics import catalog
from metrics.meeting.told import figure_sentence
from metrics.model import Window
from metrics.review.lines import parse_address
from metrics.review.minutes import Figure, Review
from metrics.review.period import Period
from metrics.review.reading import Moved, moved_of
from metrics.ui import address, controls, review_closed
from metrics.ui.delivery_words import escaped
from metrics.ui.review_spark import spark
from metrics.ui.tiles import EXPLORE
from metrics.ui.words import change, day_range, quantity, stat_of, t, title_of

__all__ = ["draw"]

COLORS: Mapping[Moved, Literal["red", "green", "off"]] = {"worse": "red", "better": "green", "steady": "off"}


def draw(review: Review, corrections: Mapping[Figure, float | None]) -> None:
    """All in one row where there is room for it; what later data tells otherwise has a star."""
    if not review.headline:
        return
    with st.grid(max(len(review.headline), 4), min_column_width=140, gap="xsmall", key="review-figures"):
        for place, each in enumerate(review.headline):
            _tile(review, each, place, is_corrected=each in corrections)
    if corrections:
        review_closed.draw_corrections(review, corrections)


def _tile(review: Review, figure: Figure, place: int, *, is_corrected: bool) -> None:
    component, part, name = parse_address(figure.address)
    indicator = catalog.load().indicators.get(name)
    moved = moved_of(indicator, figure.value, figure.before) if indicator else "steady"
    whose = " ".join(each for each in (component, part) if each)
    with st.container(border=True, key=f"tile-{moved}-r{place}", height="stretch"):
        st.page_link(
            EXPLORE,
            label=f"**{escaped(title_of(indicator) if indicator else name)}**",
            query_params=_rows(review, figure),
            help=escaped(_explained(review, figure)),
            width="stretch",
        )
        now = t("no data") if figure.value is None else quantity(figure.value, figure.unit)
        by = None if figure.value is None or figure.before is None else figure.value - figure.before
        st.metric(
            escaped(f"{stat_of(indicator)} · {whose}" if indicator else whose),
            f"{now} *" if is_corrected else now,
            None if by is None else change(by, figure.before, figure.unit),
            delta_color=COLORS[moved],
            delta_arrow="off" if not by else "up" if by > 0 else "down",
        )
        drawn = spark(figure.curve, review.since, moved)
        if drawn:
            st.html(drawn)


def _rows(review: Review, figure: Figure) -> address.Query:
    """Explore, with the line in the review's own time."""
    component, part, name = parse_address(figure.address)
    times = controls.bounds(Window(review.since, review.until), review.zone)
    asked = {key: at.isoformat(timespec="minutes") for key, at in times.items()}
    return address.with_view(component=component, part=part, indicator=name, period="custom", **asked)


def _explained(review: Review, figure: Figure) -> str:
    """The figure in a sentence, and of which days it is."""
    window = Window(review.since, review.until)
    now, before = (day_range(each, review.zone) for each in (window, Period(window, review.zone).previous))
    return t("{said}: {now}, beside {before}", said=figure_sentence(figure), now=now, before=before)
