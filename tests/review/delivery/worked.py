"""Worked examples as text: events in, figures out. docs/metrics.md and the tests speak this language.

One event a line, `kind: id start end key=value …`, with times of 2026 as 09-01T10:00 in UTC and `-` for none:

    deployment: d1 09-01T10:00 09-01T10:10 version=V1
    change: c1 08-31T09:00 08-31T17:00 deployed_by=d1
    incident: i1 09-01T10:30 - caused_by_deployment=d1
    build: b1 09-01T09:00 09-01T09:40 deployment=d1
    image: 09-01T09:40 V1

An image is pushed with a tag. Everything is of service jobs and component web, and deployments go to production, unless
the line says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from metrics.model import Insufficient, Service, Window
from metrics.review.delivery.causes import Subject, Verdict
from metrics.review.delivery.figure import FailRate, Figure, Floor, Frequency, NotCollected, Rate, Spread
from metrics.review.delivery.report import Delivery, EnvironmentDelivery, Facts, delivery

PERIOD = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
LATER = datetime(2026, 11, 1, tzinfo=UTC)
JOBS = Service("jobs", "Jobs", "UTC", 0)
COLUMNS = {
    "deployment": ("service", "component", "id", "started_at", "ended_at", "status", "title", "url", "environment",
                   "version", "commit", "kind", "mends", "branch"),
    "change": ("service", "component", "id", "authored_at", "merged_at", "deployed_by", "reverts"),
    "incident": ("service", "component", "id", "started_at", "ended_at", "detected_at", "title", "url", "severity",
                 "caused_by_deployment"),
    "build": ("service", "component", "id", "started_at", "ended_at", "status", "url", "pipeline", "job", "commit",
              "deployment", "rerun_of"),
    "image": ("service", "pushed_at", "repository", "digest", "tags"),
}  # fmt: skip
TIMES = ("started_at", "ended_at", "detected_at", "authored_at", "merged_at", "pushed_at")


def moment(text: str) -> datetime | None:
    return None if text == "-" else datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def row(kind: str, text: str) -> dict[str, object]:
    id_, start, end, *rest = text.split()
    first, second = [name for name in COLUMNS[kind] if name in TIMES][:2]
    given = {"service": "jobs", "component": "web", "id": id_, first: moment(start), second: moment(end)}
    given |= {"environment": "production", "status": "succeeded"} if kind in ("deployment", "build") else {}
    # An underscore stands for a space, so that a title is one word here too.
    given |= {name: value.replace("_", " ") if name == "title" else value for name, value in _pairs(rest)}
    return {name: None if given.get(name) == "-" else given.get(name) for name in COLUMNS[kind]}


def _image(text: str) -> dict[str, object]:
    at, tag = text.split()
    return {
        "service": "jobs",
        "pushed_at": moment(at),
        "repository": "jobs/web",
        "digest": f"sha256:{tag}",
        "tags": tag,
    }


def _pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def frame(kind: str, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """As store.deliveries gives it."""
    made = pd.DataFrame(rows, columns=list(COLUMNS[kind]))
    for name in TIMES:
        if name in made:
            made[name] = pd.to_datetime(made[name], utc=True).astype("datetime64[us, UTC]")
    return made


def facts(text: str, verdicts: Mapping[Subject, Verdict] | None = None, watched: Iterable[str] = ("jobs",)) -> Facts:
    """The events of a text; lines of other kinds are left to the reader."""
    rows: dict[str, list[dict[str, object]]] = {kind: [] for kind in COLUMNS}
    for line in text.strip().splitlines():
        kind, _, rest = line.strip().partition(": ")
        if kind == "image":
            rows[kind].append(_image(rest))
        elif kind in rows:
            rows[kind].append(row(kind, rest))
    frames = [frame(kind, found) for kind, found in rows.items()]
    return Facts(*frames, watched=frozenset(watched), verdicts=verdicts or {})


def reported(
    text: str,
    service: Service = JOBS,
    window: Window = PERIOD,
    as_of: datetime = LATER,
    verdicts: Mapping[Subject, Verdict] | None = None,
    watched: Iterable[str] = ("jobs",),
) -> Delivery:
    return delivery(facts(text, verdicts, watched), [service], window, as_of, "week")


def production(text: str, **kwargs: object) -> EnvironmentDelivery:
    """The report of the environment that counts."""
    (service,) = reported(text, **kwargs).services  # type: ignore[arg-type]
    return service.environments[0]


def daily(many: int, first: str = "09-02", prefix: str = "ok", **fields: str) -> str:
    """So many uneventful deployments, one a day at noon: five are needed before there is any figure."""
    day = datetime.fromisoformat(f"2026-{first}")
    rest = "".join(f" {name}={value}" for name, value in fields.items())
    days = [day + timedelta(days=n) for n in range(many)]
    return "".join(f"deployment: {prefix}{n} {at:%m-%d}T12:00 {at:%m-%d}T12:10{rest}\n" for n, at in enumerate(days))


def said(figure: Figure[object]) -> str:
    """A figure as docs/metrics.md writes it: times in minutes."""
    left_out = "; left out: " + ", ".join(f"{n} {why}" for why, n in figure.excluded.items())
    return _value(figure.value) + (left_out if figure.excluded else "")


def _value(value: object) -> str:
    match value:
        case Insufficient(needed, have):
            return f"too few, {have} of {needed}"
        case NotCollected(what):
            return f"{what} are not collected"
        case Spread(n, median, p90):
            return f"median {median / 60:g} min, p90 {p90 / 60:g} min, n {n}"
        case Frequency(n, per_week, between, _):
            return f"n {n}, {per_week:.2f} a week, one every {between.median / 60:g} min"
        case Rate(k, n):
            low, high = value.interval
            return f"{k}/{n} = {100 * k / n:.1f} %, interval {100 * low:.1f} % to {100 * high:.1f} %"
        case FailRate(confirmed, possible):
            return f"{_value(confirmed)}" + (f"; with the unreviewed {_value(possible)}" if value.unreviewed else "")
        case Floor(build, deploy):
            return f"{build.median / 60:g} min + {deploy.median / 60:g} min = {value.seconds / 60:g} min"
    raise TypeError(value)


def linked(of: EnvironmentDelivery, report: Delivery | None = None) -> list[tuple[object, ...]]:
    """(state, method, who is blamed, the incident, what mended it) of each link, by name."""
    names = {failure.place: failure.deployment.id for failure in of.failures}
    return [
        (link.state, link.method, names.get(link.deployment) if link.deployment is not None else None,
         link.incident.id if link.incident else None,
         report.deployments[link.remedy].id if report and link.remedy is not None else link.remedy)
        for link in of.links
    ]  # fmt: skip
