"""data/services/NAME.yaml: what a service is made of, who owns what, and where its lines are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from pydantic import Field, model_validator

from metrics import catalog
from metrics.errors import ConfigError, InputError
from metrics.faults import Fault, Key, nearest
from metrics.model import SERVICE_NAME, Component, Countermeasure, Service, Team, Threshold, Use
from metrics.quantity import parse_quantity
from metrics.yaml_file import Strict, YamlFile

__all__ = ["COMPONENT_KEYS", "COUNTERMEASURE_KEYS", "SERVICE_KEYS", "TEAM_KEYS", "read_service"]

# What a cloud calls a thing tells what it is, so a component in its short form need not say so.
KIND_OF: Final = {
    "rds_cluster": "database", "rds_instance": "database", "cache_cluster": "cache", "replication_group": "cache",
    "ses": "mail", "function": "function", "lambda_functions": "function", "bucket": "object_storage",
    "buckets": "object_storage", "load_balancer": "web", "eks_cluster": "kubernetes", "ec2_instances": "host",
    "ec2_tag": "host", "auto_scaling_group": "host",
}  # fmt: skip
# How long a countermeasure takes, as people plan it.
LEAD_TIME: Final = re.compile(r"(\d{1,3})\s*(day|week)s?", re.ASCII)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class _Team(Strict):
    title: str
    perspective: Literal["dev", "infra"]


class _Use(Strict, extra="allow"):
    """A source by its name; what else stands there is that source's business."""

    use: str


class _Countermeasure(Strict):
    what: str
    lead_time: str
    axis: Literal["X", "Y", "Z"] | None = None


class _Component(Strict):
    kind: str
    title: str | None = None
    owner: str | None = None
    thresholds: dict[str, object] = {}
    limits: dict[str, object] = {}
    not_applicable: dict[str, str] = {}
    countermeasures: tuple[_Countermeasure, ...] = ()
    use: str | None = None
    sources: tuple[_Use, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: object) -> object:
        """`use` beside the component's own keys: what is none of them is the source's, and may tell the kind."""
        if not isinstance(data, Mapping) or not data.get("use"):
            return data
        own = {key: value for key, value in data.items() if key in cls.model_fields}
        told = {key: value for key, value in data.items() if key not in own}
        kinds = [KIND_OF[key] for key in told if key in KIND_OF]
        written = own.get("sources") or []
        short = [{"use": data["use"], **told}, *written] if isinstance(written, list) else written
        return {**({"kind": kinds[0]} if kinds else {}), **own, "sources": short}


class _Ranking(Strict):
    """How much each aspect counts when findings are ranked; what is left out counts as usual."""

    harm: Annotated[float, Field(ge=0)] | None = None
    size: Annotated[float, Field(ge=0)] | None = None
    certainty: Annotated[float, Field(ge=0)] | None = None
    news: Annotated[float, Field(ge=0)] | None = None
    nearness: Annotated[float, Field(ge=0)] | None = None


class _Service(Strict):
    title: str | None = None
    time_zone: str = "UTC"
    week_start: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    holidays: str | None = None
    teams: dict[str, _Team] = {}
    environments: tuple[str, ...] = ("production",)
    sources: dict[str, dict[str, object]] = {}
    components: dict[str, _Component] = {}
    demand: tuple[str, ...] = ()
    headline: tuple[str, ...] = ()
    ranking: _Ranking = _Ranking()


SERVICE_KEYS = tuple(_Service.model_fields)
TEAM_KEYS = tuple(_Team.model_fields)
COMPONENT_KEYS = tuple(_Component.model_fields)
COUNTERMEASURE_KEYS = tuple(_Countermeasure.model_fields)


def read_service(path: Path, name: str) -> Service:
    """The service that a file describes. Raises ConfigError naming file, line, key, value and what is valid."""
    file = YamlFile.read(path, name)
    parsed = file.check(_Service)
    if found := list(_faults(path.stem, parsed)):
        raise file.refusal(found)
    return Service(
        name=path.stem,
        title=parsed.title or path.stem,
        time_zone=parsed.time_zone,
        week_start=WEEKDAYS.index(parsed.week_start),
        teams=tuple(Team(name, team.title, team.perspective) for name, team in parsed.teams.items()),
        components=tuple(_component(file, path.stem, name, parsed) for name in parsed.components),
        environments=parsed.environments,
        demand=tuple(map(_followed, parsed.demand)),
        headline=tuple(map(_followed, parsed.headline)),
        holidays=parsed.holidays,
        ranking=parsed.ranking.model_dump(exclude_none=True),
    )


@cache
def _countries() -> frozenset[str]:
    """Those whose holidays are known. Loaded only where a file names one."""
    from holidays import list_supported_countries

    return frozenset(list_supported_countries())


def _component(file: YamlFile, service: str, name: str, parsed: _Service) -> Component:
    each = parsed.components[name]
    return Component(
        service=service,
        name=name,
        kind=each.kind,
        title=each.title or name,
        owner=each.owner,
        thresholds=tuple(Threshold(key, value, file.name) for key, value in _amounts(each.thresholds).items()),
        limits=_amounts(each.limits),
        not_applicable={catalog.load().get(key).name: why for key, why in each.not_applicable.items()},
        uses=tuple(_uses(file, ("components", name), each, parsed.sources)),
        countermeasures=tuple(
            Countermeasure(one.what, found, one.axis)
            for one in each.countermeasures
            if (found := _lead_time(one.lead_time)) is not None
        ),
    )


