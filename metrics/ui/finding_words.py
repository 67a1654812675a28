"""What trend alerts say, in one plain sentence each: what, by how much, since when.

A line's name may be one thing or many (`CPU`, `requests`): every verb after it reads well after both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from metrics import catalog
from metrics.model import Finding, FindingKind, Indicator, Unit
from metrics.review.items import Item, News
from metrics.review.lines import parse_address
from metrics.review.period import local_day
from metrics.review.suspects.suspect import Reason
from metrics.review.suspects.words import KIND_NAMES, TEMPLATES
from metrics.ui.words import counted, day, moment, number, quantity, share, span, t, title_of

__all__ = ["KINDS", "NEWS", "address_name", "item_sentence", "line_name", "name_of", "reason", "sentence", "signed"]

KINDS: Mapping[FindingKind, str] = {
    "silence": "no data", "forecast": "limit ahead", "burst": "jumps often", "shift": "step", "drift": "trend",
    "spike": "jump", "threshold": "over its threshold",
}  # fmt: skip
NEWS: Mapping[News, str] = {
    "new": "new", "worse": "worse", "continuing": "still there", "better": "better", "over": "over",
}  # fmt: skip
# The item's own sentence names the leading line and so many others.
OTHERS = 2

# Of a reason's values those that are lines, by their addresses, and those that are in the unit of `line`.
LINES, LEVELS = ("line", "driver"), ("now", "usual", "bound")

Indicators = Mapping[str, Indicator]


def name_of(finding: Finding, indicators: Indicators) -> str:
    """Whose line it is, as it stands within a sentence: `web /jobs/export latency p95`."""
    return line_name(finding.component, finding.part, indicators[finding.indicator])


def line_name(component: str, part: str | None, indicator: Indicator) -> str:
    """A line's name within a sentence: `web /jobs/export latency p95`."""
    title = title_of(indicator)
    # An abbreviation keeps its capitals.
    title = title if title[1:2].isupper() else title[:1].lower() + title[1:]
    return " ".join(each for each in (component, part, title.removeprefix(f"{component} ")) if each)


def address_name(address: str) -> str:
    """The same by its address, whether or not it was ever collected.

    What the catalogue has no more stands as it was.
    """
    component, part, name = parse_address(address)
    indicator = catalog.load().indicators.get(name)
    return line_name(component, part, indicator) if indicator else " ".join(filter(None, (component, part, name)))


