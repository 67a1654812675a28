"""What the Coverage page says: how each cell stands, since when and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from metrics.review.coverage import Blind, Cell, Coverage, Signal, State
from metrics.review.coverage_ways import Way
from metrics.ui.words import both, counted, moment, number, span, t, title_of

__all__ = [
    "SIGNALS",
    "SIGNS",
    "STATES",
    "blind_time",
    "how_covered",
    "how_it_stands",
    "named",
    "plain",
    "way_named",
    "why",
]

# At the beginning, or after the parts that lack: within a sentence the words are the sentence's own.
MARK = re.compile(r"(^|^[^:]+: )(?:not collected|forbidden): ")
# A sign beside the shade: not everybody tells shades apart, and print has few of them.
SIGNS: Mapping[State, str] = {
    "failed": "✗", "never": "○", "stale": "◷", "partial": "◐", "collected": "✓", "not_applicable": "–",
}  # fmt: skip
STATES: Mapping[State, str] = {
    "failed": "failed", "never": "never collected", "stale": "stale", "partial": "partial",
    "collected": "collected", "not_applicable": "not applicable",
}  # fmt: skip
SIGNALS: Mapping[Signal, str] = {
    "traffic": "Traffic", "time": "Time", "errors": "Errors", "saturation": "Saturation",
}  # fmt: skip


def how_covered(seen: Coverage, zone: str) -> str:
    """One sentence: of how many needed indicators how many are there, and what the others lack."""
    needed = len(seen.cells) - seen.count("not_applicable")
    lacks = [
        t("{n} {state}", n=number(n), state=t(name))
        for state, name in STATES.items()
        if state not in ("collected", "not_applicable") and (n := seen.count(state))
    ]
    said = t(
        "As of {moment}, **{k} of {n} needed indicators** are collected as a whole",
        moment=moment(seen.window.end, zone),
        k=number(seen.count("collected")),
        n=number(needed),
    )
    hidden = {incident.id for cell in seen.holes for incident in cell.missed}
    end = counted("The holes hid a part of {n} incident.", "The holes hid a part of {n} incidents.", len(hidden))
    return f"{said}{t('; {lacks}.', lacks=both(lacks)) if lacks else '.'} {end if hidden else ''}".rstrip()


def how_it_stands(cell: Cell, zone: str, now: datetime) -> str:
    """The state, and since when: `stale since Mon 16 Nov, 10:40`."""
    said = t(STATES[cell.state])
    if cell.state == "partial" and cell.since is not None and cell.until is not None:
        return t(
            "partial: {length} missing from {moment}",
            length=span(cell.until - cell.since),
            moment=moment(cell.since, zone, now),
        )
    if cell.since is None:
        return said
    return t("{state} since {moment}", state=said, moment=moment(cell.since, zone, now))


def why(cell: Cell) -> str:
    """The source's own words, or what is known without them."""
    if cell.detail:
        reason = plain(cell.detail)
        return t("refused: {reason}", reason=reason) if cell.is_refused else reason
    return {
        "never": t("no source was ever asked for it"),
        "stale": t("nothing came since"),
    }.get(cell.state, "")


def plain(detail: str) -> str:
    """A source's words without its mark for which kind of hole it is: the state tells that."""
    return MARK.sub(r"\1", detail)


def blind_time(blind: Blind, zone: str, now: datetime, *, told: str = "") -> str:
    """From when to when, with the part where only that one lacked, and why unless that is told already."""
    said = t(
        "{start} to {end} ({length})",
        start=moment(blind.start, zone, now),
        end=moment(blind.end, zone, now),
        length=span(blind.end - blind.start),
    )
    named = t("part {part}: {said}", part=blind.part, said=said) if blind.part else said
    reason = "" if blind.detail in told else plain(blind.detail)
    return t("{said}: {reason}", said=named, reason=reason) if reason else named


def named(cell: Cell) -> str:
    return f"{cell.component.title} · {title_of(cell.indicator)}"


def way_named(way: Way) -> str:
    """A source as the list of them names it: those of tomoni.yaml by their own name."""
    if way.kind == "files":
        return t("a file (CSV, Parquet)")
    return str(way.name) if way.is_configured else t("{kind} (not configured yet)", kind=way.kind)
