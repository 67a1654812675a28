"""What moved: at most seven items of the trend alerts, each with whom it is suspected to come from."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from metrics import catalog
from metrics.meeting.blame import PLAUSIBLE
from metrics.meeting.doing import Doing, doing
from metrics.meeting.drawn import as_told
from metrics.meeting.sections.capacity import deadline, limits
from metrics.meeting.setting import Setting
from metrics.review.items import Item
from metrics.review.lines import address_of
from metrics.review.minutes import Section, Topic
from metrics.review.suspects.trouble import trouble_of, worst_of
from metrics.review.suspects.words import KIND_NAMES
from metrics.trends.drill import suspects
from metrics.trends.scene import scene
from metrics.ui.finding_words import NEWS, item_sentence, sentence
from metrics.ui.words import t

__all__ = ["section"]

REASONS = 3


def section(setting: Setting) -> Section:
    """The items of the last pass of the review's window, what matters most first."""
    found = setting.agenda
    if found.as_of is None:
        nothing = t("Not looked for yet: trend alerts need two weeks of data.")
        return Section("moved", nothing=nothing)
    if not found.items:
        return Section("moved", more=len(found.rest), nothing=t("A quiet time: nothing moved that is worth a look."))
    addresses = [_address(item) for item in found.items]
    figures = setting.figures(addresses)
    drawn = setting.curves(addresses, setting.before)
    done = doing(setting)
    topics = tuple(
        as_told(
            setting,
            item.lead,
            Topic(
                subject=f"finding/{item.id}",
                section="moved",
                sentence=_sentence(setting, item),
                owners=item.owners,
                tag=t(NEWS[item.news]),
                detail=(*_acted(done, item), *_others(setting, item)),
                reasons=_reasons(setting, item),
                figures=(figures[address],) if address in figures else (),
                curve=drawn.get(address, ()),
                started=item.since,
                page="spikes",
                query={"service": setting.service.name, "item": item.id},
            ),
        )
        for item, address in zip(found.items, addresses, strict=True)
    )
    return Section("moved", topics, more=len(found.rest))


def _sentence(setting: Setting, item: Item) -> str:
    """With the day on which it has to be decided about, since that is why it is talked about now."""
    told = item_sentence(item, catalog.load().indicators, setting.service.time_zone)
    until = deadline(setting, item.findings)
    return t("{told}; {until}", told=told, until=until) if until else told


def _address(item: Item) -> str:
    return address_of(item.lead.component, item.lead.part, item.lead.indicator)


def _acted(done: Doing, item: Item) -> tuple[str, ...]:
    """What is done about what leads it, or about any of its findings by name."""
    lead = item.lead
    same = [each for each in item.findings if (each.component, each.part) == (lead.component, lead.part)]
    lines = {address_of(each.component, each.part, each.indicator) for each in same}
    return done.about(lines, {f"finding/{each.id}" for each in item.findings})


def _others(setting: Setting, item: Item) -> tuple[str, ...]:
    """Until when each limit has to be decided about, and what else belongs to it and is not gone."""
    tell = partial(sentence, indicators=catalog.load().indicators, zone=setting.service.time_zone)
    decide = limits(setting, item.findings)
    others = [
        each for each in item.findings[1:6] if each.id not in decide and (item.news == "over" or not each.gone_at)
    ]
    return (*(told for each in decide.values() for told in each), *(tell(each) for each in others))


def _reasons(setting: Setting, item: Item) -> tuple[str, ...]:
    """The suspects by name, likeliest first."""
    as_of = min(item.lead.last_seen + timedelta(minutes=1), setting.window.end)
    known = scene(setting.db, setting.service, setting.lines, trouble_of(item, as_of), setting.happened)
    found = suspects(setting.db, setting.service, setting.lines, known, worst_of(item, as_of))
    likely = [each for each in found.suspects if each.score >= PLAUSIBLE][:REASONS]
    return tuple(f"{t(KIND_NAMES[each.kind])}: {each.title}" for each in likely)
