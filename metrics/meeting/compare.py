"""Whether data that came later tells other numbers than a closed review saw: was 3.1 %, now 3.4 %."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from metrics.model import Service, Window
from metrics.review.lines import Line, figure
from metrics.review.minutes import Figure, Review
from metrics.store import Store, read
from metrics.ui.words import quantity, t

__all__ = ["corrected", "correction_sentence"]


def corrected(store: Store, service: Service, lines: Sequence[Line], review: Review) -> dict[Figure, float | None]:
    """Each figure of the review that reads otherwise today, with what it is now. The frozen file never changes.

    A verdict's figures are left out: they were matched by weekday and demand, and are judged anew on Actions.
    """
    seen = dict.fromkeys(
        (*review.headline, *(each for topic in review.topics for each in _asked(topic.section, topic.figures)))
    )
    by_address = {line.address: line for line in lines if line.service == service.name}
    windows = dict.fromkeys((each.since, each.until) for each in seen)
    found: dict[Figure, float | None] = {}
    with store.read() as db:
        for window in windows:
            asked = [each for each in seen if (each.since, each.until) == window and each.address in by_address]
            found |= _now(db, window, asked, by_address)
    return {
        each: now
        for each, now in found.items()
        if quantity(now, each.unit) != quantity(each.value, each.unit)
        and not _is_younger(by_address[each.address], each, now)
    }


def _is_younger(line: Line, was: Figure, now: float | None) -> bool:
    """Whether the line is of another source that began after the time of the figure: it corrects nothing of it."""
    return now is None and line.first_ts >= was.until


def correction_sentence(was: Figure, now: float | None) -> str:
    """`was 3.1 %, now 3.4 %`."""
    none = t("no data")
    before = none if was.value is None else quantity(was.value, was.unit)
    return t("was {was}, now {now}", was=before, now=none if now is None else quantity(now, was.unit))


def _asked(section: str, figures: Sequence[Figure]) -> Sequence[Figure]:
    return () if section == "verdicts" else figures


def _now(
    db: read.Reader, window: tuple[datetime, datetime], asked: Sequence[Figure], by_address: dict[str, Line]
) -> dict[Figure, float | None]:
    ids = sorted({number for each in asked for number in by_address[each.address].reads})
    if not ids:
        return {}
    rows = {int(row["series_id"]): row for row in read.period(db, Window(*window), ids).to_dict("records")}
    return {each: figure(by_address[each.address], rows) for each in asked}
