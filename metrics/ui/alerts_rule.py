"""One rule: its firings on a time axis with what else went on, the evidence, and each firing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st

from metrics.model import Window
from metrics.review.alerts.pile import Pile
from metrics.review.lines import Line
from metrics.review.marks import Mark
from metrics.review.period import Period
from metrics.review.reading import threshold_of
from metrics.ui import alerts_charts, draggable, stack, tables
from metrics.ui.actions_loading import line_of
from metrics.ui.agenda import SPIKES
from metrics.ui.alerts_list import Listed
from metrics.ui.alerts_loading import beside
from metrics.ui.alerts_words import evidence
from metrics.ui.delivery_words import escaped
from metrics.ui.frame import Frame
from metrics.ui.happened import web
from metrics.ui.words import counted, day_range, number, quantity, t, title_of

__all__ = ["draw_chart", "draw_evidence", "draw_firings"]

ROWS_SHOWN, MOST = 8, 500
# Around the newest firing, to be looked into on Spikes: what led to it, and what came of it.
AROUND = timedelta(hours=1)


def draw_chart(here: Frame, each: Listed, pile: Pile) -> None:
    """Over the period; over the history where the rule was silent in the period."""
    window = pile.period.window if each.rule is None or each.rule.now.n else pile.history
    period = Period(window, here.zone)
    mine = _firings(each, pile, window)
    line = line_of(here, each.rule.watches if each.rule else None)
    drawn, marks = beside(here, line, period)
    held = _held(drawn, here)
    st.plotly_chart(
        alerts_charts.over_time(held, (*marks, *_marks(mine, window)), window, here.zone),
        key="rule-chart",
        config={"displayModeBar": False},
        alt=t("Firings of {rule} with incidents, deployments, batches and the line it watches", rule=each.name),
    )
    st.caption(_told(line, period, has_threshold=any(each.threshold is not None for each in held)))


def _held(drawn: Sequence[stack.Drawn], here: Frame) -> list[stack.Drawn]:
    """Beside its threshold, and without the period before."""
    levels = [threshold_of(each.line, here.service) for each in drawn]
    return [
        replace(each, before=None, threshold=level.value if level else None)
        for each, level in zip(drawn, levels, strict=True)
        if each.now is not None
    ]


def _told(line: Line | None, period: Period, *, has_threshold: bool) -> str:
    days = day_range(period.window, period.zone)
    if line is None:
        return t(
            "{days} · which line it watches, its name doesn't tell · times in {zone}", days=days, zone=period.zone
        )
    dashed = t("; dashed red: the threshold") if has_threshold else t("; no threshold is set for it")
    return t(
        "{days} · it watches {line}, as its name tells{dashed} · times in {zone}",
        days=days,
        dashed=dashed,
        line=escaped(f"{stack.where(line)} {title_of(line.indicator)}"),
        zone=period.zone,
    )


def _firings(each: Listed, pile: Pile, window: Window) -> pd.DataFrame:
    every = pile.firings
    mine = every[(every["component"] == each.component) & (every["rule"] == each.name)]
    return mine[(mine["started_at"] >= window.start) & (mine["started_at"] < window.end)]


def _marks(firings: pd.DataFrame, window: Window) -> Sequence[Mark]:
    return [
        Mark(
            "alert",
            row["started_at"].to_pydatetime(),
            None if pd.isna(row["ended_at"]) else min(row["ended_at"].to_pydatetime(), window.end),
            str(row["title"] or row["rule"]),
            None,
            row["component"],
            None,
        )
        for row in firings.to_dict("records")
    ]


def draw_evidence(here: Frame, each: Listed, pile: Pile) -> None:
    """What speaks for the branch and against it, with how many firings of how long that is."""
    if each.rule is None:
        st.markdown(t("No firing in the {n} weeks up to the end of the period.", n=_weeks(pile)))
        return
    n = each.rule.long.n
    st.caption(
        t(
            "Of {what} in {days}:",
            what=counted("{n} firing", "{n} firings", n),
            days=day_range(pile.history, here.zone),
        )
    )
    told = list(evidence(each.rule, pile))
    instead = line_of(here, each.rule.suggestion.instead)
    if instead is not None:
        line = f"{stack.where(instead)} {title_of(instead.indicator)}"
        told.append(t("Better watched: {line}, which users feel.", line=line))
    st.markdown("\n".join(f"- {escaped(each)}" for each in told))


def _weeks(pile: Pile) -> str:
    return number(pile.history.duration.days // 7)


def draw_firings(here: Frame, each: Listed, pile: Pile) -> None:
    """Every firing, to read; the newest to be looked into with everything beside it."""
    rule = each.rule
    if rule is None:
        return
    window = pile.period.window if rule.now.n else pile.history
    mine = _firings(each, pile, window).iloc[::-1]
    shown = st.expander(
        t(
            "{what} in {days}",
            what=counted("{n} firing", "{n} firings", len(mine)),
            days=day_range(window, here.zone),
        ),
        on_change="rerun",
        key="firings",
    )
    with st.container(horizontal=True):
        around = Window(rule.last - AROUND, rule.last + AROUND)
        lines = [rule.watches] if rule.watches else list(pile.felt[:1])
        st.page_link(
            SPIKES,
            label=t("Look into the newest firing: what else moved at that time"),
            query_params=draggable.link_into(around, lines, here.zone),
        ) if lines else None
    if not shown.open:
        return
    with shown:
        frame = _table(mine, here.zone)
        told = t("Each firing with what went on beside it, newest first")
        tables.draw(frame.head(MOST), told, columns=_columns(), most=ROWS_SHOWN)
        st.download_button(
            t("Download as CSV"), lambda: frame.to_csv(index=False), "alerts.csv", "text/csv", on_click="ignore"
        )


def _table(firings: pd.DataFrame, zone: str) -> pd.DataFrame:
    """What is not known is an empty cell."""
    return pd.DataFrame(
        {
            "began": firings["started_at"].dt.tz_convert(zone).dt.tz_localize(None),
            "took": ["" if pd.isna(each) else quantity(each, "s") for each in firings["seconds"]],
            "title": firings["title"],
            **{name: [_yes(each) for each in firings[name]] for name in ("acted", "impact", "harm")},
            "incident": firings["incident"],
            "elsewhere": firings["elsewhere"],
            "job": firings["job"],
            "severity": firings["severity"],
            "url": [web(each) for each in firings["url"]],
        }
    )


def _yes(each: object) -> str:
    return "" if pd.isna(each) else t("yes") if each else t("no")  # type: ignore[call-overload]


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "began": column.DatetimeColumn(t("Began"), format="ddd D MMM, HH:mm", width=130),
        "took": column.TextColumn(t("Took"), width=75, alignment="right"),
        "title": column.TextColumn(t("What"), width=290),
        "acted": column.TextColumn(t("Action"), width=60),
        "impact": column.TextColumn(t("Impact"), width=60),
        "harm": column.TextColumn(t("Felt"), width=50),
        "incident": column.TextColumn(t("Incident of the component"), width=200),
        "elsewhere": column.TextColumn(t("Incident elsewhere"), width=150),
        "job": column.TextColumn(t("Batch"), width=130),
        "severity": column.TextColumn(t("Severity"), width=75),
        "url": column.LinkColumn(t("Source"), display_text=t("open"), width=60),
    }
