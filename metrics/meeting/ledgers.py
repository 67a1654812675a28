"""The three ledgers beside a review as documents: alert rules, what is collected, and actions with their verdicts.

Markdown for people, JSON for programs: what the pages Alerts, Coverage and Actions show, for the command line.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import dropwhile
from typing import Any, Final, Literal

from metrics import catalog
from metrics.meeting.alert_pile import checked, pile
from metrics.meeting.covered import covered
from metrics.meeting.documents import set_markdown
from metrics.meeting.verdicts import judged
from metrics.model import Entry, Service, Window
from metrics.review.action_months import Month, by_kind, by_verdict
from metrics.review.actions import Action, actions
from metrics.review.alerts.check import Checked
from metrics.review.alerts.ledger import split
from metrics.review.alerts.pile import Branch, Count, Rule
from metrics.review.coverage import Cell, declared
from metrics.review.judged import Accepted, Judged, accepted, by_urgency, state
from metrics.review.lines import Line, lines
from metrics.review.period import Period, local_day
from metrics.store import entries, read
from metrics.trends.reading import watched
from metrics.ui import alerts_words, coverage_words, verdict_words
from metrics.ui.finding_words import address_name
from metrics.ui.words import counted, day, moment, number, quantity, share, t, title_of

__all__ = ["LEDGERS", "About", "Ledger", "ledger", "ledger_json", "ledger_markdown"]

About = Literal["alerts", "coverage", "actions"]
MOST_JUDGED: Final = 50
"""Each verdict takes a look at months of hours; who wants that of more actions asks for them on their page."""
KINDS: Final[Mapping[str, str]] = dict(verdict_words.KINDS.items())


@dataclass(frozen=True, slots=True)
class Ledger:
    """`rows` and `names` are for people, `facts` the same as numbers and names."""

    title: str
    sentences: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nothing: str
    facts: Mapping[str, Any]


def ledger(
    db: read.Reader, service: Service, kinds: Mapping[str, str], about: About, window: Window, now: datetime
) -> Ledger:
    """What is known of it at the window's end; `kinds` are those of the configured sources by their names."""
    return LEDGERS[about](db, service, kinds, window, now)


def ledger_markdown(made: Ledger) -> str:
    return set_markdown("ledger.md.j2", made)


def ledger_json(made: Ledger) -> str:
    told = {"title": made.title, "sentences": made.sentences, **made.facts}
    return json.dumps(told, ensure_ascii=False, indent=1, default=_written) + "\n"


def _plain(told: str) -> str:
    """A sentence of a page without its bold figures: the rest of it is escaped."""
    return told.replace("**", "")


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


# alerts -------------------------------------------------------------------------------------------------------


def _alerts(db: read.Reader, service: Service, kinds: Mapping[str, str], window: Window, now: datetime) -> Ledger:
    known = watched(db, service.name, kinds)
    found = pile(db, service, known, Period(window, service.time_zone), window.end)
    words = {
        word.subject: word
        for word in entries.latest(db, "rule", service.name)
        if alerts_words.branch_said(word) is not None
    }
    said = {key: branch for key, word in words.items() if (branch := alerts_words.branch_said(word))}
    rules = found.by_key()
    keys = [*(rule.key for rule in found.fired), *(key for key in words if key not in rules or not rules[key].now.n)]
    came = {key: _came(db, service, known, words.get(key), window.end) for key in keys}
    tree = [
        t("{branch}: {what}", branch=alerts_words.BRANCH_NAMES[each.branch],
          what=f"{counted('{n} alert', '{n} alerts', each.firings)} "
               f"{counted('of {n} rule', 'of {n} rules', each.rules)}")
        for each in split(found, said)
    ]  # fmt: skip
    idle = [
        t("week of {day}: {k} of {n}", day=day(week.start), k=number(week.idle.k), n=number(week.idle.n))
        for week in found.weeks
        if week.idle.n
    ]
    told = (
        _plain(alerts_words.how_it_was(found, said, service=service.title)),
        alerts_words.lost(found),
        "; ".join(tree),
        t("Without any action: {weeks}", weeks="; ".join(idle)) if idle else "",
    )
    return Ledger(
        title=t("Alert rules of {service}", service=service.title),
        sentences=tuple(each for each in told if each),
        names=("Branch", "Rule", "Component", "Fired", "Before", "No action", "Impact", "Incident", "Felt", "Batch",
               "At night", "Bursts", "By itself", "In all", "Check", "What came of it", "Why"),
        rows=tuple(
            _rule_row(key, rules.get(key), words.get(key), came[key], is_known=found.is_known) for key in keys
        ),
        nothing=t("No alert is known, and nobody has decided on any rule."),
        facts={
            "since": window.start,
            "until": window.end,
            "rules": [_rule_facts(key, rules.get(key), words.get(key), came[key]) for key in keys],
            # Of a week before the first alert nobody knows, and 0 would be a number.
            "weeks": [asdict(week) for week in dropwhile(lambda week: not week.n, found.weeks)],
        },
    )  # fmt: skip


