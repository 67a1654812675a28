"""datadog_events: monitors' alerts as episodes, incidents, and downtimes.

An episode reaches from a monitor's first notification about one of its groups to its recovery, whatever was repeated
in between; where it begins does not depend on the window that is asked for (`_datadog/alerts.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import httpx

from metrics.collect import Sign
from metrics.collect._datadog.access import Access
from metrics.collect._datadog.alerts import KEPT, is_muted, touching
from metrics.collect._datadog.episode import Episode
from metrics.collect._datadog.notice import Downtime, Incident
from metrics.collect._datadog.refusal import RefusedError
from metrics.collect._datadog.scope import ScopeError
from metrics.collect._datadog.watched import Watched, query_of
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, CoverageState, Event, EventKind, Snapshot, Window

if TYPE_CHECKING:
    from metrics.collect._datadog.happened import Happened

__all__ = ["BACKFILL", "RECOLLECT", "SLICE", "Settings", "check", "collect"]

BACKFILL = KEPT
# Notifications are there within minutes; incidents are edited for hours after they are over, and tell so themselves.
RECOLLECT = timedelta(days=1)
# A thousand notifications come in one reply, so a month is a few of them.
SLICE = timedelta(days=30)

SOURCE: Final = "datadog_events"
# Lists that know no window: read once a run, however many windows it asks for.
_incidents: Final[WeakKeyDictionary[httpx.Client, tuple[Incident, ...]]] = WeakKeyDictionary()
_downtimes: Final[WeakKeyDictionary[httpx.Client, tuple[Downtime, ...]]] = WeakKeyDictionary()


class Settings(Access, frozen=True, extra="forbid"):
    """Where to ask, with which keys, and what for."""

    downtimes: bool = True
    """Whether to read downtimes, which takes one more scope."""
    targets: tuple[Watched, ...] = ()

    @property
    def app(self) -> str:
        """Where people look: some sites have a name of their own for it."""
        return f"https://{self.site}" if self.site.count(".") > 1 else f"https://app.{self.site}"

    def asking(self, kind: EventKind) -> tuple[Watched, ...]:
        return tuple(target for target in self.targets if kind in target.kinds)


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Event | Snapshot | Coverage]:
    """Alerts and downtimes, then incidents. Where the whole source fails, what is left is answered `failed` first."""
    account = _account(settings, http)
    kinds: list[EventKind] = [kind for kind in ("alert", "incident") if settings.asking(kind)]
    for number, kind in enumerate(kinds):
        bring = _alerts if kind == "alert" else _told_incidents
        try:
            yield from list(bring(settings, account, window, http))
        except BudgetSpentError:
            raise
        except RefusedError as refused:
            yield from _refused(settings, kind, window, refused)
        except (SourceError, httpx.RequestError) as error:
            for each in kinds[number:]:
                yield from _unanswered(settings, each, window, error)
            raise


def _account(settings: Settings, http: httpx.Client) -> Happened:
    from metrics.collect._datadog.happened import Happened

    keys = settings.api_key.get_secret_value(), settings.app_key.get_secret_value()
    return Happened(settings.address, *keys, http)


def _refused(settings: Settings, kind: EventKind, window: Window, refused: RefusedError) -> Iterator[Coverage]:
    state: CoverageState = "forbidden" if isinstance(refused, ScopeError) else "failed"
    for target in settings.asking(kind):
        yield target.answer(kind, window, state, str(refused), retryable=refused.retryable)


def _unanswered(
    settings: Settings, kind: EventKind, window: Window, error: SourceError | httpx.RequestError
) -> Iterator[Coverage]:
    reason, retryable = f"Datadog can't be reached: {error}", True
    if isinstance(error, SourceError):
        reason, retryable = str(error), error.retryable
    for target in settings.asking(kind):
        yield target.answer(kind, window, "failed", reason, retryable=retryable)


# alerts ---------------------------------------------------------------------------------------------------


def _alerts(
    settings: Settings, account: Happened, window: Window, http: httpx.Client
) -> Iterator[Event | Snapshot | Coverage]:
    targets = settings.asking("alert")
    touched = touching(account, window, query_of(targets))
    downtimes, unknown = _silences(settings, account, http)
    owned: dict[Watched, list[Episode]] = {target: [] for target in targets}
    for episode in touched.episodes:
        for target in _owners(targets, episode):
            owned[target].append(episode)
    for target, mine in owned.items():
        yield from (_alert(settings, target, each, downtimes) for each in mine)
        yield from (_snapshot(target, each) for each in downtimes or () if target.is_silenced_by(each))
        told = [unknown] if unknown and mine else []
        if touched.without_beginning:
            told.append(f"recoveries that nothing tells the beginning of: {touched.without_beginning}")
        yield target.answer("alert", window, "complete" if mine else "empty", "; ".join(told))


def _owners(targets: tuple[Watched, ...], episode: Episode) -> Iterable[Watched]:
    """In each service the component that names the monitor most plainly, the first of several: an event has one."""
    last = episode.notices[-1]
    owners: dict[str, tuple[int, Watched]] = {}
    for target in targets:
        claim = target.claim(last.monitor, last.name, last.tags)
        if claim > (owners[target.service][0] if target.service in owners else 0):
            owners[target.service] = claim, target
    return [target for _, target in owners.values()]


def _silences(settings: Settings, account: Happened, http: httpx.Client) -> tuple[tuple[Downtime, ...] | None, str]:
    """(downtimes, why they are not known)"""
    if not settings.downtimes:
        return None, ""
    if http not in _downtimes:
        try:
            _downtimes[http] = tuple(account.downtimes())
        except RefusedError as refused:
            return None, f"whether they were muted is not known: {refused}"
    return _downtimes[http], ""


def _alert(settings: Settings, target: Watched, episode: Episode, downtimes: tuple[Downtime, ...] | None) -> Event:
    first, last, began = episode.notices[0], episode.notices[-1], episode.began
    assert began is not None  # noqa: S101 - touching() leaves those out
    where = "" if first.group == "*" else f" ({first.group})"
    told: dict[str, str | int | bool | None] = {
        "rule": last.name,
        "monitor_id": first.monitor,
        "group": None if first.group == "*" else first.group,
        "severity": episode.severity,
        "notifications": len(episode.notices),
        "muted": is_muted(episode, downtimes) if downtimes is not None else None,
    }
    return Event(
        service=target.service,
        kind="alert",
        id=f"{first.monitor} {first.group} {began:%Y-%m-%dT%H:%M:%SZ}",
        started_at=began.replace(microsecond=0),
        ended_at=episode.ended,
        source=SOURCE,
        # Not the window's end: an older window, in which it was still on, must not open it again.
        observed_at=last.at,
        component=target.component,
        status="resolved" if episode.ended else "open",
        title=f"{last.name or f'monitor {first.monitor}'}{where}"[:200],
        url=f"{settings.app}/monitors/{first.monitor}",
        attrs={name: value for name, value in told.items() if value is not None},
    )


def _snapshot(target: Watched, downtime: Downtime) -> Snapshot:
    """As of when it was last changed, so that one that stays as it is stays one row."""
    values: dict[str, str | float | int | bool | None] = {
        "start": downtime.start.isoformat(),
        "end": downtime.end.isoformat() if downtime.end else None,
        "status": downtime.status,
        "scope": downtime.scope,
        "monitor_id": downtime.monitor,
        "monitor_tags": ",".join(downtime.monitor_tags) or None,
        "message": downtime.message or None,
    }
    kind = f"downtime {downtime.id}"
    return Snapshot(target.service, target.component, kind, downtime.changed, SOURCE, values)


# incidents ------------------------------------------------------------------------------------------------


def _told_incidents(
    settings: Settings, account: Happened, window: Window, http: httpx.Client
) -> Iterator[Event | Coverage]:
    if http not in _incidents:
        _incidents[http] = tuple(account.incidents())
    targets = settings.asking("incident")
    touched = [each for each in _incidents[http] if _touches(each, window)]
    served = set[tuple[str, str]]()
    for target in targets:
        mine = [each for each in touched if target.has(each) and (target.service, each.id) not in served]
        served |= {(target.service, each.id) for each in mine}
        yield from (_incident(settings, target, each, window) for each in mine)
        yield target.answer("incident", window, "complete" if mine else "empty")


def _touches(incident: Incident, window: Window) -> bool:
    times = (incident.started, incident.changed, incident.resolved)
    return any(window.start <= each < window.end for each in times if each is not None)


def _incident(settings: Settings, target: Watched, incident: Incident, window: Window) -> Event:
    told: dict[str, str | int | None] = {
        "severity": incident.severity,
        "detected_at": incident.detected.isoformat() if incident.detected else None,
        "resolved_at": incident.resolved.isoformat() if incident.resolved else None,
        "services": ",".join(sorted(incident.services)) or None,
        "teams": ",".join(sorted(incident.teams)) or None,
        "number": incident.number,
    }
    return Event(
        service=target.service,
        kind="incident",
        id=incident.id,
        started_at=incident.started,
        ended_at=incident.resolved,
        source=SOURCE,
        observed_at=window.end,
        component=target.component,
        status="resolved" if incident.resolved else "open",
        title=incident.title,
        url=f"{settings.app}/incidents/{incident.number or incident.id}",
        attrs={name: value for name, value in told.items() if value is not None},
    )


# check ----------------------------------------------------------------------------------------------------


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """The keys, each scope that is needed, and each monitor that is named and not there."""
    account = _account(settings, http)
    try:
        account.refuse_unknown_key()
        signs = [*_about_alerts(settings, account), *_about_incidents(settings, account)]
    except SourceError as error:
        if error.retryable:
            raise
        yield Sign("wrong", str(error))
        return
    yield from signs
    if not settings.targets:
        yield Sign("note", "no component uses it: write `use: datadog_events` and its `monitors` in a service's file")
    if not any(sign.state == "wrong" for sign in signs):
        asked = ", ".join(f"{kind}s of {len(settings.asking(kind))}" for kind in ("alert", "incident"))
        yield Sign("fine", f"{settings.address} accepts the keys; components: {asked}")


def _about_alerts(settings: Settings, account: Happened) -> Iterator[Sign]:
    targets = settings.asking("alert")
    if not targets:
        return
    now = datetime.fromtimestamp(time.time() // 3600 * 3600, UTC)
    try:
        next(account.notices(Window(now - timedelta(hours=1), now), query_of(targets)), None)
    except RefusedError as refused:
        yield Sign("wrong", str(refused), _about(refused, "events"))
    if settings.downtimes:
        try:
            next(account.downtimes(), None)
        except RefusedError as refused:
            said = f"{refused}; or write `downtimes: false`"
            yield Sign("note", said, _about(refused, "downtimes"))
    try:
        known = list(account.monitors())
    except RefusedError as refused:
        said = f"{refused}; without it nobody knows whether the named monitors are there"
        yield Sign("note", said, _about(refused, "monitors"))
        return
    for target in targets:
        for named in target.monitors:
            alone = target.model_copy(update={"monitors": (named,)})
            if not any(alone.claim(*monitor) for monitor in known):
                about = f"{target.component} {named}"
                yield Sign("note", "no monitor has this id, name or tag: is it written right?", about)


def _about_incidents(settings: Settings, account: Happened) -> Iterator[Sign]:
    if settings.asking("incident"):
        try:
            next(account.incidents(), None)
        except RefusedError as refused:
            yield Sign("wrong", str(refused), _about(refused, "incidents"))


def _about(refused: RefusedError, otherwise: str) -> str:
    return refused.scope if isinstance(refused, ScopeError) else otherwise
