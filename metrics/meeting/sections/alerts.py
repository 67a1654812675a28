"""Alerts that fired: rules that nobody has decided on, that grew since, or whose effect is to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from metrics.meeting.alert_pile import checked, pile
from metrics.meeting.drawn import ALERTING, at_worst
from metrics.meeting.setting import Setting
from metrics.model import Entry
from metrics.review.alerts.check import Checked, Ruled, is_due
from metrics.review.alerts.pile import Pile, Rule
from metrics.review.minutes import Figure, Section, Topic
from metrics.review.period import local_day
from metrics.review.reading import threshold_of
from metrics.store import entries
from metrics.ui import alerts_words
from metrics.ui.words import counted, day, day_range, number, t

__all__ = ["section"]

# Eight minutes are for so many; the Alerts page has the others.
SHOWN = 7
TAGS = {"due": "check due", "grew": "grew", "open": "new", "said": "decided"}
WEEK = timedelta(weeks=1)


def section(setting: Setting) -> Section:
    """Effects to look at first, then what grew, then what nobody has decided on, by firings."""
    found = pile(setting.db, setting.service, setting.lines, setting.period, setting.window.end)
    words = _words(setting)
    whys = {
        key: why for key in {*words, *(rule.key for rule in found.fired)} if (why := _why(setting, found, words, key))
    }
    order = {name: place for place, name in enumerate(TAGS)}
    rules = found.by_key()
    keys = sorted(whys, key=lambda key: (order[whys[key]], -rules[key].now.n if key in rules else 0, key))
    shown = [(key, rules.get(key), words.get(key), whys[key]) for key in keys[:SHOWN]]
    topics = _drawn(setting, [(each[1], _topic(setting, found, *each)) for each in shown])
    return Section("alerts", topics, more=len(keys) - len(topics), nothing="" if topics else _nothing(found))


def _words(setting: Setting) -> Mapping[str, Entry]:
    """What holds of each rule, of what was said by the time that the review looks at."""
    until = max(setting.now, setting.window.end)
    said = (word for word in entries.latest(setting.db, "rule", setting.service.name) if word.at <= until)
    return {word.subject: word for word in said if alerts_words.branch_said(word)}


def _why(setting: Setting, found: Pile, words: Mapping[str, Entry], key: str) -> str | None:
    """Why it is talked about; None for what needs no word."""
    word, rule = words.get(key), found.rule(key)
    if word is None:
        return "open"
    if (word.said or {}).get("review") == setting.review:
        return "said"
    ruled = alerts_words.ruled_of(word)
    due = alerts_words.check_date(word)
    if ruled is not None and due is not None and is_due(ruled, setting.window.end, setting.service.time_zone):
        return "due"
    return "grew" if rule is not None and rule.suggestion.grew and word.at < setting.window.start else None


def _topic(setting: Setting, found: Pile, key: str, rule: Rule | None, word: Entry | None, why: str) -> Topic:
    component = key.partition("/")[0]
    ruled = alerts_words.ruled_of(word) if word else None
    came = (
        checked(setting.db, setting.service, setting.lines, ruled, setting.window.end)
        if ruled and why == "due"
        else None
    )
    branch = ruled.branch if ruled else rule.suggestion.branch if rule else None
    return Topic(
        subject=f"rule/{key}",
        section="alerts",
        sentence=_effect(ruled, came, found.period.zone) if ruled and came else _sentence(rule, key, found),
        owners=tuple(each.owner for each in setting.service.components if each.name == component and each.owner),
        tag=t(TAGS[why]),
        detail=(*_said(word), *_came(ruled, came), *_evidence(rule, found)),
        reasons=(alerts_words.why(rule),) if rule else (),
        page="alerts",
        query={"service": setting.service.name, "rule": key},
        suggested=branch or "",
    )


def _drawn(setting: Setting, topics: Sequence[tuple[Rule | None, Topic]]) -> tuple[Topic, ...]:
    """Each with the line that its rule watches, where that is known."""
    figures = setting.figures([rule.watches for rule, _ in topics if rule and rule.watches])
    return tuple(
        _with_line(setting, topic, figures[address]) if rule and (address := rule.watches or "") in figures else topic
        for rule, topic in topics
    )


def _with_line(setting: Setting, topic: Topic, figure: Figure) -> Topic:
    """Its peaks, as an alert looks at them, and the threshold that they are held to."""
    line = setting.by_address[figure.address]
    threshold = threshold_of(line, setting.service)
    return at_worst(
        setting, replace(topic, figures=(figure,)), line, ALERTING, threshold.value if threshold else None
    )


def _evidence(rule: Rule | None, found: Pile) -> tuple[str, ...]:
    if rule is None:
        return ()
    days = day_range(found.history, found.period.zone)
    what = counted("{n} firing", "{n} firings", rule.long.n)
    return (t("{days}, {what}:", days=days, what=what), *alerts_words.evidence(rule, found))


def _sentence(rule: Rule | None, key: str, found: Pile) -> str:
    component, _, name = key.partition("/")
    if rule is None or not rule.now.n:
        return t("{rule} of {component} did not fire", rule=name, component=component or t("the service"))
    before = t("not known before") if rule.before is None else t("{n} before", n=number(rule.before))
    times = counted("{n} time", "{n} times", rule.now.n)
    return t(
        "{rule} of {component} fired {times} ({before}); over {n} weeks {why}",
        rule=name,
        component=component or t("the service"),
        times=times,
        before=before,
        n=number(round(found.history.duration / WEEK)),
        why=alerts_words.why(rule),
    )


def _effect(ruled: Ruled, came: Checked, zone: str) -> str:
    """What came of a disposition, in one line."""
    return t(
        "{rule} of {component}, {branch} since {day}: {outcome}; firings {before} before, {after} after",
        rule=ruled.rule,
        component=ruled.component or t("the service"),
        branch=t(alerts_words.BRANCH_NAMES[ruled.branch]),
        day=day(local_day(ruled.at, zone)),
        outcome=t(alerts_words.OUTCOMES[came.outcome]),
        before=t("not known") if came.fired_before is None else number(came.fired_before),
        after=t("not known") if came.fired_after is None else number(came.fired_after),
    )


def _said(word: Entry | None) -> tuple[str, ...]:
    if word is None:
        return ()
    return (t("{who} said: {what}.", who=word.author, what=alerts_words.tell(word).rstrip(".")),)


def _came(ruled: Ruled | None, came: Checked | None) -> tuple[str, ...]:
    return alerts_words.checked(came, ruled, is_over=True) if ruled and came else ()


def _nothing(found: Pile) -> str:
    if told := alerts_words.lost(found):
        return told
    if not found.rules:
        return t("No alert is known: collect or import alerts, and they show here.")
    return t("Every rule that fired has been decided on.") if found.fired else t("No alert fired.")
