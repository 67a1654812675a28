"""The Sources page: how collecting goes, and collecting now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from metrics import catalog
from metrics.collect.run import Outcome, chosen
from metrics.review.collection import Health, SeriesState, SourceState
from metrics.ui import controls, gathering, tables
from metrics.ui.frame import Frame
from metrics.ui.loading import Ledger, data_of, said
from metrics.ui.words import age, both, counted, moment, number, span, t, title_of

__all__ = ["collect_now", "draw_refusals", "draw_runs", "draw_series", "draw_sources"]

HEALTH: Mapping[Health, str] = {
    "fine": "✓ fine",
    "late": "◷ late",
    "failed": "✗ failed",
    "running": "… running",
    "never": "○ never run",
    "imported": "✓ imported",
}
ROWS_SHOWN, RUNS_SHOWN = 17, 50


def collect_now(here: Frame) -> None:
    """A button for all configured sources, or for this machine where none is configured."""
    names = [source.name for source in here.config.sources] or ["host"]
    job = gathering.of(here.folder)
    with here.toolbar:
        st.space("stretch")
        label = t("Collect now") if here.config.sources else t("Collect this machine now")
        if st.button(label, disabled=job.is_running, help=", ".join(names)):
            job.start(here.config, said(chosen)(here.config, names), here.now)
            st.session_state["collecting"] = True
    if st.session_state.get("collecting"):
        _watch(here)


@st.fragment(run_every=0.7)
def _watch(here: Frame) -> None:
    """Progress while it runs; at its end the outcome, and the page anew."""
    job = gathering.of(here.folder)
    if job.is_running:
        st.progress(
            len(job.outcomes) / max(job.total, 1),
            t(
                "Collecting: {done} of {total} sources done. {progress}",
                done=len(job.outcomes),
                total=job.total,
                progress=job.progress,
            ),
        )
        return
    if st.session_state.pop("collecting", False):
        st.session_state["collected"] = [_ended(outcome) for outcome in job.outcomes]
        st.rerun(scope="app")


def _ended(outcome: Outcome) -> str:
    if outcome.state == "busy":
        return t("{source}: another run of it is under way.", source=outcome.source)
    if outcome.state == "failed":
        return t("{source} failed: {reason}", source=outcome.source, reason=outcome.detail)
    rows = counted(
        "{source}: {n} new or changed row.", "{source}: {n} new or changed rows.", outcome.rows, source=outcome.source
    )
    return t("{rows} Not whole: {reason}", rows=rows, reason=outcome.detail) if outcome.state == "partial" else rows


def draw_sources(here: Frame, seen: Ledger) -> None:
    """One sentence about all sources, then a row for each."""
    for text in st.session_state.pop("collected", []):
        st.toast(text, duration="long")
    states = seen.collection.sources
    if not states:
        st.info(
            t(
                "No source has run yet. Configure sources in `data/tomoni.yaml` and collect, import a file with "
                "`python -m metrics import FILE --as samples`, or look around with `python -m metrics demo`."
            )
        )
        return
    st.markdown(f"{_summary(states)} {_missing(seen.collection.series)}".rstrip())
    tables.draw(
        pd.DataFrame([_source_row(state, here) for state in states]),
        t("Sources with their state, age, gaps and refused rows"),
        columns=_counts("Series", "Never", "Late", "Gaps", "Refused"),
        most=ROWS_SHOWN,
    )


def _summary(states: tuple[SourceState, ...]) -> str:
    """One sentence: what needs a hand."""
    failed = [state.name for state in states if state.health == "failed"]
    late = [state.name for state in states if state.health == "late"]
    if failed:
        return t("**{names}** failed in the newest run: the reason is in the table.", names=", ".join(failed))
    if late:
        return t("**{names}** is late: no sample for three of its rounds.", names=", ".join(late))
    if any(state.health == "never" for state in states):
        names = [state.name for state in states if state.health == "never"]
        return t("**{names}** has not run yet.", names=", ".join(names))
    return counted("{n} source, and it answers.", "{n} sources, and all answer.", len(states))


def _missing(series: Sequence[SeriesState]) -> str:
    """What lacks although every source answers: series that are refused, never came or have gaps."""
    refused = sum(state.is_refused for state in series)
    never = sum(state.is_never for state in series)
    gaps = sum(state.gaps > 0 for state in series)
    parts = [
        counted("{n} refused or failed", "{n} refused or failed", refused) if refused else "",
        counted("{n} never collected", "{n} never collected", never) if never else "",
        counted("{n} with gaps", "{n} with gaps", gaps) if gaps else "",
    ]
    said = [part for part in parts if part]
    return t("Of {n} series: {what}.", n=number(len(series)), what=both(said)) if said else ""


def _counts(*names: str) -> dict[str, Any]:
    """Columns of counts, with the thousands set apart."""
    return {t(name): st.column_config.NumberColumn(format="localized") for name in names}


def _source_row(state: SourceState, here: Frame) -> dict[str, object]:
    return {
        t("Source"): state.name,
        t("State"): t(HEALTH[state.health]),
        t("Series"): state.series,
        t("Never"): state.never,
        t("Late"): state.late,
        t("Since"): moment(state.oldest, here.zone, here.now),
        t("Complete until"): moment(state.last_good, here.zone, here.now),
        t("Newest sample"): age(state.newest, here.now),
        t("Gaps"): state.gaps,
        t("Refused"): state.refused,
        t("Last run"): age(state.last_run, here.now),
        t("Next run"): moment(state.next_run, here.zone, here.now) if state.next_run else t("by hand"),
        t("Said"): state.detail,
    }


@st.fragment
def draw_series(here: Frame, seen: Ledger) -> None:
    """A row for each series, those that need a hand first."""
    states = seen.collection.series
    if not states:
        return
    version = data_of(here.folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(counted("{n} series", "{n} series", len(states)), anchor=False, width="content")
        st.space("stretch")
        shown = controls.choice(
            t("Series"),
            {"any": t("All"), "gaps": t("With gaps"), "late": t("Late"), "failed": t("Not complete")},
            "series",
        )
    rows = [state for state in states if _fits(state, shown)]
    if not rows:
        st.caption(t("None."))
        return
    tables.draw(
        _series_frame(version, here.now.replace(second=0, microsecond=0), shown, here.zone, rows),
        t("Series with their newest sample, state and gaps"),
        columns=_counts("Gaps") | {t("Part"): st.column_config.TextColumn(width=130)},
        most=ROWS_SHOWN,
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _series_frame(
    version: str, minute: datetime, shown: str, zone: str, _rows: Sequence[SeriesState]
) -> pd.DataFrame:
    """A thousand rows of words take a moment: written once a minute for all visitors."""
    return pd.DataFrame([_series_row(state, zone, minute) for state in _rows])


def _fits(state: SeriesState, shown: str) -> bool:
    if shown == "gaps":
        return state.gaps > 0
    if shown == "late":
        return state.late
    return shown == "any" or state.state not in ("complete", "empty", "")


def _series_row(state: SeriesState, zone: str, now: datetime) -> dict[str, object]:
    indicators = catalog.load().indicators
    indicator = indicators.get(state.indicator)
    return {
        t("Newest answer"): _answer(state),
        t("Indicator"): title_of(indicator) if indicator else state.indicator,
        t("Age"): age(state.last_ts, now),
        t("Service"): state.service,
        t("Component"): state.component,
        t("Part"): state.part or "",
        t("Source"): state.source,
        t("Newest sample"): moment(state.last_ts, zone, now),
        t("Gaps"): state.gaps,
        t("Missing"): span(state.missing) if state.missing else "",
        t("Why"): state.detail,
    }


def _answer(state: SeriesState) -> str:
    return ", ".join(part for part in (state.state, t("late") if state.late else "") if part)


def draw_refusals(here: Frame, seen: Ledger) -> None:
    """Rows of files that could not be taken, with their line and the reason."""
    if seen.refusals.empty:
        return
    n = int(seen.runs["rows_refused"].sum())
    st.subheader(counted("{n} row refused", "{n} rows refused", n), anchor=False)
    names = {"run_id": t("Run"), "file": t("File"), "line": t("Line"), "reason": t("Why"), "text": t("Row")}
    tables.draw(seen.refusals.rename(columns=names), t("Rows that could not be taken"), most=ROWS_SHOWN)


def draw_runs(here: Frame, seen: Ledger) -> None:
    """What ran lately, and how it ended."""
    if seen.runs.empty:
        return
    st.subheader(t("Runs"), anchor=False)
    newest = seen.runs.head(RUNS_SHOWN)
    rows = [
        {
            t("Run"): row["run_id"],
            t("Verb"): row["verb"],
            t("Source"): row["source"],
            t("Began"): moment(row["started_at"].to_pydatetime(), here.zone, here.now),
            t("Took"): ""
            if pd.isna(row["finished_at"])
            else f"{number((row['finished_at'] - row['started_at']).total_seconds())} s",
            t("State"): row["state"],
            t("Rows"): row["rows_written"],
            t("Refused"): row["rows_refused"],
            t("Said"): row["detail"],
        }
        for row in newest.to_dict("records")
    ]
    tables.draw(pd.DataFrame(rows), t("The newest runs"), columns=_counts("Rows", "Refused"), most=ROWS_SHOWN)
