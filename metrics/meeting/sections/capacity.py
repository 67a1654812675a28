"""Capacity: which limits must be decided about within 90 days, and which lines have little room left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from metrics import catalog
from metrics.meeting.setting import Setting
from metrics.model import Component, Countermeasure, Finding
from metrics.review.lines import Line, address_of
from metrics.review.minutes import Figure, Section, Topic
from metrics.review.reading import threshold_of
from metrics.store import findings
from metrics.ui.finding_words import line_name, sentence
from metrics.ui.words import day, day_range, number, quantity, span, t

__all__ = ["decide_by", "section"]

HORIZON: Final = timedelta(days=90)
# What a review talks about in eight minutes; Explore has the others.
SHOWN = 8
# Of a threshold or a limit, what is left of it before it is told.
NEAR = 0.10


_Key = tuple[str, str | None, str]
Drawn = Mapping[str, tuple[tuple[datetime, float], ...]]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A limit that may be reached `early`; several lines of one part run into it together."""

    finding: Finding
    early: datetime
    component: Component | None

    @property
    def quickest(self) -> Countermeasure | None:
        known = self.component.countermeasures if self.component else ()
        return min(known, key=lambda each: each.lead_time, default=None)

    @property
    def decide_by(self) -> datetime:
        """The last day on which the quickest countermeasure still comes in time."""
        return self.early - (self.quickest.lead_time if self.quickest else timedelta(0))


def section(setting: Setting) -> Section:
    """Decide-by dates first, the nearest leading, then lines near to where they must not be. None told as moved."""
    moved = {_address(item.lead) for item in setting.agenda.items}
    # A line that jumped for an hour may run into its limit all the same: only what tells of the limit is enough.
    told = {_key(finding) for item in setting.agenda.items for finding in item.findings if _is_forecast(finding)}
    ahead = [each for each in _ahead(setting) if _key(each.finding) not in told]
    taken = moved | {_address(each.finding) for each in ahead}
    near = [each for each in _near(setting) if each[0].address not in taken]
    addresses = [*(_address(each.finding) for each in ahead), *(line.address for line, _, _ in near)][:SHOWN]
    drawn = setting.curves(addresses, setting.before)
    figures = setting.figures(addresses)
    topics = (
        *(_dated(setting, each, figures, drawn) for each in ahead),
        *(_close(setting, line, figure, line_at, drawn) for line, figure, line_at in near),
    )
    if not topics:
        nothing = t("No limit is expected to be reached in 90 days, and no line has less than 10 % left up to one.")
        elsewhere = t("All limits in sight are among what moved.")
        return Section("capacity", nothing=elsewhere if _ahead(setting) else nothing)
    return Section("capacity", topics[:SHOWN], more=max(len(topics) - SHOWN, 0))


def decide_by(setting: Setting, finding: Finding) -> str:
    """Until when somebody has to decide about a forecast, in one sentence; empty for any other finding."""
    if not _is_forecast(finding):
        return ""
    found = next((each for each in _ahead(setting) if _key(each.finding) == _key(finding)), None)
    return _decide(setting, found) if found else ""


def _ahead(setting: Setting) -> list[_Ahead]:
    """Forecasts that were not gone by the review, whose early day is near; of one part the share of its limit."""
    as_of, found = setting.window.end, dict[_Key, _Ahead]()
    known = {component.name: component for component in setting.service.components}
    for judged in findings.known(setting.db, setting.service.name, as_of):
        finding, early = judged.finding, judged.finding.evidence.get("early")
        if not _is_forecast(finding) or not isinstance(early, str):
            continue
        when = datetime.fromisoformat(early)
        if when > as_of + HORIZON:
            continue
        key = _key(finding)
        if key not in found or finding.unit == "%":
            found[key] = _Ahead(finding, when, known.get(finding.component))
    return sorted(found.values(), key=lambda each: each.decide_by)


def _is_forecast(finding: Finding) -> bool:
    return finding.kind == "forecast" and finding.gone_at is None


def _key(finding: Finding) -> _Key:
    """One limit of one part, whether it is counted or told as a share."""
    return finding.component, finding.part, str(finding.evidence.get("early"))


