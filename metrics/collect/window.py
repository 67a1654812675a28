"""Which windows a run asks for: what is new, what comes late, and the holes that a later question may fill.

Newest first, so that a page is useful before a year of past is in, and a run that was cut goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from metrics.collect import Source
from metrics.model import Window

__all__ = ["sliced", "windows_to_ask"]

DAY = timedelta(days=1)
# A series that the source was not asked for since this long before its newest answer is retired. Longer than a day,
# since some are asked for once a day.
RETIRED_AFTER = timedelta(days=2)
# A hole is asked for again when it has become so much older (by this share), at the latest after a day: one of an
# hour ago in minutes, and a source that never answers for last year costs one question a day.
AGED_BY = 1 / 24
_KEY = ("service", "component", "part", "indicator")

Span = tuple[datetime, datetime]
Key = tuple[object, ...]


class _Answer(NamedTuple):
    start: datetime
    end: datetime
    state: str
    retryable: bool
    observed_at: datetime


def windows_to_ask(source: Source, name: str, answered: pd.DataFrame | None, now: datetime) -> list[Window]:
    """Every window to ask for, newest first; the first one ends now.

    `answered` is the store's coverage, None where there is no store yet.
    """
    earliest = now - max(source.backfill, source.recollect_daily)
    timelines = _timelines(answered, name)
    spans = [(min(_lately(source, timelines, earliest, now), now - timedelta(seconds=1)), now)]
    for key, answers in _by_indicator(timelines).items():
        spans += _unasked(answers, earliest) if key else []
    for answers in timelines.values():
        # A period that lies across the hole's beginning is seen only by who asks from before it.
        spans += [(start - source.recollect, end) for start, end in _holes(answers, now)]
    wanted = [(max(start, earliest), end) for start, end in spans if end > earliest]
    if source.slice is None:
        return [Window(min(start for start, _ in wanted), now)]
    return [window for start, end in _joined(wanted) for window in sliced(Window(start, end), source.slice)]


def sliced(window: Window, longest: timedelta) -> Iterator[Window]:
    """The window in pieces, newest first: what is left of the day, whole UTC days, then twice as many each time."""
    end, days = window.end, 1
    if window.duration <= min(longest, DAY):
        yield window
        return
    while end > window.start:
        midnight = (end - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        start = max(window.start, midnight - (days - 1) * DAY)
        yield Window(start, end)
        end, days = start, min(2 * days, max(longest // DAY, 1))


def _timelines(answered: pd.DataFrame | None, name: str) -> Mapping[Key, list[_Answer]]:
    """The answers for each live series, in order."""
    if answered is None:
        return {}
    mine = answered[answered["source"] == name]
    columns = [mine[column].tolist() for column in _KEY]
    times = [[each.to_pydatetime() for each in mine[column]] for column in ("window_start", "window_end")]
    rest = [mine["state"].tolist(), mine["retryable"].tolist(), [at.to_pydatetime() for at in mine["observed_at"]]]
    found: dict[Key, list[_Answer]] = {}
    for row in zip(*columns, *times, *rest, strict=True):
        key = tuple(None if pd.isna(each) else each for each in row[:4])
        found.setdefault(key, []).append(_Answer(*row[4:]))
    newest = max((answer.observed_at for answers in found.values() for answer in answers), default=None)
    return {
        key: sorted(answers)
        for key, answers in found.items()
        if newest and max(answer.observed_at for answer in answers) >= newest - RETIRED_AFTER
    }


def _by_indicator(timelines: Mapping[Key, list[_Answer]]) -> Mapping[Key, list[_Answer]]:
    """Parts put together: an endpoint or a node that is new today has no past to ask for, a new component has."""
    found: dict[Key, list[_Answer]] = {}
    for (service, component, _, indicator), answers in timelines.items():
        found.setdefault((service, component, indicator), []).extend(answers)
    return found


def _lately(source: Source, timelines: Mapping[Key, list[_Answer]], earliest: datetime, now: datetime) -> datetime:
    """From where the last answers end, earlier by how late the source's data comes."""
    ends = [max(answer.end for answer in answers) for answers in _by_indicator(timelines).values()]
    if not ends:
        return earliest
    good = [answer.observed_at for answers in timelines.values() for answer in answers if answer.state != "failed"]
    late = source.recollect
    if not good or max(good).astimezone(UTC).date() < now.astimezone(UTC).date():
        late = max(late, source.recollect_daily)
    return max(min(ends) - late, earliest)


def _unasked(answers: Sequence[_Answer], earliest: datetime) -> Iterator[Span]:
    """The stretches before the newest answer that no answer speaks of."""
    reached = earliest
    for answer in sorted(answers):
        if answer.start > reached:
            yield reached, answer.start
        reached = max(reached, answer.end)


def _holes(answers: Sequence[_Answer], now: datetime) -> Iterator[Span]:
    """What was refused or came in part, and is due to be asked again.

    What was refused for good may still be there to get once the source answers again: somebody gave the permission.
    """
    is_refused_now = answers[-1].state in ("failed", "forbidden")
    for answer in answers:
        was_refused = answer.state in ("failed", "forbidden")
        may_come = answer.state == "partial" or was_refused
        if not may_come or not (answer.retryable or (was_refused and not is_refused_now)):
            continue
        if now - answer.observed_at >= min((now - answer.end) * AGED_BY, DAY):
            yield answer.start, answer.end


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Without overlaps, newest first."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found[::-1]
