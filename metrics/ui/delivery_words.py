"""What the Delivery page says of a figure: how much, what it rests on, what was left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from metrics.model import Insufficient
from metrics.review.delivery.figure import REFERENCES, FailRate, Figure, Floor, Frequency, NotCollected, Rate, Spread
from metrics.ui.words import both, counted, number, quantity, t

__all__ = [
    "ELSEWHERE",
    "STAGES",
    "TITLES",
    "basis",
    "escaped",
    "explained",
    "interval",
    "reference",
    "spread",
    "value",
]

TITLES = {
    "deployment_frequency": "Deployment frequency",
    "change_lead_time": "Change lead time",
    "change_fail_rate": "Change fail rate",
    "failed_deployment_recovery_time": "Failed deployment recovery",
    "rework_rate": "Rework rate",
    "pipeline_failure_rate": "Pipeline failure rate",
    "build_duration": "Build duration",
    "deploy_duration": "Deploy duration",
    "fix_floor": "A fix takes at least",
    "incident_recovery_time": "Recovery, all incidents",
    "image_wait": "Image to deployment",
}
# Users, and so incidents and fixes, are in production; builds are counted there once.
ELSEWHERE = ("deployment_frequency", "change_lead_time", "rework_rate", "pipeline_failure_rate", "deploy_duration")
STAGES = {"review": "commit to merge", "wait": "merge to deployment", "deploy": "deployment"}
UNITS = {
    "deployment_frequency": ("{n} deployment", "{n} deployments"),
    "change_lead_time": ("{n} change", "{n} changes"),
    "change_fail_rate": ("{n} deployment", "{n} deployments"),
    "failed_deployment_recovery_time": ("{n} recovery", "{n} recoveries"),
    "rework_rate": ("{n} deployment", "{n} deployments"),
    "pipeline_failure_rate": ("{n} run", "{n} runs"),
    "build_duration": ("{n} build", "{n} builds"),
    "deploy_duration": ("{n} deployment", "{n} deployments"),
    "fix_floor": ("{n} build or deployment", "{n} builds or deployments"),
    "incident_recovery_time": ("{n} incident", "{n} incidents"),
    "image_wait": ("{n} first deployment of an image", "{n} first deployments of an image"),
}
ABSENT = {
    "incidents": "no incidents are collected",
    "kinds": "no deployment says its kind",
    "images": "no pushes of images are collected",
}
LEFT_OUT = {
    "first_deployment": "{n} of a first deployment",
    "gap_over_60_days": "{n} after a pause of more than 60 days",
    "negative": "{n} that ended before it began",
    "not_deployed": "{n} not deployed yet",
    "remedies": "{n} that mended another one",
    "pending": "{n} younger than 24 hours",
    "unresolved": "{n} not over yet",
    "unreviewed": "{n} not reviewed yet",
    "end_unknown": "{n} without an end",
    "aborted": "{n} aborted",
    "running": "{n} still running",
    "unknown": "{n} of unknown status",
    "image_again": "{n} of an image that was there",
    "image_unknown": "{n} whose image is not known",
    "built_meanwhile": "{n} built only while they were deployed",
}
MADE_OF = {
    "planned": "{n} planned",
    "hotfix": "{n} hotfixes",
    "rollback": "{n} roll-backs",
    "revert": "{n} reverts",
    "config": "{n} of configuration",
    "same_version": "{n} of the version that was there",
    "named": "{n} that name their deployment",
    "commit": "{n} found by commit",
    "merge_time": "{n} found by time of merge",
    "kind_unknown": "{n} of unknown kind",
    "impact": "{n} from the impact's start",
    "deployment": "{n} from the failed deployment's end",
    "builds": "{n} builds",
    "builds_failed": "{n} of them failed",
    "deployments": "{n} deployments",
    "deployments_failed": "{n} of them failed",
    "unknown": "{n} of unknown kind",
    "built_ahead": "{n} built on a day before",
    "built_that_day": "{n} built on the day itself",
}
DEFINITIONS = {
    "deployment_frequency": "Deployments that reached users, for each week of the period.",
    "change_lead_time": "From the commit of each change to the end of the deployment that brought it.",
    "change_fail_rate": "Deployments that failed users, of those that mend nothing themselves. What nobody has "
    "reviewed makes it a range.",
    "failed_deployment_recovery_time": "From the start of the impact until it was over, for failed deployments.",
    "rework_rate": "Hotfixes, roll-backs and reverts, of all deployments.",
    "pipeline_failure_rate": "Runs of builds and deployments that failed: users saw none of these.",
    "build_duration": "Builds that succeeded, from start to end.",
    "deploy_duration": "Deployments that succeeded, from start to end.",
    "fix_floor": "The median build and then the median deployment: a fix can't reach users faster.",
    "incident_recovery_time": "Every incident from start to end, whatever caused it.",
    "image_wait": "From the push of an image to the start of the first deployment that brought it.",
}
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def value(of: object) -> str:
    """The figure itself."""
    match of:
        case Spread(_, median, _):
            return quantity(median, "s")
        case Frequency(_, per_week, _):
            return t("{n} / week", n=number(per_week, 2))
        case Rate():
            return _percent(of.share)
        case FailRate(confirmed, possible):
            if not of.unreviewed:
                return _percent(confirmed.share)
            return f"{number(100 * confirmed.share, 2)} – {_percent(possible.share)}"
        case Floor():
            return quantity(of.seconds, "s")
        case Insufficient(_, have):
            return t("too few") if have else t("none")
    return "–"


def basis(name: str, of: object) -> str:
    """What the figure rests on, small above it."""
    one, many = UNITS[name]
    match of:
        case Spread(n):
            return t("median of {what}", what=counted(one, many, n))
        case Frequency(n):
            return counted(one, many, n)
        case Rate(k, n):
            return t("{k} of {what}", k=number(k), what=counted(one, many, n))
        case FailRate(confirmed, _):
            sure = t("{k} of {what}", k=number(confirmed.k), what=counted(one, many, confirmed.n))
            return sure if not of.unreviewed else t("{sure}, {n} to review", sure=sure, n=number(of.unreviewed))
        case Floor():
            return t("build, then deployment")
        case Insufficient(needed, have):
            # Lead times are of changes, and enough deployments must have brought them.
            units = UNITS["deployment_frequency"] if name == "change_lead_time" else (one, many)
            return t("{what}, fewer than {needed}", what=counted(*units, have), needed=number(needed))
        case NotCollected(what):
            return t(ABSENT[what])
    return ""


def spread(of: object) -> str:
    """How far single cases lie from the figure."""
    match of:
        case Spread(_, _, p90):
            return t("9 of 10 within {value}", value=quantity(p90, "s"))
        case Frequency(_, _, Spread(_, median, p90)):
            return t("one every {median}, p90 {p90}", median=quantity(median, "s"), p90=quantity(p90, "s"))
        case Rate():
            return interval(of, of)
        case FailRate(confirmed, possible):
            return interval(confirmed, possible)
        case Floor(build, deploy):
            return f"{quantity(build.median, 's')} + {quantity(deploy.median, 's')}"
    return ""


def interval(low: Rate, high: Rate) -> str:
    """Wilson's, from the lower end of one rate to the upper end of the other."""
    return t("95 % interval {low} – {high}", low=number(100 * low.interval[0], 2), high=_percent(high.interval[1]))


def reference(name: str) -> str:
    """DORA's published figure with its year, where there is one."""
    found = [each for each in REFERENCES if each.figure == name]
    return " · ".join(t("DORA {year}: about {share}", year=r.year, share=_percent(r.share)) for r in found)


def explained(name: str, of: Figure[object]) -> str:
    """Behind a hover: the definition, what the figure is made of, and what was left out."""
    said = [t(DEFINITIONS[name])]
    if of.parts:
        said.append(t("Made of {what}.", what=both(_counted(of.parts, MADE_OF))))
    if of.excluded:
        said.append(t("Left out: {what}.", what=both(_counted(of.excluded, LEFT_OUT))))
    said += [f"{reference(name)} ({each.source})." for each in REFERENCES if each.figure == name]
    return " ".join(said)


def escaped(text: str) -> str:
    """A source's words as they are, whatever they mean to Markdown."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _counted(counts: Mapping[str, int], words: Mapping[str, str]) -> list[str]:
    return [t(words.get(word, "{n} " + word), n=number(n)) for word, n in counts.items()]


def _percent(part: float) -> str:
    return f"{number(100 * part, 2)} %"
