"""The delivery report as a table that a manager can read and a sceptic can check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from metrics.cli_show import table
from metrics.model import Insufficient, Window
from metrics.review.delivery.figure import (
    ENOUGH,
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
from metrics.review.delivery.trend import Bucket

__all__ = ["duration", "said"]

# The last column's, so that a line fits into some 140 characters.
WIDTH = 60
TITLES = {
    "deployment_frequency": "Deployment frequency",
    "change_lead_time": "Change lead time",
    "change_fail_rate": "Change fail rate",
    "failed_deployment_recovery_time": "Recovery of failed deployments",
    "rework_rate": "Deployment rework rate",
    "pipeline_failure_rate": "Pipeline failure rate",
    "build_duration": "Build duration",
    "deploy_duration": "Deploy duration",
    "fix_floor": "A fix takes at least",
    "image_wait": "Image to deployment",
    "incident_recovery_time": "Recovery of all incidents",
}
WORDS = {
    "first_deployment": "of a first deployment",
    "gap_over_60_days": "after a pause of more than 60 days",
    "negative": "with an end before its start",
    "not_deployed": "not deployed yet",
    "remedies": "that mended another one",
    "pending": "younger than 24 hours",
    "unresolved": "not over yet",
    "unreviewed": "not reviewed yet",
    "end_unknown": "without an end",
    "same_version": "of the version that was there",
    "named": "named by the change",
    "merge_time": "found by time of merge",
    "commit": "found by commit",
    "kind_unknown": "of unknown kind",
    "without_incidents": "judged by what mended them alone, since no incidents are collected",
    "impact": "from the impact's start",
    "deployment": "from the failed deployment's end",
    "built_ahead": "built on a day before",
    "built_that_day": "built on the day itself",
    "image_again": "of an image that was there",
    "image_unknown": "whose image is not known",
    "built_meanwhile": "built only while they were deployed",
}
ENOUGH_OF = {
    "failed_deployment_recovery_time": "recoveries",
    "pipeline_failure_rate": "runs",
    "build_duration": "builds",
    "fix_floor": "builds and deployments",
    "image_wait": "first deployments of an image",
    "incident_recovery_time": "incidents",
}
ABSENT = {
    "incidents": "no incidents are collected",
    "kinds": "nothing tells what a deployment was for",
    "images": "no pushes of images are collected",
}
# Users, and so incidents and fixes, are in production; builds are counted there once.
ELSEWHERE = (
    "deployment_frequency",
    "change_lead_time",
    "rework_rate",
    "pipeline_failure_rate",
    "deploy_duration",
    "image_wait",
)
STAGES = {"review": "commit to merge", "wait": "merge to deployment", "deploy": "deployment"}


def said(report: Delivery) -> str:
    """Every service and environment, one table each."""
    return "\n\n".join(
        _environment(report, service, environment)
        for service in report.services
        for environment in service.environments
        if environment.counts or environment.deployments
    )


def _environment(report: Delivery, service: ServiceDelivery, of: EnvironmentDelivery) -> str:
    zone = ZoneInfo(service.service.time_zone)
    apart = "" if of.counts else " (does not count as production)"
    lines = [
        f"{service.service.title}, {of.environment}{apart}: {_dates(report.window, zone)}, "
        f"before: {_dates(service.period.previous, zone)} ({service.service.time_zone})"
    ]
    if of.known_since is None:
        return f"{lines[0]}\nNo deployments are known."
    if of.known_since > service.period.previous.start:
        lines.append(f"The oldest deployment that is known is of {of.known_since.astimezone(zone):%Y-%m-%d}.")
    lines += ["", table(("figure", "now", "before", "what it rests on"), list(_wrapped(_rows(of)))), ""]
    lines += [table(_TREND, [_bucket(report.by, each) for each in of.trend])]
    return "\n".join([*lines, *_notes(report, of, zone)])


def _dates(window: Window, zone: ZoneInfo) -> str:
    return f"{window.start.astimezone(zone):%Y-%m-%d %H:%M} to {window.end.astimezone(zone):%Y-%m-%d %H:%M}"


def _rows(of: EnvironmentDelivery) -> Iterator[tuple[str, str, str, str]]:
    for name, title in TITLES.items():
        if not of.counts and name not in ELSEWHERE:
            continue
        now, before = getattr(of.now, name), getattr(of.before, name)
        yield title, _value(now.value), _value(before.value), _rests_on(name, now)
        if name == "change_lead_time":
            for stage, words in STAGES.items():
                yield f"  {words}", _stage(of.now, stage), _stage(of.before, stage), ""
        if name in ("build_duration", "deploy_duration"):
            mine = [each for each in of.stages if name.startswith(each.stage)]
            for each in mine if len(mine) > 1 else ():
                yield f"  {each.name or 'other'}", _value(each.took.value), "", _count(each.took.value)


def _wrapped(rows: Iterator[tuple[str, str, str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """What a figure rests on in as many lines as it takes."""
    for *cells, rests_on in rows:
        first, *more = wrap(rests_on, WIDTH) or [""]
        yield cells[0], cells[1], cells[2], first
        yield from (("", "", "", line) for line in more)


def _stage(of: Figures, name: str) -> str:
    value = of.lead_time_stages[name]
    return "–" if value is None else _value(value)


def _value(value: object) -> str:
    match value:
        case Insufficient(needed, have):
            return f"too few ({have} of {needed})" if have else "none"
        case NotCollected():
            return "not known"
        case Spread(_, median, p90):
            return f"{duration(median)}, p90 {duration(p90)}"
        case Frequency(_, per_week, _):
            return f"{per_week:.1f} a week"
        case Rate():
            return f"{_percent(value)} %"
        case FailRate(confirmed, possible):
            return f"{_percent(confirmed)} %" + (f" to {_percent(possible)} %" if value.unreviewed else "")
        case Floor():
            return duration(value.seconds)
    raise TypeError(f"a figure can't be {value!r}")


def _percent(rate: Rate) -> str:
    return f"{100 * rate.share:.1f}"


def _count(value: object) -> str:
    return f"n = {value.n}" if isinstance(value, Spread) else ""


def _rests_on(name: str, figure: Figure[object]) -> str:
    """How many, the interval, DORA's reference, and what was left out."""
    value, found = figure.value, list[str]()
    match value:
        case Insufficient():
            found.append(f"no figure below {ENOUGH} {ENOUGH_OF.get(name, 'deployments')}")
        case NotCollected(what):
            found.append(ABSENT[what])
        case Spread(n) | Frequency(n):
            found.append(f"n = {n}")
        case Rate():
            found.append(f"{value.k} of {value.n}, 95 % interval {_interval(value)}")
        case FailRate(confirmed, possible):
            found.append(f"{confirmed.k} of {confirmed.n} confirmed, 95 % interval {_interval(confirmed)}")
            if value.unreviewed:
                found.append(f"{value.unreviewed} more not reviewed, then {_interval(possible)}")
        case Floor(build, deploy):
            found.append(f"median build {duration(build.median)} + median deployment {duration(deploy.median)}")
    if isinstance(value, Frequency):
        found.append(f"in {value.weeks:.1f} weeks")
    if isinstance(value, Frequency) and value.between:
        found.append(f"one every {duration(value.between.median)}, p90 {duration(value.between.p90)}")
    found += _runs(figure.parts) if name == "pipeline_failure_rate" else _counted(figure.parts)
    if figure.excluded:
        found.append(f"left out: {', '.join(_counted(figure.excluded))}")
    found += [f"DORA {each.year}: about {100 * each.share:.0f} %" for each in REFERENCES if each.figure == name]
    return "; ".join(found)


