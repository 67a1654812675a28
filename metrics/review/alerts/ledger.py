"""From firings to the ledger: each rule with its figures, its branch and its weeks; how many were idle by week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.model import Service, Window
from metrics.review.alerts.branch import branch_of, grew
from metrics.review.alerts.judged import Beside, judged
from metrics.review.alerts.known import Known
from metrics.review.alerts.pile import NO_FIRING, Branch, Count, Pile, Rule, Suggestion, Tally, Week, history
from metrics.review.alerts.tally import Key, counts, tallies
from metrics.review.alerts.touching import micros, spans_of
from metrics.review.period import Period, edges
from metrics.review.rows import Row, text
from metrics.review.spans import Span, joined

__all__ = ["Split", "ledger", "split"]


@dataclass(frozen=True, slots=True)
class Split:
    """What of the pile belongs to one branch; None for what nobody can tell yet."""

    branch: Branch | None
    firings: int
    rules: int
    confirmed: int
    """Of how many of the rules a person has said so."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """What all rules are judged in the light of."""

    beside: Beside
    batch_share: float | None
    told: Mapping[str, Row]
    """Findings by id."""
    watches: Mapping[Key, str]


def ledger(firings: pd.DataFrame, beside: Beside, period: Period, service: Service, known: Known) -> Pile:
    """`firings` are those of the history and of the period before; `known` for which times that is all."""
    window, long = period.window, history(period)
    every = judged(_within(firings, long), beside)
    whole, now = tallies(every), tallies(every[every["started_at"] >= window.start])
    before = counts(_within(firings, period.previous))
    components = sorted({component for component, _ in (*whole, *before)} | set(known.answered))
    were_known = {each for each in components if known.covers(each, period.previous)}
    weeks = list(pairwise(edges(long, "week", service.time_zone, service.week_start)))
    by_week = _by_week(every, weeks)
    sight = _Sight(beside, _share_of_time(beside.runs, long), _by_id(beside.foretold), _addresses(beside.watches))
    rules = [
        _rule(
            row,
            now.get(key, NO_FIRING),
            whole[key],
            before.get(key, 0) if key[0] in were_known else None,
            by_week[key],
            sight,
        )
        for key, row in _newest(every).items()
    ]
    rules.sort(key=lambda rule: (-rule.now.n, -rule.long.n, rule.key))
    return Pile(
        period=period,
        history=long,
        rules=tuple(rules),
        weeks=tuple(_idle(every, weeks, long)),
        firings=every,
        before=sum(before.values())
        if known.covers("", period.previous) and len(were_known) == len(components)
        else None,
        known_since=known.since,
        lost={each: lost for each in components if (lost := known.lacks(each, period.window))},
        batch_share=sight.batch_share,
        felt=tuple(each.address for each in beside.felt),
        sees_incidents=beside.incidents is not None,
    )


def split(pile: Pile, said: Mapping[str, Branch]) -> tuple[Split, ...]:
    """Firings and rules of the period by branch: as people said, else as the data suggests."""
    found: dict[Branch | None, list[Rule]] = {}
    for rule in pile.fired:
        found.setdefault(said.get(rule.key, rule.suggestion.branch), []).append(rule)
    return tuple(
        Split(branch, sum(rule.now.n for rule in mine), len(mine), sum(rule.key in said for rule in mine))
        for branch, mine in found.items()
    )


def _within(firings: pd.DataFrame, window: Window) -> pd.DataFrame:
    starts = firings["started_at"]
    return firings[(starts >= window.start) & (starts < window.end)].reset_index(drop=True)


def _rule(row: Row, now: Tally, whole: Tally, before: int | None, weeks: tuple[int, ...], sight: _Sight) -> Rule:
    """`row` is its newest firing, with `first`, when its oldest of the history began."""
    key = str(row["component"]), str(row["rule"])
    return Rule(
        component=key[0],
        name=key[1],
        title=str(row["title"] or row["rule"]),
        severity=text(row["severity"]),
        url=text(row["url"]),
        now=now,
        long=whole,
        before=before,
        weeks=weeks,
        first=row["first"].to_pydatetime(),
        last=row["started_at"].to_pydatetime(),
        suggestion=_suggestion(row, now, whole, before, sight),
        watches=sight.watches.get(key),
    )


def _suggestion(row: Row, now: Tally, whole: Tally, before: int | None, sight: _Sight) -> Suggestion:
    branch = branch_of(whole, sight.batch_share)
    told = sight.told.get(str(row["told"]))
    return Suggestion(
        branch=branch,
        grew=grew(now.n, before),
        instead=_instead(str(row["component"]), sight.beside) if branch == "remove" else None,
        foretold=str(told["sentence"]) if told else None,
        told_at=told["told_at"].to_pydatetime() if told else None,
    )


def _instead(component: str, beside: Beside) -> str | None:
    """The line that users feel: the component's own, else the first that both teams follow."""
    addresses = [each.address for each in beside.felt]
    own = [address for address in addresses if address.partition("/")[0] == component]
    return next(iter([*own, *addresses]), None)


