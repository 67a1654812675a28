"""Which statements keep a database busy: Performance Insights' load by normalised SQL text."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from metrics import catalog
from metrics.collect._cloudwatch.found import Database
from metrics.collect._cloudwatch.refusal import NotAllowedError, RefusedError
from metrics.collect._cloudwatch.session import Account
from metrics.model import Coverage, CoverageState, Points, Series, Window

__all__ = ["collect", "statement"]

LOAD: Final = "db.query.load"
# Performance Insights answers for these steps only (1, 60, 300, 3600 and 86400 s).
FINE, COARSE = timedelta(minutes=5), timedelta(hours=1)
# Five minutes over more than this are more points than one answer is meant to have.
FINE_FOR: Final = timedelta(days=2)
DELAY: Final = timedelta(minutes=2)
TOP: Final = 10
# Ten statements and the total, 25 items a page: more pages than this have no end.
_PAGES: Final = 100
_LONGEST: Final = 120
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# A statement's text (None for all of them together) -> step -> sessions.
_Loads = dict[str | None, dict[datetime, float]]
_Owner = tuple[str, str]


def collect(
    account: Account, databases: Iterable[Database], window: Window, at: datetime
) -> Iterator[Points | Coverage]:
    """Each component's total load, and that of its ten busiest statements in the window; `at` is now.

    The load of a statement on several members of a cluster is added up: it is the sessions that are busy with it.
    """
    owners: dict[_Owner, list[Database]] = {}
    for each in databases:
        owners.setdefault((each.service, each.component), []).append(each)
    for owner, own in owners.items():
        yield from _of_component(account, owner, own, window, at)


def _of_component(
    account: Account, owner: _Owner, databases: list[Database], window: Window, at: datetime
) -> Iterator[Points | Coverage]:
    kept = min(each.kept for each in databases)
    step = FINE if window.duration <= FINE_FOR else COARSE
    since = at - kept
    if since >= window.end:
        yield from _said(owner, {None}, window, "empty", _gone(kept))
        return
    known = Window(max(window.start, since), window.end)
    asked = (_up(known.start, step), _down(min(window.end, at - DELAY), step))
    loads: _Loads = {}
    errors: list[RefusedError] = []
    for each in databases if asked[0] < asked[1] else ():
        try:
            _add(loads, _loads(account, each, *asked, step))
        except RefusedError as error:
            errors.append(error)
    found = {part: load for part, load in loads.items() if load}
    yield from (_points(owner, part, load, step) for part, load in found.items())
    parts = {None, *found}
    if window.start < known.start:
        yield from _said(owner, parts, Window(window.start, known.start), "empty", _gone(kept))
    if not errors and not found:
        yield from _said(owner, parts, known, "empty", "no session was busy")
    else:
        yield from _ended(owner, parts, known, errors, len(databases))


def _ended(
    owner: _Owner, parts: set[str | None], window: Window, errors: list[RefusedError], asked: int
) -> Iterator[Coverage]:
    """How it ended for the total and each statement."""
    if not errors:
        yield from _said(owner, parts, window, "complete", "")
    elif len(errors) < asked:
        said = f"{len(errors)} of {asked} members did not answer: {errors[0]}"
        yield from _said(owner, parts, window, "partial", said, retryable=True)
    else:
        state: CoverageState = "forbidden" if isinstance(errors[0], NotAllowedError) else "failed"
        yield from _said(owner, parts, window, state, str(errors[0]), retryable=errors[0].retryable)


def _said(
    owner: _Owner, parts: Iterable[str | None], window: Window, state: CoverageState, detail: str,
    *, retryable: bool = False,
) -> Iterator[Coverage]:  # fmt: skip
    for part in sorted(parts, key=lambda each: each or ""):
        yield Coverage(*owner, LOAD, "cloudwatch", window, state, detail[:300], part, retryable)


def _gone(kept: timedelta) -> str:
    return f"Performance Insights keeps {kept.days} days here; a longer retention can be bought for the database"


def _loads(account: Account, database: Database, since: datetime, until: datetime, step: timedelta) -> _Loads:
    """What one database answers. Raises RefusedError."""
    client = account.client("pi")
    kwargs: dict[str, object] = {
        "ServiceType": "RDS",
        "Identifier": database.resource_id,
        "MetricQueries": [{"Metric": "db.load.avg", "GroupBy": {"Group": "db.sql_tokenized", "Limit": TOP}}],
        "StartTime": since,
        "EndTime": until,
        "PeriodInSeconds": int(step.total_seconds()),
        # Else a point is stamped with the end of its step.
        "PeriodAlignment": "START_TIME",
    }
    loads: _Loads = {}
    for _ in range(_PAGES):
        reply = account.asked(client.get_resource_metrics, "pi:GetResourceMetrics", **kwargs)
        for row in reply.get("MetricList") or ():
            dimensions = row["Key"].get("Dimensions")
            part = statement(str(dimensions.get("db.sql_tokenized.statement", ""))) if dimensions else None
            _add(loads, {part: dict(_values(row.get("DataPoints") or (), since, until))})
        if not reply.get("NextToken"):
            return loads
        kwargs["NextToken"] = reply["NextToken"]
    raise RefusedError(f"Performance Insights sent more than {_PAGES} pages for {database.member}", "TooManyPages")


def _values(
    points: Iterable[Mapping[str, Any]], since: datetime, until: datetime
) -> Iterator[tuple[datetime, float]]:
    """The steps with a value: those without one are there as well, as NaN or without a Value."""
    for point in points:
        ts, value = point["Timestamp"].astimezone(UTC), point.get("Value")
        if value is not None and math.isfinite(value) and since <= ts < until:
            yield ts, float(value)


def _add(loads: _Loads, more: _Loads) -> None:
    for part, load in more.items():
        kept = loads.setdefault(part, {})
        for ts, value in load.items():
            kept[ts] = kept.get(ts, 0.0) + value


def _points(owner: _Owner, part: str | None, load: Mapping[datetime, float], step: timedelta) -> Points:
    it = catalog.load().get(LOAD)
    series = Series(*owner, LOAD, it.stat, it.unit, int(step.total_seconds()), "cloudwatch", part)
    steps = sorted(load)
    ts = np.array([each.replace(tzinfo=None) for each in steps], dtype="datetime64[us]")
    return Points(series, ts, np.array([load[each] for each in steps], dtype=np.float64))


_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|$)|--[^\n]*", re.DOTALL)
# Text (perhaps cut off before its end), numbers, and placeholders that are numbered in one engine and not in another.
_LITERAL: Final = re.compile(
    r"\$(\w*)\$.*?(?:\$\1\$|$)|'(?:[^']|'')*(?:'|$)|\$\d+|(?<![\w.])-?\d+(?:\.\d+)?\b", re.DOTALL
)
_LIST: Final = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*(?:,\s*\.\.\.\s*)?\)")


def statement(text: str) -> str:
    """A statement without its values, on one line: the same for every call of it, and short enough to be read.

    A longer one is cut and told apart by a few digits of its whole text, so that it has one name for ever.
    """
    plain = " ".join(_LIST.sub("(?)", _LITERAL.sub("?", _COMMENT.sub(" ", text))).split()) or "(no text)"
    if len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256(plain.encode()).hexdigest()[:6]
    return f"{plain[: _LONGEST - 9]}… #{digest}"


def _down(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % step


def _up(moment: datetime, step: timedelta) -> datetime:
    return _down(moment + step - timedelta(microseconds=1), step)