def _counted(counts: Mapping[str, int]) -> list[str]:
    return [f"{count} {WORDS.get(word, word)}" for word, count in counts.items()]


def _runs(parts: Mapping[str, int]) -> list[str]:
    return [
        f"{parts.get(f'{name}_failed', 0)} of {parts[name]} {name}"
        for name in ("builds", "deployments")
        if name in parts
    ]


def _interval(rate: Rate) -> str:
    low, high = rate.interval
    return f"{100 * low:.1f} to {100 * high:.1f} %"


_TREND = ("from", "deployments", "lead time", "fail rate", "recovery", "rework", "build", "deploy")


def _bucket(by: str, of: Bucket) -> tuple[str, ...]:
    parts = of.figures.deployment_frequency.parts
    many = sum(count for kind, count in parts.items() if kind != "same_version")
    shown = ("change_lead_time", "change_fail_rate", "failed_deployment_recovery_time", "rework_rate",
             "build_duration", "deploy_duration")  # fmt: skip
    start = f"{of.start}{'' if of.is_whole else f' (part of the {by})'}"
    return (start, str(many), *(_short(getattr(of.figures, name).value) for name in shown))


def _short(value: object) -> str:
    """A figure of the trend without its p90; a gap where there is none."""
    if isinstance(value, Spread):
        return duration(value.median)
    return "–" if isinstance(value, Insufficient | NotCollected) else _value(value)


def _notes(report: Delivery, of: EnvironmentDelivery, zone: ZoneInfo) -> Iterator[str]:
    """What somebody has to look at: failures that go on, and links that nobody has reviewed."""
    for failure in of.failures:
        if failure.restored is None and failure.is_timed:
            yield f"Not over yet: {failure.deployment.id}, since {_moment(failure.began, zone)}"
    for link in of.links:
        if link.state != "unreviewed" or link.deployment is None:
            continue
        blamed = report.deployments[link.deployment].id
        if link.incident is not None:
            yield f"Not reviewed: incident {link.incident.id} may be of {blamed} ({link.method})"
        elif link.remedy is not None:
            yield f"Not reviewed: {report.deployments[link.remedy].id} may have mended {blamed} ({link.method})"


def _moment(seconds: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """Two digits that matter: 45 s, 12 min, 3.4 h, 2.1 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        # Days only from two of them on: 30 h says more than 1.2 d.
        if seconds >= size * (2 if unit == "d" else 1):
            digits = 0 if seconds >= 10 * size or unit == "min" else 1
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"
