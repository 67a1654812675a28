"""cloudwatch_alarms: when the alarms of CloudWatch were on.

Each time that an alarm is on, from when it goes on until it leaves that state, is one `alert`, however many
notifications were sent.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import quote
from weakref import WeakKeyDictionary

import httpx
from pydantic import Field

from metrics.collect import Sign
from metrics.collect import target as targets
from metrics.collect._cloudwatch.session import Access, Account, NotAllowedError, RefusedError
from metrics.collect._cloudwatch_alarms.account import Alarm, Alarms
from metrics.collect._cloudwatch_alarms.episode import Episode
from metrics.collect._cloudwatch_alarms.names import Names, is_pattern, matches
from metrics.model import Coverage, CoverageState, Event, Window

__all__ = ["BACKFILL", "RECOLLECT", "SLICE", "Settings", "Target", "check", "collect"]

# "CloudWatch preserves alarm history for 30 days" (CloudWatch user guide, Using alarms).
BACKFILL = timedelta(days=30)
# A change is in the history within moments. A day more costs nothing and heals what an hour's trouble left out.
RECOLLECT = timedelta(days=1)
SLICE = timedelta(days=7)

ALERT: Final = "alert"
_LONGEST = 200
# Where the console is, by the beginning of the region's name.
_CONSOLES: Final = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


_Name = Annotated[str, Field(min_length=1, max_length=255)]


class Target(targets.Target, frozen=True, extra="forbid"):
    """Which alarms speak of a component."""

    alarms: Annotated[tuple[_Name, ...], targets.Several, Field(min_length=1)]
    """Names, and patterns where `*` stands for anything."""


class Settings(Access, frozen=True, extra="forbid"):
    """How to get into the account, and the components that have alarms."""

    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A component, by all of its entries."""

    service: str
    component: str
    names: tuple[str, ...]

    def answer(self, window: Window, state: CoverageState, detail: str = "", *, retryable: bool = False) -> Coverage:
        return Coverage(
            self.service, self.component, ALERT, "cloudwatch_alarms", window, state, detail[:300], retryable=retryable
        )  # fmt: skip


# A run asks for window after window with one client; alarms are described, and their history read, once for all.
_opened: WeakKeyDictionary[httpx.Client, dict[Settings, Alarms]] = WeakKeyDictionary()


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Event | Coverage]:
    """Every time that an alarm was on within the window, as it is known now."""
    if not settings.targets:
        return
    asked = _components(settings.targets)
    alarms = _run(settings, window.end, http)
    try:
        mine = _shared_out(asked, alarms.changed(window))
    except RefusedError as error:
        state: CoverageState = "forbidden" if isinstance(error, NotAllowedError) else "failed"
        yield from (each.answer(window, state, str(error)) for each in asked)
        return
    for each in asked:
        yield from _alerts(each, mine[each], alarms, window)


def _run(settings: Settings, at: datetime, http: httpx.Client) -> Alarms:
    runs = _opened.setdefault(http, {})
    if settings not in runs or runs[settings].at < at:
        names = Names.of(name for target in settings.targets for name in target.alarms)
        runs[settings] = Alarms(Account(settings, http), names, at)
    return runs[settings]


def _components(them: Sequence[Target]) -> list[_Asked]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for each in them:
        key = each.service, each.component
        found[key] = (*found.get(key, ()), *each.alarms)
    return [_Asked(service, component, names) for (service, component), names in found.items()]


def _shared_out(asked: Sequence[_Asked], alarms: Sequence[str]) -> Mapping[_Asked, list[str]]:
    """Each alarm to one component of a service, so that it counts once: whoever names it in full, else the first."""
    found: dict[_Asked, list[str]] = {each: [] for each in asked}
    for alarm in alarms:
        for service in dict.fromkeys(each.service for each in asked):
            wanting = [each for each in asked if each.service == service]
            full = [each for each in wanting if alarm in each.names]
            by_pattern = [each for each in wanting if any(matches(name, alarm) for name in each.names)]
            if full or by_pattern:
                found[(full or by_pattern)[0]].append(alarm)
    return found


def _alerts(asked: _Asked, names: Sequence[str], alarms: Alarms, window: Window) -> Iterator[Event | Coverage]:
    count, faults, there = 0, [], set()
    try:
        for name in names:
            told = alarms.episodes(name)
            there |= {name} if alarms.is_there(name) else set()
            for episode in told.episodes:
                if episode.started_at < window.end and (episode.ended_at or window.end) >= window.start:
                    count += 1
                    yield _event(asked, name, episode, alarms, window)
            faults += [_lost(name, at) for at in told.lost if window.start <= at < window.end]
            if alarms.unclear(name):
                faults.append(f"changes of `{name}` that could not be understood: {alarms.unclear(name):,}")
        missing = _missing(asked, {*there, *alarms.known})
    except RefusedError as error:
        state: CoverageState = "forbidden" if isinstance(error, NotAllowedError) else "failed"
        yield asked.answer(window, state, str(error))
        return
    yield _answer(asked, window, count, [*faults, *(_no_such(name, alarms.region) for name in missing)], len(missing))