def _newest(judged_ones: pd.DataFrame) -> dict[Key, Row]:
    """The newest firing of each rule, with when the first one began and which finding told of one of them."""
    if judged_ones.empty:
        return {}
    grouped = judged_ones.groupby(["component", "rule"], sort=False)
    rows = grouped.tail(1).set_index(["component", "rule"], drop=False)
    rows["first"], rows["told"] = grouped["started_at"].min(), grouped["foretold"].max()
    return {(str(row["component"]), str(row["rule"])): row for row in rows.to_dict("records")}


def _by_week(judged_ones: pd.DataFrame, weeks: list[Span]) -> dict[Key, tuple[int, ...]]:
    places = _week_of(judged_ones["started_at"], weeks)
    codes = judged_ones.groupby(["component", "rule"], sort=False).ngroup().to_numpy()
    keys = judged_ones[["component", "rule"]].drop_duplicates().itertuples(index=False)
    table = np.zeros((codes.max(initial=-1) + 1, len(weeks)), int)
    np.add.at(table, (codes, places), 1)
    return {(str(key[0]), str(key[1])): tuple(row) for key, row in zip(keys, table.tolist(), strict=True)}


def _idle(judged_ones: pd.DataFrame, weeks: list[Span], window: Window) -> Iterator[Week]:
    """By week, how many firings nobody made anything of."""
    places, size = _week_of(judged_ones["started_at"], weeks), len(weeks)
    known = judged_ones["acted"].notna().to_numpy()
    idle = known & ~judged_ones["acted"].fillna(value=True).to_numpy(bool)
    k, n, every = (np.bincount(each, minlength=size).tolist() for each in (places[idle], places[known], places))
    for place, (start, end) in enumerate(weeks):
        whole = start >= window.start and end <= window.end
        yield Week(start.date(), Count(k[place], n[place]), every[place], whole)


def _week_of(started: pd.Series, weeks: list[Span]) -> NDArray[np.intp]:
    return np.searchsorted(spans_of(weeks)[0], micros(started), "right") - 1


def _share_of_time(runs: pd.DataFrame | None, window: Window) -> float | None:
    """In what share of the time any batch ran, from the first run that is known."""
    ended = runs[runs["ended_at"].notna()] if runs is not None else None
    if ended is None or ended.empty:
        return None
    pairs = zip(ended["started_at"].dt.to_pydatetime(), ended["ended_at"].dt.to_pydatetime(), strict=True)
    cut = joined((max(start, window.start), min(end, window.end)) for start, end in pairs)
    known = window.end - max(window.start, ended["started_at"].min())
    return sum((end - start for start, end in cut), timedelta(0)) / known if known > timedelta(0) else None


def _by_id(foretold: pd.DataFrame) -> dict[str, Row]:
    return {str(row["id"]): row for row in foretold.to_dict("records")}


def _addresses(watches: pd.DataFrame) -> dict[Key, str]:
    return {(str(row["component"]), str(row["rule"])): str(row["address"]) for row in watches.to_dict("records")}
