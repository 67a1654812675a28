"""What came of an action: the verdict that was computed, the one that a person accepted, and when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args

from metrics.analysis.effect import Effect, Verdict
from metrics.model import Direction, Entry, Unit
from metrics.review.actions import Action

__all__ = [
    "VERDICTS",
    "Accepted",
    "Judged",
    "Lack",
    "Lately",
    "Rough",
    "State",
    "accepted",
    "accepted_of",
    "by_urgency",
    "fields",
    "state",
    "wanted",
]

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
Lack = Literal["", "indicator", "start", "newer", "line", "direction", "days"]
"""Why there is no number: none was named, nothing was begun, it was begun after the newest data, no such line,
neither way is better, too few days."""
State = Literal["due", "not started", "under way", "done", "judged", "dropped"]


@dataclass(frozen=True, slots=True)
class Rough:
    """Plain means of the same weekdays and hours, and on how many days of each side there was anything to measure."""

    before: float
    after: float
    days_before: int
    days_after: int


@dataclass(frozen=True, slots=True)
class Lately:
    """The means of the week that was measured last and of the one before it: where it is, and where it goes."""

    level: float
    before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An action as the data judges it at `as_of`. Figures are in `unit`, or that by demand."""

    action: Action
    as_of: datetime
    lack: Lack = ""
    effect: Effect | None = None
    """None where something is lacking, or too few days were measured."""
    unit: Unit | None = None
    better: Direction = "neutral"
    """Where it should go: the line's own way, else from the level before towards the target."""
    is_hourly: bool = False
    """Whether the levels are of what happened in an hour."""
    days: int = 0
    needed: int = 0
    """Where too few days were measured: how many, of how many on each side."""
    rough: Rough | None = None
    """What can be said nevertheless."""
    lately: Lately | None = None
    """None where there is no effect, or one of the two weeks was not measured."""
    others: tuple[datetime, ...] = ()
    """Other changes of the same component that were looked at."""

    @property
    def verdict(self) -> Verdict | None:
        """None where nothing can be computed, however long one waits."""
        if self.effect is not None:
            return self.effect.verdict
        return "too early" if self.lack in ("start", "newer", "days") else None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a person said of an action's effect, with the numbers that they saw."""

    verdict: Verdict
    by: str
    at: datetime
    computed: str = ""
    because: str = ""
    review: str = ""
    before: float | None = None
    after: float | None = None

    @property
    def is_final(self) -> bool:
        """Too early is looked at again."""
        return self.verdict != "too early"

    @property
    def is_overruled(self) -> bool:
        return bool(self.computed) and self.computed != self.verdict


def accepted(words: Iterable[Entry]) -> Mapping[str, Accepted]:
    """By the action's id."""
    found = ((word.subject, accepted_of(word)) for word in words if word.kind == "verdict")
    return {subject: each for subject, each in found if each is not None}


def accepted_of(word: Entry) -> Accepted | None:
    """None for a word that takes back, or says no verdict that there is."""
    said = word.said or {}
    verdict = next((each for each in VERDICTS if each == said.get("verdict")), None)
    if verdict is None:
        return None
    before, after = (None if (text := said.get(key)) is None else float(text) for key in ("before", "after"))
    return Accepted(
        verdict=verdict,
        by=word.author,
        at=word.at,
        computed=said.get("computed") or "",
        because=said.get("because") or "",
        review=said.get("review") or "",
        before=before,
        after=after,
    )


def fields(verdict: Verdict, judged: Judged | None, because: str = "", review: str = "") -> Mapping[str, str | None]:
    """The word to keep: what was said, and what the data said at that time."""
    effect = judged.effect if judged else None
    return {
        "verdict": verdict,
        "computed": judged.verdict if judged else None,
        "because": because or None,
        "review": review or None,
        "before": None if effect is None else repr(effect.before),
        "after": None if effect is None else repr(effect.after),
        "unit": judged.unit if judged and effect else None,
    }


def state(action: Action, verdict: Accepted | None, today: date) -> State:
    """Where it stands; `today` is by the service's clock."""
    if action.dropped:
        return "dropped"
    if verdict is not None and verdict.is_final:
        return "judged"
    if action.check <= today:
        return "due"
    if action.done is not None:
        return "done"
    return "under way" if action.started is not None else "not started"


def by_urgency(every: Sequence[Action], verdicts: Mapping[str, Accepted], today: date) -> list[Action]:
    """Due ones first, by their dates; what is over comes last, the newest of it first."""

    def key(action: Action) -> tuple[bool, bool, float, str]:
        now = state(action, verdicts.get(action.id), today)
        is_over = now in ("judged", "dropped")
        day = action.check.toordinal()
        return is_over, now != "due", -day if is_over else day, action.id

    return sorted(every, key=key)


def wanted(action: Action, better: Direction, before: float | None) -> Direction:
    """The better way: the line's own, else from the level before towards the target."""
    if better != "neutral" or action.target is None or before is None or action.target == before:
        return better
    return "lower" if action.target < before else "higher"
