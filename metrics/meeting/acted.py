"""The two sections of an agenda that people's words make: what came of last time's, and new actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from metrics import catalog
from metrics.config import Config
from metrics.meeting.sections import actions as written
from metrics.meeting.sections import verdicts
from metrics.meeting.sections.promised import promised
from metrics.meeting.setting import Setting
from metrics.meeting.shelf import Shelf
from metrics.model import EntryKind, Service, Window
from metrics.review.actions import actions
from metrics.review.lines import lines
from metrics.review.minutes import SECTIONS, Review, Section, SectionName
from metrics.store import Store, entries, read

__all__ = ["with_actions"]

_KINDS: tuple[EntryKind, ...] = ("action", "verdict")


def with_actions(store: Store, config: Config, service: Service, review: Review, now: datetime) -> Review:
    """The review with both sections as they stand now; a closed one as it was frozen.

    What was said later than `now` is not known by then, so that a review of the past can be prepared.
    """
    if review.closed_at is not None or not store.exists():
        return review
    with store.read() as db:
        by = max(now, review.until)
        words = [word for word in entries.latest_of(db, _KINDS, service.name) if word.at <= by]
        every = actions(words)
        # Any line can be an action's indicator, and which there are is dear to ask where nobody has written one down.
        kinds = {source.name: source.kind for source in config.sources}
        known = lines(read.series(db, service.name), catalog.load().indicators, kinds) if every else ()
        setting = Setting(db, service, known, Window(review.since, review.until), now, review.id)
        promises = promised(Shelf(config.folder, service.name), review, every)
        made: dict[SectionName, Section] = {
            "verdicts": verdicts.section(setting, every, words, promises),
            "actions": written.section(setting, every),
        }
    return replace(review, sections=tuple(made.get(name) or review.section(name) for name in SECTIONS))
