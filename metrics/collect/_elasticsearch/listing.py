"""Which endpoints a day names: those that cost more than a week before, then the biggest; the rest is `other`.

What a day names must not depend on when, or for which part of it, somebody asks: requests stored under an endpoint
are not taken back when a later answer counts them in `other`. So a day's endpoints follow from settled days alone.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice, zip_longest
from typing import Final, NamedTuple

from pydantic import BaseModel

from metrics.collect._elasticsearch.endpoint import Endpoint, folded, from_folded
from metrics.collect._elasticsearch.search import Search, parsed
from metrics.collect._elasticsearch.target import Query, Target, within

__all__ = ["DAY", "LATE", "Kept", "Use", "forget", "kept_on", "ranked"]

DAY: Final = timedelta(days=1)
# How late data may come: a day is settled when this much time has passed since its end.
LATE: Final = timedelta(hours=48)

# What grew by less, as a share of all requests, errors and time, is noise.
NOTABLE: Final = 0.01

# Addresses a page; each makes two buckets.
PAGE: Final = 3_000
PAGES: Final = 40
# An endpoint with more addresses than this on a day is no longer listed but counted by its expression.
MANY: Final = 1_000
_DAYS_REMEMBERED: Final = 200
_ENDPOINTS_REMEMBERED: Final = 2_000


class Use(NamedTuple):
    """What an endpoint cost over some time."""

    requests: float = 0.0
    errors: float = 0.0
    seconds: float = 0.0

    def plus(self, other: Use) -> Use:
        return Use(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Use) -> Use:
        return Use(*(a - b for a, b in zip(self, other, strict=True)))

    def share_of(self, whole: Use) -> float:
        """How much of the whole it is, errors and time counting as much as requests; what shrank counts nothing."""
        return sum(max(part, 0.0) / total for part, total in zip(self, whole, strict=True) if total > 0)


Uses = Mapping[str, Use]


@dataclass(frozen=True, slots=True)
class Kept:
    """The endpoints that a day names."""

    endpoints: tuple[Endpoint, ...]
    note: str = ""
    """Why there are fewer than there might be."""


class TooManyError(Exception):
    """A day has more addresses than can be listed."""


def kept_on(day: datetime, target: Target, top: int, search: Search) -> Kept:
    """The endpoints to name on the UTC day. Raises NotAnsweredError when a day before it can't be listed."""
    named = target.named
    room = top - len(named)
    if room <= 0:
        return Kept(named)
    settled = [day - LATE - n * DAY for n in range(1, 15)]
    try:
        last, before = (
            _added_up(_use_on(each, target, search) for each in days) for days in (settled[:7], settled[7:])
        )
    except TooManyError as error:
        return Kept(named, f"only endpoints that are written down have names: {error}")
    found = (from_folded(name, named) for name in ranked(last, before))
    return Kept((*named, *islice((each for each in found if each.can_be_asked), room)))


def ranked(last: Uses, before: Uses) -> list[str]:
    """Every endpoint of the last week, the ones to name first.

    One place in two goes to what grew most since the week before, the other to what is biggest: so a service in which
    nothing grew names its biggest endpoints.
    """
    whole = _whole(last)
    excess = {name: use.minus(before.get(name, Use())).share_of(whole) for name, use in last.items()}
    grown = sorted((name for name in last if excess[name] >= NOTABLE), key=lambda name: (-excess[name], name))
    in_turn = chain.from_iterable(zip_longest(grown, _biggest(last)))
    return list(dict.fromkeys(name for name in in_turn if name is not None))


def _biggest(uses: Uses) -> list[str]:
    whole = _whole(uses)
    return sorted(uses, key=lambda name: (-uses[name].share_of(whole), name))


def _whole(uses: Uses) -> Use:
    return Use(*(sum(column) for column in zip(*uses.values(), strict=True))) if uses else Use()


def _added_up(days: Iterable[Uses]) -> Uses:
    found: dict[str, Use] = {}
    for uses in days:
        for name, use in uses.items():
            found[name] = found.get(name, Use()).plus(use)
    return found


