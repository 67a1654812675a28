"""What is read as one line: an indicator of a component, or of a part of it, with the series behind it.

Where two sources feed one indicator, the catalogue says whom to believe. A ratio is made of its two counts
wherever both are there, since a mean of ratios is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from metrics.model import Indicator, Window
from metrics.review.rows import Row, text

__all__ = [
    "Buckets",
    "Curve",
    "Line",
    "address_of",
    "by_series",
    "curve",
    "family",
    "figure",
    "lines",
    "moved",
    "parse_address",
    "whole_steps",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One line on a graph. `ids` is its series, or the numerator's and the denominator's of a ratio.

    Where a source gives old data in longer periods, those are series of their own: `coarser` has them for each id.
    """

    service: str
    component: str
    part: str | None
    indicator: Indicator
    ids: tuple[int, ...]
    source: str
    period_s: int
    first_ts: datetime
    last_ts: datetime
    coarser: tuple[tuple[int, ...], ...] = ()
    has_rivals: bool = False
    """Whether other sources feed the same, so that it takes the source's name to tell them apart."""

    @property
    def reads(self) -> tuple[int, ...]:
        """Every series it is drawn from."""
        return (*self.ids, *(number for older in self.coarser for number in older))

    @property
    def address(self) -> str:
        return address_of(self.component, self.part, self.indicator.name)

    @property
    def is_ratio(self) -> bool:
        return len(self.ids) == 2


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """One series gathered into steps, as plain arrays: a thousand of them are cut in no time."""

    ts: NDArray[np.datetime64]
    mean: Floats
    low: Floats
    high: Floats
    total: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line's buckets: starts, values, and the least and greatest sample of each where that means something."""

    ts: NDArray[np.datetime64]
    values: Floats
    low: Floats | None
    high: Floats | None


def address_of(component: str, part: str | None, indicator: str) -> str:
    """As a headline writes it: `component/indicator` or `component/part/indicator`."""
    return "/".join(each for each in (component, part, indicator) if each is not None)


def family(line: Line) -> str:
    """One percentile of a duration tells what its others would."""
    return line.indicator.name.removesuffix(f".{line.indicator.stat}")


def parse_address(address: str) -> tuple[str, str | None, str]:
    """The reverse; a part may hold slashes itself, a component and an indicator don't."""
    component, _, rest = address.partition("/")
    part, slash, indicator = rest.rpartition("/")
    return component, part if slash else None, indicator


def lines(
    series: pd.DataFrame,
    indicators: Mapping[str, Indicator],
    kinds: Mapping[str, str] | None = None,
    *,
    each_source: bool = False,
) -> tuple[Line, ...]:
    """All lines that the store can draw, by component, then in the catalogue's order, then by part.

    `kinds` says of what kind a source is that is configured under another name. With `each_source` every source's
    line is there, else of rivals the one that the catalogue believes.
    """
    known = series[series["indicator"].isin(list(indicators)) & series["last_ts"].notna()]
    order = {name: place for place, name in enumerate(indicators)}
    told = _by_source(known, indicators)
    for ratio in _ratios(indicators.values()):
        told |= _composed(ratio, told)
    best: dict[_Address, Line] = {}
    for key, line in told.items():
        rival = best.get(key[:4])
        if rival is None or _trust(line, indicators, kinds or {}) > _trust(rival, indicators, kinds or {}):
            best[key[:4]] = line
    for ratio in _ratios(indicators.values()):
        mixed = _composed(ratio, {(*address, ""): line for address, line in best.items()})
        best |= {key[:4]: line for key, line in mixed.items() if key[:4] not in best or not best[key[:4]].is_ratio}
    chosen = _marked(told) if each_source else best.values()
    return tuple(
        sorted(chosen, key=lambda e: (e.service, e.component, order[e.indicator.name], e.part or "", e.source))
    )


