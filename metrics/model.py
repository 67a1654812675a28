"""The nouns of Tomoni: frozen, without behaviour beyond what their own fields say.

All times are aware and in UTC; all values are in canonical units (`Unit`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SERVICE_NAME",
    "Component",
    "Countermeasure",
    "Coverage",
    "CoverageState",
    "Direction",
    "Entry",
    "EntryKind",
    "Event",
    "EventKind",
    "Finding",
    "FindingKind",
    "Indicator",
    "Insufficient",
    "Perspective",
    "Points",
    "Rollup",
    "Series",
    "Service",
    "Snapshot",
    "Team",
    "Threshold",
    "Unit",
    "Use",
    "Window",
]

Unit = Literal["s", "By", "%", "1", "1/s"]
"""Seconds, bytes, per cent (0-100), a count, a rate per second."""

Direction = Literal["lower", "higher", "neutral"]
"""Which way is better."""

Perspective = Literal["infra", "app", "delivery", "demand"]
"""Whose eyes look at it first; everybody sees all of them."""

Rollup = Literal["mean", "max", "sum", "last", "p95", "ratio"]
"""How samples become one figure for a period; `ratio` is a sum over a sum, never a mean of ratios."""

CoverageState = Literal["complete", "partial", "empty", "failed", "forbidden"]
EventKind = Literal["deployment", "incident", "change", "alert", "batch_run", "build", "defect"]
FindingKind = Literal["silence", "forecast", "burst", "shift", "drift", "spike", "threshold"]
"""What a trend alert sees; where two of them see the same trouble of one line, the one named first speaks for it."""

EntryKind = Literal["cause", "note", "review", "disposition", "rule", "action", "verdict", "hole"]
"""What a person's word is about: the cause of an incident, or what a deployment mended; a note on a trouble; a
review; what to do about a thing on its agenda; what to do about an alert rule; an action, and whether it worked; an
indicator that a component can't have."""


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open interval [start, end), both aware."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"a window needs aware times, got {self.start!r} to {self.end!r}")
        if self.start >= self.end:
            raise ValueError(f"a window must end after it starts, got {self.start} to {self.end}")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Insufficient:
    """Too little data for an answer: a value, not an error and never 0."""

    needed: int
    have: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing that can be measured: an entry of catalog.yaml."""

    name: str
    title: str
    title_ja: str
    unit: Unit
    better: Direction
    perspective: Perspective
    rollup: Rollup
    stat: str
    """What one sample is within its period: mean, max, sum, last, p50, p95 or p99."""
    numerator: str | None = None
    denominator: str | None = None
    """For a ratio: the two count indicators; the figure is sum / sum, in %."""
    kinds: tuple[str, ...] = ()
    """Component kinds that need it: what coverage asks for."""
    otel: str | None = None
    aliases: tuple[str, ...] = ()
    threshold: float | None = None
    threshold_source: str | None = None
    sources: tuple[str, ...] = ()
    """Where two sources feed it: the order in which they are believed."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The line that one indicator of one component must not cross, in the indicator's unit."""

    indicator: str
    value: float
    source: str
    """Who set it: `services/web.yaml`, or the source that the catalogue names."""


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    title: str
    perspective: Literal["dev", "infra"]


@dataclass(frozen=True, slots=True)
class Use:
    """Where a component's data comes from: a source by its name, and what the component is called there."""

    source: str
    settings: Mapping[str, object]
    file: str
    line: int
    key: str
    """Where it is written, to tell whoever has to mend it."""


@dataclass(frozen=True, slots=True)
class Countermeasure:
    """What can be done before a component runs out, and how long that takes from the decision to its effect."""

    what: str
    lead_time: timedelta
    axis: Literal["X", "Y", "Z"] | None = None
    """Of the scale cube (Abbott and Fisher, The Art of Scalability): more instances, split by function, shards."""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service that one team owns: a database, a web tier, a batch."""

    service: str
    name: str
    kind: str
    title: str
    owner: str | None = None
    thresholds: tuple[Threshold, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    """What can run out, by indicator, in the indicator's unit."""
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    """Indicators that its kind needs but it can't have, with the reason."""
    uses: tuple[Use, ...] = ()
    countermeasures: tuple[Countermeasure, ...] = ()


SERVICE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""What a service may be called: its configuration is a file of that name."""


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    title: str
    time_zone: str
    week_start: int
    """0 is Monday, as in `datetime.weekday`."""
    teams: tuple[Team, ...] = ()
    components: tuple[Component, ...] = ()
    environments: tuple[str, ...] = ("production",)
    """The first is the one whose deployments count."""
    demand: tuple[str, ...] = ()
    """Demand indicators that drive use, as `component/indicator`."""
    headline: tuple[str, ...] = ()
    """What both teams follow, as `component/indicator` or `component/part/indicator`."""
    holidays: str | None = None
    """The country whose holidays its users have, by its two letters."""
    ranking: Mapping[str, float] = field(default_factory=dict)
    """Weights that rank what a review looks at; empty for those of metrics/review/ranking.py."""


@dataclass(frozen=True, slots=True)
class Series:
    """The identity of one line on a graph. `period_s` is 0 where samples come at no fixed step."""

    service: str
    component: str
    indicator: str
    stat: str
    unit: Unit
    period_s: int
    source: str
    part: str | None = None
    """What inside the component: an endpoint, a job, a node."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Samples of one series. Shapes (n,) and (n,); `ts` is UTC datetime64[us], values are finite."""

    series: Series
    ts: NDArray[np.datetime64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. (source, kind, service, id) is its key; the last observed wins."""

    service: str
    kind: EventKind
    id: str
    started_at: datetime
    source: str
    observed_at: datetime
    component: str | None = None
    ended_at: datetime | None = None
    status: str | None = None
    title: str = ""
    url: str | None = None
    attrs: Mapping[str, str | float | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of a person, kept for ever. The newest of each (kind, service, subject) holds."""

    at: datetime
    author: str
    kind: EntryKind
    service: str
    subject: str
    """What it is about: `incident/incident-61`."""
    said: Mapping[str, str | None] | None
    """None takes back what was said before."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that one line did, kept for as long as the store lives. Values are in `unit`.

    The same trouble keeps its `id` from one review to the next, however its size or its beginning are corrected.
    """

    id: str
    service: str
    component: str
    indicator: str
    unit: Unit
    kind: FindingKind
    since: datetime
    before: float
    after: float
    certainty: float
    """From 0 to 1."""
    is_worse: bool | None
    """None where neither way is better."""
    first_seen: datetime
    last_seen: datetime
    part: str | None = None
    until: datetime | None = None
    """None while it lasts."""
    gone_at: datetime | None = None
    """When it was looked for and not seen any more."""
    episodes: tuple[Window, ...] = ()
    """When the line jumped, where it jumped."""
    evidence: Mapping[str, float | str | None] = field(default_factory=dict)
    """The numbers of its kind: `per_day` of a drift, `crosses_at`, `early` and `late` of a forecast."""

    @property
    def size(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A quota, limit or inventory at one moment. Key: source, service, component, kind, taken_at."""

    service: str
    component: str
    kind: str
    taken_at: datetime
    source: str
    values: Mapping[str, str | float | int | bool | None]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How one question to a source ended, for one series and window, so that "no data" never looks like 0."""

    service: str
    component: str
    indicator: str
    source: str
    window: Window
    state: CoverageState
    detail: str = ""
    part: str | None = None
    retryable: bool = False