def _answer(asked: _Asked, window: Window, count: int, faults: Sequence[str], missing: int) -> Coverage:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if not count and missing == len(dict.fromkeys(asked.names)):
        return asked.answer(window, "failed", faults[-1] + more)
    if faults:
        return asked.answer(window, "partial", faults[0] + more)
    if not count:
        return asked.answer(window, "empty", "no alarm was on in this time")
    return asked.answer(window, "complete")


def _missing(asked: _Asked, there: set[str]) -> list[str]:
    return [
        name for name in dict.fromkeys(asked.names)
        if name not in there and not (is_pattern(name) and any(matches(name, each) for each in there))
    ]  # fmt: skip


def _no_such(name: str, region: str) -> str:
    what = f"no alarm is called `{name}`" if is_pattern(name) else f"there is no alarm `{name}`"
    return f"{what} in {region}: check the name, the region and the account"


def _lost(name: str, at: datetime) -> str:
    return f"`{name}` was on until {at:%Y-%m-%d %H:%M} UTC, but CloudWatch no longer knows since when"


def _event(asked: _Asked, name: str, episode: Episode, alarms: Alarms, window: Window) -> Event:
    """The id holds the time, since an alarm is known by its name alone and is on again and again."""
    alarm = alarms.known.get(name, Alarm(name, None))
    is_on = episode.ended_at is None
    attrs = {
        "rule": name,
        "kind": "cloudwatch",
        "metric": alarm.metric and alarm.metric[:_LONGEST],
        "namespace": alarm.namespace,
        "threshold": alarm.threshold,
        "reason": (episode.reason or (alarm.reason if is_on else ""))[:_LONGEST] or None,
    }
    return Event(
        service=asked.service,
        kind=ALERT,
        id=f"{name} {episode.started_at.isoformat(timespec='milliseconds')}",
        started_at=episode.started_at,
        source="cloudwatch_alarms",
        observed_at=window.end,
        component=asked.component,
        ended_at=episode.ended_at,
        status="open" if is_on else "resolved",
        title=name,
        url=_console(alarms.region, name),
        attrs={key: value for key, value in attrs.items() if value is not None},
    )


def _console(region: str, name: str) -> str:
    host = next((host for start, host in _CONSOLES.items() if region.startswith(start)), None)
    place = host or f"{region}.console.aws.amazon.com"
    return f"https://{place}/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name, safe='')}"


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Who it is, which alarms each component has, and what is wrong. Raises SourceError when not let in."""
    account = Account(settings, http)
    yield account.identity()
    if not settings.targets:
        yield Sign("note", "no component uses it: write `use: cloudwatch_alarms` in a service's file")
        return
    alarms = Alarms(account, Names.of(("*",)), datetime.fromtimestamp(int(time.time()), UTC))
    yield from _may(alarms)
    try:
        known = sorted(alarms.known)
    except RefusedError as error:
        yield Sign("wrong", str(error), "cloudwatch:DescribeAlarms")
        return
    asked = _components(settings.targets)
    mine = _shared_out(asked, known)
    for each in asked:
        yield from _matched(each, mine[each], known, alarms.region)


def _may(alarms: Alarms) -> Iterator[Sign]:
    try:
        alarms.may_read_history()
    except RefusedError as error:
        yield Sign("wrong", str(error), "cloudwatch:DescribeAlarmHistory")


def _matched(asked: _Asked, mine: Sequence[str], known: Sequence[str], region: str) -> Iterator[Sign]:
    about = f"{asked.service} {asked.component}"
    for name in _missing(asked, set(known)):
        close = difflib.get_close_matches(name, known, 1)
        likely = f"; did you mean `{close[0]}`?" if close else f"; alarms there: {len(known):,}"
        yield Sign("wrong", _no_such(name, region) + likely, about)
    if mine:
        more = f" and {len(mine) - 3:,} more" if len(mine) > 3 else ""
        yield Sign("fine", f"{', '.join(mine[:3])}{more}", about)
    taken = [each for each in known if each not in mine and any(matches(name, each) for name in asked.names)]
    if taken:
        yield Sign("note", f"`{taken[0]}` counts for another component of the service, which names it too", about)
