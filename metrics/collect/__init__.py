"""Where data comes from: one module a source, and this folder is their registry.

A source is a module that defines `collect`; run, loop, http and modules that begin with `_` serve them.
docs/collectors.md says how to add one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

import httpx
from pydantic import BaseModel

from metrics.model import Coverage, Event, Points, Snapshot, Window

__all__ = ["Batch", "Collect", "Source", "registry"]

Batch = Points | Event | Snapshot | Coverage
# `Any`: each module takes its own Settings, which the registry pairs with it.
Collect = Callable[[Any, Window, httpx.Client], Iterator[Batch]]
SignOfLife = Callable[[Any, httpx.Client], str]

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
    check: SignOfLife | None
    """Says what it reached, in one sentence; raises SourceError. None where there is nothing to reach."""
    backfill: timedelta
    """How far back the first run asks (`BACKFILL` of the module)."""
    recollect: timedelta
    """How much each run asks again, since data comes late (`RECOLLECT` of the module)."""


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
    )
