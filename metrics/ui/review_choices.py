"""What can be said of a topic in one click: columns of answers, by its section. Nothing is drawn or kept here.

A cause, a branch and a verdict outlast the review and are kept as the pages Delivery, Alerts and Actions keep them;
everything else is a disposition of this review.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from metrics.meeting.told import NO_CHANGE, OUTCOMES
from metrics.model import Entry, EntryKind
from metrics.review.delivery.verdicts import CAUSES
from metrics.review.judged import VERDICTS
from metrics.review.minutes import Decision, Offer, Topic, decision_of
from metrics.ui.words import t

__all__ = ["BY_WHEN", "KEYS", "Column", "Option", "Way", "columns", "last_time", "repeated", "word_of"]

Way = Literal["explained", "investigate", "ignored"]
KEYS: Final[Mapping[Way, str]] = {"explained": "e", "investigate": "i", "ignored": "x"}
"""Which key leads to a column; not every section has all three."""
BY_WHEN: Final = timedelta(weeks=1)
CHECK_AFTER: Final = timedelta(weeks=4)
"""A branch is looked at again after so long, as the page Alerts has it."""
EXPLAINED: Final = ("a planned change", "growth as expected")
IGNORED: Final = ("known and accepted", "within what is usual", "a fault of the measurement")
LEFT: Final = ("known and accepted", "another indicator shows the same")
"""Why a hole is not filled."""
BRANCHES: Final = ("remove", "reduce", "automate", "watch", "keep")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: what its button says, and what is kept; `typed` is the field that a person's own words fill."""

    label: str
    fields: Mapping[str, str | None]
    typed: Literal["note", "because"] = "note"
    needs_words: bool = False
    is_suggested: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    way: Way
    title: str
    options: tuple[Option, ...]
    asks_owner: bool = False
    """Whether who looks into it, and until when, is part of the answer."""


def word_of(review: str, topic: Topic) -> tuple[EntryKind, str] | None:
    """Kind and subject of the word that decides a topic in a review; None where there is nothing to decide."""
    kind, _, rest = topic.subject.partition("/")
    if topic.section == "actions" or _is_waiting(topic):
        return None
    if topic.section == "alerts" and kind == "rule":
        return "rule", rest
    if topic.section == "verdicts" and kind == "action":
        return "verdict", rest
    if topic.section == "causes":
        return "cause", topic.subject
    return "disposition", f"{review}/{topic.subject}"


def _is_waiting(topic: Topic) -> bool:
    """An action that is carried along until its check date, or was judged elsewhere: nothing is asked of it here."""
    told = {t("still open"), t("done"), t("judged")}
    return topic.section == "verdicts" and not topic.suggested and topic.tag in told


def columns(review: str, topic: Topic, today: date) -> tuple[Column, ...]:
    """The answers that fit a topic, likeliest first."""
    key = word_of(review, topic)
    if key is None:
        return ()
    if key[0] == "cause":
        return _causes(review, topic)
    if key[0] == "rule":
        return _branches(review, topic, today)
    if key[0] == "verdict":
        return _verdicts(review, topic)
    return _hole(topic) if topic.subject.startswith("hole/") else _dispositions(topic)


def last_time(words: Iterable[Entry], review: str, topic: Topic) -> Decision | None:
    """What was said of the same thing before this review: in an earlier one, or on the page of its own."""
    key = word_of(review, topic)
    if key is None:
        return None
    kind, subject = key
    if kind == "disposition":
        earlier = [
            word for word in words
            if word.kind == kind and word.subject[11:] == topic.subject and word.subject[:10] < review
        ]  # fmt: skip
        word = max(earlier, key=lambda each: each.subject, default=None)
        return None if word is None else decision_of(word, word.subject[:10])
    word = next((each for each in words if each.kind == kind and each.subject == subject), None)
    whose = (word.said or {}).get("review") if word else None
    if word is None or whose == review:
        return None
    # Said on the page of its own, it is of no review.
    told = word if whose else replace(word, said={**(word.said or {}), "review": "-"})
    return decision_of(told, whose or "-")


def repeated(decision: Decision, today: date) -> Option | None:
    """The same answer again; what is still looked into gets another week."""
    if decision.outcome not in ("explained", "investigate", "ignored"):
        return None
    due = (today + BY_WHEN).isoformat() if decision.outcome == "investigate" else None
    fields = {
        "outcome": decision.outcome,
        "because": decision.because or None,
        "owner": decision.owner or None,
        "due": due,
    }
    return Option(t("Same as last time"), fields)


