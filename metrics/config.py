"""The configuration: data/tomoni.yaml (the platform) and data/services/*.yaml (one file a service)."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError

from metrics import catalog
from metrics.errors import ConfigError
from metrics.faults import Fault, Key, faults, nearest, secrets_in
from metrics.model import Component, Service, Threshold
from metrics.notify_settings import Notify, NotifySection
from metrics.service_file import read_service
from metrics.yaml_file import Strict, YamlFile

__all__ = [
    "COLLECT_KEYS",
    "PLATFORM_KEYS",
    "Config",
    "Duration",
    "SourceConfig",
    "duration",
    "load",
    "parse_duration",
    "secrets_in",
    "validate_settings",
]

SECRETS: Final = Path(__file__).parents[1] / ".streamlit" / "secrets.toml"
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SOURCE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")
_SECRET_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One entry of `sources`. `settings` are as written, with each `${NAME}` replaced by a SecretStr."""

    name: str
    kind: str
    settings: Mapping[str, object]
    every: timedelta | None
    line: int
    """0 for a source that no file configures."""
    file: str = "tomoni.yaml"
    budget: int = 5_000
    """How many requests one run may make."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What its `${NAME}` stand for, bare: of `Bearer ${TOKEN}` the token alone, as a server may repeat it."""
    lines: Mapping[tuple[Key, ...], int] = field(default_factory=dict, repr=False)
    """The line of each of its keys, from the top of the file."""

    def refusal(self, *found: Fault) -> ConfigError:
        """One line about the first of some faults in its settings."""
        if not self.line:
            says = f"{'.'.join(map(str, found[0].key))} {found[0].says}".strip()
            return ConfigError(f"source {self.name} is not configured: {says} Add it under `sources` in {self.file}.")
        below = ("sources", self.name)
        file = YamlFile(self.file, {}, {below: self.line, **self.lines})
        return file.refusal([Fault((*below, *fault.key), fault.says) for fault in found])


@dataclass(frozen=True, slots=True)
class Config:
    """All that the data folder configures. A folder without files is the service `default` and no source."""

    folder: Path
    services: tuple[Service, ...]
    sources: tuple[SourceConfig, ...]
    collect_in_app: bool
    every: timedelta
    notify: Notify = field(default_factory=Notify)

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


def parse_duration(text: object) -> timedelta:
    """`30s`, `5m`, `1h` or `1d`. Raises ConfigError for anything else, and for less than a second."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", str(text))
    if match is None or int(match[1]) == 0:
        raise ConfigError(f"{text!r} is no duration; write 30s, 5m, 1h or 1d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def duration(written: object) -> timedelta:
    """The same for pydantic, which hears of a ValueError; what is a duration already stays one."""
    try:
        return written if isinstance(written, timedelta) else parse_duration(written)
    except ConfigError as error:
        raise ValueError(str(error)) from None


Duration = Annotated[timedelta, BeforeValidator(duration)]


class _Collect(Strict):
    in_app: bool = False
    every: Duration = timedelta(minutes=5)


class _Source(Strict, extra="allow"):
    kind: str | None = None
    every: Duration | None = None
    budget: Annotated[int, Field(ge=1)] = 5_000


class _Platform(Strict):
    collect: _Collect = _Collect()
    notify: NotifySection = NotifySection()
    sources: dict[str, _Source | None] = {}


PLATFORM_KEYS = tuple(_Platform.model_fields)
COLLECT_KEYS = tuple(_Collect.model_fields)


def load(folder: Path, environ: Mapping[str, str] = os.environ, secrets: Path = SECRETS) -> Config:
    """The folder's configuration. Raises ConfigError naming file, line, key, value and what is valid."""
    # Resolved, so that `--data .` has a name too.
    called = folder.resolve().name
    path, name = folder / "tomoni.yaml", f"{called}/tomoni.yaml"
    file = YamlFile.read(path, name) if path.exists() else YamlFile(name, {}, {})
    platform = file.check(_Platform)
    if found := [fault for each in platform.sources for fault in _name_faults(each, platform.sources[each])]:
        raise file.refusal(found)
    known = _secrets(environ, secrets)
    services = _services(folder, called)
    _refuse_unknown_sources(services, platform.sources, name)
    return Config(
        folder=folder,
        services=services,
        sources=tuple(_source(file, name, each or _Source(), known) for name, each in platform.sources.items()),
        collect_in_app=platform.collect.in_app,
        every=platform.collect.every,
        notify=_notify(file, platform.notify, known),
    )


