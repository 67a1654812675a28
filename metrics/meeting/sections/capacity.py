"""Capacity: which limits must be decided about within 90 days, and which lines have little room left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from metrics import catalog
from metrics.meeting.doing import Doing, doing
from metrics.meeting.drawn import HOLDING, as_told, at_worst
from metrics.meeting.setting import Setting
from metrics.model import Component, Countermeasure, Finding
from metrics.review.lines import Line, address_of
from metrics.review.minutes import Figure, Section, Topic
from metrics.review.period import local_day
from metrics.review.reading import threshold_of
from metrics.ui.finding_words import line_name, sentence
from metrics.ui.words import day, day_range, number, quantity, span, t

__all__ = ["deadline", "limits", "section"]

HORIZON: Final = timedelta(days=90)
# What a review talks about in eight minutes; Explore has the others.
SHOWN = 8
# Of a threshold or a limit, what is left of it before it is told.
NEAR = 0.10
# A share of a limit, and what is counted beside it, run into it together.
MEASURES = (".utilization", ".count", ".usage", ".available")

_Key = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A limit that may be reached `early`. Of the lines that run into it together its share leads."""

    finding: Finding
    early: datetime
    component: Component | None
    beside: tuple[Finding, ...] = ()

    @property
    def quickest(self) -> Countermeasure | None:
        known = self.component.countermeasures if self.component else ()
        return min(known, key=lambda each: each.lead_time, default=None)

    @property
    def decide_by(self) -> datetime:
        """The last day on which the quickest countermeasure still comes in time."""
        return self.early - (self.quickest.lead_time if self.quickest else timedelta(0))


@dataclass(frozen=True, slots=True)
class _Near:
    """A line whose figure must not get beyond `at`, and how much room it has, as a share of it."""

    line: Line
    figure: Figure
    at: float
    room: float
    beside: tuple[_Near, ...] = ()

    @property
    def key(self) -> _Key:
        return _measure(self.line.component, self.line.part, self.line.indicator.name)


def section(setting: Setting) -> Section:
    """Decide-by dates first, the nearest leading, then lines near to where they must not be. None told as moved."""
    moved = {_key(item.lead) for item in setting.agenda.items}
    # A line that jumped for an hour may run into its limit all the same: only what tells of the limit is enough.
    told = {_key(finding) for item in setting.agenda.items for finding in item.findings if _is_forecast(finding)}
    every = _ahead(setting)
    ahead = [each for each in every if _key(each.finding) not in told]
    taken = moved | {_key(each.finding) for each in ahead}
    near = [each for each in _near(setting) if each.key not in taken]
    figures = setting.figures([_address(each.finding) for each in ahead[:SHOWN]])
    topics = (
        *(_dated(setting, each, figures) for each in ahead[:SHOWN]),
        *(_close(setting, each) for each in near[: max(SHOWN - len(ahead), 0)]),
    )
    if not topics:
        nothing = t("No limit is expected to be reached in 90 days, and no line has less than 10 % left up to one.")
        elsewhere = t("All limits in sight are among what moved.")
        return Section("capacity", nothing=elsewhere if every else nothing)
    done = doing(setting)
    return Section(
        "capacity", tuple(_acted(done, each) for each in topics), more=len(ahead) + len(near) - len(topics)
    )


def _acted(done: Doing, topic: Topic) -> Topic:
    """With what is done about it already."""
    acted = done.about({figure.address for figure in topic.figures}, {topic.subject})
    return replace(topic, detail=(*acted, *topic.detail))


def limits(setting: Setting, found: Sequence[Finding]) -> Mapping[str, tuple[str, ...]]:
    """By id of each forecast among them, until when somebody has to decide about its limit: each limit once.

    The first of them is told already; of it the ways to answer are told.
    """
    told: dict[str, tuple[str, ...]] = {}
    for each in _ahead(setting):
        same = {one.id: () for one in found if _is_forecast(one) and _key(one) == _key(each.finding)}
        told |= same
        if each.finding.id in same:
            is_told = each.finding.id == found[0].id
            what = "; ".join(_short_ways(each)) if is_told else _sentence(setting, each.finding)
            told[each.finding.id] = (f"{_decide(setting, each)} {what}", *_counted(each))
    return told


