"""One question asked for a window, in pieces that no server and no memory finds too large."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from metrics.collect._prometheus.question import Answer, Question, Span, part_of, wrong_number
from metrics.collect._prometheus.reply import Line, Refusal, Reply
from metrics.collect._prometheus.server import Server
from metrics.model import Coverage, Points, Window

__all__ = ["answered"]

# What Prometheus evaluates for one series at most.
MOST_STEPS = 11_000
# As a first question, while nobody knows how many series a query has.
FIRST_STEPS = 100
# About 10 MB of JSON, and 60 MB while it is being read.
POINTS_A_REPLY = 300_000
# A query that is too much even for so short a range will be so for any.
SHORTEST_S = 3_600
# A server's clock that is further behind than this leaves out what it should have brought by now.
CLOCKS_APART_S = 300
# What the store takes for a number.
LARGEST = 1e250


@dataclass(slots=True)
class _Progress:
    """How far one question has come."""

    question: Question
    window: Window
    delay: float
    parts: dict[str | None, int] = field(default_factory=dict)
    """Each part that was seen, with its values that are no numbers."""
    missing: str = ""
    may_come: bool = False


def answered(
    server: Server, question: Question, window: Window, delay: float
) -> Generator[Points | Coverage, None, Answer]:
    """Yields its points and what is said of each part; returns what is said of the question as a whole.

    A value at T speaks for the step before it, [T - step, T), so it is asked at the end of a bucket.
    """
    step = question.step
    begin = math.ceil(window.start.timestamp() / step) * step
    steps = math.floor(window.end.timestamp() / step) - begin // step
    if steps <= 0:
        return (Span(window, "empty", f"no whole step of {step} s lies in it"),)
    progress = _Progress(question, window, delay)
    done, largest, size, refusal = 0, MOST_STEPS, FIRST_STEPS if question.labels else MOST_STEPS, None
    while done < steps and refusal is None:
        count = min(size, steps - done)
        first = begin + (done + 1) * step
        reply = server.range(question.promql, first, first + (count - 1) * step, step)
        if isinstance(reply, Refusal):
            if reply.too_much and count * step > SHORTEST_S:
                size = largest = math.ceil(count / 2)
            else:
                refusal = reply
        else:
            refusal = yield from _read(progress, reply, range(first, first + count * step, step))
            done += 0 if refusal else count
            size = min(largest, max(POINTS_A_REPLY // max(len(reply.lines), 1), 1))
    reached = window.end
    if refusal:
        reached = datetime.fromtimestamp(begin + done * step, UTC) if done else window.start
    yield from _said_of_parts(progress, reached, refusal)
    return _said_of_all(progress, reached, refusal)


def _read(progress: _Progress, reply: Reply, asked: range) -> Generator[Points, None, Refusal | None]:
    question = progress.question
    if wrong := wrong_number(question, reply.lines):
        return Refusal("failed", wrong, retryable=False)
    if not all(_is_as_asked(line, asked) for line in reply.lines):
        return Refusal("failed", "the server answered for other times than it was asked for", retryable=True)
    _mind(progress, reply)
    newest = math.inf if reply.clock is None else reply.clock - progress.delay
    for line in reply.lines:
        part = part_of(question, line)
        with np.errstate(over="ignore"):  # what becomes infinite is refused below
            values = line.values * question.factor
        in_time, is_number = line.at <= newest, np.abs(values) <= LARGEST
        progress.parts[part] = progress.parts.get(part, 0) + int(np.count_nonzero(in_time & ~is_number))
        kept = in_time & is_number
        if kept.any():
            starts = line.at[kept].astype(np.int64) - question.step
            yield Points(question.series(part), starts.astype("datetime64[s]").astype("datetime64[us]"), values[kept])
    return None


def _is_as_asked(line: Line, asked: range) -> bool:
    at = line.at
    return bool(
        (at >= asked.start).all() and (at < asked.stop).all() and ((at - asked.start) % asked.step == 0).all()
    )


def _mind(progress: _Progress, reply: Reply) -> None:
    """Remember what keeps the answer from being whole."""
    missing, may_come = reply.missing, reply.may_come
    behind = 0.0 if reply.clock is None else progress.window.end.timestamp() - reply.clock
    if not missing and behind > CLOCKS_APART_S:
        missing, may_come = f"the server's clock is {behind / 60:.0f} min behind: what is newer waits for it", True
    progress.missing = progress.missing or missing
    progress.may_come |= bool(missing) and may_come


def _said_of_parts(progress: _Progress, reached: datetime, refusal: Refusal | None) -> Iterator[Coverage]:
    for part, refused in progress.parts.items():
        if part is not None:
            for span in _spans(progress, reached, refusal, refused):
                yield span.coverage(progress.question, part)


def _said_of_all(progress: _Progress, reached: datetime, refusal: Refusal | None) -> Answer:
    return _spans(progress, reached, refusal, progress.parts.get(None, 0))


def _spans(progress: _Progress, reached: datetime, refusal: Refusal | None, refused: int) -> Answer:
    """What was answered up to `reached`, and why nothing more."""
    window, spans = progress.window, list[Span]()
    if reached > window.start:
        answered = Window(window.start, reached)
        reasons = [progress.missing] if progress.missing else []
        if refused:
            were = "values were" if refused > 1 else "value was"
            reasons.append(f"{refused:,} {were} NaN or infinite and left out")
        if reasons:
            spans.append(Span(answered, "partial", "; ".join(reasons), progress.may_come))
        elif progress.parts:
            spans.append(Span(answered, "complete"))
        else:
            spans.append(Span(answered, "empty", "the query found nothing"))
    if refusal:
        rest = Window(max(reached, window.start), window.end)
        spans.append(Span(rest, refusal.state, refusal.detail, refusal.retryable))
    return tuple(spans)
