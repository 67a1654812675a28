"""GetMetricData: one call, all its pages, and what CloudWatch says about each line."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from metrics.collect._cloudwatch.metric import Metric
from metrics.collect._cloudwatch.session import Account
from metrics.collect._cloudwatch.span import Span
from metrics.collect.http import backoff
from metrics.errors import SourceError

__all__ = ["ACTION", "MOST_POINTS", "MOST_QUERIES", "Answer", "Query", "fetched", "query_of"]

ACTION: Final = "cloudwatch:GetMetricData"
# botocore's model of the call.
MOST_QUERIES: Final = 500
MOST_POINTS: Final = 100_800
# How often a line is asked for that came in part or ended in an error of AWS's own.
ASKED: Final = 3
# A page has at least one line, so that more of them than this are a fault of the other side.
MOST_PAGES: Final = 10 * MOST_QUERIES
UNSETTLED: Final = frozenset({"PartialData", "InternalError"})


@dataclass(frozen=True, slots=True, order=True)
class Query:
    """One line of a call."""

    namespace: str
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Answer:
    """What came for one line: `status` is CloudWatch's own word, the last that it said."""

    status: str = ""
    said: str = ""
    at: list[datetime] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


def query_of(metric: Metric, name: str = "") -> Query:
    """The line to ask for it, or for its neighbour of the given name."""
    return Query(metric.namespace, name or metric.name, "Sum" if name else metric.statistic, metric.dimensions)


def fetched(account: Account, region: str, queries: Sequence[Query], span: Span) -> Mapping[Query, Answer]:
    """An answer for each query; what came in part or with an error is asked for again."""
    found = _called(account, region, queries, span)
    for attempt in range(1, ASKED):
        unsettled = [query for query in queries if found[query].status in UNSETTLED]
        if not unsettled:
            break
        time.sleep(backoff(attempt))
        for query, answer in _called(account, region, unsettled, span).items():
            if answer.status == "Complete" or len(answer.at) >= len(found[query].at):
                found[query] = answer
    return found


def _called(account: Account, region: str, queries: Sequence[Query], span: Span) -> dict[Query, Answer]:
    client = account.client("cloudwatch", region)
    ids = {f"q{n}": query for n, query in enumerate(queries)}
    found = {query: Answer() for query in queries}
    asked = {
        "MetricDataQueries": [_line(name, query, span) for name, query in ids.items()],
        "StartTime": datetime.fromtimestamp(span.first, UTC),
        "EndTime": datetime.fromtimestamp(span.until, UTC),
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": MOST_POINTS,
    }
    token, tokens = "", set[str]()
    while True:
        page = account.asked(client.get_metric_data, ACTION, **asked, **({"NextToken": token} if token else {}))
        _take(page, ids, found)
        token = page.get("NextToken") or ""
        if not token:
            return found
        if token in tokens or len(tokens) > MOST_PAGES:
            raise SourceError("CloudWatch sends pages of GetMetricData without an end; is the address right?")
        tokens.add(token)


def _line(name: str, query: Query, span: Span) -> Mapping[str, object]:
    dimensions = [{"Name": key, "Value": value} for key, value in query.dimensions]
    metric = {"Namespace": query.namespace, "MetricName": query.name, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": span.period, "Stat": query.statistic}}


# `Any`: botocore gives what it parsed as plain dicts.
def _take(page: Mapping[str, Any], ids: Mapping[str, Query], found: Mapping[Query, Answer]) -> None:
    if "MetricDataResults" not in page:
        raise SourceError("CloudWatch answered GetMetricData without any MetricDataResults; is the address right?")
    for line in page["MetricDataResults"]:
        query = ids.get(line.get("Id", ""))
        if query is None:
            continue
        answer = found[query]
        answer.status = line.get("StatusCode", "Complete")
        answer.said = _said(line.get("Messages", ())) or _said(page.get("Messages", ()))
        at, values = line.get("Timestamps", ()), line.get("Values", ())
        if len(at) != len(values):
            raise SourceError(f"CloudWatch sent {len(at)} times for {len(values)} values of {query.name}")
        answer.at.extend(at)
        answer.values.extend(values)


def _said(messages: Iterable[Mapping[str, str]]) -> str:
    return "; ".join(f"{each.get('Code', '')} {each.get('Value', '')}".strip() for each in messages)[:200]
