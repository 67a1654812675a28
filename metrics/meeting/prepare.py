"""Preparing a review from the data: its headline figures and every section of its agenda, in one state of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from metrics import catalog
from metrics.config import Config
from metrics.meeting.sections import alerts, capacity, causes, coverage, moved
from metrics.meeting.setting import Setting
from metrics.model import Service, Window
from metrics.review import reading
from metrics.review.headline import headline
from metrics.review.minutes import SECTIONS, Figure, Review, Section, SectionName
from metrics.store import Store, read
from metrics.trends.reading import watched

__all__ = ["prepare", "review_id"]

# Steps of a line that is as small as a word.
SPARK = 60
_FROM_DATA: Mapping[SectionName, Callable[[Setting], Section]] = {
    "moved": moved.section,
    "causes": causes.section,
    "alerts": alerts.section,
    "capacity": capacity.section,
    "coverage": coverage.section,
}


def review_id(until: datetime, zone: str) -> str:
    """The day on which a review that looks up to then is held, by the service's clock."""
    return f"{until.astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def prepare(store: Store, config: Config, service: Service, window: Window, now: datetime) -> Review:
    """The review of a window as the data tells it: nobody has said anything of it yet."""
    kinds = {source.name: source.kind for source in config.sources}
    with store.read() as db:
        lines = watched(db, service.name, kinds)
        setting = Setting(db, service, lines, window, now, review_id(window.end, service.time_zone))
        made = {name: make(setting) for name, make in _FROM_DATA.items()}
        figures = _headline(setting)
    return Review(
        id=setting.review,
        service=service.name,
        title=service.title,
        zone=service.time_zone,
        since=window.start,
        until=window.end,
        prepared_at=now,
        headline=figures,
        sections=tuple(made.get(name, Section(name)) for name in SECTIONS),
        teams={team.name: team.title for team in service.teams},
    )


def _headline(setting: Setting) -> tuple[Figure, ...]:
    """What both teams follow, as Home shows it."""
    ids = sorted({number for line in setting.lines for number in line.reads})
    now, before = (read.period(setting.db, window, ids) for window in (setting.window, setting.period.previous))
    none = read.buckets(setting.db, [], setting.window, setting.period.step(1), setting.service.time_zone)
    readings = reading.read(setting.lines, setting.service, now, before, none)
    leading = headline(readings, setting.service, catalog.load().indicators)
    addresses = [line.address for line in leading]
    found = setting.figures(addresses)
    drawn = setting.curves(addresses, Window(setting.period.previous.start, setting.window.end), SPARK)
    return tuple(replace(found[each], curve=drawn.get(each, ())) for each in addresses if each in found)
