"""GitHub's long lists, read newest first and only as far as anybody needs.

Deployments and releases can't be asked for by date. So what a run has read of a list it keeps: the runner asks for
the newest window first, and the next older one goes on in the list where the last one stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary

import httpx

from metrics.collect._github.api import Repository
from metrics.collect._github.refusal import Area
from metrics.errors import SourceError
from metrics.model import Window

__all__ = ["Asked", "Listing", "Run", "run_of", "time_of"]


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Numbered)
R = TypeVar("R")


class Listing(Generic[T]):
    """Iterates over the entries from the newest on, asking for a page when it has to.

    While it is read a new entry may push others on to the next page, where they are met again and left out.
    """

    def __init__(
        self, repository: Repository, area: Area, url: str, read: Callable[[Mapping[str, Any]], T | None]
    ) -> None:
        self._repository, self._area, self._read = repository, area, read
        self._next: str | None = url
        self._pages, self._ids = set[str](), set[int]()
        self.so_far: list[T] = []

    def __iter__(self) -> Iterator[T]:
        place = 0
        while place < len(self.so_far) or self._next is not None:
            if place == len(self.so_far):
                self._turn_page()
                continue
            yield self.so_far[place]
            place += 1

    def _turn_page(self) -> None:
        url = self._next
        if url is None:
            return
        page = self._repository.page(self._area, url)
        entries = list(self._entries(page.content))
        self._pages.add(url)
        if page.next in self._pages:
            raise SourceError(f"{self._repository.api.host} names a page of {self._area.what} that was read already")
        self._next = page.next
        for entry in entries:
            if entry.id not in self._ids:
                self._ids.add(entry.id)
                self.so_far.append(entry)

    def _entries(self, content: object) -> Iterator[T]:
        strange = SourceError(
            f"{self._repository.api.host} answered a list of {self._area.what} of {self._repository.name} that is "
            "not as GitHub documents it"
        )
        if not isinstance(content, list):
            raise strange
        try:
            for raw in content:
                if (entry := self._read(raw)) is not None:
                    yield entry
        except (AttributeError, KeyError, TypeError, ValueError):
            raise strange from None


@dataclass(slots=True)
class Run:
    """What one run has read. Its newest moment is when it saw all of it, whichever window it was read for."""

    newest: datetime
    listings: dict[tuple[str, ...], Any] = field(default_factory=dict)
    found: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def listing(
        self, repository: Repository, area: Area, url: str, read: Callable[[Mapping[str, Any]], T | None]
    ) -> Listing[T]:
        key = (*repository.key, url)
        if key not in self.listings:
            self.listings[key] = Listing(repository, area, url, read)
        found: Listing[T] = self.listings[key]
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to ask, about which window, and what the run has read so far."""

    repository: Repository
    window: Window
    run: Run

    def once(self, key: tuple[object, ...], what: str, make: Callable[[], R]) -> R:
        """What is asked for only once in a run. Raises SourceError where the answer has not the documented shape."""
        whole = (*self.repository.key, *key)
        if whole not in self.run.found:
            try:
                self.run.found[whole] = make()
            except (AttributeError, KeyError, TypeError, ValueError):
                raise SourceError(
                    f"{self.repository.api.host} answered about {what} of {self.repository.name} what is not as "
                    "GitHub documents it"
                ) from None
        found: R = self.run.found[whole]
        return found

    def holds(self, *times: datetime | None) -> bool:
        """Whether any of them is in the window."""
        return any(at is not None and self.window.start <= at < self.window.end for at in times)


_runs: WeakKeyDictionary[httpx.Client, Run] = WeakKeyDictionary()
_lock = threading.Lock()


def run_of(http: httpx.Client, window: Window) -> Run:
    """The run that the client was made for; the runner makes one for each."""
    with _lock:
        run = _runs.setdefault(http, Run(window.end))
    run.newest = max(run.newest, window.end)
    return run


def time_of(text: str | None) -> datetime | None:
    """GitHub's `2026-06-01T09:00:00Z`, also with an offset."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)
