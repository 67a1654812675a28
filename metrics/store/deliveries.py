"""The questions behind the delivery figures: what was deployed, changed, built, and what broke.

Frames hold one event a row, oldest first; what the figures need of the attrs is picked out of the JSON here, in one
pass, since 200,000 objects parsed by Python take longer than all else together. Times are datetime64[us, UTC].
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pandas as pd

from metrics.model import EventKind, Window
from metrics.store.shared import Reader
from metrics.store.times import between, naive, utc

__all__ = [
    "builds",
    "changes",
    "defects",
    "deployments",
    "images",
    "incidents",
    "reach",
    "reached",
    "services",
    "watched",
]


def deployments(db: Reader, window: Window, service: str | None = None) -> pd.DataFrame:
    """Deployments, whole or not, that started in the window."""
    frame = db.frame(
        """SELECT service, component, id, started_at, ended_at, status, title, url,
                  x[1] AS environment, x[2] AS version, x[3] AS commit, x[4] AS kind, x[5] AS mends, x[6] AS branch
        FROM (SELECT *, attrs ->> ['environment', 'version', 'commit', 'kind', 'mends', 'branch'] AS x FROM events
              WHERE kind = 'deployment' AND started_at >= $since AND started_at < $until
                AND ($service IS NULL OR service = $service))
        ORDER BY started_at, id""",
        between(window) | {"service": service},
    )
    return utc(frame, "started_at", "ended_at")


def changes(db: Reader, window: Window, service: str | None = None) -> pd.DataFrame:
    """Changes that were merged in the window, or name a deployment of the window that brought them; in no order.

    A change without a merge counts by when it was written. `reverts` is the id of the change that is taken back,
    or what the source said where no such change is known.
    """
    frame = db.frame(
        """WITH said AS (
            SELECT service, component, id, started_at AS authored_at, ended_at AS merged_at,
                   x[1] AS pull_request, x[2] AS deployed_by, x[3] AS reverts
            FROM (SELECT *, attrs ->> ['pull_request', 'deployed_by', 'reverts'] AS x FROM events
                  WHERE kind = 'change' AND ($service IS NULL OR service = $service)
                    AND coalesce(ended_at, started_at) < $until)
            WHERE coalesce(ended_at, started_at) >= $since
               OR x[2] IN (SELECT id FROM events
                           WHERE kind = 'deployment' AND started_at >= $since AND started_at < $until)),
        taken_back AS (
            SELECT service, pull_request, max(id) AS id FROM said
            WHERE pull_request IN (SELECT reverts FROM said WHERE reverts IS NOT NULL) GROUP BY ALL)
        SELECT s.service, component, s.id, authored_at, merged_at, deployed_by, coalesce(t.id, reverts) AS reverts
        FROM said s LEFT JOIN taken_back t ON s.service = t.service AND s.reverts = t.pull_request""",
        between(window) | {"service": service},
    )
    return utc(frame, "authored_at", "merged_at")


def incidents(db: Reader, window: Window, service: str | None = None) -> pd.DataFrame:
    """Incidents whose impact began in the window. `ended_at` is absent while they are open."""
    frame = db.frame(
        """SELECT service, component, id, started_at, coalesce(ended_at, resolved_at) AS ended_at, detected_at,
                  title, url, severity, caused_by_deployment
        FROM (SELECT *, x[1] AS severity, x[2] AS caused_by_deployment,
                     try_cast(x[3] AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS detected_at,
                     try_cast(x[4] AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS resolved_at
              FROM (SELECT *, attrs ->> ['severity', 'caused_by_deployment', 'detected_at', 'resolved_at'] AS x
                    FROM events
                    WHERE kind = 'incident' AND started_at >= $since AND started_at < $until
                      AND ($service IS NULL OR service = $service)))
        ORDER BY started_at, id""",
        between(window) | {"service": service},
    )
    return utc(frame, "started_at", "ended_at", "detected_at")


def builds(db: Reader, window: Window, service: str | None = None) -> pd.DataFrame:
    """Builds, whole or not, that started in the window."""
    frame = db.frame(
        """SELECT service, component, id, started_at, ended_at, status, url,
                  x[1] AS pipeline, x[2] AS job, x[3] AS commit, x[4] AS deployment, x[5] AS rerun_of
        FROM (SELECT *, attrs ->> ['pipeline', 'job', 'commit', 'deployment', 'rerun_of'] AS x FROM events
              WHERE kind = 'build' AND started_at >= $since AND started_at < $until
                AND ($service IS NULL OR service = $service))
        ORDER BY started_at, id""",
        between(window) | {"service": service},
    )
    return utc(frame, "started_at", "ended_at")


def images(db: Reader, window: Window, service: str | None = None) -> pd.DataFrame:
    """Every push of an image before the window's end, however early: a deployment may bring an old one."""
    frame = db.frame(
        """SELECT service, taken_at AS pushed_at, x[1] AS repository, x[2] AS digest, x[3] AS tags
        FROM (SELECT service, taken_at, attrs ->> ['repository', 'digest', 'tags'] AS x FROM snapshots
              WHERE starts_with(kind, 'image ') AND taken_at < $until AND ($service IS NULL OR service = $service))
        WHERE x[2] IS NOT NULL
        ORDER BY taken_at, digest""",
        {"until": naive(window.end), "service": service},
    )
    return utc(frame, "pushed_at")


def defects(db: Reader, window: Window, service: str | None = None) -> pd.DataFrame:
    """Defects that were found in the window, each with the phase in which it was."""
    frame = db.frame(
        """SELECT service, component, id, started_at AS found_at, attrs ->> 'phase' AS phase FROM events
        WHERE kind = 'defect' AND started_at >= $since AND started_at < $until
          AND ($service IS NULL OR service = $service)
        ORDER BY started_at, id""",
        between(window) | {"service": service},
    )
    return utc(frame, "found_at")


def reach(db: Reader, service: str, now: datetime) -> Window | None:
    """From the first deployment of a service to how far it is known by now; None where there is no deployment."""
    rows = db.rows(
        """SELECT min(started_at) FILTER (kind = 'deployment'), max(coalesce(ended_at, started_at)),
                  (SELECT max(least(window_end, $now)) FROM coverage
                   WHERE service = $service AND indicator = 'deployment' AND state IN ('complete', 'empty'))
        FROM events
        WHERE service = $service AND kind IN ('deployment', 'change', 'incident', 'build')
          AND coalesce(ended_at, started_at) <= $now""",
        {"service": service, "now": naive(now)},
    )
    first, last, asked = rows[0]
    if first is None:
        return None
    # A window excludes its end, and what ended last belongs to it.
    until = max(last + timedelta(seconds=1), asked or last)
    return Window(first.replace(tzinfo=UTC), until.replace(tzinfo=UTC))


def reached(db: Reader, now: datetime) -> dict[str, datetime]:
    """How far the events of each service are known by now: up to the newest one, or to the newest answer about them.

    An answer counts for a service of which anything happened at all.
    """
    rows = db.rows(
        """SELECT e.service, greatest(max(e.at), max(c.until)) FROM (
            SELECT service, max(coalesce(ended_at, started_at)) AS at FROM events
            WHERE coalesce(ended_at, started_at) <= $now GROUP BY service) e
        LEFT JOIN (
            SELECT service, max(least(window_end, $now)) AS until FROM coverage
            WHERE indicator IN (SELECT unnest($kinds)) AND window_start <= $now AND state IN ('complete', 'empty')
            GROUP BY service) c ON c.service = e.service
        GROUP BY e.service""",
        {"now": naive(now), "kinds": list(get_args(EventKind))},
    )
    return {service: at.replace(tzinfo=UTC) for service, at in rows}


def services(db: Reader) -> tuple[str, ...]:
    """Every service of which anything happened, whether or not anything of it is measured."""
    return tuple(name for (name,) in db.rows("SELECT DISTINCT service FROM events ORDER BY service"))


def watched(db: Reader) -> frozenset[str]:
    """The services whose incidents somebody writes down: only there does "no incident" mean that there was none."""
    rows = db.rows(
        """SELECT DISTINCT service FROM events WHERE kind = 'incident'
        UNION SELECT DISTINCT service FROM coverage WHERE indicator = 'incident' AND state IN ('complete', 'empty')"""
    )
    return frozenset(row[0] for row in rows)
