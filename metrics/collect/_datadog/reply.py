"""Datadog's replies as arrays, and what they say of their own interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from metrics.collect._datadog.refusal import RefusedError
from metrics.collect._datadog.units import Named

if TYPE_CHECKING:
    from datadog_api_client.v2.model.scalar_formula_query_response import ScalarFormulaQueryResponse
    from datadog_api_client.v2.model.timeseries_formula_query_response import TimeseriesFormulaQueryResponse

__all__ = ["Line", "interval", "scalar_lines", "timeseries_lines"]

# Fewer values say nothing about how far apart they are meant to be, and nobody is given an interval longer than this
# for the windows we ask for: it is the metric that comes so rarely.
FEWEST: Final = 4
LONGEST_S: Final = 4 * 3600
# The share of a grid that must be there for it to be one.
DENSE: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series of a reply, without its gaps. Shapes (n,) and (n,)."""

    tags: tuple[str, ...]
    unit: tuple[Named | None, Named | None]
    ts_s: NDArray[np.int64]
    values: NDArray[np.float64]


def timeseries_lines(reply: TimeseriesFormulaQueryResponse, asked: int) -> list[list[Line]]:
    """The series for each formula. Raises RefusedError where the reply contradicts itself."""
    attributes = _attributes(reply)
    series = _listed(attributes, "series")
    times = np.array(_listed(attributes, "times"), dtype=np.int64)
    values = [_value(each) for each in _listed(attributes, "values")]
    if len(values) != len(series) or any(len(each) != len(times) for each in values):
        raise RefusedError("Datadog's reply has not as many values as times and series; it was cut somewhere")
    if np.any(np.diff(times) <= 0):
        raise RefusedError("Datadog's reply has times that do not rise")
    found: list[list[Line]] = [[] for _ in range(asked)]
    for each, numbers in zip(series, values, strict=True):
        tags = tuple(_value(each.get("group_tags", ())))
        found[each.get("query_index", 0)].append(_line(tags, each.get("unit"), times // 1000, numbers))
    return found


def scalar_lines(reply: ScalarFormulaQueryResponse, start_s: int) -> list[Line]:
    """One value for each row of the table: columns of tags, then the one of the figures."""
    columns = _attributes(reply).get("columns", [])
    groups = [column for column in columns if str(column.get("type")) == "group"]
    figures = [column for column in columns if str(column.get("type")) == "number"]
    if not figures:
        return []
    unit = figures[0].get("meta", {}).get("unit")
    tags = [[f"{column.name}:{','.join(cell)}" for cell in column["values"]] for column in groups]
    at = np.array([start_s], dtype=np.int64)
    return [
        _line(tuple(column[row] for column in tags), unit, at, [value])
        for row, value in enumerate(figures[0]["values"])
    ]


def interval(lines: Iterable[Line], asked_s: int) -> int:
    """How far apart the values are, in seconds: as asked for, or a longer step that all of them keep to.

    A reply names no interval. Datadog takes a longer one where there would be too many points, and its buckets are on
    the clock; a metric that is reported now and then has neither a step nor such times.
    """
    times = np.unique(np.concatenate([each.ts_s for each in lines] or [np.array([], dtype=np.int64)]))
    if len(times) < FEWEST:
        return asked_s
    step = int(np.gcd.reduce(np.diff(times)))
    on_the_clock = not np.any(times % step) and not 86_400 % step
    there = len(times) / ((times[-1] - times[0]) / step + 1)
    return step if asked_s < step <= LONGEST_S and on_the_clock and there >= DENSE else asked_s


def _line(tags: tuple[str, ...], unit: object, ts_s: NDArray[np.int64], values: Sequence[float | None]) -> Line:
    there = np.array([value is not None for value in values], dtype=bool)
    numbers = np.array([value for value in values if value is not None], dtype=np.float64)
    return Line(tags, _unit(unit), ts_s[there], numbers)


def _unit(unit: Any) -> tuple[Named | None, Named | None]:  # noqa: ANN401 - a list of the client's models, or null
    primary, per = [*(unit or ()), None, None][:2]
    return _named(primary), _named(per)


def _named(unit: Any) -> Named | None:  # noqa: ANN401 - the client's model, or null
    if not unit or not unit.get("name"):
        return None
    return Named(str(unit.get("name")), str(unit.get("family", "")), float(unit.get("scale_factor") or 1.0))


def _attributes(reply: Any) -> Any:  # noqa: ANN401 - the client's models
    data = reply.get("data")
    attributes = data.get("attributes") if data else None
    if attributes is None:
        raise RefusedError("Datadog's reply has no data in it")
    return attributes


def _listed(attributes: Any, name: str) -> Any:  # noqa: ANN401 - the client's models
    return _value(attributes.get(name, ()))


def _value(each: Any) -> Any:  # noqa: ANN401 - the client wraps lists in models of their own
    return getattr(each, "value", each)
