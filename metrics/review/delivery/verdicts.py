"""A person's words about causes: from and to what the store keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from metrics.model import Entry
from metrics.review.delivery.causes import Link, Subject, Verdict
from metrics.review.delivery.deployments import Deployment

__all__ = ["CAUSES", "about", "subject_of", "verdicts"]

CAUSES: Final = ("infrastructure", "quota", "traffic", "other")
"""What it was, where no change was the cause."""


def verdicts(entries: Iterable[Entry]) -> Mapping[Subject, Verdict]:
    """What holds now, from the newest word of each subject."""
    found: dict[Subject, Verdict] = {}
    for each in entries:
        what, _, id_ = each.subject.partition("/")
        if each.said is None:
            continue
        verdict = Verdict(each.said.get("deployment"), each.author, each.said.get("cause"), each.at)
        if what == "incident":
            found[each.service, "incident", id_] = verdict
        elif what == "deployment":
            found[each.service, "deployment", id_] = verdict
    return found


def subject_of(link: Link, deployments: Sequence[Deployment]) -> Subject:
    """What a person judges: the incident where there is one, else the deployment that mended another."""
    if link.incident is not None:
        return link.service, "incident", link.incident.id
    if link.remedy is None:
        raise ValueError("a link has an incident, a mending deployment, or both")
    return link.service, "deployment", deployments[link.remedy].id


def about(subject: Subject) -> str:
    """What a word of kind `cause` is kept under, in its service."""
    _, what, id_ = subject
    return f"{what}/{id_}"
