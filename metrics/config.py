"""The configuration: data/tomoni.yaml (the platform) and data/services/*.yaml (one file a service)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from metrics import catalog
from metrics.errors import ConfigError
from metrics.model import Component, Service, Threshold
from metrics.service_file import read_service
from metrics.yaml_file import Fault, Strict, YamlFile, faults

__all__ = ["COLLECT_KEYS", "PLATFORM_KEYS", "Config", "SourceConfig", "load", "parse_duration", "validate_settings"]

SECRETS = Path(__file__).parents[1] / ".streamlit" / "secrets.toml"
EVERY = timedelta(minutes=5)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One entry of `sources`. `settings` are as written, with each `${NAME}` replaced by a SecretStr."""

    name: str
    kind: str
    settings: Mapping[str, object]
    every: timedelta | None
    line: int


@dataclass(frozen=True, slots=True)
class Config:
    """All that the data folder configures. A folder without files is the service `default` and no source."""

    folder: Path
    services: tuple[Service, ...]
    sources: tuple[SourceConfig, ...]
    collect_in_app: bool
    every: timedelta

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)

    def component(self, service: str, name: str) -> Component | None:
        found = self.service(service)
        return next((each for each in found.components if each.name == name), None) if found else None

    def threshold(self, service: str, component: str, indicator: str) -> Threshold | None:
        """The component's own line, else the catalogue's default; in the indicator's unit."""
        known = self.component(service, component)
        own = next((line for line in known.thresholds if line.indicator == indicator), None) if known else None
        default = catalog.load().indicators.get(indicator)
        if own or default is None or default.threshold is None:
            return own
        return Threshold(indicator, default.threshold, default.threshold_source or "")


class _Collect(Strict):
    in_app: bool = False
    every: str = "5m"


class _Platform(Strict):
    collect: _Collect = _Collect()
    sources: dict[str, dict[str, Any]] = {}


PLATFORM_KEYS = tuple(_Platform.model_fields)
COLLECT_KEYS = tuple(_Collect.model_fields)


def load(folder: Path, environ: Mapping[str, str] = os.environ, secrets: Path = SECRETS) -> Config:
    """The folder's configuration. Raises ConfigError naming file, line, key, value and what is valid."""
    path = folder / "tomoni.yaml"
    file = YamlFile.read(path) if path.exists() else YamlFile(f"{folder.name}/tomoni.yaml", {}, {})
    platform: _Platform = file.check(_Platform)
    known = _secrets(environ, secrets)
    return Config(
        folder=folder,
        services=tuple(read_service(each) for each in sorted((folder / "services").glob("*.yaml"))),
        sources=tuple(_source(file, name, raw or {}, known) for name, raw in platform.sources.items()),
        collect_in_app=platform.collect.in_app,
        every=_duration(file, ("collect", "every"), platform.collect.every),
    )


def validate_settings(source: SourceConfig, model: type[M]) -> M:
    """A source's settings as its own model. Raises ConfigError for the first that is wrong; never shows a secret."""
    plain = {name for name, field in model.model_fields.items() if "SecretStr" not in str(field.annotation)}
    settings = {
        name: value.get_secret_value() if isinstance(value, SecretStr) and name in plain else value
        for name, value in source.settings.items()
    }
    unknown = [name for name in settings if name not in model.model_fields and not _is_alias(model, name)]
    at = f"tomoni.yaml:{source.line}: sources.{source.name}"
    if unknown:
        valid = ", ".join([*model.model_fields, "kind", "every"])
        raise ConfigError(f"{at}.{unknown[0]} is no setting of {source.kind}; it has {valid}.")
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        first = faults(error)[0]
        hidden = first.key and isinstance(source.settings.get(str(first.key[0])), SecretStr)
        says = "is not valid (it comes from a secret)." if hidden else first.says
        raise ConfigError(f"{at}.{'.'.join(map(str, first.key))} {says}") from None


def parse_duration(text: str) -> timedelta:
    """`30s`, `5m`, `1h` or `1d`. Raises ConfigError for anything else, and for less than a second."""
    match = re.fullmatch(r"(\d+)([smhd])", str(text))
    if match is None or int(match.group(1)) == 0:
        raise ConfigError(f"{text!r} is no duration; write 30s, 5m, 1h or 1d")
    return timedelta(seconds=int(match.group(1)) * _UNITS[match.group(2)])


def _is_alias(model: type[BaseModel], name: str) -> bool:
    return any(field.alias == name for field in model.model_fields.values())


def _duration(file: YamlFile, key: tuple[str, ...], text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ConfigError as error:
        raise file.refusal([Fault(key, f"is wrong: {error}.")]) from None


def _source(file: YamlFile, name: str, raw: Mapping[str, object], known: Mapping[str, str]) -> SourceConfig:
    key = ("sources", name)
    every = raw.get("every")
    settings = {
        setting: _resolved(file, (*key, setting), value, known)
        for setting, value in raw.items()
        if setting not in ("kind", "every")
    }
    return SourceConfig(
        name=name,
        kind=str(raw.get("kind", name)),
        settings=settings,
        every=_duration(file, (*key, "every"), str(every)) if every is not None else None,
        line=file.line(key),
    )


def _resolved(file: YamlFile, key: tuple[str | int, ...], value: object, known: Mapping[str, str]) -> object:
    """The value with each `${NAME}` filled in; a text that held one becomes a SecretStr."""
    if isinstance(value, Mapping):
        return {name: _resolved(file, (*key, name), each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(file, (*key, number), each, known) for number, each in enumerate(value)]
    if not isinstance(value, str) or not (names := _REFERENCE.findall(value)):
        return value
    if missing := [name for name in names if name not in known]:
        where = "set it in the environment or in .streamlit/secrets.toml."
        raise file.refusal([Fault(key, f"is {value!r}, but {missing[0]} is not set; {where}")])
    return SecretStr(_REFERENCE.sub(lambda match: known[match.group(1)], value))


def _secrets(environ: Mapping[str, str], path: Path) -> Mapping[str, str]:
    """Environment variables, over the texts at the top of secrets.toml."""
    if not path.exists():
        return environ
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f".streamlit/secrets.toml: is not valid TOML: {error}.") from None
    return {**{name: value for name, value in stored.items() if isinstance(value, str)}, **environ}
