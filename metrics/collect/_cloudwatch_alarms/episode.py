"""From an alarm's changes of state to the times in which it was on.

Pure. CloudWatch tells each change, some of them twice, and forgets those of more than a month ago.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

__all__ = ["ALARM", "Change", "Episode", "Folded", "change_of", "folded", "since"]

ALARM: Final = "ALARM"
# An alarm changes within moments of the evaluation that it rests on. Whoever sets it by hand may say anything.
SOON: Final = timedelta(hours=1)
_STATES: Final = frozenset({ALARM, "OK", "INSUFFICIENT_DATA"})


@dataclass(frozen=True, slots=True)
class Change:
    """One change of state, or one notification more of the same."""

    at: datetime
    old: str
    new: str
    old_since: datetime | None
    """When the evaluation was made that had led to the old state."""
    new_since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Episode:
    """A time in which the alarm was on; it still is where there is no end."""

    started_at: datetime
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    episodes: tuple[Episode, ...]
    lost: tuple[datetime, ...]
    """When an episode ended whose beginning nobody knows any more."""


def change_of(item: Mapping[str, Any]) -> Change:
    """What a StateUpdate of the history says. Raises KeyError, TypeError or ValueError where that is unclear."""
    told = json.loads(item["HistoryData"])
    old, new = told["oldState"], told["newState"]
    if {old["stateValue"], new["stateValue"]} - _STATES:
        raise ValueError(f"{new['stateValue']!r} is no state")
    at = item["Timestamp"].astimezone(UTC)
    return Change(
        at=at,
        old=old["stateValue"],
        new=new["stateValue"],
        old_since=evaluated_at(old.get("stateReasonData")),
        new_since=since(at, new.get("stateReasonData")),
        reason=str(new.get("stateReason") or ""),
    )


def since(changed_at: datetime, data: object) -> datetime:
    """When a state begins: by the evaluation that led to it, else by the change itself."""
    at = evaluated_at(data)
    return at if at is not None and timedelta(0) <= changed_at - at <= SOON else changed_at


def evaluated_at(data: object) -> datetime | None:
    """When CloudWatch looked at the values that a state rests on.

    The history tells it both where the state begins and where it ends, and so does the alarm itself as long as the
    state lasts: that is why it, and not the time of the change, is when an episode begins. None for composite
    alarms, and where somebody set the state by hand.
    """
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            return None
    said = data.get("queryDate") if isinstance(data, dict) else None
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None


def folded(changes: Iterable[Change], on_since: datetime | None = None, gone_at: datetime | None = None) -> Folded:
    """The episodes of one alarm, from all of its changes in order.

    `on_since` is since when it is on now, where it is; `gone_at` when it was deleted.
    """
    done: list[Episode] = []
    lost: list[datetime] = []
    now: Episode | None = None
    is_lost = False
    for number, change in enumerate(changes):
        if number == 0 and change.old == ALARM:
            # It was on when the history begins.
            now = Episode(change.old_since) if change.old_since else None
            is_lost = now is None
        if change.new == ALARM:
            # Whatever comes while it is on is one more notification of the same.
            if now is None and not is_lost:
                now = Episode(change.new_since, None, change.reason)
            continue
        if now is not None:
            done.append(replace(now, ended_at=change.at))
        elif is_lost:
            lost.append(change.at)
        now, is_lost = None, False
    if now is None and on_since is not None and not (done and _ended_after(done[-1], on_since)):
        now = Episode(on_since)
    if now is not None:
        done.append(replace(now, ended_at=gone_at if gone_at and gone_at >= now.started_at else None))
    return Folded(tuple(done), tuple(lost))


def _ended_after(episode: Episode, moment: datetime) -> bool:
    """The alarm was described just before it went off: the history is newer."""
    return episode.ended_at is not None and episode.ended_at > moment