def signed(value: float, unit: Unit) -> str:
    """A change in the line's own unit: `+14 points`, `−210 ms`."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    if unit == "%":
        points = number(abs(value), 2)
        return sign + (t("{points} point", points=points) if points == "1" else t("{points} points", points=points))
    return sign + quantity(abs(value), unit)


def sentence(finding: Finding, indicators: Indicators, zone: str) -> str:
    """One finding, told to somebody who has not seen its graph."""
    told = f"{name_of(finding, indicators)} {_what(finding, zone)}"
    holiday = finding.evidence.get("holiday")
    return t("{told}, on {holiday}", told=told, holiday=holiday) if holiday else told


def item_sentence(item: Item, indicators: Indicators, zone: str) -> str:
    """The leading finding, what else belongs to it, and how many more lines do."""
    # Beside what lasts, what is gone is no news.
    rest = [each for each in item.findings[1:] if item.lead.gone_at or not each.gone_at]
    others = [finding for finding in rest if _is_another(finding, item.lead)]
    parts = [sentence(item.lead, indicators, zone)]
    parts += [f"{name_of(each, indicators)} {_short(each, zone)}" for each in others[:OTHERS]]
    left = 1 + len(rest) - len(parts)
    if left > 0:
        parts.append(counted("and {n} more line", "and {n} more lines", left))
    return "; ".join([*parts, *_suspect(item.lead)])


def reason(told: Reason, zone: str) -> str:
    """One thing that speaks for a suspect, or against it."""
    template = TEMPLATES.get(told.code, told.code.replace("_", " "))
    return t(template, **{name: _value(name, told, zone) for name in told.values})


def _value(name: str, told: Reason, zone: str) -> str:
    value = told.values[name]
    if isinstance(value, datetime):
        return moment(value, zone)
    if isinstance(value, str):
        return address_name(value) if name in LINES else value
    if value is None:
        return quantity(None, "1")
    if name.endswith("_share") or name == "share":
        return share(value)
    if name.endswith("_s"):
        return quantity(value, "s")
    line = catalog.load().indicators.get(parse_address(str(told.values.get("line", "")))[2])
    return quantity(value, line.unit) if line and name in LEVELS else number(value)


def _suspect(lead: Finding) -> list[str]:
    """Who is likeliest behind it, as far as anybody is."""
    title, kind = lead.evidence.get("suspect"), str(lead.evidence.get("suspect_kind"))
    names = {str(each): name for each, name in KIND_NAMES.items()}
    if not isinstance(title, str) or kind not in names:
        return []
    lag = lead.evidence.get("suspect_lag_s")
    if kind == "deployment" and lag == 0:
        return [t("began with deployment {title}", title=title)]
    if kind == "deployment" and isinstance(lag, float):
        return [t("{lag} after deployment {title}", lag=span(timedelta(seconds=lag)), title=title)]
    return [t("suspect: {kind} {title}", kind=t(names[kind]), title=title)]


def _is_another(finding: Finding, lead: Finding) -> bool:
    """Another percentile of what leads, or the count beside its share, adds no news."""
    return (finding.component, finding.part) != (lead.component, lead.part) or (
        finding.indicator.rpartition(".")[0] != lead.indicator.rpartition(".")[0]
    )


def _what(finding: Finding, zone: str) -> str:
    return _TELL[finding.kind](finding, zone)


def _short(finding: Finding, zone: str) -> str:
    """In the wake of a leading finding: how much, since that tells when."""
    if finding.kind in ("shift", "spike", "burst", "drift"):
        return signed(finding.size, finding.unit)
    return _what(finding, zone)


def _shift(finding: Finding, zone: str) -> str:
    return t(
        "{change} since {moment} (from {before} to {after})",
        change=signed(finding.size, finding.unit),
        moment=moment(finding.since, zone),
        before=quantity(finding.before, finding.unit),
        after=quantity(finding.after, finding.unit),
    )


def _drift(finding: Finding, zone: str) -> str:
    weekly = 7 * _number(finding, "per_day")
    rate = _rate(weekly, finding.unit)
    return t(
        "{said}: {change} since {day}, to {after}",
        said=t("rising by {rate} a week", rate=rate)
        if finding.size > 0
        else t("falling by {rate} a week", rate=rate),
        change=signed(finding.size, finding.unit),
        day=_day(finding.since, zone),
        after=quantity(finding.after, finding.unit),
    )


def _rate(weekly: float, unit: Unit) -> str:
    return signed(abs(weekly), unit).lstrip("+")


def _forecast(finding: Finding, zone: str) -> str:
    early, likely, late = (_time(finding, name) for name in ("early", "crosses_at", "late"))
    limit = quantity(_number(finding, "limit"), finding.unit)
    now = _peak(finding)
    if likely is None:
        return t("may reach {limit} from {early} on; {now}", limit=limit, early=_day(early, zone), now=now)
    return t(
        "will reach {limit} about {likely} (between {early} and {late}); {now}",
        limit=limit,
        likely=_day(likely, zone),
        early=_day(early, zone),
        late=_day(late, zone) if late else t("much later"),
        now=now,
    )


def _peak(finding: Finding) -> str:
    """The highest hour, since that is what reaches a limit: the level of a whole week may be half of it."""
    peak, limit = finding.evidence.get("peak"), _number(finding, "limit")
    if not isinstance(peak, float):
        return t("now {now}", now=quantity(finding.after, finding.unit))
    told = quantity(peak, finding.unit)
    if peak <= limit:
        return t("highest hour of the last week {now}", now=told)
    return t("lowest hour of the last week {now}", now=told)


def _burst(finding: Finding, zone: str) -> str:
    return t(
        "jumping {ratio} times as often as before: {times} since {day}, to about {after} from {before}",
        ratio=number(_number(finding, "ratio"), 2),
        times=counted("{n} jump", "{n} jumps", len(finding.episodes)),
        day=_day(finding.since, zone),
        after=quantity(finding.after, finding.unit),
        before=quantity(finding.before, finding.unit),
    )


def _spike(finding: Finding, zone: str) -> str:
    if len(finding.episodes) > 1:
        return t(
            "jumped {times} since {day}, at most to {after} from {before}, last on {moment}",
            times=counted("{n} time", "{n} times", len(finding.episodes)),
            day=_day(finding.since, zone),
            after=quantity(finding.after, finding.unit),
            before=quantity(finding.before, finding.unit),
            moment=moment(finding.episodes[-1].start, zone),
        )
    lasted = (finding.until or finding.last_seen) - finding.since
    told = t(
        "jumped to {after} from {before} on {moment}",
        after=quantity(finding.after, finding.unit),
        before=quantity(finding.before, finding.unit),
        moment=moment(finding.since, zone),
    )
    return t("{told}, for {span}", told=told, span=span(lasted)) if lasted > timedelta(0) else told


def _silence(finding: Finding, zone: str) -> str:
    if finding.until is None:
        return t("without data since {moment}", moment=moment(finding.since, zone))
    return t(
        "had no data from {since} to {until}", since=moment(finding.since, zone), until=moment(finding.until, zone)
    )


def _threshold(finding: Finding, zone: str) -> str:
    told = t(
        "went beyond {line} {times} since {day}, at worst at {worst}",
        line=quantity(_number(finding, "line"), finding.unit),
        times=counted("once", "{n} times", max(len(finding.episodes), 1)),
        day=_day(finding.since, zone),
        worst=quantity(finding.after, finding.unit),
    )
    return told if finding.until is None else t("{told}, until {day}", told=told, day=_day(finding.until, zone))


_TELL: Mapping[FindingKind, Callable[[Finding, str], str]] = {
    "silence": _silence, "forecast": _forecast, "burst": _burst, "shift": _shift, "drift": _drift, "spike": _spike,
    "threshold": _threshold,
}  # fmt: skip


def _number(finding: Finding, name: str) -> float:
    value = finding.evidence.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _time(finding: Finding, name: str) -> datetime | None:
    value = finding.evidence.get(name)
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _day(at: datetime | None, zone: str) -> str:
    return day(local_day(at, zone)) if at else t("an unknown day")
