"""Runs configured sources: each asks for what is missing, and none can stop another.

Two runs of one source never happen at once, on this machine: each holds a lock file in the data folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel

from metrics.collect import Source, registry
from metrics.collect.http import Budget, client
from metrics.collect.pull import Outcome, Progress, Pull
from metrics.collect.redaction import redacted, secrets_of
from metrics.collect.target import targets_of
from metrics.collect.window import sliced, windows_to_ask
from metrics.config import Config, SourceConfig, validate_settings
from metrics.errors import ConfigError, InputError, TomoniError
from metrics.model import Window
from metrics.store import Store, read
from metrics.store.alone import only_one
from metrics.store.compact import compact_if_needed

__all__ = [
    "Outcome",
    "Progress",
    "Request",
    "chosen",
    "kind_of",
    "run_source",
    "run_sources",
    "settings_of",
    "store_of",
    "tidy",
]

# Sources mostly wait for somebody's network; more would only crowd the one writer.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask all sources for; a bound that is absent follows from what the store lacks."""

    now: datetime
    since: datetime | None = None
    until: datetime | None = None


def store_of(config: Config) -> Store:
    """The one store of a deployment's folder."""
    return Store(config.folder / "tomoni.duckdb")


def chosen(config: Config, names: Iterable[str]) -> list[SourceConfig]:
    """The named sources, all configured ones when none is named.

    A kind that is not configured but needs no settings runs as it is: `host` in an empty folder.
    """
    configured = {source.name: source for source in config.sources}
    picked = []
    for name in dict.fromkeys(names) or configured:
        if name not in configured and name not in registry():
            valid = ", ".join(sorted({*configured, *registry()}))
            raise InputError(f"--source {name}: there is no such source; use one of {valid}")
        picked.append(configured.get(name) or SourceConfig(name, name, {}, None, 0))
    if not picked:
        raise ConfigError(
            f"{config.folder.name}/tomoni.yaml configures no source: add one under `sources`, or name one, as in "
            "`python -m metrics collect --source host`"
        )
    return picked


def settings_of(config: Config, source: SourceConfig) -> BaseModel:
    """The source's validated settings, with what the runner knows.

    That is the data folder, the rhythm, the only service, and the components that use the source, each where the
    settings have a field for it.
    """
    model = kind_of(source).settings
    raw = dict(source.settings)
    known = {"folder": config.folder, "every": source.every or config.every}
    for name, value in known.items():
        if name in model.model_fields:
            raw.setdefault(name, value)
    if "service" in model.model_fields and "service" not in raw and config.services:
        raw["service"] = _only_service(config, source)
    if "targets" in model.model_fields:
        raw["targets"] = [*_written(raw.get("targets")), *targets_of(config.services, source.name, model)]
    return validate_settings(replace(source, settings=raw), model)


def _only_service(config: Config, source: SourceConfig) -> str:
    names = [service.name for service in config.services]
    if len(names) > 1:
        raise ConfigError(
            f"{source.file}:{source.line}: sources.{source.name} does not say whose data it brings; "
            f"add `service:` with one of {', '.join(names)}."
        )
    return names[0]


def _written(targets: object) -> Iterable[object]:
    """What tomoni.yaml has under `targets`; whatever is no list is left for the model to refuse."""
    return targets if isinstance(targets, list | tuple) else [] if targets is None else [targets]


def run_sources(
    config: Config, sources: Iterable[SourceConfig], request: Request, progress: Progress | None = None
) -> Iterator[Outcome]:
    """Runs them side by side; yields each outcome as it comes."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="collect") as pool:
        runs = [pool.submit(run_source, config, source, request, progress) for source in sources]
        wrote = False
        for run in as_completed(runs):
            outcome = run.result()
            wrote |= outcome.rows > 0
            yield outcome
    # Where nothing came in, a store that can't be opened has been reported already.
    if wrote:
        tidy(config.folder)


def run_source(config: Config, source: SourceConfig, request: Request, progress: Progress | None = None) -> Outcome:
    """One run of one source, unless another process or thread is at it. Never raises."""
    secrets = secrets_of(source)
    try:
        with only_one(config.folder / ".locks" / f"{quote(source.name, safe='')}.lock") as mine:
            if not mine:
                return Outcome(source.name, "busy", detail="another run of it is under way")
            settings, kind = settings_of(config, source), kind_of(source)
            store = store_of(config)
            pull = Pull(store, source.name, secrets, progress)
            with client(budget=Budget(source.budget)) as http:
                return pull.run(kind, settings, _windows(store, source, request), http)
    except TomoniError as error:
        return Outcome(source.name, "failed", detail=redacted(str(error), secrets))


def _windows(store: Store, source: SourceConfig, request: Request) -> list[Window]:
    """What was asked for, completed by what the store lacks; newest first."""
    end = min(request.until or request.now, request.now)  # an answer about the future would never be asked again
    kind = kind_of(source)
    if request.since:
        whole = Window(request.since, end)
        return list(sliced(whole, kind.slice)) if kind.slice else [whole]
    answered = None
    if store.exists():
        with store.read() as db:
            answered = read.coverage(db)
    return windows_to_ask(kind, source.name, answered, end)


def tidy(folder: Path) -> None:
    """Have the store re-sorted when that pays; nobody waits for it, and one process at a time does it."""
    with only_one(folder / ".locks" / ".sort") as mine:
        if mine:
            compact_if_needed(Store(folder / "tomoni.duckdb"))


def kind_of(source: SourceConfig) -> Source:
    """What the registry knows of its kind. Raises ConfigError naming the valid ones."""
    if source.kind not in registry():
        raise ConfigError(
            f"{source.file}:{source.line}: sources.{source.name}.kind is {source.kind!r}; "
            f"use one of {', '.join(registry())}."
        )
    return registry()[source.kind]
