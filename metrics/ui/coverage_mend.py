"""How a hole is closed: the permission to give, the question that is asked again by itself, or what to add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from metrics.review.coverage import Cell
from metrics.review.coverage_ways import Way, ways
from metrics.ui.coverage_words import plain, way_named
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.words import both, t

__all__ = ["draw"]


def draw(here: Frame, cell: Cell) -> None:
    """Where a source was asked and said no, another one is the second choice."""
    kinds = {source.name: source.kind for source in here.config.sources}
    found = ways(here.service.name, cell.component, cell.indicator, kinds)
    if not cell.asked:
        _draw_asked(cell)
        _draw_ways(cell, found)
        return
    if cell.is_refused:
        _draw_permission(cell, kinds)
    else:
        _draw_failure(cell)
    others = [way for way in found if way.kind != kinds.get(cell.asked)]
    with st.expander(t("Or bring it from elsewhere")):
        _draw_ways(cell, others)


def _draw_permission(cell: Cell, kinds: Mapping[str, str]) -> None:
    st.markdown(
        t(
            "**A permission is missing**, and nothing has to be added: `{source}` is asked for it and answers",
            source=cell.asked,
        )
    )
    st.code(plain(cell.detail), language=None, wrap_lines=True)
    st.caption(t("Once it is given, the next run collects it, and asks again for what was refused before."))
    if kind := kinds.get(cell.asked):
        st.caption(
            t(
                "docs/collectors/{kind}.md has all that it must be allowed; `python -m metrics check` tells "
                "what of it is missing.",
                kind=kind,
            )
        )


def _draw_failure(cell: Cell) -> None:
    st.markdown(
        t(
            "**Nothing has to be added**: `{source}` is asked for it and failed ({reason}). Each run asks again; "
            "where it stays, `python -m metrics check` says what is wrong.",
            source=cell.asked,
            reason=escaped(plain(cell.detail)),
        )
    )


def _draw_asked(cell: Cell) -> None:
    """The sources of the component that bring something else of it."""
    uses = [use.source for use in cell.component.uses]
    if uses:
        st.markdown(
            t(
                "{sources} is asked for this component already: `python -m metrics check` says what is wrong there.",
                sources=both(uses),
            )
        )


def _draw_ways(cell: Cell, found: Sequence[Way]) -> None:
    """What to add, for each source that could bring it."""
    names = [way_named(way) for way in found]
    way = found[0]
    if len(found) > 1:
        picked = st.selectbox(t("What could bring it"), names, key=f"way-{'-'.join(cell.key)}")
        way = found[names.index(picked)]
    st.markdown(t("Add to `data/{file}`, beside what is there, with your own names:", file=way.file))
    # Without colours: Streamlit's own for YAML are too faint on white.
    st.code(way.text, language=None)
    if not way.is_configured and way.kind != "files":
        st.caption(
            t("First tell `data/tomoni.yaml` where {kind} is: docs/collectors/{kind}.md says how.", kind=way.kind)
        )
