"""The Coverage page: what is needed and not there, what that hid, and what to add for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from metrics.review.coverage import Cell, Coverage, Incident
from metrics.ui import address, controls, coverage_charts, coverage_mend, coverage_spoken, tables
from metrics.ui.coverage_matrix import STYLE, matrix
from metrics.ui.coverage_words import SIGNS, STATES, blind_time, how_it_stands, named, plain, why
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.happened import linked
from metrics.ui.words import counted, moment, t, title_of

__all__ = ["asked", "chosen", "draw_cell", "draw_list", "draw_matrix", "draw_nothing", "draw_trend"]

MOST_NAMED = 12
SHOWN: Mapping[str, str] = {"holes": "Holes", "closed": "Closed", "all": "All"}
EXPLORE = "pages/2_explore.py"


def asked(seen: Coverage) -> tuple[Cell, ...]:
    """Which cells are listed: the holes, those that were holes in this half-year, or all."""
    shown = controls.choice(t("State"), {key: t(name) for key, name in SHOWN.items()}, "state")
    return {"holes": seen.holes, "closed": seen.closed}.get(shown, seen.cells)


def chosen(seen: Coverage, listed: Sequence[Cell]) -> Cell | None:
    """What the link names, else the first that is listed."""
    component, indicator = address.asked("component"), address.asked("indicator")
    found = next((cell for cell in seen.cells if cell.key == (component, indicator)), None)
    if found is None and (component or indicator):
        st.warning(
            t(
                "`component={component}` with `indicator={indicator}` in this link is nothing that is needed here. "
                "Shown: the first of the list.",
                component=component or "",
                indicator=indicator or "",
            )
        )
    return found or next(iter(listed), None)


def draw_matrix(here: Frame, seen: Coverage, cell: Cell | None) -> None:
    """All cells; each says since when and why when pointed at, and opens below when clicked."""
    kept = {key: value for key in ("state",) if (value := address.asked(key))}
    table = matrix(seen.cells, {**address.carried(), **kept}, cell.key if cell else None, here.zone, here.now)
    key = "".join(f"<span class='is-{state}'>{SIGNS[state]} {t(STATES[state])}</span>" for state in STATES)
    st.html(f"{STYLE}{table}<div class='coverage-key'>{key}</div>")


def draw_list(here: Frame, listed: Sequence[Cell], shown: str) -> None:
    """The holes, those first that hid most; a click on one opens it."""
    heading = {
        "closed": counted("{n} hole closed in this half-year", "{n} holes closed in this half-year", len(listed)),
        "all": counted("{n} needed indicator", "{n} needed indicators", len(listed)),
    }.get(shown, counted("{n} hole", "{n} holes", len(listed)))
    st.subheader(heading, anchor=False)
    if not listed:
        st.caption(t("None: everything that these components need is collected.") if shown == "holes" else t("None."))
        return
    tables.draw(
        _frame(here, listed),
        t("Needed indicators with their state, since when and why"),
        key=f"cells-{shown}",
        columns={
            t("Component"): st.column_config.TextColumn(width=125),
            t("Indicator"): st.column_config.TextColumn(width=165),
            t("State"): st.column_config.TextColumn(width=290),
            t("Incidents not seen"): st.column_config.NumberColumn(width=120),
            t("Team"): st.column_config.TextColumn(width=60),
        },
        choose=lambda place: address.move({"component": listed[place].key[0], "indicator": listed[place].key[1]}),
    )


def _frame(here: Frame, listed: Sequence[Cell]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("Component"): [cell.component.title for cell in listed],
            t("Indicator"): [title_of(cell.indicator) for cell in listed],
            t("State"): [f"{SIGNS[cell.state]} {how_it_stands(cell, here.zone, here.now)}" for cell in listed],
            t("Incidents not seen"): [len(cell.missed) for cell in listed],
            t("Team"): [cell.component.owner or "" for cell in listed],
            t("Why"): [_reason(cell) for cell in listed],
        }
    )


def _reason(cell: Cell) -> str:
    """Of what is closed, why it was not there."""
    before = next((blind.detail for blind in reversed(cell.blind) if blind.detail), "")
    return why(cell) or plain(before)


def draw_cell(here: Frame, cell: Cell) -> None:
    """One needed indicator: how it stands, what its absence hid, and how it comes."""
    with st.container(key="coverage-cell"):
        _draw_cell(here, cell)


def _draw_cell(here: Frame, cell: Cell) -> None:
    st.subheader(named(cell), anchor=False)
    reason = why(cell)
    stands = how_it_stands(cell, here.zone, here.now)
    st.markdown(f"{SIGNS[cell.state]} **{stands}**" + (f": {escaped(reason)}" if reason else ""))
    coverage_spoken.draw_rival(here, cell)
    coverage_spoken.draw_came_of_it(here, cell)
    if cell.state == "not_applicable":
        coverage_spoken.draw_said(here, cell)
        return
    left, right = st.columns(2, gap="large")
    with left:
        _draw_hidden(here, cell)
    if cell.is_hole:
        with right:
            coverage_mend.draw(here, cell)
        coverage_spoken.draw_to_say(here, cell)


def _draw_hidden(here: Frame, cell: Cell) -> None:
    """When it was not there, and the incidents of the component in that time."""
    for blind in cell.blind:
        st.caption(t("Not collected {when}", when=blind_time(blind, here.zone, here.now, told=cell.detail)))
    if not cell.missed:
        st.markdown(t("No incident of this component is known in a time without it."))
    else:
        n = len(cell.missed)
        st.markdown(counted("**{n} incident** it would have shown:", "**{n} incidents** it would have shown:", n))
        st.markdown("\n".join(f"- {_incident(here, incident)}" for incident in cell.missed))
    if cell.newest is not None:
        query = address.with_view(component=cell.component.name, indicator=cell.indicator.name)
        st.page_link(EXPLORE, label=t("What is there of it, in Explore"), query_params=query)


def _incident(here: Frame, incident: Incident) -> str:
    title = incident.title.replace("[", "(").replace("]", ")")
    return f"{moment(incident.start, here.zone, here.now)}: {linked(title, incident.url, sign=' ↗')}"


def draw_trend(here: Frame, seen: Coverage) -> None:
    """Coverage of each team over the weeks."""
    if not any(seen.trend.values()):
        return
    st.subheader(t("Coverage by team"), anchor=False)
    titles = {team.name: team.title for team in here.service.teams} | {"": t("nobody's")}
    figure = coverage_charts.trend(seen.trend, titles)
    st.plotly_chart(
        figure, key="trend", config={"displayModeBar": False}, alt=t("Share of needed indicators by week")
    )
    st.caption(
        t(
            "Share of the indicators needed today that were collected at the end of each week, and are now, by who "
            "owns the component. As above, only what is whole counts: partial is not collected."
        )
    )


def draw_nothing(here: Frame, components: Sequence[str]) -> None:
    """Nothing is needed, since nobody said what the components are."""
    st.info(
        t(
            "Nobody has said yet what {service} is made of, so nothing can be missing. Name its components and their "
            "kinds in `data/services/{name}.yaml`; docs/configuration.md has all keys.",
            service=here.service.title,
            name=here.service.name,
        )
    )
    lines = [f"  {name}: {{kind: host}}   # or another kind" for name in components[:MOST_NAMED]] or [
        "  web: {kind: web}"
    ]
    st.code("\n".join(["components:", *lines]) + "\n", language=None)
