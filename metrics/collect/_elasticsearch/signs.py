"""Signs of life: does the server answer, and are the indexes and fields there, of a kind that can be counted?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel

from metrics.collect import Sign
from metrics.collect._elasticsearch.refusal import NotAnsweredError, no_index
from metrics.collect._elasticsearch.search import Search, parsed, read
from metrics.collect._elasticsearch.target import Query, Target

__all__ = ["signs"]

_TEXT: Final = frozenset({"text", "match_only_text", "annotated_text"})
_TIMES: Final = frozenset({"date", "date_nanos"})
_WORDS: Final = frozenset({"keyword", "constant_keyword", "wildcard", "flattened"})
_NUMBERS: Final = frozenset(
    {"long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long"}
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A field of the log, and what it has to be."""

    what: str
    name: str
    kinds: frozenset[str]
    called: str


class _Fields(BaseModel):
    indices: list[str] | str = []
    fields: Mapping[str, Mapping[str, object]] = {}

    @property
    def number_of_indices(self) -> int:
        return 1 if isinstance(self.indices, str) else len(self.indices)

    def kinds(self, name: str) -> set[str]:
        """What the field is in the indexes that have it."""
        return set(self.fields.get(name, {})) - {"unmapped"}


class _Newest(BaseModel):
    value: float | None = None


def signs(search: Search, targets: Sequence[Target], top: int) -> Iterator[Sign]:
    """Raises SourceError when the login is refused, httpx.TransportError when nobody answers."""
    if not targets:
        yield Sign("note", "no component uses it: add `use: elasticsearch` and `index` to one in a service's file")
    found = [sign for target in targets for sign in _of_target(search, target)]
    if any(sign.state == "fine" for sign in found) or not targets:
        yield Sign("fine", _reached(search, targets, top))
    yield from found


def _reached(search: Search, targets: Sequence[Target], top: int) -> str:
    if not targets:
        reply = search.http.get(f"{search.base_url}/", headers=search.headers, follow_redirects=False)
        return f"{search.base_url} answers {reply.status_code}"
    names = ", ".join(target.component for target in targets)
    return f"{search.base_url} answers for {names}; at most {top} endpoints a day have names"


def _of_target(search: Search, target: Target) -> Iterator[Sign]:
    fields = target.fields
    time = _Wanted("timestamp", fields.timestamp, _TIMES, "a date")
    others = (
        _Wanted("path", fields.path, _WORDS, "a keyword"),
        _Wanted("status", fields.status, _NUMBERS | _WORDS, "a number"),
        _Wanted("duration", fields.duration, _NUMBERS, "a number"),
    )
    yield from _of_index(search, target, target.index, (time, *others), target.accesses)
    if target.error_index:
        yield from _of_index(search, target, target.error_index, (time,), target.errors)


def _of_index(
    search: Search, target: Target, index: str, wanted: Sequence[_Wanted], where: list[Query]
) -> Iterator[Sign]:
    about = f"{target.component}, {index}"
    names = [name for each in wanted for name in (each.name, _keyword(each.name))]
    try:
        known = read(_Fields, search.fields(index, names))
        if not known.number_of_indices:
            yield Sign("wrong", no_index(index), about)
            return
        faults = [fault for each in wanted if (fault := _fault(known, each))]
        yield from (Sign("wrong", fault, about) for fault in faults)
        if not faults:
            yield _newest(search, target, index, where, known.number_of_indices, about)
    except NotAnsweredError as refused:
        yield Sign("wrong", refused.detail, about)


def _fault(known: _Fields, wanted: _Wanted) -> str:
    """What is wrong with a field; empty when nothing is."""
    name, found = wanted.name, known.kinds(wanted.name)
    if not found:
        return f"there is no field `{name}`: write what it is called under `fields`"
    if found & _TEXT:
        instead = _keyword(name) if known.kinds(_keyword(name)) else "a keyword"
        return f"field `{name}` is text, which can't be counted: name {instead} under `fields`"
    if wrong := found - wanted.kinds:
        return f"field `{name}` is {min(wrong)}: the {wanted.what} has to be {wanted.called}"
    return ""


def _keyword(name: str) -> str:
    """What it is called where the index was mapped automatically."""
    return f"{name}.keyword"


def _newest(search: Search, target: Target, index: str, where: list[Query], indices: int, about: str) -> Sign:
    newest: Query = {"newest": {"max": {"field": target.fields.timestamp}}}
    answer = search.ask(index, where, newest)
    latest = parsed(_Newest, answer.aggregations, "newest").value
    inside = f"{indices:,} {'index' if indices == 1 else 'indexes'}"
    if not answer.documents or latest is None:
        picked = "`error_filter`" if index == target.error_index else "`filter`"
        return Sign("note", f"{inside}, and no document that {picked} lets through: is it right?", about)
    at = datetime.fromtimestamp(latest / 1_000, UTC)
    documents = f"{answer.documents:,} document{'' if answer.documents == 1 else 's'}"
    return Sign("fine", f"{documents} in {inside}, the newest of {at:%Y-%m-%d %H:%MZ}", about)
