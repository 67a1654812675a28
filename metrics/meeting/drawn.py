"""How the line of a topic is drawn: in the statistic and the steps in which its sentence can be seen.

Half a day's mean hides a jump of minutes, and whatever a threshold or a limit is about. A total of half a day is
another number than that of an hour, which steps and trends are told in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from metrics.meeting.setting import Points, Setting
from metrics.model import Finding, FindingKind, Window
from metrics.review.lines import Line, address_of
from metrics.review.minutes import Extreme, Topic
from metrics.ui.words import t

__all__ = ["ALERTING", "HOLDING", "as_told", "at_worst", "near_to"]

HOLDING: Final = timedelta(hours=1)
"""A line is held to its threshold or limit by the hour (metrics/trends/look.py)."""
ALERTING: Final = timedelta(minutes=5)
"""Alerts fire within minutes, and jumps are found in such steps (metrics/trends/scoring.py)."""
FINE: Final[Mapping[FindingKind, timedelta]] = {
    "spike": ALERTING, "burst": ALERTING, "threshold": HOLDING, "forecast": HOLDING,
}  # fmt: skip
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# Other peaks of nine tenths of a jump hide it: it was one for its time of day.
HIDES = 0.9
# Of the limit: nearer than that the level and the peaks are one line on a picture.
APART = 0.05


def as_told(setting: Setting, found: Finding, topic: Topic) -> Topic:
    """The topic with its line as the sentence of this finding has it, and the levels or the limit that it names."""
    line = setting.by_address.get(address_of(found.component, found.part, found.indicator))
    if line is None:
        return topic
    fine = FINE.get(found.kind)
    if fine is None:
        return replace(_by_the_hour(setting, topic, line), trend=_trend(found, topic))
    extreme: Extreme = "lowest" if found.kind in ("spike", "burst") and found.size < 0 else _worst(line)
    limit = found.evidence.get("line", found.evidence.get("limit"))
    drawn = at_worst(setting, topic, line, fine, limit if isinstance(limit, float) else None, extreme)
    if found.kind == "forecast":
        return replace(drawn, trend=_trend(found, drawn) if _is_at_its_peaks(found) else ())
    return _closer(setting, found, drawn, line) if _is_hidden(found, drawn) else drawn


def at_worst(
    setting: Setting, topic: Topic, line: Line, fine: timedelta, limit: float | None, extreme: Extreme | None = None
) -> Topic:
    """The topic with its line's peaks, and what they must not get beyond."""
    extreme = extreme or _worst(line)
    held, peaks = replace(topic, limit=limit), setting.peaks(line.address, setting.before, fine, extreme)
    told = fine if _comes_within(line, fine) else None
    return replace(held, curve=peaks, extreme=extreme, fine=told) if peaks else held


def _worst(line: Line) -> Extreme:
    return "lowest" if line.indicator.better == "higher" else "highest"


def _by_the_hour(setting: Setting, topic: Topic, line: Line) -> Topic:
    """A total as its median hour: the number that a step or a trend of it is told in."""
    if line.indicator.rollup != "sum" or not _comes_within(line, HOLDING):
        return topic
    hours = setting.hours(line.address, setting.before)
    told = t("Its levels are those of a median hour; the total of the whole time may go another way.")
    return replace(topic, curve=hours, extreme="median hour", detail=(told, *topic.detail)) if hours else topic


def _comes_within(line: Line, step: timedelta) -> bool:
    """What comes more rarely, or now and then, is drawn as it comes: its steps have no parts."""
    return 0 < line.period_s <= step.total_seconds()


def _trend(found: Finding, topic: Topic) -> Points:
    """From which level to which it went: along a line, or in a step."""
    end = found.until or found.last_seen
    if found.kind in ("drift", "forecast"):
        return ((found.since, found.before), (end, found.after))
    if found.kind != "shift" or not topic.curve:
        return ()
    began = min(topic.curve[0][0], found.since)
    return ((began, found.before), (found.since, found.before), (found.since, found.after), (end, found.after))


def _is_at_its_peaks(found: Finding) -> bool:
    """Whether the level that grows is where the peaks are: else its line would lie far below the curve."""
    peak, limit = found.evidence.get("peak"), found.evidence.get("limit")
    if not isinstance(peak, float) or not isinstance(limit, float):
        return True
    return abs(peak - found.after) <= APART * abs(limit)


def _is_hidden(found: Finding, topic: Topic) -> bool:
    """Whether the peaks of other days are as high as the jump."""
    if found.kind != "spike":
        return False
    way, jump = (1 if found.size > 0 else -1), abs(found.size)
    others = [way * (value - found.before) for at, value in topic.curve if not _jumped(found, at)]
    return max(others, default=0.0) >= HIDES * jump


def _jumped(found: Finding, at: datetime) -> bool:
    """Whether the step from then on may have a jump in it."""
    return any(each.start - DAY < at < each.end for each in found.episodes)


def _closer(setting: Setting, found: Finding, topic: Topic, line: Line) -> Topic:
    """The days around its greatest jump."""
    worst = found.evidence.get("worst_at")
    at = datetime.fromisoformat(worst) if isinstance(worst, str) else found.since
    jump = next((each for each in found.episodes if each.start <= at <= each.end), Window(at, at + ALERTING))
    return replace(near_to(setting, topic, line, jump, topic.extreme or "highest"), started=jump.start)


def near_to(setting: Setting, topic: Topic, line: Line, jump: Window, extreme: Extreme) -> Topic:
    """The topic with its line in the days around a jump, and what was usual at that time: the week before."""
    window = Window(jump.start - 2 * DAY, min(jump.end + DAY, setting.window.end))
    near = setting.peaks(line.address, window, ALERTING, extreme)
    if not near:
        return topic
    before = setting.peaks(line.address, Window(window.start - WEEK, window.end - WEEK), ALERTING, extreme)
    usual = tuple((at + WEEK, value) for at, value in before)
    return replace(topic, curve=near, usual=usual, extreme=extreme)
