"""Two reviews side by side as a document: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from metrics.meeting.documents import set_markdown
from metrics.meeting.paper import Tile, tile
from metrics.meeting.told import decision_sentence
from metrics.review.compare import Met, compared
from metrics.review.minutes import Decision, Figure, Review
from metrics.ui.words import t

__all__ = ["beside", "beside_json"]


@dataclass(frozen=True, slots=True)
class _Topic:
    sentence: str
    decisions: tuple[tuple[str, str], ...]
    """The day of each review that had it, with what it decided."""


@dataclass(frozen=True, slots=True)
class _Paper:
    title: str
    names: tuple[str, str, str, str]
    figures: tuple[Tile, ...]
    groups: tuple[tuple[str, tuple[_Topic, ...]], ...]
    none: str


def beside(earlier: Review, later: Review) -> str:
    """What both teams follow in each, and the topics that stayed, are new or are gone, with both decisions."""
    found = compared(earlier, later)
    return set_markdown(
        "compared.md.j2",
        _Paper(
            title=t("{service}: {later} beside {earlier}", service=later.title, later=later.id, earlier=earlier.id),
            names=(t("Figure"), earlier.id, later.id, t("Change")),
            figures=tuple(
                tile(Figure(each.address, each.unit, later.since, later.until, each.later, each.earlier))
                for each in found.headline
            ),
            groups=(
                (t("Stayed"), _topics(found.stayed, earlier, later)),
                (t("New"), _topics(found.new, None, later)),
                (t("Gone"), _topics(found.gone, earlier, None)),
            ),
            none=t("None."),
        ),
    )


def beside_json(earlier: Review, later: Review) -> str:
    """The same as numbers and names."""
    told = {"earlier": earlier.id, "later": later.id, **asdict(compared(earlier, later))}
    return json.dumps(told, ensure_ascii=False, indent=1, default=_written) + "\n"


def _topics(met: Sequence[Met], earlier: Review | None, later: Review | None) -> tuple[_Topic, ...]:
    return tuple(
        _Topic(
            each.topic.sentence,
            tuple(
                (review.id, _said(decision, review))
                for review, decision in ((earlier, each.earlier), (later, each.later))
                if review is not None
            ),
        )
        for each in met
    )


def _said(decision: Decision | None, review: Review) -> str:
    return decision_sentence(decision, review.zone) if decision else t("nothing was decided")


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
