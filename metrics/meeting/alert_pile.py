"""The alert ledger of a period, read from the store: for the Alerts page and for the agenda's section."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd

from metrics.model import Service, Window
from metrics.review.alerts.check import LOOK_BACK, Checked, Ruled, check
from metrics.review.alerts.felt import Felt, felt, felt_lines
from metrics.review.alerts.judged import Beside
from metrics.review.alerts.known import FOREVER, Known, known
from metrics.review.alerts.ledger import ledger
from metrics.review.alerts.pile import Pile, history
from metrics.review.alerts.watched import candidates, worst
from metrics.review.lines import Line
from metrics.review.period import Period
from metrics.store import alerts, deliveries, read
from metrics.trends.reading import signals

__all__ = ["checked", "pile"]

# So finely a quarter of an hour beyond a line is seen; over years an hour has to do.
FINE, COARSE = timedelta(minutes=5), timedelta(hours=1)
LONG = timedelta(weeks=14)
MENDS = ("rollback", "hotfix")


def pile(db: read.Reader, service: Service, lines: Sequence[Line], period: Period, now: datetime) -> Pile:
    """All rules that fired in the period or in the quarter up to its end."""
    long = history(period)
    firings = alerts.firings(db, Window(min(long.start, period.previous.start), long.end), service.name)
    around = _beside(db, service, lines, long, firings, min(now, long.end))
    return ledger(firings, around, period, service, _known(db, service))


def checked(db: read.Reader, service: Service, lines: Sequence[Line], ruled: Ruled, now: datetime) -> Checked | None:
    """What came of a disposition up to now; None before any time has passed."""
    if now <= ruled.at:
        return None
    window = Window(ruled.at - LOOK_BACK, now)
    is_watched = service.name in deliveries.watched(db)
    return check(
        ruled,
        alerts.firings(db, window, service.name),
        read.events(db, window, ("incident",), service.name) if is_watched else None,
        _felt(db, service, lines, window),
        _known(db, service),
        now,
        service.time_zone,
    )


def _known(db: read.Reader, service: Service) -> Known:
    """Whenever the first alert came: a time before it is told as one before it."""
    reach = alerts.firings_reach(db, service.name, FOREVER)
    return known(reach.start if reach else None, alerts.answers(db, service.name))


def _beside(
    db: read.Reader, service: Service, lines: Sequence[Line], window: Window, firings: pd.DataFrame, now: datetime
) -> Beside:
    """What went on in the window beside some firings."""
    runs = read.batch_runs(db, window, service.name)
    deployed = deliveries.deployments(db, window, service.name)
    is_watched = service.name in deliveries.watched(db)
    return Beside(
        incidents=read.events(db, window, ("incident",), service.name) if is_watched else None,
        runs=runs if len(runs) else None,
        mends=deployed.loc[deployed["kind"].isin(MENDS), ["component", "started_at"]],
        felt=_felt(db, service, lines, window),
        foretold=alerts.foretold(db, service.name),
        watches=_watches(db, lines, firings, window),
        zone=service.time_zone,
        now=now,
    )


def _felt(db: read.Reader, service: Service, lines: Sequence[Line], window: Window) -> tuple[Felt, ...]:
    chosen = felt_lines(lines, service)
    step = FINE if window.duration <= LONG else COARSE
    found = signals(db, chosen, window, step, service) if chosen else {}
    known = (felt(line, found[line.address], service) for line in chosen if line.address in found)
    return tuple(each for each in known if each is not None)


def _watches(db: read.Reader, lines: Sequence[Line], firings: pd.DataFrame, window: Window) -> pd.DataFrame:
    """component, rule, part, indicator and address of the line that each rule watches, where its name tells."""
    rules = firings[["component", "rule", "metric"]].drop_duplicates(["component", "rule"], keep="last")
    found = {
        (component, rule): candidates(component, rule, metric if isinstance(metric, str) else None, lines)
        for component, rule, metric in rules.itertuples(index=False)
    }
    ids = sorted({line.ids[0] for some in found.values() if len(some) > 1 for line in some})
    totals = read.totals(db, window, ids).to_dict("records") if ids else []
    means = {int(row["series_id"]): float(row["mean"]) for row in totals}
    named = {key: line for key, some in found.items() if (line := worst(some, means)) is not None}
    rows = [(*key, line.part, line.indicator.name, line.address) for key, line in named.items()]
    return pd.DataFrame(rows, columns=["component", "rule", "part", "indicator", "address"], dtype=object)
