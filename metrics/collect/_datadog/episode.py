"""From notifications to episodes: one from the first error or warning of a monitor's group to its recovery.

Pure: what has to be asked for to know where an episode began is said by `is_sure`, and asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from metrics.collect._datadog.notice import Notice

__all__ = ["TOLERANCE", "Episode", "Key", "by_group", "episodes"]

Key = tuple[int, str]
"""A monitor and one of its groups."""

# How far the first notification may be from the beginning that the recovery tells: it is sent after the evaluation.
TOLERANCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Episode:
    """What was told of it, in order of time."""

    notices: tuple[Notice, ...]
    is_whole: bool
    """Whether what came before it is known, so that its first notification is its first."""

    @property
    def key(self) -> Key:
        return self.notices[0].monitor, self.notices[0].group

    @property
    def ended(self) -> datetime | None:
        return self.notices[-1].at if self.notices[-1].state == "ok" else None

    @property
    def computed(self) -> datetime | None:
        """When it began, as its recovery tells."""
        last = self.notices[-1]
        return last.at - last.lasted if last.lasted else None

    @property
    def began(self) -> datetime | None:
        """When it was first told of; None where only its recovery is known, and that does not say."""
        return self.computed if self.notices[0].state == "ok" else self.notices[0].at

    @property
    def is_sure(self) -> bool:
        """Whether it began where it seems to: a notification may also repeat an earlier one."""
        first, computed = self.notices[0], self.computed
        is_confirmed = first.state != "ok" and computed is not None and abs(first.at - computed) <= TOLERANCE
        return self.is_whole or is_confirmed

    @property
    def severity(self) -> str | None:
        """The worst that was told; None where only its recovery is known."""
        told = {notice.state for notice in self.notices}
        return "error" if "error" in told else "warn" if "warn" in told else None

    def after(self, earlier: Iterable[Notice]) -> Episode:
        """With what was told of it before."""
        return Episode((*earlier, *self.notices), is_whole=True)


def by_group(notices: Iterable[Notice]) -> Mapping[Key, list[Notice]]:
    """Each once, in order of time."""
    groups: dict[Key, list[Notice]] = {}
    once = {notice.id: notice for notice in notices}
    for notice in sorted(once.values(), key=lambda each: (each.at, each.id)):
        groups.setdefault((notice.monitor, notice.group), []).append(notice)
    return groups


def episodes(notices: Iterable[Notice]) -> Iterator[Episode]:
    """Those of one group, from its notifications in order of time. Only the first may be not whole."""
    told: list[Notice] = []
    recovered: datetime | None = None
    for notice in notices:
        told.append(notice)
        if notice.state != "ok":
            continue
        episode = Episode(tuple(told), recovered is not None)
        if len(told) > 1 or recovered is None or _is_another(episode, recovered):
            yield episode
        told, recovered = [], notice.at
    if told:
        yield Episode(tuple(told), recovered is not None)


def _is_another(recovery: Episode, recovered: datetime) -> bool:
    """Whether a second recovery in a row speaks of an episode whose beginning nobody was told of."""
    return recovery.computed is not None and recovery.computed >= recovered