def figure(line: Line, figures: Mapping[int, Row]) -> float | None:
    """The line's one figure for a period, from read.period's rows by series id; None without samples."""
    rows = [_first(figures, numbers) for numbers in _read_in_turn(line)]
    if line.is_ratio:
        return _ratio(rows[0], rows[1])
    row = rows[0]
    if row is None:
        return None
    value = float(row[_column(line.indicator)])
    return value if np.isfinite(value) else None


def curve(line: Line, buckets: Mapping[int, Buckets]) -> Curve | None:
    """The line over time, from `by_series` of read.buckets' rows; gaps have no point."""
    found = [_stitched([buckets[n] for n in numbers if n in buckets]) for numbers in _read_in_turn(line)]
    if line.is_ratio:
        return _ratio_curve(found[0], found[1])
    mine = found[0]
    if mine is None:
        return None
    if line.indicator.rollup == "sum":
        return Curve(mine.ts, mine.total, None, None)
    column = _column(line.indicator) if line.indicator.rollup in ("max", "ratio") else "mean"
    return Curve(mine.ts, {"mean": mine.mean, "min": mine.low, "max": mine.high}[column], mine.low, mine.high)


def whole_steps(line: Line, drawn: Curve | None, window: Window, step: timedelta) -> Curve | None:
    """Without the buckets at the edges that are not full yet: half a bucket of requests looks like a breakdown."""
    if drawn is None or not (line.is_ratio or line.indicator.rollup == "sum"):
        return drawn
    end = min(window.end, line.last_ts + timedelta(seconds=line.period_s))
    first, last = (np.datetime64(at.replace(tzinfo=None), "us") for at in (window.start, end - step))
    kept = (drawn.ts >= first) & (drawn.ts <= last)
    return Curve(drawn.ts[kept], drawn.values[kept], None, None) if kept.any() else None


def moved(drawn: Curve | None, by: timedelta) -> Curve | None:
    """The same line later, to lay one period over another."""
    return None if drawn is None else Curve(drawn.ts + np.timedelta64(by), drawn.values, None, None)


def by_series(frame: pd.DataFrame) -> dict[int, Buckets]:
    """A frame of read.buckets, in order of series and time, cut into one slice of plain arrays a series."""
    ids = frame["series_id"].to_numpy()
    ts = np.asarray(frame["ts"].dt.tz_convert("UTC").dt.tz_localize(None), dtype="datetime64[us]")
    columns = [frame[name].to_numpy(dtype=np.float64) for name in ("mean", "min", "max", "sum")]
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if len(ids) else np.array([], dtype=np.intp)
    return {
        int(ids[start]): Buckets(ts[start:end], *(column[start:end] for column in columns))
        for start, end in pairwise([*starts, len(ids)])
    }


_Address = tuple[str, str, str | None, str]
_Told = tuple[str, str, str | None, str, str]


def _by_source(known: pd.DataFrame, indicators: Mapping[str, Indicator]) -> dict[_Told, Line]:
    """One line for each source; of its series in several periods the newest leads."""
    found: dict[_Told, Line] = {}
    for row in known.sort_values(["last_ts", "period_s"], ascending=[False, True]).to_dict("records"):
        line = _single(row, indicators[str(row["indicator"])])
        key = (line.service, line.component, line.part, line.indicator.name, line.source)
        lead = found.get(key)
        found[key] = replace(lead, coarser=((*lead.coarser[0], *line.ids),)) if lead else line
    return found


def _marked(told: Mapping[_Told, Line]) -> list[Line]:
    """Each line, told apart where several sources feed the same."""
    feeds = Counter(key[:4] for key in told)
    return [replace(line, has_rivals=feeds[key[:4]] > 1) for key, line in told.items()]


def _single(row: Row, indicator: Indicator) -> Line:
    return Line(
        service=str(row["service"]),
        component=str(row["component"]),
        part=text(row["part"]),
        indicator=indicator,
        ids=(int(row["series_id"]),),
        source=str(row["source"]),
        period_s=int(row["period_s"]),
        first_ts=row["first_ts"].to_pydatetime(),
        last_ts=row["last_ts"].to_pydatetime(),
        coarser=((),),
    )


