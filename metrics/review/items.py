"""One trouble is one item: findings that belong together, owned by every team whose lines they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from metrics.model import Finding, Indicator, Service, Window
from metrics.review.findings import GROUPS
from metrics.review.lines import address_of
from metrics.review.ranking import WEIGHTS, Aspect, parts_of, score

__all__ = ["Context", "Item", "News", "belong_together", "items", "news_of"]

News = Literal["new", "worse", "continuing", "better", "over"]
"""Against the last review: not known then, more or less of it than then, the same, or gone since."""

# A window has a length, and what was seen in one sample has none.
MOMENT = timedelta(minutes=1)
# Two lines jump together when they begin so close: a cause needs a moment to be felt elsewhere. That they overlap is
# not enough: over hours everything overlaps.
SAME_JUMP = timedelta(minutes=30)
# What the spike detector takes for one event (metrics/analysis/_spike/news.py).
SHORT = timedelta(hours=3)
# So many of its jumps must have the leading line's beside them.
COINCIDE = 0.5
LONG = timedelta(hours=12)
# A step is known to half a day (metrics/analysis/shift.py); a silence to the minute.
SAME_STEP = timedelta(hours=12)
SAME_SILENCE = timedelta(hours=1)
# A week: by less a forecast moves from look to look.
SOONER = timedelta(days=7)
# By how much a size must differ from that at the last review to be worse or better.
NOTABLE = 0.25


@dataclass(frozen=True, slots=True)
class Item:
    """What a review talks about as one thing. The first finding leads: the greatest that is not gone."""

    id: str
    """That of its finding that was seen first: it stays as others join."""
    findings: tuple[Finding, ...]
    owners: tuple[str, ...]
    """Teams by name, as the service's file has them."""
    news: News
    score: float
    """From 0 to 1; `parts` says how it came about (metrics/review/ranking.py)."""
    parts: Mapping[Aspect, float]

    @property
    def lead(self) -> Finding:
        return self.findings[0]

    @property
    def since(self) -> datetime:
        return min(finding.since for finding in self.findings)

    @property
    def until(self) -> datetime | None:
        """None while any of it lasts."""
        ends = [finding.until for finding in self.findings]
        return None if None in ends else max(end for end in ends if end is not None)

    def windows(self, now: datetime) -> tuple[Window, ...]:
        """When there was trouble: each jump of its leading finding, or all the time since it began."""
        return self.lead.episodes or (Window(self.since, max(self.until or now, self.since + MOMENT)),)


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What it takes to judge findings: the service, the catalogue, how they stood, how near their lines are."""

    service: Service
    indicators: Mapping[str, Indicator]
    as_of: datetime
    last_review: datetime
    then: Mapping[str, Finding]
    """By id, as they stood at the last review."""
    headroom: Mapping[str, float]
    """By a line's address: what is left up to its threshold or limit, as a share of it."""


def items(found: Sequence[Finding], context: Context) -> tuple[Item, ...]:
    """Every item, what matters most first, what is over last."""
    made = (_item(group, context) for group in _groups(found, context))
    return tuple(sorted(made, key=lambda item: (item.news == "over", -item.score, item.since, item.id)))


_Judged = tuple[Finding, Mapping[Aspect, float]]


def _groups(found: Sequence[Finding], context: Context) -> list[list[_Judged]]:
    """Each finding with the greatest that it belongs to. Not with friends of friends: by way of enough accidents
    everything belongs to everything."""
    judged = [(finding, _parts(finding, context)) for finding in found]
    judged.sort(key=lambda each: (-score(each[1], context.service.ranking), each[0].since, each[0].id))
    groups: list[list[_Judged]] = []
    for each in judged:
        home = next((group for group in groups if belong_together(group[0][0], each[0])), None)
        if home is None:
            groups.append([each])
        else:
            home.append(each)
    return groups


def belong_together(a: Finding, b: Finding) -> bool:
    """Whether the second is part of the first's trouble: they jump, step or fall silent together, or grow from one
    cause."""
    sort = {_sort(a), _sort(b)}
    if sort == {"jumps"}:
        return _coincide(a, b)
    if sort == {"silence"}:
        same_source = a.evidence.get("source") == b.evidence.get("source")
        return same_source and abs(a.since - b.since) <= SAME_SILENCE
    if sort == {"shift"}:
        return abs(a.since - b.since) <= SAME_STEP
    if sort == {"shift", "jumps"}:
        return _is_step(*((a, b) if _sort(a) == "jumps" else (b, a)))
    return sort == {"trend"} and _grow_together(a, b)


def _sort(finding: Finding) -> str:
    """What is beyond its line for hours jumps, what is so for days stays there."""
    if finding.kind == "threshold":
        return "jumps" if all(each.duration <= LONG for each in _episodes(finding)) else "threshold"
    return GROUPS.get(finding.kind, finding.kind)


