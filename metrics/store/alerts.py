"""The questions behind the Alerts page: what fired, since when that is known, and which trends were told before.

What is needed of the attrs is picked out of the JSON here, in one pass, as in deliveries. Times are
datetime64[us, UTC].
"""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from metrics.model import Window
from metrics.store.shared import Reader
from metrics.store.times import between, naive, utc

__all__ = ["answers", "firings", "firings_reach", "foretold"]

_ATTRS = "['rule', 'severity', 'acted', 'acknowledged', 'service_impact', 'muted', 'metric']"
# A rule is known by its name; a source that has none says in the title what it is.
_RULE = "coalesce(nullif(x[1], ''), nullif(title, ''), source)"


def firings(db: Reader, window: Window, service: str) -> pd.DataFrame:
    """Alerts that went on in the window, oldest first, each with the rule that fired.

    `acted`, `impact` and `muted` are what the source says, absent where it says nothing.
    """
    frame = db.frame(
        f"""SELECT coalesce(component, '')::VARCHAR AS component, {_RULE} AS rule, id, started_at, ended_at,
                  title, url, x[2] AS severity, x[7] AS metric, try_cast(coalesce(x[3], x[4]) AS BOOLEAN) AS acted,
                  try_cast(x[5] AS BOOLEAN) AS impact, try_cast(x[6] AS BOOLEAN) AS muted
        FROM (SELECT *, attrs ->> {_ATTRS} AS x FROM events
              WHERE kind = 'alert' AND service = $service AND started_at >= $since AND started_at < $until)
        ORDER BY started_at, id""",
        {"service": service, **between(window)},
    )
    for column in ("acted", "impact", "muted"):
        frame[column] = frame[column].astype("boolean")
    return utc(frame, "started_at", "ended_at")


def firings_reach(db: Reader, service: str, until: datetime) -> Window | None:
    """From the first alert of a service, or the first answer about alerts, to the newest up to then; None without."""
    rows = db.rows(
        """SELECT min(first), max(last) FROM (
            SELECT min(started_at) AS first, max(greatest(started_at, least(coalesce(ended_at, started_at), $until)))
                AS last
            FROM events WHERE kind = 'alert' AND service = $service AND started_at <= $until
            UNION ALL
            SELECT min(window_start), max(least(window_end, $until)) FROM coverage
            WHERE indicator = 'alert' AND service = $service AND state IN ('complete', 'empty')
              AND window_start < $until)""",
        {"service": service, "until": naive(until)},
    )
    first, last = rows[0]
    if first is None:
        return None
    end = max(last, first) + pd.Timedelta(microseconds=1)
    return Window(first.replace(tzinfo=UTC), end.replace(tzinfo=UTC))


def answers(db: Reader, service: str) -> list[tuple[str, datetime, datetime, bool]]:
    """Of each component that a source is asked about: from when to when, and whether it had an answer about alerts.

    What was known of it before the first question, as from an import, counts as one.
    """
    rows = db.rows(
        """WITH asked AS (
            SELECT component, window_start AS since, window_end AS until,
                   state IN ('complete', 'empty', 'partial') AS told
            FROM coverage WHERE indicator = 'alert' AND service = $service),
        earlier AS (
            SELECT component, min(started_at) AS since, any_value(first) AS until FROM events
            JOIN (SELECT component, min(since) AS first FROM asked GROUP BY component) USING (component)
            WHERE kind = 'alert' AND service = $service AND started_at < first GROUP BY component)
        SELECT * FROM asked UNION ALL SELECT *, true FROM earlier""",
        {"service": service},
    )
    return [
        (str(component), since.replace(tzinfo=UTC), until.replace(tzinfo=UTC), bool(told))
        for component, since, until, told in rows
    ]


def foretold(db: Reader, service: str) -> pd.DataFrame:
    """Each trend, step and limit ahead that the trend alerts saw getting worse, as it stood when first told.

    id, component, part, indicator, kind, since, told_at, and gone_at where it was not seen any more.
    """
    frame = db.frame(
        """SELECT id, component, part, indicator, kind, arg_min(since, as_of) AS since, min(as_of) AS told_at,
                  max(gone_at) AS gone_at, arg_min(sentence, as_of) AS sentence
        FROM findings
        WHERE service = $service AND kind IN ('drift', 'forecast', 'shift') AND is_worse
        GROUP BY ALL ORDER BY told_at, id""",
        {"service": service},
    )
    frame["part"] = frame["part"].astype(object).where(frame["part"].notna(), None)
    return utc(frame, "since", "told_at", "gone_at")