def deadline(setting: Setting, found: Sequence[Finding]) -> str:
    """The first day on which somebody has to decide about a limit of theirs, in a few words; empty without any."""
    keys = {_key(each) for each in found if _is_forecast(each)}
    first = next((each for each in _ahead(setting) if _key(each.finding) in keys), None) if keys else None
    if first is None:
        return ""
    if _is_over(setting, first.decide_by):
        return t("decide now")
    on = _day(setting, first.decide_by)
    return t("decide by {day}", day=on) if first.quickest else t("decide before {day}", day=on)


def _ahead(setting: Setting) -> list[_Ahead]:
    """Forecasts that were not gone by the review, whose early day is near: each limit once."""
    as_of, found = setting.window.end, dict[_Key, list[_Ahead]]()
    known = {component.name: component for component in setting.service.components}
    for finding in setting.findings:
        early = finding.evidence.get("early")
        if not _is_forecast(finding) or not isinstance(early, str):
            continue
        when = datetime.fromisoformat(early)
        if when <= as_of + HORIZON:
            found.setdefault(_key(finding), []).append(_Ahead(finding, when, known.get(finding.component)))
    return sorted((_together(each) for each in found.values()), key=lambda each: each.decide_by)


def _together(same: Sequence[_Ahead]) -> _Ahead:
    lead, *rest = sorted(same, key=lambda each: (each.finding.unit != "%", each.early))
    return replace(lead, beside=tuple(each.finding for each in rest))


def _is_forecast(finding: Finding) -> bool:
    return finding.kind == "forecast" and finding.gone_at is None


def _key(finding: Finding) -> _Key:
    return _measure(finding.component, finding.part, finding.indicator)


def _measure(component: str, part: str | None, indicator: str) -> _Key:
    """One limit of one part, whether it is counted or told as a share."""
    ending = next((each for each in MEASURES if indicator.endswith(each)), "")
    return component, part, indicator.removesuffix(ending)


def _dated(setting: Setting, each: _Ahead, figures: Mapping[str, Figure]) -> Topic:
    finding, address = each.finding, _address(each.finding)
    owner = each.component.owner if each.component else None
    told = _sentence(setting, finding)
    topic = Topic(
        subject=f"limit/{address}",
        section="capacity",
        sentence=f"{_decide(setting, each)} {told}",
        owners=(owner,) if owner else (),
        tag=t("overdue") if _is_over(setting, each.decide_by) else t("decide"),
        detail=(*_counted(each), *_ways(setting, each)),
        reasons=tuple(measure.what for measure in each.component.countermeasures) if each.component else (),
        figures=(figures[address],) if address in figures else (),
        page="spikes",
        query={"service": setting.service.name, "item": finding.id},
    )
    return as_told(setting, finding, topic)


def _sentence(setting: Setting, finding: Finding) -> str:
    return sentence(finding, catalog.load().indicators, setting.service.time_zone)


def _counted(each: _Ahead) -> list[str]:
    """The count beside the share."""
    return [
        t("That is {now} of {limit} now.", now=quantity(one.after, one.unit), limit=quantity(limit, one.unit))
        for one in each.beside
        if isinstance(limit := one.evidence.get("limit"), float)
    ]


def _decide(setting: Setting, each: _Ahead) -> str:
    on = _day(setting, each.decide_by)
    if each.quickest is None:
        return t("Decide before {day}:", day=on)
    if _is_over(setting, each.decide_by):
        return t("Decide now (it was due by {day}):", day=on)
    return t("Decide by {day}:", day=on)


def _is_over(setting: Setting, by: datetime) -> bool:
    """Until the day is over there is time, whatever the hour of the forecast."""
    return local_day(by, setting.service.time_zone) < setting.today


def _short_ways(each: _Ahead) -> list[str]:
    """Each countermeasure with the time that it takes, the quickest first."""
    measures = each.component.countermeasures if each.component else ()
    if not measures:
        return [t("that is the day of the limit itself")]
    return [_takes(one) for one in sorted(measures, key=lambda one: one.lead_time)]


