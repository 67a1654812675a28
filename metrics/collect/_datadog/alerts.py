"""Which episodes touch a window, each from its true beginning, whatever window is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from metrics.collect._datadog.episode import TOLERANCE, Episode, Key, by_group, episodes
from metrics.collect._datadog.notice import Downtime, Notice
from metrics.model import Window

if TYPE_CHECKING:
    from metrics.collect._datadog.happened import Happened

__all__ = ["KEPT", "Touched", "is_muted", "touching"]

# What began yesterday needs no question of its own.
LOOK_BACK: Final = timedelta(days=1)
# Datadog keeps events for 15 months.
KEPT: Final = timedelta(days=456)
_TERM: Final = re.compile(r'^[\w./-]+:"?[^\s"()*:]+"?$')


@dataclass(frozen=True, slots=True)
class Touched:
    episodes: tuple[Episode, ...]
    without_beginning: int
    """Recoveries of which nothing tells when it began; they are no episodes."""


def touching(account: Happened, window: Window, query: str) -> Touched:
    """The episodes that have a notification in the window, in order of time."""
    seen = Window(window.start - LOOK_BACK, window.end)
    groups = by_group(account.notices(seen, query))
    found = [episode for notices in groups.values() for episode in episodes(notices)]
    found = [each for each in found if any(window.start <= notice.at < window.end for notice in each.notices)]
    whole = [*(each for each in found if each.is_sure), *_completed(account, found)]
    told = [each for each in whole if each.began is not None]
    told.sort(key=lambda each: (each.notices[0].at, each.key))
    return Touched(tuple(told), len(whole) - len(told))


def _completed(account: Happened, found: list[Episode]) -> Iterator[Episode]:
    """Those of which it is not known where they began, with all that was told of them before."""
    unsure = {each.key: each for each in found if not each.is_sure}
    for monitor in sorted({monitor for monitor, _ in unsure}):
        of = {key: each for key, each in unsure.items() if key[0] == monitor}
        earlier = _earlier(account, monitor, of)
        yield from (each.after(earlier[key]) for key, each in of.items())


def _earlier(account: Happened, monitor: int, of: dict[Key, Episode]) -> dict[Key, list[Notice]]:
    """What was told of each group since it was last well. Reads newest first, and no further than it has to."""
    firsts = {key: each.notices[0].at for key, each in of.items()}
    until = max(firsts.values())
    found: dict[Key, list[Notice]] = {key: [] for key in of}
    left = set(of)
    span = Window(min(map(_bound, of.values())), until + timedelta(milliseconds=1))
    for notice in account.notices(span, f"source:alert @monitor.id:{monitor}", newest_first=True):
        key = notice.monitor, notice.group
        if key not in left or notice.at >= firsts[key] or notice.at < _bound(of[key]):
            continue
        if notice.state == "ok":
            left.discard(key)
        else:
            found[key].insert(0, notice)
        if not left:
            break
    return found


def _bound(episode: Episode) -> datetime:
    """Before when it can't have begun: what its recovery tells, or else all that is kept."""
    first = episode.notices[0].at
    if episode.computed is not None and episode.computed < first:
        return episode.computed - TOLERANCE
    return first - KEPT


def is_muted(episode: Episode, downtimes: Iterable[Downtime]) -> bool:
    """Whether it began in a downtime of its monitor. One whose scope is more than a list of tags is left out."""
    began, first = episode.began, episode.notices[0]
    return began is not None and any(
        each.start <= began
        and (each.end is None or began < each.end)
        and (
            each.monitor == first.monitor
            or "*" in each.monitor_tags
            or (bool(each.monitor_tags) and first.tags.issuperset(each.monitor_tags))
        )
        and _is_in_scope(each.scope, first)
        for each in downtimes
        if each.status != "scheduled"
    )


def _is_in_scope(scope: str, notice: Notice) -> bool:
    if scope.strip() == "*":
        return True
    terms = re.split(r"\s+AND\s+|\s*,\s*|\s+", scope.strip())
    has = {*notice.group.split(","), *notice.tags}
    return all(_TERM.match(term) and term.replace('"', "") in has for term in terms)
