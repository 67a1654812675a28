"""What the Alerts page and the agenda say of a rule: its branch, why, how it was, and what came of a disposition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import get_args

from metrics.model import Entry
from metrics.review.alerts.check import Checked, Outcome, Ruled
from metrics.review.alerts.judged import NIGHT
from metrics.review.alerts.pile import BRANCHES, CHECK_AFTER, Branch, Count, Pile, Rule, Tally
from metrics.ui.words import both, counted, day, day_range, number, quantity, share, span, t

__all__ = [
    "BRANCH_NAMES",
    "DO",
    "OUTCOMES",
    "QUESTIONS",
    "branch_said",
    "check_date",
    "checked",
    "evidence",
    "fields",
    "how_it_was",
    "lost",
    "of",
    "ruled_of",
    "tell",
    "why",
]

BRANCH_NAMES: Mapping[Branch | None, str] = {
    "remove": "remove", "reduce": "reduce", "automate": "automate recovery", "watch": "watch the trend",
    "keep": "keep", None: "not known yet",
}  # fmt: skip
QUESTIONS: Mapping[Branch | None, str] = {
    "remove": "fired, and nobody did anything",
    "reduce": "looked at, and no user was hit",
    "automate": "users were hit, and nobody could know before",
    "watch": "users were hit, and a trend was there before",
    "keep": "as somebody said",
    None: "nobody says who acted or what it did",
}
DO: Mapping[Branch, str] = {
    "remove": "Take the rule away, or watch what users feel in its place.",
    "reduce": "Fire less often: a higher line, a longer time, fewer hours.",
    "automate": "Let the machine do what people do each time.",
    "watch": "Tell of the trend weeks before, instead of the outage.",
    "keep": "It is right as it is.",
}
OUTCOMES: Mapping[Outcome, str] = {
    "too early": "too early", "missed": "missed", "still fires": "still fires", "fewer": "fewer firings",
    "more": "more firings", "no change": "no change", "safe": "gone, and not missed", "not known": "not known",
}  # fmt: skip
# So many reasons fit beside a rule of the agenda.
SHORT = 2


def of(count: Count) -> str:
    """k of n; what is known of none is said to be not known, and never 0."""
    return t("{k} of {n}", k=number(count.k), n=number(count.n)) if count.n else t("not known")


def how_it_was(pile: Pile, said: Mapping[str, Branch], *, service: str) -> str:
    """One sentence: how many fired, how many for nothing, how many rules nobody has decided on."""
    fired, days = pile.fired, day_range(pile.period.window, pile.period.zone)
    if not pile.is_known:
        return t("{service}, {days}: **alerts are not known of this time**.", service=service, days=days)
    earlier = t("The period before: {n}.", n=t("not known") if pile.before is None else number(pile.before))
    if not fired:
        return t("{service}, {days}: **no alert** is known. {earlier}", service=service, days=days, earlier=earlier)
    firings, acted = sum(rule.now.n for rule in fired), _sum(rule.now.acted for rule in fired)
    parts = [
        counted("**{n} alert**", "**{n} alerts**", firings)
        + " "
        + counted("of {n} rule", "of {n} rules", len(fired)),
        t("**{k} of {n} without any action**", k=number(acted.n - acted.k), n=number(acted.n))
        if acted.n
        else t("not known whether anybody acted"),
    ]
    open_ones = sum(rule.key not in said for rule in fired)
    parts.append(
        counted("{n} rule to decide on", "{n} rules to decide on", open_ones)
        if open_ones
        else t("every rule has been decided on")
    )
    return t("{service}, {days}: {what}. {earlier}", service=service, days=days, what=both(parts), earlier=earlier)


def lost(pile: Pile) -> str:
    """Whose alerts were not collected in the period, and for how much of it; empty where all are known."""
    told = [
        t("{component} for {length}", component=component, length=span(sum((b - a for a, b in spans), timedelta(0))))
        for component, spans in pile.lost.items()
    ]
    if not told:
        return ""
    days = day_range(pile.period.window, pile.period.zone)
    return t(
        "In {days} no alerts were collected of {what}: what fired then is not counted.", days=days, what=both(told)
    )


def why(rule: Rule) -> str:
    """What speaks for the branch that is suggested, as short as it can be said."""
    told = {
        "remove": (_acted(rule.long), _beside_a_batch(rule.long)),
        "reduce": (_acted(rule.long), _impact(rule.long)),
        "automate": (_impact(rule.long), t("no trend of its line was told before")),
        "watch": (_impact(rule.long), _foretold(rule)),
    }.get(rule.suggestion.branch or "", (_acted(rule.long), _impact(rule.long)))
    return "; ".join(part for part in told[:SHORT] if part)


def evidence(rule: Rule, pile: Pile) -> tuple[str, ...]:
    """Everything that speaks for or against, one sentence each, of the whole history."""
    tally = rule.long
    night = t("at night ({since}–{until} h): {k}", since=NIGHT[0], until=f"{NIGHT[1]:02d}", k=of(tally.night))
    chance = pile.batch_share
    parts = [
        _sentence(_acted(tally)),
        _sentence(_impact(tally)),
        t("With an incident of {component}: {k}; with one of another component: {m}.",
          component=rule.component or t("the service"), k=of(tally.incident), m=of(tally.elsewhere)),
        t("Users felt something (latency or errors beyond the threshold): {k}.", k=of(tally.harm)),
        t("While a batch ran: {k}{job}{chance}.", k=of(tally.batch),
          job=t(", mostly {job}", job=tally.job) if tally.job else "",
          chance=t("; batches run {share} of the time", share=share(chance)) if chance is not None else ""),
        t("{night}; in bursts (within an hour of another): {burst}; over without anybody acting: {alone}.",
          night=_capital(night), burst=of(tally.burst), alone=of(tally.alone)),
        _durations(tally),
        _sentence(_foretold(rule)),
        _grew(rule),
        t("Muted: {k}.", k=of(tally.muted)) if tally.muted.k else "",
    ]  # fmt: skip
    return tuple(part for part in parts if part)


def _grew(rule: Rule) -> str:
    """What is looked at in vain is done less, unless it grows: then it is looked at sooner."""
    if not rule.suggestion.grew:
        return ""
    told = t(
        "fires clearly more often than in the period before ({n} after {before})",
        n=number(rule.now.n),
        before=number(rule.before or 0),
    )
    return _sentence(t("{told}: raise its priority", told=told) if rule.suggestion.branch == "reduce" else told)


def _acted(tally: Tally) -> str:
    if not tally.acted.n:
        return t("whether anybody acted is not known: no source says so, and nobody writes incidents down")
    idle, n = tally.acted.n - tally.acted.k, tally.acted.n
    if idle * 2 >= n:
        told = counted("nobody acted on {k} of {n} firing", "nobody acted on {k} of {n} firings", n, k=number(idle))
    else:
        acted = number(tally.acted.k)
        told = counted("somebody acted on {k} of {n} firing", "somebody acted on {k} of {n} firings", n, k=acted)
    if tally.acted_said >= n:
        return told
    return t("{told} (told by incidents, roll-backs and hot-fixes: the source says nothing)", told=told)


def _impact(tally: Tally) -> str:
    if not tally.impact.n:
        return t("whether it hit users is not known")
    return (
        t("it hit users in {k}", k=of(tally.impact)) if tally.impact.k else t("no user was hit in {n}", n=_n(tally))
    )


def _n(tally: Tally) -> str:
    return counted("{n} firing", "{n} firings", tally.impact.n)


def _beside_a_batch(tally: Tally) -> str:
    if not tally.batch.n or tally.batch.k * 2 < tally.batch.n:
        return ""
    return t("{k} while {job} ran", k=of(tally.batch), job=tally.job)


def _foretold(rule: Rule) -> str:
    found, at = rule.suggestion.foretold, rule.suggestion.told_at
    if found is None or at is None:
        return ""
    lead = rule.last - at
    if lead > timedelta(0):
        return t("told {span} before the last time: {finding}", span=span(lead), finding=found)
    return t("a trend was there before: {finding}", finding=found)


def _durations(tally: Tally) -> str:
    if tally.lasting is None or tally.median is None:
        return t("How long it lasts is not known.")
    if tally.n == 1:
        return t("It was on for {total}.", total=quantity(tally.lasting, "s"))
    total, median = quantity(tally.lasting, "s"), quantity(tally.median, "s")
    return t("It was on for {total} in all, half of the times for less than {median}.", total=total, median=median)


def _sentence(text: str) -> str:
    return f"{_capital(text)}." if text and not text.endswith(".") else _capital(text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sum(counts: Iterable[Count]) -> Count:
    found = list(counts)
    return Count(sum(each.k for each in found), sum(each.n for each in found))


# what a person says ---------------------------------------------------------------------------------------------


def fields(
    branch: Branch, because: str, today: date, *, note: str = "", review: str | None = None
) -> dict[str, str | None]:
    """The word to keep: the branch, why, and when its effect is looked at."""
    check = (today + CHECK_AFTER).isoformat()
    return {"branch": branch, "because": because or None, "note": note or None, "review": review, "check": check}


def branch_said(word: Entry) -> Branch | None:
    """The branch of a word; None where it was taken back, or is none that this version knows."""
    said = (word.said or {}).get("branch")
    return next((each for each in BRANCHES if each == said), None)


def check_date(word: Entry) -> date | None:
    """When its effect is to be looked at; None once that was done."""
    due = (word.said or {}).get("check")
    try:
        return date.fromisoformat(due) if due else None
    except ValueError:
        return None


def ruled_of(word: Entry) -> Ruled | None:
    """The disposition that a word is; checked four weeks on where it names no date."""
    branch = branch_said(word)
    component, _, rule = word.subject.partition("/")
    if branch is None:
        return None
    return Ruled(component, rule, branch, word.at, check_date(word) or (word.at + CHECK_AFTER).date())


def tell(word: Entry) -> str:
    """A word in plain text: `remove: nobody acted on 92 of 92 firings`."""
    if word.said is None:
        return t("took it back")
    name = t(BRANCH_NAMES[branch_said(word)])
    reasons = [text for key in ("note", "because") if (text := word.said.get(key))]
    return f"{name}: {'; '.join(reasons)}" if reasons else name


def checked(found: Checked, ruled: Ruled, *, is_over: bool) -> tuple[str, ...]:
    """What came of a disposition, one sentence each."""
    length = span(found.after.duration)
    before, after = (t("not known") if n is None else number(n) for n in (found.fired_before, found.fired_after))
    parts = [
        t("Firings: {before} in the {length} before, {after} in the {length} after.",
          before=before, after=after, length=length),
        _missed(found, ruled),
        _blind(found, ruled),
        _harm(found),
    ]  # fmt: skip
    if not is_over:
        parts.insert(0, t("Too early to tell before {day}; so far:", day=day(ruled.due)))
    return tuple(part for part in parts if part)


def _missed(found: Checked, ruled: Ruled) -> str:
    if found.incidents is None:
        return t("Whether an incident was missed is not known: nobody writes incidents down.")
    component = ruled.component or t("the service")
    told = counted("{n} incident of {component} since", "{n} incidents of {component} since", found.incidents,
                   component=component)  # fmt: skip
    if not found.incidents:
        return "" if found.blind else t("No incident of {component} since.", component=component)
    unseen = len(found.unseen)
    basis = (
        t("it fired with {k} of them in the half-year before", k=of(found.came_with))
        if found.came_with.n
        else t("none is known from the half-year before")
    )
    if not unseen:
        return t("{told}; an alert fired at each of them.", told=told)
    if found.would_show is False:
        return t("{told}, {n} without any alert; this rule would hardly have shown them: {basis}.", told=told,
                 n=number(unseen), basis=basis)  # fmt: skip
    return t("{told}, {n} without any alert that this rule would have shown: {basis}.", told=told, n=number(unseen),
             basis=basis)  # fmt: skip


def _blind(found: Checked, ruled: Ruled) -> str:
    if not found.blind:
        return ""
    return counted(
        "{n} incident of {component} since, while its alerts were not collected: whether any fired is not known.",
        "{n} incidents of {component} since, while its alerts were not collected: whether any fired is not known.",
        found.blind, component=ruled.component or t("the service"),
    )  # fmt: skip


def _harm(found: Checked) -> str:
    if found.harm is None:
        return t("Whether users felt something unseen is not known: no latency or error line with a threshold.")
    if not found.harm_unseen:
        return t("No time since at which users felt something without any alert.")
    return t(
        "{n} of {m} times since at which users felt something passed without any alert; before, it fired at {k}.",
        n=number(found.harm_unseen), m=number(found.harm), k=of(found.harm_with),
    )  # fmt: skip


# Every outcome and branch has its words.
assert set(OUTCOMES) == set(get_args(Outcome))  # noqa: S101
