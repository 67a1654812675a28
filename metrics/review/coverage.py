"""Coverage: each component by what its kind needs, judged by the rows in the store and not by the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal

import pandas as pd

from metrics.model import Component, Entry, Indicator, Service, Window
from metrics.review.lines import Line
from metrics.review.period import edges
from metrics.review.rows import Row, moment, text
from metrics.review.spans import Span, joined, overlaps, without

__all__ = ["Blind", "Cell", "Coverage", "Incident", "Share", "Signal", "State", "coverage", "declared", "signal_of"]

State = Literal["failed", "never", "stale", "partial", "collected", "not_applicable"]
Signal = Literal["traffic", "time", "errors", "saturation"]
"""The four golden signals (Site Reliability Engineering, chapter 6): what a hole hides."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
# Late is what has missed three of its own steps; a review acts on days, so less than one is no hole.
LATE_STEPS, LATE = 3, DAY
# What comes at no fixed step, such as pushes of an image, is late after two weeks, if no answer says that none came.
LATE_WITHOUT_STEP = 2 * WEEK
HOLES = ("failed", "never", "stale", "partial")
FAILURES = ("error", "5xx", "fail", "bounce", "throttle", "defect")
BROUGHT = ("complete", "partial")


@dataclass(frozen=True, slots=True)
class Incident:
    """One of this component while the indicator was not collected: what it would have shown."""

    id: str
    title: str
    start: datetime
    url: str | None


@dataclass(frozen=True, slots=True)
class Blind:
    """A time without this indicator, and why, where the source said so. `part` where only that one lacks."""

    start: datetime
    end: datetime
    detail: str = ""
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One needed indicator of one component. `since` is when its state began, where that is known."""

    component: Component
    indicator: Indicator
    state: State
    since: datetime | None = None
    until: datetime | None = None
    """When a gap was over that makes it partial."""
    newest: datetime | None = None
    detail: str = ""
    blind: tuple[Blind, ...] = ()
    missed: tuple[Incident, ...] = ()
    by: str = ""
    """Who said on the page that it is not applicable; empty where the service's file does."""
    asked: str = ""
    """The source whose answer makes a hole of it; empty where none was asked, or none answered."""
    is_refused: bool = False
    """That source is there, and lacks a permission."""
    was: tuple[bool, ...] = ()
    """Whether it was collected at the end of each of `Coverage.weeks`."""

    @property
    def is_hole(self) -> bool:
        return self.state in HOLES

    @property
    def key(self) -> tuple[str, str]:
        return self.component.name, self.indicator.name


@dataclass(frozen=True, slots=True)
class _Stand:
    """How a cell stands, and the answer that says so."""

    state: State
    since: datetime | None
    until: datetime | None = None
    detail: str = ""
    answer: Row | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the indicators that a team's components need were collected at the end of a week, or are now."""

    week: date
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class Coverage:
    cells: tuple[Cell, ...]
    weeks: tuple[date, ...]
    """On which day of the service's clock each begins; the last one goes on, and ends now."""
    window: Window
    """How far back it was looked: whatever lay before is not judged."""

    def count(self, *states: State) -> int:
        return sum(cell.state in states for cell in self.cells)

    @property
    def trend(self) -> Mapping[str, tuple[Share, ...]]:
        """By the owner; "" for components that nobody owns. What is needed is what is needed today."""
        mine: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.state != "not_applicable":
                mine.setdefault(cell.component.owner or "", []).append(cell)
        return {
            owner: tuple(
                Share(week, sum(cell.was[place] for cell in of), len(of)) for place, week in enumerate(self.weeks)
            )
            for owner, of in mine.items()
        }

    @property
    def holes(self) -> tuple[Cell, ...]:
        """Those that need a hand: with most incidents unseen first, then by how little is there."""
        found = [cell for cell in self.cells if cell.is_hole]
        return tuple(sorted(found, key=lambda cell: (HOLES.index(cell.state) == 3, -len(cell.missed))))

    @property
    def closed(self) -> tuple[Cell, ...]:
        """Collected by now, and not for a day or longer before."""
        return tuple(cell for cell in self.cells if cell.state == "collected" and _longest(cell.blind) >= DAY)


def coverage(
    *,
    service: Service,
    needs: Mapping[str, Sequence[Indicator]],
    lines: Sequence[Line],
    answers: pd.DataFrame,
    days: pd.DataFrame,
    incidents: pd.DataFrame,
    window: Window,
) -> Coverage:
    """`days` has series_id and ts of each day with samples; `window` ends now, or where a demo's data ends."""
    store = _Store(lines, answers, days, incidents, window)
    weeks = list(pairwise(edges(window, "week", service.time_zone, service.week_start)))
    cells = list[Cell]()
    for component in service.components:
        for indicator in needs.get(component.kind, ()):
            if indicator.name in component.not_applicable:
                why = component.not_applicable[indicator.name]
                cells.append(Cell(component, indicator, "not_applicable", detail=why))
                continue
            cells.append(store.cell(component, indicator, [end for _, end in weeks[:-1]]))
    return Coverage(tuple(cells), tuple(start.date() for start, _ in weeks), window)


