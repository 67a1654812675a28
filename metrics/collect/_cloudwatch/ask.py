"""From metrics to ask CloudWatch for to points, and one word on each about how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from metrics.catalog import load
from metrics.collect._cloudwatch.getmetricdata import (
    ACTION,
    MOST_POINTS,
    MOST_QUERIES,
    Answer,
    Query,
    fetched,
    query_of,
)
from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.session import Account, NotAllowedError, RefusedError
from metrics.collect._cloudwatch.span import Span, daily_span, spans
from metrics.model import Coverage, CoverageState, Points, Series, Window

__all__ = ["ask", "queries_of"]

Batches = Iterator[Points | Coverage]
_LONGEST: Final = 300
# What AWS and botocore call a request that can't be right as it is.
_OF_A_LINE: Final = frozenset(
    {
        *("ValidationError", "ValidationException", "ParamValidation", "InvalidParameterValue"),
        *("InvalidParameterValueException", "InvalidParameterCombination", "InvalidParameterCombinationException"),
    }
)


def ask(account: Account, metrics: Sequence[Metric], window: Window, now: datetime) -> Batches:
    """Points and Coverage of each metric for all of the window. `now` is the end of the newest window of the run."""
    own = account.region
    # What is its own comes first: another region may not be open to the account at all.
    for region in sorted({metric.region or own for metric in metrics}, key=lambda each: (each != own, each)):
        here = [metric for metric in metrics if (metric.region or own) == region]
        steady = [metric for metric in here if not metric.daily]
        for span in spans(window, now):
            yield from _asked(account, region, steady, span)
        yield from _asked_daily(account, region, [metric for metric in here if metric.daily], window)


def _asked_daily(account: Account, region: str, metrics: Sequence[Metric], window: Window) -> Batches:
    span = daily_span(window)
    if span:
        yield from _asked(account, region, metrics, span)
        return
    for metric in metrics:
        yield _coverage(metric, window, "complete", "it is published once a day, and no day ends in this window")


def _asked(account: Account, region: str, metrics: Sequence[Metric], span: Span) -> Batches:
    if span.buckets == 0:
        for metric in metrics:
            yield _coverage(metric, span.window, "complete", "no period of it is over in this window yet")
        return
    for call in _calls(metrics, span):
        yield from _answered(account, region, call, span)


def _calls(metrics: Iterable[Metric], span: Span) -> Iterator[list[Metric]]:
    """As many metrics at once as CloudWatch takes; those whose zeros hang on one neighbour go together."""
    most = max(1, min(MOST_QUERIES, MOST_POINTS // span.buckets))
    call: list[Metric] = []
    queries: set[Query] = set()
    for metric in sorted(metrics, key=lambda each: (each.namespace, each.dimensions, each.zero_with or each.name)):
        more = queries_of(metric)
        if call and len(queries.union(more)) > most:
            yield call
            call, queries = [], set()
        call.append(metric)
        queries.update(more)
    if call:
        yield call


def queries_of(metric: Metric) -> tuple[Query, ...]:
    own = query_of(metric)
    return (own, query_of(metric, metric.zero_with)) if metric.zero_with else (own,)


def _answered(account: Account, region: str, metrics: Sequence[Metric], span: Span) -> Batches:
    queries = list(dict.fromkeys(query for metric in metrics for query in queries_of(metric)))
    try:
        answers = fetched(account, region, queries, span)
    except NotAllowedError as error:
        for metric in metrics:
            yield _coverage(metric, span.window, "forbidden", str(error))
    except RefusedError as error:
        if error.code not in _OF_A_LINE:
            raise
        # One line that AWS finds impossible must not take the other 499 with it: halved until it stands alone.
        if len(metrics) == 1:
            yield replace(_coverage(metrics[0], span.window, "failed", str(error)), retryable=False)
            return
        middle = len(metrics) // 2
        yield from _answered(account, region, metrics[:middle], span)
        yield from _answered(account, region, metrics[middle:], span)
    else:
        for metric in metrics:
            yield from _result(metric, answers, span)


def _result(metric: Metric, answers: Mapping[Query, Answer], span: Span) -> Batches:
    own, *neighbours = (answers[query] for query in queries_of(metric))
    ts, values, refused = _read(own, span, lambda given: _figure(metric, given))
    state, detail = _state(metric, own)
    for neighbour in neighbours:
        busy, _, _ = _read(neighbour, span, np.zeros_like)
        if own.status == "Complete":
            ts, values = _with_zeros(ts, values, busy)
        if state == "complete" and neighbour.status != "Complete":
            state, detail = "partial", f"{metric.zero_with} did not come whole, so it is not known where it was 0"
    if state == "complete" and not ts.size:
        state, detail = "empty", f"CloudWatch has no {metric.namespace} {metric.name} for it in this window"
    if refused:
        counted = "1 value was" if refused == 1 else f"{refused} values were"
        detail = f"{counted} refused: no number, or off the clock. {detail}".strip()
    if ts.size:
        yield Points(_series(metric, span.period), ts.astype("datetime64[s]").astype("datetime64[us]"), values)
    yield _coverage(metric, span.window, state, detail)


def _read(
    answer: Answer, span: Span, figure: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """(bucket starts in Unix seconds, values, how many were refused), in order and each once."""
    at = np.fromiter((each.timestamp() for each in answer.at), np.float64, len(answer.at)).astype(np.int64)
    values = figure(np.array(answer.values, dtype=np.float64))
    sound = np.isfinite(values) & (at % span.period == 0)
    within = (at >= span.first) & (at < span.until)
    ts, first = np.unique(at[sound & within], return_index=True)
    return ts, values[sound & within][first], int(np.count_nonzero(within & ~sound))


def _figure(metric: Metric, values: NDArray[np.float64]) -> NDArray[np.float64]:
    given = values * metric.scale
    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.full is not None:
            return 100 * (1 - given / np.float64(metric.full))
        if metric.limit is not None:
            return 100 * given / np.float64(metric.limit)
    return given


def _with_zeros(
    ts: NDArray[np.int64], values: NDArray[np.float64], busy: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """0 in each bucket in which the neighbour was busy and nothing was reported."""
    silent = np.setdiff1d(busy, ts)
    order = np.argsort(np.concatenate([ts, silent]), kind="stable")
    return np.concatenate([ts, silent])[order], np.concatenate([values, np.zeros(silent.size)])[order]


def _state(metric: Metric, answer: Answer) -> tuple[CoverageState, str]:
    said = f" ({answer.said})" if answer.said else ""
    name = f"{metric.namespace} {metric.name}"
    if answer.status == "Complete":
        return "complete", ""
    if answer.status == "PartialData":
        return "partial", f"CloudWatch gave only part of {name}, each time{said}"
    if answer.status == "Forbidden":
        return "forbidden", f"{ACTION} is not allowed for {name}: add it to the policy{said}"
    if answer.status == "InternalError":
        return "failed", f"CloudWatch had an error of its own with {name}, each time{said}"
    return "failed", f"CloudWatch left {name} out of its answer{said}"


def _series(metric: Metric, period: int) -> Series:
    indicator = load().get(metric.indicator)
    return Series(
        *(metric.service, metric.component, indicator.name, indicator.stat, indicator.unit),
        *(period, "cloudwatch", metric.part),
    )


def _coverage(metric: Metric, window: Window, state: CoverageState, detail: str = "") -> Coverage:
    return Coverage(
        *(metric.service, metric.component, metric.indicator, "cloudwatch", window, state, detail[:_LONGEST]),
        part=metric.part,
        retryable=state in ("partial", "failed"),
    )
