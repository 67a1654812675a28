"""What Datadog tells of monitors, incidents and downtimes, as it tells it and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

__all__ = ["Downtime", "Incident", "Notice", "downtime", "incident", "notice"]

State = Literal["error", "warn", "ok"]

# Alert events say error, warn or ok; the other words are those that the same field has for older events.
_STATES: Final[Mapping[str, State]] = {
    "error": "error", "failure": "error", "warn": "warn", "warning": "warn", "ok": "ok", "success": "ok",
}  # fmt: skip
# "[Triggered on {host:web-1}] CPU is high"
_PREFIX: Final = re.compile(r"^\[[^\]]*\]\s*")
_OVER: Final = frozenset({"resolved", "completed"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification of a monitor about one of its groups."""

    id: str
    at: datetime
    monitor: int
    group: str
    """The tags that it is grouped by; `*` where it has no groups."""
    name: str
    state: State
    lasted: timedelta | None
    """Of a recovery: how long it had been going on."""
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Incident:
    id: str
    title: str
    started: datetime
    changed: datetime
    resolved: datetime | None
    detected: datetime | None
    severity: str | None
    number: int | None
    services: frozenset[str]
    teams: frozenset[str]
    is_over: bool


@dataclass(frozen=True, slots=True)
class Downtime:
    """A time in which monitors keep silent."""

    id: str
    start: datetime
    end: datetime | None
    changed: datetime
    status: str
    scope: str
    message: str
    monitor: int | None
    monitor_tags: tuple[str, ...]
    """What the monitor must be tagged with, all of it; `*` is every monitor."""


def notice(raw: Mapping[str, Any]) -> Notice | None:
    """None for what is no notification of a monitor that is on or over: a snapshot, a comment, a test."""
    outer = raw["attributes"]
    inner = outer.get("attributes") or {}
    about = inner.get("monitor") or {}
    monitor, state = inner.get("monitor_id") or about.get("id"), _STATES.get(str(inner.get("status")))
    if monitor is None or state is None:
        return None
    lasted = inner.get("duration")
    stamp = inner.get("timestamp")
    title = _PREFIX.sub("", str(inner.get("title") or ""))
    return Notice(
        id=str((inner.get("evt") or {}).get("id") or raw["id"]),
        at=datetime.fromtimestamp(stamp / 1000, UTC) if stamp else _time(outer["timestamp"]),
        monitor=int(monitor),
        group=",".join(sorted(inner.get("monitor_groups") or ())) or "*",
        name=str(about.get("name") or title),
        state=state,
        lasted=timedelta(microseconds=lasted / 1000) if lasted and state == "ok" else None,
        tags=frozenset([*(outer.get("tags") or ()), *(inner.get("tags") or ()), *(about.get("tags") or ())]),
    )


def incident(raw: Mapping[str, Any]) -> Incident | None:
    """None for a test."""
    said = raw["attributes"]
    if said.get("is_test"):
        return None
    created, detected, resolved = (_maybe(said.get(name)) for name in ("created", "detected", "resolved"))
    changed = _maybe(said.get("modified")) or created
    started = _maybe(said.get("customer_impact_start")) or detected or created
    if started is None or changed is None:
        raise ValueError(f"incident {raw['id']} has no time")
    is_over = resolved is not None or str(said.get("state")).lower() in _OVER
    # `resolved` stays empty where an incident was declared when all was over.
    ended = resolved or _maybe(said.get("customer_impact_end")) or changed
    severity = said.get("severity") or _field(said, "severity")[:1]
    written = str(severity if isinstance(severity, str) else "".join(severity))
    return Incident(
        id=str(raw["id"]),
        title=" ".join(str(said.get("title") or "").split())[:200],
        started=started,
        changed=changed,
        resolved=max(ended, started) if is_over else None,
        detected=detected,
        severity=None if written in ("", "UNKNOWN") else written,
        number=said.get("public_id"),
        services=frozenset(each.lower() for each in _field(said, "services")),
        teams=frozenset(each.lower() for each in _field(said, "teams")),
        is_over=is_over,
    )


def _field(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A field of an incident holds one value, several or null."""
    value = ((said.get("fields") or {}).get(name) or {}).get("value")
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def downtime(raw: Mapping[str, Any]) -> Downtime | None:
    """None where it has no time: a schedule that has not come to its first one."""
    said = raw["attributes"]
    schedule = said.get("schedule") or {}
    # One that comes again and again tells the one that is on, or comes next.
    times = schedule.get("current_downtime") or schedule
    start, canceled = _maybe(times.get("start")), _maybe(said.get("canceled"))
    if start is None:
        return None
    ends = [end for end in (_maybe(times.get("end")), canceled) if end]
    whose = said.get("monitor_identifier") or {}
    return Downtime(
        id=str(raw["id"]),
        start=start,
        end=max(min(ends), start) if ends else None,
        changed=_maybe(said.get("modified")) or _maybe(said.get("created")) or start,
        status=str(said.get("status") or ""),
        scope=str(said.get("scope") or "*"),
        message=" ".join(str(said.get("message") or "").split())[:200],
        monitor=int(whose["monitor_id"]) if whose.get("monitor_id") else None,
        monitor_tags=tuple(map(str, whose.get("monitor_tags") or ())),
    )


def _maybe(written: object) -> datetime | None:
    return None if written is None else _time(written)


def _time(written: object) -> datetime:
    """The client gives times as text, or as what it made of them."""
    time = written if isinstance(written, datetime) else datetime.fromisoformat(str(written))
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