def declared(found: Coverage, words: Iterable[Entry]) -> Coverage:
    """With what people said is not applicable, on top of what the service's file says: no longer needed, no hole."""
    said = {word.subject: word for word in words if word.kind == "hole" and word.said is not None}
    return replace(found, cells=tuple(_declared(cell, said.get("/".join(cell.key))) for cell in found.cells))


def _declared(cell: Cell, word: Entry | None) -> Cell:
    if word is None or cell.state == "not_applicable":
        return cell
    because = (word.said or {}).get("because") or ""
    return replace(cell, state="not_applicable", since=word.at, until=None, detail=because, by=word.author)


def signal_of(indicator: Indicator) -> Signal:
    """Which of the four it is, by its unit and its name."""
    if any(word in indicator.name for word in FAILURES):
        return "errors"
    if indicator.perspective == "demand":
        return "traffic"
    return "time" if indicator.unit == "s" else "saturation"


class _Store:
    """What the store says, looked up by component and indicator."""

    def __init__(
        self,
        lines: Sequence[Line],
        answers: pd.DataFrame,
        days: pd.DataFrame,
        incidents: pd.DataFrame,
        window: Window,
    ) -> None:
        self.window = window
        self.lines: dict[tuple[str, str], list[Line]] = {}
        for line in lines:
            self.lines.setdefault((line.component, line.indicator.name), []).append(line)
        self.answers: dict[tuple[str, str], list[Row]] = {}
        for row in answers.sort_values("window_start").to_dict("records"):
            self.answers.setdefault((str(row["component"]), str(row["indicator"])), []).append(row)
        told = [(line.component, line.first_ts) for line in lines]
        told += [(name, _span(row)[0]) for (name, _), rows in self.answers.items() for row in rows]
        self.begins: dict[str, datetime] = {}
        for name, at in told:
            self.begins[name] = min(at, self.begins.get(name, at))
        # Days count from 1970: a quarter of a million of them are merged in no time as numbers, not as dates.
        since_1970 = days["ts"].dt.tz_convert(None).astype("datetime64[s]").astype("int64") // 86_400
        self.days = {int(str(number)): set(of.tolist()) for number, of in since_1970.groupby(days["series_id"])}
        self.incidents: dict[str, list[Row]] = {}
        for row in incidents.to_dict("records"):
            self.incidents.setdefault(str(row["component"]), []).append(row)

    def cell(self, component: Component, indicator: Indicator, ends: Sequence[datetime]) -> Cell:
        """How one stands; `ends` are those of the weeks before this one."""
        lines = self.lines.get((component.name, indicator.name), [])
        # Nobody asks a source for a ratio: how that went stands with its counts.
        asked = [name for name in (indicator.name, indicator.numerator, indicator.denominator) if name]
        answers = [row for name in asked for row in self.answers.get((component.name, name), [])]
        known = self._known(lines, answers, is_ratio=indicator.numerator is not None)
        whole = without([(self._begin(component.name), self.window.end)], known)
        blind = [_named(span, answers) for span in whole if span[1] - span[0] >= HOUR]
        lost = self._lost(lines, answers, self.window.end)
        stand = self._stand(lines, answers, blind, lost)
        was = [self._was_collected(lines, answers, known, at) for at in ends]
        return Cell(
            component, indicator, stand.state, stand.since, stand.until,
            newest=max((line.last_ts for line in lines), default=None),
            detail=stand.detail,
            blind=(*blind, *lost),
            missed=self._missed(component.name, (*blind, *lost)),
            asked="" if stand.answer is None else str(stand.answer["source"]),
            is_refused=stand.answer is not None and stand.answer["state"] == "forbidden",
            was=(*was, stand.state == "collected"),
        )  # fmt: skip

    def _begin(self, component: str) -> datetime:
        """Since when the store knows anything of a component: what was before it can't be missing."""
        return max(self.begins.get(component, self.window.start), self.window.start)

    def _known(self, lines: Sequence[Line], answers: Sequence[Row], *, is_ratio: bool) -> list[Span]:
        """Days with samples but for what failed in them, and what was answered: a quiet day is known too."""
        known = list[Span]()
        for line in lines:
            bad = [_span(row) for row in answers if text(row["part"]) == line.part and row["state"] not in BROUGHT]
            known += without(self._with_samples(line), bad)
        if not is_ratio and lines:
            known += [_span(row) for row in answers if row["state"] in BROUGHT]
        return joined(known)

    def _with_samples(self, line: Line) -> list[Span]:
        older = [self.days.get(number, set()) for numbers in line.coarser for number in numbers]
        there = set.intersection(*(self.days.get(number, set()) for number in line.ids)).union(*older)
        edge = line.last_ts + timedelta(seconds=line.period_s)
        runs = [(EPOCH + DAY * first, EPOCH + DAY * (last + 1)) for first, last in _runs(there)]
        return joined((max(start, line.first_ts), min(end, edge)) for start, end in runs)

    def _lost(self, lines: Sequence[Line], answers: Sequence[Row], at: datetime) -> tuple[Blind, ...]:
        """Parts that the source was asked for in vain at that time: others of the same indicator hide them."""
        by_part: dict[str | None, Row] = {}
        for row in sorted(answers, key=lambda row: row["window_end"]):
            if row["window_start"] < at:
                by_part[text(row["part"])] = row
        lasts = {line.part: line.last_ts for line in lines}
        if not lasts:
            return ()
        return tuple(
            Blind(max(lasts.get(part) or start, start, self.window.start), end, row["detail"] or row["state"], part)
            for part, row in by_part.items()
            for start, end in (_span(row),)
            if part is not None and row["state"] not in BROUGHT and end >= at - DAY
        )

    def _stand(
        self, lines: Sequence[Line], answers: Sequence[Row], blind: Sequence[Blind], lost: Sequence[Blind]
    ) -> _Stand:
        newest = max(answers, key=lambda row: row["window_end"], default=None)
        says = "" if newest is None or newest["state"] in BROUGHT else str(newest["detail"] or newest["state"])
        refused = newest is not None and newest["state"] in ("failed", "forbidden")
        if not any(self._is_fresh(line, answers) for line in lines):
            last = max((line.last_ts for line in lines), default=None)
            since = last or (moment(newest["window_start"]) if refused and newest is not None else None)
            state: State = "failed" if refused else "stale" if lines else "never"
            return _Stand(state, since, detail=says, answer=newest if refused else None)
        if lost:
            parts = ", ".join(str(each.part) for each in lost)
            return _Stand("partial", min(each.start for each in lost), detail=f"{parts}: {lost[0].detail}")
        gaps = [row for row in answers if _is_gap(row, self.window.end)]
        if gaps:
            return _Stand("partial", *_span(gaps[-1]), str(gaps[-1]["detail"]), gaps[-1])
        before = [each for each in blind if each.end - each.start >= DAY]
        return _Stand("collected", before[-1].end if before else min(line.first_ts for line in lines))

    def _was_collected(
        self, lines: Sequence[Line], answers: Sequence[Row], known: Sequence[Span], at: datetime
    ) -> bool:
        """As `_stand` says of now, of an earlier time: fresh by then, no part lost and no question failed."""
        patience = max(map(_patience, lines), default=LATE)
        is_fresh = any(start < at <= end + patience for start, end in known)
        return is_fresh and not self._lost(lines, answers, at) and not any(_is_gap(row, at) for row in answers)

    def _is_fresh(self, line: Line, answers: Sequence[Row]) -> bool:
        if line.last_ts + _patience(line) >= self.window.end:
            return True
        return any(
            row["state"] in BROUGHT and row["window_end"] >= self.window.end - LATE and text(row["part"]) == line.part
            for row in answers
        )

    def _missed(self, component: str, blind: Iterable[Blind]) -> tuple[Incident, ...]:
        spans = [(each.start, each.end) for each in blind]
        found = [
            Incident(str(row["id"]), str(row["title"] or row["id"]), start, text(row["url"]))
            for row in self.incidents.get(component, [])
            if (start := moment(row["started_at"])) and overlaps(spans, start, moment(row["ended_at"]) or start)
        ]
        return tuple(sorted(found, key=lambda each: each.start, reverse=True))


