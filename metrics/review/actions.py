"""An action: what is done about what a review saw, why, and by which number it will be judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Final, Literal, get_args

from metrics.model import Entry
from metrics.review.lines import address_of

__all__ = ["AXES", "CHECK_AFTER", "KINDS", "Action", "ActionKind", "Axis", "action_of", "actions", "entry", "new_id"]

ActionKind = Literal["prevention", "detection", "repair"]
KINDS: Final[tuple[ActionKind, ...]] = get_args(ActionKind)
Axis = Literal["X", "Y", "Z"]
"""Of the scale cube (Abbott and Fisher, The Art of Scalability): more instances, split by function, shards."""
AXES: Final[tuple[Axis, ...]] = get_args(Axis)
CHECK_AFTER: Final = timedelta(weeks=4)
"""From its start: the time in which a step of two spreads is judged right in four of five (docs/detection.md)."""


@dataclass(frozen=True, slots=True)
class Action:
    """Times are in UTC; `target` is in the indicator's unit. The newest word of it holds; `at` and `by` are its."""

    id: str
    service: str
    what: str
    kind: ActionKind
    why: str
    """The subject that it comes from, as a topic's: finding/ID, rule/COMPONENT/RULE, hole/COMPONENT/INDICATOR."""
    why_sentence: str
    """That, as it was read then, with its number."""
    owner: str
    check: date
    component: str = ""
    indicator: str = ""
    part: str | None = None
    target: float | None = None
    axis: Axis | None = None
    started: datetime | None = None
    """When its effect could begin: the merge, the change of configuration. None while it has not begun."""
    done: datetime | None = None
    dropped: str = ""
    """Why it was given up, if it was."""
    review: str = ""
    """The review that decided it."""
    at: datetime | None = None
    by: str = ""

    @property
    def address(self) -> str | None:
        """Of the line that it is judged by."""
        return address_of(self.component, self.part, self.indicator) if self.component and self.indicator else None

    @property
    def is_open(self) -> bool:
        return self.done is None and not self.dropped


def new_id(what: str, at: datetime, by: str) -> str:
    """Short enough to be read out."""
    return blake2b(f"{at.isoformat()}/{by}/{what}".encode(), digest_size=3).hexdigest()


def actions(words: Iterable[Entry]) -> tuple[Action, ...]:
    """From the newest word of each, newest first."""
    found = [action_of(word) for word in words if word.kind == "action" and word.said is not None]
    return tuple(sorted(found, key=lambda each: (each.at is not None, each.at, each.id), reverse=True))


def action_of(word: Entry) -> Action:
    """As one word has it: the newest, or an earlier one of its history."""
    said = word.said or {}
    kind, axis = said.get("kind"), said.get("axis")
    return Action(
        id=word.subject,
        service=word.service,
        what=said.get("what") or "",
        kind=next((each for each in KINDS if each == kind), "repair"),
        why=said.get("why") or "",
        why_sentence=said.get("why_sentence") or "",
        owner=said.get("owner") or "",
        check=date.fromisoformat(said.get("check") or f"{word.at + CHECK_AFTER:%Y-%m-%d}"),
        component=said.get("component") or "",
        indicator=said.get("indicator") or "",
        part=said.get("part"),
        target=_number(said.get("target")),
        axis=next((each for each in AXES if each == axis), None),
        started=_time(said.get("started")),
        done=_time(said.get("done")),
        dropped=said.get("dropped") or "",
        review=said.get("review") or "",
        at=word.at,
        by=word.author,
    )


def entry(action: Action, at: datetime, by: str) -> Entry:
    """The word to keep of it."""
    said = {
        "what": action.what,
        "kind": action.kind,
        "why": action.why,
        "why_sentence": action.why_sentence,
        "owner": action.owner,
        "check": action.check.isoformat(),
        "component": action.component or None,
        "indicator": action.indicator or None,
        "part": action.part,
        "target": None if action.target is None else repr(action.target),
        "axis": action.axis,
        "started": _written(action.started),
        "done": _written(action.done),
        "dropped": action.dropped or None,
        "review": action.review or None,
    }
    return Entry(at, by, "action", action.service, action.id, said)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _written(at: datetime | None) -> str | None:
    # The views read it as UTC.
    return None if at is None else at.astimezone(UTC).isoformat()