def _came(
    db: read.Reader, service: Service, known: Sequence[Line], word: Entry | None, until: datetime
) -> Checked | None:
    ruled = alerts_words.ruled_of(word) if word else None
    return checked(db, service, known, ruled, until) if ruled and word and alerts_words.check_date(word) else None


def _branch(rule: Rule | None, word: Entry | None) -> tuple[Branch | None, bool]:
    """Where it belongs, and whether a person said so."""
    branch = alerts_words.branch_said(word) if word else None
    return (branch, True) if branch else (rule.suggestion.branch if rule else None, False)


def _rule_row(
    key: str, rule: Rule | None, word: Entry | None, came: Checked | None, *, is_known: bool
) -> tuple[str, ...]:
    """What is not known is empty."""
    component, _, name = key.partition("/")
    branch, is_said = _branch(rule, word)
    told = alerts_words.BRANCH_NAMES[branch]
    due = alerts_words.check_date(word) if word else None
    now = rule.now if rule else None
    counts = () if now is None else (
        Count(now.acted.n - now.acted.k, now.acted.n), now.impact, now.incident, now.harm, now.batch, now.night,
        now.burst, now.alone,
    )  # fmt: skip
    return (
        t("✓ {branch}", branch=told) if is_said else t("{branch}?", branch=told) if branch else told,
        name,
        component,
        number(now.n if now else 0) if is_known else "",
        "" if rule is None or rule.before is None else number(rule.before),
        *([alerts_words.of(each) if each.n else "" for each in counts] or [""] * 8),
        "" if now is None or now.lasting is None else quantity(now.lasting, "s"),
        day(due) if due else "",
        t(alerts_words.OUTCOMES[came.outcome]) if came else "",
        alerts_words.tell(word) if word else alerts_words.why(rule) if rule else "",
    )


def _rule_facts(key: str, rule: Rule | None, word: Entry | None, came: Checked | None) -> dict[str, Any]:
    component, _, name = key.partition("/")
    branch, is_said = _branch(rule, word)
    due = alerts_words.check_date(word) if word else None
    return {
        **(asdict(rule) if rule else {"component": component, "name": name}),
        "branch": branch,
        "said": None if word is None or not is_said else _word(word),
        "check": due,
        "came_of_it": asdict(came) if came else None,
    }


def _word(word: Entry) -> dict[str, Any]:
    return {"by": word.author, "at": word.at, **(word.said or {})}


# coverage -----------------------------------------------------------------------------------------------------


def _coverage(db: read.Reader, service: Service, kinds: Mapping[str, str], window: Window, now: datetime) -> Ledger:
    words = entries.latest(db, "hole", service.name)
    known = lines(read.series(db, service.name), catalog.load().indicators, kinds)
    seen = declared(covered(db, service, known, window.end), words)
    zone = service.time_zone
    titles = {team.name: team.title for team in service.teams} | {"": t("nobody's")}
    teams = [
        t("{team}: {k} of {n}", team=titles.get(owner, owner), k=number(shares[-1].k), n=number(shares[-1].n))
        for owner, shares in seen.trend.items()
        if shares
    ]
    told = (_plain(coverage_words.how_covered(seen, zone)) if seen.cells else "", "; ".join(teams))
    holes = list(seen.holes)
    ordered = [*holes, *(cell for cell in seen.cells if not cell.is_hole)]
    return Ledger(
        title=t("Coverage of {service}", service=service.title),
        sentences=tuple(each for each in told if each),
        names=("State", "Component", "Indicator", "Why", "Incidents not seen", "Team"),
        rows=tuple(_cell_row(cell, zone, now) for cell in ordered),
        nothing=t("Nobody has said yet what this service is made of, so nothing can be missing."),
        facts={
            "until": seen.window.end,
            "cells": [_cell_facts(cell) for cell in ordered],
            "teams": {owner: [asdict(each) for each in shares] for owner, shares in seen.trend.items()},
        },
    )


def _cell_row(cell: Cell, zone: str, now: datetime) -> tuple[str, ...]:
    reason = coverage_words.why(cell)
    missed = "; ".join(f"{each.title}, {moment(each.start, zone, now)}" for each in cell.missed)
    return (
        f"{coverage_words.SIGNS[cell.state]} {coverage_words.how_it_stands(cell, zone, now)}",
        cell.component.title,
        title_of(cell.indicator),
        t("{reason} ({by})", reason=reason, by=cell.by) if cell.by else reason,
        missed,
        cell.component.owner or "",
    )


