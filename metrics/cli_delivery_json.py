"""The delivery report as plain objects for JSON. docs/delivery.md lists every key; taking one away is a break.

Times are ISO 8601 in UTC, durations seconds, shares from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from metrics.model import Insufficient, Window
from metrics.review.delivery import DEFINITION
from metrics.review.delivery.causes import Link
from metrics.review.delivery.deployments import Deployment
from metrics.review.delivery.failures import Failure
from metrics.review.delivery.figure import (
    REFERENCES,
    FailRate,
    Figure,
    Floor,
    Frequency,
    NotCollected,
    Rate,
    Spread,
)
from metrics.review.delivery.figures import Figures
from metrics.review.delivery.report import Delivery, EnvironmentDelivery, ServiceDelivery

__all__ = ["plain"]

Plain = dict[str, Any]

FIGURES = tuple(each.name for each in fields(Figures) if each.name not in ("window", "lead_time_stages"))


def plain(report: Delivery) -> Plain:
    """Everything that the report holds."""
    return {
        "definition": DEFINITION,
        **_window(report.window),
        "as_of": _time(report.as_of),
        "by": report.by,
        "references": [asdict(each) for each in REFERENCES],
        "services": [_service(each, report.deployments) for each in report.services],
    }


def _service(of: ServiceDelivery, deployments: Sequence[Deployment]) -> Plain:
    return {
        "service": of.service.name,
        "title": of.service.title,
        "time_zone": of.service.time_zone,
        "week_start": of.service.week_start,
        "before": _window(of.period.previous),
        "environments": [_environment(each, deployments) for each in of.environments],
    }


def _environment(of: EnvironmentDelivery, deployments: Sequence[Deployment]) -> Plain:
    return {
        "environment": of.environment,
        "counts": of.counts,
        "known_since": _time(of.known_since),
        "now": _figures(of.now),
        "before": _figures(of.before),
        "stages": [{"stage": each.stage, "name": each.name, **_figure(each.took)} for each in of.stages],
        "trend": [
            {
                "start": each.start.isoformat(),
                "whole": each.is_whole,
                **_window(each.figures.window),
                **_figures(each.figures),
            }
            for each in of.trend
        ],
        "failures": [_failure(each, deployments) for each in of.failures],
        "links": [_link(each, deployments) for each in of.links],
    }


def _figures(of: Figures) -> Plain:
    found: Plain = {name: _figure(getattr(of, name)) for name in FIGURES}
    found["lead_time_stages"] = {
        name: None if each is None else _value(each) for name, each in of.lead_time_stages.items()
    }
    return found


def _figure(of: Figure[Any]) -> Plain:
    """Always the same keys: of value, insufficient and not_collected exactly one is not null."""
    found: Plain = {"value": None, "insufficient": None, "not_collected": None}
    match of.value:
        case Insufficient(needed, have):
            found["insufficient"] = {"needed": needed, "have": have}
        case NotCollected(what):
            found["not_collected"] = what
        case value:
            found["value"] = _value(value)
    return found | {"excluded": dict(of.excluded), "parts": dict(of.parts)}


def _value(value: object) -> Plain:
    match value:
        case Spread(n, median, p90):
            return {"n": n, "median_s": round(median, 3), "p90_s": round(p90, 3)}
        case Rate(k, n):
            low, high = value.interval
            return {"k": k, "n": n, "share": round(value.share, 6), "low": round(low, 6), "high": round(high, 6)}
        case FailRate(confirmed, possible):
            return {
                "confirmed": _value(confirmed),
                "possible": _value(possible),
                "unreviewed": value.unreviewed,
            }
        case Frequency(n, per_week, between, weeks):
            gaps = None if between is None else _value(between)
            return {"n": n, "per_week": round(per_week, 6), "weeks": round(weeks, 6), "between": gaps}
        case Floor(build, deploy):
            return {"seconds": round(value.seconds, 3), "build": _value(build), "deploy": _value(deploy)}
    raise TypeError(f"a figure can't be {value!r}")


def _failure(of: Failure, deployments: Sequence[Deployment]) -> Plain:
    failed = of.deployment
    return {
        "deployment": failed.id,
        "component": failed.component,
        "version": failed.version,
        "kind": failed.kind,
        "title": failed.title,
        "url": failed.url,
        "finished_at": _moment(failed.finished),
        "confirmed": of.is_confirmed,
        "clock": of.clock,
        "began_at": _moment(of.began),
        "restored_at": _moment(of.restored),
        "recovery_s": None if of.recovery_s is None else round(of.recovery_s, 3),
        "links": [_link(each, deployments) for each in of.links],
    }


def _link(of: Link, deployments: Sequence[Deployment]) -> Plain:
    incident, verdict = of.incident, of.verdict
    return {
        "state": of.state,
        "method": of.method,
        "deployment": None if of.deployment is None else deployments[of.deployment].id,
        "incident": None if incident is None else incident.id,
        "incident_title": None if incident is None else incident.title,
        "incident_started_at": None if incident is None else _moment(incident.started),
        "incident_ended_at": None if incident is None else _moment(incident.ended),
        "mended_by": None if of.remedy is None else deployments[of.remedy].id,
        "confirmed_by": None if verdict is None else verdict.by,
        "cause": None if verdict is None else verdict.cause,
        "named": of.named,
    }


def _window(window: Window) -> Mapping[str, str | None]:
    return {"since": _time(window.start), "until": _time(window.end)}


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else _time(datetime.fromtimestamp(seconds, UTC))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