def _dated(setting: Setting, each: _Ahead, figures: Mapping[str, Figure], drawn: Drawn) -> Topic:
    finding, address = each.finding, _address(each.finding)
    owner = each.component.owner if each.component else None
    told = sentence(finding, catalog.load().indicators, setting.service.time_zone)
    return Topic(
        subject=f"limit/{address}",
        section="capacity",
        sentence=f"{_decide(setting, each)} {told}",
        owners=(owner,) if owner else (),
        tag=t("overdue") if each.decide_by < setting.window.end else t("decide"),
        detail=tuple(_ways(setting, each)),
        reasons=tuple(measure.what for measure in each.component.countermeasures) if each.component else (),
        figures=(figures[address],) if address in figures else (),
        curve=drawn.get(address, ()),
        page="spikes",
        query={"service": setting.service.name, "item": finding.id},
    )


def _decide(setting: Setting, each: _Ahead) -> str:
    on = _day(setting, each.decide_by)
    if each.quickest is None:
        return t("Decide before {day}:", day=on)
    if each.decide_by < setting.window.end:
        return t("Decide now (it was due by {day}):", day=on)
    return t("Decide by {day}:", day=on)


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
    by = each.early - measure.lead_time
    what = f"{measure.what} ({measure.axis})" if measure.axis else measure.what
    if by < setting.window.end:
        return t("{what} takes {span}: no longer in time.", what=what, span=span(measure.lead_time))
    day_ = _day(setting, by)
    return t("{what} takes {span}: decide by {day}.", what=what, span=span(measure.lead_time), day=day_)


def _near(setting: Setting) -> list[tuple[Line, Figure, float]]:
    """Lines whose figure has less than a tenth left up to its threshold or limit, the fullest first."""
    held = [(line, at) for line in setting.lines for at in _held(setting, line)]
    figures = setting.figures([line.address for line, _ in held])
    found = dict[str, tuple[float, Line, Figure, float]]()
    for line, at in held:
        figure = figures.get(line.address)
        if figure is None or figure.value is None:
            continue
        room = (at - figure.value) / at * (-1 if line.indicator.better == "higher" else 1)
        if room < NEAR and (line.address not in found or room < found[line.address][0]):
            found[line.address] = (room, line, figure, at)
    return [(line, figure, at) for _, line, figure, at in sorted(found.values(), key=lambda each: each[0])]


def _held(setting: Setting, line: Line) -> list[float]:
    """Its threshold and its limit, where they leave any room to speak of."""
    threshold = threshold_of(line, setting.service)
    own = next((each for each in setting.service.components if each.name == line.component), None)
    limit = own.limits.get(line.indicator.name) if own else None
    return [at for at in (threshold.value if threshold else None, limit) if at]


def _close(
    setting: Setting,
    line: Line,
    figure: Figure,
    at: float,
    drawn: Drawn,
) -> Topic:
    unit = line.indicator.unit
    value = figure.value or 0.0
    beyond = value < at if line.indicator.better == "higher" else value > at
    used = value / at if line.indicator.better != "higher" else at / value if value else 1.0
    told = t(
        "{name} stands at {value} in {days}; it must not get beyond {at}",
        name=line_name(line.component, line.part, line.indicator),
        value=quantity(value, unit),
        days=day_range(setting.window, setting.service.time_zone),
        at=quantity(at, unit),
    )
    owner = next((each.owner for each in setting.service.components if each.name == line.component), None)
    return Topic(
        subject=f"limit/{line.address}",
        section="capacity",
        sentence=told,
        owners=(owner,) if owner else (),
        tag=t("beyond") if beyond else t("near"),
        detail=(t("It is {share} % of the way there.", share=number(100 * used, 2)),) if not beyond else (),
        figures=(figure,),
        curve=drawn.get(line.address, ()),
        page="explore",
        query={"service": setting.service.name, "component": line.component, "indicator": line.indicator.name}
        | ({"part": line.part} if line.part else {}),
    )


def _address(finding: Finding) -> str:
    return address_of(finding.component, finding.part, finding.indicator)


def _day(setting: Setting, at: datetime) -> str:
    return day(at.astimezone(ZoneInfo(setting.service.time_zone)).date())
