"""The review in a line, for Home: the one that is open and how far it is, else the next one."""

from __future__ import annotations

from dataclasses import dataclass

from metrics.errors import StoreError
from metrics.meeting.told import period_name
from metrics.ui import address, review_agenda
from metrics.ui.frame import Frame
from metrics.ui.review_loading import Shelved, opened, shelved, window_of
from metrics.ui.words import day_range, t

__all__ = ["Way", "to_review"]


@dataclass(frozen=True, slots=True)
class Way:
    """A link to the Review page."""

    page: str
    label: str
    query: address.Query


def to_review(here: Frame) -> Way:
    """Nothing is prepared for it: what is not opened yet is a period only."""
    every = shelved(here)
    name = every.usual
    if name in every.opened:
        held = opened(here, every, name)
        counts = [review_agenda.said_of(held, section) for section in held.review.sections]
        label = t(
            "Review of {days} is open: {done} of {n} said",
            days=period_name(held.review),
            done=sum(done for done, _ in counts),
            n=sum(n for _, n in counts),
        )
    elif name in every.closed:
        label = t("The last review is closed; the next one begins with data of another day")
    else:
        label = _next(here, every, name)
    own = {"service": here.service.name} if address.asked("service") else {}
    return Way("pages/1_review.py", label, {**own, "review": name})


def _next(here: Frame, every: Shelved, name: str) -> str:
    try:
        return t("Next review: {days}", days=day_range(window_of(here, every, name), here.zone))
    except StoreError:
        # The page says it already: the last one, from which the next goes on, can't be read.
        return t("Next review")