def _is_gap(row: Row, at: datetime) -> bool:
    """In the week before that time: what happened earlier was looked at in an earlier review."""
    failed = row["state"] in ("failed", "forbidden") or (row["state"] == "empty" and row["detail"])
    return bool(failed and row["window_start"] < at and row["window_end"] > at - WEEK)


def _patience(line: Line) -> timedelta:
    """How old its newest sample may be."""
    return max(LATE_STEPS * timedelta(seconds=line.period_s), LATE) if line.period_s else LATE_WITHOUT_STEP


def _runs(days: Iterable[int]) -> list[tuple[int, int]]:
    """Days that follow one another as their first and last."""
    found: list[tuple[int, int]] = []
    for day in sorted(days):
        if found and day == found[-1][1] + 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _span(row: Row) -> Span:
    return row["window_start"].to_pydatetime(), row["window_end"].to_pydatetime()


def _named(span: Span, answers: Sequence[Row]) -> Blind:
    """A time without data, and what the source said of it."""
    said = [row["detail"] for row in answers if row["state"] not in BROUGHT and overlaps([_span(row)], *span)]
    return Blind(*span, next((str(each) for each in said if each), ""))


def _longest(blind: Iterable[Blind]) -> timedelta:
    return max((each.end - each.start for each in blind), default=timedelta(0))
