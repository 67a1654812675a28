"""What pages say in whole sentences: how the period was, and what to do about what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from metrics.review.explore import Unknown
from metrics.review.overview import Overview
from metrics.ui.words import both, counted, day_range, moment, one_of, span, t

__all__ = [
    "how_it_was",
    "nothing_chosen",
    "nothing_of",
    "only_events",
    "unknown",
    "unknown_value",
    "worse_means",
]


def how_it_was(review: Overview, *, service: str) -> str:
    """One sentence: over the threshold, worse, not collected; a quiet period says so."""
    over, worse = review.count("over"), review.count("worse")
    parts = [
        counted("**{n} indicator over its threshold**", "**{n} indicators over their threshold**", over)
        if over
        else "",
        counted("{n} clearly worse than before", "{n} clearly worse than before", worse) if worse else "",
        counted("{n} hole in what is collected", "{n} holes in what is collected", len(review.holes))
        if review.holes
        else "",
    ]
    told = [part for part in parts if part]
    summary = both(told) if over or worse else t("a quiet period: nothing over its threshold, nothing clearly worse")
    if told and not (over or worse):
        summary = both([summary, *told])
    if all(reading.now is None for reading in review.readings):
        summary = t("no samples in this period")
    return t(
        "{service}, {days}: {summary}. {compared}",
        service=service,
        days=day_range(review.period.window, review.period.zone),
        summary=summary,
        compared=_compared(review),
    )


def _compared(review: Overview) -> str:
    """With what; a store that is too young for that says since when it has data."""
    if review.readings and all(reading.before is None for reading in review.readings):
        begins = min(reading.line.first_ts for reading in review.readings)
        return t(
            "The data begins {moment}: there is no earlier period to compare with yet.",
            moment=moment(begins, review.period.zone, review.period.window.end),
        )
    length = review.period.window.duration
    weeks = round(length / timedelta(weeks=1))
    if weeks and abs(length - timedelta(weeks=weeks)) <= timedelta(hours=1):
        return counted("Compared with the week before.", "Compared with the {n} weeks before.", weeks)
    return t("Compared with the {length} before.", length=span(length))


def nothing_of(view: str, *, service: str) -> str:
    """Nothing is collected of what a team looks at first: what that is, and how it comes."""
    said = {
        "dev": t(
            "Nothing of the development team's is collected for {service} yet, such as requests, latency, errors and "
            "deployments.",
            service=service,
        ),
        "infra": t(
            "Nothing of the infrastructure team's is collected for {service} yet, such as CPU, memory and disks.",
            service=service,
        ),
    }.get(view, t("Nothing that the catalogue knows is collected for {service} yet.", service=service))
    way = t("Add a source to `data/tomoni.yaml` or import a file (`python -m metrics import FILE --as samples`).")
    return f"{said} {way}"


def only_events(*, service: str) -> str:
    """Things are known to have happened, and nobody measures anything: what is missing, and how it comes."""
    return t(
        "Only events of {service} are collected: nothing is measured yet, such as requests, latency, CPU and memory, "
        "so nothing can be judged here. Delivery and Batches show what the events tell. Add a source to "
        "`data/tomoni.yaml` or import a file (`python -m metrics import FILE --as samples`).",
        service=service,
    )


def worse_means() -> str:
    return t(
        "Worse or better: changed by at least a tenth of the figure of the period before, and where the figure is a "
        "percentage by at least a point."
    )


def nothing_chosen(shown: int, leading: int) -> str:
    """What is on the screen before anybody asks, and how to ask."""
    if not shown:
        return t("Nothing chosen yet: choose a component or an indicator.")
    if shown == leading:
        return t("Nothing chosen yet: these are the lines that both teams follow.")
    return t(
        "Nothing chosen yet: these are {shown} of the {leading} lines that both teams follow.",
        shown=shown,
        leading=leading,
    )


def unknown(found: Sequence[Unknown]) -> str:
    """A link that names what nobody knows: what was meant, perhaps."""
    kinds = {
        "component": t("component"), "indicator": t("indicator"), "part": t("part"), "source": t("source"),
    }  # fmt: skip
    said = [
        t(
            "no {kind} `{name}` (did you mean {nearest}?)",
            kind=kinds[each.aspect],
            name=each.name,
            nearest=one_of([f"`{name}`" for name in each.nearest]),
        )
        if each.nearest
        else t("no {kind} `{name}`", kind=kinds[each.aspect], name=each.name)
        for each in found
    ]
    return t("This link names what the store doesn't have: {what}.", what="; ".join(said))


def unknown_value(key: str, value: str, options: Mapping[str, str]) -> str:
    """A control's value in a link that it doesn't have; the first option is shown instead."""
    return t(
        "`{key}={value}` in this link is not known: use {valid}. Shown: {default}.",
        key=key,
        value=value,
        valid=one_of([f"`{option}`" for option in options]),
        default=next(iter(options.values())),
    )