def _lead_time(written: str) -> timedelta | None:
    match = LEAD_TIME.fullmatch(written.strip())
    return timedelta(**{f"{match[2]}s": int(match[1])}) if match else None


def _uses(
    file: YamlFile, key: tuple[Key, ...], each: _Component, defaults: Mapping[str, Mapping[str, object]]
) -> Iterator[Use]:
    """Each entry over what the service says of that source for all its components."""
    for number, entry in enumerate(each.sources):
        short = each.use is not None and number == 0
        where = key if short else (*key, "sources", number - (each.use is not None))
        settings = {**defaults.get(entry.use, {}), **(entry.model_extra or {})}
        yield Use(entry.use, settings, file.name, file.line(where), ".".join(map(str, where)))


def _amounts(written: Mapping[str, object]) -> dict[str, float]:
    """By the indicator's own name, in its unit."""
    known = {catalog.load().get(key): amount for key, amount in written.items()}
    return {indicator.name: parse_quantity(amount, indicator.unit) for indicator, amount in known.items()}


def _followed(reference: str) -> str:
    """`component/part/indicator` with the indicator's own name; a part may hold slashes itself."""
    whose, _, indicator = reference.rpartition("/")
    return f"{whose}/{catalog.load().get(indicator).name}"


def _faults(name: str, parsed: _Service) -> Iterator[Fault]:
    if not SERVICE_NAME.fullmatch(name):
        yield Fault((), f"is named {name!r}; name it in lower-case letters, digits, - and _.")
    if parsed.time_zone not in _zones():
        hint = nearest(parsed.time_zone, sorted(_zones()))
        hint = hint if hint.startswith("did") else "use a name such as Asia/Tokyo or UTC."
        yield Fault(("time_zone",), f"is {parsed.time_zone!r}, which is no time zone; {hint}")
    if parsed.holidays is not None and parsed.holidays not in _countries():
        yield Fault(("holidays",), f"is {parsed.holidays!r}, which is no country; use two letters, as in JP.")
    if not parsed.environments:
        yield Fault(("environments",), "is empty; name at least the one that users are on.")
    for component, each in parsed.components.items():
        yield from _component_faults(("components", component), each, parsed)
    for key in ("demand", "headline"):
        for number, reference in enumerate(getattr(parsed, key)):
            yield from _reference_faults((key, number), reference, parsed)


@cache
def _zones() -> frozenset[str]:
    """IANA names; not what only this machine knows what it means."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def _component_faults(key: tuple[str, ...], each: _Component, service: _Service) -> Iterator[Fault]:
    if not key[-1] or "/" in key[-1]:
        yield Fault(key, "is no name for a component, since a slash divides it from its parts; write one without.")
    kinds = catalog.load().kinds
    if each.kind not in kinds:
        yield Fault((*key, "kind"), f"is {each.kind!r}; {nearest(each.kind, kinds)}")
    if each.owner is not None and each.owner not in service.teams:
        hint = nearest(each.owner, service.teams) if service.teams else "name the teams under `teams` first."
        yield Fault((*key, "owner"), f"is {each.owner!r}, which is no team; {hint}")
    for number, one in enumerate(each.countermeasures):
        if _lead_time(one.lead_time) is None:
            where: tuple[Key, ...] = (*key, "countermeasures", number, "lead_time")
            yield Fault(where, f"is {one.lead_time!r}; write days or weeks, as in 3 weeks.")
    for field in ("thresholds", "limits", "not_applicable"):
        yield from _indicators_faults((*key, field), getattr(each, field))
    for field in ("thresholds", "limits"):
        for indicator, amount in getattr(each, field).items():
            if indicator in catalog.load():
                yield from _amount_faults((*key, field, indicator), indicator, amount)


def _indicators_faults(key: tuple[str, ...], written: Iterable[str]) -> Iterator[Fault]:
    """Each is an indicator, and none comes twice under two of its names."""
    seen: dict[str, str] = {}
    for spelling in written:
        unknown = list(_indicator_faults((*key, spelling), spelling))
        yield from unknown
        if not unknown:
            first = seen.setdefault(catalog.load().get(spelling).name, spelling)
            if first != spelling:
                yield Fault((*key, spelling), f"is the same indicator as {first}; keep one.")


def _amount_faults(key: tuple[str, ...], indicator: str, amount: object) -> Iterator[Fault]:
    try:
        if parse_quantity(amount, catalog.load().get(indicator).unit) < 0:
            yield Fault(key, f"is {amount!r}; nothing that is measured is below 0.")
    except ConfigError as error:
        yield Fault(key, f"is wrong: {error}.")


def _indicator_faults(key: tuple[Key, ...], indicator: str) -> Iterator[Fault]:
    try:
        catalog.load().get(indicator)
    except InputError as error:
        yield Fault(key, f"is wrong: {error}")


def _reference_faults(key: tuple[Key, ...], reference: str, service: _Service) -> Iterator[Fault]:
    component, _, rest = reference.partition("/")
    if not rest:
        yield Fault(key, f"is {reference!r}; write component/indicator or component/part/indicator.")
    elif component not in service.components:
        yield Fault(key, f"is {reference!r}: no component {component!r}; {nearest(component, service.components)}")
    else:
        yield from _indicator_faults(key, rest.rpartition("/")[2])
