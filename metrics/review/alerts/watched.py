"""Which line a rule watches, as its name or the source's metric tells: `aurora-cpu-high` watches the CPU.

Limitations: a name that says nothing of what it measures (`health`) leads to no line, and is told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from metrics.model import Indicator
from metrics.review.lines import Line

__all__ = ["candidates", "worst"]

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+[a-zA-Z]+|[0-9]+")


def candidates(component: str, rule: str, metric: str | None, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The component's lines of the one indicator whose name is in the rule's; of several the longest name counts."""
    said = (_words(rule) | _words(metric or "")) - _words(component)
    mine = [line for line in lines if line.component == component]
    scores = {line.indicator.name: _score(line.indicator, said) for line in mine}
    best = max(scores.values(), default=0)
    if not best:
        return ()
    name = next(each for each, score in scores.items() if score == best)
    found = [line for line in mine if line.indicator.name == name]
    named = [line for line in found if line.part is None or _words(line.part) & said]
    return tuple(named or found)


def worst(found: Sequence[Line], means: Mapping[int, float]) -> Line | None:
    """Of several parts the one that stood worst: that is the one that fires."""
    known = [line for line in found if line.ids[0] in means] or list(found)
    sign = -1.0 if known and known[0].indicator.better == "higher" else 1.0
    return max(known, key=lambda line: sign * means.get(line.ids[0], 0.0), default=None)


def _score(indicator: Indicator, said: set[str]) -> int:
    """Of how many words the longest of its names is that the rule says in full."""
    names: Iterable[str] = (indicator.name, *indicator.aliases)
    return max((len(words) for words in map(_words, names) if words and words <= said), default=0)


def _words(text: str) -> set[str]:
    """In lower case and singular, so that `ErrorLogs` and `error-log` are the same."""
    found = {word.lower() for word in _WORDS.findall(text)}
    return {word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word for word in found}
