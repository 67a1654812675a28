"""Suspects, lines and times on the Spikes page, put into words."""

from __future__ import annotations

from datetime import datetime

from metrics.model import Window
from metrics.review.lines import Line
from metrics.review.moved import Moved
from metrics.review.suspects.suspect import Suspect
from metrics.review.suspects.words import KIND_NAMES
from metrics.ui.delivery_words import escaped
from metrics.ui.happened import linked
from metrics.ui.words import change, clock, moment, quantity, t, title_of

__all__ = ["change_of", "name_of", "suspect_name", "when"]


def suspect_name(suspect: Suspect) -> str:
    """What it is and what it is called, as a link where its source has a page for it."""
    place = suspect.component or ""
    # A deployment's title says whose it is.
    place = "" if suspect.title.startswith(place) else place
    name = " ".join(each for each in (escaped(place), f"**{escaped(suspect.title)}**") if each)
    return f"{t(KIND_NAMES[suspect.kind])} · {linked(name, suspect.url)}"


def when(window: Window, zone: str, now: datetime) -> str:
    """From when to when, and how long: `Tue 24 Nov, 16:55 – 18:04 (69.1 min)`."""
    same_day = moment(window.start, zone)[:10] == moment(window.end, zone)[:10]
    until = clock(window.end, zone) if same_day else moment(window.end, zone, now)
    return t(
        "{since} – {until} ({length})",
        since=moment(window.start, zone, now),
        until=until,
        length=quantity(window.duration.total_seconds(), "s"),
    )


def name_of(line: Line) -> str:
    """Whose line, then what it measures."""
    place = line.component if line.part is None else f"{line.component} {line.part}"
    return f"{place} · {title_of(line.indicator)}"


def change_of(moved: Moved) -> str:
    return change(moved.now - moved.before, moved.before, moved.line.indicator.unit)
