"""What a component says of its alerts and incidents, and which of Datadog's are its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from pydantic import BaseModel, field_validator, model_validator

from metrics.collect._datadog.notice import Downtime, Incident
from metrics.collect.target import Target, filled
from metrics.model import Coverage, CoverageState, EventKind, Window

__all__ = ["Incidents", "Watched", "query_of"]

# A tag has no spaces; a name nearly always does, or a `*`.
_TAG: Final = re.compile(r"[A-Za-z][\w./-]*:[^\s*]+")
# A longer query is not worth it: which notification is whose is decided here in any case.
MOST_TERMS: Final = 50


class Incidents(BaseModel, frozen=True, extra="forbid"):
    """Which incidents are a component's: those with one of the services and one of the teams."""

    services: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


class Watched(Target, frozen=True, extra="forbid"):
    """A component with its monitors and incidents."""

    monitors: tuple[int | str, ...] = ()
    """Ids, names in which `*` stands for anything, or tags such as `service:web`."""
    incidents: Incidents | None = None
    """Which incidents are its own; `{}` for all of them."""

    @field_validator("monitors")
    @classmethod
    def _monitors_are_named(cls, monitors: tuple[int | str, ...]) -> tuple[int | str, ...]:
        if "" in monitors:
            raise ValueError("has an empty entry; write an id, a name such as 'Web *', or a tag such as service:web")
        return tuple(int(each) if str(each).isdecimal() else each for each in monitors)

    @model_validator(mode="after")
    def _asks_for_something(self) -> Watched:
        if not self.monitors and self.incidents is None:
            raise ValueError(
                "names neither monitors nor incidents; write `monitors: [service:{component}]` or "
                "`incidents: {services: [{component}]}`"
            )
        return self

    @property
    def kinds(self) -> tuple[EventKind, ...]:
        return (*(("alert",) if self.monitors else ()), *(("incident",) if self.incidents is not None else ()))

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(each for each in self.monitors if isinstance(each, int))

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(each for each in self._words() if _TAG.fullmatch(each))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each for each in self._words() if not _TAG.fullmatch(each))

    def _words(self) -> Iterable[str]:
        values = {"service": self.service, "component": self.component}
        return (filled(each, values) for each in self.monitors if isinstance(each, str))

    def claim(self, monitor: int, name: str, tags: frozenset[str]) -> int:
        """How plainly it names the monitor: 3 by its id, 2 by its name, 1 by a tag, 0 not at all."""
        if monitor in self.ids:
            return 3
        if any(fnmatchcase(name, pattern) for pattern in self.names):
            return 2
        return 1 if any(tag in tags for tag in self.tags) else 0

    def has(self, incident: Incident) -> bool:
        wanted = self.incidents
        return wanted is not None and all(
            not names or not of.isdisjoint(self._lower(names))
            for names, of in ((wanted.services, incident.services), (wanted.teams, incident.teams))
        )

    def _lower(self, names: Iterable[str]) -> frozenset[str]:
        values = {"service": self.service, "component": self.component}
        return frozenset(filled(name, values).lower() for name in names)

    def is_silenced_by(self, downtime: Downtime) -> bool:
        """Whether the downtime names its monitors."""
        if downtime.monitor is not None:
            return downtime.monitor in self.ids
        return "*" in downtime.monitor_tags or any(tag in downtime.monitor_tags for tag in self.tags)

    def answer(
        self, kind: EventKind, window: Window, state: CoverageState, detail: str = "", *, retryable: bool = False
    ) -> Coverage:
        return Coverage(
            self.service, self.component, kind, "datadog_events", window, state, detail[:300], retryable=retryable
        )


def query_of(targets: Iterable[Watched]) -> str:
    """The notifications that may be anybody's. By names none can be asked for, so then it is all of them."""
    asking = [target for target in targets if target.monitors]
    ids = sorted({each for target in asking for each in target.ids})
    terms = [*(f"@monitor.id:{each}" for each in ids), *sorted({tag for each in asking for tag in each.tags})]
    if any(target.names for target in asking) or len(terms) > MOST_TERMS:
        return "source:alert"
    return f"source:alert ({' OR '.join(terms)})"
