"""Which alarms are meant: names in full, and patterns in which `*` stands for anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

__all__ = ["Names", "is_pattern", "matches"]


def is_pattern(name: str) -> bool:
    return "*" in name


def matches(pattern: str, name: str) -> bool:
    """Only `*` has a meaning: alarms may be called `web [5xx]?`."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


@dataclass(frozen=True)
class Names:
    """The names of all targets."""

    all: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        return cls(tuple(dict.fromkeys(names)))

    @cached_property
    def full(self) -> tuple[str, ...]:
        return tuple(name for name in self.all if not is_pattern(name))

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        return tuple(name for name in self.all if is_pattern(name))

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """What the patterns begin with, without those that another one covers."""
        found = sorted({pattern.partition("*")[0] for pattern in self.patterns})
        return tuple(each for each in found if not any(each != other and each.startswith(other) for other in found))

    def match(self, name: str) -> bool:
        return name in self.full or any(matches(pattern, name) for pattern in self.patterns)
