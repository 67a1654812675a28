"""An SES account's own send statistics: counts of mail each 15 minutes, and how much of the daily quota they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from metrics import catalog
from metrics.collect._cloudwatch.found import Fault, refused
from metrics.collect._cloudwatch.refusal import RefusedError
from metrics.collect._cloudwatch.session import Account
from metrics.collect._cloudwatch.target import Target
from metrics.model import Coverage, Points, Series, Window

__all__ = ["collect"]

_COUNTS: Final = {
    "mail.sent": "DeliveryAttempts",
    "mail.bounced": "Bounces",
    "mail.complaints": "Complaints",
    "mail.rejected": "Rejects",
}
QUOTA: Final = "mail.quota.utilization"
PERIOD: Final = timedelta(minutes=15)
DAY: Final = timedelta(days=1)
# How far back SES keeps its statistics, and how long a count takes to be in them.
KEPT: Final = timedelta(days=14)
DELAY: Final = timedelta(minutes=15)
_GONE: Final = "SES keeps its send statistics for two weeks"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def collect(account: Account, target: Target, window: Window, at: datetime) -> Iterator[Points | Coverage]:
    """The window's counts, and at each of its steps what was sent in the 24 hours before, as a share of the quota.

    SES tells its use of the quota only for now. Reckoned from the counts it has a past, and a run that was missed
    leaves no hole; `at` is now.
    """
    client = account.client("ses")
    names = (*_COUNTS, QUOTA)
    since = at - KEPT
    if since >= window.end:
        yield from _empty(target, names, window, _GONE)
        return
    try:
        counts = _by_step(account.asked(client.get_send_statistics, "ses:GetSendStatistics").get("SendDataPoints"))
    except RefusedError as error:
        yield from refused(error, target, None, names).coverage(window)
        return
    until = _down(min(window.end, at - DELAY))
    for name, field in _COUNTS.items():
        found = {step: row[field] for step, row in counts.items() if step + PERIOD <= until}
        yield from _answers(target, name, found, window, since)
    sent = {step: row["DeliveryAttempts"] for step, row in counts.items()}
    try:
        most = float(account.asked(client.get_send_quota, "ses:GetSendQuota")["Max24HourSend"])
    except RefusedError as error:
        yield from refused(error, target, None, (QUOTA,)).coverage(window)
        return
    if most <= 0:
        # -1 says that there is none, 0 that the account may not send at all.
        yield from _empty(target, (QUOTA,), window, "the account has no daily quota that mail could use up")
        return
    # The first day that is kept can't be told: nobody knows what was sent in the 24 hours before it.
    used = _used(sent, most, window.start, until)
    yield from _answers(target, QUOTA, used, window, since + DAY)


def _by_step(rows: Iterable[Mapping[str, Any]] | None) -> Mapping[datetime, Mapping[str, float]]:
    """The counts by 15 minutes of the clock: SES's own steps begin anywhere (00:47, 01:02 …)."""
    found: dict[datetime, dict[str, float]] = {}
    for row in rows or ():
        step = found.setdefault(_down(row["Timestamp"].astimezone(UTC)), dict.fromkeys(_COUNTS.values(), 0.0))
        for field in step:
            step[field] += float(row.get(field, 0))
    return found


def _used(sent: Mapping[datetime, float], most: float, since: datetime, until: datetime) -> Mapping[datetime, float]:
    """At each step from `since`, what was sent in the 24 hours up to its end; nothing where SES counts nothing."""
    used: dict[datetime, float] = {}
    step = _up(since)
    while sent and step + PERIOD <= until:
        day = sum(count for at, count in sent.items() if step + PERIOD - DAY <= at <= step)
        used[step] = 100 * day / most
        step += PERIOD
    return used


def _answers(
    target: Target, name: str, found: Mapping[datetime, float], window: Window, since: datetime
) -> Iterator[Points | Coverage]:
    """What was found within the window, and how the question ended: `since` is from when SES can answer it."""
    if since >= window.end:
        yield from _empty(target, (name,), window, _GONE)
        return
    known = Window(max(window.start, since), window.end)
    steps = sorted(step for step in found if step >= known.start)
    if steps:
        it = catalog.load().get(name)
        series = Series(
            target.service, target.component, name, it.stat, it.unit, int(PERIOD.total_seconds()), "cloudwatch"
        )  # fmt: skip
        ts = np.array([step.replace(tzinfo=None) for step in steps], dtype="datetime64[us]")
        yield Points(series, ts, np.array([found[step] for step in steps], dtype=np.float64))
    if window.start < known.start:
        yield from _empty(target, (name,), Window(window.start, known.start), _GONE)
    if steps:
        yield Coverage(target.service, target.component, name, "cloudwatch", known, "complete")
    else:
        yield from _empty(target, (name,), known, "SES has counted no mail")


def _empty(target: Target, names: tuple[str, ...], window: Window, said: str) -> Iterator[Coverage]:
    yield from Fault(target.service, target.component, None, names, "empty", said).coverage(window)


def _down(moment: datetime) -> datetime:
    return moment - (moment - _EPOCH) % PERIOD


def _up(moment: datetime) -> datetime:
    return _down(moment + PERIOD - timedelta(microseconds=1))