def _cell_facts(cell: Cell) -> dict[str, Any]:
    return {
        "component": cell.component.name,
        "indicator": cell.indicator.name,
        "state": cell.state,
        "since": cell.since,
        "until": cell.until,
        "newest": cell.newest,
        "detail": cell.detail,
        "by": cell.by,
        "not_collected": [asdict(each) for each in cell.blind],
        "missed": [asdict(each) for each in cell.missed],
    }


# actions ------------------------------------------------------------------------------------------------------


def _actions(db: read.Reader, service: Service, kinds: Mapping[str, str], window: Window, now: datetime) -> Ledger:
    words = entries.latest_of(db, ("action", "verdict"), service.name)
    said, zone = accepted(words), service.time_zone
    today = local_day(window.end, zone)
    every = by_urgency(actions(words), said, today)
    known = lines(read.series(db, service.name), catalog.load().indicators, kinds) if every else ()
    waiting = [each for each in every if state(each, said.get(each.id), today) not in ("judged", "dropped")]
    found = {each.id: judged(db, service, known, each, window.end, every) for each in waiting[:MOST_JUDGED]}
    months = by_kind(every, entries.begun(db, "action", service.name), zone)
    verdicts = by_verdict({each.id: said[each.id] for each in every if each.id in said}, zone)
    counts = Counter(state(each, said.get(each.id), today) for each in every)
    told = (
        t("{n} waiting, {due} of them with a verdict due; {judged} judged, {dropped} dropped", n=number(len(waiting)),
          due=number(counts["due"]), judged=number(counts["judged"]), dropped=number(counts["dropped"])),
        _months_told(t("Written down"), months),
        _months_told(t("Verdicts"), verdicts),
    )  # fmt: skip
    return Ledger(
        title=t("Actions of {service}", service=service.title),
        sentences=tuple(each for each in told if each) if every else (),
        names=("State", "Action", "Kind", "Owner", "Started", "Verdict due", "Judged by", "Target", "Verdict",
               "Evidence", "Why"),
        rows=tuple(_action_row(each, said.get(each.id), found.get(each.id), today, zone, now) for each in every),
        nothing=t("No action is written down yet."),
        facts={
            "until": window.end,
            "actions": [_action_facts(each, said.get(each.id), found.get(each.id), today, zone) for each in every],
            "months": [asdict(each) for each in months],
            "verdicts": [asdict(each) for each in verdicts],
        },
    )  # fmt: skip


def _months_told(title: str, months: Sequence[Month]) -> str:
    if not months:
        return ""
    told = "; ".join(
        f"{month.start:%b %Y}: {', '.join(_shares(month))}"
        if month.n
        else t("{month}: none", month=f"{month.start:%b %Y}")
        for month in months
    )
    return f"{title}: {told}"


def _shares(month: Month) -> list[str]:
    return [f"{KINDS.get(name, name)} {number(n)} ({share(n / month.n)})" for name, n in month.counts.items() if n]


def _action_row(
    action: Action, said: Accepted | None, found: Judged | None, today: date, zone: str, now: datetime
) -> tuple[str, ...]:
    verdict = found.verdict if found else None
    indicator = catalog.load().indicators.get(action.indicator)
    return (
        state(action, said, today),
        action.what,
        verdict_words.KINDS[action.kind] + (f" ({action.axis})" if action.axis else ""),
        action.owner,
        day(local_day(action.started, zone)) if action.started else "",
        day(action.check),
        address_name(action.address) if action.address else t("a person, no indicator"),
        quantity(action.target, indicator.unit) if indicator and action.target is not None else "",
        t("✓ {told}", told=verdict_words.spoken(said, now)) if said else f"? {verdict}" if verdict else "",
        " ".join(verdict_words.evidence(found, zone)) if found else action.dropped,
        action.why_sentence,
    )


def _action_facts(
    action: Action, said: Accepted | None, found: Judged | None, today: date, zone: str
) -> dict[str, Any]:
    effect = found.effect if found else None
    return {
        **asdict(action),
        "state": state(action, said, today),
        "said": asdict(said) if said else None,
        "computed": found.verdict if found else None,
        "before": effect.before if effect else None,
        "after": effect.after if effect else None,
        "weeks": effect.weeks if effect else None,
        "evidence": verdict_words.evidence(found, zone) if found else (),
    }


_Make = Callable[[read.Reader, Service, Mapping[str, str], Window, datetime], Ledger]
LEDGERS: Final[Mapping[About, _Make]] = {"alerts": _alerts, "coverage": _coverage, "actions": _actions}
