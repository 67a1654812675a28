"""The nouns of the alert ledger: a rule, how its firings were, where in the tree it belongs and why.

docs/alerts.md defines each figure. A `Count` is k of n, and n is of how many it is known: 0 of 0 is "not known".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import pandas as pd

from metrics.model import Window
from metrics.review.period import Period
from metrics.review.spans import Span

__all__ = [
    "BRANCHES",
    "CHECK_AFTER",
    "HISTORY",
    "NO_FIRING",
    "Branch",
    "Count",
    "Pile",
    "Rule",
    "Suggestion",
    "Tally",
    "Week",
    "history",
]

Branch = Literal["remove", "reduce", "automate", "watch", "keep"]
"""Nobody acts: remove it, or replace it by what users feel. Looked at without need: reduce. Users are hit and nobody
could know: automate the recovery. It could have been seen coming: watch the trend. Keep is for a person to say."""
BRANCHES: Final[tuple[Branch, ...]] = get_args(Branch)
CHECK_AFTER: Final = timedelta(weeks=4)
"""From a disposition to its check: as many weekdays of each kind before as after, and one release at least."""
HISTORY: Final = timedelta(weeks=13)
"""A week has too few firings to say what a rule is for: the evidence takes at least the quarter up to the end."""


@dataclass(frozen=True, slots=True)
class Count:
    """k of the n of which it is known."""

    k: int
    n: int

    @property
    def share(self) -> float | None:
        return self.k / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Tally:
    """How the firings of some time were."""

    n: int
    lasting: float | None
    """Seconds of those that have ended, in all; None where none has."""
    median: float | None
    night: Count
    burst: Count
    alone: Count
    """Ended without anybody acting."""
    batch: Count
    job: str
    """The batch that ran most often at those times."""
    incident: Count
    """While an incident of the component went on."""
    elsewhere: Count
    """While one of another component did."""
    harm: Count
    """While a line that users feel was beyond its threshold."""
    acted: Count
    acted_said: int
    """Of how many the source says whether somebody acted; of the others it is told by traces."""
    impact: Count
    foretold: Count
    """Of those with impact: a trend of the line it watches was there before."""
    muted: Count


_OF_NONE = Count(0, 0)
NO_FIRING: Final = Tally(
    n=0, lasting=None, median=None, night=_OF_NONE, burst=_OF_NONE, alone=_OF_NONE, batch=_OF_NONE, job="",
    incident=_OF_NONE, elsewhere=_OF_NONE, harm=_OF_NONE, acted=_OF_NONE, acted_said=0, impact=_OF_NONE,
    foretold=_OF_NONE, muted=_OF_NONE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The branch that the data speaks for; `branch` is None where too little is known to say."""

    branch: Branch | None
    grew: bool
    """Clearly more firings than in the period before."""
    instead: str | None = None
    """For what is removed: the line that users feel, as an address."""
    foretold: str | None = None
    """The finding that told of it, in its own sentence, and when it was told."""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one component. `now` is its period, `long` the history up to the period's end."""

    component: str
    name: str
    title: str
    severity: str | None
    url: str | None
    now: Tally
    long: Tally
    before: int | None
    """Firings in the period before; None where the component's alerts are not known of that time."""
    weeks: tuple[int, ...]
    """Firings by week of the history."""
    first: datetime
    last: datetime
    suggestion: Suggestion
    watches: str | None = None
    """The line that it watches, as an address, where its name tells."""

    @property
    def key(self) -> str:
        """What an entry of kind `rule` is about. A rule's name may hold slashes, a component's doesn't."""
        return f"{self.component}/{self.name}"


@dataclass(frozen=True, slots=True)
class Week:
    """Firings of one week without an action, of those of which it is known. `whole` unless the history cuts it."""

    start: date
    idle: Count
    n: int
    whole: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Pile:
    """All rules that fired in the history, those of the period with most firings first."""

    period: Period
    history: Window
    rules: tuple[Rule, ...]
    weeks: tuple[Week, ...]
    firings: pd.DataFrame
    """Each firing of the history as `judged` has it."""
    before: int | None
    """Firings of any rule in the period before; None where alerts are not known so far back."""
    known_since: datetime | None
    """Before the first alert that any source told of nobody can say whether one fired; None where there is none."""
    lost: Mapping[str, tuple[Span, ...]]
    """By component, the times of the period in which its alerts were not collected, where that makes a difference."""
    batch_share: float | None
    """In what share of the history any batch ran: so many would coincide by chance."""
    felt: tuple[str, ...]
    """The lines that users feel and that have a threshold, as addresses; harm is judged by them."""
    sees_incidents: bool
    """Whether anybody writes incidents down."""

    @property
    def is_known(self) -> bool:
        """Whether anything is known of alerts in the period."""
        return self.known_since is not None and self.known_since < self.period.window.end

    @property
    def fired(self) -> tuple[Rule, ...]:
        """Those of the period."""
        return tuple(rule for rule in self.rules if rule.now.n)

    def rule(self, key: str | None) -> Rule | None:
        return next((rule for rule in self.rules if rule.key == key), None)

    def by_key(self) -> Mapping[str, Rule]:
        return {rule.key: rule for rule in self.rules}


def history(period: Period) -> Window:
    """The period, and at least the quarter up to its end."""
    end = period.window.end
    return Window(min(period.window.start, end - HISTORY), end)
