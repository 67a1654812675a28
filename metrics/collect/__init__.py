"""Where data comes from: one module a source, and this folder is their registry.

A source is a module that defines `collect`; run, loop, http and modules that begin with `_` serve them.
docs/collectors.md says how to add one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any, Literal

import httpx
from pydantic import BaseModel

from metrics.model import Coverage, Event, Points, Snapshot, Window

__all__ = ["Batch", "Collect", "Sign", "Source", "registry"]

Batch = Points | Event | Snapshot | Coverage
# `Any`: each module takes its own Settings, which the registry pairs with it.
Collect = Callable[[Any, Window, httpx.Client], Iterator[Batch]]


@dataclass(frozen=True, slots=True)
class Sign:
    """One line of what `check` found out: what it reached, what it costs, or what is wrong and how to mend it."""

    state: Literal["fine", "note", "wrong"]
    said: str
    about: str = ""
    """What the line is about, where it is not the whole source: a component, a permission, a query."""


SignsOfLife = Callable[[Any, httpx.Client], Iterable[Sign]]

# A fortnight of past fits the first review; a source that keeps less, or is cheap to ask for more, says so.
DEFAULT_BACKFILL = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of source: what its module promises."""

    kind: str
    title: str
    """The first line of the module's docstring."""
    settings: type[BaseModel]
    collect: Collect
    check: SignsOfLife | None
    """Yields what it reached and what is wrong; raises SourceError. None where there is nothing to reach."""
    backfill: timedelta
    """How far back the first run asks (`BACKFILL` of the module)."""
    recollect: timedelta = timedelta(0)
    """How much each run asks again, since data comes late (`RECOLLECT` of the module)."""
    recollect_daily: timedelta = timedelta(0)
    """How much the first run of a UTC day asks again, where that is more (`RECOLLECT_DAILY`)."""
    slice: timedelta | None = None
    """The longest window to ask for at once (`SLICE`); None where one question may ask for any window."""


@cache
def registry() -> Mapping[str, Source]:
    """Every kind of source by its name, which is its module's name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return {name: _source(name, module) for name, module in modules.items() if hasattr(module, "collect")}


def _source(name: str, module: ModuleType) -> Source:
    return Source(
        kind=name,
        title=(module.__doc__ or "").strip().partition("\n")[0],
        settings=module.Settings,
        collect=module.collect,
        check=getattr(module, "check", None),
        backfill=getattr(module, "BACKFILL", DEFAULT_BACKFILL),
        recollect=getattr(module, "RECOLLECT", timedelta(0)),
        recollect_daily=getattr(module, "RECOLLECT_DAILY", timedelta(0)),
        slice=getattr(module, "SLICE", None),
    )
