"""What the describe-calls brought to light about one target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.refusal import NotAllowedError, RefusedError
from metrics.collect._cloudwatch.target import Target
from metrics.faults import near
from metrics.model import Coverage, CoverageState, Window

__all__ = ["Database", "Fault", "Found", "Limits", "NoSuchThingError", "refused"]

Limits = Mapping[str, str | float | int | bool | None]

# More names than this help nobody.
_NAMES_SHOWN = 5
# What a page has room for.
_LONGEST = 300


class NoSuchThingError(Exception):
    """A target names what is not in the account."""

    def __init__(self, what: str, name: str, region: str, known: Iterable[str] | None) -> None:
        """`known` are those that are there; None where nobody looked."""
        super().__init__(f"there is no {what} `{name}` in {region}; {_hint(name, known)}")


def _hint(name: str, known: Iterable[str] | None) -> str:
    if known is None:
        return "check it, the region and the account"
    names = sorted(known)
    if likely := near(name, names):
        return f"did you mean {' or '.join(likely)}?"
    if not names:
        return "there is none at all: check the region and the account"
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"there are {', '.join(names[:_NAMES_SHOWN])}{more}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Indicators of a part of a component that can't be asked for, and why."""

    service: str
    component: str
    part: str | None
    indicators: tuple[str, ...]
    state: CoverageState
    detail: str
    retryable: bool = False

    def coverage(self, window: Window) -> Iterator[Coverage]:
        """The answer for each of them and all of the window."""
        for name in self.indicators:
            yield Coverage(
                *(self.service, self.component, name, "cloudwatch", window, self.state, self.detail[:_LONGEST]),
                part=self.part,
                retryable=self.retryable,
            )

    @classmethod
    def unknown(cls, target: Target, part: str | None, indicator: str, detail: str) -> Fault:
        """A share of a limit that no call tells: nothing is wrong, and nothing can be said."""
        return cls(target.service, target.component, part, (indicator,), "empty", detail)


def refused(error: RefusedError, target: Target, part: str | None, indicators: tuple[str, ...]) -> Fault:
    """What a refused call keeps from being known."""
    state: CoverageState = "forbidden" if isinstance(error, NotAllowedError) else "failed"
    return Fault(target.service, target.component, part, indicators, state, str(error), error.retryable)


@dataclass(frozen=True, slots=True)
class Database:
    """A database whose queries Performance Insights keeps."""

    service: str
    component: str
    member: str
    resource_id: str
    kept: timedelta


@dataclass(frozen=True, slots=True)
class Found:
    """What one target turned out to be."""

    said: str
    """What was found, for `check`."""
    metrics: tuple[Metric, ...] = ()
    limits: Limits = field(default_factory=dict)
    quota: Limits = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    """What is not as good as it could be, and how to mend it."""
    lacking: tuple[RefusedError, ...] = ()
    """Refused calls without which all is asked for that can be, but less is known."""
    databases: tuple[Database, ...] = ()
