"""What a service's file asks Datadog for: its queries, checked, and each as one question for one component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, field_validator, model_validator

from metrics.catalog import load, parse_quantity
from metrics.collect._datadog.expression import Expression, Rollup, placed, taken_apart
from metrics.collect._datadog.units import Named, factor, per_second
from metrics.collect.target import Target
from metrics.errors import TomoniError
from metrics.model import Coverage, CoverageState, Indicator, Points, Series, Window

__all__ = ["PERIOD", "Component", "Query", "Question"]

# What a sample speaks for, unless the settings or the query say otherwise.
PERIOD: Final = timedelta(minutes=5)

Kind = Literal["count", "rate", "gauge"]

# Datadog rolls up by avg, sum, min, max or count ("Rollup"): it has no `last`. Of a gauge over five minutes the mean
# comes nearest. A percentile takes none: it is computed from the whole period's distribution.
_METHODS: Final[Mapping[str, str]] = {
    "mean": "avg",
    "sum": "sum",
    "max": "max",
    "min": "min",
    "last": "avg",
}
_AGGREGATORS: Final[Mapping[str, str]] = {"mean": "avg", "sum": "sum", "max": "max", "min": "min", "last": "last"}


class Query(BaseModel, frozen=True, extra="forbid"):
    """One query and the indicator that it brings."""

    indicator: str
    """A name or a short name of the catalogue."""
    query: str = Field(min_length=1)
    part: str | None = Field(default=None, min_length=1)
    """The tag that names the parts, of those it is grouped by; all of them when absent."""
    unit: str | None = None
    """What its values are in; what the reply says when absent."""
    kind: Kind | None = None
    """Whether the metric counts, is a rate a second, or is a level; a count for a total, else a level."""
    scalar: bool = False
    """Whether to ask for one figure for each day."""

    @field_validator("indicator")
    @classmethod
    def _indicator_exists(cls, name: str) -> str:
        try:
            return load().get(name).name
        except TomoniError as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _agrees(self) -> Query:
        indicator = load().get(self.indicator)
        if self.kind in ("count", "rate") and indicator.stat != "sum":
            raise ValueError(f"kind {self.kind} does not fit {indicator.name}, which is no total; leave it out")
        if self.unit is not None:
            try:
                parse_quantity(f"1 {self.unit}", indicator.unit)
            except TomoniError as error:
                raise ValueError(f"unit {self.unit!r} does not fit {indicator.name}: {error}") from None
        return self

    @property
    def measures(self) -> Kind:
        total = load().get(self.indicator).stat == "sum"
        return self.kind or ("count" if total else "gauge")

    def rollup(self, period: timedelta) -> Rollup:
        """How Datadog is to make one value of each period."""
        stat = load().get(self.indicator).stat
        method = "avg" if self.measures == "rate" else _METHODS.get(stat)
        return Rollup(method, int(period.total_seconds()), as_count=self.measures == "count")


class Component(Target, frozen=True, extra="forbid", populate_by_name=True):
    """What may stand beside `use: datadog`."""

    queries: tuple[Query, ...] = Field(min_length=1)
    values: Mapping[str, str] = Field(default={}, alias="with")
    """What to put in for placeholders of these names."""

    @model_validator(mode="after")
    def _asks_for_each_once(self) -> Component:
        names = [query.indicator for query in self.queries]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"{self.component} has two queries for {twice[0]}; one brings it, by a tag where it has parts"
            )
        self.questions(PERIOD)
        return self

    def questions(self, period: timedelta) -> tuple[Question, ...]:
        """One for each query. Raises ValueError where a query can't be understood."""
        return tuple(self._question(query, period) for query in self.queries)

    def _question(self, query: Query, period: timedelta) -> Question:
        indicator = load().get(query.indicator)
        text = placed(query.query, {"component": self.component, "service": self.service, **self.values})
        try:
            expression = taken_apart(text, query.rollup(period))
            _refuse_averaged_percentile(indicator, expression)
            _refuse_unknown_part(query.part, expression)
        except ValueError as error:
            raise ValueError(f"{self.component}: the query for {indicator.name} {error}: {query.query}") from None
        own = None if query.unit is None else parse_quantity(f"1 {query.unit}", indicator.unit)
        return Question(
            self.service, self.component, indicator, text, expression, query.measures, query.part, own, query.scalar
        )


def _refuse_averaged_percentile(indicator: Indicator, expression: Expression) -> None:
    """Percentiles of hosts or of shorter periods have no mean that is a percentile."""
    stat = indicator.stat
    if not stat.startswith("p") or expression.says_method or set(expression.spaces) == {stat}:
        return
    raise ValueError(
        f"does not ask for a {stat}; write {stat}:METRIC{{…}} of a distribution metric, since percentiles can't be "
        "averaged, or say how to roll it up, as in .rollup(max, 300)"
    )


def _refuse_unknown_part(part: str | None, expression: Expression) -> None:
    if part is not None and part not in expression.tags:
        raise ValueError(f"is not grouped by {part!r}; add `by {{{part}}}`, or leave `part` out")


@dataclass(frozen=True, slots=True)
class Question:
    """One query for one indicator of one component."""

    service: str
    component: str
    indicator: Indicator
    text: str
    """The query as written, with its placeholders filled in."""
    expression: Expression
    kind: Kind
    part: str | None
    own_factor: float | None
    """To the canonical unit, where the configuration says what the values are in."""
    is_scalar: bool

    @property
    def period_s(self) -> int:
        return self.expression.interval_s

    @property
    def aggregator(self) -> str:
        """How a scalar query makes one figure of a day."""
        return "avg" if self.kind == "rate" else _AGGREGATORS.get(self.indicator.stat, "percentile")

    def part_of(self, tags: tuple[str, ...]) -> str | None:
        """What a series of the reply is a part of: `web-1` for the tag `host:web-1`."""
        values = dict(tag.partition(":")[::2] for tag in tags)
        wanted = (self.part,) if self.part else self.expression.tags
        return " ".join(values.get(tag) or "N/A" for tag in wanted) or None

    def factor(self, unit: tuple[Named | None, Named | None], period_s: int) -> float:
        """What makes values canonical. Raises ValueError where it can't be known."""
        seconds = period_s / per_second(unit[1]) if self.kind == "rate" else 1.0
        if self.own_factor is not None:
            return self.own_factor * seconds
        if self.expression.is_arithmetic:
            return seconds  # whoever computes has an amount in mind; Datadog names a unit of what went in
        return factor(unit, self.indicator.unit, is_total=self.kind != "gauge") * seconds

    def points(self, ts_s: NDArray[np.int64], values: NDArray[np.float64], period_s: int, part: str | None) -> Points:
        """Samples of one of its series, in canonical units."""
        indicator = self.indicator
        series = Series(
            self.service, self.component, indicator.name, indicator.stat, indicator.unit, period_s, "datadog", part
        )
        return Points(series, ts_s.astype("datetime64[s]").astype("datetime64[us]"), values)

    def answer(
        self,
        window: Window,
        state: CoverageState,
        detail: str = "",
        *,
        part: str | None = None,
        retryable: bool = False,
    ) -> Coverage:
        """How it ended, for the whole of it or for one part."""
        indicator = self.indicator.name
        return Coverage(
            self.service, self.component, indicator, "datadog", window, state, detail[:300], part, retryable=retryable
        )