def _read_in_turn(line: Line) -> list[tuple[int, ...]]:
    """For each of a line's ids, the series to look into: its own, then the coarser ones."""
    coarser = line.coarser or ((),) * len(line.ids)
    return [(number, *older) for number, older in zip(line.ids, coarser, strict=True)]


def _first(figures: Mapping[int, Row], numbers: Sequence[int]) -> Row | None:
    """Figures of samples of one length: those of another are not comparable."""
    return next((figures[number] for number in numbers if number in figures), None)


def _stitched(found: Sequence[Buckets]) -> Buckets | None:
    """One after the other: a coarser series where the finer one is not there yet."""
    if not found:
        return None
    whole, *others = found
    for older in others:
        kept = older.ts < whole.ts[0] if len(whole.ts) else np.ones(len(older.ts), dtype=bool)
        columns = [field.name for field in fields(Buckets)]
        whole = Buckets(*(np.concatenate([getattr(older, name)[kept], getattr(whole, name)]) for name in columns))
    return whole


def _column(indicator: Indicator) -> str:
    """Which of a period's figures is the one to show. Of ready-made ratios the worst: their mean would be wrong."""
    if indicator.rollup == "ratio":
        return "min" if indicator.better == "higher" else "max"
    return indicator.rollup


def _trust(line: Line, indicators: Mapping[str, Indicator], kinds: Mapping[str, str]) -> tuple[bool, int, datetime]:
    """Sums over sums before ready-made ratios; then the catalogue's order of sources; then whoever spoke last."""
    counted = indicators.get(line.indicator.numerator or "", line.indicator)
    order: Sequence[str] = line.indicator.sources or counted.sources
    kind = kinds.get(line.source, line.source)
    rank = len(order) - order.index(kind) if kind in order else 0
    return line.is_ratio, rank, line.last_ts


def _ratios(indicators: Iterable[Indicator]) -> Iterable[Indicator]:
    return (each for each in indicators if each.rollup == "ratio" and each.numerator and each.denominator)


def _composed(ratio: Indicator, known: Mapping[_Told, Line]) -> dict[_Told, Line]:
    """The ratio wherever both of its counts come from one source."""
    made = {}
    for (service, component, part, name, source), top in known.items():
        bottom = known.get((service, component, part, str(ratio.denominator), source))
        if name != ratio.numerator or bottom is None:
            continue
        made[service, component, part, ratio.name, source] = Line(
            service=service,
            component=component,
            part=part,
            indicator=ratio,
            ids=(*top.ids, *bottom.ids),
            source=top.source,
            period_s=max(top.period_s, bottom.period_s),
            first_ts=max(top.first_ts, bottom.first_ts),
            # No errors is news too: the ratio is as fresh as what it counts.
            last_ts=bottom.last_ts,
            coarser=(*top.coarser, *bottom.coarser),
        )
    return made


def _ratio(top: Row | None, bottom: Row | None) -> float | None:
    """Sum over sum in per cent; no numerator beside a denominator means that none were counted."""
    below = 0.0 if bottom is None else float(bottom["sum"])
    if below <= 0:
        return None
    above = 0.0 if top is None else float(top["sum"])
    return 100 * above / below


def _ratio_curve(top: Buckets | None, bottom: Buckets | None) -> Curve | None:
    """Sum over sum at each step that has a denominator."""
    if bottom is None:
        return None
    above = np.zeros(len(bottom.ts))
    if top is not None:
        _, mine, theirs = np.intersect1d(bottom.ts, top.ts, assume_unique=True, return_indices=True)
        above[mine] = top.total[theirs]
    there = bottom.total > 0
    return Curve(bottom.ts[there], 100 * above[there] / bottom.total[there], None, None)