def _coincide(a: Finding, b: Finding) -> bool:
    """Whether most of the second's jumps have one of the first's beside them."""
    mine = _episodes(b)
    return sum(any(_touch(theirs, one) for theirs in _episodes(a)) for one in mine) >= COINCIDE * len(mine)


def _is_step(jumps: Finding, step: Finding) -> bool:
    """Whether a line jumped when another stepped and has been there for long: its own step is not sure yet."""
    return any(abs(each.start - step.since) <= SAME_STEP and each.duration >= LONG for each in _episodes(jumps))


def _episodes(finding: Finding) -> tuple[Window, ...]:
    end = finding.until or finding.last_seen
    return finding.episodes or (Window(finding.since, max(end, finding.since + MOMENT)),)


def _touch(a: Window, b: Window) -> bool:
    """Whether the second began with the first, or within it where that is short: an alarm may come late."""
    within = a.duration <= SHORT and a.start <= b.start <= a.end
    return within or abs(a.start - b.start) <= SAME_JUMP


def _grow_together(a: Finding, b: Finding) -> bool:
    """By one driver; or parts of one thing by one measure; or one part by several, as an image and its build."""
    if a.evidence.get("driver") or b.evidence.get("driver"):
        return a.evidence.get("driver") == b.evidence.get("driver")
    if a.size * b.size < 0:
        return False
    same_measure = (a.component, a.indicator) == (b.component, b.indicator)
    return same_measure or (a.part is not None and a.part == b.part) or _family(a) == _family(b)


def _family(finding: Finding) -> tuple[str, str | None, str]:
    """Percentiles of one duration, and a count beside the share of a limit that it is, tell the same."""
    name = finding.indicator
    for ending in (".p50", ".p95", ".p99", ".count", ".utilization"):
        name = name.removesuffix(ending)
    return finding.component, finding.part, name


def _item(judged: Sequence[_Judged], context: Context) -> Item:
    # What harms users in one line is near its limit in another: the item is both.
    whole: dict[Aspect, float] = {aspect: max(parts[aspect] for _, parts in judged) for aspect in WEIGHTS}
    # What is gone belongs to the item, and its id stays; it must not be told as what is still there.
    group = tuple(sorted((finding for finding, _ in judged), key=lambda finding: _is_over(finding, context)))
    first = min(group, key=lambda finding: (finding.first_seen, finding.since, finding.id))
    return Item(
        id=first.id,
        findings=group,
        owners=_owners(group, context.service),
        news=news_of(group[0], group, context),
        score=score(whole, context.service.ranking),
        parts=whole,
    )


def _parts(finding: Finding, context: Context) -> dict[Aspect, float]:
    headroom = context.headroom.get(address_of(finding.component, finding.part, finding.indicator))
    news = news_of(finding, [finding], context)
    return parts_of(finding, context.indicators[finding.indicator], news, headroom, context.as_of)


def news_of(lead: Finding, group: Sequence[Finding], context: Context) -> News:
    """What to say of it to somebody who was in the last review. What had ended by then was told then."""
    if all(_is_over(finding, context) for finding in group):
        return "over"
    if all(finding.id not in context.then for finding in group):
        # What a review could have seen and was not looked for is news all the same: nobody has heard of it.
        return "new"
    earlier = context.then.get(lead.id)
    if earlier is None or not earlier.size:
        return "worse" if lead.is_worse else "continuing"
    if lead.kind == earlier.kind == "forecast":
        return _by_date(lead, earlier)
    grown = abs(lead.size) / abs(earlier.size) - 1
    more_jumps = len(lead.episodes) > len(earlier.episodes) > 0
    if grown >= NOTABLE or (more_jumps and grown > -NOTABLE):
        return "better" if lead.is_worse is False else "worse"
    return "better" if grown <= -NOTABLE and lead.is_worse else "continuing"


def _by_date(now: Finding, then: Finding) -> News:
    """A limit that has come nearer than time alone brings it, or gone farther away."""
    dates = [each.evidence.get("early") for each in (now, then)]
    if not all(isinstance(each, str) for each in dates):
        return "continuing"
    sooner = datetime.fromisoformat(str(dates[1])) - datetime.fromisoformat(str(dates[0]))
    return "worse" if sooner >= SOONER else "better" if sooner <= -SOONER else "continuing"


def _is_over(finding: Finding, context: Context) -> bool:
    """Not seen any more, or ended by the last review, which told so."""
    was_told = finding.id in context.then and finding.until is not None and finding.until <= context.last_review
    return finding.gone_at is not None or was_told


def _owners(group: Sequence[Finding], service: Service) -> tuple[str, ...]:
    owner = {component.name: component.owner for component in service.components}
    named = (owner.get(finding.component) for finding in group)
    return tuple(dict.fromkeys(name for name in named if name))
