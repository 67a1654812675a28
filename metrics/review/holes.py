"""What is needed and not there: component by indicator, from the rows in the store, not from the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pandas as pd

from metrics.model import Component, Indicator, Service, Window
from metrics.review.lines import Line

__all__ = ["Hole", "holes"]


@dataclass(frozen=True, slots=True)
class Hole:
    """One indicator that a component's kind needs: never collected, or not in this period."""

    component: str
    title: str
    indicator: Indicator
    state: Literal["never", "silent", "failed"]
    since: datetime | None = None
    """The newest sample, where there was one."""
    detail: str = ""
    """Why, in the source's words, where it said so."""


def holes(
    service: Service,
    needs: Mapping[str, Sequence[Indicator]],
    known: Sequence[Line],
    coverage: pd.DataFrame,
    window: Window,
) -> tuple[Hole, ...]:
    """By component in the service's order. What a person declared not applicable is not a hole."""
    newest: dict[tuple[str, str], datetime] = {}
    for line in known:
        key = (line.component, line.indicator.name)
        newest[key] = max(newest.get(key, line.last_ts), line.last_ts)
    reasons = _reasons(coverage)
    found = (
        _hole(component, indicator, newest, reasons, window)
        for component in service.components
        for indicator in needs.get(component.kind, ())
        if indicator.name not in component.not_applicable
    )
    return tuple(hole for hole in found if hole is not None)


def _hole(
    component: Component,
    indicator: Indicator,
    newest: Mapping[tuple[str, str], datetime],
    reasons: Mapping[tuple[str, str], _Reason],
    window: Window,
) -> Hole | None:
    last = newest.get((component.name, indicator.name))
    if last is not None and last >= window.start:
        return None
    # Nobody asks a source for a ratio: why it is not there stands with its counts.
    asked = (indicator.name, indicator.numerator, indicator.denominator)
    why = next((reasons[component.name, name] for name in asked if name and (component.name, name) in reasons), None)
    state: Literal["never", "silent", "failed"] = "never" if last is None else "silent"
    if why and why.is_refusal:
        state = "failed"
    return Hole(component.name, component.title, indicator, state, last, why.detail if why else "")


@dataclass(frozen=True, slots=True)
class _Reason:
    detail: str
    is_refusal: bool


def _reasons(coverage: pd.DataFrame) -> dict[tuple[str, str], _Reason]:
    """What the newest answer for each (component, indicator) says, where it brought nothing."""
    if coverage.empty:
        return {}
    newest = coverage.sort_values("window_end").groupby(["component", "indicator"]).tail(1)
    without = newest[newest["state"].isin(["failed", "forbidden", "empty"])]
    return {
        (row["component"], row["indicator"]): _Reason(row["detail"] or row["state"], row["state"] != "empty")
        for row in without.to_dict("records")
    }
