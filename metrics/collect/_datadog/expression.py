"""A Datadog query as people write it, taken apart, and told how to roll up.

The v2 interface takes plain metric queries, each with a name, and a formula over the names. People have classic
queries with arithmetic and functions in them: `100 * (1 - avg:system.mem.pct_usable{*})` is a query and a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from metrics.collect.target import filled

__all__ = ["Expression", "Rollup", "placed", "taken_apart"]

DAY_S: Final = 86_400
# `avg:system.cpu.user{`: how to combine hosts (p95 of a distribution, too), the metric, and where its scope begins.
_METRIC: Final = re.compile(r"(?:(?P<space>[a-z][a-z0-9_]*(?:\.[0-9]+)?):)?[A-Za-z][A-Za-z0-9_.]*\s*\{")
_BY: Final = re.compile(r"\s*\bby\s*\{([^{}]*)\}")
_CALL: Final = re.compile(r"\s*\.\s*([a-z_]+)\s*\(")
_WORD: Final = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Rollup:
    """How values become one for each period, where the query does not say it itself."""

    method: str | None
    """avg, sum, max or min; None for a percentile, which is computed from the whole period's distribution."""
    period_s: int
    as_count: bool = False
    """Whether the metric counts: without it Datadog turns counts into rates a second."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Metric queries, and what stands around them: one text more than there are queries."""

    queries: tuple[str, ...]
    around: tuple[str, ...]
    interval_s: int
    """The period that all of them are rolled up to."""
    tags: tuple[str, ...]
    """What it is grouped by."""
    spaces: tuple[str | None, ...]
    """How each combines hosts: avg, sum, p95 …; None where it does not say."""
    says_method: bool
    """Whether each says itself how to roll up."""

    def formula(self, names: tuple[str, ...]) -> str:
        """The expression with a name for each of its queries."""
        return "".join(text + name for text, name in zip(self.around, (*names, ""), strict=True)).strip()

    @property
    def is_arithmetic(self) -> bool:
        """Whether it computes, so that the unit of its result is its author's affair."""
        return len(self.queries) > 1 or any(re.search(r"[-+*/]", _WORD.sub("", text)) for text in self.around)


def placed(query: str, values: Mapping[str, str]) -> str:
    """The query with its placeholders filled in, but for the tags it is grouped by: `by {service}` means the tag."""
    pieces = re.split(r"(\bby\s*\{[^{}]*\})", query)
    return "".join(piece if number % 2 else filled(piece, values) for number, piece in enumerate(pieces))


def taken_apart(query: str, rollup: Rollup) -> Expression:
    """The query's parts, each with an explicit roll-up. Raises ValueError that says what to write instead."""
    found = list(_metrics(query, rollup))
    if not found:
        raise ValueError("names no metric with a scope; write it as in avg:system.cpu.user{host:web}, or {*} for all")
    intervals = sorted({each.interval_s for each in found})
    if len(intervals) > 1:
        raise ValueError(f"rolls up to {intervals[0]} s and to {intervals[1]} s; use one interval in a query")
    if intervals[0] < 1 or DAY_S % intervals[0]:
        raise ValueError(f"rolls up to {intervals[0]} s; use an interval that divides a day, such as 300 or 3600")
    ends = [0, *(each.end for each in found)]
    starts = [*(each.start for each in found), len(query)]
    return Expression(
        queries=tuple(each.text for each in found),
        around=tuple(query[end:start] for end, start in zip(ends, starts, strict=True)),
        interval_s=intervals[0],
        tags=tuple(dict.fromkeys(tag for each in found for tag in each.tags)),
        spaces=tuple(each.space for each in found),
        says_method=all(each.says_method for each in found),
    )


@dataclass(frozen=True, slots=True)
class _Metric:
    start: int
    end: int
    text: str
    interval_s: int
    tags: tuple[str, ...]
    space: str | None
    says_method: bool


def _metrics(query: str, rollup: Rollup) -> Iterator[_Metric]:
    at = 0
    while begins := _METRIC.search(query, at):
        scope_end = _scope_end(query, begins.end())
        by = _BY.match(query, scope_end)
        head_end = by.end() if by else scope_end
        calls = list(_calls(query, head_end))
        at = calls[-1].end if calls else head_end
        suffixes, interval_s, says_method = _rolled_up(calls, rollup)
        yield _Metric(
            start=begins.start(),
            end=at,
            text=query[begins.start() : head_end] + suffixes,
            interval_s=interval_s,
            tags=tuple(tag.strip() for tag in by[1].split(",") if tag.strip()) if by else (),
            space=begins["space"],
            says_method=says_method,
        )


def _scope_end(query: str, start: int) -> int:
    end = query.find("}", start)
    if end < 0:
        raise ValueError(f"has a scope that is not closed: {query[start - 1 : start + 40]!r} lacks a }}")
    if (nested := query.find("{", start, end)) >= 0:
        raise ValueError(
            f"has {query[nested : end + 1]} in it, which nothing fills in; "
            "use {component}, {service} or a name that stands under `with`"
        )
    return end + 1


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: tuple[str, ...]
    text: str
    end: int


def _calls(query: str, at: int) -> Iterator[_Call]:
    """The functions that follow a metric with a dot each."""
    while begins := _CALL.match(query, at):
        end = _parenthesis_end(query, begins.end())
        arguments = tuple(each.strip() for each in query[begins.end() : end - 1].split(","))
        yield _Call(begins[1], arguments, query[begins.start() : end].strip(), end)
        at = end


def _parenthesis_end(query: str, start: int) -> int:
    depth = 1
    for place in range(start, len(query)):
        depth += {"(": 1, ")": -1}.get(query[place], 0)
        if depth == 0:
            return place + 1
    raise ValueError(f"has a ( that is not closed: {query[start - 1 : start + 40]!r}")


def _rolled_up(calls: list[_Call], rollup: Rollup) -> tuple[str, int, bool]:
    """(what follows the metric, the period in seconds, whether the query itself says how to roll up)"""
    names = {call.name for call in calls}
    if rollup.as_count and "as_rate" in names:
        raise ValueError("says .as_rate(), but what it brings is a count; write .as_count() or leave it out")
    first = ".as_count()" if rollup.as_count and "as_count" not in names else ""
    own = next((call for call in calls if call.name == "rollup"), None)
    if own is None:
        method = f"{rollup.method}, " if rollup.method else ""
        chain = "".join(call.text for call in calls)
        return f"{first}{chain}.rollup({method}{rollup.period_s})", rollup.period_s, False
    period_s, text = _own_period(own, rollup.period_s)
    chain = "".join(text if call is own else call.text for call in calls)
    return first + chain, period_s, not own.arguments[0].isdecimal()


def _own_period(own: _Call, default_s: int) -> tuple[int, str]:
    """A roll-up without an interval grows with the window; it gets one."""
    written = [each for each in own.arguments if each.isdecimal()]
    if written:
        return int(written[0]), own.text
    if len(own.arguments) > 1 or not own.arguments[0].isalpha():
        raise ValueError(f"has {own.text}; write its interval in seconds, as in .rollup(avg, 3600)")
    return default_s, f".rollup({own.arguments[0]}, {default_s})"
