"""datadog: metrics by queries that stand in a service's file, as timeseries or as one figure a day.

Datadog's own client writes and reads the requests of its v2 interface; ours carries them (`_datadog/client.py`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import httpx
from pydantic import BeforeValidator, Field

from metrics.collect import Sign
from metrics.collect._datadog.access import SITES, Access
from metrics.collect._datadog.answers import NOTHING, Task, answered, tasks
from metrics.collect._datadog.question import PERIOD, Component, Question
from metrics.config import duration
from metrics.errors import BudgetSpentError, SourceError
from metrics.model import Coverage, Points, Window

if TYPE_CHECKING:
    from metrics.collect._datadog.client import Datadog

__all__ = ["BACKFILL", "RECOLLECT", "RECOLLECT_DAILY", "SITES", "SLICE", "Settings", "check", "collect"]

# Datadog keeps metrics for 15 months.
BACKFILL = timedelta(days=456)
# AWS's metrics come 10 to 20 minutes late by way of Datadog, an agent's within minutes.
RECOLLECT = timedelta(hours=2)
# Late values also change a whole day's figure (a scalar query): asked for a first time when the day is over, it is
# asked for again a day later. One day, as for timeseries alone, would reach back to the middle of it only.
RECOLLECT_DAILY = timedelta(days=2)
# 1,152 points at five minutes, where Datadog gives at most 1,500.
SLICE = timedelta(days=4)


def _period(written: object) -> timedelta:
    period = duration(written)
    if not timedelta(minutes=1) <= period <= timedelta(days=1) or timedelta(days=1) % period:
        raise ValueError(f"{written!r} does not divide a day, or is shorter than a minute; write 5m or 1h")
    return period


class Settings(Access, frozen=True, extra="forbid"):
    """Where to ask, with which keys, and for what."""

    period: Annotated[timedelta, BeforeValidator(_period)] = PERIOD
    """What a sample speaks for, where its query has no roll-up of its own."""
    targets: tuple[Component, ...] = Field(default=())

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(question for target in self.targets for question in target.questions(self.period))


def collect(settings: Settings, window: Window, http: httpx.Client) -> Iterator[Points | Coverage]:
    """Every query's samples for the window. Where the whole source fails, what is left is answered `failed` first."""
    account = _account(settings, http)
    left = deque(tasks(settings.questions, window))
    while left:
        task = left.popleft()
        try:
            came = list(answered(account, task))
        except BudgetSpentError:
            raise
        except (SourceError, httpx.RequestError) as error:
            yield from _unanswered([task, *left], error)
            raise
        left.extendleft(reversed([each for each in came if isinstance(each, Task)]))
        yield from (each for each in came if not isinstance(each, Task))


def _account(settings: Settings, http: httpx.Client) -> Datadog:
    from metrics.collect._datadog.client import Datadog

    keys = settings.api_key.get_secret_value(), settings.app_key.get_secret_value()
    return Datadog(settings.address, *keys, http)


def _unanswered(left: list[Task], error: SourceError | httpx.RequestError) -> Iterator[Coverage]:
    """On a first run nobody else knows what would have been asked."""
    reason, retryable = f"Datadog can't be reached: {error}", True
    if isinstance(error, SourceError):
        reason, retryable = str(error), error.retryable
    for task in left:
        yield from (each.answer(task.window, "failed", reason, retryable=retryable) for each in task.questions)


def check(settings: Settings, http: httpx.Client) -> Iterator[Sign]:
    """Whether the keys are known, and what each query brought in the last two days."""
    account, questions = _account(settings, http), settings.questions
    try:
        account.refuse_unknown_key()
        found = list(_lately(account, questions))
    except SourceError as error:
        if error.retryable:
            raise
        yield Sign("wrong", str(error))
        return
    signs = list(_signs(found))
    yield from signs
    yield from _about_limits(account.limits)
    if not questions:
        yield Sign("note", "no component uses it: write `use: datadog` and its `queries` in a service's file")
    if not any(sign.state == "wrong" for sign in signs):
        day = Window(datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(0, UTC) + timedelta(days=1))
        requests = len(list(tasks(questions, day)))
        yield Sign(
            "fine", f"{settings.address} accepts the keys; queries: {len(questions)}, requests a run: {requests}"
        )


def _lately(account: Datadog, questions: tuple[Question, ...]) -> Iterator[Coverage]:
    """How each query ended, for the last two days and not for each of its parts."""
    end = datetime.fromtimestamp(time.time() // 3600 * 3600, UTC)
    left = deque(tasks(questions, Window(end - timedelta(days=2), end)))
    while left:
        came = list(answered(account, left.popleft()))
        left.extendleft(reversed([each for each in came if isinstance(each, Task)]))
        yield from (each for each in came if isinstance(each, Coverage) and each.part is None)


def _signs(found: list[Coverage]) -> Iterator[Sign]:
    """What is wrong with which query; a permission is missing for all of them, and said once."""
    if refused := next((each for each in found if each.state == "forbidden"), None):
        yield Sign("wrong", refused.detail, "app_key")
        return
    ends: dict[str, list[Coverage]] = {}
    for each in found:
        ends.setdefault(f"{each.component} {each.indicator}", []).append(each)
    for about, answers in ends.items():
        bad = next((each for each in answers if each.state in ("failed", "partial")), None)
        if bad:
            yield Sign("wrong" if bad.state == "failed" else "note", bad.detail, about)
        elif all(each.state == "empty" for each in answers):
            query = answers[0].detail.removeprefix(NOTHING)
            yield Sign("note", f"query returns no series: {query}: are the metric and its tags right?", about)


def _about_limits(limits: Mapping[str, str]) -> Iterator[Sign]:
    if remaining := limits.get("x-ratelimit-remaining"):
        name = limits.get("x-ratelimit-name", "")
        of = f" of {limits['x-ratelimit-limit']}" if "x-ratelimit-limit" in limits else ""
        every = f" in each {limits['x-ratelimit-period']} s" if "x-ratelimit-period" in limits else ""
        yield Sign("note", f"{remaining}{of} requests are left{every}", f"rate limit {name}".strip())