def _ways(setting: Setting, each: _Ahead) -> list[str]:
    """Each countermeasure, the quickest first, with the day by which it has to be decided."""
    measures = each.component.countermeasures if each.component else ()
    if not measures:
        return [
            t(
                "That is the day of the limit itself: name `countermeasures` with their lead times for {component} "
                "in data/services/{service}.yaml, and the day to decide is counted back from it.",
                component=each.finding.component,
                service=setting.service.name,
            )
        ]
    return [_way(setting, each, one) for one in sorted(measures, key=lambda one: one.lead_time)]


def _way(setting: Setting, each: _Ahead, measure: Countermeasure) -> str:
    by, takes = each.early - measure.lead_time, _takes(measure)
    if _is_over(setting, by):
        return t("{takes}: no longer in time.", takes=takes)
    return t("{takes}: decide by {day}.", takes=takes, day=_day(setting, by))


def _takes(measure: Countermeasure) -> str:
    what = f"{measure.what} ({measure.axis})" if measure.axis else measure.what
    return t("{what} takes {span}", what=what, span=span(measure.lead_time))


def _near(setting: Setting) -> list[_Near]:
    """Lines whose figure has less than a tenth left up to its threshold or limit, the fullest first."""
    held = [(line, at) for line in setting.lines for at in _held(setting, line)]
    figures = setting.figures([line.address for line, _ in held])
    found = dict[_Key, list[_Near]]()
    for line, at in held:
        figure = figures.get(line.address)
        if figure is None or figure.value is None:
            continue
        room = (at - figure.value) / at * (-1 if line.indicator.better == "higher" else 1)
        if room < NEAR:
            each = _Near(line, figure, at, room)
            found.setdefault(each.key, []).append(each)
    return sorted((_nearest(each) for each in found.values()), key=lambda each: each.room)


def _nearest(same: Sequence[_Near]) -> _Near:
    """The share where there is one; of a line's threshold and its limit what it is farther beyond."""
    lead, *rest = sorted(same, key=lambda each: (each.line.indicator.unit != "%", each.room))
    return replace(lead, beside=tuple(each for each in rest if each.line is not lead.line))


def _held(setting: Setting, line: Line) -> list[float]:
    """Its threshold and its limit, where they leave any room to speak of."""
    threshold = threshold_of(line, setting.service)
    own = next((each for each in setting.service.components if each.name == line.component), None)
    limit = own.limits.get(line.indicator.name) if own else None
    return [at for at in (threshold.value if threshold else None, limit) if at]


def _close(setting: Setting, near: _Near) -> Topic:
    line, at, value = near.line, near.at, near.figure.value or 0.0
    told = t(
        "{name} stands at {value} in {days}; it must not get beyond {at}",
        name=line_name(line.component, line.part, line.indicator),
        value=quantity(value, line.indicator.unit),
        days=day_range(setting.window, setting.service.time_zone),
        at=quantity(at, line.indicator.unit),
    )
    owner = next((each.owner for each in setting.service.components if each.name == line.component), None)
    topic = Topic(
        subject=f"limit/{line.address}",
        section="capacity",
        sentence=told,
        owners=(owner,) if owner else (),
        tag=t("beyond") if near.room < 0 else t("near"),
        detail=() if near.room < 0 else (t("It is {share} % of the way there.", share=number(_used(near), 2)),),
        figures=(near.figure, *(each.figure for each in near.beside)),
        page="explore",
        query={"service": setting.service.name, "component": line.component, "indicator": line.indicator.name}
        | ({"part": line.part} if line.part else {}),
    )
    return at_worst(setting, topic, line, HOLDING, at)


def _used(near: _Near) -> float:
    """In per cent."""
    value = near.figure.value or 0.0
    if near.line.indicator.better != "higher":
        return 100 * value / near.at
    return 100 * near.at / value if value else 100.0


def _address(finding: Finding) -> str:
    return address_of(finding.component, finding.part, finding.indicator)


def _day(setting: Setting, at: datetime) -> str:
    return day(local_day(at, setting.service.time_zone))
