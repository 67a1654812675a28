"""Endpoints: the many addresses that are one thing to a person, as `/jobs/1` and `/jobs/2?from=mail` are `/jobs/:id`.

Each endpoint is a regular expression that the server matches with whole addresses. A folded endpoint's expression and
`folded` agree on every address because both are made of the same text, in the grammar that Python and Lucene share.
So an endpoint can be counted without a list of its addresses, and no address is counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["LONGEST_NAME", "OTHER", "Endpoint", "explicit", "folded", "from_folded"]

OTHER: Final = "other"
"""The part that holds every request whose endpoint is not kept by name."""

LONGEST_NAME: Final = 200
# index.max_regex_length of both servers is 1,000 by default.
_LONGEST_REGEXP: Final = 1_000

# A dash in brackets is escaped: before the closing one, Lucene takes it for a range.
_ID_FORMS: Final = (
    "-?[0-9]+",
    r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?(T[0-9:.+Z\-]*)?",  # 2026-06, 2026-06-01, 2026-06-01T09:00:00Z
    "[0-9a-fA-F]{8,}",
    # Tokens: a long word seldom has a digit so far from its end.
    r"[A-Za-z_\-]*[0-9][A-Za-z0-9_\-]{15,}",
    r"[A-Za-z]{7,}[0-9][A-Za-z0-9_\-]{8,}",
    r"[A-Za-z0-9_=\-]{32,}",  # a UUID, a long token, a title made into an address
)
_ID: Final = f"({'|'.join(_ID_FORMS)})"
_IS_ID: Final = re.compile(_ID)
_ANY_SEGMENT: Final = "[^/?#;]+"
_ANY_REST: Final = "[^?#;]*"
# An address goes on with slashes, a query, a fragment or a session that tell nothing of the endpoint.
_REST: Final = "/*([?#;].*)?"
_CUT: Final = re.compile("[?#;]")
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_%,:=")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint by the name people see."""

    name: str
    regexp: str
    """What whole addresses of it match."""
    but: tuple[str, ...] = ()
    """What they must not match, since it is an endpoint that goes before."""

    @property
    def can_be_asked(self) -> bool:
        """Whether it is an address of ours, and short enough for a person and for the server."""
        return self.name.startswith("/") and len(self.name) <= LONGEST_NAME and len(self.regexp) <= _LONGEST_REGEXP


def folded(address: str) -> str:
    """The endpoint's name when nobody named it: no query, no slash at the end, `:id` for what differs each time."""
    path = _CUT.split(address, maxsplit=1)[0].rstrip("/")
    return "/".join(":id" if _IS_ID.fullmatch(segment) else segment for segment in path.split("/")) or "/"


def from_folded(name: str, named: Iterable[Endpoint] = ()) -> Endpoint:
    """The endpoint that `folded` gave this name, but for what somebody has named otherwise."""
    segments = [_ID if segment == ":id" else _escaped(segment) for segment in _segments(name)]
    but = tuple(other.regexp for other in named if _may_overlap(name, other.name))
    return Endpoint(name, "/".join(segments) + _REST, but)


def explicit(patterns: Iterable[str]) -> tuple[Endpoint, ...]:
    """Endpoints as somebody named them: `:name` is any segment, a last `*` any rest. The first that fits counts."""
    found: list[Endpoint] = []
    for pattern in patterns:
        regexp = "/".join(_named_segments(pattern)) + _REST
        but = tuple(other.regexp for other in found if _may_overlap(pattern, other.name))
        found.append(Endpoint(pattern, regexp, but))
    return tuple(found)


def _named_segments(pattern: str) -> Iterator[str]:
    for segment in _segments(pattern):
        if segment == "*":
            yield _ANY_REST
        else:
            yield _ANY_SEGMENT if segment.startswith(":") else _escaped(segment)


def _segments(name: str) -> list[str]:
    return name.rstrip("/").split("/")


def _may_overlap(one: str, other: str) -> bool:
    """Whether an address may belong to both; only a cheap look, since a needless exclusion changes nothing."""
    ours, theirs = _segments(one), _segments(other)
    if "*" not in (ours[-1], theirs[-1]) and len(ours) != len(theirs):
        return False
    return all(a == b or a[:1] in (":", "*") or b[:1] in (":", "*") for a, b in zip(ours, theirs, strict=False))


def _escaped(segment: str) -> str:
    """As both grammars take it for itself: Lucene's also has `@ & ~ < > # "` as operators."""
    return "".join(char if char in _PLAIN or not char.isascii() else f"\\{char}" for char in segment)
