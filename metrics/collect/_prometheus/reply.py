"""What a server of Prometheus's HTTP API answers: some series, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Line", "Refusal", "Reply", "lines"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series of a reply: when it was evaluated (Unix seconds) and what came out, NaN and infinity included."""

    labels: Mapping[str, str]
    at: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    lines: Sequence[Line]
    missing: str = ""
    """What the server says of its own answer that makes it less than whole."""
    may_come: bool = False
    """Whether what is missing may be there next time."""
    clock: float | None = None
    """What time it is at the server, in Unix seconds; None where it does not tell."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one question has no answer; the server itself is well."""

    state: Literal["failed", "forbidden"]
    detail: str
    retryable: bool
    too_much: bool = False
    """Whether a shorter range may be answered."""
    too_slow: bool = False


def lines(data: Mapping[str, Any]) -> Iterator[Line]:
    """The series in `data` of a reply. Breaks with the error at hand where `data` is no such thing."""
    found = data["result"]
    if data["resultType"] == "scalar":
        yield _line({}, [found])
        return
    for each in found:
        points = each["values"] if "values" in each else [each["value"]] if "value" in each else []
        yield _line({str(name): str(value) for name, value in each["metric"].items()}, points)


def _line(labels: Mapping[str, str], points: Sequence[Sequence[Any]]) -> Line:
    at = np.fromiter((point[0] for point in points), np.float64, len(points))
    return Line(labels, at, np.fromiter((float(point[1]) for point in points), np.float64, len(points)))
