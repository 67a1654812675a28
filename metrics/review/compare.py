"""Two reviews side by side: what both teams follow, and which topics stayed, are new or are gone."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.model import Unit
from metrics.review.minutes import Decision, Review, Topic

__all__ = ["Compared", "Met", "Pair", "compared"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One line's figure in both; None where a review had no data of it, or did not show it."""

    address: str
    unit: Unit
    earlier: float | None
    later: float | None


@dataclass(frozen=True, slots=True)
class Met:
    """A topic as the later review has it, else the earlier, with what each decided."""

    topic: Topic
    earlier: Decision | None
    later: Decision | None


@dataclass(frozen=True, slots=True)
class Compared:
    headline: tuple[Pair, ...]
    stayed: tuple[Met, ...]
    new: tuple[Met, ...]
    gone: tuple[Met, ...]


def compared(earlier: Review, later: Review) -> Compared:
    """The later review beside the earlier one, in the later one's order. A topic is the same by its subject."""
    met = tuple(_met(topic, earlier, later) for topic in later.topics)
    known, still = ({topic.subject for topic in review.topics} for review in (earlier, later))
    return Compared(
        headline=_headline(earlier, later),
        stayed=tuple(each for each in met if each.topic.subject in known),
        new=tuple(each for each in met if each.topic.subject not in known),
        gone=tuple(_met(topic, earlier, later) for topic in earlier.topics if topic.subject not in still),
    )


def _met(topic: Topic, earlier: Review, later: Review) -> Met:
    return Met(topic, earlier.decision(topic.subject), later.decision(topic.subject))


def _headline(earlier: Review, later: Review) -> tuple[Pair, ...]:
    then, now = ({figure.address: figure for figure in review.headline} for review in (earlier, later))
    return tuple(
        Pair(
            address,
            figure.unit,
            then[address].value if address in then else None,
            now[address].value if address in now else None,
        )
        for address, figure in {**now, **{each: then[each] for each in then if each not in now}}.items()
    )
