"""What a review looks at: the findings as they stood, merged, ranked and told, at most seven before the fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from metrics import catalog
from metrics.model import Finding, Service, Window
from metrics.review.items import Context, Item, items
from metrics.review.lines import Line, figure
from metrics.review.ranking import AGENDA, severity
from metrics.review.reading import SIDES, Reading, threshold_of
from metrics.review.suspects.trouble import trouble_of, worst_of
from metrics.store import findings as kept
from metrics.store import read
from metrics.trends.drill import suspects
from metrics.trends.scene import scene
from metrics.ui.finding_words import sentence

__all__ = ["LIKELY", "Agenda", "agenda", "agenda_with_finding", "judged"]

# Whoever is named in a sentence must be likelier than not; the drill-down has the others.
LIKELY = 0.5
# How long a review looks back where no earlier one says since when.
USUAL = timedelta(weeks=1)


@dataclass(frozen=True, slots=True, eq=False)
class Agenda:
    """What moved, what matters most first. `as_of` is the pass it comes from; None where none was made yet."""

    as_of: datetime | None
    items: tuple[Item, ...]
    """At most seven."""
    rest: tuple[Item, ...]
    """Below the fold, with what is over."""

    @property
    def every(self) -> tuple[Item, ...]:
        return (*self.items, *self.rest)

    def seen_by(self, side: str, service: Service) -> Agenda:
        """What one side's teams own, and what nobody does; any other name leaves all of it."""
        if side not in SIDES:
            return self
        theirs = {team.name for team in service.teams if team.perspective == side}
        mine = [not item.owners or bool(theirs & set(item.owners)) for item in self.every]
        shown = [item for item, is_mine in zip(self.every, mine, strict=True) if is_mine]
        leading = [item for item in shown if item in self.items]
        return replace(self, items=tuple(leading), rest=tuple(item for item in shown if item not in leading))

    def item(self, name: str) -> Item | None:
        """The item of this id, or the one that a finding of this id belongs to."""
        return next((each for each in self.every if any(f.id == name for f in each.findings)), None)


def agenda(
    db: read.Reader, service: Service, lines: Sequence[Line], until: datetime, last_review: datetime | None = None
) -> Agenda:
    """The agenda of a review that looks at the time up to `until`. What is over since long is not told."""
    made = [moment for moment in kept.passes(db, service.name) if moment <= until]
    if not made:
        return Agenda(None, (), ())
    as_of = made[-1]
    found = [each.finding for each in kept.known(db, service.name, as_of)]
    every = items(found, _context(db, service, lines, found, as_of, last_review or as_of - USUAL))
    worth = _worth_a_look(every)
    return Agenda(as_of, worth, tuple(item for item in every if item not in worth))


def agenda_with_finding(db: read.Reader, service: Service, lines: Sequence[Line], finding: str) -> Agenda | None:
    """The last one that told of this finding, which may be over and forgotten by now."""
    told = kept.history(db, service.name, finding)
    return agenda(db, service, lines, told[-1][0]) if told else None


def judged(
    db: read.Reader,
    service: Service,
    lines: Sequence[Line],
    found: Sequence[Finding],
    as_of: datetime,
    *,
    with_suspects: bool,
) -> tuple[kept.Judged, ...]:
    """Each finding with the severity of the item it belongs to and its sentence.

    With suspects, the leading finding of each item that is worth a look names the likeliest in its evidence.
    """
    indicators = catalog.load().indicators
    every = items(found, _context(db, service, lines, found, as_of, as_of - USUAL))
    if with_suspects:
        worth = _worth_a_look(every)
        every = tuple(_suspected(db, service, lines, item, as_of) if item in worth else item for item in every)
    return tuple(
        kept.Judged(finding, severity(item.score), sentence(finding, indicators, service.time_zone))
        for item in every
        for finding in item.findings
    )


def _worth_a_look(every: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(item for item in every if item.news != "over" and severity(item.score) != "low")[:AGENDA]


def _suspected(db: read.Reader, service: Service, lines: Sequence[Line], item: Item, as_of: datetime) -> Item:
    """The item, its leading finding with whom it is suspected to come from."""
    known = scene(db, service, lines, trouble_of(item, as_of))
    first = suspects(db, service, lines, known, worst_of(item, as_of)).first
    if first is None or first.score < LIKELY:
        return item
    lag = next((reason.values["lag_s"] for reason in first.reasons if "lag_s" in reason.values), None)
    named = {"suspect": first.title, "suspect_kind": first.kind, "suspect_lag_s": lag}
    told = {name: value for name, value in named.items() if isinstance(value, str | float)}
    lead = replace(item.lead, evidence={**item.lead.evidence, **told})
    return replace(item, findings=(lead, *item.findings[1:]))


def _context(
    db: read.Reader,
    service: Service,
    lines: Sequence[Line],
    found: Sequence[Finding],
    as_of: datetime,
    last_review: datetime,
) -> Context:
    then = {each.finding.id: each.finding for each in kept.known(db, service.name, last_review)}
    wanted = {(finding.component, finding.part, finding.indicator) for finding in found}
    mine = [line for line in lines if (line.component, line.part, line.indicator.name) in wanted]
    return Context(
        service=service,
        indicators=catalog.load().indicators,
        as_of=as_of,
        last_review=last_review,
        then={name: finding for name, finding in then.items() if finding.gone_at is None},
        headroom=_headroom(db, service, mine, as_of),
    )


def _headroom(db: read.Reader, service: Service, lines: Sequence[Line], as_of: datetime) -> dict[str, float]:
    """How near each line came to its threshold in the last week."""
    ids = sorted({number for line in lines for number in line.reads})
    if not ids:
        return {}
    rows = read.period(db, Window(as_of - USUAL, as_of), ids).to_dict("records")
    figures = {int(row["series_id"]): row for row in rows}
    readings = (Reading(line, figure(line, figures), None, threshold_of(line, service)) for line in lines)
    return {each.line.address: each.headroom for each in readings if each.headroom is not None}