@dataclass(slots=True)
class _Memory:
    """Settled days do not change: a collector that keeps running lists each of them once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    days: OrderedDict[str, Uses | TooManyError] = field(default_factory=OrderedDict)


_memory: Final = _Memory()


def forget() -> None:
    """Empties the memory of settled days."""
    with _memory.lock:
        _memory.days.clear()


def _use_on(day: datetime, target: Target, search: Search) -> Uses:
    key = f"{search.base_url} {day.date()} {target.model_dump_json()}"
    with _memory.lock:
        known = _memory.days.get(key)
    if known is None:
        known = _listed(day, target, search)
        with _memory.lock:
            _memory.days[key] = known
            while len(_memory.days) > _DAYS_REMEMBERED:
                _memory.days.popitem(last=False)
    if isinstance(known, TooManyError):
        raise TooManyError(*known.args)
    return known


def _listed(day: datetime, target: Target, search: Search) -> Uses | TooManyError:
    try:
        uses = _Listing(day, target, search).uses()
    except TooManyError as error:
        return error
    # An endpoint that a week is to name is no rarity on each of its days.
    return {name: uses[name] for name in _biggest(uses)[:_ENDPOINTS_REMEMBERED]}


class _Value(BaseModel):
    value: float | None = None


class _Documents(BaseModel):
    doc_count: int


class _Cost(_Documents):
    errors: _Documents
    duration: _Value

    def use(self, to_seconds: float) -> Use:
        return Use(self.doc_count, self.errors.doc_count, (self.duration.value or 0.0) * to_seconds)


class _Key(BaseModel):
    path: str


class _Address(_Cost):
    key: _Key


class _Page(BaseModel):
    buckets: list[_Address] = []
    after_key: _Key | None = None


class _Counted(BaseModel):
    buckets: dict[str, _Cost] = {}


class _Listing:
    """A day's addresses, page by page, put together as endpoints."""

    def __init__(self, day: datetime, target: Target, search: Search) -> None:
        self._day, self._target, self._search = day, target, search
        self._found: dict[str, Use] = {}
        self._addresses: Counter[str] = Counter()
        self._many: dict[str, Endpoint] = {}

    def uses(self) -> Uses:
        """Endpoints that nobody has named, with what they cost that day. Raises NotAnsweredError, TooManyError."""
        after: _Key | None = None
        for _ in range(PAGES):
            page = self._page(after)
            if not page.buckets:
                break
            self._put_together(page.buckets)
            after = page.after_key
            if after is None:
                break
        else:
            raise TooManyError(
                f"more than {PAGE * PAGES:,} different paths on {self._day.date()}; write patterns for the most "
                "frequent ones under `endpoints`"
            )
        return self._found | self._counted()

    def _page(self, after: _Key | None) -> _Page:
        sources = [{"path": {"terms": {"field": self._target.fields.path}}}]
        composite: Query = {"size": PAGE, "sources": sources}
        if after is not None:
            composite["after"] = after.model_dump()
        aggregations = self._ask({"addresses": {"composite": composite, "aggs": self._costs()}})
        return parsed(_Page, aggregations, "addresses")

    def _put_together(self, addresses: Iterable[_Address]) -> None:
        for address in addresses:
            name = folded(address.key.path)
            self._addresses[name] += 1
            self._found[name] = self._found.get(name, Use()).plus(address.use(self._target.to_seconds))
        for name, count in self._addresses.items():
            if count > MANY and name not in self._many:
                endpoint = from_folded(name, self._target.named)
                if endpoint.can_be_asked:
                    self._many[name] = endpoint

    def _counted(self) -> dict[str, Use]:
        """What the endpoints with too many addresses to list cost."""
        if not self._many:
            return {}
        filters = {name: self._target.addresses(endpoint) for name, endpoint in self._many.items()}
        aggregations = self._ask({"many": {"filters": {"filters": filters}, "aggs": self._costs()}}, listed=False)
        counted = parsed(_Counted, aggregations, "many").buckets
        return {name: cost.use(self._target.to_seconds) for name, cost in counted.items()}

    def _ask(self, aggregations: Query, *, listed: bool = True) -> Query:
        fields = self._target.fields
        where = [within(fields.timestamp, self._day, self._day + DAY), *self._target.accesses]
        without = [self._target.addresses(each) for each in self._without(listed=listed)]
        return self._search.ask(self._target.index, where, aggregations, without).aggregations

    def _without(self, *, listed: bool) -> Iterator[Endpoint]:
        yield from self._target.named
        if listed:
            yield from self._many.values()

    def _costs(self) -> Query:
        fields = self._target.fields
        return {
            "errors": {"filter": {"range": {fields.status: {"gte": 500}}}},
            "duration": {"sum": {"field": fields.duration}},
        }
