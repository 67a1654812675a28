"""check: one table of what is in order and what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import httpx

from metrics import config as configuration
from metrics.cli_show import table
from metrics.collect import Sign
from metrics.collect.http import Budget, client
from metrics.collect.pull import sentence
from metrics.collect.redaction import redacted, secrets_of
from metrics.collect.run import kind_of, settings_of, store_of
from metrics.config import Config, SourceConfig
from metrics.errors import ConfigError, TomoniError
from metrics.model import Service
from metrics.store import read

__all__ = ["check"]


# Somebody is waiting for the table.
TRIES_IN_CHECK = 2


class Line(NamedTuple):
    what: str
    state: Literal["fine", "note", "wrong"]
    said: str


def check(folder: Path) -> int:
    """Prints the table; 2 if a line is wrong."""
    lines = list(_lines(folder))
    print(table(("what", "state", "detail"), lines))
    return 2 if any(line.state == "wrong" for line in lines) else 0


def _lines(folder: Path) -> Iterator[Line]:
    try:
        config = configuration.load(folder)
    except ConfigError as error:
        yield Line("configuration", "wrong", str(error))
        return
    yield Line("configuration", "fine", f"services: {_names(config.services)}; sources: {_names(config.sources)}")
    for source in config.sources:
        yield from _signs_of_life(config, source)
    yield from _store(config)


def _names(named: Sequence[Service | SourceConfig]) -> str:
    return ", ".join(each.name for each in named) or "none"


def _signs_of_life(config: Config, source: SourceConfig) -> Iterator[Line]:
    """A line for each thing that the source reached, or that somebody has to mend."""
    what, secrets = f"source {source.name}", secrets_of(source)
    try:
        settings, kind = settings_of(config, source), kind_of(source)
        with client(budget=Budget(source.budget), tries=TRIES_IN_CHECK) as http:
            for sign in kind.check(settings, http) if kind.check else [Sign("fine", "nothing to reach")]:
                about = f"{what}: {sign.about}" if sign.about else what
                yield Line(about, sign.state, redacted(sign.said, secrets))
    except (TomoniError, httpx.RequestError) as error:
        yield Line(what, "wrong", redacted(sentence(error), secrets))


def _store(config: Config) -> Iterator[Line]:
    store = store_of(config)
    if not store.exists():
        where = "empty" if config.folder.is_dir() else f"there is no folder {config.folder} yet"
        yield Line("store", "note", f"{where}: fill it with `collect`, `import` or `demo`")
        return
    try:
        with store.read() as db:
            series, runs = read.series(db), read.runs(db, limit=10_000)
    except TomoniError as error:
        yield Line("store", "wrong", str(error))
        return
    yield Line("store", "fine", f"{len(series):,} series")
    for service, component in sorted(set(zip(series["service"], series["component"], strict=True))):
        if not config.component(service, component):
            yield Line(f"component {component}", "note", f"not configured: add it to services/{service}.yaml")
    cut = runs[runs["state"] == "unfinished"]
    for run in cut.itertuples():
        again = f"import {run.subject} again" if run.verb == "import" else f"run `{run.verb}` again"
        yield Line(f"{run.verb} {run.run_id}", "wrong", f"unfinished since {run.started_at:%Y-%m-%d %H:%MZ}: {again}")
