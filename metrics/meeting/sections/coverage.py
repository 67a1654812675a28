"""Coverage: holes that are new, that hid an incident, or of which nobody has said anything. Grey, and never green."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.meeting.covered import covered
from metrics.meeting.setting import Setting
from metrics.review.coverage import Cell, declared
from metrics.review.minutes import Section, Topic
from metrics.store import entries
from metrics.ui.coverage_words import STATES, how_it_stands, named, why
from metrics.ui.words import counted, moment, t, title_of

__all__ = ["section"]

# Four minutes are for so many; the Coverage page has the others.
SHOWN = 6
TOLD = 5


def section(setting: Setting) -> Section:
    """With most incidents unseen first. Indicators that lack for one reason are one topic."""
    as_of, name = setting.window.end, setting.service.name
    words = [word for word in entries.latest(setting.db, "hole", name) if word.at <= max(setting.now, as_of)]
    seen = declared(covered(setting.db, setting.service, setting.lines, as_of), words)
    holes = seen.holes
    if not holes:
        nothing = t("Everything that is needed is collected.") if seen.cells else t("No component is described yet.")
        return Section("coverage", nothing=nothing)
    spoken = _spoken_of(setting)
    told = _together([cell for cell in holes if _is_told(setting, cell, spoken)])
    topics = tuple(_topic(setting, cells) for cells in told[:SHOWN])
    left = len(holes) - sum(len(cells) for cells in told[:SHOWN])
    return Section("coverage", topics, more=left, nothing="" if topics else t("No new hole, and none hid anything."))


def _is_told(setting: Setting, cell: Cell, spoken: frozenset[str]) -> bool:
    """New in this time, or what it hid is a reason to close it, or it waits for a first word."""
    is_new = cell.since is not None and cell.since >= setting.window.start
    return is_new or bool(cell.missed) or _subject(cell) not in spoken


def _spoken_of(setting: Setting) -> frozenset[str]:
    """The holes of which a review said something, or that an action is about."""
    db, name = setting.db, setting.service.name
    decided = {word.subject.partition("/")[2] for word in entries.latest(db, "disposition", name)}
    acted = {(word.said or {}).get("why") or "" for word in entries.latest(db, "action", name)}
    return frozenset(each for each in decided | acted if each.startswith("hole/"))


def _subject(cell: Cell) -> str:
    return "/".join(("hole", *cell.key))


def _together(cells: Sequence[Cell]) -> list[list[Cell]]:
    found: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.component.name, cell.state, cell.since, cell.detail), []).append(cell)
    return list(found.values())


def _topic(setting: Setting, cells: Sequence[Cell]) -> Topic:
    lead, component = cells[0], cells[0].component
    reason = why(lead)
    stands = how_it_stands(lead, setting.service.time_zone, setting.now)
    others = counted(" and {n} more indicator", " and {n} more indicators", len(cells) - 1) if cells[1:] else ""
    return Topic(
        subject=_subject(lead),
        section="coverage",
        sentence=f"{named(lead)}{others}: {stands}" + (f" ({reason})" if reason else ""),
        owners=(component.owner,) if component.owner else (),
        tag=t(STATES[lead.state]),
        detail=tuple(_detail(setting, cells)),
        started=lead.since,
        page="coverage",
        query={
            "service": setting.service.name,
            "component": component.name,
            "indicator": lead.indicator.name,
        },
    )


def _detail(setting: Setting, cells: Sequence[Cell]) -> list[str]:
    """What else lacks with it, and the incidents that it would have shown."""
    told = [t("Also: {names}.", names=", ".join(title_of(cell.indicator) for cell in cells[1:]))] if cells[1:] else []
    missed = {incident.id: incident for cell in cells for incident in cell.missed}
    newest = sorted(missed.values(), key=lambda each: each.start, reverse=True)
    told += [
        t(
            "It would have shown: {title}, {moment}.",
            title=each.title,
            moment=moment(each.start, setting.service.time_zone, setting.now),
        )
        for each in newest[:TOLD]
    ]
    if len(newest) > TOLD:
        told.append(counted("And {n} more incident.", "And {n} more incidents.", len(newest) - TOLD))
    return told