def _dispositions(topic: Topic) -> tuple[Column, ...]:
    offered = (*topic.reasons, *(t(each) for each in EXPLAINED))
    explained = [
        Option(reason, {"outcome": "explained", "because": reason}, is_suggested=n == 0 and bool(topic.reasons))
        for n, reason in enumerate(offered)
    ]
    ignored = [Option(t(each), {"outcome": "ignored", "because": t(each)}) for each in IGNORED]
    return (
        Column("explained", t("Explained by"), (*explained, _own({"outcome": "explained"}))),
        Column(
            "investigate",
            t("To investigate"),
            (Option(t("Investigate"), {"outcome": "investigate"}),),
            asks_owner=True,
        ),
        Column("ignored", t("Ignored because"), (*ignored, _own({"outcome": "ignored"}))),
    )


def _hole(topic: Topic) -> tuple[Column, ...]:
    """Nothing explains a hole: somebody fills it, or it is left as it is. Who was asked to may have done so."""
    told = t("it is collected now")
    done = Column("explained", t("Done"), (Option(told, {"outcome": "explained", "because": told}),))
    left = [Option(t(each), {"outcome": "ignored", "because": t(each)}) for each in LEFT]
    never = Option(
        t("not applicable, because of what you write"),
        {"outcome": "ignored", "because": t("not applicable")}, "because", needs_words=True,
    )  # fmt: skip
    collect = Option(t("Collect it"), {"outcome": "investigate"})
    return (
        *((done,) if topic.section == "verdicts" else ()),
        Column("investigate", t("To collect"), (collect,), asks_owner=True),
        Column("ignored", t("Left as it is, because"), (*left, never, _own({"outcome": "ignored"}))),
    )


def _own(fields: Mapping[str, str | None]) -> Option:
    return Option(t("In my own words"), fields, "because", needs_words=True)


def _causes(review: str, topic: Topic) -> tuple[Column, ...]:
    """Whom the data names comes first, and then what it may always have been."""
    is_other = any(each.is_likely for each in topic.offers)
    named = [_cause(review, each) for each in topic.offers if each.cause]
    rest = [each for each in CAUSES if each not in [offer.cause for offer in topic.offers]]
    none = (*named, *(_cause(review, Offer(t(NO_CHANGE[each]), cause=each)) for each in rest))
    blamed = [_cause(review, each) for each in topic.offers if each.deployment]
    if topic.suggested:
        label, is_likely = t("deployment {id}", id=topic.suggested), not is_other and topic.tag != t("near in time")
        blamed.insert(0, _cause(review, Offer(label, topic.suggested, is_likely=is_likely)))
    head = (Column("explained", t("Caused by"), tuple(blamed)),) if blamed else ()
    return (*head, Column("ignored", t("No change caused it"), none))


def _cause(review: str, offer: Offer) -> Option:
    fields = {"deployment": offer.deployment or None, "cause": offer.cause or None, "review": review}
    return Option(offer.label, fields | ({"note": offer.note} if offer.note else {}), is_suggested=offer.is_likely)


def _branches(review: str, topic: Topic, today: date) -> tuple[Column, ...]:
    check = (today + CHECK_AFTER).isoformat()
    offered = topic.reasons[0] if topic.reasons else None

    def option(branch: str) -> Option:
        is_suggested = branch == topic.suggested
        fields = {
            "branch": branch,
            "because": offered if is_suggested else None,
            "review": review,
            "check": check,
        }
        return Option(t(OUTCOMES[branch]), fields, is_suggested=is_suggested)

    first = tuple(option(each) for each in BRANCHES if each == topic.suggested)
    rest = tuple(option(each) for each in BRANCHES if each != topic.suggested)
    head = (Column("explained", t("As the data suggests"), first),) if first else ()
    return (*head, Column("ignored", t("Otherwise") if first else t("What to do with it"), rest))


def _verdicts(review: str, topic: Topic) -> tuple[Column, ...]:
    computed = topic.suggested or None

    def option(verdict: str, *, agrees: bool) -> Option:
        fields = {"verdict": verdict, "computed": computed, "review": review, **_numbers(topic)}
        return Option(t(OUTCOMES[verdict]), fields, "because", needs_words=not agrees, is_suggested=agrees)

    others = tuple(option(each, agrees=False) for each in VERDICTS if each != computed)
    if computed is None:
        # No data can tell: whoever says what came of it says why.
        return (Column("ignored", t("What came of it, because of what you write"), others),)
    return (
        Column("explained", t("Accept the verdict"), (option(computed, agrees=True),)),
        Column("ignored", t("Overrule it, because of what you write"), others),
    )


def _numbers(topic: Topic) -> Mapping[str, str | None]:
    """The levels before and after, as whoever decides saw them: data that comes later may tell them otherwise."""
    seen = next((each for each in topic.figures if each.since == topic.started), None)
    if seen is None or seen.value is None or seen.before is None:
        return {}
    return {"before": repr(seen.before), "after": repr(seen.value), "unit": seen.unit}