def validate_settings(source: SourceConfig, model: type[M]) -> M:
    """A source's settings as its own model. Raises ConfigError for the first that is wrong; never shows a secret."""
    takes_secrets = {
        spelling
        for name, field in model.model_fields.items()
        if "SecretStr" in str(field.annotation)
        for spelling in (name, field.alias)
    }
    settings = {
        name: value if name in takes_secrets else _revealed(value)
        for name, value in source.settings.items()
        if value is not None
    }
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        raise source.refusal(*faults(error, model, source.settings, source.secrets)) from None


def _services(folder: Path, called: str) -> tuple[Service, ...]:
    """One for each file, by name; `default` where there is none."""
    for misnamed in sorted([*folder.glob("tomoni.yml"), *(folder / "services").glob("*.yml")]):
        below = misnamed.relative_to(folder).as_posix()
        raise ConfigError(f"{called}/{below}: is not read; name it {misnamed.stem}.yaml.")
    files = [path for path in sorted((folder / "services").glob("*.yaml")) if not path.name.startswith(".")]
    found = tuple(read_service(path, f"{called}/services/{path.name}") for path in files)
    return found or (Service("default", "default", "UTC", 0),)


def _refuse_unknown_sources(services: tuple[Service, ...], known: Mapping[str, object], name: str) -> None:
    for use in (use for service in services for component in service.components for use in component.uses):
        if use.source not in known:
            hint = nearest(use.source, known) if known else "there is none yet."
            raise ConfigError(
                f"{use.file}:{use.line}: {use.key}.use is {use.source!r}, which {name} does not configure under "
                f"`sources`; {hint}"
            )


def _name_faults(name: str, source: _Source | None) -> list[Fault]:
    """A source's name is in file names, and in the store beside those of our own verbs."""
    key = ("sources", name)
    if not _SOURCE_NAME.fullmatch(name):
        return [Fault(key, "is no name for a source; write letters, digits, -, _ and dots.")]
    if name == "import" or (name == "demo" and source is not None and source.kind not in (None, "demo")):
        return [Fault(key, f"is what the verb `{name}` writes its own data under; write another name.")]
    return []


def _notify(file: YamlFile, written: NotifySection, known: Mapping[str, str]) -> Notify:
    """With each `${NAME}` of an address filled in."""
    found = [_resolved(file, ("notify", "to", number), each, known) for number, each in enumerate(written.to)]
    addresses = tuple(each if isinstance(each, SecretStr) else SecretStr(str(each)) for each in found)
    return Notify(addresses, written.digest, written.urgent, written.link)


def _source(file: YamlFile, name: str, written: _Source, known: Mapping[str, str]) -> SourceConfig:
    key = ("sources", name)
    settings = (written.model_extra or {}).items()
    return SourceConfig(
        name=name,
        kind=written.kind or name,
        settings={each: _resolved(file, (*key, each), value, known) for each, value in settings},
        every=written.every,
        budget=written.budget,
        line=file.line(key),
        file=file.name,
        secrets=tuple(dict.fromkeys(known[each] for _, value in settings for each in _named(value))),
        lines={each: line for each, line in file.lines.items() if each[:2] == key},
    )


def _resolved(file: YamlFile, key: tuple[Key, ...], value: object, known: Mapping[str, str]) -> object:
    """The value with each `${NAME}` filled in; a text that held one becomes a SecretStr."""
    if isinstance(value, Mapping):
        return {name: _resolved(file, (*key, name), each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(file, (*key, number), each, known) for number, each in enumerate(value)]
    if not isinstance(value, str) or not (names := _REFERENCE.findall(value)):
        return value
    for name in names:
        if not _SECRET_NAME.fullmatch(name):
            raise file.refusal([Fault(key, f"names ${{{name}}}; write a name of letters, digits and _.")])
        if not known.get(name):
            where = "set it in the environment or in .streamlit/secrets.toml."
            raise file.refusal([Fault(key, f"names ${{{name}}}, which is not set (or is empty); {where}")])
    return SecretStr(_REFERENCE.sub(lambda match: known[match[1]], value))


def _named(value: object) -> Iterator[str]:
    """Every NAME of a `${NAME}` anywhere in a setting as written."""
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _named(each)


def _revealed(value: object) -> object:
    """The value for a setting that is no secret by itself, such as an address from the environment."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {name: _revealed(each) for name, each in value.items()}
    return [_revealed(each) for each in value] if isinstance(value, list) else value


def _secrets(environ: Mapping[str, str], path: Path) -> Mapping[str, str]:
    """Environment variables, over the texts at the top of secrets.toml."""
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f".streamlit/secrets.toml: is not valid TOML: {error}.") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            ".streamlit/secrets.toml: can't be read; make it UTF-8 text that this user may read."
        ) from None
    return {**{name: value for name, value in stored.items() if isinstance(value, str)}, **environ}
