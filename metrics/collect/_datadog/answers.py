"""From questions to answers: what to ask in one request, what to do when it is refused, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from metrics.collect._datadog.question import Question
from metrics.collect._datadog.refusal import ForbiddenError, RefusedError
from metrics.collect._datadog.reply import Line, interval
from metrics.model import Coverage, CoverageState, Points, Window

if TYPE_CHECKING:
    from metrics.collect._datadog.client import Datadog

__all__ = ["NOTHING", "Task", "answered", "tasks"]

DAY: Final = timedelta(days=1)
DAY_S: Final = 86_400
# Datadog gives up to 1,500 points for each series ("Rollup", enforced and custom intervals); beyond that it takes a
# longer interval. Windows of these lengths stay below.
MOST_POINTS: Final = 1_200
LENGTHS: Final = tuple(timedelta(hours=hours) for hours in (96, 48, 24, 12, 6, 4, 2, 1))
# One slow query holds up those beside it, and one wrong query has all of them refused.
AT_ONCE: Final = 10
NOTHING: Final = "Datadog has no values for "

_WORST: Final[Sequence[CoverageState]] = ("forbidden", "failed", "partial", "complete", "empty")


@dataclass(frozen=True, slots=True)
class Task:
    """Questions to ask in one request."""

    questions: tuple[Question, ...]
    window: Window


def tasks(questions: Iterable[Question], window: Window) -> Iterator[Task]:
    """The requests for a window: questions of one interval together, scalar ones by themselves, day by day."""
    series: dict[int, list[Question]] = {}
    for question in questions:
        if question.is_scalar:
            yield from (Task((question,), day) for day in _cut(window, DAY))
        else:
            series.setdefault(question.period_s, []).append(question)
    for period_s, alike in series.items():
        for start in range(0, len(alike), AT_ONCE):
            batch = tuple(alike[start : start + AT_ONCE])
            yield from (Task(batch, piece) for piece in _pieces(window, _longest(period_s)))


def answered(account: Datadog, task: Task) -> Iterator[Points | Coverage | Task]:
    """What comes of a request, or the smaller requests to make instead.

    Raises SourceError or what httpx raises where the whole source fails, before it has yielded anything.
    """
    first = task.questions[0]
    reach = _reach(task.window, DAY_S if first.is_scalar else first.period_s)
    if reach is None:
        period = "day" if first.is_scalar else f"period of {first.period_s} s"
        yield from (each.answer(task.window, "complete", f"no {period} ended in it") for each in task.questions)
        return
    try:
        found = [account.scalar(first, reach)] if first.is_scalar else account.timeseries(task.questions, reach)
    except RefusedError as refused:
        yield from _refused(task, refused)
        return
    for question, lines in zip(task.questions, found, strict=True):
        yield from _told(question, lines, task)


def _refused(task: Task, refused: RefusedError) -> Iterator[Coverage | Task]:
    """One wrong query has all beside it refused, so each is asked by itself; a permission is about all of them."""
    forbidden = isinstance(refused, ForbiddenError)
    if len(task.questions) > 1 and not forbidden:
        yield from (Task((each,), task.window) for each in task.questions)
        return
    state: CoverageState = "forbidden" if forbidden else "failed"
    for each in task.questions:
        yield each.answer(task.window, state, str(refused), retryable=refused.retryable)


def _told(question: Question, lines: list[Line], task: Task) -> Iterator[Points | Coverage | Task]:
    if question.is_scalar:
        yield from _points(question, lines, task.window, DAY_S, "")
        return
    step = interval(lines, question.period_s)
    days = list(_cut(task.window, DAY))
    if step > question.period_s and len(days) > 1:  # it may come of the window's length
        yield from (Task((question,), day) for day in days)
        return
    coarse = f"asked for {question.period_s} s, Datadog gives {step} s" if step > question.period_s else ""
    yield from _points(question, lines, task.window, step, coarse)


def _points(
    question: Question, lines: list[Line], window: Window, step: int, note: str
) -> Iterator[Points | Coverage]:
    """The samples of each series and how it ended; where there are parts, also how all of it ended."""
    ends: list[tuple[CoverageState, str]] = []
    known = Counter(question.part_of(line.tags) for line in lines)
    for line in lines:
        part = question.part_of(line.tags)
        ts_s, values, refused = _within(line, window, step)
        if not len(ts_s) and not refused:
            continue
        try:
            _refuse_ambiguous(part, known[part], line)
            factor = question.factor(line.unit, step)
        except ValueError as error:
            ends.append(("failed", str(error)))
        else:
            if len(ts_s):
                yield question.points(ts_s, values * factor, step, part)
            ends.append(("partial", f"{refused} of the values are no finite numbers on the clock") if refused else
                        ("complete", note))  # fmt: skip
        if part is not None:
            state, detail = ends[-1]
            yield question.answer(window, state, detail, part=part, retryable=state == "partial")
    yield _whole(question, window, ends)


def _whole(question: Question, window: Window, ends: list[tuple[CoverageState, str]]) -> Coverage:
    """How the question ended. Parts come and go; this is the one timeline that goes on."""
    if not ends:
        return question.answer(window, "empty", NOTHING + question.text)
    state, detail = min(ends, key=lambda end: _WORST.index(end[0]))
    if state == "complete" and question.expression.tags:
        by = ", ".join(question.expression.tags)
        detail = f"{len(ends)} by {by}{f'; {detail}' if detail else ''}"
    return question.answer(window, state, detail, retryable=state == "partial")


def _refuse_ambiguous(part: str | None, times: int, line: Line) -> None:
    if times > 1:
        raise ValueError(
            f"{times} series are the part {part} ({', '.join(line.tags)} is one); leave `part` out, or group by "
            "that tag alone"
        )


def _within(line: Line, window: Window, step: int) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """What began and ended in the window, and how many values of it had to be refused."""
    start, end = window.start.timestamp(), window.end.timestamp()
    inside = (line.ts_s >= start) & (line.ts_s + step <= end)
    sound = np.isfinite(line.values) & (line.ts_s % step == 0)
    return line.ts_s[inside & sound], line.values[inside & sound], int(np.sum(inside & ~sound))


def _reach(window: Window, period_s: int) -> Window | None:
    """What to ask for: the periods that end in the window, and up to a day before, by which the interval shows.

    None where no period ends in it. Answers are kept for the window alone.
    """
    start = -(-window.start.timestamp() // period_s) * period_s
    end = window.end.timestamp() // period_s * period_s
    if end - start < period_s:
        return None
    if period_s < DAY_S:
        start = min(start, end - min(DAY, _longest(period_s)).total_seconds())
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def _longest(period_s: int) -> timedelta:
    return next((each for each in LENGTHS if each.total_seconds() <= MOST_POINTS * period_s), LENGTHS[-1])


def _pieces(window: Window, longest: timedelta) -> Iterator[Window]:
    """The window, cut only where it is too long: the runner's own cuts are elsewhere, and each costs a request."""
    yield from [window] if window.duration <= longest else _cut(window, longest)


def _cut(window: Window, length: timedelta) -> Iterator[Window]:
    """The window in pieces of at most this length, newest first, cut on the clock so that no period is halved."""
    end, length_s = window.end, length.total_seconds()
    while end > window.start:
        cut = datetime.fromtimestamp((end.timestamp() - 1e-6) // length_s * length_s, UTC)
        start = max(cut, window.start)
        yield Window(start, end)
        end = start
